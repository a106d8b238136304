package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/doc"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/lang/term"
	"github.com/layc-lang/layc/stdlib"
)

func (c *cli) docCommand() *cobra.Command {
	var asMarkdown, asJSON bool
	cmd := &cobra.Command{
		Use:        "doc [MODULE|WORD]",
		SuggestFor: []string{"docs", "man"},
		Short:      "Show the documentation of a module or of a word of the language",
		Long: `doc shows what a module exports: components with their parameters, slots, users
and values, each with the comment directly above it. MODULE is an import path
or a directory; the default is the current module.

"layc doc std" lists the modules that come with layc. "layc doc clauses" lists
the clauses of the language with their options. A word of the language, such as
copy, component or os.packages, is shown with examples, unless a directory has
the same name.`,
		Example: `  layc doc                     show the current module
  layc doc ./web
  layc doc std                 list the modules that come with layc
  layc doc std/java
  layc doc git+https://git.example.com/team/layers.git//java@v1.2.0
  layc doc std/java --markdown > java.md
  layc doc --json              print JSON, for scripts
  layc doc clauses             list all clauses and their options
  layc doc copy                explain a word
  layc doc os.packages
  layc doc clauses --json      print them as JSON, for editors`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage(cmd, "expected one module")
			}
			if asMarkdown && asJSON {
				return usage(cmd, "--markdown and --json exclude each other")
			}
			name := "."
			if len(args) == 1 {
				name = args[0]
			}
			switch name {
			case "std":
				return c.docStd(asJSON, asMarkdown)
			case "clauses":
				return c.docClauses("", asJSON, asMarkdown)
			}
			if isWord(name) && !c.isDirectory(name) {
				return c.docWord(name, asJSON, asMarkdown)
			}
			m, err := c.document(cmd, name)
			switch {
			case err != nil:
				return err
			case asJSON:
				return c.printJSON(m)
			case asMarkdown:
				_, err = fmt.Fprint(c.out, m.Markdown())
			default:
				err = c.page(func(w io.Writer, source func(string) string) { io.WriteString(w, m.Terminal(source)) })
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asMarkdown, "markdown", false, "print Markdown")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// document loads and documents a module, as far as it can be read. It prints the findings that
// keep it from being read.
func (c *cli) document(cmd *cobra.Command, name string) (*doc.Module, error) {
	in, shown, err := c.moduleInput(cmd, name)
	if err != nil {
		return nil, err
	}
	program, list := load.Load(in)
	if program == nil {
		return nil, c.findings(list)
	}
	if list.HasErrors() {
		list = slices.DeleteFunc(list, func(d *diag.Diagnostic) bool { return d.Severity != diag.Error })
		if err := c.findings(list); err != nil {
			return nil, err
		}
	}
	// Type errors are left to layc check; they hardly matter here.
	checked, _ := check.Check(program)
	m := doc.Of(checked, shown)
	if dir, err := filepath.Abs(c.dir); err == nil && shown == "." {
		m.Title = filepath.Base(dir)
	}
	return m, nil
}

// moduleInput returns the input that loads a module, and the path to show for it.
func (c *cli) moduleInput(cmd *cobra.Command, name string) (in load.Input, shown string, err error) {
	in = load.Input{Project: files(c.dir), Std: stdlib.FS, Dir: "."}
	pins, err := c.pins()
	if err != nil {
		return in, "", err
	}
	if in.Modules, err = c.fetched(cmd.Context(), pins, true); err != nil {
		return in, "", err
	}
	if strings.HasPrefix(name, "git+") {
		return repositoryInput(cmd, in, name)
	}
	if std, ok := strings.CutPrefix(name, "std/"); ok {
		known := stdModules()
		if !slices.Contains(known, std) {
			if near := diag.Nearest(std, known); near != "" {
				return in, "", usage(cmd, "unknown module std/%s; did you mean std/%s?", std, near)
			}
			return in, "", usage(cmd, "unknown module std/%s; %s", std, expected(known))
		}
		in.Project, in.Dir = stdlib.FS, std
		return in, name, nil
	}
	if !c.isDirectory(name) {
		if slices.Contains(stdModules(), name) {
			return in, "", usage(cmd, "no such directory: %s; did you mean std/%s?", name, name)
		}
		if near := diag.Nearest(name, words()); near != "" {
			return in, "", usage(cmd, "no such directory or word: %s; did you mean %s?", name, near)
		}
		return in, "", usage(cmd, "no such directory: %s; expected std/NAME or a directory", name)
	}
	// Relative imports of a module in the project may lead to the whole project.
	clean := path.Clean(filepath.ToSlash(name))
	if fs.ValidPath(clean) {
		in.Dir = clean
		if clean == "." {
			return in, ".", nil
		}
		return in, "./" + clean, nil
	}
	in.Project = files(c.path(name))
	return in, clean, nil
}

// path returns a path of the command line, which is relative to the module's directory.
func (c *cli) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(c.dir, name)
}

func (c *cli) isDirectory(name string) bool {
	info, err := os.Stat(c.path(name))
	return err == nil && info.IsDir()
}

// repositoryInput is moduleInput for a module of a git repository that the
// program imports.
func repositoryInput(cmd *cobra.Command, in load.Input, name string) (load.Input, string, error) {
	r, dir, err := load.ParseGit(name)
	if err != nil {
		return in, "", usage(cmd, "%s: %s", name, err)
	}
	fetched, ok := in.Modules[r]
	switch {
	case !ok:
		return in, "", usage(cmd, "%s is not pinned; import it and run layc lock", r)
	case fetched.Err != nil:
		return in, "", fetched.Err
	}
	in.Project, in.Dir = fetched.Files, dir
	return in, name, nil
}

// docStd lists the standard modules with the first sentence of their documentation.
func (c *cli) docStd(asJSON, asMarkdown bool) error {
	type entry struct {
		Path string `json:"path"`
		Text string `json:"text"`
	}
	var entries []entry
	width := 0
	for _, name := range stdModules() {
		program, _ := load.Load(load.Input{Project: stdlib.FS, Dir: name, Std: stdlib.FS})
		checked, _ := check.Check(program)
		e := entry{"std/" + name, doc.Synopsis(doc.Of(checked, "std/"+name).Text)}
		entries, width = append(entries, e), max(width, len(e.Path))
	}
	if asJSON {
		return c.printJSON(entries)
	}
	if asMarkdown {
		fmt.Fprint(c.out, "| module | contents |\n|---|---|\n")
		for _, e := range entries {
			fmt.Fprintf(c.out, "| `%s` | %s |\n", e.Path, e.Text)
		}
		return nil
	}
	for _, e := range entries {
		term.Flow(c.out, fmt.Sprintf("%-*s  ", width, e.Path), strings.Repeat(" ", width+2), e.Text)
	}
	return nil
}

// stdModules returns the sorted names of the standard modules.
func stdModules() []string {
	entries, _ := fs.ReadDir(stdlib.FS, ".") // embedded, so it does not fail
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}
