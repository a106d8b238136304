package show

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/lang/term"
)

// appKind is a group of apps that look alike.
type appKind struct {
	key  string
	apps []*model.App // by name
	end  string       // of the names of all apps, which is shown once
}

func (k *appKind) name(n int) string { return term.WithoutEnd(k.apps[n].Name, k.end) }

// kinds groups the plan's apps by key: large groups first, then by name.
func kinds(p *plan.Plan, end string, key func(*plan.Image) string) []*appKind {
	known := map[string]*appKind{}
	var list []*appKind
	for _, i := range p.Images {
		k := key(i)
		if known[k] == nil {
			known[k] = &appKind{key: k, end: end}
			list = append(list, known[k])
		}
		known[k].apps = append(known[k].apps, i.App)
	}
	slices.SortStableFunc(list, func(a, b *appKind) int { return cmp.Compare(len(b.apps), len(a.apps)) })
	return list
}

// title names the apps in at most n columns, so that it differs from the titles of other kinds.
func (k *appKind) title(n int, all []*appKind) string {
	var others []string
	for _, o := range all {
		others = append(others, o.name(0))
	}
	if len(k.apps) == 1 {
		return term.CutAmong(k.name(0), n, others)
	}
	if names := k.names(); term.Columns(names) <= n {
		return names
	}
	rest := fmt.Sprintf(" +%d", len(k.apps)-1)
	return term.CutAmong(k.name(0), n-len(rest), others) + rest
}

func (k *appKind) names() string {
	var names []string
	for n := range k.apps {
		names = append(names, k.name(n))
	}
	return strings.Join(names, ", ")
}

// Table shows what each app needs: a row for each component with its arguments, a column for each
// group of apps. It counts OS packages without their names.
func Table(p *plan.Plan, page Page) string {
	end := page.endOf(p)
	kinds := kinds(p, end, func(i *plan.Image) string {
		var ids []string
		for _, c := range i.App.Closure {
			ids = append(ids, c.ID)
		}
		return strings.Join(ids, "\n")
	})
	rows := tableRows(kinds)
	hidden := 0
	if !page.All && len(rows) > maxRows {
		hidden, rows = len(rows)-maxRows, rows[:maxRows]
	}
	first := 0
	for _, r := range rows {
		first = max(first, term.Columns(r.name))
	}
	first = min(first, 24)
	var names []string
	for _, r := range rows {
		names = append(names, r.name)
	}
	lines := make([]string, len(rows)+1)
	lines[0] = strings.Repeat(" ", first)
	for n, r := range rows {
		lines[n+1] = term.Left(term.CutAmong(r.name, first, names), first)
	}
	column := columnWidth(kinds, rows, first, page)
	shown := 0
	for n, k := range kinds {
		header := k.title(column, kinds)
		width := term.Columns(header)
		for _, r := range rows {
			width = max(width, term.Columns(term.Cut(r.cells[n], column)))
		}
		if !page.All && shown > 0 && term.Columns(lines[0])+2+width > page.Width {
			break
		}
		shown++
		lines[0] += "  " + term.Left(header, width)
		for m, r := range rows {
			lines[m+1] += "  " + term.Left(term.Cut(r.cells[n], column), width)
		}
	}
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(strings.TrimRight(l, " ") + "\n")
	}
	if hidden > 0 {
		b.WriteString(page.more(hidden, "component", "components"))
	}
	if shown < len(kinds) {
		b.WriteString(page.more(len(kinds)-shown, "kind of app", "kinds of apps"))
	}
	for _, k := range kinds[:shown] {
		if k.title(column, kinds) != k.names() {
			b.WriteString(k.members(page))
		}
	}
	return b.String() + endNote(end)
}

// columnWidth returns the largest width of columns at which all fit the page next to the first
// one, but at least maxColumn.
func columnWidth(kinds []*appKind, rows []*tableRow, first int, page Page) int {
	for column := maxWide; column > maxColumn; column-- {
		total := first
		for n, k := range kinds {
			width := term.Columns(k.title(column, kinds))
			for _, r := range rows {
				width = max(width, term.Columns(term.Cut(r.cells[n], column)))
			}
			total += 2 + width
		}
		if total <= page.Width {
			return column
		}
	}
	return maxColumn
}

// members describes the apps of a column.
func (k *appKind) members(page Page) string {
	head := "  " + k.title(maxColumn, nil) + ": "
	line, n := head, 0
	for m := range k.apps {
		next := k.name(m)
		if n > 0 {
			next = ", " + next
		}
		if !page.All && n > 0 && term.Columns(line+next) > page.Width-16 {
			return line + fmt.Sprintf(" and %d more\n", len(k.apps)-n)
		}
		line += next
		n++
	}
	return line + "\n"
}

// tableRow is a component and each group's arguments for it.
type tableRow struct {
	name  string
	base  bool
	users int
	cells []string
}

// tableRows returns the row of the base system, then the rows of the components by the number of
// apps that have them, then the row of OS packages.
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
			r := row(path, plan.ShortName(i))
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

// systemOf formats a base system: its module and its first argument.
func systemOf(i *model.Instance) string {
	if len(i.Args) == 0 {
		return i.Module()
	}
	first, _, _ := strings.Cut(argumentsOf(i), ",")
	return i.Module() + " " + first
}

// argumentsOf formats an instance's arguments, or a mark if it has none.
func argumentsOf(i *model.Instance) string {
	if len(i.Args) == 0 {
		return "•"
	}
	return strings.Join(model.Plain(i.Args), ", ")
}
