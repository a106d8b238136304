package evaluate

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// setting returns the value of a module's parameter: the one that was set, if the module
// is the compiled one, or its default.
func (x *Evaluator) setting(o *check.Param) value {
	name := o.Decl.Name.Name
	if v, ok := x.params[o]; ok {
		return v
	}
	if o.Decl.Default == nil {
		d := x.Found.Errorf(diag.UnsetParam, o.Decl.Name.At, "`param %s` has no value", name)
		if o.Module == x.Program.Root {
			d.Hint("set it with `--set %s=VALUE`, or add a default: `= …`", name)
		} else {
			d.Note("`--set` applies only to parameters of the compiled module").
				Hint("add a default: `= …`")
		}
		x.params[o] = nil // report it once
		return nil
	}
	return x.eval(o.Decl.Default, &env{module: o.Module})
}

// readSettings reads the values that are set for parameters of the module.
func (x *Evaluator) readSettings() {
	x.params = map[*check.Param]value{}
	var known []string
	for n, o := range x.Program.Root.Scope {
		if _, ok := o.(*check.Param); ok {
			known = append(known, n)
		}
	}
	for _, n := range slices.Sorted(maps.Keys(x.set)) {
		if o, ok := x.Program.Root.Scope[n].(*check.Param); ok {
			x.params[o] = x.readSetting(o, x.set[n])
			continue
		}
		d := x.Found.Errorf(diag.UnsetParam, source.Span{}, "`--set %s`: unknown parameter", n)
		if near := diag.Nearest(n, known); near != "" {
			d.Hint("did you mean `--set %s=…`?", near)
		} else if len(known) > 0 {
			slices.Sort(known)
			d.Hint("the module's parameters are %s", strings.Join(known, ", "))
		} else {
			d.Hint("declare it: `param %s: string`", n)
		}
	}
}

// readSetting reads a value of the parameter's type as the language reads a literal. A
// string needs no quotes.
func (x *Evaluator) readSetting(o *check.Param, text string) value {
	want := ""
	switch o.Type.Kind {
	case check.String, check.Version, check.Path:
		return text
	case check.Int:
		base := 10
		if len(text) > 1 && text[0] == '0' {
			base = 8 // a mode is octal
		}
		if n, err := strconv.ParseInt(text, base, 64); err == nil {
			return n
		}
		want = "write a whole number"
	case check.Bool:
		if text == "true" || text == "false" {
			return text == "true"
		}
		want = "write true or false"
	case check.Size:
		if n, ok := quantity(text, "B", "KB", "MB", "GB", "KiB", "MiB", "GiB"); ok {
			return size(n)
		}
		want = "write a size such as 30MB"
	case check.Duration:
		if n, ok := quantity(text, "ms", "s", "m", "h", "d"); ok {
			return time.Duration(n)
		}
		want = "write a duration such as 30s"
	default:
		want = "declare the parameter as a string, number, boolean, size or duration; other types cannot be set"
	}
	x.Found.Errorf(diag.UnsetParam, o.Decl.Name.At, "`--set %s=%s`: not a valid %s", o.Decl.Name.Name, text, o.Type).Hint("%s", want)
	return nil
}

// quantity reads a number with one of the allowed units.
func quantity(text string, allowed ...string) (int64, bool) {
	at := strings.IndexFunc(text, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if at < 1 || !slices.Contains(allowed, text[at:]) {
		return 0, false
	}
	f, err := strconv.ParseFloat(text[:at], 64)
	f = math.Round(f * units[text[at:]])
	return int64(f), err == nil && f <= math.MaxInt64/2
}
