package importing

import (
	"io/fs"
	"path"
	"slices"
	"strings"
)

// takesRoot reports whether something copies the directory of the module itself.
func (im *importer) takesRoot() bool {
	return slices.ContainsFunc(im.blocks, func(b *block) bool {
		return slices.ContainsFunc(b.units, func(u *unit) bool { return strings.Contains(u.text, ` "./"`) })
	})
}

// ignore returns the text of .layerignore: the patterns of the .dockerignore files, each below its
// context, and the files of the module itself. It is empty if no image copies a whole context.
func (im *importer) ignore() string {
	var lines []string
	var contexts []string
	for n := range im.in.Builds {
		if c := path.Clean(im.in.Builds[n].Context); !slices.Contains(contexts, c) {
			contexts = append(contexts, c)
		}
	}
	slices.Sort(contexts)
	for _, c := range contexts {
		text, err := fs.ReadFile(im.in.Files, path.Join(c, ".dockerignore"))
		if err != nil || private(string(text)) {
			continue
		}
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			if line == "" || line[0] == '#' {
				continue
			}
			not := strings.HasPrefix(line, "!")
			pattern := path.Clean("/" + strings.TrimSpace(strings.TrimPrefix(line, "!")))[1:]
			if pattern == "" || pattern == "." {
				continue
			}
			line = path.Join(c, pattern)
			if not {
				line = "!" + line
			}
			lines = append(lines, line)
		}
	}
	if im.takesRoot() {
		lines = append(lines, "fleet.layer", "layc.lock", ".layerignore")
	}
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}
