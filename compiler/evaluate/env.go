package evaluate

import (
	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// env holds the values of the names that an expression can see, by the place of their
// declaration, which is unique.
type env struct {
	outer  *env
	module *check.Module
	values map[source.Span]value
	lets   map[source.Span]*syntax.Let // of this block, evaluated on first use
}

func (v *env) child() *env {
	return &env{outer: v, module: v.module, values: map[source.Span]value{}}
}

// block returns the environment of a block's statements.
func (v *env) block(b *syntax.Block) *env {
	in := v.child()
	for _, s := range b.Stmts {
		if l, ok := s.(*syntax.Let); ok {
			if in.lets == nil {
				in.lets = map[source.Span]*syntax.Let{}
			}
			in.lets[l.Name.At] = l
		}
	}
	return in
}
