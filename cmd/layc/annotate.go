package main

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/layc-lang/layc/lang/diag"
)

// annotate prints findings in the form that a job of GitHub Actions shows at the lines of a change.
func (c *cli) annotate(list diag.List) {
	if !c.annotates {
		return
	}
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	message := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	for _, d := range list {
		kind := "warning"
		if d.Severity == diag.Error {
			kind = "error"
		}
		place := ""
		if !d.Span.IsZero() {
			at := d.Span.Position()
			file := path.Join(filepath.ToSlash(c.dir), d.Span.File.Name())
			place = fmt.Sprintf("file=%s,line=%d,col=%d,", property.Replace(file), at.Line, at.Column)
		}
		text := d.Message
		for _, h := range d.Help {
			text += "\nhelp: " + h
		}
		fmt.Fprintf(c.err, "::%s %stitle=%s::%s\n", kind, place, d.Code, message.Replace(text))
	}
}
