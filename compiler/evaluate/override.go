package evaluate

import (
	"strconv"

	"github.com/layc-lang/layc/lang/check"
)

// Override asks "what if": wherever the component with that path has From as its first
// argument, written or by default, it gets To instead.
type Override struct {
	Path string // as in Instance.Path
	From string // in the syntax of the language, with quotes; "": any
	To   string // a string, or the digits of a number
}

// overridden applies the input's override to a component's arguments.
func (x *Evaluator) overridden(args []value, o *check.Component) []value {
	v := x.override
	if v == nil || len(args) == 0 || Qualified(o.Module, o.Decl.Name.Name) != v.Path || v.From != "" && v.From != show(args[0]) {
		return args
	}
	switch args[0].(type) {
	case string:
		args[0] = v.To
	case int64:
		if n, err := strconv.ParseInt(v.To, 10, 64); err == nil {
			args[0] = n
		}
	}
	return args
}
