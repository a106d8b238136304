package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

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
			file = inWorkspace(os.Getenv("GITHUB_WORKSPACE"), filepath.Join(c.dir, filepath.FromSlash(d.Span.File.Name())))
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
