package model

import (
	"strconv"
	"strings"
)

// Modes, as chmod takes them. This file is the only place that checks a mode. The engine
// later applies it to whole trees with BSD's chmod, which differs from GNU's: sticky
// bits, `=` with a copy, and `X` after a change of `x`. So the engine gets a symbolic
// mode written in clauses with one meaning to both.

// Mode is a file mode: octal, or a symbolic change of a file's mode.
type Mode struct {
	octal   int64 // -1: symbolic
	changes []modeChange
}

// modeChange is one operation of a symbolic mode.
type modeChange struct {
	who  string // of u, g and o, in this order
	op   byte   // + - =
	perm string // of r, w, x, X, s and t
	from byte   // u, g or o, whose permissions are copied; else 0
}

// Bits of a mode beyond the permissions.
const (
	MaxMode    = 0o7777
	setUserID  = 0o4000
	setGroupID = 0o2000
	sticky     = 0o1000
)

// ParseMode reads a mode as GNU chmod takes it: an octal number, or clauses such as
// "g+rw,o=". A clause that names nobody applies to all, without a umask. It returns
// false if text is not a mode, if an operation changes nothing, or if an X depends on an
// earlier change of x.
func ParseMode(text string) (Mode, bool) {
	if text != "" && strings.Trim(text, "01234567") == "" {
		n, err := strconv.ParseInt(text, 8, 64)
		return Mode{octal: n}, err == nil && n <= MaxMode
	}
	m := Mode{octal: -1}
	for clause := range strings.SplitSeq(text, ",") {
		changes, ok := parseClause(clause)
		if !ok {
			return Mode{}, false
		}
		m.changes = append(m.changes, changes...)
	}
	return m, m.settle()
}

// parseClause reads one clause: whom it concerns, and one or more operations.
func parseClause(text string) ([]modeChange, bool) {
	rest := strings.TrimLeft(text, "ugoa")
	who := among(text[:len(text)-len(rest)], "ugo")
	if named := text[:len(text)-len(rest)]; named == "" || strings.Contains(named, "a") {
		who = "ugo"
	}
	var out []modeChange
	for rest != "" {
		c := modeChange{who: who, op: rest[0]}
		if !strings.ContainsRune("+-=", rune(c.op)) {
			return nil, false
		}
		perm := rest[1:]
		if n := strings.IndexAny(perm, "+-="); n >= 0 {
			perm = perm[:n]
		}
		rest = rest[1+len(perm):]
		switch {
		case perm == "u" || perm == "g" || perm == "o":
			c.from = perm[0]
		case strings.Trim(perm, "rwxXst") != "", perm == "" && c.op != '=':
			return nil, false
		default:
			c.perm = among(perm, "rwxXst")
		}
		out = append(out, c)
	}
	return out, len(out) > 0
}

// among returns the characters of some that text contains, in the order of some.
func among(text, some string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(text, r) {
			return r
		}
		return -1
	}, some)
}

// settle makes each X depend only on the mode that a file has before all changes, or
// replaces it with x. It returns false if neither is possible.
func (m *Mode) settle() bool {
	const (
		asBefore = iota // a file has an x if it had one before all changes
		some            // it has one in any case
		unknown
	)
	x := asBefore
	for n := range m.changes {
		c := &m.changes[n]
		if strings.Contains(c.perm, "X") {
			switch {
			case c.op == '-' || x == some: // removing X removes x
				c.perm = among(strings.Replace(c.perm, "X", "x", 1), "rwxst")
			case x == unknown:
				return false
			}
		}
		has := strings.Contains(c.perm, "x")
		switch {
		case has && c.op != '-':
			x = some
		case c.op == '=' && !strings.Contains(c.perm, "X"), c.op == '-' && (has || c.from != 0):
			x = unknown
		}
	}
	return true
}

// Apply returns the mode after m is applied to a file or directory with the given mode.
// Setuid, setgid and the sticky bit are 07000.
func (m Mode) Apply(mode uint32, dir bool) uint32 {
	if m.octal >= 0 {
		return uint32(m.octal)
	}
	executable := dir || mode&0o111 != 0
	for _, c := range m.changes {
		bits, all := c.bits(mode, executable), c.affected()
		switch c.op {
		case '+':
			mode |= bits
		case '-':
			mode &^= bits
		case '=':
			mode = mode&^all | bits
		}
	}
	return mode
}

// affected returns the bits that an operation can change.
func (c modeChange) affected() uint32 {
	var all uint32
	for _, w := range c.who {
		all |= map[rune]uint32{'u': setUserID | 0o700, 'g': setGroupID | 0o070, 'o': sticky | 0o007}[w]
	}
	return all
}

// bits returns the bits that an operation names, for a file with the given mode.
func (c modeChange) bits(mode uint32, executable bool) uint32 {
	var bits uint32
	switch c.from {
	case 'u':
		bits = mode >> 6 & 7 * 0o111
	case 'g':
		bits = mode >> 3 & 7 * 0o111
	case 'o':
		bits = mode & 7 * 0o111
	}
	for _, p := range c.perm {
		switch p {
		case 'r':
			bits |= 0o444
		case 'w':
			bits |= 0o222
		case 'x':
			bits |= 0o111
		case 'X':
			if executable {
				bits |= 0o111
			}
		case 's':
			bits |= setUserID | setGroupID
		case 't':
			bits |= sticky
		}
	}
	return bits & c.affected()
}

// Symbolic reports whether the mode changes a file's existing mode.
func (m Mode) Symbolic() bool { return m.octal < 0 }

// String returns the mode in a form that every implementation of chmod reads alike.
func (m Mode) String() string {
	if m.octal >= 0 {
		return "0" + strconv.FormatInt(m.octal, 8)
	}
	var out []string
	for _, c := range m.changes {
		rights := among(c.perm, "rwxX")
		switch {
		case c.op == '=' && c.from != 0:
			out = append(out, c.who+"="+string(c.from))
			out = append(out, c.special("-", "st")...)
		case c.op == '=':
			out = append(out, c.who+"="+rights)
			out = append(out, c.special("-", "t")...) // `=` itself removes the others
			out = append(out, c.special("+", c.perm)...)
		case c.from != 0:
			out = append(out, c.who+string(c.op)+string(c.from))
		default:
			if rights != "" {
				out = append(out, c.who+string(c.op)+rights)
			}
			out = append(out, c.special(string(c.op), c.perm)...)
		}
	}
	return strings.Join(out, ",")
}

// special returns the clauses for the bits beyond the permissions that perm names and
// that apply to the operation's who.
func (c modeChange) special(op, perm string) []string {
	var out []string
	for _, w := range c.who {
		switch {
		case w != 'o' && strings.Contains(perm, "s"):
			out = append(out, string(w)+op+"s")
		case w == 'o' && strings.Contains(perm, "t"):
			out = append(out, op+"t")
		}
	}
	return out
}
