package query

import (
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/source"

	"github.com/layc-lang/layc/lang/syntax"
)

// Complete returns the words that can stand at the end of an unfinished expression,
// where typed is the beginning of the last one. names are those of the fleet.
func Complete(before, typed string, names []string) []string {
	p := &reader{file: source.New("", before)}
	p.scan()
	tokens := p.tokens[:max(0, len(p.tokens)-1)] // without the end
	last := p.tokens[len(p.tokens)-1]
	if len(tokens) > 0 {
		last = tokens[len(tokens)-1]
	}
	var offered []string
	switch expected(last, tokens) {
	case aSet:
		offered = slices.Concat(kindNames[:], verbWords, propertyWords, flagWords, []string{"not"}, names)
	case afterSet:
		offered = slices.Concat([]string{"and", "or", "except"}, verbWords, propertyWords, flagWords)
	case aBound:
		offered = []string{"==", "!=", "<", "<=", ">", ">="}
	case "`on`":
		offered = []string{"on"}
	case aValue:
		if len(tokens) > 1 && tokens[len(tokens)-2].Value == "changes" {
			offered = slices.Clone(syntax.Rates)
		}
	}
	return slices.DeleteFunc(offered, func(w string) bool { return !strings.HasPrefix(w, typed) })
}
