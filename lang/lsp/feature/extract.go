package feature

import (
	"fmt"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// Extraction moves steps that several apps have in common into a component that they use.
type Extraction struct {
	Name  string
	Apps  int
	Steps int
	Edits []Edit
}

// Extract returns the extraction of the step at a place, with all other steps that the same apps have
// in common; nil if no other app has that step. It leaves runs where they are: their result depends on
// the steps before them.
func Extract(p *Place) *Extraction {
	var here *syntax.Clause
	for _, n := range p.File.Enclosing(p.Offset) {
		if s, ok := n.(*syntax.Clause); ok {
			here = s
		}
	}
	if here == nil || len(p.Module.Files) == 0 || p.File.Damaged {
		return nil
	}
	key := written(here)
	var apps []*syntax.App
	found := false
	for _, f := range p.Module.Files {
		for _, d := range f.Decls {
			a, ok := d.(*syntax.App)
			if ok && slices.ContainsFunc(movable(p, a), func(s *syntax.Clause) bool { return written(s) == key }) {
				apps = append(apps, a)
				found = found || a.At.File == here.At.File && a.At.Start <= here.At.Start && here.At.End <= a.At.End
			}
		}
	}
	if !found || len(apps) < 2 {
		return nil
	}
	x := &Extraction{Name: "shared", Apps: len(apps)}
	for n := 2; p.Module.Scope[x.Name] != nil; n++ {
		x.Name = fmt.Sprintf("shared%d", n)
	}
	common := map[string]bool{}
	var text strings.Builder
	for _, s := range movable(p, apps[0]) {
		everywhere := !slices.ContainsFunc(apps, func(a *syntax.App) bool {
			return !slices.ContainsFunc(movable(p, a), func(t *syntax.Clause) bool { return written(t) == written(s) })
		})
		if everywhere && !common[written(s)] {
			common[written(s)] = true
			x.Steps++
			fmt.Fprintf(&text, "    %s\n", s.At.Text())
		}
	}
	first := apps[0].At
	start := first.File.LineStart(first.Position().Line)
	for start > 0 && strings.HasPrefix(first.File.Line(first.File.Position(start-1).Line), "#") {
		start = first.File.LineStart(first.File.Position(start - 1).Line) // above the app's comment
	}
	x.Edits = append(x.Edits, Edit{source.Span{File: first.File, Start: start, End: start}, "component " + x.Name + " {\n" + text.String() + "}\n\n"})
	for _, a := range apps {
		for _, s := range movable(p, a) {
			if common[written(s)] {
				x.Edits = append(x.Edits, Edit{lineOf(s.At), ""})
			}
		}
		x.Edits = append(x.Edits, use(a, x.Name))
	}
	return x
}

// movable returns the steps of an app that mean the same in a component of its module.
func movable(p *Place, a *syntax.App) []*syntax.Clause {
	var all []*syntax.Clause
	for _, s := range a.Body.Stmts {
		s, ok := s.(*syntax.Clause)
		if !ok || !slices.Contains([]string{"copy", "fetch", "file", "dir", "link"}, s.Word.Name) {
			continue
		}
		local := false
		syntax.Inspect(s, func(n syntax.Node) bool {
			if n, ok := n.(*syntax.Name); ok {
				switch o := p.Out.Checked.Objects[n].(type) {
				case *check.Var, nil:
					local = true
				case *check.Let:
					local = local || p.Module.Scope[n.Name] != check.Object(o)
				}
			}
			return true
		})
		if !local {
			all = append(all, s)
		}
	}
	return all
}

// written returns a clause as it is written, without its spaces.
func written(s *syntax.Clause) string { return strings.Join(strings.Fields(s.At.Text()), " ") }

// lineOf returns a span with its whole line, if nothing else is on it.
func lineOf(at source.Span) source.Span {
	file := at.File
	start := file.LineStart(at.Position().Line)
	end := file.LineStart(file.Position(at.End).Line + 1)
	if strings.TrimSpace(file.Text()[start:at.Start]) == "" && strings.TrimSpace(file.Text()[at.End:end]) == "" {
		return source.Span{File: file, Start: start, End: end}
	}
	return at
}

// use returns the edit that makes an app use a component.
func use(a *syntax.App, name string) Edit {
	for _, s := range a.Body.Stmts {
		if s, ok := s.(*syntax.Clause); ok && s.Word.Name == "uses" {
			return Edit{source.Span{File: s.At.File, Start: s.At.End, End: s.At.End}, ", " + name}
		}
	}
	at := a.Body.At.Start + 1
	return Edit{source.Span{File: a.At.File, Start: at, End: at}, "\n    uses " + name}
}
