package llb

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/lang/source"
)

// Everything that steps take from the project is one local source, since each source costs the engine
// several transactions of its databases, and a walk. It has a directory for each selection.
//
// The engine does not compare whole local sources, but for each vertex the content of the paths that
// it uses: the files of one app do not affect the vertices of another one. It compares neither
// these paths, but for their last element, nor which of them belongs to which action or mount: it
// joins the digests of the contents, in the order of the paths. So the directory begins with the
// position of the action or mount among those of its vertex that take files. Without it,
// a vertex whose copies have exchanged their sources would be the same to the engine.

// ProjectSource is the name of the local source.
const ProjectSource = "project"

// maxTaken is the number of positions that a directory's name has digits for.
const maxTaken = 10_000

// project returns a tree with the selected files of the project and of git repositories, and the
// path of the selection's own root in it. The position is among the actions, or mounts, of the
// vertex that take files.
func (l *lowerer) project(i *model.Instance, s *model.Selection, position int, at source.Span) (tree llb.State, root string) {
	if l.options.Sources != nil {
		var names []string
		for _, src := range s.Sources {
			names = append(names, src.Path)
		}
		from := l.from(i.Title, "read "+strings.Join(names, ", "), at)
		return l.must(l.options.Sources.Project(s, from)), path.Join("/", s.Root())
	}
	if position >= maxTaken {
		l.fail(fmt.Errorf("a layer copies files of the project more than %d times", maxTaken))
	}
	dir := fmt.Sprintf("%04d-%s", position, s.Digest())
	l.selections[dir] = s
	return l.local, path.Join("/", dir, s.Root())
}

// localSource returns the local source of a plan. An engine merges equal vertices of concurrent
// builds, so the source is equal only if its tree is. Of each project the engine keeps one copy, with
// what the last build took, and requests what it lacks: a build of one app has what the apps
// share, and after it a build of all apps sends the own files of the others once more.
func (l *lowerer) localSource(p *plan.Plan, verify bool) llb.State {
	var all []string
	for _, i := range p.Graph.Instances {
		for _, s := range i.Steps {
			for _, taken := range s.Takes() {
				all = append(all, taken.Digest())
			}
		}
	}
	slices.Sort(all)
	list := []string{l.options.Tree, fmt.Sprint(verify)}
	for _, i := range p.Images {
		list = append(list, i.App.Name)
	}
	unique := short(append(list, slices.Compact(all)...))
	return llb.Local(ProjectSource, llb.SharedKeyHint(l.options.Tree), llb.LocalUniqueID(unique), l.from("project", "read files", source.Span{}))
}

// short returns a string that differs for different lists.
func short(list []string) string {
	sum := sha256.Sum256([]byte(strings.Join(list, "\x00")))
	return hex.EncodeToString(sum[:8])
}
