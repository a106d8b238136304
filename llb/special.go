package llb

import (
	"fmt"
	"os"
	"path"

	"github.com/moby/buildkit/client/llb"

	"github.com/layc-lang/layc/compiler/component"
)

// BuildKit makes files and directories with the nine bits of permission only,
// and drops the others: set-user-ID, set-group-ID, sticky. And what it makes in
// a directory that has set-group-ID, the kernel gives the directory's group, and
// the bit. Its copies set owners and all twelve bits, so in these cases things
// are made somewhere else and copied into place.

// Bits beyond the permissions, as chmod has them.
const (
	specialBits = os.FileMode(0o7000)
	setGroupID  = os.FileMode(0o2000)
)

// makeDir appends the making of a directory whose parent is there, unless it is
// there itself: then it stays as it is. On what is not scratch nobody knows
// whether it is, and it is made without the other bits.
func (l *lowerer) makeDir(c *contents, i *component.Instance, dir string, owner *component.Owner, mode os.FileMode) {
	if !c.scratch || c.touched[dir] || mode&specialBits == 0 && !c.inherit {
		opts := []llb.MkdirOption{llb.WithCreatedTime(epoch)}
		if o := c.owner(owner); o != nil {
			opts = append(opts, llb.WithUIDGID(o.UID, o.GID))
		}
		c.chain = c.chain.Mkdir(dir, mode, opts...)
		return
	}
	made := llb.Scratch().File(llb.Mkdir("/new", 0o755, llb.WithCreatedTime(epoch)), l.from(i.Title, "prepare "+dir, c.origin))
	c.chain = c.chain.Copy(made, "/new", dir, special(owner, mode))
	c.inherit = c.inherit || mode&setGroupID != 0
}

// setDir appends a step's making of a directory, which gives one that is there
// already the owner and mode that the step says.
func (l *lowerer) setDir(c *contents, i *component.Instance, s *component.Dir) {
	mode := fileMode(s.Mode, 0o755)
	if c.scratch && !c.touched[s.Path] || s.Owner == nil && s.Mode == "" {
		l.makeDir(c, i, s.Path, s.Owner, mode)
		return
	}
	// What is copied into a directory overwrites, the directory itself stays.
	made := llb.Scratch().File(llb.Mkdir("/new", 0o755, llb.WithCreatedTime(epoch)), l.from(i.Title, "prepare "+s.Path, s.Span))
	in := llb.Scratch().File(llb.Copy(made, "/new", "/in/"+path.Base(s.Path), withParent(special(s.Owner, mode))), l.from(i.Title, "prepare "+s.Path, s.Span))
	c.chain = c.chain.Copy(in, "/in", path.Dir(s.Path), &llb.CopyInfo{CopyDirContentsOnly: true, CreatedTime: &epoch})
}

func withParent(info *llb.CopyInfo) *llb.CopyInfo {
	info.CreateDestPath = true
	return info
}

// makeFile appends the writing of a file whose parent is there.
func (l *lowerer) makeFile(c *contents, i *component.Instance, s *component.File) {
	mode := fileMode(s.Mode, 0o644)
	opts := []llb.MkfileOption{llb.WithCreatedTime(epoch)}
	if mode&specialBits == 0 && !c.inherit {
		if o := c.owner(s.Owner); o != nil {
			opts = append(opts, llb.WithUIDGID(o.UID, o.GID))
		}
		c.chain = c.chain.Mkfile(s.Path, mode, []byte(s.Text), opts...)
		return
	}
	made := llb.Scratch().File(llb.Mkfile("/new", 0o600, []byte(s.Text), opts...), l.from(i.Title, "prepare "+s.Path, s.Span))
	c.chain = c.chain.Copy(made, "/new", s.Path, special(s.Owner, mode))
}

// makeLink appends the making of a symbolic link whose parent is there.
func (l *lowerer) makeLink(c *contents, s *component.Link) {
	opts := []llb.SymlinkOption{llb.WithCreatedTime(epoch)}
	if o := c.owner(nil); o != nil {
		opts = append(opts, llb.WithUIDGID(o.UID, o.GID))
	}
	c.chain = c.chain.Symlink(s.To, s.Path, opts...)
}

// owner is whom BuildKit has to be told to give something that it makes, or nil.
// What a step makes is root's unless it says otherwise, but a directory may hand
// its group down, and of one that is not scratch nobody knows whether it does.
func (c *contents) owner(declared *component.Owner) *component.Owner {
	if declared == nil && (c.inherit || !c.scratch) {
		return &component.Owner{}
	}
	return declared
}

func special(owner *component.Owner, mode os.FileMode) *llb.CopyInfo {
	info := &llb.CopyInfo{CreatedTime: &epoch, Mode: exactly(mode)}
	setOwnership(info, owner, "")
	return info
}

// exactly is a mode that a copy gives to what it copies, and to nothing else.
// BuildKit gives a mode that is a number to the parents that it makes, too.
func exactly(mode os.FileMode) *llb.ChmodOpt {
	return &llb.ChmodOpt{ModeStr: fmt.Sprintf("%#o", mode)}
}
