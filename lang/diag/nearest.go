package diag

import "strings"

// Nearest returns the candidate that name most probably misspells, or "" if none is similar. At most a
// third of the letters may be wrong; a wrong case counts half, and two exchanged neighbours count once.
// A last letter too many or too few is always similar: aa is probably a.
// Of equally similar candidates, it prefers the first one that begins with name, then the first.
func Nearest(name string, candidates []string) string {
	const longest = 64 // longer names are not misspellings
	if name == "" || len(name) > longest {
		return ""
	}
	best, least := "", 0
	for _, c := range candidates {
		if c == name || len(c) > longest {
			continue
		}
		d := Distance(name, c)
		similar := d <= 2*max(len(name), len(c))/3 && d < 2*min(len(name), len(c))
		if d == 2 && (begun(c, name) || begun(name, c)) {
			similar = true
		}
		if similar && (best == "" || d < least || d == least && begun(c, name) && !begun(best, name)) {
			best, least = c, d
		}
	}
	return best
}

// begun reports whether name is a prefix of a longer candidate.
func begun(c, name string) bool { return strings.HasPrefix(c, name) }

// Distance returns twice the number of edits (insert, delete, replace, exchange neighbours) that turn a
// into b. Letters that differ only in case cost half. It is the restricted Damerau–Levenshtein distance.
func Distance(a, b string) int {
	if strings.EqualFold(a, b) {
		return 1
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		last[j] = 2 * j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = 2 * i
		for j := 1; j <= len(b); j++ {
			change := 2
			switch {
			case a[i-1] == b[j-1]:
				change = 0
			case strings.EqualFold(a[i-1:i], b[j-1:j]):
				change = 1
			}
			row[j] = min(last[j]+2, row[j-1]+2, last[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+2)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
