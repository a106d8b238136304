package frontend

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
	gateway "github.com/moby/buildkit/frontend/gateway/client"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/llb/canon"
	"github.com/layc-lang/layc/llb/helper"
)

// sources makes the trees that layc sends elsewhere of what BuildKit has: files of the project of
// its build context, and the helper of the frontend's own image. Modes and owners are as in
// project.Source.
type sources struct {
	context llb.State
	tree    *tree // of the context
	files   fs.FS // of the project and of git repositories
	// vendored are the directories of the context with git repositories, by their directories in
	// files.
	vendored map[string]string
	reduced  bool // the context lacks the directory .git
	image    llb.State
}

// errReduced is the error for a selection that may take what the context lacks.
var errReduced = errors.New("a step may copy the directory .git")

func (s *sources) Helper(arch string) llb.State {
	at := &llb.CopyInfo{CreatedTime: &canon.Time}
	return llb.Scratch().File(llb.Copy(s.image, HelperFile(arch), "/"+helper.File, at), llb.WithCustomName("load layc's helper"))
}

// HelperFile is the path of the helper for an architecture in the frontend's image.
func HelperFile(arch string) string { return "/" + helper.File + "-linux-" + arch }

// node is a file, link or directory that a selection takes.
type node struct {
	at       string // its path in the context
	taken    model.Taken
	children []*node // sorted
}

func (s *sources) Project(selection *model.Selection, o llb.ConstraintsOpt) (llb.State, error) {
	for _, src := range selection.Sources {
		first, _, _ := strings.Cut(src.Path, "/")
		if s.reduced && (first == "." || first == ".git" || src.Pattern) {
			return llb.State{}, errReduced
		}
	}
	taken, _, err := selection.Files(s.files, func() bool { return s.tree.ctx.Err() == nil })
	if err == nil {
		err = s.tree.ctx.Err()
	}
	if err != nil {
		return llb.State{}, err
	}
	root := s.arrange(taken)
	to := "/" + selection.Root()
	files := llb.Mkdir(to, 0o755, llb.WithCreatedTime(canon.Time))
	if len(root.children) > 0 {
		root.at = path.Dir(root.children[0].at)
		if left, ok := s.left(root, "", nil); ok {
			return llb.Scratch().File(files.Copy(s.context, "/"+root.at, to, without(left)), o), nil
		}
	}
	if files, err = s.add(files, root, to); err != nil {
		return llb.State{}, err
	}
	return llb.Scratch().File(files, o), nil
}

// arrange returns what a selection takes as a tree.
func (s *sources) arrange(taken []model.Taken) *node {
	root := &node{}
	all := map[string]*node{".": root, "": root}
	for _, t := range taken {
		n := &node{at: s.place(t.Name), taken: t}
		all[t.Path] = n
		if up := all[path.Dir(t.Path)]; up != n {
			up.children = append(up.children, n)
		}
	}
	return root
}

// place returns where the context has a file.
func (s *sources) place(name string) string {
	if strings.HasPrefix(name, "@") {
		for at := name; at != "."; at = path.Dir(at) {
			if dir, ok := s.vendored[at]; ok {
				return path.Join(dir, strings.TrimPrefix(name, at))
			}
		}
	}
	return path.Clean(name)
}

// maxLeft limits the patterns for what a copy of a directory leaves out.
const maxLeft = 4000

// left appends patterns for what the directory of a node has in the context besides the children
// of the node, at a path below the directory that is copied. It is false if a copy of the
// directory with few patterns does not make the tree of the node.
func (s *sources) left(n *node, below string, patterns []string) ([]string, bool) {
	entries, err := s.tree.list(n.at)
	if err != nil {
		return nil, false
	}
	found := 0
	for _, e := range entries {
		at := path.Join(below, e.Path)
		i := slices.IndexFunc(n.children, func(c *node) bool { return c.at == path.Join(n.at, e.Path) && path.Base(c.taken.Path) == e.Path })
		if i < 0 {
			if patterns = append(patterns, at); len(patterns) > maxLeft || !plain(at) {
				return nil, false
			}
			continue
		}
		found++
		c, ok := n.children[i], true
		if c.taken.IsDir() {
			patterns, ok = s.left(c, at, patterns)
		} else {
			ok = !irregular(c.taken.Type())
		}
		if !ok {
			return nil, false
		}
	}
	return patterns, found == len(n.children)
}

// plain reports whether a path as a pattern matches itself.
func plain(at string) bool { return !strings.ContainsAny(at, `\*?[]!^`) && strings.TrimSpace(at) == at }

func irregular(mode fs.FileMode) bool { return mode != 0 && mode != fs.ModeSymlink }

// without are the options for a copy of the contents of a directory without what patterns match.
func without(patterns []string) *llb.CopyInfo {
	return &llb.CopyInfo{
		CopyDirContentsOnly: true, CreateDestPath: true, CreatedTime: &canon.Time, ExcludePatterns: patterns,
		Mode: &llb.ChmodOpt{ModeStr: "u=rwX,go=rX"}, ChownOpt: &llb.ChownOpt{User: &llb.UserOpt{}, Group: &llb.UserOpt{}},
	}
}

// add appends copies of a node's children into a directory.
func (s *sources) add(files *llb.FileAction, n *node, to string) (*llb.FileAction, error) {
	for _, c := range n.children {
		to := path.Join(to, path.Base(c.taken.Path))
		switch {
		case c.taken.IsDir():
			if left, ok := s.left(c, "", nil); ok {
				files = files.Copy(s.context, "/"+c.at, to, without(left))
				continue
			}
			var err error
			if files, err = s.add(files.Mkdir(to, 0o755, llb.WithCreatedTime(canon.Time)), c, to); err != nil {
				return nil, err
			}
		case irregular(c.taken.Type()):
			return nil, fmt.Errorf("%s cannot be copied: not a regular file", c.taken.Name)
		default:
			files = files.Copy(s.context, "/"+c.at, to, without(nil))
		}
	}
	return files, nil
}

// ownImage returns the image that this process runs in.
func ownImage(c gateway.Client) (llb.State, error) {
	told, ok := c.(interface{ CurrentFrontend() (*llb.State, error) })
	if !ok {
		return llb.State{}, errNoImage
	}
	image, err := told.CurrentFrontend()
	if err != nil {
		return llb.State{}, fmt.Errorf("the definition of the frontend's image: %w", err)
	}
	if image == nil {
		return llb.State{}, errNoImage
	}
	return *image, nil
}

var errNoImage = errors.New("this BuildKit does not tell a frontend its image; update BuildKit")
