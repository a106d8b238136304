package feature

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/format"
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
// the steps before them. The steps of a component come before the steps of the apps that use it, so a
// step is not moved across a run, or across another step that touches its path. Nor is it moved if
// the program has more errors afterwards.
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
	key := written(p, here)
	var apps []*syntax.App
	found := false
	for _, f := range p.Module.Files {
		for _, d := range f.Decls {
			a, ok := d.(*syntax.App)
			if ok && slices.ContainsFunc(movable(p, a), func(s *syntax.Clause) bool { return written(p, s) == key }) {
				apps = append(apps, a)
				found = found || a.At.File == here.At.File && a.At.Start <= here.At.Start && here.At.End <= a.At.End
			}
		}
	}
	if !found || len(apps) < 2 {
		return nil
	}
	common := commonSteps(p, apps)
	if !slices.Contains(common, key) {
		return nil
	}
	x := &Extraction{Name: "shared", Apps: len(apps), Steps: len(common)}
	for n := 2; p.Module.Scope[x.Name] != nil; n++ {
		x.Name = fmt.Sprintf("shared%d", n)
	}
	x.Edits = append(x.Edits, component(p, x.Name, apps, common))
	for _, a := range apps {
		x.Edits = append(x.Edits, use(p, a, x.Name, common)...)
	}
	x.Edits = append(x.Edits, unimport(p, apps, common)...)
	x.Edits = kept(p, x.Edits)
	if worse(p, x.Edits) {
		return nil
	}
	return x
}

// commonSteps returns what is written in the steps that can be moved out of all apps, in their order.
func commonSteps(p *Place, apps []*syntax.App) []string {
	var common []string
	for _, s := range movable(p, apps[0]) {
		if !slices.Contains(common, written(p, s)) {
			common = append(common, written(p, s))
		}
	}
	for { // a step that stays can keep others
		n := len(common)
		for _, a := range apps {
			steps := movable(p, a)
			common = slices.DeleteFunc(common, func(key string) bool {
				at := slices.IndexFunc(steps, func(s *syntax.Clause) bool { return written(p, s) == key })
				return at < 0 || stays(p, a, steps[at], common)
			})
		}
		if len(common) == n {
			break
		}
	}
	for _, a := range apps {
		var order []string
		for _, s := range movable(p, a) {
			if slices.Contains(common, written(p, s)) {
				order = append(order, written(p, s))
			}
		}
		if !slices.Equal(order, common) {
			return nil
		}
	}
	return common
}

// stays reports whether a step of an app cannot be done before all others that are not moved.
func stays(p *Place, a *syntax.App, s *syntax.Clause, moved []string) bool {
	for _, other := range a.Body.Stmts {
		c, ok := other.(*syntax.Clause)
		switch {
		case other == syntax.Stmt(s):
			return false
		case !ok:
			step := false
			syntax.Inspect(other, func(n syntax.Node) bool {
				c, ok := n.(*syntax.Clause)
				step = step || ok && isStep(c)
				return true
			})
			if step {
				return true
			}
		case isStep(c) && !slices.Contains(moved, written(p, c)) && (c.Word.Name == "run" || touch(targets(c), targets(s))):
			return true
		}
	}
	return false
}

func isStep(c *syntax.Clause) bool {
	form := syntax.FindForm(c.Word.Name, syntax.InApp)
	return form != nil && form.Mood == syntax.Step
}

// targets returns the paths that a step writes, or that a clause owns; nil if they are not literal.
func targets(c *syntax.Clause) []string {
	args := c.Args
	switch to := c.Option("to"); {
	case c.Word.Name == "link":
		args = args[:min(1, len(args))]
	case c.Word.Name == "copy" || c.Word.Name == "fetch":
		if args = nil; to != nil {
			args = to.Args
		}
	}
	var all []string
	for _, e := range args {
		s, ok := e.(*syntax.String)
		if !ok {
			return nil
		}
		text, ok := s.Literal()
		if !ok {
			return nil
		}
		all = append(all, path.Clean("/"+text))
	}
	return all
}

// touch reports whether a path of one list may be a path of the other, or a directory above or beneath.
func touch(a, b []string) bool {
	under := func(x, y string) bool { return x == y || strings.HasPrefix(x, strings.TrimSuffix(y, "/")+"/") }
	for _, x := range a {
		for _, y := range b {
			if under(x, y) || under(y, x) {
				return true
			}
		}
	}
	return a == nil || b == nil
}

// movable returns the steps of an app that mean the same in a component of its module: they have no
// names of the app, and the app does not own their paths.
func movable(p *Place, a *syntax.App) []*syntax.Clause {
	var all []*syntax.Clause
	for _, s := range a.Body.Stmts {
		s, ok := s.(*syntax.Clause)
		if !ok || !slices.Contains([]string{"copy", "fetch", "file", "dir", "link"}, s.Word.Name) {
			continue
		}
		local := slices.ContainsFunc(a.Body.Stmts, func(o syntax.Stmt) bool {
			owns, ok := o.(*syntax.Clause)
			return ok && owns.Word.Name == "owns" && touch(targets(owns), targets(s))
		})
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

// written returns what is equal for clauses that mean the same: their tokens, and what their names
// stand for, which depends on the imports of the file.
func written(p *Place, s *syntax.Clause) string {
	var all []string
	for _, f := range p.Module.Files {
		if f.Source != s.At.File {
			continue
		}
		i, _ := slices.BinarySearchFunc(f.Tokens, s.At.Start, func(t syntax.Token, start int) int { return int(t.Start) - start })
		for _, t := range f.Tokens[i:] {
			if int(t.Start) >= s.At.End {
				break
			}
			all = append(all, f.Source.Text()[t.Start:t.End])
		}
	}
	syntax.Inspect(s, func(n syntax.Node) bool {
		if n, ok := n.(*syntax.Name); ok {
			var meant any = p.Out.Checked.Objects[n]
			if i, ok := meant.(*check.Import); ok && i.Module != nil {
				meant = i.Module
			}
			all = append(all, fmt.Sprintf("%p", meant))
		}
		return true
	})
	return strings.Join(all, "\x00")
}

// component returns the edit that declares the component above the first app and its comment. All
// comments above and behind the steps come along.
func component(p *Place, name string, apps []*syntax.App, steps []string) Edit {
	first := apps[0].At
	file, end := first.File, syntax.LineEnd(first.File)
	text := "component " + name + " {" + end
	for _, key := range steps {
		step := ""
		var lines, comments []string
		for _, a := range apps {
			for _, s := range movable(p, a) {
				if written(p, s) != key {
					continue
				}
				if step == "" {
					step = s.At.Text()
				}
				if c := strings.TrimSpace(above(p, s).Text()); c != "" && !slices.Contains(lines, c) {
					lines = append(lines, c)
				}
				if c := behind(p, s).Text(); c != "" && !slices.Contains(comments, c) {
					comments = append(comments, c)
				}
			}
		}
		if len(comments) > 0 {
			step += " " + comments[0]
			for _, c := range comments[1:] {
				step = c + end + "    " + step
			}
		}
		text += "    " + strings.Join(append(lines, step), end+"    ") + end
	}
	const mark = "\ufeff"
	line := first.Position().Line
	for line > 1 && strings.HasPrefix(strings.TrimPrefix(file.Line(line-1), mark), "#") {
		line--
	}
	start := file.LineStart(line)
	if start == 0 && strings.HasPrefix(file.Text(), mark) {
		start = len(mark)
	}
	return Edit{Span: source.Span{File: file, Start: start, End: start}, New: text + "}" + end + end}
}

// above returns the lines of the comment directly above a clause that begins its line.
func above(p *Place, s *syntax.Clause) source.Span {
	file := s.At.File
	line := s.At.Position().Line
	if strings.TrimSpace(file.Text()[file.LineStart(line):s.At.Start]) != "" {
		return source.Span{}
	}
	first := line
	for _, f := range p.Module.Files {
		if f.Source != file {
			continue
		}
		for _, t := range slices.Backward(f.Tokens) {
			switch {
			case int(t.Start) >= s.At.Start:
			case t.Kind == syntax.Comment && t.Line && file.Position(int(t.Start)).Line == first-1:
				first--
			default:
				return source.Span{File: file, Start: file.LineStart(first), End: file.LineStart(line)}
			}
		}
	}
	return source.Span{}
}

// behind returns the comment that follows a clause in its line.
func behind(p *Place, s *syntax.Clause) source.Span {
	for _, f := range p.Module.Files {
		if f.Source != s.At.File {
			continue
		}
		i, _ := slices.BinarySearchFunc(f.Tokens, s.At.End, func(t syntax.Token, end int) int { return int(t.Start) - end })
		if t := f.Tokens[i]; t.Kind == syntax.Comment && !t.Line {
			return source.Span{File: f.Source, Start: int(t.Start), End: int(t.End)}
		}
	}
	return source.Span{}
}

// use returns the edits that make an app use a component, and remove its steps.
func use(p *Place, a *syntax.App, name string, steps []string) []Edit {
	var edits []Edit
	file := a.At.File
	brace := a.Body.At.Start + 1
	insert := Edit{Span: source.Span{File: file, Start: brace, End: brace}, New: syntax.LineEnd(file) + "    uses " + name}
	for _, s := range a.Body.Stmts {
		if s, ok := s.(*syntax.Clause); ok && s.Word.Name == "uses" {
			insert = Edit{Span: source.Span{File: s.At.File, Start: s.At.End, End: s.At.End}, New: ", " + name}
		}
	}
	for _, s := range movable(p, a) {
		if !slices.Contains(steps, written(p, s)) {
			continue
		}
		at := lineOf(s.At.Cover(cmp.Or(behind(p, s), s.At)))
		switch text := a.Body.At.Text(); {
		case !strings.Contains(text, "\n"): // its only statement
			insert = Edit{Span: s.At, New: "uses " + name}
		case at.Start == brace:
			insert = Edit{Span: at, New: insert.New}
		default:
			if c := above(p, s); c.End == at.Start {
				at.Start = c.Start
			}
			edits = append(edits, Edit{Span: at})
		}
	}
	return append(edits, insert)
}

// unimport returns the edits that remove the imports that only moved steps use. The component uses those
// of its own file.
func unimport(p *Place, apps []*syntax.App, steps []string) []Edit {
	moves := map[*syntax.Clause]bool{}
	for _, a := range apps {
		for _, s := range movable(p, a) {
			moves[s] = slices.Contains(steps, written(p, s))
		}
	}
	moved, left := map[*syntax.Import]bool{}, map[*syntax.Import]bool{}
	into := func(set map[*syntax.Import]bool, n syntax.Node) {
		if n, ok := n.(*syntax.Name); ok {
			if i, ok := p.Out.Checked.Objects[n].(*check.Import); ok {
				set[i.Decl] = true
			}
		}
	}
	var edits []Edit
	for _, f := range p.Module.Files {
		if f.Source == apps[0].At.File {
			continue
		}
		for _, d := range f.Decls {
			syntax.Inspect(d, func(n syntax.Node) bool {
				c, ok := n.(*syntax.Clause)
				if ok && moves[c] {
					syntax.Inspect(c, func(n syntax.Node) bool { into(moved, n); return true })
					return false
				}
				into(left, n)
				return true
			})
		}
		for _, i := range f.Imports {
			if moved[i] && !left[i] {
				edits = append(edits, Edit{Span: lineOf(i.At)})
			}
		}
	}
	return edits
}

// kept returns edits that leave each file in canonical form if it is in that.
func kept(p *Place, edits []Edit) []Edit {
	var all []Edit
	for _, f := range p.Module.Files {
		var own []Edit
		for _, e := range edits {
			if e.Span.File == f.Source {
				own = append(own, e)
			}
		}
		if own != nil {
			all = append(all, format.Keep(f.Source, own)...)
		}
	}
	return all
}

// lineOf returns a span with its whole line, or with the spaces around it if something else is on that.
func lineOf(at source.Span) source.Span {
	file := at.File
	start := file.LineStart(at.Position().Line)
	end := file.LineStart(file.Position(at.End).Line + 1)
	before, after := file.Text()[start:at.Start], file.Text()[at.End:end]
	if strings.TrimSpace(before) == "" && strings.TrimSpace(after) == "" {
		return source.Span{File: file, Start: start, End: end}
	}
	at.Start -= len(before) - len(strings.TrimRight(before, " \t"))
	at.End += len(after) - len(strings.TrimLeft(after, " \t"))
	return at
}

// worse reports whether a program has more errors after edits.
func worse(p *Place, edits []Edit) bool {
	errors := func(list diag.List) int {
		n := 0
		for _, d := range list {
			if d.Severity == diag.Error {
				n++
			}
		}
		return n
	}
	_, before := p.Analysis.Bound()
	_, after := p.Analysis.Edited(edited(edits), compiler.Bound)
	return errors(after) > errors(before)
}
