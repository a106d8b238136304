package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/format"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/llb/replace"
	"github.com/layc-lang/layc/llb/world/git"
)

func (c *cli) fmtCommand() *cobra.Command {
	f := &formatting{cli: c}
	cmd := &cobra.Command{
		Use:        "fmt [FILE|DIR…]",
		SuggestFor: []string{"format"},
		Short:      "Format .layer files",
		Long: `fmt rewrites .layer files in canonical form: the named files, the files in the
named directories, or the files of the module. "-" formats standard input to
standard output. Files with syntax errors and vendored files stay unchanged. -d
and -l write no files, and exit with code 1 if a file would change.`,
		Example: `  layc fmt
  layc fmt -l .                list files that would change; exit code 1 if any
  layc fmt -d shop.layer       show the changes
  layc fmt - < shop.layer`,
		RunE: f.run,
	}
	cmd.Flags().BoolVarP(&f.diff, "diff", "d", false, "print differences instead of writing files")
	cmd.Flags().BoolVarP(&f.list, "list", "l", false, "list files that would change instead of writing them")
	return cmd
}

type formatting struct {
	*cli
	diff, list bool
	files      int // number of files read
	found      diag.List
	kept       []string // files with errors
	changed    bool
}

func (f *formatting) run(cmd *cobra.Command, args []string) error {
	if slices.Contains(args, "-") {
		if len(args) > 1 {
			return usage(cmd, "- (standard input) cannot be combined with other files")
		}
		if err := f.stdin(cmd); err != nil {
			return err
		}
		args = nil
	} else if len(args) == 0 {
		args = []string{"."}
	}
	for _, a := range args {
		if err := f.path(cmd, a); err != nil {
			return err
		}
	}
	if f.files == 0 && len(args) > 0 {
		fmt.Fprintf(f.err, "no .layer files in %s\n", strings.Join(args, ", "))
	}
	err := f.findings(f.found)
	for _, name := range f.kept {
		fmt.Fprintf(f.err, "not formatted: %s\n", name)
	}
	if err != nil {
		return err
	}
	if f.changed {
		return &codeError{exitInput}
	}
	return nil
}

func (f *formatting) stdin(cmd *cobra.Command) error {
	text, err := io.ReadAll(cmd.InOrStdin())
	if err != nil {
		return err
	}
	const name = "standard input"
	out, found := format.Source(source.New(name, string(text)))
	if f.found = found; found.HasErrors() {
		return nil
	}
	if f.diff || f.list {
		return f.compare(name, string(text), out)
	}
	return f.verbatim(out)
}

// path formats a file, or all files below a directory.
func (f *formatting) path(cmd *cobra.Command, name string) error {
	if !filepath.IsAbs(name) {
		name = filepath.Join(f.dir, name)
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return usage(cmd, "%s: no such file or directory", name)
	case err != nil:
		return cannot("read", name, err)
	case !info.IsDir() && filepath.Ext(name) != ".layer":
		return usage(cmd, "%s is not a .layer file", name)
	case !info.IsDir():
		return f.file(name)
	}
	return filepath.WalkDir(name, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return cannot("read", name, err)
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && d.Name() != "." && d.Name() != "..":
			return filepath.SkipDir
		case d.IsDir() && git.Vendored(name):
			return filepath.SkipDir // vendored files are verified, so they must not change
		case !d.IsDir() && strings.HasSuffix(name, ".layer"):
			return f.file(name)
		}
		return nil
	})
}

func (f *formatting) file(name string) error {
	f.files++
	if !f.diff && !f.list {
		replace.Sweep(filepath.Dir(name))
	}
	text, err := readInput(name)
	if err != nil {
		return cannot("read", name, err)
	}
	out, found := format.Source(source.New(name, string(text)))
	f.found = append(f.found, found...)
	switch {
	case found.HasErrors():
		f.kept = append(f.kept, name)
		return nil
	case out == string(text):
		return nil
	case f.diff || f.list:
		return f.compare(name, string(text), out)
	}
	return replaceFile(name, []byte(out))
}

// compare lists a file that would change, prints the difference, or both.
func (f *formatting) compare(name, text, formatted string) error {
	if text == formatted {
		return nil
	}
	f.changed = true
	if f.list {
		fmt.Fprintln(f.out, name)
	}
	if f.diff {
		if err := f.verbatim(string(diff.Diff(name, []byte(text), name+" (formatted)", []byte(formatted)))); err != nil {
			return err
		}
	}
	return nil
}
