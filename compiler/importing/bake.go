package importing

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// A bake file is read as far as it names targets, arguments and contexts. Variables have their
// defaults. An attribute that needs more, such as the time, is left out, and the build is a guess.

var bakeSchema = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
	{Type: "target", LabelNames: []string{"name"}},
	{Type: "variable", LabelNames: []string{"name"}},
	{Type: "function", LabelNames: []string{"name"}},
}}

// bakeFunctions are bake's functions without those that depend on the machine or the time.
var bakeFunctions = map[string]function.Function{
	"absolute": stdlib.AbsoluteFunc, "add": stdlib.AddFunc, "and": stdlib.AndFunc, "can": tryfunc.CanFunc, "ceil": stdlib.CeilFunc,
	"chomp": stdlib.ChompFunc, "chunklist": stdlib.ChunklistFunc, "coalesce": stdlib.CoalesceFunc, "coalescelist": stdlib.CoalesceListFunc,
	"compact": stdlib.CompactFunc, "concat": stdlib.ConcatFunc, "contains": stdlib.ContainsFunc, "convert": typeexpr.ConvertFunc,
	"csvdecode": stdlib.CSVDecodeFunc, "distinct": stdlib.DistinctFunc, "divide": stdlib.DivideFunc, "element": stdlib.ElementFunc,
	"equal": stdlib.EqualFunc, "flatten": stdlib.FlattenFunc, "floor": stdlib.FloorFunc, "format": stdlib.FormatFunc, "formatlist": stdlib.FormatListFunc,
	"greaterthan": stdlib.GreaterThanFunc, "greaterthanorequalto": stdlib.GreaterThanOrEqualToFunc, "hasindex": stdlib.HasIndexFunc,
	"indent": stdlib.IndentFunc, "index": stdlib.IndexFunc, "int": stdlib.IntFunc, "join": stdlib.JoinFunc, "jsondecode": stdlib.JSONDecodeFunc,
	"jsonencode": stdlib.JSONEncodeFunc, "keys": stdlib.KeysFunc, "length": stdlib.LengthFunc, "lessthan": stdlib.LessThanFunc,
	"lessthanorequalto": stdlib.LessThanOrEqualToFunc, "lookup": stdlib.LookupFunc, "lower": stdlib.LowerFunc, "max": stdlib.MaxFunc,
	"merge": stdlib.MergeFunc, "min": stdlib.MinFunc, "modulo": stdlib.ModuloFunc, "multiply": stdlib.MultiplyFunc, "negate": stdlib.NegateFunc,
	"not": stdlib.NotFunc, "notequal": stdlib.NotEqualFunc, "or": stdlib.OrFunc, "parseint": stdlib.ParseIntFunc, "range": stdlib.RangeFunc,
	"regex": stdlib.RegexFunc, "regex_replace": stdlib.RegexReplaceFunc, "regexall": stdlib.RegexAllFunc, "replace": stdlib.ReplaceFunc,
	"reverse": stdlib.ReverseFunc, "reverselist": stdlib.ReverseListFunc, "setproduct": stdlib.SetProductFunc, "slice": stdlib.SliceFunc,
	"sort": stdlib.SortFunc, "split": stdlib.SplitFunc, "strlen": stdlib.StrlenFunc, "substr": stdlib.SubstrFunc, "subtract": stdlib.SubtractFunc,
	"title": stdlib.TitleFunc, "trim": stdlib.TrimFunc, "trimprefix": stdlib.TrimPrefixFunc, "trimspace": stdlib.TrimSpaceFunc,
	"trimsuffix": stdlib.TrimSuffixFunc, "try": tryfunc.TryFunc, "upper": stdlib.UpperFunc, "values": stdlib.ValuesFunc, "zipmap": stdlib.ZipmapFunc,
}

// bakeTarget is a target with everything that it inherits.
type bakeTarget struct {
	context, dockerfile, inline, target string
	args, contexts, labels              map[string]string
	tags, platforms                     []string
	left                                []string // attributes that have no value here
}

// bakeOverrides are the files that bake merges into those that it finds by itself.
var bakeOverrides = []string{"docker-bake.override.json", "docker-bake.override.hcl"}

// bake adds the builds of a bake file, with the overrides next to it.
func (f *finder) bake(name string, text []byte) error {
	r := &bakeReader{context: &hcl.EvalContext{Variables: map[string]cty.Value{}, Functions: maps.Clone(bakeFunctions)}, blocks: map[string][]*hcl.Block{}, targets: map[evaluated]bakeTarget{}}
	if err := r.parse(name, text); err != nil {
		return err
	}
	dir := path.Dir(name)
	for _, o := range bakeOverrides {
		o = path.Join(dir, o)
		text, err := fs.ReadFile(f.files, o)
		if !f.looks || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = r.parse(o, text)
		}
		if err != nil {
			f.skip("", o, err)
		}
	}
	r.variables()
	inherited := map[string]bool{}
	for _, n := range r.names {
		for _, p := range r.inherits(n, r.context) {
			inherited[p] = true
		}
	}
	for _, n := range r.names {
		if cycle := r.cycle([]string{n}, map[string]bool{}); cycle != nil {
			f.skip(n, name, fmt.Errorf("targets inherit each other: %s", strings.Join(cycle, ", ")))
			continue
		}
		variants, err := r.variants(n)
		if err != nil {
			f.skip(n, name, err)
			continue
		}
		for _, v := range variants {
			t := r.target(n, v.context, 0)
			if strings.HasPrefix(n, "_") || inherited[n] && len(t.tags) == 0 && t.context == "" && t.dockerfile == "" && t.target == "" {
				continue // only for others
			}
			b := Build{Name: appName(v.name), Context: within(dir, t.context), Target: t.target, Args: t.args, Contexts: maps.Clone(t.contexts), Labels: t.labels, Names: append([]string{v.name}, t.tags...), Images: t.tags}
			if len(t.left) > 0 {
				b.Guess = fmt.Sprintf("%s of the target %s has no value here", strings.Join(t.left, ", "), v.name)
			}
			b.platforms(t.platforms)
			for k, c := range b.Contexts {
				if !strings.Contains(c, ":") {
					b.Contexts[k] = within(dir, c)
				}
			}
			f.add(name, b, t.dockerfile, t.inline)
		}
	}
	return nil
}

// parse adds what a file has to what the files before have.
func (r *bakeReader) parse(name string, text []byte) error {
	parser := hclparse.NewParser()
	var file *hcl.File
	var diags hcl.Diagnostics
	if strings.HasSuffix(name, ".json") {
		file, diags = parser.ParseJSON(text, name)
	} else {
		file, diags = parser.ParseHCL(text, name)
	}
	if diags.HasErrors() {
		return plainHCL(diags)
	}
	content, _, diags := file.Body.PartialContent(bakeSchema)
	if diags.HasErrors() {
		return plainHCL(diags)
	}
	for _, b := range content.Blocks {
		switch b.Type {
		case "function":
			if f := r.function(b); f != nil {
				r.context.Functions[b.Labels[0]] = *f
			}
		case "variable":
			r.vars = append(r.vars, b)
		case "target":
			if r.blocks[b.Labels[0]] == nil {
				r.names = append(r.names, b.Labels[0])
			}
			r.blocks[b.Labels[0]] = append(r.blocks[b.Labels[0]], b)
		}
	}
	attributes, _ := file.Body.JustAttributes()
	for _, k := range sorted(attributes) {
		r.values = append(r.values, attributes[k])
	}
	return nil
}

// variables evaluates the variables, which may use each other. Of several with one name, the last default counts.
func (r *bakeReader) variables() {
	for range 3 {
		for _, b := range r.vars {
			all, _ := b.Body.JustAttributes()
			if _, known := r.context.Variables[b.Labels[0]]; !known {
				r.context.Variables[b.Labels[0]] = cty.StringVal("")
			}
			if a := all["default"]; a != nil {
				if v, diags := a.Expr.Value(r.context); !diags.HasErrors() {
					r.context.Variables[b.Labels[0]] = v
				}
			}
		}
		for _, a := range r.values {
			if v, diags := a.Expr.Value(r.context); !diags.HasErrors() {
				r.context.Variables[a.Name] = v
			}
		}
	}
}

// cycle returns targets that inherit each other, below the last one of a path; nil if there are none.
func (r *bakeReader) cycle(above []string, done map[string]bool) []string {
	last := above[len(above)-1]
	for _, p := range r.inherits(last, r.context) {
		if n := slices.Index(above, p); n >= 0 {
			return append(slices.Clone(above[n:]), p)
		}
		if !done[p] {
			if found := r.cycle(append(slices.Clone(above), p), done); found != nil {
				return found
			}
		}
	}
	done[last] = true
	return nil
}

// plainHCL returns the first error, with its place.
func plainHCL(diags hcl.Diagnostics) error {
	d := diags.Errs()[0].(*hcl.Diagnostic)
	text := strings.TrimSuffix(d.Summary, ".")
	if d.Detail != "" {
		text += ": " + strings.TrimSuffix(d.Detail, ".")
	}
	if d.Subject != nil {
		text = fmt.Sprintf("line %d: %s", d.Subject.Start.Line, text)
	}
	return errors.New(text)
}

// bakeReader has what is in a bake file and its overrides.
type bakeReader struct {
	context *hcl.EvalContext
	vars    []*hcl.Block
	values  []*hcl.Attribute
	names   []string                // of targets, in order
	blocks  map[string][]*hcl.Block // of targets; later ones are merged into those before
	calls   int                     // of functions in functions
	targets map[evaluated]bakeTarget
}

// evaluated is a target with the variables of its matrix.
type evaluated struct {
	name string
	in   *hcl.EvalContext
}

// deepest is how deep functions and targets may be in each other. The depth of the stack is limited, too.
const deepest = 50

// function returns a function that the file defines: its result for its params. It is nil if it cannot be
// one; what calls it has no value then.
func (r *bakeReader) function(b *hcl.Block) *function.Function {
	attributes, _ := b.Body.JustAttributes()
	result, spec := attributes["result"], &function.Spec{}
	if result == nil {
		return nil
	}
	if a := attributes["params"]; a != nil {
		params, diags := hcl.ExprList(a.Expr)
		if diags.HasErrors() {
			return nil
		}
		for _, p := range params {
			spec.Params = append(spec.Params, function.Parameter{Name: hcl.ExprAsKeyword(p), Type: cty.DynamicPseudoType})
		}
	}
	if a := attributes["variadic_params"]; a != nil {
		spec.VarParam = &function.Parameter{Name: hcl.ExprAsKeyword(a.Expr), Type: cty.DynamicPseudoType}
	}
	evaluate := func(args []cty.Value) (cty.Value, error) {
		if r.calls++; r.calls > deepest {
			r.calls--
			return cty.DynamicVal, fmt.Errorf("%s calls itself", b.Labels[0])
		}
		defer func() { r.calls-- }()
		in := r.context.NewChild()
		in.Variables = map[string]cty.Value{}
		for n, p := range spec.Params {
			in.Variables[p.Name] = args[n]
		}
		if spec.VarParam != nil {
			in.Variables[spec.VarParam.Name] = cty.TupleVal(args[len(spec.Params):])
		}
		v, diags := result.Expr.Value(in)
		if diags.HasErrors() {
			return cty.DynamicVal, diags
		}
		return v, nil
	}
	spec.Type = func(args []cty.Value) (cty.Type, error) {
		v, err := evaluate(args)
		return v.Type(), err
	}
	spec.Impl = func(args []cty.Value, _ cty.Type) (cty.Value, error) { return evaluate(args) }
	f := function.New(spec)
	return &f
}

// variant is a target for one combination of its matrix.
type variant struct {
	name    string
	context *hcl.EvalContext
}

// mostVariants is how many combinations a matrix may have.
const mostVariants = 1000

// variants returns the combinations of a target's matrix; without one, the target alone.
func (r *bakeReader) variants(name string) ([]variant, error) {
	alone := []variant{{name, r.context}}
	matrix := r.attribute(name, "matrix")
	if matrix == nil {
		return alone, nil
	}
	value, diags := matrix.Expr.Value(r.context)
	if diags.HasErrors() || value.IsNull() || !value.CanIterateElements() {
		return alone, nil
	}
	contexts := []*hcl.EvalContext{r.context}
	for it := value.ElementIterator(); it.Next(); {
		k, list := it.Element()
		if list.IsNull() || !list.CanIterateElements() {
			continue
		}
		if n := list.LengthInt(); n*len(contexts) > mostVariants {
			return nil, fmt.Errorf("its matrix has more than %d combinations; name one target for each that you need", mostVariants)
		}
		var next []*hcl.EvalContext
		for _, c := range contexts {
			for items := list.ElementIterator(); items.Next(); {
				_, v := items.Element()
				with := maps.Clone(c.Variables)
				with[k.AsString()] = v
				next = append(next, &hcl.EvalContext{Variables: with, Functions: r.context.Functions})
			}
		}
		contexts = next
	}
	var out []variant
	for n, c := range contexts {
		as := fmt.Sprintf("%s-%d", name, n+1)
		if a := r.attribute(name, "name"); a != nil {
			if v, ok := text(a.Expr, c); ok {
				as = v
			}
		}
		out = append(out, variant{as, c})
	}
	return out, nil
}

// attribute returns an attribute of a target: the last one; nil if there is none.
func (r *bakeReader) attribute(name, key string) *hcl.Attribute {
	for _, b := range slices.Backward(r.blocks[name]) {
		attributes, _ := b.Body.JustAttributes()
		if a := attributes[key]; a != nil {
			return a
		}
	}
	return nil
}

// inherits returns what a target inherits, which its blocks add up.
func (r *bakeReader) inherits(name string, in *hcl.EvalContext) (all []string) {
	for _, b := range r.blocks[name] {
		attributes, _ := b.Body.JustAttributes()
		all = append(all, texts(attributes["inherits"], in)...)
	}
	return all
}

// target evaluates a target after what it inherits.
func (r *bakeReader) target(name string, in *hcl.EvalContext, depth int) bakeTarget {
	at := evaluated{name, in}
	if known, ok := r.targets[at]; ok {
		return known
	}
	t := bakeTarget{args: map[string]string{}, contexts: map[string]string{}, labels: map[string]string{}}
	if depth > deepest {
		return t
	}
	for _, p := range r.inherits(name, in) {
		from := r.target(p, in, depth+1)
		t.left = append(t.left, from.left...)
		maps.Copy(t.args, from.args)
		maps.Copy(t.contexts, from.contexts)
		maps.Copy(t.labels, from.labels)
		for _, field := range [][2]*string{{&t.context, &from.context}, {&t.dockerfile, &from.dockerfile}, {&t.inline, &from.inline}, {&t.target, &from.target}} {
			if *field[1] != "" {
				*field[0] = *field[1]
			}
		}
		t.take(from.tags, from.platforms)
	}
	for _, b := range r.blocks[name] {
		attributes, _ := b.Body.JustAttributes()
		t.merge(attributes, in)
	}
	r.targets[at] = t
	return t
}

// take replaces lists, unless the new ones are empty.
func (t *bakeTarget) take(tags, platforms []string) {
	if len(tags) > 0 {
		t.tags = tags
	}
	if len(platforms) > 0 {
		t.platforms = platforms
	}
}

// merge adds the attributes of a block.
func (t *bakeTarget) merge(attributes hcl.Attributes, in *hcl.EvalContext) {
	for key, field := range map[string]*string{"context": &t.context, "dockerfile": &t.dockerfile, "dockerfile-inline": &t.inline, "target": &t.target} {
		if a := attributes[key]; a != nil {
			if v, ok := text(a.Expr, in); ok {
				*field = v
			} else {
				t.leave(key)
			}
		}
	}
	for key, field := range map[string]map[string]string{"args": t.args, "contexts": t.contexts, "labels": t.labels} {
		if a := attributes[key]; a != nil {
			v, diags := a.Expr.Value(in)
			if diags.HasErrors() || v.IsNull() || !v.CanIterateElements() {
				t.leave(key)
				continue
			}
			for it := v.ElementIterator(); it.Next(); {
				k, item := it.Element()
				if s, ok := asText(item); ok {
					field[k.AsString()] = s
				}
			}
		}
	}
	t.take(texts(attributes["tags"], in), texts(attributes["platforms"], in))
}

// leave remembers an attribute that has no value here.
func (t *bakeTarget) leave(key string) {
	t.left = append(t.left, key)
	slices.Sort(t.left)
}

// text evaluates an expression to a string.
func text(e hcl.Expression, in *hcl.EvalContext) (string, bool) {
	v, diags := e.Value(in)
	if diags.HasErrors() {
		return "", false
	}
	return asText(v)
}

func asText(v cty.Value) (string, bool) {
	if v.IsNull() || !v.IsKnown() {
		return "", false
	}
	s, err := convert.Convert(v, cty.String)
	if err != nil || s.IsNull() {
		return "", false
	}
	return s.AsString(), true
}

func texts(a *hcl.Attribute, in *hcl.EvalContext) []string {
	if a == nil {
		return nil
	}
	v, diags := a.Expr.Value(in)
	if diags.HasErrors() || v.IsNull() || !v.CanIterateElements() {
		return nil
	}
	var out []string
	for it := v.ElementIterator(); it.Next(); {
		_, item := it.Element()
		if s, ok := asText(item); ok && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
