package llb

import (
	"fmt"
	"os"
	"path"

	"github.com/moby/buildkit/client/llb"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/source"
)

// BuildKit creates files and directories with the nine permission bits only, and drops the
// others: set-user-ID, set-group-ID, sticky. In a directory with set-group-ID, the kernel passes
// on the directory's group, and to directories also the bit. BuildKit's copies set owners and all
// twelve bits, so these cases use copies.

// Bits beyond the permissions, with chmod's values.
const (
	specialBits = os.FileMode(0o7000)
	setGroupID  = os.FileMode(0o2000)
)

// makeDir appends an action that creates a directory in an existing parent. An existing directory
// stays unchanged.
func (c *contents) makeDir(dir string, owner *model.Owner, mode os.FileMode) {
	if c.scratch && c.touched[dir] {
		return
	}
	if mode&specialBits == 0 && !c.handsDown() {
		opts := []llb.MkdirOption{llb.WithCreatedTime(epoch)}
		if c.mayHold(dir) {
			opts = append(opts, llb.WithParents(true)) // fails if something else is there
		}
		if owner != nil {
			opts = append(opts, llb.WithUIDGID(owner.UID, owner.GID))
		}
		c.chain = c.chain.Mkdir(dir, mode, opts...)
		return
	}
	// The root of a tree becomes the missing directory. Of an existing directory the copy changes
	// only the time.
	c.chain = c.chain.Copy(llb.Scratch(), "/", dir, special(owner, mode))
	c.inherit = c.inherit || mode&setGroupID != 0
}

// handsDown reports whether a directory may pass its group on to new entries. Unless the state is
// scratch, that is unknown, so the answer is yes.
func (c *contents) handsDown() bool { return c.inherit || !c.scratch }

// makeFilled appends an action that creates a directory for a copy to fill.
func (c *contents) makeFilled(dir string, owner *model.Owner) {
	if dir = path.Clean(dir); dir != "/" {
		c.makeDir(dir, owner, 0o755)
		c.mixed = true // the copy writes into it
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

// copyOver appends the copy of a path of a tree to a name that may exist. An existing directory
// gets the owner and mode of the source and keeps its content. It is an error if only one of the
// two is a directory.
func (l *lowerer) copyOver(c *contents, i *model.Instance, tree llb.State, src, to string, info *llb.CopyInfo, at source.Span) {
	// BuildKit copies to a name into an existing directory of that name. With the directory
	// around it, the copy replaces what exists.
	around := llb.Scratch().File(llb.Copy(tree, src, "/in/"+path.Base(to), info), l.from(i.Title, "prepare "+to, at))
	l.origins[len(l.origins)-1].Copied = c.copied
	c.chain = c.chain.Copy(around, "/in", path.Dir(to), &llb.CopyInfo{CreateDestPath: true, CopyDirContentsOnly: true, CreatedTime: &epoch})
}

// setDir appends a dir step. An existing directory gets the step's owner and mode.
func (l *lowerer) setDir(c *contents, i *model.Instance, s *model.Dir) {
	mode := fileMode(s.Mode, 0o755)
	if c.scratch && !c.touched[s.Path] && !c.mayHold(s.Path) || s.Inherited || s.Owner == nil && s.Mode == "" {
		c.makeDir(s.Path, s.Owner, mode)
		return
	}
	info := special(s.Owner, mode)
	info.CreateDestPath = true
	l.copyOver(c, i, llb.Scratch(), "/", s.Path, info, s.Span)
}

// makeFile appends an action that writes a file in an existing parent.
func (l *lowerer) makeFile(c *contents, i *model.Instance, s *model.File) {
	mode := fileMode(s.Mode, 0o644)
	over := c.scratch && c.mayHold(s.Path) // BuildKit writes through a link, and so do runs
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

// makeLink appends an action that creates a symbolic link in an existing parent. BuildKit follows
// an existing link at its path, and fails if there is a file.
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

// owner returns the owner to pass to BuildKit, or nil. New entries belong to root unless the step
// sets an owner, but a directory may pass on its group.
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

// exactly returns a mode that applies only to the copied entry. BuildKit applies a numeric mode
// to the parents that it creates, too.
func exactly(mode os.FileMode) *llb.ChmodOpt {
	return &llb.ChmodOpt{ModeStr: fmt.Sprintf("%#o", mode)}
}
