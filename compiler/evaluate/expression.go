package evaluate

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// eval evaluates an expression. It returns nil if the expression has no value, which this
// package or the checker has reported. A path becomes a string.
func (x *Evaluator) eval(e syntax.Expr, v *env) value { return plain(x.anchored(e, v)) }

// anchored is like eval, but a path that belongs to a module remains a path.
func (x *Evaluator) anchored(e syntax.Expr, v *env) value {
	if !x.Spend(e.Span()) {
		return nil
	}
	switch e := e.(type) {
	case *syntax.String:
		return x.text(e, v)
	case *syntax.Number:
		return x.numeral(e)
	case *syntax.Bool:
		return e.Value
	case *syntax.Name:
		return x.object(x.Program.Objects[e], e.At, v)
	case *syntax.Select:
		return x.selected(e, v)
	case *syntax.Call:
		return x.call(e, v)
	case *syntax.Index:
		return x.index(e, v)
	case *syntax.List:
		return x.list(e, v)
	case *syntax.Map:
		return x.mapping(e, v)
	case *syntax.Paren:
		return x.anchored(e.X, v)
	case *syntax.Unary:
		return x.unary(e, v)
	case *syntax.Binary:
		return x.binary(e, v)
	case *syntax.IfExpr:
		switch x.eval(e.Cond, v) {
		case true:
			return x.anchored(e.Then, v)
		case false:
			return x.anchored(e.Else, v)
		}
		return nil
	case *syntax.MatchExpr:
		return x.matched(e, v)
	}
	return nil
}

// text evaluates a string with its interpolations.
func (x *Evaluator) text(e *syntax.String, v *env) value {
	if s, ok := e.Literal(); ok {
		return s
	}
	var b strings.Builder
	isPath := false // it begins with a path
	for _, p := range e.Parts {
		if p.Expr == nil {
			b.WriteString(p.Text)
			continue
		}
		part := x.anchored(p.Expr, v)
		if part == nil {
			return nil
		}
		s := text(part)
		if begins, ok := part.(filePath); ok && b.Len() == 0 {
			isPath, s = true, string(begins)
		}
		if b.Len()+len(s) > maxText {
			x.tooLong(e.At, "string", "bytes")
			return nil
		}
		b.WriteString(s)
	}
	if !x.Hold(b.Len(), e.At) {
		return nil
	}
	if isPath {
		return filePath(b.String())
	}
	return b.String()
}

// maxText is the maximum length of a string that a program composes.
const maxText = 1 << 20

// tooLong reports a value that becomes too large, once.
func (x *Findings) tooLong(at source.Span, what, of string) {
	if x.Exhausted {
		return
	}
	x.Exhaust()
	x.Found.Errorf(diag.ValueTooLarge, at, "this %s is longer than %d %s", what, maxText, of).
		Note("a component that needs itself with a longer argument each time can cause this").
		Hint("put long content into a file, and copy the file")
}

var units = map[string]float64{
	"ms": float64(time.Millisecond), "s": float64(time.Second), "m": float64(time.Minute),
	"h": float64(time.Hour), "d": 24 * float64(time.Hour),
	"B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30,
}

func (x *Evaluator) numeral(e *syntax.Number) value {
	if e.Unit == "" {
		base := 10
		if len(e.Text) > 1 && e.Text[0] == '0' {
			base = 8 // a mode
		}
		n, err := strconv.ParseInt(e.Text, base, 64)
		if err != nil {
			x.Found.Errorf(diag.NumberTooLarge, e.At, "number out of range: %s", e.Text).
				Note("the largest number is 9223372036854775807; a leading 0 makes a number octal, as in a mode").
				Hint("write a smaller number")
			return nil
		}
		return n
	}
	f, err := strconv.ParseFloat(e.Text, 64)
	f = math.Round(f * units[e.Unit])
	if err != nil || f > math.MaxInt64/2 {
		x.Found.Errorf(diag.NumberTooLarge, e.At, "%s%s is too large", e.Text, e.Unit).
			Note("the largest size is 4 EB, the longest duration 146 years").
			Hint("write a smaller number")
		return nil
	}
	if t := x.Program.Types[e]; t != nil && t.Kind == check.Duration {
		return time.Duration(f)
	}
	return size(f)
}

// object returns the value of a resolved name.
func (x *Evaluator) object(o check.Object, at source.Span, v *env) value {
	switch o := o.(type) {
	case *check.Import:
		if n := o.Namesake(); n != nil {
			return x.object(n, at, v)
		}
	case *check.Component:
		r := &Ref{Component: o, Span: at}
		if len(o.Params) == 0 {
			r.Args = []value{}
		}
		return r
	case *check.Slot:
		return &Ref{Slot: o, Span: at}
	case *check.User:
		if a := x.account(o); a != nil {
			return a
		}
		return nil
	case *check.Let:
		return x.let(o.Decl, v)
	case *check.Var:
		return v.lookup(o.Name.At)
	case *check.Param:
		if o.Component == nil {
			return x.setting(o)
		}
		return v.lookup(o.Decl.Name.At)
	case *check.Predeclared:
		switch o.Name {
		case "platform.os":
			return x.platform.OS
		case "platform.arch":
			return x.platform.Arch
		case "platform.variant":
			return x.platform.Variant
		}
	}
	return nil
}

func (v *env) lookup(at source.Span) value {
	for ; v != nil; v = v.outer {
		if val, ok := v.values[at]; ok {
			return val
		}
	}
	return nil
}

// let evaluates a let once per environment of its block; a let of a module, once.
func (x *Evaluator) let(d *syntax.Let, v *env) value {
	at := d.Name.At
	for in := v; in != nil; in = in.outer {
		if val, ok := in.values[at]; ok {
			return val
		}
		if in.lets[at] != nil {
			val := x.anchored(d.Value, in)
			in.values[at] = val
			return val
		}
	}
	if val, ok := x.lets[at]; ok {
		return val
	}
	val := x.anchored(d.Value, &env{module: x.moduleOf[at.File]})
	x.lets[at] = val
	return val
}

func (x *Evaluator) selected(e *syntax.Select, v *env) value {
	if o := x.Program.Members[e]; o != nil {
		return x.object(o, e.Name.At, v)
	}
	m, ok := x.eval(e.X, v).(*mapping)
	if !ok {
		return nil
	}
	return x.entry(m, e.Name.Name, e.Name.At)
}

// absent is a key that a map does not have.
type absent struct {
	m   *mapping
	key string
}

func (x *Evaluator) entry(m *mapping, key string, at source.Span) value {
	val, ok := m.values[key]
	if !ok {
		const shown = 3
		missing := absent{m, key}
		if d := x.absent[missing]; d != nil {
			if len(d.Labels) < shown && d.Span != at {
				d.See(at, "and here")
			}
			return nil
		}
		x.absent[missing] = x.noEntry(m, key, at)
		return nil
	}
	return val
}

// noEntry reports a missing key together with the keys of the map.
func (x *Evaluator) noEntry(m *mapping, key string, at source.Span) *diag.Diagnostic {
	const shown = 12
	if len(m.keys) == 0 {
		return x.Found.Errorf(diag.NoSuchElement, at, "unknown key %q: the map is empty", key).
			At("the key is %q", key).Hint("add the key to the map")
	}
	d := x.Found.Errorf(diag.NoSuchElement, at, "unknown key %q; the map has %s", key, listed(m.keys, shown)).At("the key is %q", key)
	if near := m.keyOf(key); near != "" {
		return d.Hint("did you mean %q, which stands for %q?", near, key)
	}
	if near := diag.Nearest(key, m.keys); near != "" {
		return d.Hint("did you mean %q?", near)
	}
	if x.Foreign(at) {
		return d.Hint("write one of these keys")
	}
	return d.Hint("write one of these keys, or add %q to the map", key)
}

// keyOf returns the only key whose value is a string; "" if none or several are.
func (m *mapping) keyOf(value string) string {
	found := ""
	for _, key := range m.keys {
		if m.values[key] == value {
			if found != "" {
				return ""
			}
			found = key
		}
	}
	return found
}

// listed returns at most that many names, separated by commas.
func listed(names []string, most int) string {
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

func (x *Evaluator) index(e *syntax.Index, v *env) value {
	switch c := x.eval(e.X, v).(type) {
	case *mapping:
		if key, ok := x.eval(e.I, v).(string); ok {
			return x.entry(c, key, e.I.Span())
		}
	case list:
		i, ok := x.eval(e.I, v).(int64)
		if !ok {
			return nil
		}
		if i < 0 || i >= int64(len(c)) {
			d := x.Found.Errorf(diag.NoSuchElement, e.I.Span(), "index %d is out of range for a list of length %d", i, len(c))
			if len(c) == 0 {
				d.Hint("add an element to the list")
			} else {
				d.Note("the first element has index 0").Hint("write a number from 0 to %d", len(c)-1)
			}
			return nil
		}
		return c[i]
	}
	return nil
}

func (x *Evaluator) list(e *syntax.List, v *env) value {
	out := list{}
	for _, i := range e.Items {
		if val := x.anchored(i, v); val != nil {
			out = append(out, val)
		}
	}
	x.Hold(heldValue*len(out), e.Span())
	return out
}

func (x *Evaluator) mapping(e *syntax.Map, v *env) value {
	m := &mapping{values: map[string]value{}}
	for _, entry := range e.Entries {
		key, ok := x.eval(entry.Key, v).(string)
		val := x.anchored(entry.Value, v)
		if !ok || val == nil {
			continue
		}
		if _, twice := m.values[key]; twice {
			x.Found.Errorf(diag.NoSuchElement, entry.Key.At, "key %q is defined twice", key).
				Hint("remove one of them")
			continue
		}
		m.keys = append(m.keys, key)
		m.values[key] = val
	}
	x.Hold(heldEntry*len(m.keys), e.Span())
	return m
}

func (x *Evaluator) unary(e *syntax.Unary, v *env) value {
	switch val := x.eval(e.X, v).(type) {
	case bool:
		return !val
	case int64:
		return x.arithmetic(0, val, &syntax.Binary{At: e.At, Op: "-", X: e.X, Y: e.X})
	}
	return nil
}

func (x *Evaluator) binary(e *syntax.Binary, v *env) value {
	a := x.anchored(e.X, v)
	if b, ok := a.(bool); ok && (e.Op == "&&" && !b || e.Op == "||" && b) {
		return b
	}
	b := x.eval(e.Y, v)
	if a == nil || b == nil {
		return nil
	}
	if begins, ok := a.(filePath); ok && e.Op == "+" {
		if sum := x.sum(string(begins), b, e); sum != nil {
			return filePath(sum.(string))
		}
		return nil
	}
	a = plain(a)
	switch e.Op {
	case "&&", "||":
		return b
	case "==":
		return x.equal(a, b, e.At)
	case "!=":
		return !x.equal(a, b, e.At)
	case "<", "<=", ">", ">=":
		x.consider(a, e.At)
	}
	switch e.Op {
	case "<":
		return compare(a, b) < 0
	case "<=":
		return compare(a, b) <= 0
	case ">":
		return compare(a, b) > 0
	case ">=":
		return compare(a, b) >= 0
	case "+":
		return x.sum(a, b, e)
	}
	m, ok1 := a.(int64)
	n, ok2 := b.(int64)
	if !ok1 || !ok2 {
		return nil
	}
	return x.arithmetic(m, n, e)
}

func (x *Evaluator) sum(a, b value, e *syntax.Binary) value {
	switch a := a.(type) {
	case *User:
		return x.sum(text(a), b, e)
	case string:
		if u, ok := b.(*User); ok {
			b = text(u)
		}
		if b, ok := b.(string); ok {
			if len(a)+len(b) > maxText {
				x.tooLong(e.At, "string", "bytes")
				return nil
			}
			if !x.Hold(len(a)+len(b), e.At) {
				return nil
			}
			return a + b
		}
	case list:
		if b, ok := b.(list); ok {
			if len(a)+len(b) > maxText {
				x.tooLong(e.At, "list", "elements")
				return nil
			}
			if !x.Hold(heldValue*(len(a)+len(b)), e.At) {
				return nil
			}
			return append(a[:len(a):len(a)], b...)
		}
	case size:
		if b, ok := b.(size); ok {
			if n, ok := x.arithmetic(int64(a), int64(b), e).(int64); ok {
				return size(n)
			}
		}
	case time.Duration:
		if b, ok := b.(time.Duration); ok {
			if n, ok := x.arithmetic(int64(a), int64(b), e).(int64); ok {
				return time.Duration(n)
			}
		}
	case int64:
		if b, ok := b.(int64); ok {
			return x.arithmetic(a, b, e)
		}
	}
	return nil
}

// arithmetic computes with integers and reports overflow.
func (x *Evaluator) arithmetic(a, b int64, e *syntax.Binary) value {
	var n int64
	ok := true
	switch e.Op {
	case "+":
		n = a + b
		ok = (n > a) == (b > 0)
	case "-":
		n = a - b
		ok = (n < a) == (b > 0)
	case "*":
		n = a * b
		ok = a == 0 || n/a == b && !(a == -1 && b == math.MinInt64)
	case "/", "%":
		if b == 0 {
			x.Found.Errorf(diag.NumberTooLarge, e.Y.Span(), "division by zero").
				At("this is 0").Hint("check for 0 first, with an `if`")
			return nil
		}
		if e.Op == "/" {
			n = a / b
			ok = b != -1 || a != math.MinInt64
		} else {
			n = a % b
		}
	}
	if !ok {
		x.Found.Errorf(diag.NumberTooLarge, e.At, "number out of range: %d %s %d", a, e.Op, b).
			Note("the largest number is 9223372036854775807").Hint("use smaller numbers")
		return nil
	}
	return n
}

func (x *Evaluator) matched(e *syntax.MatchExpr, v *env) value {
	subject := x.eval(e.Subject, v)
	if subject == nil {
		return nil
	}
	if a := x.arm(e.Arms, subject, v); a != nil {
		return x.anchored(a.Value, v)
	}
	x.Found.Errorf(diag.NoMatchingArm, e.Subject.Span(), "no arm of this `match` matches %s", Shortened(show(subject))).
		At("the value is %s", Shortened(show(subject))).
		Hint("add an arm for it, or an `else` arm")
	return nil
}

// equal compares two values of one type.
func (x *Evaluator) equal(a, b value, at source.Span) bool {
	x.consider(a, at)
	if a, ok := a.(string); ok {
		b, ok := b.(string)
		return ok && a == b
	}
	return show(a) == show(b)
}

// consider counts the steps of reading a whole value.
func (x *Evaluator) consider(v value, at source.Span) {
	n := 0
	switch v := v.(type) {
	case string:
		n = len(v) / 256
	case list:
		n = len(v)
	case *mapping:
		n = len(v.keys)
	}
	for range n {
		if !x.Spend(at) {
			return
		}
	}
}

// arm returns the first matching arm, or nil.
func (x *Evaluator) arm(arms []*syntax.Arm, subject value, v *env) *syntax.Arm {
	for _, a := range arms {
		if len(a.Patterns) == 0 {
			return a
		}
		for _, p := range a.Patterns {
			if val := x.eval(p, v); val != nil && x.equal(val, subject, p.Span()) {
				return a
			}
		}
	}
	return nil
}
