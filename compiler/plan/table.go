package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/model"
)

// Width is how many columns of a terminal the texts for people take at most,
// where names can be cut.
const Width = 80

// What a page shows at most, unless all is asked for.
const (
	maxRows   = 24 // of the table
	maxColumn = 11 // runes, where there are many columns
	maxWide   = 32 // where there is room
	maxChains = 12
	maxTree   = 60 // lines
	maxDeltas = 5  // apps side by side
	maxDiff   = 20 // lines
)

// more says that a list was cut.
func more(n int, what string) string { return fmt.Sprintf("… and %d more %s (--all)\n", n, what) }

// appKind is apps that look the same in some respect.
type appKind struct {
	key  string
	apps []*model.App // by name
}

// kinds groups the plan's apps by what key says of them; large groups first,
// then by name.
func (p *Plan) kinds(key func(*Image) string) []*appKind {
	known := map[string]*appKind{}
	var list []*appKind
	for _, i := range p.Images {
		k := key(i)
		if known[k] == nil {
			known[k] = &appKind{key: k}
			list = append(list, known[k])
		}
		known[k].apps = append(known[k].apps, i.App)
	}
	slices.SortStableFunc(list, func(a, b *appKind) int { return cmp.Compare(len(b.apps), len(a.apps)) })
	return list
}

// title names the apps in n runes.
func (k *appKind) title(n int) string {
	if len(k.apps) == 1 {
		return cut(k.apps[0].Name, n)
	}
	if names := k.names(); len([]rune(names)) <= n {
		return names
	}
	rest := fmt.Sprintf(" +%d", len(k.apps)-1)
	return cut(k.apps[0].Name, n-len(rest)) + rest
}

func (k *appKind) names() string {
	var names []string
	for _, a := range k.apps {
		names = append(names, a.Name)
	}
	return strings.Join(names, ", ")
}

// cut shortens text to n runes.
func cut(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:max(n-1, 0)]) + "…"
}

// Table is what each app needs: a row for each component with its arguments,
// a column for each kind of app. OS packages are counted, not named.
func (p *Plan) Table(all bool) string {
	kinds := p.kinds(func(i *Image) string {
		var ids []string
		for _, c := range i.App.Closure {
			ids = append(ids, c.ID)
		}
		return strings.Join(ids, "\n")
	})
	rows := tableRows(kinds)
	hidden := 0
	if !all && len(rows) > maxRows {
		hidden, rows = len(rows)-maxRows, rows[:maxRows]
	}
	first := 0
	for _, r := range rows {
		first = max(first, len([]rune(r.name)))
	}
	first = min(first, 24)
	lines := make([]string, len(rows)+1)
	lines[0] = strings.Repeat(" ", first)
	for n, r := range rows {
		lines[n+1] = pad(cut(r.name, first), first)
	}
	column := columnWidth(kinds, rows, first)
	shown := 0
	for n, k := range kinds {
		header := k.title(column)
		width := len([]rune(header))
		for _, r := range rows {
			width = max(width, len([]rune(cut(r.cells[n], column))))
		}
		if !all && shown > 0 && len([]rune(lines[0]))+2+width > Width {
			break
		}
		shown++
		lines[0] += "  " + pad(header, width)
		for m, r := range rows {
			lines[m+1] += "  " + pad(cut(r.cells[n], column), width)
		}
	}
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(strings.TrimRight(l, " ") + "\n")
	}
	if hidden > 0 {
		b.WriteString(more(hidden, "components"))
	}
	if shown < len(kinds) {
		b.WriteString(more(len(kinds)-shown, "kinds of apps"))
	}
	for _, k := range kinds[:shown] {
		if k.title(column) != k.names() {
			b.WriteString(k.members(all))
		}
	}
	return b.String()
}

// columnWidth is how wide columns may get: as wide as all of them fit a page
// beside a first one, but no less than maxColumn.
func columnWidth(kinds []*appKind, rows []*tableRow, first int) int {
	for column := maxWide; column > maxColumn; column-- {
		total := first
		for n, k := range kinds {
			width := len([]rune(k.title(column)))
			for _, r := range rows {
				width = max(width, len([]rune(cut(r.cells[n], column))))
			}
			total += 2 + width
		}
		if total <= Width {
			return column
		}
	}
	return maxColumn
}

// members says which apps a column is about.
func (k *appKind) members(all bool) string {
	head := "  " + k.title(maxColumn) + ": "
	line, n := head, 0
	for _, a := range k.apps {
		next := a.Name
		if n > 0 {
			next = ", " + next
		}
		if !all && n > 0 && len([]rune(line+next)) > Width-16 {
			return line + fmt.Sprintf(" and %d more\n", len(k.apps)-n)
		}
		line += next
		n++
	}
	return line + "\n"
}

// tableRow is a component, and what each kind of app has of it.
type tableRow struct {
	name  string
	base  bool
	users int
	cells []string
}

// tableRows are the base system's, then the components by how many apps have
// them, then that of OS packages.
func tableRows(kinds []*appKind) []*tableRow {
	known := map[string]*tableRow{}
	var rows []*tableRow
	row := func(path, name string) *tableRow {
		if known[path] == nil {
			known[path] = &tableRow{name: name, cells: make([]string, len(kinds))}
			rows = append(rows, known[path])
		}
		return known[path]
	}
	packages := &tableRow{name: "OS packages", cells: make([]string, len(kinds))}
	for n, k := range kinds {
		count := 0
		for _, i := range k.apps[0].Closure {
			if i.Package != nil {
				count += len(i.Package.Packages)
				continue
			}
			path := i.Path
			if i.Kind == model.Base {
				path = "" // one row for all systems
			}
			r := row(path, shortName(i))
			r.base = i.Kind == model.Base
			r.users += len(k.apps)
			cell := argumentsOf(i)
			if r.base {
				r.name = "base system"
				cell = systemOf(i)
			}
			if r.cells[n] != "" {
				cell = r.cells[n] + "; " + cell
			}
			r.cells[n] = cell
		}
		if count > 0 {
			packages.users += len(k.apps)
			packages.cells[n] = fmt.Sprint(count)
		}
	}
	slices.SortStableFunc(rows, func(a, b *tableRow) int {
		if a.base != b.base {
			if a.base {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(b.users, a.users), cmp.Compare(a.name, b.name))
	})
	if packages.users > 0 {
		rows = append(rows, packages)
	}
	return rows
}

// systemOf shows a base system: its module and its first argument.
func systemOf(i *model.Instance) string {
	module := i.Path[strings.LastIndexByte(i.Path, '/')+1:]
	if name, _, ok := strings.Cut(module, "."); ok {
		module = name
	}
	first, _, _ := strings.Cut(argumentsOf(i), ",")
	if first == "•" {
		return module
	}
	return module + " " + first
}

// argumentsOf shows an instance's arguments, or that it is there.
func argumentsOf(i *model.Instance) string {
	_, args, ok := strings.Cut(i.Title, "(")
	if !ok || args == ")" {
		return "•"
	}
	return strings.ReplaceAll(strings.TrimSuffix(args, ")"), `"`, "")
}

// Chains shows, for each kind of app, its image's layers, bottom up.
func (p *Plan) Chains(all bool) string {
	kinds := p.kinds(func(i *Image) string {
		var ids []string
		for _, l := range i.Layers {
			if l.Kind != Delta {
				ids = append(ids, l.ID)
			}
		}
		return strings.Join(ids, "\n")
	})
	hidden := 0
	if !all && len(kinds) > maxChains {
		hidden, kinds = len(kinds)-maxChains, kinds[:maxChains]
	}
	width := 0
	for _, k := range kinds {
		width = max(width, len([]rune(k.title(20))))
	}
	var b strings.Builder
	for _, k := range kinds {
		line := pad(k.title(20), width) + "  "
		for n, l := range p.image(k.apps[0].Name).Layers {
			title := cut(l.Title(), Width-width-4) // a line of its own holds it
			if l.Kind == Delta && len(k.apps) > 1 {
				title = "its own"
			}
			if n > 0 {
				title = "→ " + title
			}
			if n > 0 && len([]rune(line+title)) >= Width {
				b.WriteString(strings.TrimRight(line, " ") + "\n")
				line = strings.Repeat(" ", width+2)
			}
			line += title + " "
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	if hidden > 0 {
		b.WriteString(more(hidden, "chains"))
	}
	return b.String()
}
