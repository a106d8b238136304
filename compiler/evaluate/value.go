package evaluate

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/source"
)

// value is the value of an expression: string, filePath, int64, bool, size,
// time.Duration, list, *mapping, *Ref, *User.
//
// Versions are strings, and so are paths that a module writes.
type value any

// filePath is a path that was passed to a parameter of type path, or a string that begins
// with such a path. It is anchored ("//web/conf", see anchor): it means the same file in
// every module.
type filePath string

// size is a number of bytes.
type size int64

type list []value

// mapping is a map with its entries in the order of the source.
type mapping struct {
	keys   []string
	values map[string]value
}

// Ref is a component as a value: a component with its arguments, a component without them
// (bound later), a slot, or OS packages.
type Ref struct {
	Component *check.Component
	Args      []value // by parameter; nil if not called, unless the component has no parameters
	Slot      *check.Slot
	Packages  []string
	places    []source.Span // where the names of the packages are written
	User      *User
	Span      source.Span // where it was last written
	Origin    source.Span // the line of the project that led here; see findings.go
	given     int         // how many of the arguments its title has; see shown.go
	// Computed on first use: its key, its number and its block.
	name string
	id   int32
	body *Block
}

// PlaceOf returns where the name of a package is written; without one, where the reference is.
func (r *Ref) PlaceOf(name string) source.Span {
	if n := slices.Index(r.Packages, name); n >= 0 && n < len(r.places) {
		return r.places[n]
	}
	return r.Span
}

// OfPackage returns the reference to one of its packages. told decides what errors about it point at.
func (r *Ref) OfPackage(name string, told func(span, origin source.Span) source.Span) *Ref {
	return &Ref{Packages: []string{name}, Span: told(r.Span, r.Origin), places: []source.Span{told(r.PlaceOf(name), r.Origin)}}
}

// Elsewhere returns the reference for another evaluator of the same program.
func (r *Ref) Elsewhere() *Ref {
	out := *r
	out.id, out.body = 0, nil
	out.Args = slices.Clone(r.Args)
	for n, a := range out.Args {
		out.Args[n] = elsewhere(a)
	}
	return &out
}

// elsewhere returns a value for another evaluator.
func elsewhere(v value) value {
	switch v := v.(type) {
	case *Ref:
		return v.Elsewhere()
	case list:
		out := slices.Clone(v)
		for n, x := range out {
			out[n] = elsewhere(x)
		}
		return out
	case *mapping:
		out := &mapping{keys: v.keys, values: make(map[string]value, len(v.values))}
		for k, x := range v.values {
			out.values[k] = elsewhere(x)
		}
		return out
	}
	return v
}

// Flexible reports whether each app binds the reference on its own.
func (r *Ref) Flexible() bool {
	return r.Slot != nil || r.Component != nil && r.Args == nil
}

// Qualified returns the lasting name of a declaration: its module and its own name. The
// root module and the module of predeclared names have no name.
func Qualified(m *check.Module, name string) string {
	if m.Path == "." || m.Path == "" {
		return name
	}
	return m.Path + "." + name
}

// Key returns the key of the reference. Equal references have equal keys.
func (r *Ref) Key() string {
	if r.name == "" {
		r.name = r.makeKey()
	}
	return r.name
}

func (r *Ref) makeKey() string {
	switch {
	case r.Component == check.Scratch:
		return "base scratch" // not a valid name of a declared component
	case r.Slot != nil:
		return "slot " + Qualified(r.Slot.Module, r.Slot.Decl.Name.Name)
	case r.Packages != nil:
		return "os.packages" + show(strs(r.Packages))
	case r.User != nil:
		return "user " + r.User.Path
	case r.Args == nil:
		return "any " + Qualified(r.Component.Module, r.Component.Decl.Name.Name)
	}
	return r.Name().String()
}

// Title returns the reference for people.
func (r *Ref) Title() string {
	switch {
	case r.User != nil:
		return "user " + r.User.Name
	case r.Slot != nil:
		return r.Slot.Decl.Name.Name
	case r.Packages != nil:
		return "os.packages" + strings.TrimSuffix("("+strings.TrimPrefix(show(strs(r.Packages)), "["), "]") + ")"
	}
	return model.Name{Path: r.path(), Args: r.Given()}.Title()
}

// Label returns the reference's title for errors.
func (r *Ref) Label() string { return Shortened(r.Title()) }

// Name returns the name of a component with its arguments.
func (r *Ref) Name() model.Name {
	n := model.Name{Path: r.path()}
	for _, a := range r.Args {
		n.Args = append(n.Args, show(a))
	}
	return n
}

func (r *Ref) path() string {
	return Qualified(r.Component.Module, r.Component.Decl.Name.Name)
}

func strs(in []string) list {
	var l list
	for _, s := range in {
		l = append(l, s)
	}
	return l
}

// show returns a value in the syntax of the language; equal values look equal.
func show(v value) string { return rendered(v, (*Ref).Key) }

// rendered returns a value in the syntax of the language, with components as a function names them.
func rendered(v value, name func(*Ref) string) string {
	switch v := v.(type) {
	case *User:
		return strconv.Quote(text(v))
	case string:
		return strconv.Quote(v)
	case list:
		var b []string
		for _, x := range v {
			b = append(b, rendered(x, name))
		}
		return "[" + strings.Join(b, ", ") + "]"
	case *mapping:
		keys := slices.Sorted(slices.Values(v.keys))
		var b []string
		for _, k := range keys {
			b = append(b, k+": "+rendered(v.values[k], name))
		}
		return "{" + strings.Join(b, ", ") + "}"
	case filePath:
		return strconv.Quote(string(v))
	case *Ref:
		return name(v)
	}
	return text(v)
}

// text returns a scalar as it appears in a string.
func text(v value) string {
	switch v := v.(type) {
	case string:
		return v
	case filePath:
		return strings.TrimPrefix(string(v), "//") // relative to the project
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	case size:
		return strconv.FormatInt(int64(v), 10)
	case time.Duration:
		return duration(v)
	case *User:
		return v.Owner().String()
	}
	return fmt.Sprint(v)
}

// written returns a size in the syntax of the language, in the unit that makes it shortest.
func (s size) written() string {
	best := text(s) + "B"
	for _, unit := range []string{"KB", "MB", "GB", "KiB", "MiB", "GiB"} {
		if short := strconv.FormatFloat(float64(s)/units[unit], 'f', -1, 64) + unit; len(short) < len(best) {
			best = short
		}
	}
	return best
}

// duration returns a length of time in the syntax of the language, as far as that can
// express it: "90m" becomes "1h30m", "1h" is unchanged.
func duration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// compare orders two scalars of one type; strings are in the order of versions.
func compare(a, b value) int {
	switch a := a.(type) {
	case string:
		if b, ok := b.(string); ok {
			return model.CompareVersions(a, b)
		}
	case int64:
		if b, ok := b.(int64); ok {
			return cmp.Compare(a, b)
		}
	case size:
		if b, ok := b.(size); ok {
			return cmp.Compare(a, b)
		}
	case time.Duration:
		if b, ok := b.(time.Duration); ok {
			return cmp.Compare(a, b)
		}
	}
	return cmp.Compare(show(a), show(b))
}
