package doc

import (
	"fmt"
	"strings"
)

// Terminal is the documentation as plain text. Comments keep their lines.
func (m *Module) Terminal() string {
	var b strings.Builder
	fmt.Fprintf(&b, "module %s\n", m.Path)
	if m.Text != "" {
		fmt.Fprintf(&b, "\n%s\n", m.Text)
	}
	if m.Path != "." {
		fmt.Fprintf(&b, "\n    import %q\n", m.Path)
	}
	entry := func(head, text string, notes ...string) {
		fmt.Fprintf(&b, "\n%s\n", head)
		for _, n := range notes {
			fmt.Fprintf(&b, "    %s\n", n)
		}
		if text != "" {
			fmt.Fprintf(&b, "    %s\n", strings.ReplaceAll(strings.ReplaceAll(text, "\n", "\n    "), "\n    \n", "\n\n"))
		}
	}
	m.each(entry)
	return b.String()
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
		entry("component "+c.String(), c.Text, append(listed("fills", c.Fills), listed("needs", c.Needs)...)...)
	}
	for _, u := range m.Users {
		entry("user "+u.Name, u.Text)
	}
	for _, v := range m.Values {
		entry(fmt.Sprintf("let %s: %s = %s", v.Name, v.Type, v.Value), v.Text)
	}
	for _, a := range m.Apps {
		entry("app "+a.Name, a.Text)
	}
}

// listed is a remark on names, if there are any.
func listed(what string, names []string) []string {
	if len(names) == 0 {
		return nil
	}
	return []string{what + " " + strings.Join(names, ", ")}
}

// String is the parameter as a program declares it, with its type.
func (p Param) String() string {
	s := p.Name + ": " + p.Type
	if !p.Required {
		s += " = " + p.Default
	}
	return s
}

// String is the component's head as a program declares it.
func (c Component) String() string {
	if len(c.Params) == 0 {
		return c.Name
	}
	params := make([]string, len(c.Params))
	for i, p := range c.Params {
		params[i] = p.String()
	}
	return c.Name + "(" + strings.Join(params, ", ") + ")"
}

// Markdown is the documentation as Markdown. Comments are taken for Markdown,
// but not for HTML.
func (m *Module) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", markdown("Module "+m.Path))
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
		if kind != "app" {
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
