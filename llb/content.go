package llb

import (
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/opencontainers/go-digest"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/paths"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/llb/canon"
)

// The content of a portable layer. Each step, or each owned path of a run, is one file action on
// scratch with the canonical time. BuildKit sets the times only of entries that an action
// creates. So if several actions write into one directory, the directory has the time of the
// build. Then everything is copied once more, which sets the times of all directories after their
// entries exist.

// epoch is the time of all files that a build creates.
var epoch = canon.Time

// Epoch is epoch in Unix seconds.
const Epoch = canon.Unix

// contents is a chain of file actions under construction.
type contents struct {
	chain   *llb.FileAction
	state   llb.State // the result of the chain, once it is complete
	origin  source.Span
	touched map[string]bool // directories that an action wrote into
	mixed   bool            // an action wrote into a directory of another action
	scratch bool            // the state has only the chain's files
	inherit bool            // a directory passes on its group
	copied  []Copied        // copies from stages
	taken   int             // number of copies of project files
	unseen  []string        // sources and patterns with content that only the build knows
}

// put records that an action writes the path p.
func (c *contents) put(p string, at source.Span) {
	if c.touched == nil {
		c.touched = map[string]bool{}
		c.origin = at
	}
	p = path.Clean(p)
	// An action that fills the root may have written into any directory.
	c.mixed = c.mixed || c.touched[p] || c.touched["/"] || p == "/" && len(c.touched) > 0
	c.touched[p] = true
	for dir := range paths.Above(p) {
		c.mixed = c.mixed || c.touched[dir]
		c.touched[dir] = true
	}
}

// content returns the layer of one portable instance.
func (l *lowerer) content(i *model.Instance) llb.State {
	if s, ok := l.contents[i.Key]; ok {
		return s
	}
	c := l.actions(i)
	s := c.state
	switch {
	case len(i.Timed) > 0 && c.chain != nil:
		s = l.timed(s, i, c.origin)
	case c.mixed:
		s = l.settled(s, "set file times", i.Title, c.origin)
	}
	l.contents[i.Key] = s
	return s
}

// mayHold reports whether the chain may have something at a path that no step names.
func (c *contents) mayHold(p string) bool {
	return !c.scratch || slices.ContainsFunc(c.unseen, func(dir string) bool { return within(p, dir) })
}

// actions returns the file actions for an instance's content, with their state.
func (l *lowerer) actions(i *model.Instance) *contents {
	if c, ok := l.chains[i.Key]; ok {
		return c
	}
	c := &contents{state: llb.Scratch(), scratch: true}
	l.chains[i.Key] = c
	if l.add(c, i); c.chain != nil {
		c.state = c.state.File(c.chain, l.from(i.Title, "layer", c.origin))
		l.origins[len(l.origins)-1].Copied = c.copied
	}
	return c
}

// settled returns a copy of a tree with the canonical time everywhere.
func (l *lowerer) settled(tree llb.State, name, of string, at source.Span) llb.State {
	info := &llb.CopyInfo{CopyDirContentsOnly: true, CreatedTime: &epoch}
	return llb.Scratch().File(llb.Copy(tree, "/", "/", info), l.from(of, name, at))
}

// timed returns a copy of an instance's content in which the times of files depend on their content
// where its directories say so. Everything else has the canonical time.
func (l *lowerer) timed(tree llb.State, i *model.Instance, at source.Span) llb.State {
	opts := l.help(i.Title, "set file times", at, append([]string{"times", "/in", "/out"}, i.Timed...)...)
	if l.err != nil {
		return llb.Scratch()
	}
	run := llb.Scratch().Run(append(opts, llb.AddMount("/in", tree, llb.Readonly, byDefinition))...)
	return run.AddMount("/out", llb.Scratch())
}

// add appends the actions for an instance's content.
func (l *lowerer) add(c *contents, i *model.Instance) {
	if i.Root == nil {
		for _, s := range i.Steps {
			l.act(c, i, s)
		}
		return
	}
	built := l.verified(i)
	for _, o := range i.Owns {
		l.parents(c, i, o.Path, o.Owner != nil)
		c.put(o.Path, o.Span)
		info := &llb.CopyInfo{CreateDestPath: true, CreatedTime: &epoch}
		setOwnership(info, o.Owner, o.Mode)
		c.chain = c.chain.Copy(l.keepsLinks(i, placement{o.Path, o.Span}, built, "/"), o.Path, o.Path, info)
	}
	if remains, ok := l.remaining(i, built); ok {
		c.mixed = true
		c.chain = c.chain.Copy(remains, "/", "/", &llb.CopyInfo{CopyDirContentsOnly: true, CreatedTime: &epoch})
		return
	}
	for _, s := range i.Steps {
		if p, ok := model.Placed(s); ok && !owned(i, p) {
			l.act(c, i, s)
		}
	}
}

// owned reports whether a path is within the paths that an instance owns.
func owned(i *model.Instance, p string) bool {
	p = path.Clean(p)
	for _, o := range i.Owns {
		if paths.Beneath(p, o.Path) {
			return true
		}
	}
	return false
}

// act appends the file action of one step.
func (l *lowerer) act(c *contents, i *model.Instance, s model.Step) {
	switch s := s.(type) {
	case *model.Copy:
		if s.Taken != nil {
			l.copyOwn(c, i, s)
			return
		}
		l.copyFrom(c, i, s)
	case *model.Fetch:
		l.fetch(c, i, s)
	case *model.File:
		l.room(c, i, s.Path)
		c.put(s.Path, s.Span)
		l.makeFile(c, i, s)
	case *model.Dir:
		l.room(c, i, s.Path)
		l.setDir(c, i, s)
		c.put(s.Path, s.Span)
	case *model.Link:
		l.room(c, i, s.Path)
		c.put(s.Path, s.Span)
		l.makeLink(c, i, s)
	}
	if s.Unseen() {
		c.unseen = append(c.unseen, path.Clean(s.At().Path))
	}
}

// room appends actions that create the missing parents of a path.
func (l *lowerer) room(c *contents, i *model.Instance, p string) {
	if dir := path.Dir(p); !l.parents(c, i, p, false) && dir != "/" {
		c.mixed = true // BuildKit sets a directory's time before it fills it
		c.chain = c.chain.Mkdir(dir, 0o755, llb.WithParents(true), llb.WithCreatedTime(epoch))
	}
}

// fileMode applies a declared mode to a file's default mode. Bits beyond the permissions are in
// 07000.
func fileMode(declared string, otherwise os.FileMode) os.FileMode {
	if m, ok := model.ParseMode(declared); ok {
		return os.FileMode(m.Apply(uint32(otherwise), false))
	}
	return otherwise
}

func setOwnership(info *llb.CopyInfo, o *model.Owner, mode string) {
	if o != nil {
		info.ChownOpt = &llb.ChownOpt{User: &llb.UserOpt{UID: o.UID}, Group: &llb.UserOpt{UID: o.GID}}
	}
	if m, ok := model.ParseMode(mode); ok && m.String() != "" {
		info.Mode = &llb.ChmodOpt{ModeStr: m.String()}
	}
}

// copyOwn appends a copy of the project's files. The tree that is sent to the engine has only the
// copied files, at their paths.
func (l *lowerer) copyOwn(c *contents, i *model.Instance, s *model.Copy) {
	to, from := s.Target()
	_, kept := parent(i, path.Clean(to))
	if from == "" && kept {
		l.into(c, i, to, s.Owner != nil)
	} else if s.Mode != "" && s.NamesDirectory() {
		l.room(c, i, to)
		c.makeDir(to, s.Owner, fileMode(s.Mode, 0o755))
		c.mixed = true // the copy writes into it
	} else {
		l.parents(c, i, inside(to), s.Owner != nil)
		if from == "" && !strings.HasSuffix(to, "/") && c.handsDown() {
			c.makeFilled(to, s.Owner)
		}
	}
	c.put(to, s.Span)
	info := &llb.CopyInfo{CreateDestPath: true, CopyDirContentsOnly: true, CreatedTime: &epoch}
	setOwnership(info, s.Owner, s.Mode)
	tree, src := l.project(i, s.Taken, c.taken, s.Span)
	src = path.Join(src, from)
	c.taken++
	if from == "" {
		c.chain = c.chain.Copy(tree, src, to, info)
	} else {
		l.copyTo(c, i, tree, src, to, info, s.Span)
	}
	for _, d := range heldDirs(i, to) {
		info := special(d.Owner, fileMode(d.Mode, 0o755))
		info.CreateDestPath = true
		l.copyOver(c, i, llb.Scratch(), "/", d.Path, info, s.Span)
		c.mixed = true
	}
}

// inside returns a path whose parents include the target's directory: a target with a trailing
// slash names a directory, so a file in it; otherwise the target itself.
func inside(to string) string {
	if strings.HasSuffix(to, "/") {
		return to + "x"
	}
	return to
}

// copyFrom appends a copy from a stage. The engine copies a single source by itself. It resolves
// no pattern through a link, applies no patterns to a source itself, and does not keep hard links
// between sources, so the helper does these.
func (l *lowerer) copyFrom(c *contents, i *model.Instance, s *model.Copy) {
	for _, src := range s.Sources {
		c.copied = append(c.copied, Copied{Path: src, From: s.From.Title, Span: s.Span})
	}
	if len(s.Sources) > 1 || len(s.Include)+len(s.Exclude) > 0 || isPattern(s.Sources[0]) {
		l.copyChosen(c, i, s)
		return
	}
	src, to := s.Sources[0], s.Path
	contents := strings.HasSuffix(src, "/")
	if !contents && strings.HasSuffix(to, "/") {
		to += path.Base(src)
	}
	l.putCopy(c, i, s, l.looked(i, s, src), src, to, contents)
}

// looked returns the state to copy a path from, after the helper has checked that the engine can
// copy it. The component's own content was checked before, except that only its steps show
// whether a source with a trailing slash is a directory.
func (l *lowerer) looked(i *model.Instance, s *model.Copy, src string) llb.State {
	tree := l.stage(s.From, src)
	if model.Fills(s.From, src) && (!strings.HasSuffix(src, "/") || makesDirectory(s.From, path.Clean(src))) {
		return tree
	}
	opts := l.help(i.Title, "check the sources in "+s.From.Title, s.Span, "look", rootDir, src)
	if l.err != nil {
		return llb.Scratch()
	}
	l.origins[len(l.origins)-1].Copied = []Copied{{Path: src, From: s.From.Title, Span: s.Span}}
	return llb.Scratch().Run(opts...).AddMount(rootDir, tree, byDefinition)
}

// makesDirectory reports whether an instance declares that a path is a directory.
func makesDirectory(i *model.Instance, p string) bool {
	for _, o := range i.Owns {
		if o.Path != p && within(o.Path, p) {
			return true
		}
	}
	return slices.ContainsFunc(i.Steps, func(s model.Step) bool {
		at, ok := model.Placed(s)
		if !ok || path.Clean(at) != p {
			return ok && within(path.Clean(at), p)
		}
		switch s := s.(type) {
		case *model.Dir:
			return true
		case *model.Fetch:
			return s.Unpack
		}
		return strings.HasSuffix(at, "/")
	})
}

// copyChosen appends a copy of the files that the helper takes from a stage. Consecutive sources
// in the same state are taken together.
func (l *lowerer) copyChosen(c *contents, i *model.Instance, s *model.Copy) {
	rest := s.Sources
	for len(rest) > 0 {
		own := model.Fills(s.From, rest[0])
		n := slices.IndexFunc(rest, func(src string) bool { return model.Fills(s.From, src) != own })
		if n < 0 {
			n = len(rest)
		}
		chosen := l.chosen(i, s, rest[:n])
		if src := rest[0]; strings.HasSuffix(s.Path, "/") || strings.HasSuffix(src, "/") {
			l.putCopy(c, i, s, chosen, "/", s.Path, true)
		} else {
			l.putCopy(c, i, s, chosen, "/"+path.Base(src), s.Path, false)
		}
		rest = rest[n:]
	}
}

// chosen returns a tree of the files that sources of a stage and the patterns of their copy
// select.
func (l *lowerer) chosen(i *model.Instance, s *model.Copy, sources []string) llb.State {
	args := []string{"choose", "/in", "/out"}
	for _, list := range [][]string{sources, s.Include} {
		args = append(append(args, strconv.Itoa(len(list))), list...)
	}
	args = append(args, s.Exclude...)
	opts := l.help(i.Title, "select files from "+s.From.Title, s.Span, args...)
	if l.err != nil {
		return llb.Scratch()
	}
	at := &l.origins[len(l.origins)-1]
	for _, src := range sources {
		at.Copied = append(at.Copied, Copied{Path: src, From: s.From.Title, Span: s.Span})
	}
	run := llb.Scratch().Run(append(opts, llb.AddMount("/in", l.stage(s.From, sources[0]), llb.Readonly, byDefinition))...)
	return run.AddMount("/out", llb.Scratch())
}

// putCopy appends the copy of a path of a tree, or of the contents of a directory.
func (l *lowerer) putCopy(c *contents, i *model.Instance, s *model.Copy, tree llb.State, src, to string, contents bool) {
	p := placement{path.Clean(s.Path), s.Span}
	fit := l.fitArgs(i, p, !contents && path.Clean(to) == p.to)
	if contents && !strings.HasSuffix(to, "/") {
		l.into(c, i, to, s.Owner != nil)
	} else {
		l.parents(c, i, inside(to), s.Owner != nil)
	}
	if contents && (len(fit) > 0 || c.handsDown()) {
		c.makeFilled(to, s.Owner)
	}
	exists := c.touched[path.Clean(to)]
	c.put(to, s.Span)
	info := &llb.CopyInfo{
		CreateDestPath: true, CopyDirContentsOnly: contents || exists, CreatedTime: &epoch,
		FollowSymlinks: contents && src != "/",
	}
	setOwnership(info, s.Owner, s.Mode)
	src = path.Clean(src)
	if len(fit) > 0 {
		// The copy is separate until the helper has checked it.
		apart := llb.Scratch().File(llb.Copy(tree, src, to, info), l.from(i.Title, "copy from "+s.From.Title, s.Span))
		l.origins[len(l.origins)-1].Copied = c.copied
		tree, to = l.fitted(i, p, apart, "/", fit), path.Clean(to)
		src, info = to, &llb.CopyInfo{CreateDestPath: true, CopyDirContentsOnly: contents || exists, CreatedTime: &epoch}
		c.mixed = true
	}
	if contents {
		c.chain = c.chain.Copy(tree, src, to, info)
	} else {
		l.copyTo(c, i, tree, src, to, info, s.Span)
	}
}

func isPattern(src string) bool { return strings.ContainsAny(src, "*?[") }

// stage returns the state to copy a path from: the instance's own content if it has the path,
// else its whole root file system.
func (l *lowerer) stage(i *model.Instance, src string) llb.State {
	if model.Fills(i, src) {
		return l.content(i)
	}
	return l.root(append(slices.Clone(model.StageRoot(i, src)), i))
}

// downloaded is the name of a downloaded file before it is copied to its place.
const downloaded = "download"

// fetch appends a download.
func (l *lowerer) fetch(c *contents, i *model.Instance, s *model.Fetch) {
	file := l.download(i, s)
	info := &llb.CopyInfo{CreateDestPath: true, CopyDirContentsOnly: true, CreatedTime: &epoch}
	setOwnership(info, s.Owner, s.Mode)
	if s.Unpack {
		to := path.Clean(s.Path)
		l.into(c, i, to, s.Owner != nil)
		if c.handsDown() {
			c.makeFilled(to, s.Owner)
		}
		c.put(to, s.Span)
		l.putUnpacked(c, i, s, l.unpacked(i, s, file), info)
		return
	}
	l.parents(c, i, s.Path, s.Owner != nil)
	c.put(s.Path, s.Span)
	info.Mode = exactly(fileMode(s.Mode, 0o644))
	l.copyTo(c, i, file, "/"+downloaded, s.Path, info, s.Span)
}

// putUnpacked appends the copy of an archive's content.
func (l *lowerer) putUnpacked(c *contents, i *model.Instance, s *model.Fetch, tree llb.State, info *llb.CopyInfo) {
	to := path.Clean(s.Path)
	p := placement{to, s.Span}
	fit := l.fitArgs(i, p, false)
	if len(fit) == 0 || info.ChownOpt == nil && info.Mode == nil {
		c.chain = c.chain.Copy(l.fitted(i, p, tree, to, fit), "/", s.Path, info)
		return
	}
	// The owner and mode must not apply to the base's directories; the helper sets those.
	apart := llb.Scratch().File(llb.Copy(tree, "/", s.Path, info), l.from(i.Title, "prepare "+to, s.Span))
	c.mixed = true
	c.chain = c.chain.Copy(l.fitted(i, p, apart, "/", fit), to, to, &llb.CopyInfo{CreateDestPath: true, CopyDirContentsOnly: true, CreatedTime: &epoch})
}

// download returns a state with the content of a URL as /download. A vertex requests one URL, and
// the checksum verifies the content, so the engine's cache is the same for all mirrors.
func (l *lowerer) download(i *model.Instance, s *model.Fetch) llb.State {
	n, last := l.mirror(s.URLs)
	base := path.Base(s.URLs[0])
	asks := l.from(i.Title, "fetch "+base, s.Span)
	if !last && !l.vendored(s.Digest) {
		l.origins[len(l.origins)-1].URL = s.URLs[n]
	}
	file := llb.HTTP(l.url(Download{s.URLs, s.Digest, s.Size}, n), llb.Checksum(digest.Digest(s.Digest)), llb.Filename(downloaded), asks, sized(s.Size))
	if s.SHA512 == "" {
		return file
	}
	opts := l.help(i.Title, "verify "+base, s.Span, "sum512", s.SHA512, "/in/"+downloaded)
	if l.err != nil {
		return llb.Scratch()
	}
	return llb.Scratch().Run(opts...).AddMount("/in", file)
}

// mirror returns the index of the URL to request: the first that is not down, else the last.
func (l *lowerer) mirror(urls []string) (n int, last bool) {
	n = slices.IndexFunc(urls, func(u string) bool { return !l.options.Down[u] })
	if n < 0 {
		n = len(urls) - 1
	}
	return n, n == len(urls)-1
}

// unpacked returns the content of an archive.
func (l *lowerer) unpacked(i *model.Instance, s *model.Fetch, archive llb.State) llb.State {
	args := []string{"unpack", strconv.Itoa(s.Strip), "/in/" + downloaded, "/out"}
	if s.Limit > 0 {
		args = append(args, strconv.FormatInt(s.Limit, 10))
	}
	return l.extracted(archive, l.help(i.Title, "unpack", s.Span, args...))
}

// extracted returns what the helper writes to /out from a download in /in.
func (l *lowerer) extracted(archive llb.State, opts []llb.RunOption) llb.State {
	if l.err != nil {
		return llb.Scratch()
	}
	run := llb.Scratch().Run(append(opts, llb.AddMount("/in", archive, llb.Readonly))...)
	return run.AddMount("/out", llb.Scratch())
}
