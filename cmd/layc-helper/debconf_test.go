package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSettleQuestions(t *testing.T) {
	const before = `Name: ucf/changeprompt
Template: ucf/changeprompt
Value: keep_current
Owners: ucf
Flags: seen
Variables:
 BASENAME = createcluster.conf
 FILE = /etc/postgresql-common/createcluster.conf
 NEW = /tmp/postgresql-common.vznYAV

Name: a/b
Variables:
 OLD = /var/tmp/x
 NEW = /tmp/y

Name: c/d
Value: /tmp/z
Description:
 NEW = /tmp/z
Variables:
 N = /tmpfile
 M = 
`
	const after = `Name: ucf/changeprompt
Template: ucf/changeprompt
Value: keep_current
Owners: ucf
Flags: seen
Variables:
 BASENAME = createcluster.conf
 FILE = /etc/postgresql-common/createcluster.conf

Name: a/b

Name: c/d
Value: /tmp/z
Description:
 NEW = /tmp/z
Variables:
 N = /tmpfile
 M = 
`
	file := filepath.Join(t.TempDir(), "config.dat")
	if err := settleQuestions(file); err != nil {
		t.Errorf("a file that is not there: %v", err)
	}
	for _, text := range []string{before, after} { // what is settled stays
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := settleQuestions(file); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(file); string(got) != after {
			t.Errorf("got:\n%s\nwant:\n%s", got, after)
		}
		if info, _ := os.Stat(file); info.Mode().Perm() != 0o600 {
			t.Errorf("the mode is %v", info.Mode())
		}
	}
	if text := withoutScratch("Variables:\n N = /tmp/x"); text != "" {
		t.Errorf("got %q, want nothing", text)
	}
}
