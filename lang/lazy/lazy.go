// Package lazy has regular expressions that are compiled on first use: each start of layc would pay for
// those of commands that it does not run.
package lazy

import (
	"regexp"
	"sync"
)

// Regexp returns what returns the expression, which must be valid.
func Regexp(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
