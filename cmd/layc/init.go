package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// starter is the project that init writes, file by file. A script builds it, so it stays valid.
var starter = []struct{ name, text string }{
	{"fleet.layer", `# A fleet of one app. "layc doc std" lists the modules that come with layc.

import "std/debian"

# Settings of all apps.
fleet {
    base debian.release("12")
}

# A component is a part that images share: files, packages, settings. Parameters
# make it differ between apps. Apps that use it with equal arguments share its layer.
component greeter(greeting: string = "Hello") {
    changes monthly

    file "/opt/greeter/greet" text """
        #!/bin/sh
        echo "${greeting} from $(cat /opt/greeter/name)"
    """ mode 0755

    env PATH += "/opt/greeter"
}

# An app is an image: the components that it uses, and its own files. Add a
# second app and run layc plan to see what the two share.
app hello {
    uses greeter("Good morning")

    copy "hello/name" to "/opt/greeter/"

    user    "1000"
    command ["greet"]
}
`},
	{"hello/name", "layc\n"},
}

func (c *cli) initCommand() *cobra.Command {
	return &cobra.Command{
		Use:        "init [DIR]",
		SuggestFor: []string{"new", "create"},
		Short:      "Create a new project",
		Long: `init creates a small commented project in DIR or the current directory: a fleet
on Debian with one component and one app. It creates DIR if necessary. It never
changes existing files, and writes nothing if one is in the way, or if the
directory already is a module.`,
		Example: `  layc init                    create a project in the current directory
  layc init shop && cd shop && layc lock && layc build -o out`,
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
			return c.begin(dir)
		},
	}
}

// begin writes the starter project into dir, completely or not at all.
func (c *cli) begin(dir string) error {
	if there, err := filepath.Glob(filepath.Join(escapeGlob(dir), "*.layer")); err != nil {
		return err
	} else if len(there) > 0 {
		return fmt.Errorf("%s exists: the directory already is a module; name another directory", there[0])
	}
	for _, f := range starter {
		name := filepath.Join(dir, filepath.FromSlash(f.name))
		if _, err := os.Lstat(name); err == nil {
			return fmt.Errorf("%s exists; name an empty directory, or move the file away", name)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return cannot("write", name, err)
		}
	}
	var written []string
	for _, f := range starter {
		name := filepath.Join(dir, filepath.FromSlash(f.name))
		err := os.MkdirAll(filepath.Dir(name), 0o777)
		if err == nil {
			err = createFile(name, f.text)
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
`, at)
	return nil
}

// createFile writes a file that must not exist yet.
func createFile(name, text string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// escapeGlob escapes a directory's name for a pattern.
func escapeGlob(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(name)
}
