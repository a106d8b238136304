package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/layc-lang/layc/llb/testdata/tree"
)

// TestForbidServices checks the policy about services while packages are installed, and after.
func TestForbidServices(t *testing.T) {
	for name, test := range map[string]struct {
		before map[string]string
		during func(policy string) error
		want   string // what the policy is afterwards; "" for none
	}{
		"none":      {before: map[string]string{"usr/sbin/other": "x"}},
		"one":       {before: map[string]string{servicePolicy: "#!/bin/sh\nexit 0\n"}, want: "#!/bin/sh\nexit 0\n"},
		"the same":  {before: map[string]string{servicePolicy: "#!/bin/sh\nexit 101\n"}, want: "#!/bin/sh\nexit 101\n"},
		"a link":    {before: map[string]string{servicePolicy: "-> /bin/true"}, want: "-> /bin/true"},
		"a removed": {before: map[string]string{servicePolicy: "mine"}, during: os.Remove, want: "mine"},
		"a package's": {before: map[string]string{servicePolicy: "mine"}, want: "packaged", during: func(policy string) error {
			if err := os.WriteFile(policy+".dpkg-new", []byte("packaged"), 0o755); err != nil {
				return err
			}
			return os.Rename(policy+".dpkg-new", policy)
		}},
	} {
		root := tree.New(t, test.before)
		policy := filepath.Join(root, servicePolicy)
		restore, err := forbidServices(root)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if exit := exec.Command(policy, "cron", "start").Run(); exit == nil || exit.Error() != "exit status 101" {
			t.Errorf("%s: the policy ends with %v, want status 101", name, exit)
		}
		if test.during != nil {
			if err := test.during(policy); err != nil {
				t.Fatal(err)
			}
		}
		if err := restore(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		got := ""
		if to, err := os.Readlink(policy); err == nil {
			got = "-> " + to
		} else if text, err := os.ReadFile(policy); err == nil {
			got = string(text)
		}
		left, err := os.ReadDir(filepath.Dir(policy))
		if err != nil {
			t.Fatal(err)
		}
		if got != test.want || len(left) != 1 && got+test.want != "" {
			t.Errorf("%s: the policy is %q, want %q, in %v", name, got, test.want, left)
		}
	}
}
