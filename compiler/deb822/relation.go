package deb822

import (
	"fmt"
	"slices"
	"strings"
)

// Relation is one package of a field such as Depends or Provides: a name, and perhaps which of its
// versions.
type Relation struct {
	Name    string
	Arch    string // after a colon: "any", "native", an architecture; mostly ""
	Op      string // one of operators, or "" for any version
	Version string
}

// operators compare versions. The single signs are old spellings of "<=" and ">=".
var operators = []string{"<<", "<=", "=", ">=", ">>", "<", ">"}

func (r Relation) String() string {
	if r.Op == "" {
		return r.Name
	}
	return fmt.Sprintf("%s (%s %s)", r.Name, r.Op, r.Version)
}

// Group is a relation with its alternatives: one of them is enough.
type Group []Relation

func (g Group) String() string {
	parts := make([]string, len(g))
	for i, r := range g {
		parts[i] = r.String()
	}
	return strings.Join(parts, " | ")
}

// RelationError is about a part of a field that is not a relation.
type RelationError struct{ Text, Why string }

func (e *RelationError) Error() string { return fmt.Sprintf("%q: %s", e.Text, e.Why) }

// ParseRelations parses a field of relations (Debian Policy §7.1). The error is a [*RelationError].
func ParseRelations(field string) ([]Group, error) {
	var groups []Group
	for part := range strings.SplitSeq(field, ",") {
		if strings.TrimSpace(part) == "" {
			continue // a comma at the end
		}
		var g Group
		for alternative := range strings.SplitSeq(part, "|") {
			r, why := parseRelation(strings.TrimSpace(alternative))
			if why != "" {
				return nil, &RelationError{strings.TrimSpace(part), why}
			}
			g = append(g, r)
		}
		groups = append(groups, g)
	}
	return groups, nil
}

// parseRelation parses one alternative, or returns why it is malformed.
func parseRelation(text string) (r Relation, why string) {
	name, constraint, constrained := strings.Cut(text, "(")
	r.Name, r.Arch, _ = strings.Cut(strings.TrimSpace(name), ":")
	switch {
	case r.Name == "":
		return r, "missing package name"
	case !isName(r.Name):
		return r, "not a valid package name: " + r.Name
	case !constrained:
		return r, ""
	}
	constraint, closed := strings.CutSuffix(strings.TrimSpace(constraint), ")")
	if !closed {
		return r, "missing `)`"
	}
	r.Version = strings.TrimLeft(constraint, "<=>")
	r.Op = constraint[:len(constraint)-len(r.Version)]
	r.Version = strings.TrimSpace(r.Version)
	switch {
	case r.Op == "":
		return r, "missing operator before the version"
	case !slices.Contains(operators, r.Op):
		return r, "unknown operator " + r.Op
	case r.Version == "":
		return r, "missing version"
	case strings.ContainsAny(r.Version, " \t()"):
		return r, "not a valid version: " + r.Version
	}
	return r, ""
}

// isName reports whether dpkg takes a string as the name of a package.
func isName(s string) bool {
	for n := range len(s) {
		c := s[n]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && (n == 0 || strings.IndexByte("-+._", c) < 0) {
			return false
		}
	}
	return true
}
