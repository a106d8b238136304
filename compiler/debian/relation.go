package debian

import (
	"fmt"
	"strings"
)

// relation is one package of a dependency: its name, and the versions that satisfy it.
type relation struct {
	name    string
	arch    string // after a colon: "any", "native", an architecture; mostly ""
	op      string // "<<", "<=", "=", ">=", ">>", or "" for any version
	version string
}

func (r relation) String() string {
	if r.op == "" {
		return r.name
	}
	return fmt.Sprintf("%s (%s %s)", r.name, r.op, r.version)
}

// accepts reports whether a version satisfies the relation.
func (r relation) accepts(version string) bool {
	if r.op == "" {
		return true
	}
	c := CompareVersions(version, r.version)
	switch r.op {
	case "<<":
		return c < 0
	case "<=", "<": // the single signs are old spellings and include equality
		return c <= 0
	case "=":
		return c == 0
	case ">=", ">":
		return c >= 0
	case ">>":
		return c > 0
	}
	return false
}

// group is a dependency with its alternatives. One of them is enough.
type group []relation

func (g group) String() string {
	parts := make([]string, len(g))
	for i, r := range g {
		parts[i] = r.String()
	}
	return strings.Join(parts, " | ")
}

// parseRelations parses a field such as Depends. Malformed parts become relations that no
// package satisfies, so errors quote them.
func parseRelations(field string) []group {
	var groups []group
	for part := range strings.SplitSeq(field, ",") {
		var g group
		for alternative := range strings.SplitSeq(part, "|") {
			if r := parseRelation(alternative); r.name != "" {
				g = append(g, r)
			}
		}
		if len(g) > 0 {
			groups = append(groups, g)
		}
	}
	return groups
}

func parseRelation(text string) relation {
	name, constraint, _ := strings.Cut(text, "(")
	var r relation
	r.name, r.arch, _ = strings.Cut(strings.TrimSpace(name), ":")
	constraint = strings.TrimSpace(constraint)
	constraint, _, _ = strings.Cut(constraint, ")")
	r.version = strings.TrimSpace(strings.TrimLeft(constraint, "<=>"))
	r.op = constraint[:len(constraint)-len(strings.TrimLeft(constraint, "<=>"))]
	if r.op == "" && r.version != "" {
		r.op = "?"
	}
	return r
}
