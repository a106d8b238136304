package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"
	"strings"
)

// unpackArgs unpacks as a command line says: STRIP ARCHIVE DIR [LIMIT].
func unpackArgs(args []string) error {
	strip, err := strconv.Atoi(args[0])
	if err != nil || strip < 0 {
		return fmt.Errorf("unpack: %q is not a number of directories", args[0])
	}
	limit := int64(0)
	if len(args) > 3 {
		if limit, err = strconv.ParseInt(args[3], 10, 64); err != nil || limit <= 0 {
			return fmt.Errorf("unpack: %q is not a number of bytes", args[3])
		}
	}
	return unpack(strip, limit, args[1], args[2])
}

// unpack writes what an archive holds below dir, which is made. The content
// says what kind of archive it is: tar, which may be compressed, or zip. The
// first strip elements of each path are cut off; entries that have no more than
// that are passed over. A limit of 0 bytes is the usual one, see budget.
//
// Files keep their permissions, all twelve bits, and their capabilities. They
// belong to root; their times are the canonical one. dir itself is 0755,
// whatever the archive says about its root. A later entry replaces an earlier one
// of the same path, but no directory that holds something. What cannot be kept is
// an error, as are paths that lead out of dir, by themselves or through a link.
func unpack(strip int, limit int64, file, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	x := &extraction{strip: strip, out: newDestination(root), budget: newBudget(limit, info.Size())}
	defer x.out.close()
	if err := x.archive(f, info.Size()); err != nil {
		return fmt.Errorf("unpacking the archive: %w", err)
	}
	if x.placed == 0 && strip == 0 {
		return errors.New("the archive is empty")
	}
	if x.placed == 0 {
		return fmt.Errorf("the archive holds nothing below %d leading directories", strip)
	}
	return x.out.finish()
}

// extraction is an archive that is being unpacked.
type extraction struct {
	strip  int
	placed int // entries that were written
	out    *destination
	budget *budget
}

// archive unpacks an archive of any kind. Tar comes first: its header has a
// checksum, while the name with which it begins may look like anything.
func (x *extraction) archive(f *os.File, size int64) error {
	in := bufio.NewReaderSize(f, 1<<20)
	first, err := in.Peek(blockSize)
	if err != nil && err != io.EOF {
		return err
	}
	if isTar(first) {
		return x.tar(in)
	}
	if plain, known, err := decompressed(in, first); known {
		if err != nil {
			return fmt.Errorf("reading compressed data: %w", err)
		}
		in = bufio.NewReaderSize(x.budget.stream(plain), 1<<20)
		if first, err = in.Peek(blockSize); err != nil && err != io.EOF {
			return fmt.Errorf("reading compressed data: %w", err)
		}
		if !isTar(first) {
			return errors.New("it is a compressed file, but not a compressed tar archive; without `unpack`, fetch keeps the file as it is")
		}
		return x.tar(in)
	}
	if name := otherKind(first); name != "" {
		return fmt.Errorf("it is %s; layc unpacks tar, also compressed with gzip, bzip2, xz or zstd, and zip", name)
	}
	return x.zip(f, size)
}

// otherKind names what a file is by how it begins, for files that are often
// taken for archives; "" if it is none of these.
func otherKind(first []byte) string {
	for _, k := range []struct{ magic, name string }{
		{"7z\xbc\xaf\x27\x1c", "a 7z archive"}, {"Rar!\x1a\x07", "a RAR archive"}, {"!<arch>\n", "an ar archive, such as a Debian package"},
		{"\xed\xab\xee\xdb", "an RPM package"}, {"070701", "a cpio archive"}, {"070707", "a cpio archive"},
		{"LZIP", "compressed with lzip"}, {"\x04\x22\x4d\x18", "compressed with lz4"}, {"\x1f\x9d", "compressed with compress"},
		{"\x5d\x00\x00", "compressed with lzma"}, {"\x89LZO", "compressed with lzop"},
	} {
		if bytes.HasPrefix(first, []byte(k.magic)) {
			return k.name
		}
	}
	if text := strings.ToLower(strings.TrimSpace(string(first))); strings.HasPrefix(text, "<!doctype html") || strings.HasPrefix(text, "<html") {
		return "a page of HTML"
	}
	return ""
}

// place is where an entry goes; ok is false if nothing of its path is left.
// Two dots go up, and an error says that the path leads out or that an image
// cannot hold it.
func (x *extraction) place(name string) (to string, ok bool, err error) {
	var parts []string
	for part := range strings.SplitSeq(name, "/") {
		switch part {
		case "", ".":
		case "..":
			if len(parts) == 0 {
				return "", false, errors.New("the path leads out of the archive")
			}
			parts = parts[:len(parts)-1]
		default:
			parts = append(parts, part)
		}
	}
	if len(parts) <= x.strip {
		return "", false, nil
	}
	parts = parts[x.strip:]
	if len(parts) > maxDepth {
		return "", false, fmt.Errorf("the path has %d elements, and layc unpacks at most %d", len(parts), maxDepth)
	}
	for _, part := range parts {
		if strings.HasPrefix(part, ".wh.") {
			return "", false, fmt.Errorf("an image cannot hold the name %q: in a layer, names that begin with .wh. delete files", part)
		}
	}
	if to = path.Join(parts...); len(to) > maxPath {
		return "", false, fmt.Errorf("the path has %d bytes, and layc unpacks at most %d", len(to), maxPath)
	}
	return to, true, nil
}

// shown is an entry's name in an error, where control characters are escaped.
func shown(name string) string {
	if len(name) > 200 {
		name = name[:100] + "…" + name[len(name)-100:]
	}
	return fmt.Sprintf("%q", name)
}
