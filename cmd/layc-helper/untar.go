package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// blockSize is the size of a tar header.
const blockSize = 512

// isTar reports whether a block is a tar header: whether its checksum holds.
func isTar(block []byte) bool {
	if len(block) < blockSize {
		return false
	}
	field := strings.Trim(string(block[148:156]), " \x00")
	want, err := strconv.ParseInt(field, 8, 64)
	if err != nil {
		return false
	}
	// Old programs add up signed bytes. The field itself counts as spaces.
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

// decompressed reads compressed data; known is false if the way in which it
// begins is that of no compression that layc knows.
func decompressed(in io.Reader, first []byte) (plain io.Reader, known bool, err error) {
	switch {
	case bytes.HasPrefix(first, []byte("\x1f\x8b")):
		plain, err = gzip.NewReader(in)
	case bytes.HasPrefix(first, []byte("BZh")):
		plain = bzip2.NewReader(in)
	case bytes.HasPrefix(first, []byte("\xfd7zXZ\x00")):
		plain, err = xz.NewReader(in)
	case bytes.HasPrefix(first, []byte("\x28\xb5\x2f\xfd")), len(first) > 4 && first[0]&0xf0 == 0x50 && bytes.HasPrefix(first[1:], []byte("\x2a\x4d\x18")):
		// The second form is a frame to skip, with which some programs begin. The
		// window is what the program zstd takes without a flag.
		plain, err = zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
	default:
		return nil, false, nil
	}
	return plain, true, err
}

func (x *extraction) tar(in *bufio.Reader) error {
	archive := tar.NewReader(in)
	for {
		h, err := archive.Next()
		switch {
		case err == io.EOF:
			return nil
		case errors.Is(err, tar.ErrHeader):
			return fmt.Errorf("the archive is damaged after %d entries", x.budget.entries)
		case err != nil:
			return err
		}
		if err := x.budget.entry(); err != nil {
			return err
		}
		if err := x.member(archive, h); err != nil {
			return fmt.Errorf("%s: %w", shown(h.Name), err)
		}
	}
}

// member writes one entry of a tar archive.
func (x *extraction) member(archive *tar.Reader, h *tar.Header) error {
	switch h.Typeflag {
	case tar.TypeXGlobalHeader:
		return globalHeader(h)
	case volumeLabel:
		return nil
	}
	to, ok, err := x.place(h.Name)
	if err != nil || !ok {
		return err
	}
	x.placed++
	capability, err := capabilityOf(h)
	if err != nil {
		return err
	}
	mode := h.FileInfo().Mode()
	switch kind := kindOf(h); kind {
	case tar.TypeDir:
		return x.out.dir(to, mode)
	case tar.TypeReg:
		return x.out.file(to, mode, capability, &boundedCopy{archive, x.budget})
	case tar.TypeSymlink:
		return x.out.symlink(to, h.Linkname)
	case tar.TypeLink:
		from, ok, err := x.place(h.Linkname)
		if err != nil || !ok {
			return errors.Join(err, fmt.Errorf("it is a hard link to %s, which is not unpacked", shown(h.Linkname)))
		}
		return x.out.hardLink(to, from)
	case tar.TypeChar, tar.TypeBlock:
		return errors.New("it is a device, which layc does not unpack")
	case tar.TypeFifo:
		return errors.New("it is a named pipe, which layc does not unpack")
	default:
		return fmt.Errorf("entries of the type %q are not unpacked", kind)
	}
}

// Types of GNU tar that the library leaves to its users.
const (
	directoryList = 'D' // a directory of an incremental archive; its content lists names
	volumeLabel   = 'V'
)

// kindOf is the type of an entry, where several mean the same.
func kindOf(h *tar.Header) byte {
	switch h.Typeflag {
	case directoryList:
		return tar.TypeDir
	case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
		if strings.HasSuffix(h.Name, "/") {
			return tar.TypeDir // as before there was a type for it
		}
		return tar.TypeReg
	}
	return h.Typeflag
}

// globalHeader fails if a header that speaks of all entries to follow changes
// what is unpacked. Comments, times and owners do not.
func globalHeader(h *tar.Header) error {
	for key := range h.PAXRecords {
		if slices.Contains([]string{"path", "linkpath", "size"}, key) || strings.HasPrefix(key, "GNU.sparse.") ||
			strings.HasPrefix(key, attributePrefix) || strings.HasPrefix(key, aclPrefix) {
			return fmt.Errorf("a global header sets %s for all entries, which layc does not follow", shown(key))
		}
	}
	return nil
}

// Attributes of files, as headers name them.
const (
	attributePrefix = "SCHILY.xattr."
	aclPrefix       = "SCHILY.acl."
)

// capabilityOf is the value of an entry's capabilities. Labels of security
// modules belong to the machine that made the archive, and attributes without a
// namespace of Linux to other systems: they are left out. Other attributes cannot
// be in a layer.
func capabilityOf(h *tar.Header) (string, error) {
	capability := ""
	for key, value := range h.PAXRecords {
		if strings.HasPrefix(key, aclPrefix) && value != "" {
			return "", errors.New("it has an access control list, which an image cannot hold")
		}
		name, ok := strings.CutPrefix(key, attributePrefix)
		switch {
		case !ok:
		case name == capabilityName:
			capability = value
		case strings.HasPrefix(name, "user."), strings.HasPrefix(name, "trusted."), strings.HasPrefix(name, "system."):
			return "", fmt.Errorf("it has the extended attribute %s, which an image cannot hold", shown(name))
		}
	}
	if capability != "" && kindOf(h) != tar.TypeReg {
		return "", errors.New("it has capabilities and is not a file")
	}
	return capability, nil
}
