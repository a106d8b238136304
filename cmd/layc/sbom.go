package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/sbom"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/term"
	"github.com/layc-lang/layc/llb/canon"
)

func (c *cli) sbomCommand() *cobra.Command {
	s := &bills{cli: c}
	cmd := &cobra.Command{
		Use:        "sbom [APP… | --select EXPR]",
		SuggestFor: []string{"bom", "spdx", "cyclonedx"},
		Short:      "List what images are made of, as SPDX or CycloneDX",
		Long: `sbom prints the software bill of materials of an image, without building it: an
SPDX 2.3 or a CycloneDX 1.6 document in JSON. For several apps or platforms, -o
writes one file for each: APP.spdx.json or APP.cdx.json.

A bill has the components of the app, the packages of the distribution with
their dependencies, downloads, and the base. Each has its package URL and the
checksum of the lock file. Bills have the same bytes as long as the program and
the lock file stay the same.

layc knows only what the program and the lock file say. It does not know

  - licenses;
  - what a run installs, with pip or npm for example;
  - what is in an image, layout or archive that is a base, or in a download.

A component with runs or such a base contains NOASSERTION in SPDX, and is
"incomplete" in CycloneDX. Of a component that an app only copies files from, a
bill has the downloads, with scope "optional" in CycloneDX, but not the packages
that it was built with.`,
		Example: `  layc sbom app1                          print an SPDX document
  layc sbom app1 --format cyclonedx       print a CycloneDX document
  layc sbom -o sboms                      write a file for each app
  layc sbom --select 'uses jdk' -o sboms`,
		RunE: s.run,
	}
	s.program.flags(cmd)
	s.selection.flag(cmd, "describe the apps")
	cmd.Flags().StringVar(&s.format, "format", "spdx", "write `FORMAT`: spdx or cyclonedx")
	cmd.Flags().StringVarP(&s.dir, "output", "o", "", "write a file for each app to `DIR`")
	return cmd
}

// bills is one invocation of layc sbom.
type bills struct {
	*cli
	program   program
	selection selection
	format    string
	dir       string
}

// bill is the document of one image.
type bill struct {
	file string // its name in the output directory
	text []byte
}

func (s *bills) run(cmd *cobra.Command, apps []string) error {
	if err := s.selection.take(cmd, apps); err != nil {
		return err
	}
	s.wants(cmd, apps)
	formats := []string{"spdx", "cyclonedx"}
	if s.format != formats[0] && s.format != formats[1] {
		if near := diag.Nearest(s.format, formats); near != "" {
			return usage(cmd, "--format %s: unknown format; did you mean %s?", s.format, near)
		}
		return usage(cmd, "--format %s: expected spdx or cyclonedx", s.format)
	}
	if s.dir != "" {
		if info, err := os.Stat(s.dir); err == nil && !info.IsDir() {
			return usage(cmd, "-o %s: is a file; name a directory", s.dir)
		}
	}
	out, err := s.compile(cmd, s.program, compiler.Planned)
	if err != nil {
		return err
	}
	sets, err := s.chosen(cmd, out, s.selection)
	if err != nil {
		return err
	}
	written, err := s.of(out, sets)
	if err != nil {
		return err
	}
	if s.dir == "" {
		switch len(written) {
		case 0:
			return nil
		case 1:
			return s.verbatim(string(written[0].text))
		}
		return usage(cmd, "%s would be printed as one; name one app and one --platform, or write files with -o DIR", term.Count(len(written), "document"))
	}
	for _, b := range written {
		file := filepath.Join(s.dir, b.file)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			return cannot("write", file, err)
		}
		if err := replaceFile(file, b.text); err != nil {
			return err
		}
		fmt.Fprintln(s.out, file)
	}
	return nil
}

// of returns the documents of the selected apps, by platform.
func (s *bills) of(out *compiler.Output, sets []map[string]bool) ([]bill, error) {
	var written []bill
	targets, plans := selected(out, sets)
	for n, p := range plans {
		for _, i := range append(p.Images, p.Published...) {
			b := sbom.Of(targets[n].Graph, i.App, out.Lock)
			file := fileName(i.App.Name)
			if len(out.Targets) > 1 {
				file += "." + strings.ReplaceAll(targets[n].Platform.String(), "/", "-")
			}
			write, ending := b.SPDX, ".spdx.json"
			if s.format == "cyclonedx" {
				write, ending = b.CycloneDX, ".cdx.json"
			}
			text, err := write(sbom.Maker{Version: versionNumber(), Time: canonical})
			if err != nil {
				return nil, err
			}
			written = append(written, bill{file + ending, text})
		}
	}
	return written, nil
}

// canonical is the time that all files of a build have, as text.
var canonical = canon.Time.Format("2006-01-02T15:04:05Z")

// fileName returns the name of an app as the name of a file. Names of images may have directories,
// which stay, and a tag, whose colon some file systems do not allow. An at sign is in no name.
func fileName(app string) string { return filepath.FromSlash(strings.ReplaceAll(app, ":", "@")) }
