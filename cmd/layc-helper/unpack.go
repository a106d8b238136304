package main

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/layc-lang/layc/llb/archive"
)

// Package archive decides what an archive creates; this file writes it.

// unpackArgs calls unpack with command-line arguments: STRIP ARCHIVE DIR [LIMIT].
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

// unpack writes the content of an archive below dir, which is empty or created. It detects the
// kind of archive by content: zip, or tar, which may be compressed. It removes the first strip
// elements of each path, and skips entries with no more than that. A limit of 0 bytes means the
// default; see budget.
//
// Files keep all twelve mode bits and their capabilities. They belong to root and have the
// canonical time. dir itself has mode 0755, whatever the archive says about its root. A later
// entry replaces an earlier one with the same path, unless that is a non-empty directory. It is
// an error if an image cannot store an entry, or if a path leads outside dir, directly or through
// a link.
func unpack(strip int, limit int64, file, dir string) error {
	return extract("archive", file, dir, archive.NewTree(), func(x *extraction, f *os.File, size int64) error {
		x.budget = newBudget(limit, size)
		plain, err := archive.Plain(f, x.budget.stream)
		var other *archive.OtherError
		if errors.As(err, &other) {
			err = notTar(x, other, strip, f, size)
		} else if err == nil {
			err = x.tar(archive.NewTar(plain, strip))
		}
		switch {
		case err != nil || x.placed > 0:
			return err
		case strip == 0:
			return archive.ErrEmpty
		}
		return fmt.Errorf("the archive has no files below %d leading directories", strip)
	})
}

// notTar unpacks a zip, perhaps behind a script, and reports any other content.
func notTar(x *extraction, other *archive.OtherError, strip int, f *os.File, size int64) error {
	switch {
	case other.Compressed:
		return fmt.Errorf("%w; remove `unpack` to keep the file unchanged", other)
	case other.Is == "" || other.Is == archive.Zip:
		return x.zip(f, size, strip)
	}
	return fmt.Errorf("%w; `unpack` reads zip, and tar, plain or compressed with gzip, bzip2, xz or zstd", other)
}

// unpackSystem unpacks the archive of a root file system like unpack, but with owners, times,
// devices and pipes. Parents without an entry belong to root and have the canonical time. `layc
// lock` has checked the size.
func unpackSystem(file, dir string) error {
	return extract("root file system", file, dir, archive.NewSystemTree(), func(x *extraction, f *os.File, size int64) error {
		x.out.keep = true
		x.budget = unbounded()
		in, err := archive.System(f, x.budget.stream)
		if err != nil {
			return err
		}
		return x.tar(in)
	})
}

// extraction is the state of unpacking an archive.
type extraction struct {
	placed int // entries written so far
	out    *destination
	budget *budget
}

// extract opens an archive, creates a directory, and calls do to unpack one into the other. what
// names the archive in errors.
func extract(what, file, dir string, tree *archive.Tree, do func(*extraction, *os.File, int64) error) error {
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
	x := &extraction{out: &destination{root: root, tree: tree}}
	defer x.out.close()
	if err := do(x, f, info.Size()); err != nil {
		return fmt.Errorf("unpacking the %s: %w", what, err)
	}
	return x.out.finish()
}

// tar unpacks the entries of a tar archive.
func (x *extraction) tar(in *archive.Tar) error {
	for {
		e, err := in.Next()
		if failed := x.budget.entries(in.Entries()); failed != nil {
			return failed
		}
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = x.put(e, in)
		}
		if err != nil {
			return err
		}
	}
}

// put writes an entry, with its content if it is a file.
func (x *extraction) put(e *archive.Entry, content io.Reader) error {
	x.placed++
	err := x.out.put(e, func(f *os.File) error {
		if e.Kind != tar.TypeReg {
			return nil
		}
		_, err := io.Copy(&boundedFile{f, x.budget}, content)
		return err
	})
	if err != nil {
		return archive.Of(e.Name, err)
	}
	return nil
}
