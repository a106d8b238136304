package check

import (
	"strings"
)

// Kind is the kind of a type. The zero value is Invalid, the type of an expression that could not be
// checked. It agrees with every type, so that one mistake is reported once.
type Kind uint8

// The kinds.
const (
	Invalid Kind = iota
	String
	Int
	Bool
	Version
	Path
	Size
	Duration
	List      // Elem
	Map       // Elem, by string
	Record    // Fields: a map literal with values of different types
	Reference // a component, with arguments or without; a slot
)

var kindNames = [...]string{
	"invalid", "string", "int", "bool", "version", "path", "size", "duration", "list", "map", "record", "component",
}

func (k Kind) String() string { return kindNames[k] }

// Type is a type. Types are values: equal types are interchangeable.
type Type struct {
	Kind   Kind
	Elem   *Type   // of List and Map
	Fields []Field // of Record, and of a Map literal with known keys; in source order
	fields map[string]*Type
}

// Field is a field of a record.
type Field struct {
	Name string
	Type *Type
}

// The basic types by their names in programs.
var basic = map[string]*Type{
	"string": {Kind: String}, "int": {Kind: Int}, "bool": {Kind: Bool}, "version": {Kind: Version},
	"path": {Kind: Path}, "size": {Kind: Size}, "duration": {Kind: Duration}, "component": {Kind: Reference},
}

var (
	invalidType   = &Type{}
	stringType    = basic["string"]
	intType       = basic["int"]
	boolType      = basic["bool"]
	pathType      = basic["path"]
	sizeType      = basic["size"]
	durationType  = basic["duration"]
	componentType = basic["component"]
)

func listOf(t *Type) *Type { return &Type{Kind: List, Elem: t} }

// String returns the type in the syntax of programs.
func (t *Type) String() string {
	switch t.Kind {
	case List, Map:
		if t.Elem.Kind == Invalid {
			return t.Kind.String()
		}
		return t.Kind.String() + "(" + t.Elem.String() + ")"
	case Record:
		var fields []string
		for _, f := range t.Fields {
			fields = append(fields, f.Name+": "+f.Type.String())
		}
		return "{" + strings.Join(fields, ", ") + "}"
	}
	return t.Kind.String()
}

// article returns the type with its article: "a string", "an int".
func (t *Type) article() string {
	if t.Kind == Int {
		return "an " + t.String()
	}
	return "a " + t.String()
}

// field returns the type of a named field, or nil.
func (t *Type) field(name string) *Type { return t.fields[name] }

// text reports whether values of the type are strings, which convert to each other.
func (t *Type) text() bool { return t.Kind == String || t.Kind == Version || t.Kind == Path }

// scalar reports whether a value of the type can be interpolated in a string.
func (t *Type) scalar() bool { return t.Kind <= Duration }

// assignable reports whether a value of type t is allowed where want is expected.
func (t *Type) assignable(want *Type) bool {
	switch {
	case t.Kind == Invalid || want.Kind == Invalid:
		return true
	case t.text() && want.text():
		return true
	case t.Kind == Record && want.Kind == Map:
		for _, f := range t.Fields {
			if !f.Type.assignable(want.Elem) {
				return false
			}
		}
		return true
	case t.Kind != want.Kind:
		return false
	case t.Kind == List || t.Kind == Map:
		return t.Elem.assignable(want.Elem)
	case t.Kind == Record:
		for _, f := range want.Fields {
			if g := t.field(f.Name); g == nil || !g.assignable(f.Type) {
				return false
			}
		}
	}
	return true
}

// unify returns the common type of both, or nil.
func unify(a, b *Type) *Type {
	switch {
	case a.Kind == Invalid:
		return b
	case b.Kind == Invalid:
		return a
	case b.assignable(a):
		return a
	case a.assignable(b):
		return b
	}
	return nil
}
