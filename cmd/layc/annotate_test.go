package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// command matches a workflow command of GitHub Actions.
var command = regexp.MustCompile(`^::(error|warning|notice)(?: ([^:]*))?::(.*)$`)

// TestAnnotation reads annotations as GitHub's runner does: names, places and messages come back as they were.
func TestAnnotation(t *testing.T) {
	unescape := strings.NewReplacer("%25", "%", "%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",")
	file := source.New("a,b:c%25.layer", "one\ntwo three\n")
	for _, d := range []*diag.Diagnostic{
		{Severity: diag.Error, Code: "E0100", Message: "100 % of it: a, b\r\nsecond", Span: source.Span{File: file, Start: 8, End: 13}, Help: []string{"write `x::y`", "or %0A"}},
		{Severity: diag.Warning, Code: "E0200", Message: "no place"},
	} {
		name := ""
		if d.Span.File != nil {
			name = d.Span.File.Name()
		}
		m := command.FindStringSubmatch(annotation(d, name))
		if m == nil {
			t.Fatalf("not a command: %q", annotation(d, name))
		}
		got := map[string]string{}
		for p := range strings.SplitSeq(m[2], ",") {
			key, value, _ := strings.Cut(p, "=")
			got[key] = unescape.Replace(value)
		}
		want := map[string]string{"title": string(d.Code)}
		if !d.Span.IsZero() {
			at := d.Span.Position()
			want["file"], want["line"], want["col"] = name, strconv.Itoa(at.Line), strconv.Itoa(at.Column)
		}
		for key, value := range want {
			if got[key] != value {
				t.Errorf("%s is %q, want %q", key, got[key], value)
			}
		}
		text := d.Message
		for _, h := range d.Help {
			text += "\nhelp: " + h
		}
		if kind := map[diag.Severity]string{diag.Error: "error", diag.Warning: "warning"}[d.Severity]; m[1] != kind || len(got) != len(want) || unescape.Replace(m[3]) != text {
			t.Errorf("it is a %s with %v: %q, want %q", m[1], got, unescape.Replace(m[3]), text)
		}
	}
}

// TestInWorkspace names files as GitHub wants them: from the root of the checkout.
func TestInWorkspace(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ workspace, file, want string }{
		{"", "shop/a.layer", "shop/a.layer"},
		{here, "shop/a.layer", "shop/a.layer"},
		{filepath.Dir(here), "shop/a.layer", filepath.Base(here) + "/shop/a.layer"},
		{here, filepath.Join(here, "a.layer"), "a.layer"},
		{filepath.Join(here, "other"), "a.layer", "a.layer"},
	} {
		if got := inWorkspace(c.workspace, c.file); got != c.want {
			t.Errorf("%s in %s is %s, want %s", c.file, c.workspace, got, c.want)
		}
	}
}

// TestCodeQuality makes the report that GitLab reads: each violation has a file, a line and a fingerprint of
// its own, which stays when the line moves.
func TestCodeQuality(t *testing.T) {
	t.Setenv("CI_PROJECT_DIR", "")
	report := func(text string) []violation {
		file := source.New("a.layer", text)
		var list diag.List
		for _, word := range []string{"one", "two", "two"} {
			at := strings.LastIndex(text, word)
			if len(list) == 1 {
				at = strings.Index(text, word)
			}
			list = append(list, &diag.Diagnostic{Severity: diag.Error, Code: "E0207", Message: "unknown name " + word, Span: source.Span{File: file, Start: at, End: at + 3}})
		}
		list = append(list, &diag.Diagnostic{Severity: diag.Warning, Code: "E0500", Message: "no place"})
		return (&cli{dir: "shop"}).codeQuality(list)
	}
	before, after := report("one\ntwo two\n"), report("\n\none\ntwo two\n")
	prints := map[string]bool{}
	for i, v := range before {
		prints[v.Fingerprint] = true
		if after[i].Fingerprint != v.Fingerprint {
			t.Errorf("%s has another fingerprint on another line", v.Description)
		}
	}
	if len(before) != 4 || len(prints) != 4 {
		t.Errorf("%d violations have %d fingerprints, want 4", len(before), len(prints))
	}
	for i, want := range []violation{
		{"unknown name one", "E0207", "", "major", violationLocation{"shop/a.layer", violationLines{3}}},
		{"unknown name two", "E0207", "", "major", violationLocation{"shop/a.layer", violationLines{4}}},
		{"unknown name two", "E0207", "", "major", violationLocation{"shop/a.layer", violationLines{4}}},
		{"no place", "E0500", "", "minor", violationLocation{"shop/layc.lock", violationLines{1}}},
	} {
		got := after[i]
		got.Fingerprint = ""
		if got != want {
			t.Errorf("violation %d is %v, want %v", i, got, want)
		}
	}
}
