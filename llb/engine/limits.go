//go:build unix

package engine

import (
	"os"
	"regexp"
	"strings"

	"github.com/layc-lang/layc/lang/lazy"
)

// limits are what root of a user namespace cannot do, by what programs print when they try.
var limits = []struct {
	said func() *regexp.Regexp
	what string
}{
	{lazy.Regexp(`(?i)(\bl?chown|changing (ownership|group)|set(res|re)?[ug]id|setgroups).*invalid argument`),
		"layc runs as an ordinary user, whose images can only have the users and groups from 0 to 65534"},
	{lazy.Regexp(`(?i)\bmknod.*operation not permitted`),
		"layc runs as an ordinary user, who cannot create device nodes"},
}

// limitOf returns what an ordinary user's engine cannot do, if the step failed for that; else "".
func limitOf(step *StepError) string {
	said := strings.Join(step.Log, "\n") + "\n" + step.Err.Error()
	for _, l := range limits {
		if l.said().MatchString(said) {
			return l.what
		}
	}
	return ""
}

// ordinary reports whether the engine is an ordinary user's.
func (e *Engine) ordinary() bool { return e.opts.Address == "" && os.Geteuid() != 0 }
