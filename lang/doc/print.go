package doc

import (
	"cmp"
	"fmt"
	"strings"
	"unicode"

	"github.com/layc-lang/layc/lang/term"
)

// Terminal returns the documentation as plain text. It keeps the lines of comments that fit on a
// terminal. Source text in it is as source returns it.
func (m *Module) Terminal(source func(text string) string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "module %s\n", cmp.Or(m.Title, m.Path))
	if m.Text != "" {
		b.WriteString("\n")
		fold(&b, "", "", m.Text)
	}
	if m.Path != "." {
		fmt.Fprintf(&b, "\n    %s\n", source(fmt.Sprintf("import %q", m.Path)))
	}
	entry := func(head, text string, notes ...string) {
		b.WriteString("\n")
		var folded strings.Builder
		fold(&folded, "", "        ", head)
		b.WriteString(source(folded.String()))
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

// fold writes the lines of a text after an indent. The rest of a line that is too long moves to the
// next line if that belongs to the same paragraph, else to a new line.
func fold(b *strings.Builder, indent, further, text string) {
	lines := strings.Split(text, "\n")
	for n := 0; n < len(lines); n++ {
		line := strings.TrimRight(indent+lines[n], " ")
		if term.Columns(line) <= term.Width {
			fmt.Fprintf(b, "%s\n", line)
			continue
		}
		// The last space that fits, but not one of the indent.
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

// each calls entry for each declaration in the order of display: with its head, its comment, and
// remarks.
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

// listed returns a remark that lists names; none without names.
func listed(what string, names []string) []string {
	if len(names) == 0 {
		return nil
	}
	return []string{strings.TrimSpace(what + " " + strings.Join(names, ", "))}
}

// head returns the head of the app as in a declaration.
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

// String returns the parameter as in a declaration, with its type.
func (p Param) String() string {
	s := p.Name + ": " + p.Type
	if !p.Required {
		s += " = " + p.Default
	}
	return s
}

// head returns the head of the component as in a declaration: on one line, or with a line for each
// parameter.
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

// Markdown returns the documentation as Markdown. Comments may contain Markdown, but no HTML.
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

// sections maps words of declarations to headings.
var sections = map[string]string{
	"param": "Parameters", "slot": "Slots", "component": "Components", "user": "Users", "let": "Values", "app": "Apps",
}

// markdown escapes HTML in text, except in code.
func markdown(text string) string {
	parts := strings.Split(text, "`")
	for i := range parts {
		if i%2 == 0 || i == len(parts)-1 {
			parts[i] = strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(parts[i])
		}
	}
	return strings.Join(parts, "`")
}
