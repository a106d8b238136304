package model

import (
	"slices"
	"strings"
)

// Name names what a component with its arguments is, e.g.
// `std/liberty.server("24.0.0.6") on std/java.jdk("17")`.
type Name struct {
	Path string   // "std/liberty.server": the component without arguments
	Args []string // as a program writes them
	On   []string // what was chosen where that changes the content, sorted
}

// String is the name in full, as the lock file has it.
func (n Name) String() string { return n.Path + arguments(n.Args) + On(n.On) }

// Title is the name to show: `server("24.0.0.6")`.
func (n Name) Title() string { return n.Last() + arguments(n.Args) }

// Last is the last word of the path: "server".
func (n Name) Last() string { return n.Path[strings.LastIndexAny(n.Path, "/. ")+1:] }

// Module is the last word of the module's path: "liberty"; the component's own of the
// root module.
func (n Name) Module() string {
	module, _, _ := strings.Cut(n.qualified(), ".")
	return module
}

// qualified is the component with the last word of its module: "liberty.server".
func (n Name) qualified() string { return n.Path[strings.LastIndexByte(n.Path, '/')+1:] }

// Short are the paths by which people call the component: in full, with the last word
// of its module, alone.
func (n Name) Short() []string {
	return []string{n.Path, n.qualified(), n.Path[strings.LastIndexByte(n.Path, '.')+1:]}
}

// Means reports whether a name that somebody wrote with arguments means this one: the
// path may be short, and text needs no quotes.
func (n Name) Means(written Name) bool {
	return len(written.Args) > 0 && slices.Contains(n.Short(), written.Path) && slices.Equal(Plain(n.Args), Plain(written.Args))
}

// Plain are arguments without quotes.
func Plain(args []string) []string {
	var out []string
	for _, a := range args {
		out = append(out, strings.ReplaceAll(a, `"`, ""))
	}
	return out
}

// arguments are written behind a path.
func arguments(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return "(" + strings.Join(args, ", ") + ")"
}

// On is the end of a name that says what was chosen; "" if nothing was.
func On(chosen []string) string {
	if len(chosen) == 0 {
		return ""
	}
	return " on " + strings.Join(chosen, ", ")
}

// ParseName reads a name as String prints it, or as people write it: text needs no
// quotes, unless it has a comma or a bracket in it. What is not well-formed has
// nothing but a path.
func ParseName(text string) Name {
	path, rest := text, ""
	if at := strings.IndexByte(text, '('); at >= 0 {
		path, rest = text[:at], text[at:]
	}
	if p, on, ok := strings.Cut(path, " on "); ok {
		return Name{Path: p, On: list(on + rest)}
	}
	n := Name{Path: path}
	if rest == "" {
		return n
	}
	end := closing(rest)
	if end < 0 {
		return n
	}
	args := list(rest[1:end])
	on, ok := strings.CutPrefix(rest[end+1:], " on ")
	switch {
	case ok:
		n.Args, n.On = args, list(on)
	case rest[end+1:] == "":
		n.Args = args
	}
	return n
}

// list splits a text at the commas that are in neither quotes nor brackets.
func list(text string) []string {
	var out []string
	for text != "" {
		at := scan(text, ',')
		if at < 0 {
			return append(out, strings.TrimSpace(text))
		}
		out, text = append(out, strings.TrimSpace(text[:at])), text[at+1:]
	}
	return out
}

// closing is where the bracket closes that a text begins with; -1 if it does not.
func closing(text string) int {
	if at := scan(text[1:], ')'); at >= 0 {
		return at + 1
	}
	return -1
}

// scan is where a character is first in a text, outside of quotes and brackets; -1 if
// it is not.
func scan(text string, want byte) int {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case depth == 0 && c == want:
			return i
		case strings.IndexByte("([{", c) >= 0:
			depth++
		case strings.IndexByte(")]}", c) >= 0:
			depth--
		}
	}
	return -1
}
