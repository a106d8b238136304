package syntax

// Rate is how often something happens.
type Rate struct {
	Word   string // of `changes`, such as weekly
	Period string // what follows the / of a rate, such as week; "" if it never happens
	Yearly int64  // times a year
	Days   int    // between two updates; 0: `update` does not take the word, or it never happens
}

var rates = []Rate{
	{"never", "", 0, 0}, {"yearly", "year", 1, 365}, {"quarterly", "quarter", 4, 91}, {"monthly", "month", 12, 30},
	{"weekly", "week", 52, 7}, {"daily", "day", 365, 1}, {"hourly", "hour", 8760, 0},
}

// Rates are the words of `changes`, Periods follow the / of a rate, and Intervals are the words of
// `update`.
var (
	Rates     = rateWords(func(r Rate) string { return r.Word })
	Periods   = rateWords(func(r Rate) string { return r.Period })
	Intervals = rateWords(func(r Rate) string {
		if r.Days == 0 && r.Yearly > 0 {
			return ""
		}
		return r.Word
	})
)

func rateWords(word func(Rate) string) []string {
	var all []string
	for _, r := range rates {
		if w := word(r); w != "" {
			all = append(all, w)
		}
	}
	return all
}

// FindRate returns the rate with a word or a period, or nil.
func FindRate(word string) *Rate {
	for i, r := range rates {
		if word != "" && (r.Word == word || r.Period == word) {
			return &rates[i]
		}
	}
	return nil
}
