package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/format"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/llb/module"
)

func (c *cli) fmtCommand() *cobra.Command {
	f := &formatting{cli: c}
	cmd := &cobra.Command{
		Use:        "fmt [FILE|DIR…]",
		SuggestFor: []string{"format"},
		Short:      "Write .layer files in their canonical form",
		Long: `fmt rewrites .layer files in their canonical form: those that are named, those
below directories that are named, or those of the module. "-" formats standard
input to standard output. A file with errors stays as it is, and so does what
layc vendor has written. With -d or -l no file is written, and the exit code is
1 if one would change.`,
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
	found      diag.List
	changed    bool
}

func (f *formatting) run(cmd *cobra.Command, args []string) error {
	if len(args) == 1 && args[0] == "-" {
		return f.stdin(cmd)
	}
	if len(args) == 0 {
		args = []string{f.dir}
	} else {
		for i, a := range args {
			if !filepath.IsAbs(a) {
				args[i] = filepath.Join(f.dir, a)
			}
		}
	}
	for _, a := range args {
		if err := f.path(a); err != nil {
			return err
		}
	}
	if err := f.findings(f.found); err != nil {
		return err
	}
	if f.changed && (f.diff || f.list) {
		return &codeError{exitInput}
	}
	return nil
}

func (f *formatting) stdin(cmd *cobra.Command) error {
	text, err := io.ReadAll(cmd.InOrStdin())
	if err != nil {
		return err
	}
	out, found := format.Source(source.New("standard input", string(text)))
	if err := f.findings(found); err != nil {
		return err
	}
	_, err = io.WriteString(f.out, out)
	return err
}

// path formats a file, or all files below a directory.
func (f *formatting) path(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return f.file(name)
	}
	return filepath.WalkDir(name, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && d.Name() != "." && d.Name() != "..":
			return filepath.SkipDir
		case d.IsDir() && module.Vendored(name):
			return filepath.SkipDir // others' files, verified as they are
		case !d.IsDir() && strings.HasSuffix(name, ".layer"):
			return f.file(name)
		}
		return nil
	})
}

func (f *formatting) file(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	out, found := format.Source(source.New(name, string(text)))
	f.found = append(f.found, found...)
	if found.HasErrors() || out == string(text) {
		return nil
	}
	f.changed = true
	switch {
	case f.list:
		fmt.Fprintln(f.out, name)
		return nil
	case f.diff:
		_, err := f.out.Write(diff.Diff(name, text, name+" (formatted)", []byte(out)))
		return err
	}
	return replaceFile(name, []byte(out))
}
