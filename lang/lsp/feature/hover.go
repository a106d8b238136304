package feature

import (
	"fmt"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/evaluate"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/report"
	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/doc"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
	"github.com/layc-lang/layc/lang/term"
)

// Hover returns what to show about a place, in Markdown, and the text that it is about; "" if there is
// nothing to say.
func Hover(p *Place) (string, source.Span) {
	if at, m := importAt(p); m != nil {
		text := code("import " + at.Text())
		if doc := doc.Text(m.Module); doc != "" {
			text += "\n" + doc + "\n"
		}
		if m.Git != (load.Repository{}) {
			if pin, ok := p.Analysis.Lock().Module(m.Git.URL, m.Git.Version); ok {
				text += "\nPinned: commit `" + pin.Commit + "`, `" + pin.Digest + "`\n"
			}
		}
		return text, at
	}
	if all := Occurrences(p); len(all) > 0 {
		o := all[len(all)-1]
		return object(p, o.Object), o.At
	}
	nodes := p.File.Enclosing(p.Offset)
	for i, n := range slices.Backward(nodes) {
		switch n := n.(type) {
		case *syntax.String:
			if text := pinned(p, nodes[:i], n); text != "" {
				return text, n.At
			}
		case *syntax.Option:
			if on(n.Word.At, p.Offset) {
				return option(nodes[:i], n), n.Word.At
			}
		case *syntax.Clause:
			if on(n.Word.At, p.Offset) {
				return clauseDoc(nodes[:i], n.Word.Name), n.Word.At
			}
		case *syntax.App:
			if on(n.Name.At, p.Offset) {
				return app(p, n), n.Name.At
			}
		}
	}
	return "", source.Span{}
}

func on(at source.Span, offset int) bool { return at.Start <= offset && offset <= at.End }

func code(text string) string { return "```layer\n" + text + "\n```\n" }

// object documents an object.
func object(p *Place, o check.Object) string {
	text := Signature(o)
	if l, ok := o.(*check.Let); ok {
		text += " = " + shortened(oneLine(l.Decl.Value))
	}
	text = code(text)
	if d := docOf(o); d != "" {
		text += "\n" + d + "\n"
	}
	switch o := o.(type) {
	case *check.Let, *check.Param:
		text += value(p, o)
	case *check.Component:
		text += facts(p, o)
	case *check.Slot:
		var fillers []string
		for _, c := range p.Out.Checked.Components {
			for _, s := range c.Decl.Body.Stmts {
				if s, ok := s.(*syntax.Clause); ok && s.Word.Name == "fills" {
					for _, a := range s.Args {
						if p.Out.Checked.Callee(a) == check.Object(o) {
							fillers = append(fillers, "`"+c.Decl.Name.Name+"`")
						}
					}
				}
			}
		}
		if len(fillers) > 0 {
			text += "\nFilled by " + strings.Join(fillers, ", ") + "\n"
		}
	case *check.Predeclared:
		if about := predeclared[o.Name]; about != "" {
			text += "\n" + about + "\n"
		}
	}
	return text
}

var predeclared = map[string]string{
	"platform": "The platform of the image.", "platform.os": "The operating system of the image: `linux`.",
	"platform.arch": "The architecture of the image: `amd64`, `arm64`.", "platform.variant": "The variant of the architecture, such as `v7`.",
	"os": "The base system of the image.", "os.packages": "Packages of the base system: `os.packages(\"jq\", \"curl\")`.",
}

func shortened(text string) string {
	if r := []rune(text); len(r) > 200 {
		return string(r[:199]) + "…"
	}
	return text
}

// value tells what a let or a parameter of a module evaluates to.
func value(p *Place, o check.Object) string {
	m := moduleOf(p, o.Ident().At.File)
	out, list := p.Analysis.Bound()
	if m == nil || list.HasErrors() || len(out.Targets) == 0 {
		return ""
	}
	target := out.Targets[0]
	text := evaluate.Shown(evaluate.Input{Program: out.Checked, Lock: out.Lock, Platform: target.Platform, Files: out.Files}, m, o)
	if text == "" {
		return ""
	}
	return "\nValue: `" + shortened(text) + "`\n"
}

// facts tells where a component is in the plan: its versions, layers and images.
func facts(p *Place, o *check.Component) string {
	out := p.Analysis.Planned(p.Done)
	if out == nil {
		return ""
	}
	t := out.Targets[0]
	var text strings.Builder
	shown := 0
	for _, i := range t.Graph.Instances {
		if i.Span != o.Decl.Name.At || i.Package != nil {
			continue
		}
		if shown++; shown > 5 {
			text.WriteString("\n…\n")
			break
		}
		text.WriteString(instance(t.Plan, i))
	}
	return text.String()
}

// instance describes an instance of a plan.
func instance(p *plan.Plan, i *model.Instance) string {
	layers := layersWith(p, i)
	var apps []string
	for _, image := range p.Images {
		if slices.ContainsFunc(image.Layers, func(l *plan.Layer) bool { return slices.Contains(layers, l) }) {
			apps = append(apps, image.App.Name)
		}
	}
	if len(layers) == 0 {
		return fmt.Sprintf("\n`%s` is in no image\n", i.Title)
	}
	text := fmt.Sprintf("\n`%s` is in %s: %s\n", i.Title, term.Count(len(apps), "image"), listed(apps, 8))
	for _, l := range layers {
		text += fmt.Sprintf("- in a %s layer of %s: %s\n", l.Kind, l.Size, listed(l.Components(), 6))
	}
	touched := report.Touch(p.Graph, []*model.Instance{i})
	var each, all plan.Size
	for _, image := range p.Images {
		var pulled plan.Size
		for _, l := range image.Layers {
			if slices.ContainsFunc(l.Members, func(m *model.Instance) bool { return touched[m] }) {
				pulled = pulled.Plus(l.Size)
			}
		}
		if pulled.Bytes > each.Bytes {
			each = pulled
		}
		all = all.Plus(pulled.Times(int64(image.App.Replicas)))
	}
	if all.Bytes > 0 {
		text += fmt.Sprintf("- if it changes, a host pulls at least %s for an image; all hosts together pull %s\n", each, all)
	}
	return text
}

func layersWith(p *plan.Plan, i *model.Instance) []*plan.Layer {
	var all []*plan.Layer
	for _, l := range p.Layers {
		if slices.Contains(l.Members, i) || slices.Contains(l.Marks, i) {
			all = append(all, l)
		}
	}
	return all
}

func listed(names []string, most int) string {
	if n := len(names); n > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", n-most)
	}
	return strings.Join(names, ", ")
}

// app documents an app: its images and their layers.
func app(p *Place, a *syntax.App) string {
	text := ""
	if a.Doc != "" {
		text = a.Doc + "\n"
	}
	out := p.Analysis.Planned(p.Done)
	if out == nil {
		return text
	}
	shown := 0
	for _, image := range out.Targets[0].Plan.Images {
		if image.App.Span != a.Name.At {
			continue
		}
		if shown++; shown > 3 {
			return text + "\n…\n"
		}
		text += fmt.Sprintf("\n%s, %s\n", image.App.Name, size(image))
		for n, l := range image.Layers {
			text += fmt.Sprintf("%d. %s, %s: %s\n", n+1, l.Kind, l.Size, listed(l.Components(), 6))
		}
	}
	return text
}

func size(i *plan.Image) plan.Size {
	var sum plan.Size
	for _, l := range i.Layers {
		sum = sum.Plus(l.Size)
	}
	return sum
}

// pinned tells what the lock file pins for a string: a package, a URL or an image.
func pinned(p *Place, around []syntax.Node, s *syntax.String) string {
	text, ok := s.Literal()
	if !ok {
		return ""
	}
	file := p.Analysis.Lock()
	for _, n := range slices.Backward(around) {
		switch n := n.(type) {
		case *syntax.Call:
			if o, ok := p.Out.Checked.Callee(n.Fun).(*check.Predeclared); ok && o.Name == "os.packages" {
				return packagePins(file, text)
			}
		case *syntax.Clause:
			switch n.Word.Name {
			case "fetch", "rootfs":
				if pin, ok := file.URL(text); ok {
					return fmt.Sprintf("Pinned: `%s`, %s\n", pin.Digest, plan.Bytes(pin.Size))
				}
			case "image":
				out := ""
				for _, pin := range file.Images {
					if pin.Reference == text {
						out += fmt.Sprintf("- %s: `%s`\n", pin.Platform, pin.Digest)
					}
				}
				if out != "" {
					return "Pinned:\n" + out
				}
			}
			return ""
		}
	}
	return ""
}

func packagePins(file *lock.File, name string) string {
	out := ""
	for _, pin := range file.Packages {
		if pin.Name == name {
			out += fmt.Sprintf("- %s, %s: version `%s`, %s, installed %s\n", pin.Distribution, pin.Arch, pin.Version, plan.Bytes(pin.Size), plan.Bytes(pin.Installed))
		}
	}
	if out == "" {
		return "`" + name + "` is not pinned\n"
	}
	return "Package `" + name + "`\n" + out
}

// clauseDoc documents the clause of a word in the declaration around it.
func clauseDoc(around []syntax.Node, word string) string {
	place := "component"
	for _, n := range around {
		switch n.(type) {
		case *syntax.Fleet:
			place = "fleet"
		case *syntax.App:
			place = "app"
		case *syntax.User:
			place = "user"
		}
	}
	for _, c := range doc.Clauses() {
		if c.Word != word || !slices.Contains(strings.Fields(c.In), place) {
			continue
		}
		text := fmt.Sprintf("**%s**: %s\n", c.Word, c.Text)
		for _, e := range c.Example {
			text += "\n" + code(e)
		}
		if len(c.Options) > 0 {
			text += "\nOptions:\n"
		}
		for _, o := range c.Options {
			text += fmt.Sprintf("- `%s`: %s\n", o.Word, o.Text)
		}
		return text
	}
	return ""
}

// option documents an option of a clause, or an item.
func option(around []syntax.Node, o *syntax.Option) string {
	for _, n := range slices.Backward(around) {
		s, ok := n.(*syntax.Clause)
		if !ok {
			continue
		}
		for _, f := range syntax.Forms() {
			if f.Word != s.Word.Name {
				continue
			}
			for _, forms := range [][]syntax.OptionForm{f.Options, items(f.Options)} {
				for _, x := range forms {
					if x.Word == o.Word.Name {
						return fmt.Sprintf("**%s** of `%s`: %s\n", x.Word, f.Word, x.Doc)
					}
				}
			}
		}
	}
	return ""
}

// items returns all items of options, and the options of these.
func items(options []syntax.OptionForm) []syntax.OptionForm {
	var all []syntax.OptionForm
	for _, o := range options {
		for _, i := range o.Items {
			all = append(append(all, i), i.Options...)
		}
	}
	return all
}
