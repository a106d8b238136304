package evaluate

import (
	"path"
	"strings"

	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// Operands of clauses and values of parameters: strings, references, and paths that belong
// to a module.

// convert makes a value fit a parameter. It anchors a path, which then means the same file
// in the module that declares the parameter. Where a string is expected, a path becomes a
// string.
func (x *Evaluator) convert(val value, t *check.Type, m *check.Module) value {
	switch val := val.(type) {
	case string:
		if t.Kind == check.Path {
			return anchor(val, m)
		}
	case filePath:
		if t.Kind != check.Path {
			return plain(val)
		}
	case list:
		if t.Kind == check.List && holdsText(t.Elem) {
			out := make(list, len(val))
			for n, i := range val {
				out[n] = x.convert(i, t.Elem, m)
			}
			return out
		}
	case *mapping:
		if t.Kind == check.Map && holdsText(t.Elem) {
			out := &mapping{keys: val.keys, values: make(map[string]value, len(val.keys))}
			for k, i := range val.values {
				out.values[k] = x.convert(i, t.Elem, m)
			}
			return out
		}
	}
	return val
}

// holdsText reports whether a type is string, or a list or map of strings.
func holdsText(t *check.Type) bool {
	for t.Kind == check.List || t.Kind == check.Map {
		t = t.Elem
	}
	return t.Kind == check.String || t.Kind == check.Version || t.Kind == check.Path
}

// anchor makes a relative path of a module relative to the project: "conf" in module web
// becomes "//web/conf". It leaves anchored paths unchanged, and paths of a module without
// files.
func anchor(p string, m *check.Module) value {
	dir, ok := m.Dir()
	if strings.HasPrefix(p, "//") {
		return filePath(p)
	}
	if !ok {
		return p
	}
	slash := ""
	if strings.HasSuffix(p, "/") {
		slash = "/"
	}
	return filePath("//" + path.Join(dir, p) + slash)
}

// plain returns a value with paths as strings that are relative to the project.
func plain(v value) value {
	if p, ok := v.(filePath); ok {
		return text(p)
	}
	return v
}

// content evaluates an operand that becomes text in the image.
func (x *Evaluator) content(e syntax.Expr, v *env) (string, bool) {
	val := x.eval(e, v)
	if val == nil {
		return "", false
	}
	return text(val), true
}

// paths evaluates an operand that is a path of the project or a list of paths. Paths of
// modules are anchored.
func (x *Evaluator) paths(e syntax.Expr, v *env) []string {
	pathOf := func(v value) string {
		if p, ok := v.(filePath); ok {
			return string(p)
		}
		return text(v)
	}
	var out []string
	switch val := x.anchored(e, v).(type) {
	case nil:
	case list:
		for _, i := range val {
			out = append(out, pathOf(i))
		}
	default:
		out = append(out, pathOf(val))
	}
	return out
}

// texts evaluates an operand that is a string or a list of strings.
func (x *Evaluator) texts(e syntax.Expr, v *env) []string {
	var out []string
	switch val := x.eval(e, v).(type) {
	case nil:
	case list:
		for _, i := range val {
			out = append(out, text(i))
		}
	default:
		out = append(out, text(val))
	}
	return out
}

// placed is texts with the place of each string.
func placed(x *Evaluator, e syntax.Expr, v *env) (out []string, places []source.Span) {
	out = x.texts(e, v)
	for n := range out {
		at := e
		if l, ok := e.(*syntax.List); ok && len(l.Items) == len(out) {
			at = l.Items[n]
		}
		places = append(places, at.Span())
	}
	return out, places
}

// refs evaluates an operand that is a component or a list of components.
func (x *Evaluator) refs(e syntax.Expr, v *env) []*Ref {
	var out []*Ref
	add := func(val value) {
		if u, ok := val.(*User); ok {
			val = &Ref{User: u}
		}
		if r, ok := val.(*Ref); ok {
			at := *r
			at.Span = e.Span()
			at.Origin = x.Told(at.Span, x.origin)
			out = append(out, &at)
		}
	}
	val := x.eval(e, v)
	if l, ok := val.(list); ok {
		for _, i := range l {
			add(i)
		}
		return out
	}
	add(val)
	return out
}

// textsOf returns the strings of a list, or a single string.
func textsOf(v value) []string {
	var out []string
	switch v := v.(type) {
	case list:
		for _, i := range v {
			out = append(out, text(i))
		}
	case string:
		out = append(out, v)
	}
	return out
}
