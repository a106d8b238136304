package importing

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// A bake file is read as far as it names targets, arguments and contexts. Variables have their
// defaults. An attribute that needs more, as a function of its own, is left out.

var bakeSchema = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
	{Type: "target", LabelNames: []string{"name"}},
	{Type: "variable", LabelNames: []string{"name"}},
}}

var bakeFunctions = map[string]function.Function{
	"concat": stdlib.ConcatFunc, "join": stdlib.JoinFunc, "split": stdlib.SplitFunc, "replace": stdlib.ReplaceFunc, "upper": stdlib.UpperFunc,
	"lower": stdlib.LowerFunc, "format": stdlib.FormatFunc, "regex": stdlib.RegexFunc, "regex_replace": stdlib.RegexReplaceFunc, "trim": stdlib.TrimFunc,
	"trimprefix": stdlib.TrimPrefixFunc, "trimsuffix": stdlib.TrimSuffixFunc, "coalesce": stdlib.CoalesceFunc, "length": stdlib.LengthFunc,
	"equal": stdlib.EqualFunc, "and": stdlib.AndFunc, "or": stdlib.OrFunc, "not": stdlib.NotFunc, "notequal": stdlib.NotEqualFunc, "merge": stdlib.MergeFunc, "keys": stdlib.KeysFunc,
	"values": stdlib.ValuesFunc, "lookup": stdlib.LookupFunc, "flatten": stdlib.FlattenFunc, "distinct": stdlib.DistinctFunc, "element": stdlib.ElementFunc, "compact": stdlib.CompactFunc,
	"contains": stdlib.ContainsFunc, "substr": stdlib.SubstrFunc, "try": tryfunc.TryFunc, "can": tryfunc.CanFunc,
}

// bakeTarget is a target with everything that it inherits.
type bakeTarget struct {
	context, dockerfile, inline, target string
	args, contexts                      map[string]string
	tags                                []string
}

// bake adds the builds of a bake file.
func (f *finder) bake(name string, text []byte) error {
	parser := hclparse.NewParser()
	var file *hcl.File
	var diags hcl.Diagnostics
	if strings.HasSuffix(name, ".json") {
		file, diags = parser.ParseJSON(text, name)
	} else {
		file, diags = parser.ParseHCL(text, name)
	}
	if diags.HasErrors() {
		return fmt.Errorf("%s", diags[0].Error())
	}
	content, _, diags := file.Body.PartialContent(bakeSchema)
	if diags.HasErrors() {
		return fmt.Errorf("%s", diags[0].Error())
	}
	r := &bakeReader{context: &hcl.EvalContext{Variables: map[string]cty.Value{}, Functions: bakeFunctions}, blocks: map[string]*hcl.Block{}}
	attributes, _ := file.Body.JustAttributes()
	for pass := 0; pass < 3; pass++ { // variables may use each other
		for _, b := range content.Blocks {
			if b.Type == "variable" {
				all, _ := b.Body.JustAttributes()
				r.context.Variables[b.Labels[0]] = cty.StringVal("")
				if a := all["default"]; a != nil {
					if v, diags := a.Expr.Value(r.context); !diags.HasErrors() {
						r.context.Variables[b.Labels[0]] = v
					}
				}
			}
		}
		for _, k := range sorted(attributes) {
			if v, diags := attributes[k].Expr.Value(r.context); !diags.HasErrors() {
				r.context.Variables[k] = v
			}
		}
	}
	var names []string
	for _, b := range content.Blocks {
		if b.Type == "target" {
			if r.blocks[b.Labels[0]] == nil {
				names = append(names, b.Labels[0])
			}
			r.blocks[b.Labels[0]] = b
		}
	}
	inherited := map[string]bool{}
	for _, n := range names {
		for _, p := range r.inherits(n, r.context) {
			inherited[p] = true
		}
	}
	dir := dirOf(name)
	for _, n := range names {
		for _, v := range r.variants(n) {
			t := r.target(n, v.context, 0)
			if strings.HasPrefix(n, "_") || inherited[n] && len(t.tags) == 0 && t.context == "" && t.dockerfile == "" && t.target == "" {
				continue // only for others
			}
			b := Build{Name: appName(v.name), Context: within(dir, t.context), Target: t.target, Args: t.args, Contexts: t.contexts, Names: append([]string{v.name}, t.tags...)}
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

func dirOf(name string) string {
	if n := strings.LastIndex(name, "/"); n >= 0 {
		return name[:n]
	}
	return "."
}

type bakeReader struct {
	context *hcl.EvalContext
	blocks  map[string]*hcl.Block
}

// variant is a target for one combination of its matrix.
type variant struct {
	name    string
	context *hcl.EvalContext
}

// variants returns the combinations of a target's matrix; without one, the target alone.
func (r *bakeReader) variants(name string) []variant {
	attributes, _ := r.blocks[name].Body.JustAttributes()
	matrix := attributes["matrix"]
	if matrix == nil {
		return []variant{{name, r.context}}
	}
	value, diags := matrix.Expr.Value(r.context)
	if diags.HasErrors() || !value.CanIterateElements() {
		return []variant{{name, r.context}}
	}
	contexts := []*hcl.EvalContext{r.context}
	for it := value.ElementIterator(); it.Next(); {
		k, list := it.Element()
		if !list.CanIterateElements() {
			continue
		}
		var next []*hcl.EvalContext
		for _, c := range contexts {
			for items := list.ElementIterator(); items.Next(); {
				_, v := items.Element()
				with := maps.Clone(c.Variables)
				with[k.AsString()] = v
				next = append(next, &hcl.EvalContext{Variables: with, Functions: bakeFunctions})
			}
		}
		contexts = next
	}
	var out []variant
	for n, c := range contexts {
		as := fmt.Sprintf("%s-%d", name, n+1)
		if a := attributes["name"]; a != nil {
			if v, ok := text(a.Expr, c); ok {
				as = v
			}
		}
		out = append(out, variant{as, c})
	}
	return out
}

func (r *bakeReader) inherits(name string, in *hcl.EvalContext) []string {
	if r.blocks[name] == nil {
		return nil
	}
	attributes, _ := r.blocks[name].Body.JustAttributes()
	return texts(attributes["inherits"], in)
}

// target evaluates a target after what it inherits.
func (r *bakeReader) target(name string, in *hcl.EvalContext, depth int) bakeTarget {
	t := bakeTarget{args: map[string]string{}, contexts: map[string]string{}}
	if r.blocks[name] == nil || depth > 50 {
		return t
	}
	for _, p := range r.inherits(name, in) {
		from := r.target(p, in, depth+1)
		maps.Copy(t.args, from.args)
		maps.Copy(t.contexts, from.contexts)
		for _, field := range [][2]*string{{&t.context, &from.context}, {&t.dockerfile, &from.dockerfile}, {&t.inline, &from.inline}, {&t.target, &from.target}} {
			if *field[1] != "" {
				*field[0] = *field[1]
			}
		}
		if len(from.tags) > 0 {
			t.tags = from.tags
		}
	}
	attributes, _ := r.blocks[name].Body.JustAttributes()
	for key, field := range map[string]*string{"context": &t.context, "dockerfile": &t.dockerfile, "dockerfile-inline": &t.inline, "target": &t.target} {
		if a := attributes[key]; a != nil {
			if v, ok := text(a.Expr, in); ok {
				*field = v
			}
		}
	}
	for key, field := range map[string]map[string]string{"args": t.args, "contexts": t.contexts} {
		if a := attributes[key]; a != nil {
			if v, diags := a.Expr.Value(in); !diags.HasErrors() && v.CanIterateElements() {
				for it := v.ElementIterator(); it.Next(); {
					k, item := it.Element()
					if s, ok := asText(item); ok {
						field[k.AsString()] = s
					}
				}
			}
		}
	}
	if tags := texts(attributes["tags"], in); len(tags) > 0 {
		t.tags = tags
	}
	return t
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
