package revision

import (
	"errors"
	"os/exec"
	"regexp"
	"testing"
)

// TestHead reads the commit of a working tree with changes, and without a commit.
func TestHead(t *testing.T) {
	dir := repository(t)
	c, err := Head(t.Context(), dir+"/module")
	if err != nil || !c.Modified || c.Name() != c.Hash+"-dirty" || len(c.Hash) != 40 || c.Source != "" {
		t.Errorf("got %+v, %v", c, err)
	}
	if !regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`).MatchString(c.Time) {
		t.Errorf("the time is %s", c.Time)
	}
	for _, args := range [][]string{{"checkout", "-q", "."}, {"remote", "add", "origin", "git@example.com:team/project.git"}} {
		if text, err := exec.Command("git", append([]string{"-C", dir}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
	}
	if c, err = Head(t.Context(), dir); err != nil || c.Modified || c.Name() != c.Hash || c.Source != "https://example.com/team/project" {
		t.Errorf("got %+v, %v", c, err)
	}
	var none *UnknownError
	empty := t.TempDir()
	if text, err := exec.Command("git", "init", "-q", empty).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if _, err := Head(t.Context(), empty); !errors.As(err, &none) {
		t.Errorf("without a commit: %v", err)
	}
	var outside *NoWorkTreeError
	if _, err := Head(t.Context(), t.TempDir()); !errors.As(err, &outside) {
		t.Errorf("outside of a repository: %v", err)
	}
}

// TestWebAddress makes addresses without credentials.
func TestWebAddress(t *testing.T) {
	for origin, want := range map[string]string{
		"https://user:secret@example.com/team/project.git?x=1": "https://example.com/team/project",
		"http://example.com:8080/project/":                     "http://example.com:8080/project",
		"ssh://git@example.com:2222/team/project.git":          "https://example.com/team/project",
		"git@example.com:team/project":                         "https://example.com/team/project",
		"example.com:team/project.git":                         "https://example.com/team/project",
		"git://example.com/project":                            "https://example.com/project",
		"/srv/project.git":                                     "",
		"../project":                                           "",
		"file:///srv/project":                                  "",
		"":                                                     "",
	} {
		if got := webAddress(origin); got != want {
			t.Errorf("%s: got %q, want %q", origin, got, want)
		}
	}
}
