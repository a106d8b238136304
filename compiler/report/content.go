package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"slices"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
)

// content identifies the content of an instance or a layer. Equal whole means equal bytes. Equal
// own with different whole means equal steps and copied files on a different foundation or on
// different layers below. Then a build may produce equal bytes; only building shows it.
type content struct{ whole, own string }

// contents computes contents on one side of a comparison, each once.
type contents struct {
	files     fs.FS
	touched   map[*model.Instance]bool
	instances map[*model.Instance]content
	layers    map[*plan.Layer]content
	digests   map[string]string // digests of files, by selection
}

func newContents(s Side) *contents {
	return &contents{
		files: s.Files, touched: s.Touched,
		instances: map[*model.Instance]content{}, layers: map[*plan.Layer]content{}, digests: map[string]string{},
	}
}

// instance returns an instance's content. The recipe key covers everything except the project's
// files, for the instance and its foundation.
func (c *contents) instance(i *model.Instance) content {
	if known, ok := c.instances[i]; ok {
		return known
	}
	whole, own := sha256.New(), sha256.New()
	whole.Write(i.Key[:])
	key := model.OwnRecipe(i)
	own.Write(key[:])
	files := c.ownFiles(i)
	io.WriteString(whole, files)
	io.WriteString(own, files)
	for _, from := range i.Stages() {
		io.WriteString(whole, c.instance(from.Instance).whole)
		io.WriteString(own, c.instance(from.Instance).own)
		for _, r := range from.Below {
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

// layer returns a layer's content. A spine's includes the layers below; of its own are what
// packages below list, if it has packages, since it has a new list of all.
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
		}
	}
	if slices.ContainsFunc(l.Members, installs) {
		own = append(own, c.installed(l)...)
	}
	known := content{digestOf(whole), digestOf(own)}
	c.layers[l] = known
	return known
}

// installs reports whether an instance is packages or a user, which are installed on each other.
func installs(i *model.Instance) bool { return i.Package != nil }

// installed returns what packages and users of a layer are installed on: nothing that runs make.
func (c *contents) installed(l *plan.Layer) []string {
	var list []string
	for _, below := range append(slices.Clone(l.On), l.Parent) {
		if below == nil {
			continue
		}
		list = append(list, c.installed(below)...)
		for _, m := range below.Members {
			if m.Kind == model.Base || m.Kind == model.Portable || installs(m) {
				list = append(list, c.instance(m).whole)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// foundation returns everything that an instance's bytes depend on besides its own steps: the
// build root of its runs, and its stages with theirs.
func foundation(i *model.Instance) []*model.Instance {
	out := slices.Clone(i.Root)
	for _, from := range i.Stages() {
		out = append(append(out, from.Instance), from.Below...)
	}
	return out
}

// ownFiles returns a digest of all the project's files that an instance copies, and of a mark if
// it counts as changed.
func (c *contents) ownFiles(i *model.Instance) string {
	h := sha256.New()
	fmt.Fprintln(h, c.touched[i])
	for _, s := range taken(i) {
		key := s.Digest()
		if _, ok := c.digests[key]; !ok {
			c.digests[key] = digest(c.files, s)
		}
		fmt.Fprintln(h, c.digests[key])
	}
	return sum(h)
}

// taken returns the selections of the project's files in an instance's own steps.
func taken(i *model.Instance) []*model.Selection {
	var out []*model.Selection
	for _, s := range i.Steps {
		out = append(out, s.Takes()...)
	}
	if i.System != nil && i.System.Layout != "" {
		out = append(out, &model.Selection{Sources: []model.Source{{Path: i.System.Layout, Contents: true}}})
	}
	return out
}

// Files returns the paths in the project that the plan's images and their build stages copy,
// sorted: files, directories and patterns.
func Files(p *plan.Plan) []string {
	var out []string
	seen := map[*model.Instance]bool{}
	var visit func(*model.Instance)
	visit = func(i *model.Instance) {
		if seen[i] {
			return
		}
		seen[i] = true
		for _, s := range taken(i) {
			for _, src := range s.Sources {
				if r, _ := p.Graph.Repositories.Of(src.Path); r.Mount == "" {
					out = append(out, src.Path)
				}
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

// digest hashes what a copy keeps of files: their names in the resulting tree, their content,
// link targets and executable bits, and the names of directories. An unreadable file counts as
// missing, since the compiler has reported it.
func digest(files fs.FS, s *model.Selection) string {
	h := sha256.New()
	all, _, _ := s.Files(files, nil)
	for _, t := range all {
		if t.IsDir() {
			fmt.Fprintf(h, "directory %q\n", t.Path)
		} else {
			hashFile(h, files, t)
		}
	}
	return sum(h)
}

func hashFile(h hash.Hash, files fs.FS, t model.Taken) {
	if t.Type()&fs.ModeSymlink != 0 {
		to, _ := fs.ReadLink(files, t.Name)
		fmt.Fprintf(h, "link %q %q\n", t.Path, to)
		return
	}
	info, err := t.Info()
	if err != nil {
		return
	}
	fmt.Fprintf(h, "file %q %t %d\n", t.Path, info.Mode()&0o111 != 0, info.Size())
	f, err := files.Open(t.Name)
	if err != nil {
		return
	}
	defer f.Close()
	_, _ = io.Copy(h, f)
}

func digestOf(parts []string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintln(h, p)
	}
	return sum(h)
}

func sum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }
