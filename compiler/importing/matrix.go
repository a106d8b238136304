package importing

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// matrixApp writes the app of a family.
func (w *writer) matrixApp(out *strings.Builder, t *target) {
	f := t.family
	names := make([]string, len(t.builds))
	for n, b := range t.builds {
		names[n] = b.Name
	}
	title := f.title(names)
	header := ""
	key := f.key(title)
	switch len(f.vars) {
	case 1:
		header = title + " for " + key.name + " in " + list(key.values)
		w.matrix = func(name string) string { return name }
	case 2:
		other := f.vars[0]
		if other == key {
			other = f.vars[1]
		}
		header = title + " for " + key.name + ", " + other.name + " in {\n"
		for n := range names {
			header += "    " + quote(key.values[n]) + ": " + quote(other.values[n]) + ",\n"
		}
		header += "}"
		w.matrix = func(name string) string { return name }
	default:
		rows := w.im.names.take(identifier(t.label() + "_versions"))
		fmt.Fprintf(out, "let %s = {\n", rows)
		for n := range names {
			fmt.Fprintf(out, "    %s: {", quote(key.values[n]))
			first := true
			for _, x := range f.vars {
				if x == key {
					continue
				}
				if !first {
					out.WriteString(",")
				}
				first = false
				fmt.Fprintf(out, " %s: %s", x.name, quote(x.values[n]))
			}
			out.WriteString(" },\n")
		}
		out.WriteString("}\n\n")
		header = title + " for " + key.name + ", row in " + rows
		w.matrix = func(name string) string {
			if name == key.name {
				return name
			}
			return "row." + name
		}
	}
	header = w.text(header)
	w.app(out, t, t.builds[0], header)
	w.matrix = nil
}

// label is what the files of a family have in common, or the name of the only build.
func (t *target) label() string {
	if t.family == nil {
		return t.stage.file.build.Name
	}
	var names, dirs []string
	for _, m := range t.family.members {
		names, dirs = append(names, m.stage.file.build.Name), append(dirs, m.stage.file.build.File)
	}
	for _, list := range [][]string{names, dirs} {
		common := list[0]
		for _, n := range list {
			for !strings.HasPrefix(n, common) {
				common = common[:len(common)-1]
			}
		}
		common = strings.TrimRight(common, "-_./0123456789")
		if common = common[strings.LastIndex(common, "/")+1:]; len(common) > 1 && !collections[common] {
			return common
		}
	}
	return cmp.Or(t.stage.base.image(), "image")
}

// collections are names of directories that have many things.
var collections = map[string]bool{
	"apps": true, "cmd": true, "containers": true, "docker": true, "images": true, "packages": true, "projects": true, "services": true, "src": true,
}

// key returns a variable whose values are all different, at best the one in the names of the apps.
func (f *family) key(title string) *matrixVar {
	vars := slices.Clone(f.vars)
	slices.SortStableFunc(vars, func(a, b *matrixVar) int {
		in := func(x *matrixVar) int {
			if strings.Contains(title, reference('v', x.name)) {
				return 0
			}
			return 1
		}
		return in(a) - in(b)
	})
	for _, x := range vars {
		sorted := slices.Sorted(slices.Values(x.values))
		if len(slices.Compact(sorted)) == len(x.values) {
			return x
		}
	}
	return vars[0]
}

// title returns the name of a family's apps, with a variable where they differ.
func (f *family) title(names []string) string {
	if t, ok := f.within(names); ok {
		return `"` + t + `"` // names of apps need no escapes
	}
	before, after, cores := middle(names)
	return `"` + before + "${" + reference('v', f.named("name", cores)) + "}" + after + `"`
}
