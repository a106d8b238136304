package syntax

import (
	"strings"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// numeral reads digits, a point with digits, and the unit. A decimal number before `/` and a period
// is a rate.
func (l *lexer) numeral() {
	start := l.pos
	points := 0
	l.skip(isDigit)
	for l.pos+1 < len(l.text) && l.text[l.pos] == '.' && class[l.text[l.pos+1]]&isDigit != 0 {
		points++
		l.pos++
		l.skip(isDigit)
	}
	digits := l.text[start:l.pos]
	if points == 1 && l.pos+1 < len(l.text) && l.text[l.pos] == '/' && class[l.text[l.pos+1]]&isLetter != 0 {
		l.pos++
	}
	l.skip(isLetter | isDigit)
	at := source.Span{File: l.file, Start: start, End: l.pos}
	unit := l.text[start+len(digits) : l.pos]
	switch {
	case points > 1, points == 1 && unit == "":
		if start > 0 && l.text[start-1] == '@' {
			return // part of a reported number
		}
		const longest = 64 // bytes
		for at.End < min(len(l.text), start+longest) && (class[l.text[at.End]]&(isLetter|isDigit) != 0 || strings.IndexByte("-+.", l.text[at.End]) >= 0) {
			at.End++ // 17.0.2-alpine
		}
		text := at.Text()
		l.list.Errorf(diag.MalformedNumber, at, "not a valid number: %s", quoteShort(text)).
			Note("decimal numbers need a unit, such as `1.5h` or `29.8MB`; versions are strings").
			Hint("write %s", quoteShort(`"`+text+`"`)).Fix(at, `"`+text+`"`)
	case strings.HasPrefix(unit, "/") && !isUnit(unit):
		d := l.list.Errorf(diag.MalformedNumber, at, "not a valid rate: %s", quoteShort(digits+unit)).
			Note("a rate is a number of times per year, quarter, month, week, day or hour")
		if near := diag.Nearest(unit, rateUnits[:]); near != "" {
			d.Hint("did you mean `%s%s`?", digits, near).Fix(at, digits+near)
		} else {
			d.Hint("write a rate such as `%s/year`", digits)
		}
	case unit != "" && !isUnit(unit):
		l.badUnit(at, digits, unit)
	case unit == "" && len(digits) > 1 && digits[0] == '0' && strings.ContainsAny(digits, "89"):
		l.list.Errorf(diag.MalformedNumber, at, "not a valid mode: %s", quoteShort(digits)).
			Note("numbers that begin with 0 are octal, such as `0755`").
			Hint("remove the leading 0, or use only the digits 0 to 7")
	case len(digits)-points > 18:
		l.list.Errorf(diag.MalformedNumber, at, "number out of range").Note("numbers have at most 18 digits")
	}
}

var (
	durationUnits = [...]string{"ms", "s", "m", "h", "d"}
	sizeUnits     = [...]string{"B", "KB", "MB", "GB", "KiB", "MiB", "GiB"}
	rateUnits     = [...]string{"/year", "/quarter", "/month", "/week", "/day", "/hour"}
)

func isUnit(s string) bool {
	for _, u := range rateUnits {
		if s == u {
			return true
		}
	}
	for _, u := range durationUnits {
		if s == u {
			return true
		}
	}
	for _, u := range sizeUnits {
		if s == u {
			return true
		}
	}
	return false
}
