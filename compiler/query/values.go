package query

import (
	"math"
	"strconv"
	"strings"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/syntax"
)

// quantity is a kind of number: what it is called, and how it is read.
type quantity struct {
	what string
	read func(string) (float64, bool)
}

// sizes are in bytes, as the language writes them.
var sizes = quantity{"a size, such as 100MB", func(text string) (float64, bool) {
	digits := strings.TrimRight(text, "BGKMi")
	unit, known := map[string]float64{"B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}[text[len(digits):]]
	n, ok := decimal(digits)
	return n * unit, ok && known
}}

// rates are in changes a year.
var rates = quantity{"a rate, such as weekly or 12/year", func(text string) (float64, bool) {
	if r := syntax.FindRate(text); r != nil && r.Word == text {
		return float64(r.Yearly), true
	}
	number, period, _ := strings.Cut(text, "/")
	r := syntax.FindRate(period)
	n, ok := decimal(number)
	if r == nil || r.Period != period {
		return 0, false
	}
	return math.Round(n*model.OnceAYear) * float64(r.Yearly) / model.OnceAYear, ok // as the language rounds it
}}

var counts = quantity{"a number, such as 5", func(text string) (float64, bool) {
	n, err := strconv.ParseUint(text, 10, 32)
	return float64(n), err == nil
}}

// decimal reads digits that may have a point among them.
func decimal(text string) (float64, bool) {
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil && strings.Trim(text, "0123456789.") == ""
}

// unquote is the text of a string token.
func unquote(token string) string {
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(token[1 : len(token)-1])
}

// matches reports whether a pattern matches all of a text: `*` stands for any
// characters, `?` for one.
func matches(pattern, text string) bool {
	return matchesRunes([]rune(pattern), []rune(text))
}

func matchesRunes(pattern, text []rune) bool {
	star, from := -1, 0
	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			from++
			p, t = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(string(pattern[p:]), "*") == ""
}
