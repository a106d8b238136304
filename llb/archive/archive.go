// Package archive decides what unpacking an archive creates: whether it is a tar archive and how
// it is compressed, what its entries mean, which of them replace others, where they go, and what
// is refused. Two programs use it: the helper, which unpacks archives in build steps, and `layc
// lock`, which inspects bases. So a base always matches its facts in the lock file.
package archive

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// ErrEmpty is the error for an archive without entries.
var ErrEmpty = errors.New("the archive is empty")

// OtherError is the error for a file that is not a tar archive.
type OtherError struct {
	Is         string // what the file is, such as Zip; "" if unknown
	Compressed bool   // the file is compressed, and this describes its content
}

// Zip is the Is of an OtherError for a zip archive.
const Zip = "a zip archive"

func (e *OtherError) Error() string {
	switch {
	case e.Compressed:
		return "a compressed file, but not a tar archive"
	case e.Is == "":
		return "not a tar archive"
	}
	return "not a tar archive, but " + e.Is
}

// blockSize is the size of a tar header.
const blockSize = 512

// Plain returns the tar archive in a file, decompressed. It detects the format by content, tar
// first: a tar header has a checksum, and the name at its start may look like another format.
// bound wraps the decompressed data. The error is ErrEmpty, an *OtherError, or one of reading.
func Plain(file io.Reader, bound func(io.Reader) io.Reader) (*bufio.Reader, error) {
	end := &ending{in: file}
	in, first, err := begin(end)
	if err != nil {
		return nil, err
	}
	if isTar(first) {
		return in, nil
	}
	plain, known, err := decompressed(in, first, end)
	if !known {
		return nil, otherwise(first, false)
	}
	if err == nil {
		in, first, err = begin(bound(&checked{plain}))
	}
	if err != nil {
		return nil, damaged(err)
	}
	if isTar(first) {
		return in, nil
	}
	return nil, otherwise(first, true)
}

// begin returns a file together with its first block.
func begin(file io.Reader) (*bufio.Reader, []byte, error) {
	in := bufio.NewReaderSize(file, 1<<20)
	first, err := in.Peek(blockSize)
	if err == io.EOF {
		err = nil
	}
	return in, first, err
}

// otherwise returns the error for a file that is not a tar archive.
func otherwise(first []byte, compressed bool) error {
	if len(bytes.Trim(first, "\x00")) == 0 {
		return ErrEmpty
	}
	return &OtherError{otherKind(first), compressed}
}

// isTar reports whether a block is a tar header with a valid checksum.
func isTar(block []byte) bool {
	if len(block) < blockSize {
		return false
	}
	field := strings.Trim(string(block[148:156]), " \x00")
	want, err := strconv.ParseInt(field, 8, 64)
	if err != nil {
		return false
	}
	// Old programs sum signed bytes. The checksum field itself counts as spaces.
	var unsigned, signed int64
	for i, c := range block[:blockSize] {
		if i >= 148 && i < 156 {
			c = ' '
		}
		unsigned += int64(c)
		signed += int64(int8(c))
	}
	return want == unsigned || want == signed
}

// decompressed reads compressed data. known is false if the format is unknown. The data comes
// through end.
func decompressed(in *bufio.Reader, first []byte, end *ending) (plain io.Reader, known bool, err error) {
	switch {
	case bytes.HasPrefix(first, []byte("\x1f\x8b")):
		plain, err = newGzip(in)
	case bytes.HasPrefix(first, []byte("BZh")):
		plain = bzip2.NewReader(in)
	case bytes.HasPrefix(first, []byte("\xfd7zXZ\x00")):
		plain, err = newXZ(in, end)
	case bytes.HasPrefix(first, []byte("\x28\xb5\x2f\xfd")), len(first) > 4 && first[0]&0xf0 == 0x50 && bytes.HasPrefix(first[1:], []byte("\x2a\x4d\x18")):
		// The second form is a skippable frame, with which some programs start. The window is the
		// default of the program zstd.
		plain, err = zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
	default:
		return nil, false, nil
	}
	return plain, true, err
}

// gzipped reads the concatenated streams of a gzip file. NULs may follow, since tapes and some
// programs fill up blocks; the library would report a corrupt stream.
type gzipped struct {
	in *bufio.Reader
	*gzip.Reader
}

func newGzip(in *bufio.Reader) (*gzipped, error) {
	r, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	r.Multistream(false)
	return &gzipped{in, r}, nil
}

func (g *gzipped) Read(p []byte) (int, error) {
	n, err := g.Reader.Read(p)
	switch {
	case err != io.EOF:
		return n, err
	case n > 0:
		return n, nil // the next call looks for another stream
	}
	for {
		b, err := g.in.ReadByte()
		if err != nil {
			return 0, err
		}
		if b != 0 {
			break
		}
	}
	if err := g.in.UnreadByte(); err != nil {
		return 0, err
	}
	if err := g.Reader.Reset(g.in); err != nil {
		return 0, err
	}
	g.Reader.Multistream(false)
	return g.Read(p)
}

// otherKind names the format of a file that is often confused with an archive; "" if unknown.
func otherKind(first []byte) string {
	for _, k := range []struct{ magic, name string }{
		{"PK\x03\x04", Zip}, {"PK\x05\x06", Zip}, {"hsqs", "a squashfs image"},
		{"7z\xbc\xaf\x27\x1c", "a 7z archive"}, {"Rar!\x1a\x07", "a RAR archive"}, {"!<arch>\n", "an ar archive, such as a Debian package"},
		{"\xed\xab\xee\xdb", "an RPM package"}, {"070701", "a cpio archive"}, {"070707", "a cpio archive"},
		{"LZIP", "a file compressed with lzip"}, {"\x04\x22\x4d\x18", "a file compressed with lz4"}, {"\x1f\x9d", "a file compressed with compress"},
		{"\x5d\x00\x00", "a file compressed with lzma"}, {"\x89LZO", "a file compressed with lzop"},
	} {
		if bytes.HasPrefix(first, []byte(k.magic)) {
			return k.name
		}
	}
	if text := strings.ToLower(strings.TrimSpace(string(first))); strings.HasPrefix(text, "<!doctype html") || strings.HasPrefix(text, "<html") {
		return "an HTML page"
	}
	return ""
}

// checked is decompressed data with readable errors.
type checked struct{ in io.Reader }

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	if err != nil && err != io.EOF {
		err = damaged(err)
	}
	return n, err
}

// damagedError is an error in the content of an archive.
type damagedError struct{ error }

// Unwrap gives access to an error of the connection.
func (e *damagedError) Unwrap() error { return e.error }

func (e *damagedError) Error() string {
	if errors.Is(e.error, io.ErrUnexpectedEOF) || errors.Is(e.error, io.EOF) {
		return "the compressed data is truncated"
	}
	return fmt.Sprintf("the compressed data is corrupt (%v)", e.error)
}

// damaged explains an error of a decompressor.
func damaged(err error) error {
	var limit *LimitError
	var known *damagedError
	if errors.As(err, &limit) || errors.As(err, &known) {
		return err
	}
	return &damagedError{err}
}
