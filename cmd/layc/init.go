package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/tools/txtar"

	"github.com/layc-lang/layc/lang/diag"
)

// templates has one project in each file. A comment tells what it is. Tests build all of them, so
// they stay valid.
//
//go:embed templates/*.txtar
var templates embed.FS

// template returns a project; "": the smallest one.
func template(name string) (*txtar.Archive, error) {
	if name == "" {
		name = "starter"
	}
	text, err := templates.ReadFile("templates/" + name + ".txtar")
	if err != nil {
		return nil, err
	}
	return txtar.Parse(text), nil
}

// templateNames are the values of --template, in the order of its help.
var templateNames = []string{"node", "python", "go", "java", "static", "fleet"}

func (c *cli) initCommand() *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:        "init [DIR]",
		SuggestFor: []string{"new", "create"},
		Short:      "Create a new project",
		Long: `init creates a small commented project in DIR or the current directory: a fleet
on Debian with one component and one app. It creates DIR if necessary. It never
changes existing files, and writes nothing if one is in the way, or if the
directory already is a module.

With --template, the project is a program that works, with the standard library:

` + templateList(),
		Example: `  layc init                    create a project in the current directory
  layc init shop && cd shop && layc lock && layc build -o out
  layc init shop --template node && cd shop && layc lock && layc run web`,
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := c.dir
			switch len(args) {
			case 0:
			case 1:
				dir = filepath.Join(c.dir, args[0])
				if filepath.IsAbs(args[0]) {
					dir = args[0]
				}
			default:
				return usage(cmd, "expected one directory")
			}
			if info, err := os.Stat(dir); err == nil && !info.IsDir() || errors.Is(err, syscall.ENOTDIR) {
				return usage(cmd, "%s: not a directory", dir)
			}
			if name != "" && !slices.Contains(templateNames, name) {
				if near := diag.Nearest(name, templateNames); near != "" {
					return usage(cmd, "--template=%s: unknown template; did you mean %s?", name, near)
				}
				return usage(cmd, "--template=%s: expected one of %s", name, strings.Join(templateNames, ", "))
			}
			if err := c.begin(dir, name); err != nil {
				return err
			}
			if name == "" && len(args) == 1 && slices.Contains(templateNames, args[0]) {
				c.announce(fmt.Sprintf("%s is the directory; for a program of this kind, run: layc init --template %[1]s", args[0]))
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&name, "template", "", "begin with a program: `NAME` is one of "+strings.Join(templateNames, ", "))
	return cmd
}

// templateList is the text of the help about the templates.
func templateList() string {
	var b strings.Builder
	for _, name := range templateNames {
		project, err := template(name)
		if err != nil {
			panic(err) // it is embedded
		}
		fmt.Fprintf(&b, "  %-8s%s\n", name, project.Comment)
	}
	return strings.TrimRight(strings.ReplaceAll(b.String(), "\n\n", "\n"), "\n")
}

// begin writes the project of a template into dir, completely or not at all.
func (c *cli) begin(dir, of string) error {
	project, err := template(of)
	if err != nil {
		return err
	}
	if there, err := filepath.Glob(filepath.Join(escapeGlob(dir), "*.layer")); err != nil {
		return err
	} else if len(there) > 0 {
		return fmt.Errorf("%s exists: the directory already is a module; name another directory", there[0])
	}
	for _, f := range project.Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if _, err := os.Lstat(name); err == nil {
			return fmt.Errorf("%s exists; name an empty directory, or move the file away", name)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return cannot("write", name, err)
		}
	}
	var written []string
	for _, f := range project.Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		err := os.MkdirAll(filepath.Dir(name), 0o777)
		if err == nil {
			err = createFile(name, f.Data)
		}
		if err != nil {
			for _, w := range written {
				os.Remove(w)
			}
			return cannot("write", name, err)
		}
		written = append(written, name)
	}
	for _, name := range written {
		fmt.Fprintf(c.out, "wrote %s\n", name)
	}
	app := "web" // every template has it
	if of == "" {
		app = "hello"
	}
	at := ""
	if filepath.Clean(dir) != "." {
		at = " -C " + shellQuote(dir)
	}
	fmt.Fprintf(c.out, `
Next steps:
  layc lock%[1]s            pin versions
  layc check%[1]s           check the project
  layc plan%[1]s            show its layers
  layc build%[1]s -o out    build the image into the directory out
  layc run%[1]s %-8[2]s    build the image and run it
`, at, app)
	return nil
}

// createFile writes a file that must not exist yet.
func createFile(name string, text []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// escapeGlob escapes a directory's name for a pattern.
func escapeGlob(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(name)
}
