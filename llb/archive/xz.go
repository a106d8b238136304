package archive

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"

	"github.com/ulikunitz/xz"
)

// xzFooter is the size of the footer of an xz stream: a CRC32 of the rest, the size of the index,
// the flags of the stream, and "YZ".
const xzFooter = 12

// xzFile reads the streams of an xz file. The library accepts a file that ends before or in the
// header of a block, so the end of the file is checked, too.
type xzFile struct {
	*xz.Reader
	end *ending
}

// newXZ reads an xz file, which comes through end.
func newXZ(in io.Reader, end *ending) (*xzFile, error) {
	r, err := xz.NewReader(in)
	return &xzFile{r, end}, err
}

func (x *xzFile) Read(p []byte) (int, error) {
	n, err := x.Reader.Read(p)
	if err == io.EOF && !isXZFooter(x.end.last) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func isXZFooter(b []byte) bool {
	return len(b) == xzFooter && string(b[10:]) == "YZ" && binary.LittleEndian.Uint32(b) == crc32.ChecksumIEEE(b[4:10])
}

// ending passes a file on, and keeps its end.
type ending struct {
	in    io.Reader
	last  []byte // the last bytes up to the last one that is not NUL, as many as an xz footer has
	zeros int    // NULs after them: xz streams may be padded
}

func (e *ending) Read(p []byte) (int, error) {
	n, err := e.in.Read(p)
	text := bytes.TrimRight(p[:n], "\x00")
	if len(text) > 0 {
		e.last = append(e.last, make([]byte, min(e.zeros, xzFooter))...)
		e.last = append(e.last, text[max(0, len(text)-xzFooter):]...)
		e.last = append([]byte(nil), e.last[max(0, len(e.last)-xzFooter):]...)
		e.zeros = 0
	}
	e.zeros += n - len(text)
	return n, err
}
