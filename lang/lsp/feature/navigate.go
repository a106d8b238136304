package feature

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// Occurrences returns the occurrences at a place, the most specific one last.
func Occurrences(p *Place) []check.Occurrence {
	var all []check.Occurrence
	for _, o := range p.Out.Checked.OccurrencesIn(p.File) {
		if o.At.Start <= p.Offset && p.Offset <= o.At.End {
			all = append(all, o)
		}
	}
	// Where two words meet, as in a.b, the place belongs to the second one.
	return slices.DeleteFunc(all, func(o check.Occurrence) bool {
		return o.At.End == p.Offset && slices.ContainsFunc(all, func(b check.Occurrence) bool { return b.At.Start == p.Offset })
	})
}

// Definition returns where the object at a place is declared: its name, or the beginning of a module.
func Definition(p *Place) (source.Span, bool) {
	_, m := importAt(p)
	all := Occurrences(p)
	if m == nil && len(all) > 0 {
		o := all[len(all)-1]
		i, imported := o.Object.(*check.Import)
		if !imported || o.Declares || i.Module == nil {
			at := o.Object.Ident().At
			return at, !at.IsZero()
		}
		m = i.Module
	}
	if m == nil || len(m.Files) == 0 {
		return source.Span{}, false
	}
	return source.Span{File: m.Files[0].Source}, true
}

// Declared returns where a module declares an object; the zero span if none does. An import is known in
// its file alone, so it has none.
func Declared(o check.Occurrence) source.Span {
	if _, imported := o.Object.(*check.Import); imported {
		return source.Span{}
	}
	return o.Object.Ident().At
}

// importAt returns the path of the import at a place with its module; nil if there is none.
func importAt(p *Place) (source.Span, *check.Module) {
	for _, i := range p.File.Imports {
		if i.Path.At.Start <= p.Offset && p.Offset <= i.Path.At.End {
			for _, m := range p.Out.Checked.Modules {
				if m.Module == p.Module.Imports[i] {
					return i.Path.At, m
				}
			}
		}
	}
	return source.Span{}, nil
}

// References returns all occurrences of the object at a place, in all modules of the program.
func References(p *Place) []check.Occurrence {
	here := Occurrences(p)
	if len(here) == 0 {
		return nil
	}
	return occurrencesOf(p.Out.Checked, here[len(here)-1].Object)
}

func occurrencesOf(program *check.Program, o check.Object) []check.Occurrence {
	return slices.DeleteFunc(program.Occurrences(), func(x check.Occurrence) bool { return x.Object != o })
}

// Highlights returns the occurrences of the object at a place in its file.
func Highlights(p *Place) []check.Occurrence {
	return slices.DeleteFunc(References(p), func(o check.Occurrence) bool { return o.At.File != p.File.Source })
}

// Renamable returns the name at a place; an error says why it cannot be renamed.
func Renamable(p *Place) (check.Occurrence, error) {
	all := Occurrences(p)
	if len(all) == 0 {
		return check.Occurrence{}, errors.New("nothing here can be renamed")
	}
	o := all[0]
	if !all[len(all)-1].Namesake {
		o = all[len(all)-1]
	}
	switch x := o.Object.(type) {
	case *check.Predeclared:
		return o, fmt.Errorf("%s is a name of the language", x.Name)
	case *check.Import:
		return o, nil
	}
	if o.Object == check.Object(check.Scratch) {
		return o, errors.New("scratch is a name of the language")
	}
	if !p.Analysis.Editable(o.Object.Ident().At.File) {
		return o, fmt.Errorf("%s is declared in a module that is not the project's own", o.Object.Ident().Name)
	}
	return o, nil
}

// Rename returns the edits that give the object at a place another name.
func Rename(p *Place, name string) ([]Edit, error) {
	o, err := Renamable(p)
	if err != nil {
		return nil, err
	}
	if !identifier(name) {
		return nil, fmt.Errorf("not a valid name: %q", name)
	}
	if strings.HasPrefix(name, "_") && used(p, o.Object) {
		return nil, fmt.Errorf("other modules use it, and names that begin with _ are private")
	}
	if err := captured(p, o.Object, name); err != nil && name != o.Object.Ident().Name {
		return nil, err
	}
	var edits []Edit
	for _, x := range occurrencesOf(p.Out.Checked, o.Object) {
		if !p.Analysis.Editable(x.At.File) {
			return nil, errors.New("a module that is not the project's own uses it")
		}
		switch i, isImport := o.Object.(*check.Import); {
		case isImport && x.Declares && i.Decl.Alias == nil:
			end := source.Span{File: x.At.File, Start: i.Decl.Path.At.End, End: i.Decl.Path.At.End}
			edits = append(edits, Edit{Span: end, New: " as " + name})
		case x.Namesake: // java means java.java, and goes on to mean java.new
			edits = append(edits, Edit{Span: source.Span{File: x.At.File, Start: x.At.End, End: x.At.End}, New: "." + name})
		default:
			edits = append(edits, Edit{Span: x.At, New: name})
		}
	}
	if other := different(p, edits); !other.IsZero() {
		return nil, fmt.Errorf("%s has another meaning already: see line %d of %s", name, other.Position().Line, other.File.Name())
	}
	return edits, nil
}

// different returns a place whose name would mean something else after edits that rename an object;
// the zero span if there is none.
func different(p *Place, edits []Edit) source.Span {
	before := p.Out.Checked.Occurrences()
	out, _ := p.Analysis.Edited(edited(edits), compiler.Checked)
	if out.Checked == nil {
		return before[0].At
	}
	after := out.Checked.Occurrences()
	was, is := meanings(before), meanings(after)
	for n := range before {
		if n >= len(is) || was[n] != is[n] {
			return before[n].At
		}
	}
	if len(after) > len(before) {
		return after[len(before)].At // the script of a run mentions the new name
	}
	return source.Span{}
}

// edited returns the texts of the files that edits change, by name.
func edited(edits []Edit) map[string]string {
	texts := map[string]string{}
	for _, e := range edits {
		if f := e.Span.File; texts[f.Name()] == "" {
			texts[f.Name()] = diag.Apply(f, edits)
		}
	}
	return texts
}

// meanings returns for each occurrence the number of the first occurrence of its object.
func meanings(all []check.Occurrence) []int {
	first := map[check.Object]int{}
	out := make([]int, len(all))
	for n, o := range all {
		if _, met := first[o.Object]; !met {
			first[o.Object] = n
		}
		out[n] = first[o.Object]
	}
	return out
}

func moduleOf(p *Place, file *source.File) *check.Module {
	for _, m := range p.Out.Checked.Modules {
		for _, f := range m.Files {
			if f.Source == file {
				return m
			}
		}
	}
	return nil
}

// used reports whether another module names an object.
func used(p *Place, o check.Object) bool {
	home := moduleOf(p, o.Ident().At.File)
	return slices.ContainsFunc(occurrencesOf(p.Out.Checked, o), func(x check.Occurrence) bool { return moduleOf(p, x.At.File) != home })
}

func identifier(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || i > 0 && c >= '0' && c <= '9') {
			return false
		}
	}
	return s != "" && !syntax.Reserved(s)
}

// Call is something that names a component, with the places.
type Call struct {
	Symbol Symbol
	At     []source.Span
}

// Callers returns the apps, components and slots that name the component or slot at a place.
func Callers(p *Place) []Call {
	var all []Call
	for _, o := range References(p) {
		if o.Declares {
			continue
		}
		s, ok := around(p, o.At)
		if !ok {
			continue
		}
		if n := slices.IndexFunc(all, func(c Call) bool { return c.Symbol.Name == s.Name && c.Symbol.At == s.At }); n >= 0 {
			all[n].At = append(all[n].At, o.At)
		} else {
			all = append(all, Call{s, []source.Span{o.At}})
		}
	}
	return all
}

// Callees returns the components and slots that the declaration at a place names.
func Callees(p *Place) []Call {
	var all []Call
	s, ok := around(p, source.Span{File: p.File.Source, Start: p.Offset, End: p.Offset})
	if !ok {
		return nil
	}
	for _, o := range p.Out.Checked.OccurrencesIn(p.File) {
		if o.Declares || o.At.Start < s.At.Start || o.At.End > s.At.End {
			continue
		}
		if k := kindOf(o.Object); k != KindComponent && k != KindSlot || o.Object.Ident().At.IsZero() {
			continue
		}
		to := Symbol{Name: o.Object.Ident().Name, Kind: kindOf(o.Object), At: declarationOf(o.Object), NameAt: o.Object.Ident().At, Detail: Signature(o.Object)}
		if n := slices.IndexFunc(all, func(c Call) bool { return c.Symbol.At == to.At }); n >= 0 {
			all[n].At = append(all[n].At, o.At)
		} else {
			all = append(all, Call{to, []source.Span{o.At}})
		}
	}
	return all
}

// Around returns the declaration around a place.
func Around(p *Place) (Symbol, bool) {
	return around(p, source.Span{File: p.File.Source, Start: p.Offset, End: p.Offset})
}

func around(p *Place, at source.Span) (Symbol, bool) {
	m := moduleOf(p, at.File)
	if m == nil {
		return Symbol{}, false
	}
	for _, f := range m.Files {
		if f.Source != at.File {
			continue
		}
		for _, s := range Symbols(f) {
			if s.At.Start <= at.Start && at.End <= s.At.End {
				return s, true
			}
		}
	}
	return Symbol{}, false
}
