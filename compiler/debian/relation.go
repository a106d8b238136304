package debian

import (
	"fmt"

	"github.com/layc-lang/layc/compiler/deb822"
)

// accepts reports whether a version satisfies a relation.
func accepts(r deb822.Relation, version string) bool {
	if r.Op == "" {
		return true
	}
	c := CompareVersions(version, r.Version)
	switch r.Op {
	case "<<":
		return c < 0
	case "<=", "<": // the single signs are old spellings that include equality
		return c <= 0
	case "=":
		return c == 0
	case ">=", ">":
		return c >= 0
	}
	return c > 0
}

// relations are the parsed fields of a package.
type relations struct{ depends, provides, conflicts []deb822.Group }

// parse parses the relations of a package. The error names the package and the field. What a
// malformed field says is left out.
func (p *Package) parse() (r relations, err error) {
	for _, f := range []struct {
		name, text string
		groups     *[]deb822.Group
	}{
		{"Pre-Depends or Depends", p.Depends, &r.depends},
		{"Provides", p.Provides, &r.provides},
		{"Conflicts or Breaks", p.Conflicts, &r.conflicts},
	} {
		groups, malformed := deb822.ParseRelations(f.text)
		if malformed != nil && err == nil {
			err = fmt.Errorf("package %s %s has a malformed field %s: %w", p.Name, p.Version, f.name, malformed)
		}
		*f.groups = groups
	}
	return r, err
}
