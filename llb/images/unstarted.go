package images

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/layc-lang/layc/lang/diag"
)

// unstarted is the finding of a program that the image's containers cannot start, as the helper tells
// it; nil if it tells something else. The words are those of cmd/layc-helper/start.go.
func (v Outcome) unstarted(text string) *diag.Diagnostic {
	var what, why, name, needs, near, others string
	if n, _ := fmt.Sscanf(text, "not started: %s %s %q %q %q %q", &what, &why, &name, &needs, &near, &others); n != 6 {
		return nil
	}
	near = cmp.Or(near, diag.Nearest(name, strings.Fields(others)))
	at := v.App.StartAt
	if what == "healthcheck" {
		at = v.App.HealthAt
	}
	if at.IsZero() {
		at = v.App.Span
	}
	var list diag.List
	report := func(format string, args ...any) *diag.Diagnostic {
		return list.Errorf(diag.ProgramNotInImage, at, "%s%s", fmt.Sprintf(format, args...), v.where())
	}
	whose := fmt.Sprintf("the %s of %s", what, v.Component)
	bring := "add the component or package that brings it to `uses` of the app, or write its path"
	var d *diag.Diagnostic
	switch why {
	case "directory":
		return report("%s starts %s, which is a directory", whose, name).Hint("write the path of a program")
	case "special":
		return report("%s starts %s, which is a pipe, a socket or a device", whose, name).Hint("write the path of a program")
	case "mode":
		return report("%s starts %s, which is not executable", whose, name).
			Hint("write `mode 0755` on the step that brings the file")
	case "carriage":
		return report("%s starts %s, whose first line has a Windows line end", whose, name).
			Note("the kernel takes the carriage return as part of %s, so it does not find the interpreter", needs).
			Hint("save the file with LF line ends")
	case "interpreter":
		return report("%s starts %s, a script for %s, which the image does not have", whose, name, needs).
			Hint("add the component or package that brings %s to `uses` of the app, or change the first line of the script", needs)
	case "loader":
		return report("%s starts %s, which needs the loader %s, which the image does not have", whose, name, needs).
			Note("the program is linked with a C library").
			Hint("link the program statically (for Go, with CGO_ENABLED=0), or choose a base with that C library")
	case "env":
		d = report("%s starts %s, a script for %s, which is not in PATH", whose, name, needs)
		bring = "add the component or package that brings it to `uses` of the app, or its directory to PATH with `env PATH += …`"
	default:
		d = report("%s starts %s, which the image does not have", whose, name)
	}
	if near != "" {
		return d.Hint("did you mean %s? If not, %s", near, bring)
	}
	return d.Hint("%s", bring)
}
