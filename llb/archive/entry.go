package archive

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/paths"
)

// Entry is an entry of an archive in the form for unpacking.
type Entry struct {
	Name string // as in the archive, for errors
	Path string // clean, relative, "." for the root
	// Kind is the tar type of a file, directory, symbolic or hard link, device or pipe.
	Kind         byte
	Link         string // the target of a symbolic link; of a hard link a path like Path
	Mode         uint32 // twelve bits
	UID, GID     int
	Seconds      int64 // seconds since 1970
	Major, Minor uint32
	Size         int64
	Capability   string // the value of the attribute, or ""
}

// Tar reads the entries of a tar archive.
type Tar struct {
	in    *tar.Reader
	plain io.Reader // the decompressed input of in
	// strip is the number of elements to remove from each path. Entries with no more elements are
	// skipped.
	strip  int
	system bool
	count  int64
}

// NewTar reads an archive to unpack into a directory.
func NewTar(plain io.Reader, strip int) *Tar {
	return &Tar{in: tar.NewReader(plain), plain: plain, strip: strip}
}

// System reads the archive of a root file system, which may be compressed, as in Plain. It may
// have devices and pipes.
func System(file io.Reader, bound func(io.Reader) io.Reader) (*Tar, error) {
	plain, err := Plain(file, bound)
	var other *OtherError
	if errors.As(err, &other) {
		return nil, fmt.Errorf("%w; a root file system must be a tar archive, plain or compressed with gzip, bzip2, xz or zstd", other)
	}
	return &Tar{in: tar.NewReader(plain), plain: plain, system: true}, err
}

// Next returns the next entry to unpack, or io.EOF. The Tar reads its content. Errors name the
// entry if they concern one.
func (t *Tar) Next() (*Entry, error) {
	for {
		h, err := t.in.Next()
		switch {
		case err == io.EOF:
			// Compressed data has checksums at its end, after tar's own end.
			if _, err := io.Copy(io.Discard, t.plain); err != nil {
				return nil, err
			}
			return nil, io.EOF
		case errors.Is(err, io.ErrUnexpectedEOF):
			return nil, fmt.Errorf("the archive is truncated after %d entries", t.count)
		case errors.Is(err, tar.ErrHeader):
			return nil, fmt.Errorf("the archive is corrupt after %d entries", t.count)
		case err != nil:
			return nil, err
		}
		t.count++
		e, err := t.entry(h)
		if err != nil {
			return nil, Of(h.Name, err)
		}
		if e != nil {
			return e, nil
		}
	}
}

// Entries returns the number of entries read, including skipped ones.
func (t *Tar) Entries() int64 { return t.count }

// Read reads the content of the last entry that Next returned.
func (t *Tar) Read(p []byte) (int, error) {
	n, err := t.in.Read(p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("the archive is truncated in this entry")
	}
	return n, err
}

// Of adds the name of the entry to an error.
func Of(name string, err error) error { return fmt.Errorf("%s: %w", Shown(name), err) }

// Shown returns an entry's name for an error, with escaped control characters.
func Shown(name string) string {
	if len(name) > 200 {
		name = name[:100] + "…" + name[len(name)-100:]
	}
	return fmt.Sprintf("%q", name)
}

// entry converts a header; nil if the header is skipped.
func (t *Tar) entry(h *tar.Header) (*Entry, error) {
	switch h.Typeflag {
	case tar.TypeXGlobalHeader:
		return nil, t.globalHeader(h)
	case volumeLabel:
		return nil, nil
	}
	e := &Entry{
		Name: h.Name, Kind: kindOf(h), Link: h.Linkname, Mode: uint32(h.Mode) & 0o7777, UID: h.Uid, GID: h.Gid,
		Seconds: h.ModTime.Unix(), Major: uint32(h.Devmajor), Minor: uint32(h.Devminor), Size: h.Size,
	}
	var err error
	if e.Path, err = Place(h.Name, t.strip); err != nil {
		return nil, err
	}
	if e.Path == "." {
		return nil, t.root(e)
	}
	if e.Capability, err = capabilityOf(h, e.Kind); err != nil {
		return nil, err
	}
	if err := t.numbers(h); err != nil {
		return nil, err
	}
	switch e.Kind {
	case tar.TypeDir, tar.TypeReg:
	case tar.TypeSymlink:
		if len(e.Link) == 0 || len(e.Link) > MaxPath {
			return nil, fmt.Errorf("the link target has %d bytes; Linux allows 1 to %d", len(e.Link), MaxPath)
		}
	case tar.TypeLink:
		if e.Link, err = Place(h.Linkname, t.strip); err == nil && e.Link == "." {
			err = errNotUnpacked
		}
		if err != nil {
			return nil, fmt.Errorf("hard link to %s: %w", Shown(h.Linkname), err)
		}
	case tar.TypeChar, tar.TypeBlock:
		if !t.system {
			return nil, errors.New("devices cannot be unpacked")
		}
	case tar.TypeFifo:
		if !t.system {
			return nil, errors.New("named pipes cannot be unpacked")
		}
	default:
		return nil, fmt.Errorf("unsupported entry type %q", e.Kind)
	}
	return e, nil
}

// numbers fails if a system's entry has an owner or a device that Linux cannot have. The numbers
// would be truncated and have another meaning.
func (t *Tar) numbers(h *tar.Header) error {
	if !t.system {
		return nil
	}
	for _, n := range []struct {
		what string
		is   int64
		most int64
	}{
		{"owner", int64(h.Uid), maxID}, {"group", int64(h.Gid), maxID},
		{"major device number", h.Devmajor, maxMajor}, {"minor device number", h.Devminor, maxMinor},
	} {
		if n.is < 0 || n.is > n.most {
			return fmt.Errorf("the %s %d is out of range; Linux allows 0 to %d", n.what, n.is, n.most)
		}
	}
	return nil
}

// Limits of Linux. The owner 4294967295 leaves a file's owner unchanged.
const (
	maxID    = 1<<32 - 2
	maxMajor = 1<<12 - 1
	maxMinor = 1<<20 - 1
)

var errNotUnpacked = errors.New("the target is not unpacked")

// root checks the entry of the root directory, which no layer has.
func (t *Tar) root(e *Entry) error {
	if t.system && e.Kind == tar.TypeDir && (e.Mode != 0o755 || e.UID != 0 || e.GID != 0) {
		return fmt.Errorf("the root directory has mode %#o and owner %d:%d, but images require 0755 and 0:0; "+
			"correct the directory before you make the archive, or omit its entry", e.Mode, e.UID, e.GID)
	}
	return nil
}

// Place returns the path for an entry's name without its first strip elements: clean and
// relative, "." if nothing is left. ".." goes up. It is an error if the path leads outside the
// archive or if an image cannot store it.
func Place(name string, strip int) (string, error) {
	var parts []string
	for part := range strings.SplitSeq(name, "/") {
		switch part {
		case "", ".":
		case "..":
			if len(parts) == 0 {
				return "", errors.New("the path leads outside the archive")
			}
			parts = parts[:len(parts)-1]
		default:
			parts = append(parts, part)
		}
	}
	if len(parts) <= strip {
		return ".", nil
	}
	parts = parts[strip:]
	if len(parts) > MaxDepth {
		return "", fmt.Errorf("the path has %d elements; the limit is %d", len(parts), MaxDepth)
	}
	for _, part := range parts {
		switch {
		case paths.DeletesFile(part):
			return "", fmt.Errorf("an image cannot contain the name %s: in a layer, names that begin with %s delete files", Shown(part), paths.Whiteout)
		case len(part) > maxName:
			return "", fmt.Errorf("a name in the path has %d bytes; Linux allows %d", len(part), maxName)
		case strings.Contains(part, "\x00"):
			return "", errors.New("the path contains a NUL byte")
		}
	}
	to := path.Join(parts...)
	if len(to) > MaxPath {
		return "", fmt.Errorf("the path has %d bytes; the limit is %d", len(to), MaxPath)
	}
	return to, nil
}

// Types of GNU tar that the library does not handle.
const (
	directoryList = 'D' // a directory of an incremental archive, with a list of names as content
	volumeLabel   = 'V'
)

// kindOf returns the type of an entry, the same for synonyms.
func kindOf(h *tar.Header) byte {
	switch h.Typeflag {
	case directoryList:
		return tar.TypeDir
	case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
		if strings.HasSuffix(h.Name, "/") {
			return tar.TypeDir // a directory, in the format before it had a type
		}
		return tar.TypeReg
	}
	return h.Typeflag
}

// globalHeader fails if a header for all following entries changes what is unpacked. Comments do
// not. Times and owners do only in a system.
func (t *Tar) globalHeader(h *tar.Header) error {
	for key := range h.PAXRecords {
		if slices.Contains([]string{"path", "linkpath", "size"}, key) || t.system && slices.Contains([]string{"uid", "gid", "mtime"}, key) || strings.HasPrefix(key, "GNU.sparse.") ||
			strings.HasPrefix(key, attributePrefix) || strings.HasPrefix(key, aclPrefix) {
			return fmt.Errorf("unsupported: a global header sets %s for all entries", Shown(key))
		}
	}
	return nil
}

// Attributes of files in headers.
const (
	attributePrefix = "SCHILY.xattr."
	aclPrefix       = "SCHILY.acl."
)

// Capability is the extended attribute with a file's capabilities.
const Capability = "security.capability"

// capabilityOf returns the value of an entry's capabilities. It skips labels of security modules,
// which belong to the machine that created the archive, and attributes outside of Linux's
// namespaces, which belong to other systems. Other attributes are errors, since layers cannot
// store them.
func capabilityOf(h *tar.Header, kind byte) (string, error) {
	capability := ""
	for key, value := range h.PAXRecords {
		if strings.HasPrefix(key, aclPrefix) && value != "" {
			return "", errors.New("an image cannot store its access control list")
		}
		name, ok := strings.CutPrefix(key, attributePrefix)
		switch {
		case !ok:
		case name == Capability:
			capability = value
		case strings.HasPrefix(name, "user."), strings.HasPrefix(name, "trusted."), strings.HasPrefix(name, "system."):
			return "", fmt.Errorf("an image cannot store its extended attribute %s", Shown(name))
		}
	}
	if capability != "" && kind != tar.TypeReg {
		return "", errors.New("only files can have capabilities")
	}
	return capability, nil
}
