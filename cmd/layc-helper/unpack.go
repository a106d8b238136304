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

// What an archive makes, package archive says; here it is made.

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

// unpack writes what an archive holds below dir, which is empty or made. The
// content says what kind of archive it is: tar, which may be compressed, or zip.
// The first strip elements of each path are cut off; entries that have no more than
// that are passed over. A limit of 0 bytes is the usual one, see budget.
//
// Files keep their permissions, all twelve bits, and their capabilities. They
// belong to root; their times are the canonical one. dir itself is 0755,
// whatever the archive says about its root. A later entry replaces an earlier one
// of the same path, but no directory that holds something. What cannot be kept is
// an error, as are paths that lead out of dir, by themselves or through a link.
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

// notTar unpacks what is a zip, perhaps behind a script, and says of all else what
// it is.
func notTar(x *extraction, other *archive.OtherError, strip int, f *os.File, size int64) error {
	switch {
	case other.Compressed:
		return fmt.Errorf("%w; remove `unpack` to keep the file unchanged", other)
	case other.Is == "" || other.Is == archive.Zip:
		return x.zip(f, size, strip)
	}
	return fmt.Errorf("%w; `unpack` reads zip, and tar, plain or compressed with gzip, bzip2, xz or zstd", other)
}

// unpackSystem unpacks the archive of a root file system: as unpack does, but with
// owners, times, devices and pipes. What the archive does not mention belongs to
// root and has the canonical time. layc lock has seen how much it is.
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

// extraction is an archive that is being unpacked.
type extraction struct {
	placed int // entries that were written
	out    *destination
	budget *budget
}

// extract opens an archive and a directory that is made, and lets do unpack the one
// into the other. what says in errors what it is.
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
