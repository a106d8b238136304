package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/layc-lang/layc/compiler/deb822"
)

// A .deb is an ar archive of debian-binary, control.tar.* and data.tar.*.
// (deb(5))

// readMember finds the member of a .deb with a name that begins with prefix, "control.tar" or
// "data.tar", and passes it to read, decompressed.
func readMember(file, prefix string, read func(*tar.Reader) error) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, 1<<20)
	magic := make([]byte, 8)
	if _, err := io.ReadFull(in, magic); err != nil || string(magic) != "!<arch>\n" {
		return fmt.Errorf("%s is not a Debian package", file)
	}
	for {
		header := make([]byte, 60)
		if _, err := io.ReadFull(in, header); err != nil {
			return fmt.Errorf("%s has no %s: %w", file, prefix, err)
		}
		name := strings.TrimSuffix(strings.TrimSpace(string(header[:16])), "/")
		size, err := strconv.ParseInt(strings.TrimSpace(string(header[48:58])), 10, 64)
		if err != nil || size < 0 {
			return fmt.Errorf("%s: invalid size of %s", file, name)
		}
		if !strings.HasPrefix(name, prefix) {
			if _, err := io.CopyN(io.Discard, in, size+size%2); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			continue
		}
		plain, stop, err := decompress(name, io.LimitReader(in, size))
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		defer stop()
		if err := read(tar.NewReader(plain)); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		return nil
	}
}

func decompress(name string, in io.Reader) (plain io.Reader, stop func(), err error) {
	stop = func() {}
	switch ext := path.Ext(name); ext {
	case ".xz":
		plain, err = xz.NewReader(bufio.NewReaderSize(in, 1<<20))
	case ".gz":
		plain, err = gzip.NewReader(in)
	case ".zst":
		var z *zstd.Decoder
		if z, err = zstd.NewReader(in); err == nil {
			plain, stop = z, z.Close
		}
	case ".tar":
		plain = in
	default:
		err = fmt.Errorf("%s: unknown compression", name)
	}
	return plain, stop, err
}

// control is a package's metadata: fields by lower-case name.
type control map[string]string

func readControl(file string) (control, error) {
	var text []byte
	err := readMember(file, "control.tar", func(archive *tar.Reader) error {
		for {
			header, err := archive.Next()
			if err != nil {
				return fmt.Errorf("reading control file: %w", err)
			}
			if path.Clean(header.Name) == "control" {
				text, err = io.ReadAll(io.LimitReader(archive, 1<<20))
				return err
			}
		}
	})
	if err != nil {
		return nil, err
	}
	c := control{}
	field := ""
	lines := deb822.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		switch lines.Kind {
		case deb822.Field:
			field = strings.ToLower(string(lines.Name))
			c[field] = string(lines.Value)
		case deb822.More:
			c[field] += " " + string(lines.Value)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: control file, %w", file, err)
	}
	if c["package"] == "" {
		return nil, fmt.Errorf("%s: the control file names no package", file)
	}
	return c, nil
}

// names lists the package names in relation fields, without versions, including all alternatives.
func (c control) names(fields ...string) ([]string, error) {
	var list []string
	for _, field := range fields {
		groups, err := deb822.ParseRelations(c[field])
		if err != nil {
			return nil, fmt.Errorf("package %s has a malformed field %s: %w", c["package"], field, err)
		}
		for _, g := range groups {
			for _, r := range g {
				list = append(list, r.Name)
			}
		}
	}
	return list, nil
}
