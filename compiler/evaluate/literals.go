package evaluate

import (
	"slices"
	"strconv"
	"strings"

	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/syntax"
)

// Literals reports what is wrong with values by themselves, such as `expose "no"`, in the modules
// of the project: it evaluates the clauses that name nothing, each on its own. The program may have
// errors, which list contains: clauses with an error are skipped. What depends on pins is not
// reported.
func Literals(in Input, list diag.List) diag.List {
	x := newEvaluator(in, newFindings(in.Program))
	for _, m := range in.Program.Modules {
		if _, own := m.Dir(); !own {
			continue
		}
		for _, f := range m.Files {
			var faults []*diag.Diagnostic
			for _, d := range list {
				if d.Span.File == f.Source {
					faults = append(faults, d)
				}
			}
			for _, d := range f.Decls {
				_, user := d.(*syntax.User)
				syntax.Inspect(d, func(n syntax.Node) bool {
					if s, ok := n.(*syntax.Clause); ok && independent(in.Program, s) && !faulty(s, faults) {
						to := &Block{module: m, Span: s.At}
						if user {
							to.account = &User{}
						}
						(&clause{x, s, &env{module: m}, to}).evaluate()
					}
					_, expression := n.(syntax.Expr)
					return !expression
				})
			}
		}
	}
	unpinned := func(d *diag.Diagnostic) bool {
		return d.Code == diag.NotPinned || d.Code == diag.ChecksumUnchanged || d.Span.IsZero()
	}
	return slices.DeleteFunc(x.Finish(), unpinned)
}

// independent reports whether a clause has values, and all of them are literals: nothing in it names
// a declaration.
func independent(p *check.Program, s *syntax.Clause) bool {
	if len(p.Mentions[s]) > 0 {
		return false
	}
	words := []string{"none"}
	if s.Word.Name == "changes" || s.Word.Name == "update" {
		words = append(words, syntax.Rates...)
	}
	literal := true
	syntax.Inspect(s, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Name:
			literal = literal && slices.Contains(words, n.Name)
		case *syntax.Select, *syntax.Call, *syntax.Index, *syntax.IfExpr, *syntax.MatchExpr, *syntax.BadExpr:
			literal = false
		}
		return literal
	})
	return literal
}

// faulty reports whether an error is in a clause, or in the rest of its last line, which the clause
// may lack.
func faulty(s *syntax.Clause, list diag.List) bool {
	file := s.At.File
	end := file.LineStart(file.Position(s.At.End).Line + 1)
	return slices.ContainsFunc(list, func(d *diag.Diagnostic) bool {
		return d.Severity == diag.Error && d.Span.Start < end && s.At.Start < max(d.Span.End, d.Span.Start+1)
	})
}

// Shown returns the value of a let or a parameter of a module as text: "" if it depends on what is
// not known yet, or if it has no text. The program must be free of errors.
func Shown(in Input, m *check.Module, o check.Object) string {
	if m.Scope[o.Ident().Name] != o {
		return ""
	}
	x := newEvaluator(in, newFindings(in.Program))
	x.readSettings()
	switch v := plain(x.object(o, o.Ident().At, &env{module: m})).(type) {
	case nil, *mapping, *Ref, *User:
		return ""
	case string:
		return strconv.Quote(v)
	case list:
		var all []string
		for _, e := range v {
			s, ok := e.(string)
			if !ok {
				return ""
			}
			all = append(all, strconv.Quote(s))
		}
		return "[" + strings.Join(all, ", ") + "]"
	case size:
		return v.written()
	default:
		return text(v)
	}
}
