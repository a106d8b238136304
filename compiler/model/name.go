package model

import (
	"slices"
	"strings"
)

// Name identifies the content of a component with its arguments, e.g.
// `std/liberty.server("24.0.0.6") on std/java.jdk("17")`.
type Name struct {
	Path string   // "std/liberty.server": the component without arguments
	Args []string // in the syntax of the language
	On   []string // choices that change the content, sorted
}

// String returns the full name, as in the lock file.
func (n Name) String() string { return n.Path + arguments(n.Args) + On(n.On) }

// Title returns the last word of the path with the arguments: `server("24.0.0.6")`.
func (n Name) Title() string { return n.Last() + arguments(n.Args) }

// Last returns the last word of the path: "server".
func (n Name) Last() string { return n.Path[strings.LastIndexAny(n.Path, "/. ")+1:] }

// Module returns the last word of the module's path: "liberty". In the root module, it
// returns the component's own name.
func (n Name) Module() string {
	module, _, _ := strings.Cut(n.Qualified(), ".")
	return module
}

// Qualified returns the component with the last word of its module: "liberty.server".
func (n Name) Qualified() string { return n.Path[strings.LastIndexByte(n.Path, '/')+1:] }

// Short returns the names that users write for the component: the full path, the path
// from the last word of the module, and the last word alone.
func (n Name) Short() []string {
	return []string{n.Path, n.Qualified(), n.Path[strings.LastIndexByte(n.Path, '.')+1:]}
}

// Means reports whether a name that a user wrote with arguments means n. The written
// path may be short, and strings need no quotes.
func (n Name) Means(written Name) bool {
	return len(written.Args) > 0 && slices.Contains(n.Short(), written.Path) && slices.Equal(Plain(n.Args), Plain(written.Args))
}

// Plain returns arguments without quotes.
func Plain(args []string) []string {
	var out []string
	for _, a := range args {
		out = append(out, strings.ReplaceAll(a, `"`, ""))
	}
	return out
}

// arguments returns arguments as they follow a path.
func arguments(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return "(" + strings.Join(args, ", ") + ")"
}

// On returns the end of a name that lists choices; "" without choices.
func On(chosen []string) string {
	if len(chosen) == 0 {
		return ""
	}
	return " on " + strings.Join(chosen, ", ")
}

// ParseName reads a name as String prints it, or as a user writes it: a string needs
// quotes only if it contains a comma or a bracket. A malformed name becomes a path alone.
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

// list splits a text at the commas outside of quotes and brackets.
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

// closing returns the index of the bracket that closes the one at the start of the text;
// -1 if there is none.
func closing(text string) int {
	if at := scan(text[1:], ')'); at >= 0 {
		return at + 1
	}
	return -1
}

// scan returns the index of the first such character outside of quotes and brackets; -1
// if there is none.
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
