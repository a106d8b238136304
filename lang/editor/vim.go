package editor

import (
	"fmt"
	"slices"
	"strings"
)

// vimGroups are the groups that kinds are linked to in Vim. Names have no colour.
var vimGroups = map[kind]string{
	comment: "Comment", declaration: "Structure", clauseWord: "Statement", optionWord: "Keyword", control: "Conditional",
	boolean: "Boolean", value: "Constant", name: "", declared: "Identifier", function: "Function", key: "", typeName: "Type",
	number: "Number", text: "String", escape: "SpecialChar", inserted: "Special", operator: "Operator", punctuation: "Delimiter",
}

// vim is a syntax file for Vim and Neovim. Where several items match, Vim takes the last one that the
// file defines, so the rules are in reverse order. A set of rules is a cluster.
type vim struct {
	b     strings.Builder
	count int
	top   map[string]bool // sets that are at the top of a file
	kinds map[kind][]string
}

func vimSyntax() string {
	v := &vim{top: map[string]bool{}, kinds: map[kind][]string{}}
	v.b.WriteString(`" Made by layc's lang/editor from the table of clauses.

if exists('b:current_syntax')
  finish
endif

syn include @layerShell syntax/sh.vim
unlet! b:current_syntax
syn iskeyword @,48-57,_
syn case match
syn sync fromstart

`)
	all, order := sets()
	var reach func(name string)
	reach = func(name string) {
		v.top[name] = true
		for _, r := range all[name] {
			if r.include != "" && !v.top[r.include] {
				reach(r.include)
			}
		}
	}
	reach("file")
	for _, name := range slices.Backward(order) {
		fmt.Fprintf(&v.b, "syn cluster %s contains=%s\n", cluster(name), v.rules(all[name], v.top[name]))
	}
	v.b.WriteString("\n")
	for _, k := range sorted(v.kinds) {
		group := "layer" + title(k)
		for _, item := range v.kinds[k] {
			fmt.Fprintf(&v.b, "hi def link %s %s\n", item, group)
		}
		if vimGroups[k] != "" {
			fmt.Fprintf(&v.b, "hi def link %s %s\n", group, vimGroups[k])
		}
	}
	v.b.WriteString("\nlet b:current_syntax = 'layer'\n")
	return v.b.String()
}

func cluster(set string) string { return "layerSet" + title(kind(strings.ReplaceAll(set, "-", ""))) }

func title(k kind) string { return strings.ToUpper(string(k[:1])) + string(k[1:]) }

func sorted(m map[kind][]string) []kind {
	var all []kind
	for k := range m {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

// item returns the name of a new item of a kind; the kind "" has no colour.
func (v *vim) item(k kind) string {
	v.count++
	if k == "" {
		return fmt.Sprintf("layerRegion%d", v.count)
	}
	name := fmt.Sprintf("layer%s%d", title(k), v.count)
	v.kinds[k] = append(v.kinds[k], name)
	return name
}

// rules writes rules in reverse order, and returns what contains them.
func (v *vim) rules(rules []rule, top bool) string {
	names := make([]string, len(rules))
	for i, r := range slices.Backward(rules) {
		names[i] = v.rule(r, top)
	}
	return strings.Join(names, ",")
}

// rule writes a rule, then what it contains, and returns its name.
func (v *vim) rule(r rule, top bool) string {
	contained := " contained"
	if top {
		contained = ""
	}
	switch {
	case r.include != "":
		return "@" + cluster(r.include)
	case r.shell:
		return v.shell()
	case r.match != "":
		item := v.item(r.kind)
		var inner []string
		var lines strings.Builder
		for i, k := range r.groups {
			if k == "" {
				continue
			}
			_, part, _ := group(r.match, i)
			if c := part[0]; c >= 'a' && c <= 'z' {
				part = `\b(?:` + part + `)\b`
			}
			inner = append(inner, v.item(k))
			fmt.Fprintf(&lines, "syn match %s %s contained\n", inner[len(inner)-1], vimPattern(part))
		}
		fmt.Fprintf(&v.b, "syn match %s %s%s%s\n%s", item, vimPattern(r.match), contained, containing(inner), lines.String())
		return item
	}
	item := v.item(r.kind)
	outer := v.b
	v.b = strings.Builder{}
	// All that begins the region gets the colour of its first group. The last group follows.
	begin, colour, inner := r.begin, "", []string{}
	if len(r.groups) > 0 {
		colour = v.item(r.groups[0])
		if last := len(r.groups) - 1; last > 0 && r.groups[last] != "" {
			before, first, rest := group(r.begin, 0)
			begin = before + "(" + first + ")(?=" + rest + ")"
			before, part, _ := group(r.begin, last)
			inner = append(inner, v.item(r.groups[last]))
			defer fmt.Fprintf(&v.b, "syn match %s %s contained\n", inner[0], vimPattern("(?<="+before+")"+part))
		}
	}
	inner = append(inner, v.rules(r.rules, false))
	lines := v.b.String()
	v.b = outer
	fmt.Fprintf(&v.b, "syn region %s", item)
	if colour != "" {
		fmt.Fprintf(&v.b, " matchgroup=%s", colour)
	}
	fmt.Fprintf(&v.b, " start=%s", vimPattern(begin))
	if colour != "" && r.ends == "" {
		v.b.WriteString(" matchgroup=NONE")
	}
	fmt.Fprintf(&v.b, " excludenl end=%s%s%s\n%s", vimPattern(r.end), contained, containing(inner), lines)
	return item
}

func containing(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return " contains=" + strings.Join(names, ",")
}

// shell writes the text of a run. `keepend` ends the rules of the shell with the text.
func (v *vim) shell() string {
	const after = `(?<=\brun[ \t]*)`
	line, block, quotes := v.item("shell"), v.item("shell"), v.item(text)
	for _, r := range [][3]string{{line, after + `"`, `"|$`}, {block, after + `"""`, `"""`}} {
		fmt.Fprintf(&v.b, "syn region %s matchgroup=%s start=%s skip=%s excludenl end=%s keepend contained contains=@layerShell\n",
			r[0], quotes, vimPattern(r[1]), vimPattern(`\\["\\]`), vimPattern(r[2]))
	}
	return line + "," + block
}

// group splits a pattern at one of its groups that keep what they match.
func group(pattern string, n int) (before, inside, after string) {
	depth, start, found := 0, -1, -1
	class := false
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\':
			i++
		case class:
			class = c != ']'
		case c == '[':
			class = true
		case c == '(':
			if start >= 0 {
				depth++
			} else if pattern[i+1] != '?' {
				if found++; found == n {
					start = i
				}
			}
		case c == ')' && start >= 0:
			if depth == 0 {
				return pattern[:start], pattern[start+1 : i], pattern[i+1:]
			}
			depth--
		}
	}
	panic(fmt.Sprintf("%s has no group %d", pattern, n))
}

// vimPattern translates a regular expression to Vim's very magic ones, between slashes. A region
// ends before a line end only with `$`.
func vimPattern(pattern string) string {
	pattern = strings.NewReplacer(`(?=\n|`, `$|(?=`, `(?=\n)`, `$`, `(?=["\n])`, `$|(?=")`, `(?=["\n}])`, `$|(?=["}])`, `(?=[=,)\n])`, `$|(?=[=,)])`).Replace(pattern)
	var b strings.Builder
	var looks []string // what follows the closing parentheses of open groups
	class := false
	for i := 0; i < len(pattern); i++ {
		rest := pattern[i:]
		switch c := pattern[i]; {
		case strings.HasPrefix(rest, `\b`):
			b.WriteString(`%(<|>)`)
			i++
		case c == '\\':
			b.WriteString(rest[:2])
			i++
		case class:
			class = c != ']'
			b.WriteByte(c)
		case c == '[':
			class = true
			b.WriteByte(c)
		case c == '(':
			look := ""
			for _, l := range [][2]string{{"(?:", ""}, {"(?=", "@="}, {"(?!", "@!"}, {"(?<=", "@50<="}} {
				if strings.HasPrefix(rest, l[0]) {
					if look = l[1]; look == "@50<=" && strings.HasPrefix(rest, operand) || strings.HasPrefix(rest, `(?<=")`) {
						look = "@1<="
					}
					i += len(l[0]) - 1
				}
			}
			looks = append(looks, look)
			b.WriteString("%(")
		case c == ')':
			b.WriteString(")" + looks[len(looks)-1])
			looks = looks[:len(looks)-1]
		case strings.IndexByte(`=<>&@%~/`, c) >= 0:
			b.WriteString(`\` + string(c))
		default:
			b.WriteByte(c)
		}
	}
	return `/\v` + b.String() + "/"
}
