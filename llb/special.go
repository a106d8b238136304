package llb

import (
	"fmt"
	"os"
	"path"

	"github.com/moby/buildkit/client/llb"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/source"
)

// BuildKit makes files and directories with the nine bits of permission only,
// and drops the others: set-user-ID, set-group-ID, sticky. And what it makes in
// a directory that has set-group-ID, the kernel gives the directory's group, and
// the bit. Its copies set owners and all twelve bits, so in these cases things
// are made by copies.

// Bits beyond the permissions, as chmod has them.
const (
	specialBits = os.FileMode(0o7000)
	setGroupID  = os.FileMode(0o2000)
)

// makeDir appends the making of a directory whose parent is there, unless it is
// there itself: then it stays as it is.
func (c *contents) makeDir(dir string, owner *model.Owner, mode os.FileMode) {
	if c.scratch && c.touched[dir] {
		return
	}
	if mode&specialBits == 0 && !c.handsDown() {
		opts := []llb.MkdirOption{llb.WithCreatedTime(epoch)}
		if owner != nil {
			opts = append(opts, llb.WithUIDGID(owner.UID, owner.GID))
		}
		c.chain = c.chain.Mkdir(dir, mode, opts...)
		return
	}
	// The root of a tree becomes what is not there. All that it changes of a
	// directory that is there is the time.
	c.chain = c.chain.Copy(llb.Scratch(), "/", dir, special(owner, mode))
	c.inherit = c.inherit || mode&setGroupID != 0
}

// handsDown reports whether a directory may hand its group down to what is made in
// it: of what is not scratch nobody knows.
func (c *contents) handsDown() bool { return c.inherit || !c.scratch }

// makeFilled appends the making of a directory that a copy is to fill.
func (c *contents) makeFilled(dir string, owner *model.Owner) {
	if dir = path.Clean(dir); dir != "/" {
		c.makeDir(dir, owner, 0o755)
		c.mixed = true // what follows is put into it
	}
}

// copyTo appends the copy of a path of a tree to a name.
func (l *lowerer) copyTo(c *contents, i *model.Instance, tree llb.State, src, to string, info *llb.CopyInfo, at source.Span) {
	if !c.mayHold(to) {
		c.chain = c.chain.Copy(tree, src, to, info)
		return
	}
	l.copyOver(c, i, tree, src, to, info, at)
}

// copyOver appends the copy of a path of a tree to a name that may be there. A
// directory that is there gets the owner and mode of what is copied, and keeps what
// it holds; it is an error if only one of both is a directory.
func (l *lowerer) copyOver(c *contents, i *model.Instance, tree llb.State, src, to string, info *llb.CopyInfo, at source.Span) {
	// What BuildKit copies to a name goes into the directory that has the name. What
	// it copies with the directory around it, goes over what is there.
	around := llb.Scratch().File(llb.Copy(tree, src, "/in/"+path.Base(to), info), l.from(i.Title, "prepare "+to, at))
	l.origins[len(l.origins)-1].Copied = c.copied
	c.chain = c.chain.Copy(around, "/in", path.Dir(to), &llb.CopyInfo{CreateDestPath: true, CopyDirContentsOnly: true, CreatedTime: &epoch})
}

// setDir appends a step's making of a directory, which gives one that is there
// already the owner and mode that the step says.
func (l *lowerer) setDir(c *contents, i *model.Instance, s *model.Dir) {
	mode := fileMode(s.Mode, 0o755)
	if c.scratch && !c.touched[s.Path] || s.Inherited || s.Owner == nil && s.Mode == "" {
		c.makeDir(s.Path, s.Owner, mode)
		return
	}
	info := special(s.Owner, mode)
	info.CreateDestPath = true
	l.copyOver(c, i, llb.Scratch(), "/", s.Path, info, s.Span)
}

// makeFile appends the writing of a file whose parent is there.
func (l *lowerer) makeFile(c *contents, i *model.Instance, s *model.File) {
	mode := fileMode(s.Mode, 0o644)
	over := c.scratch && c.mayHold(s.Path) // BuildKit writes where a link leads, as runs do
	opts := []llb.MkfileOption{llb.WithCreatedTime(epoch)}
	if mode&specialBits == 0 && !c.inherit && !over {
		if o := c.owner(s.Owner); o != nil {
			opts = append(opts, llb.WithUIDGID(o.UID, o.GID))
		}
		c.chain = c.chain.Mkfile(s.Path, mode, []byte(s.Text), opts...)
		return
	}
	made := llb.Scratch().File(llb.Mkfile("/new", 0o600, []byte(s.Text), opts...), l.from(i.Title, "prepare "+s.Path, s.Span))
	info := special(s.Owner, mode)
	if over {
		info.CreateDestPath = true
		l.copyOver(c, i, made, "/new", s.Path, info, s.Span)
		return
	}
	c.chain = c.chain.Copy(made, "/new", s.Path, info)
}

// makeLink appends the making of a symbolic link whose parent is there. BuildKit follows
// a link that is at its path, and fails if a file is.
func (l *lowerer) makeLink(c *contents, i *model.Instance, s *model.Link) {
	opts := []llb.SymlinkOption{llb.WithCreatedTime(epoch)}
	if c.mayHold(s.Path) {
		made := llb.Scratch().File(llb.Symlink(s.To, "/new", opts...), l.from(i.Title, "prepare "+s.Path, s.Span))
		l.copyOver(c, i, made, "/new", s.Path, &llb.CopyInfo{CreateDestPath: true, CreatedTime: &epoch}, s.Span)
		return
	}
	if o := c.owner(nil); o != nil {
		opts = append(opts, llb.WithUIDGID(o.UID, o.GID))
	}
	c.chain = c.chain.Symlink(s.To, s.Path, opts...)
}

// owner is whom BuildKit has to be told to give something that it makes, or nil.
// What a step makes is root's unless it says otherwise, but a directory may hand
// its group down.
func (c *contents) owner(declared *model.Owner) *model.Owner {
	if declared == nil && c.handsDown() {
		return &model.Owner{}
	}
	return declared
}

func special(owner *model.Owner, mode os.FileMode) *llb.CopyInfo {
	info := &llb.CopyInfo{CreatedTime: &epoch, Mode: exactly(mode)}
	setOwnership(info, owner, "")
	return info
}

// exactly is a mode that a copy gives to what it copies, and to nothing else.
// BuildKit gives a mode that is a number to the parents that it makes, too.
func exactly(mode os.FileMode) *llb.ChmodOpt {
	return &llb.ChmodOpt{ModeStr: fmt.Sprintf("%#o", mode)}
}
