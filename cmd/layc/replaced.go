package main

import (
	"fmt"
	"strings"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/llb"
	"github.com/layc-lang/layc/llb/engine"
)

// replaced is how the helper begins what it says about a replaced link: the path
// that takes its place, the link, and where that leads.
const replaced = "layc-helper: replaced link: "

// replacesLink is the finding of a step that would replace a link; nil if it failed
// for something else.
func replacesLink(step *engine.StepError, origin llb.Origin) *diag.Diagnostic {
	if len(step.Log) == 0 {
		return nil
	}
	said, ok := strings.CutPrefix(step.Log[len(step.Log)-1], replaced)
	var path, link, to string
	if n, _ := fmt.Sscanf(said, "%q %q %q", &path, &link, &to); !ok || n < 3 {
		return nil
	}
	var list diag.List
	canonical := strings.TrimSuffix(to, "/") + strings.TrimPrefix(path, link)
	return list.Errorf("E0342", origin.Span, "%s holds %s, and %s is a link to %s", origin.Component, path, link, to).
		Note("the layer would replace the link").
		Hint("place it at %q: make it at another path in a component of its own, and `copy` it `from` that", canonical)
}
