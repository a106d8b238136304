// Package doc represents the documentation of a module as a value: its public declarations with the
// comments above them. Text and Markdown print it.
//
// A comment at the top of a file documents the module if an import or an empty line follows;
// otherwise it documents the first declaration. Names that begin with "_" are private and not
// documented.
package doc

import (
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/lang/syntax"
)

// Module is a module's documentation. Declarations are sorted by name; parameters of components keep
// their order. Texts are comments without #, with their lines unchanged.
type Module struct {
	Path       string      `json:"path"` // the import path; "." for the project's own module
	Title      string      `json:"-"`    // in headings; "": the path
	Text       string      `json:"text"`
	Params     []Param     `json:"params"` // set with --set
	Slots      []Slot      `json:"slots"`
	Components []Component `json:"components"`
	Users      []User      `json:"users"`
	Values     []Value     `json:"values"`
	Apps       []App       `json:"apps"`
}

// Param is a parameter of a component or of the module.
type Param struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Default  string `json:"default"` // as in the source; "": none
	Required bool   `json:"required"`
	Text     string `json:"text"`
}

// Slot is a slot.
type Slot struct {
	Name    string   `json:"name"`
	Default string   `json:"default"` // as in the source; "": none
	Fillers []string `json:"fillers"` // components of this module that fill it, sorted
	Text    string   `json:"text"`
}

// Component is a component that importers can use.
type Component struct {
	Name   string   `json:"name"`
	Params []Param  `json:"params"`
	Fills  []string `json:"fills"` // as in the source
	Needs  []string `json:"needs"` // as in the source, without conditional ones
	Text   string   `json:"text"`
}

// User is a user account.
type User struct {
	Name     string   `json:"name"`
	Settings []string `json:"settings"` // "uid 33", as in the source
	Text     string   `json:"text"`
}

// Value is a let of the module.
type Value struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Value string `json:"value"` // as in the source
	Text  string `json:"text"`
}

// App is an app of the module.
type App struct {
	Name string `json:"name"`          // as in the source, without quotes
	For  string `json:"for,omitempty"` // for a matrix: its generators and condition
	Text string `json:"text"`
}

// Of documents the root module of a program under an import path.
func Of(p *check.Program, path string) *Module {
	m := &Module{
		Path: path, Params: []Param{}, Slots: []Slot{}, Components: []Component{},
		Users: []User{}, Values: []Value{}, Apps: []App{},
	}
	m.Text = Text(p.Root.Module)

	names := make([]string, 0, len(p.Root.Scope))
	for name := range p.Root.Scope {
		if !strings.HasPrefix(name, "_") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		switch o := p.Root.Scope[name].(type) {
		case *check.Param:
			m.Params = append(m.Params, param(o))
		case *check.Slot:
			m.Slots = append(m.Slots, Slot{Name: name, Default: written(o.Decl.Default), Fillers: []string{}, Text: o.Decl.Doc})
		case *check.Component:
			m.Components = append(m.Components, component(o))
		case *check.User:
			u := User{Name: name, Settings: []string{}, Text: o.Decl.Doc}
			for _, s := range o.Decl.Body.Stmts {
				if clause, ok := s.(*syntax.Clause); ok {
					u.Settings = append(u.Settings, oneLine(clause.At.Text()))
				}
			}
			m.Users = append(m.Users, u)
		case *check.Let:
			m.Values = append(m.Values, Value{Name: name, Type: typeName(o.Type), Value: written(o.Decl.Value), Text: o.Decl.Doc})
		}
	}
	for i := range m.Slots {
		for _, c := range m.Components {
			if slices.Contains(c.Fills, m.Slots[i].Name) {
				m.Slots[i].Fillers = append(m.Slots[i].Fillers, c.Name)
			}
		}
	}
	for _, a := range p.Apps {
		m.Apps = append(m.Apps, App{Name: strings.Trim(written(a.Name), `"`), For: matrix(a), Text: a.Doc})
	}
	return m
}

// Text returns the comments at the tops of files that document a module.
func Text(m *load.Module) string {
	var texts []string
	for _, f := range m.Files {
		if text := fileText(f); text != "" {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, "\n\n")
}

// Synopsis returns the first sentence of a text, on one line.
func Synopsis(text string) string {
	text, _, _ = strings.Cut(text, "\n\n")
	text = strings.Join(strings.Fields(text), " ")
	if first, _, more := strings.Cut(text, ". "); more {
		return first + "."
	}
	return text
}

// fileText returns the comment at the top of a file that documents its module.
func fileText(f *syntax.File) string {
	text := f.Source.Text()
	var lines []string
	for i, t := range f.Tokens {
		between := ""
		if i > 0 {
			between = text[f.Tokens[i-1].End:t.Start]
		}
		apart := strings.Count(between, "\n") > 1
		if t.Kind != syntax.Comment || i > 0 && apart {
			if !apart && t.Kind != syntax.EOF && text[t.Start:t.End] != "import" {
				return "" // the comment documents a declaration
			}
			break
		}
		line := strings.TrimLeft(text[t.Start:t.End], "#")
		lines = append(lines, strings.TrimRight(strings.TrimPrefix(line, " "), " \t\r"))
	}
	return strings.Join(lines, "\n")
}

func component(o *check.Component) Component {
	c := Component{Name: o.Decl.Name.Name, Params: []Param{}, Fills: []string{}, Needs: []string{}, Text: o.Decl.Doc}
	for _, p := range o.Params {
		c.Params = append(c.Params, param(p))
	}
	for _, s := range o.Decl.Body.Stmts {
		clause, ok := s.(*syntax.Clause)
		if !ok {
			continue
		}
		for _, a := range clause.Args {
			switch clause.Word.Name {
			case "fills":
				c.Fills = append(c.Fills, written(a))
			case "needs":
				c.Needs = append(c.Needs, written(a))
			}
		}
	}
	return c
}

func param(o *check.Param) Param {
	return Param{
		Name: o.Decl.Name.Name, Type: typeName(o.Type), Default: written(o.Decl.Default),
		Required: o.Decl.Default == nil, Text: o.Decl.Doc,
	}
}

func typeName(t *check.Type) string {
	if t == nil || t.Kind == check.Invalid {
		return "unknown"
	}
	return t.String()
}

// matrix returns the generators and the condition of an app; "" without generators.
func matrix(a *syntax.App) string {
	var parts []string
	for _, g := range a.Generators {
		part := g.Value.Name + " in " + written(g.In)
		if g.Key != nil {
			part = g.Key.Name + ", " + part
		}
		parts = append(parts, part)
	}
	text := strings.Join(parts, ", ")
	if a.Where != nil {
		text += " where " + written(a.Where)
	}
	return text
}

// written returns an expression as in the source, on one line.
func written(e syntax.Expr) string {
	if e == nil {
		return ""
	}
	return oneLine(e.Span().Text())
}

func oneLine(text string) string {
	return strings.Join(strings.Fields(text), " ")
}
