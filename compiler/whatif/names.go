package whatif

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/evaluate"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/report"
	"github.com/layc-lang/layc/lang/diag"
)

// UnknownError is the error for a name that matches nothing in any image.
type UnknownError struct {
	Name string
	Near string   // a similar name; "" if none is close
	Like []string // names that contain the name, sorted
}

func (e *UnknownError) Error() string { return "unknown name " + strconv.Quote(e.Name) }

// NoContentError is the error for names whose change affects no layer.
type NoContentError struct{ Names []string }

func (e *NoContentError) Error() string {
	return strings.Join(e.Names, ", ") + " has no content: no layer changes with it"
}

// AmbiguousError is the error for a name that means several components, or several instances of
// one.
type AmbiguousError struct {
	Name       string
	Components []string // their paths
	Instances  []string // their titles, sorted
}

func (e *AmbiguousError) Error() string {
	if len(e.Components) > 0 {
		return e.Name + " is ambiguous; it is several components: " + strings.Join(e.Components, ", ")
	}
	return e.Name + " is ambiguous; name one of: " + strings.Join(e.Instances, ", ")
}

// NoArgumentError is the error for an instance without an argument to override.
type NoArgumentError struct{ Title string }

func (e *NoArgumentError) Error() string { return e.Title + " has no argument" }

// named returns the instances that a name means.
func named(g *model.Graph, name string) ([]*model.Instance, error) {
	if found := report.Named(g, name); len(found) > 0 {
		return found, nil
	}
	known := report.Names(g)
	err := &UnknownError{Name: name, Near: diag.Nearest(name, known)}
	for _, n := range known {
		if strings.Contains(n, name) && !strings.ContainsAny(n, "( ") {
			err.Like = append(err.Like, n)
		}
	}
	return nil, err
}

// overridden returns the override for the component that a name means, and its current first
// argument.
func overridden(out *compiler.Output, name, to string) (v *evaluate.Override, from string, err error) {
	titles := map[string]string{} // by the argument as written
	path := ""
	for _, t := range out.Targets {
		found, err := named(t.Graph, name)
		if err != nil {
			return nil, "", err
		}
		for _, i := range found {
			if path != "" && i.Path != path {
				return nil, "", &AmbiguousError{Name: name, Components: []string{path, i.Path}}
			}
			path = i.Path
			argument, ok := firstArgument(i)
			if !ok {
				return nil, "", &NoArgumentError{i.Title}
			}
			titles[argument] = i.Title
		}
	}
	if len(titles) > 1 {
		return nil, "", &AmbiguousError{Name: name, Instances: slices.Sorted(maps.Values(titles))}
	}
	for argument := range titles {
		from = argument
		if text, err := strconv.Unquote(argument); err == nil {
			from = text
		}
		v = &evaluate.Override{Path: path, From: argument, To: to}
	}
	if v == nil {
		return nil, "", &UnknownError{Name: name}
	}
	return v, from, nil
}

// firstArgument returns an instance's first argument as written in a program: a quoted string, or
// a number.
func firstArgument(i *model.Instance) (string, bool) {
	if len(i.Args) == 0 || i.Package != nil {
		return "", false
	}
	first := i.Args[0]
	if _, err := strconv.Unquote(first); err == nil {
		return first, true
	}
	_, err := strconv.ParseInt(first, 10, 64)
	return first, err == nil
}
