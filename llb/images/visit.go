package images

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/llb"
	"github.com/layc-lang/layc/llb/engine"
)

// Visit is a container that a build starts for the user; see [engine.Visit].
type Visit struct {
	// Component is the name or the title of the component whose last run the container takes the place
	// of. "": it starts on the first image.
	Component string
	Failed    bool // only if a step fails, in its place
	Loopback  bool
	Hostname  string
	Tools     engine.Tools
	Do        func(context.Context, *engine.Container) error
}

// NoRunError is the error for a component without a run in the images.
type NoRunError struct {
	Component string
	Known     bool   // it is in the images
	Near      string // a component with a similar name; "": none
}

func (e *NoRunError) Error() string {
	switch {
	case e.Known:
		return fmt.Sprintf("%s runs nothing; name an app that uses it", e.Component)
	case e.Near != "":
		return fmt.Sprintf("unknown app or component %s; did you mean %s?", e.Component, e.Near)
	}
	return fmt.Sprintf("unknown app or component %s", e.Component)
}

// visit returns the engine's form of a visit.
func (v *Visit) visit(graphs []*llb.Graph) (*engine.Visit, error) {
	if v == nil {
		return nil, nil
	}
	out := &engine.Visit{Failed: v.Failed, Loopback: v.Loopback, Hostname: v.Hostname, Tools: v.Tools, Do: v.Do}
	if v.Component == "" {
		return out, nil
	}
	known := []string{}
	for _, g := range graphs {
		for _, i := range g.Images {
			for _, raw := range slices.Backward(i.Definition().Def) {
				id := digest.FromBytes(raw)
				o, ok := g.Origins[id]
				if !ok {
					continue
				}
				name, _, _ := strings.Cut(o.Component, "(")
				known = append(known, name)
				if o.Run != nil && (v.Component == name || v.Component == o.Component) {
					out.Step = id
					return out, nil
				}
			}
		}
	}
	return nil, &NoRunError{v.Component, slices.Contains(known, v.Component), diag.Nearest(v.Component, known)}
}
