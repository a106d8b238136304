package syntax

import (
	"strings"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// numeral reads digits, a point with digits, and the unit.
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
	l.skip(isLetter | isDigit)
	at := source.Span{File: l.file, Start: start, End: l.pos}
	unit := l.text[start+len(digits) : l.pos]
	switch {
	case points > 1, points == 1 && unit == "":
		if start > 0 && l.text[start-1] == '@' {
			return // part of what is reported
		}
		const longest = 64 // bytes
		for at.End < min(len(l.text), start+longest) && (class[l.text[at.End]]&(isLetter|isDigit) != 0 || strings.IndexByte("-+.", l.text[at.End]) >= 0) {
			at.End++ // 17.0.2-alpine
		}
		text := at.Text()
		l.list.Errorf(diag.MalformedNumber, at, "%s is no number", quoteShort(text)).
			Note("a number with a point needs a unit, such as 1.5h or 29.8MB; versions are text").
			Hint("write %s", quoteShort(`"`+text+`"`)).Fix(at, `"`+text+`"`)
	case unit != "" && !isUnit(unit):
		l.badUnit(at, digits, unit)
	case unit == "" && len(digits) > 1 && digits[0] == '0' && strings.ContainsAny(digits, "89"):
		l.list.Errorf(diag.MalformedNumber, at, "%s is no mode", quoteShort(digits)).
			Note("a number that begins with 0 is octal, as in 0755").
			Hint("drop the leading 0, or use the digits 0 to 7")
	case len(digits)-points > 18:
		l.list.Errorf(diag.MalformedNumber, at, "the number is too large").Note("numbers have up to 18 digits")
	}
}

var (
	durationUnits = [...]string{"ms", "s", "m", "h", "d"}
	sizeUnits     = [...]string{"B", "KB", "MB", "GB", "KiB", "MiB", "GiB"}
)

func isUnit(s string) bool {
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

// badUnit reports digits with letters behind them that are no unit.
func (l *lexer) badUnit(at source.Span, digits, unit string) {
	const longest = 8 // letters; what has more was hardly meant as a unit
	octal := strings.TrimLeft(unit, "oO")
	switch near, long := longUnits(unit); {
	case digits == "0" && octal != unit && octal != "" && strings.Trim(octal, "01234567") == "":
		l.list.Errorf(diag.MalformedNumber, at, "%s is no number", quoteShort(at.Text())).
			Note("a number that begins with 0 is octal").
			Hint("write `0%s`", octal).Fix(at, "0"+octal)
	case strings.Trim(unit, "_0123456789") == "":
		number := strings.ReplaceAll(at.Text(), "_", "")
		l.list.Errorf(diag.MalformedNumber, at, "%s is no number", quoteShort(at.Text())).
			Hint("digits stand together: `%s`", quoteLess(number)).Fix(at, number)
	case digits == "0" && (unit[0] == 'x' || unit[0] == 'b'):
		l.list.Errorf(diag.MalformedNumber, at, "%s is no number", quoteShort(at.Text())).
			Note("numbers are decimal, and modes octal").
			Hint("write it in decimal digits")
	case len(unit) > longest:
		l.list.Errorf(diag.MalformedNumber, at, "%s is no number", quoteShort(at.Text())).
			Note("text stands in double quotes, and names begin with a letter").
			Hint("put it in quotes").Fix(at, `"`+at.Text()+`"`)
	default:
		d := l.list.Errorf(diag.MalformedNumber, at, "unknown unit %s", quoteShort(unit)).
			Note("durations have %s, sizes %s; names begin with a letter", strings.Join(durationUnits[:], " "), strings.Join(sizeUnits[:], " "))
		if long {
			d.Hint("write `%s`", digits+near).Fix(at, digits+near)
		} else if near := diag.Nearest(unit, append(durationUnits[:], sizeUnits[:]...)); near != "" {
			d.Hint("did you mean `%s`?", digits+near).Fix(at, digits+near)
		}
	}
}

// longUnits knows units by the names that other tools have for them.
func longUnits(unit string) (string, bool) {
	switch unit {
	case "M":
		return "MB", true
	case "Ki", "Mi", "Gi":
		return unit + "B", true
	}
	switch strings.ToLower(strings.TrimSuffix(unit, "s")) {
	case "sec", "second":
		return "s", true
	case "min", "minute":
		return "m", true
	case "hr", "hour":
		return "h", true
	case "day":
		return "d", true
	case "k", "kb":
		return "KB", true
	case "mb", "mega":
		return "MB", true
	case "g", "gb":
		return "GB", true
	case "byte":
		return "B", true
	}
	return "", false
}
