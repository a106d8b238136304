package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/lang/diag"
)

// annotate prints findings in the form that a job of GitHub Actions shows at the lines of a change; see
// annotation.
func (c *cli) annotate(list diag.List) {
	if !c.annotates {
		return
	}
	for _, d := range list {
		file := ""
		if !d.Span.IsZero() {
			file = c.inCheckout("GITHUB_WORKSPACE", d.Span.File.Name())
		}
		fmt.Fprintln(c.err, annotation(d, file))
	}
}

// annotation returns a finding about a file as a workflow command of GitHub Actions, as their documentation
// has it:
//
//	::error file=NAME,line=LINE,col=COLUMN,title=TITLE::MESSAGE
//	::warning title=TITLE::MESSAGE
//
// It is one line. In it, the runner reads %25 as %, %0D as a carriage return and %0A as the end of a line; in
// a property also %3A as a colon and %2C as a comma. Lines and columns begin at 1. A file is relative to the
// root of the repository, or it is absolute.
func annotation(d *diag.Diagnostic, file string) string {
	message := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	kind, place := "warning", ""
	if d.Severity == diag.Error {
		kind = "error"
	}
	if !d.Span.IsZero() {
		at := d.Span.Position()
		place = fmt.Sprintf("file=%s,line=%d,col=%d,", property.Replace(file), at.Line, at.Column)
	}
	text := d.Message
	for _, h := range d.Help {
		text += "\nhelp: " + h
	}
	return fmt.Sprintf("::%s %stitle=%s::%s", kind, place, property.Replace(string(d.Code)), message.Replace(text))
}

// violation is an entry of a Code Quality report, with the fields that GitLab's documentation requires. It
// recognizes a violation by its fingerprint in the report of another commit, so no line is part of it.
type violation struct {
	Description string            `json:"description"`
	CheckName   diag.Code         `json:"check_name"`
	Fingerprint string            `json:"fingerprint"` // unique in the report
	Severity    string            `json:"severity"`
	Location    violationLocation `json:"location"`
}

type violationLocation struct {
	Path  string         `json:"path"` // relative to the root of the repository
	Lines violationLines `json:"lines"`
}

type violationLines struct {
	Begin int `json:"begin"` // 1-based
}

// codeQuality returns findings as GitLab shows them at the lines of a change, in the order of the list, and
// not nil. GitLab requires a file of each: findings without a place are about the lock file.
func (c *cli) codeQuality(list diag.List) []violation {
	report := []violation{}
	seen := map[violation]int{}
	for _, d := range list {
		v := violation{Description: d.Message, CheckName: d.Code, Severity: "minor"}
		if d.Severity == diag.Error {
			v.Severity = "major"
		}
		file, line := lock.Name, 1
		if !d.Span.IsZero() {
			file, line = d.Span.File.Name(), d.Span.Position().Line
		}
		v.Location.Path = c.inCheckout("CI_PROJECT_DIR", file)
		same := seen[v]
		seen[v]++
		v.Fingerprint = fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%d", v.CheckName, v.Location.Path, v.Description, same)))
		v.Location.Lines.Begin = line
		report = append(report, v)
	}
	return report
}

// inCheckout returns a file of the module as a service of CI names it, which sets the variable to the
// directory of the checkout.
func (c *cli) inCheckout(variable, file string) string {
	return inWorkspace(os.Getenv(variable), filepath.Join(c.dir, filepath.FromSlash(file)))
}

// inWorkspace returns a file relative to the directory of the checkout, with slashes: a job may work in a
// directory below it. A file outside of it, and every file without a workspace, stays as it is.
func inWorkspace(workspace, file string) string {
	abs, err := filepath.Abs(file)
	if workspace == "" || err != nil {
		return filepath.ToSlash(file)
	}
	rel, err := filepath.Rel(workspace, abs)
	if err != nil || rel == ".." || strings.HasPrefix(rel, "../") {
		return filepath.ToSlash(file)
	}
	return filepath.ToSlash(rel)
}
