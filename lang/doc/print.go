package doc

import (
	"cmp"
	"fmt"
	"strings"
	"unicode"

	"github.com/layc-lang/layc/lang/term"
)

// Terminal is the documentation as plain text. Comments keep their lines, as far
// as they fit a terminal.
func (m *Module) Terminal() string {
	var b strings.Builder
	fmt.Fprintf(&b, "module %s\n", cmp.Or(m.Title, m.Path))
	if m.Text != "" {
		b.WriteString("\n")
		fold(&b, "", "", m.Text)
	}
	if m.Path != "." {
		fmt.Fprintf(&b, "\n    import %q\n", m.Path)
	}
	entry := func(head, text string, notes ...string) {
		b.WriteString("\n")
		fold(&b, "", "        ", head)
		for _, n := range notes {
			fold(&b, "    ", "        ", n)
		}
		if text != "" {
			fold(&b, "    ", "    ", text)
		}
	}
	m.each(entry)
	return b.String()
}

// fold writes the lines of a text behind an indent. What does not fit goes on in
// the next line, if it belongs to the same paragraph, or in one of its own.
func fold(b *strings.Builder, indent, further, text string) {
	lines := strings.Split(text, "\n")
	for n := 0; n < len(lines); n++ {
		line := strings.TrimRight(indent+lines[n], " ")
		if term.Columns(line) <= term.Width {
			fmt.Fprintf(b, "%s\n", line)
			continue
		}
		// The last space that fits, but none of the indent.
		at := strings.LastIndexByte(string([]rune(line)[:term.Width+1]), ' ')
		if at < len(line)-len(strings.TrimLeft(line, " ")) {
			fmt.Fprintf(b, "%s\n", line) // one long word
			continue
		}
		fmt.Fprintf(b, "%s\n", strings.TrimRight(line[:at], " "))
		rest := line[at+1:]
		if n+1 < len(lines) && lines[n+1] != "" && !strings.ContainsAny(lines[n+1][:1], " -*0123456789") {
			lines[n+1] = rest + " " + lines[n+1]
			continue
		}
		lines[n], indent = rest, further
		n--
	}
}

// each calls entry for each declaration in the order in which they are shown:
// its head, what its comment says, and remarks.
func (m *Module) each(entry func(head, text string, notes ...string)) {
	for _, p := range m.Params {
		entry("param "+p.String(), p.Text)
	}
	for _, s := range m.Slots {
		head := "slot " + s.Name
		if s.Default != "" {
			head += " = " + s.Default
		}
		entry(head, s.Text, listed("filled by", s.Fillers)...)
	}
	for _, c := range m.Components {
		notes := append(listed("fills", c.Fills), listed("needs", c.Needs)...)
		for _, p := range c.Params {
			if p.Text != "" {
				notes = append(notes, p.Name+": "+oneLine(p.Text))
			}
		}
		entry("component "+c.head(), c.Text, notes...)
	}
	for _, u := range m.Users {
		entry("user "+u.Name, u.Text, listed("", u.Settings)...)
	}
	for _, v := range m.Values {
		entry(fmt.Sprintf("let %s: %s = %s", v.Name, v.Type, v.Value), v.Text)
	}
	for _, a := range m.Apps {
		entry("app "+a.head(), a.Text)
	}
}

// listed is a remark on names, if there are any.
func listed(what string, names []string) []string {
	if len(names) == 0 {
		return nil
	}
	return []string{strings.TrimSpace(what + " " + strings.Join(names, ", "))}
}

// head is the app's head as a program declares it.
func (a App) head() string {
	s := a.Name
	if strings.IndexFunc(s, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }) >= 0 {
		s = `"` + s + `"`
	}
	if a.For != "" {
		s += " for " + a.For
	}
	return s
}

// String is the parameter as a program declares it, with its type.
func (p Param) String() string {
	s := p.Name + ": " + p.Type
	if !p.Required {
		s += " = " + p.Default
	}
	return s
}

// head is the component's head as a program declares it: on one line, or with a
// line for each parameter.
func (c Component) head() string {
	if len(c.Params) == 0 {
		return c.Name
	}
	params := make([]string, len(c.Params))
	for i, p := range c.Params {
		params[i] = p.String()
	}
	head := c.Name + "(" + strings.Join(params, ", ") + ")"
	if term.Columns("component "+head) > term.Width {
		return c.Name + "(\n    " + strings.Join(params, ",\n    ") + ",\n)"
	}
	return head
}

// Markdown is the documentation as Markdown. Comments are taken for Markdown,
// but not for HTML.
func (m *Module) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", markdown("Module "+cmp.Or(m.Title, m.Path)))
	if m.Text != "" {
		fmt.Fprintf(&b, "\n%s\n", markdown(m.Text))
	}
	if m.Path != "." {
		fmt.Fprintf(&b, "\n```layer\nimport %q\n```\n", m.Path)
	}
	section := ""
	m.each(func(head, text string, notes ...string) {
		kind, rest, _ := strings.Cut(head, " ")
		if kind != section {
			section = kind
			fmt.Fprintf(&b, "\n## %s\n", sections[kind])
		}
		name := rest
		if kind == "app" {
			name, _, _ = strings.Cut(rest, " for ")
			name = strings.Trim(name, `"`)
		} else {
			name, _, _ = strings.Cut(rest, " ")
			name, _, _ = strings.Cut(name, "(")
			name = strings.TrimSuffix(name, ":")
		}
		fmt.Fprintf(&b, "\n### %s\n\n```layer\n%s\n```\n", markdown(name), head)
		if text != "" {
			fmt.Fprintf(&b, "\n%s\n", markdown(text))
		}
		for _, n := range notes {
			fmt.Fprintf(&b, "\n*%s*\n", markdown(n))
		}
	})
	return b.String()
}

// sections are the headings over declarations, by their words.
var sections = map[string]string{
	"param": "Parameters", "slot": "Slots", "component": "Components", "user": "Users", "let": "Values", "app": "Apps",
}

// markdown keeps text from being HTML, except where it is code.
func markdown(text string) string {
	parts := strings.Split(text, "`")
	for i := range parts {
		if i%2 == 0 || i == len(parts)-1 {
			parts[i] = strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(parts[i])
		}
	}
	return strings.Join(parts, "`")
}
