package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/bzip2"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
	"golang.org/x/sys/unix"
	"golang.org/x/text/encoding/charmap"

	"github.com/layc-lang/layc/llb/archive"
)

// Where the zip format is ambiguous, this does the same as Info-ZIP's unzip.

func (x *extraction) zip(f *os.File, size int64, strip int) error {
	in, err := zip.NewReader(f, size)
	if errors.Is(err, zip.ErrFormat) {
		first := make([]byte, 2)
		if _, err := f.ReadAt(first, 0); err == nil && string(first) == "PK" {
			return errors.New("the zip archive is truncated or corrupt: it has no list of files at its end")
		}
		return errors.New("neither a zip nor a tar archive")
	}
	if err != nil {
		return err
	}
	var current *zip.File
	methods(in, func() *zip.File { return current })
	for n, file := range in.File {
		if err := x.budget.entries(int64(n + 1)); err != nil {
			return err
		}
		current = file
		if err := x.zipped(file, strip); err != nil {
			return err
		}
	}
	return nil
}

// zipped writes one entry of a zip.
func (x *extraction) zipped(f *zip.File, strip int) error {
	e, err := zipEntry(f, strip)
	if err != nil {
		return archive.Of(f.Name, err)
	}
	if e.Path == "." {
		return nil
	}
	if e.Kind == tar.TypeDir {
		return x.put(e, nil)
	}
	content, err := f.Open()
	if errors.Is(err, zip.ErrAlgorithm) {
		err = fmt.Errorf("unsupported compression method %d%s", f.Method, methodNames[f.Method])
	}
	if err != nil {
		return archive.Of(f.Name, zipReason(err))
	}
	defer content.Close()
	in := &zipContent{content}
	if e.Kind == tar.TypeSymlink {
		target, err := io.ReadAll(io.LimitReader(in, archive.MaxPath+1))
		if err == nil && (len(target) == 0 || len(target) > archive.MaxPath) {
			err = errors.New("the link target is empty or too long")
		}
		if err != nil {
			return archive.Of(f.Name, err)
		}
		e.Link = string(target)
	}
	return x.put(e, in)
}

// zipEntry converts the header of an entry.
func zipEntry(f *zip.File, strip int) (*archive.Entry, error) {
	name := zipName(f)
	to, err := archive.Place(name, strip)
	if err != nil || to == "." {
		return &archive.Entry{Path: to}, err
	}
	if f.Flags&1 != 0 {
		return nil, errors.New("encrypted entries cannot be unpacked")
	}
	mode := zipMode(f, name)
	e := &archive.Entry{Name: f.Name, Path: to, Mode: mode & 0o7777}
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		e.Kind = tar.TypeReg
	case unix.S_IFLNK:
		e.Kind = tar.TypeSymlink
	case unix.S_IFDIR:
		if e.Kind = tar.TypeDir; f.UncompressedSize64 > 0 {
			return nil, errors.New("a directory entry must not have content")
		}
	default:
		return nil, errors.New("devices, pipes and sockets cannot be unpacked")
	}
	return e, nil
}

// zipContent is the content of an entry, with readable errors.
type zipContent struct{ in io.Reader }

func (c *zipContent) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	if err != nil && err != io.EOF {
		err = zipReason(err)
	}
	return n, err
}

// zipReason explains an error of the library.
func zipReason(err error) error {
	switch {
	case errors.Is(err, zip.ErrChecksum):
		return errors.New("corrupt: wrong checksum")
	case errors.Is(err, zip.ErrFormat):
		return errors.New("corrupt: not where the list of files has it")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("truncated content")
	}
	var corrupt flate.CorruptInputError
	if errors.As(err, &corrupt) {
		return errors.New("corrupt: invalid compressed content")
	}
	return err
}

// Systems that create zip files, by their numbers in the format.
const (
	madeByFAT  = 0
	madeByUnix = 3
	madeByMac  = 19
)

// withoutModes are OS/2, old Macintosh, Windows NT and TOPS-20. The mode field of their entries
// is not a mode.
var withoutModes = []uint16{6, 7, 11, 12}

// extraUnicodePath is the number of an extra field with a name in UTF-8.
const extraUnicodePath = 0x7075

// zipName returns the path of an entry, with slashes. Names are UTF-8 if the entry says so; else
// they are bytes in the encoding of the creating system, which is code page 437 for DOS and
// Windows.
func zipName(f *zip.File) string {
	name, maker := f.Name, f.CreatorVersion>>8
	if f.Flags&0x800 == 0 {
		if unicode, ok := unicodePath(f); ok {
			name = unicode
		} else if maker == madeByFAT && strings.ContainsFunc(name, func(c rune) bool { return c > 0x7f }) {
			if decoded, err := charmap.CodePage437.NewDecoder().String(name); err == nil {
				name = decoded
			}
		}
	}
	if maker == madeByFAT && !strings.Contains(name, "/") {
		name = strings.ReplaceAll(name, `\`, "/")
	}
	return name
}

// unicodePath returns an entry's name in UTF-8 from an extra field, if the field was made for the
// name in the header.
func unicodePath(f *zip.File) (string, bool) {
	for extra := f.Extra; len(extra) >= 4; {
		id, size := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if extra = extra[4:]; size > len(extra) {
			break
		}
		field := extra[:size]
		if extra = extra[size:]; id != extraUnicodePath || size < 5 || field[0] != 1 {
			continue
		}
		if binary.LittleEndian.Uint32(field[1:]) == crc32.ChecksumIEEE([]byte(f.Name)) {
			return string(field[5:]), true
		}
	}
	return "", false
}

// zipMode returns the type and mode of an entry. For an entry that was not made on Unix, the
// attributes of DOS decide unless its mode agrees with them: a directory is 0755 and a file 0644,
// without write bits if it is read-only.
func zipMode(f *zip.File, name string) uint32 {
	const (
		readOnly  = 0x01
		directory = 0x10
	)
	mode, maker := f.ExternalAttrs>>16, f.CreatorVersion>>8
	if mode != 0 && mode&unix.S_IFMT == 0 {
		mode |= unix.S_IFREG // some programs omit it
	}
	isDir := strings.HasSuffix(name, "/")
	if maker == madeByUnix || maker == madeByMac {
		switch {
		case mode == 0 && isDir:
			return unix.S_IFDIR | 0o755
		case mode == 0:
			return unix.S_IFREG | 0o644
		case isDir:
			return unix.S_IFDIR | mode&0o7777
		}
		return mode
	}
	if slices.Contains(withoutModes, maker) {
		mode = 0
	}
	user := uint32(0o400)
	if f.ExternalAttrs&readOnly == 0 {
		user |= 0o200
	}
	if isDir = isDir || f.ExternalAttrs&directory != 0; isDir {
		user |= 0o100
	}
	if mode&0o700 != user {
		mode = user | user>>3&0o055 | user>>6&0o055
	}
	if isDir {
		return unix.S_IFDIR | mode&0o7777
	}
	return unix.S_IFREG | mode&0o7777
}

// Compression methods in addition to the library's.
const (
	methodDeflate64 = 9
	methodBzip2     = 12
	methodLZMA      = 14
	methodZstd      = 93
	methodXz        = 95
	methodPPMd      = 98
)

var methodNames = map[uint16]string{methodDeflate64: " (Deflate64)", methodPPMd: " (PPMd)"}

// methods registers further compression methods; current returns the entry that is being read.
func methods(archive *zip.Reader, current func() *zip.File) {
	register := func(method uint16, open func(io.Reader) (io.Reader, error)) {
		archive.RegisterDecompressor(method, func(in io.Reader) io.ReadCloser {
			out, err := open(in)
			if err != nil {
				out = &failing{err}
			}
			return io.NopCloser(out)
		})
	}
	register(methodBzip2, func(in io.Reader) (io.Reader, error) { return bzip2.NewReader(in), nil })
	register(methodXz, func(in io.Reader) (io.Reader, error) { return xz.NewReader(in) })
	register(methodZstd, func(in io.Reader) (io.Reader, error) {
		return zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
	})
	register(methodLZMA, func(in io.Reader) (io.Reader, error) { return zipLZMA(in, current().UncompressedSize64) })
}

// zipLZMA reads LZMA data of size bytes. Its header in a zip differs from an LZMA file's: a
// version, the size of the properties, and the properties.
func zipLZMA(in io.Reader, size uint64) (io.Reader, error) {
	var head [4]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return nil, err
	}
	properties := make([]byte, binary.LittleEndian.Uint16(head[2:]))
	if len(properties) != 5 {
		return nil, errors.New("invalid LZMA properties")
	}
	if _, err := io.ReadFull(in, properties); err != nil {
		return nil, err
	}
	header := binary.LittleEndian.AppendUint64(slices.Clone(properties), size)
	return lzma.NewReader(io.MultiReader(bytes.NewReader(header), in))
}

// failing is a reader that fails.
type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }
