package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/moby/patternmatcher"

	"github.com/layc-lang/layc/compiler/component"
	"github.com/layc-lang/layc/compiler/plan"
)

// content tells contents apart: two instances, or two layers, with equal whole
// have equal bytes. Equal own with different whole means that they say the same
// and copy the same, but are built on something else: building may give equal
// bytes, and nobody knows before.
type content struct{ whole, own string }

// contents computes contents on one side of a comparison, each once.
type contents struct {
	files     fs.FS
	ignored   func(name string) bool // of the project's files
	touched   map[*component.Instance]bool
	instances map[*component.Instance]content
	layers    map[*plan.Layer]content
	digests   map[string]string // of files, by what is copied
}

func newContents(s Side) *contents {
	return &contents{
		files: s.Files, ignored: ignoring(s.Plan.Graph), touched: s.Touched,
		instances: map[*component.Instance]content{}, layers: map[*plan.Layer]content{}, digests: map[string]string{},
	}
}

// ignoring says which of the project's files no copy takes.
func ignoring(g *component.Graph) func(name string) bool {
	nothing := func(string) bool { return false }
	if g == nil || len(g.Ignore) == 0 {
		return nothing
	}
	ignore, err := patternmatcher.New(g.Ignore)
	if err != nil {
		return nothing // compiling has reported it
	}
	return func(name string) bool {
		if r, _ := g.Repository(name); r.Mount != "" {
			return false // the file is the project's, and says nothing about repositories
		}
		out, err := ignore.MatchesOrParentMatches(name)
		return out && err == nil
	}
}

// instance is an instance's content. Its recipe key says all but what is in the
// project's files, here and in what it is built on.
func (c *contents) instance(i *component.Instance) content {
	if known, ok := c.instances[i]; ok {
		return known
	}
	whole, own := sha256.New(), sha256.New()
	whole.Write(i.Key[:])
	key := component.OwnRecipe(i)
	own.Write(key[:])
	files := c.ownFiles(i)
	io.WriteString(whole, files)
	io.WriteString(own, files)
	for _, from := range stages(i) {
		io.WriteString(whole, c.instance(from).whole)
		io.WriteString(own, c.instance(from).own)
		for _, r := range component.StageRoot(from) {
			io.WriteString(whole, c.instance(r).whole)
		}
	}
	for _, r := range i.Root {
		io.WriteString(whole, c.instance(r).whole)
	}
	known := content{sum(whole), sum(own)}
	c.instances[i] = known
	return known
}

// layer is a layer's content: a spine's includes what it stands on.
func (c *contents) layer(l *plan.Layer) content {
	if known, ok := c.layers[l]; ok {
		return known
	}
	var whole, own []string
	for _, m := range l.Members {
		of := c.instance(m)
		whole, own = append(whole, of.whole), append(own, of.own)
	}
	slices.Sort(whole)
	slices.Sort(own)
	for _, below := range append(slices.Clone(l.On), l.Parent) {
		if below != nil {
			whole = append(whole, "on "+c.layer(below).whole)
			own = append(own, "on "+c.layer(below).whole)
		}
	}
	known := content{digestOf(whole), digestOf(own)}
	c.layers[l] = known
	return known
}

// stages are the instances whose files an instance copies or mounts.
func stages(i *component.Instance) []*component.Instance {
	var out []*component.Instance
	add := func(from *component.Instance) {
		if from != nil {
			out = append(out, from)
		}
	}
	for _, s := range i.Steps {
		switch s := s.(type) {
		case *component.Copy:
			add(s.From)
		case *component.Run:
			for _, b := range s.Binds {
				add(b.From)
			}
		}
	}
	return out
}

// foundation is all that an instance's bytes depend on besides its own steps:
// what its runs are built on, and its stages with what those stand on.
func foundation(i *component.Instance) []*component.Instance {
	out := slices.Clone(i.Root)
	for _, from := range stages(i) {
		out = append(append(out, from), component.StageRoot(from)...)
	}
	return out
}

// ownFiles is a digest of all files of the project that an instance takes, and
// of a mark if it counts as changed.
func (c *contents) ownFiles(i *component.Instance) string {
	h := sha256.New()
	fmt.Fprintln(h, c.touched[i])
	for _, s := range taken(i) {
		key := fmt.Sprintf("%q", s)
		if _, ok := c.digests[key]; !ok {
			c.digests[key] = digest(c.files, s, c.ignored)
		}
		fmt.Fprintln(h, c.digests[key])
	}
	return sum(h)
}

// source is files of the project that a step takes.
type source struct {
	path             string // a trailing slash means the contents; may be a pattern
	include, exclude []string
}

// taken are the project's files that an instance's own steps take.
func taken(i *component.Instance) []source {
	var out []source
	for _, s := range i.Steps {
		switch s := s.(type) {
		case *component.Copy:
			if s.From != nil {
				continue
			}
			for _, p := range s.Sources {
				out = append(out, source{p, s.Include, s.Exclude})
			}
		case *component.Run:
			for _, b := range s.Binds {
				if b.From == nil {
					out = append(out, source{path: b.Source})
				}
			}
		}
	}
	if i.System != nil && i.System.Layout != "" {
		out = append(out, source{path: i.System.Layout})
	}
	return out
}

// Files are the paths within the project of all that the plan's images and
// their build stages copy, sorted: files, directories and patterns.
func Files(p *plan.Plan) []string {
	var out []string
	seen := map[*component.Instance]bool{}
	var visit func(*component.Instance)
	visit = func(i *component.Instance) {
		if seen[i] {
			return
		}
		seen[i] = true
		for _, s := range taken(i) {
			if r, _ := p.Graph.Repository(s.path); r.Mount == "" {
				out = append(out, s.path)
			}
		}
		for _, below := range foundation(i) {
			visit(below)
		}
	}
	for _, l := range p.Layers {
		for _, m := range l.Members {
			visit(m)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// digest hashes files: their names, their text, where links point, and whether
// they can be executed, which is what a copy keeps of them; and the names of
// directories. What can't be read counts as missing; compiling has reported it.
func digest(files fs.FS, s source, ignored func(name string) bool) string {
	h := sha256.New()
	keep := s.keeps()
	for _, root := range expand(files, s.path) {
		_ = fs.WalkDir(files, root, func(name string, d fs.DirEntry, err error) error {
			if err != nil || ignored(name) {
				return nil
			}
			if within := strings.TrimPrefix(strings.TrimPrefix(name, root), "/"); within != "" && !keep(within) {
				return nil
			}
			if d.IsDir() {
				fmt.Fprintf(h, "directory %q\n", name)
			} else {
				hashFile(h, files, name, d)
			}
			return nil
		})
	}
	return sum(h)
}

func hashFile(h hash.Hash, files fs.FS, name string, d fs.DirEntry) {
	if d.Type()&fs.ModeSymlink != 0 {
		to, _ := fs.ReadLink(files, name)
		fmt.Fprintf(h, "link %q %q\n", name, to)
		return
	}
	info, err := d.Info()
	if err != nil {
		return
	}
	fmt.Fprintf(h, "file %q %t %d\n", name, info.Mode()&0o111 != 0, info.Size())
	f, err := files.Open(name)
	if err != nil {
		return
	}
	defer f.Close()
	_, _ = io.Copy(h, f)
}

// expand returns the paths that a source names.
func expand(files fs.FS, name string) []string {
	name = path.Clean(name)
	if !strings.ContainsAny(name, "*?[") {
		return []string{name}
	}
	found, _ := fs.Glob(files, name)
	return found
}

// keeps returns what tells whether a file within the source, by its path there,
// is copied. A pattern that is wrong, which compiling reports, keeps all.
func (s source) keeps() func(string) bool {
	include, err1 := patternmatcher.New(s.include)
	exclude, err2 := patternmatcher.New(s.exclude)
	return func(name string) bool {
		if err1 != nil || err2 != nil {
			return true
		}
		if len(s.include) > 0 {
			if in, err := include.MatchesOrParentMatches(name); err == nil && !in {
				return false
			}
		}
		if len(s.exclude) > 0 {
			if out, err := exclude.MatchesOrParentMatches(name); err == nil && out {
				return false
			}
		}
		return true
	}
}

func digestOf(parts []string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintln(h, p)
	}
	return sum(h)
}

func sum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }
