package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler/importing"
	"github.com/layc-lang/layc/lang/term"
	"github.com/layc-lang/layc/llb/audit"
)

// The files that an import writes.
const (
	importedModule = "fleet.layer"
	importedIgnore = ".layerignore"
)

func (c *cli) importCommand() *cobra.Command {
	i := &imports{cli: c}
	cmd := &cobra.Command{
		Use:        "import [PATH…]",
		SuggestFor: []string{"convert", "migrate", "dockerfile"},
		Short:      "Translate Dockerfiles to a module",
		Long: `import translates Dockerfiles to a module of .layer files, in which images share
what is equal: bases, packages, equal lines of equal files, and images that are
made FROM others.

PATH is a Dockerfile, a compose file, a bake file, or a directory with
these. The default is the current directory. Without -o, the module is
printed, and nothing is written. With -o DIR, it is written to
DIR/fleet.layer, and the patterns of ignore files to DIR/.layerignore.
Steps copy files below their module, so DIR must contain the Dockerfiles
and their contexts. Files that exist stay unchanged unless --force replaces
them.

The report counts instructions by what became of them:

  exact       a clause that means the same
  idiom       clauses that do the same in layc's way, as for apt-get or mkdir
  run         a command, as it was
  repository  packages of a third party
  guess       a translation that may differ; the report says where and why
  question    not translated: a comment TODO(import) is in its place

Debian's images become Debian's packages, which images share one by one. --bases
images keeps all bases as images, which layc lock pins. With --bases std, some
images of Go, Node, Java, Tomcat and PostgreSQL become modules of the standard
library, each as a guess.`,
		Example: `  layc import                          print the module for the Dockerfiles here
  layc import -o .                     write it to fleet.layer
  layc import services/api/Dockerfile
  layc import compose.yaml -o . --json
  layc import --build-arg VERSION=3 --bases images
  layc import --images out             also say what sharing saves
  layc import --check                  also build both ways, and compare`,
		RunE: i.run,
	}
	f := cmd.Flags()
	f.StringVarP(&i.out, "output", "o", "", "write the module to the directory `DIR`")
	f.BoolVar(&i.force, "force", false, "replace fleet.layer and .layerignore")
	f.BoolVar(&i.asJSON, "json", false, "print the report as JSON")
	f.StringVar(&i.bases, "bases", "packages", "what images become: `KIND` is packages, images or std")
	f.StringArrayVar(&i.images, "images", nil, "measure what sharing saves with the images as they are, in `LAYOUT|IMAGE`")
	i.registries.flags(cmd)
	f.BoolVar(&i.proves, "check", false, "build all images both ways, and compare them")
	f.StringVar(&i.engine.state, "state", "", "keep the engine's state in `DIR` (default: layc in your cache directory)")
	f.StringVar(&i.context, "context", "", "the build context of all Dockerfiles is `DIR`")
	f.StringArrayVar(&i.args, "build-arg", nil, "set an ARG: `NAME=VALUE`")
	return cmd
}

// imports is one invocation of layc import.
type imports struct {
	*cli
	out, bases, context string
	args                []string
	force, asJSON       bool
	proves              bool // --check
	images              []string
	registries          registryFlags
	measured            *jsonMeasured
	engine              engineFlags
}

func (i *imports) run(cmd *cobra.Command, args []string) error {
	in := importing.Input{Builder: here.String()}
	switch i.bases {
	case "packages":
	case "images":
		in.Bases = importing.Images
	case "std":
		in.Bases = importing.Library
	default:
		return usage(cmd, "--bases %s: expected packages, images or std", i.bases)
	}
	root := i.dir
	if i.out != "" {
		root = i.within(i.out)
		if err := i.writable(cmd, root); err != nil {
			return err
		}
	}
	in.Files = files(root)
	paths, err := i.paths(cmd, root, args)
	if err != nil {
		return err
	}
	found, err := importing.Find(in.Files, paths)
	if err != nil {
		return err
	}
	in.Builds, in.Skipped, in.Registry = found.Builds, found.Skipped, found.Registry
	if len(in.Builds) == 0 && len(in.Skipped) == 0 {
		return usage(cmd, "no Dockerfile in %s", strings.Join(args, ", ")+strings.Repeat(i.dir, 1-min(len(args), 1)))
	}
	if err := i.adjust(cmd, root, in.Builds); err != nil {
		return err
	}
	if in.Measured, err = i.measure(cmd, in.Builds); err != nil {
		return err
	}
	result, err := importing.Import(in)
	if err != nil {
		return err
	}
	if err := i.deliver(root, result); err != nil || !i.proves {
		return err
	}
	return i.checkImport(cmd, root, in.Builds, result)
}

// within returns a path that is relative to the command's directory.
func (i *imports) within(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(i.dir, name)
}

// paths returns the arguments as paths of the project.
func (i *imports) paths(cmd *cobra.Command, root string, args []string) ([]string, error) {
	if len(args) == 0 {
		args = []string{"."}
	}
	var out []string
	for _, a := range args {
		rel, err := i.below(cmd, root, a)
		if err != nil {
			return nil, err
		}
		out = append(out, rel)
	}
	return out, nil
}

// below returns a path of the machine as a path of the project.
func (i *imports) below(cmd *cobra.Command, root, name string) (string, error) {
	full := i.within(name)
	if _, err := os.Stat(full); errors.Is(err, fs.ErrNotExist) {
		return "", usage(cmd, "%s: no such file or directory", name)
	} else if err != nil {
		return "", cannot("read", name, err)
	}
	from, err := filepath.Abs(root)
	if err != nil {
		return "", err
	}
	to, err := filepath.Abs(full)
	if err != nil {
		return "", err
	}
	rel, err := filepath.Rel(from, to)
	if err != nil || rel == ".." || strings.HasPrefix(rel, "../") {
		return "", usage(cmd, "%s is outside of %s, where the module is; steps copy files below it, so name a directory above with -o", name, root)
	}
	return filepath.ToSlash(rel), nil
}

// adjust gives builds what flags say.
func (i *imports) adjust(cmd *cobra.Command, root string, builds []importing.Build) error {
	set := map[string]string{}
	for _, a := range i.args {
		name, value, ok := strings.Cut(a, "=")
		if !ok || name == "" {
			return usage(cmd, "--build-arg %s: expected NAME=VALUE", a)
		}
		set[name] = value
	}
	context := ""
	if i.context != "" {
		var err error
		if context, err = i.below(cmd, root, i.context); err != nil {
			return err
		}
	}
	for n := range builds {
		b := &builds[n]
		if context != "" {
			b.Context, b.Guess = context, ""
		}
		for k, v := range set {
			if b.Args == nil {
				b.Args = map[string]string{}
			}
			b.Args[k] = v
		}
	}
	return nil
}

// writable fails if a file would be overwritten, or if the directory has a module already.
func (i *imports) writable(cmd *cobra.Command, root string) error {
	if info, err := os.Stat(root); err == nil && !info.IsDir() {
		return usage(cmd, "-o %s: not a directory", i.out)
	} else if err != nil {
		return usage(cmd, "-o %s: %s; steps copy files below the module, so name the directory with the Dockerfiles or one above", i.out, plainError(err))
	}
	there, err := filepath.Glob(filepath.Join(escapeGlob(root), "*.layer"))
	if err != nil {
		return err
	}
	for _, f := range there {
		if filepath.Base(f) != importedModule {
			return fmt.Errorf("%s exists: the directory already is a module; name another directory", f)
		}
		if !i.force {
			return fmt.Errorf("%s exists; move it away, or replace it with --force", f)
		}
	}
	return nil
}

// deliver writes or prints the module, and reports.
func (i *imports) deliver(root string, r *importing.Result) error {
	report := i.err
	var notes []string
	if i.out == "" && !i.asJSON && !i.proves {
		if err := i.verbatim(r.Module); err != nil {
			return err
		}
	} else if i.out != "" {
		report = i.cli.out
		var err error
		if notes, err = i.write(root, r); err != nil {
			return err
		}
	}
	if i.asJSON {
		return i.printJSON(r)
	}
	if !i.quiet {
		showReport(report, r.Report)
		i.measured.show(report, r.Report.Saved)
		for _, n := range notes {
			fmt.Fprintln(report, n)
		}
	}
	if i.out != "" {
		i.next(root)
	}
	return nil
}

// write writes the files, and returns what is left to say.
func (i *imports) write(root string, r *importing.Result) ([]string, error) {
	notes := []string{"", "wrote " + filepath.Join(root, importedModule)}
	if err := replaceFile(filepath.Join(root, importedModule), []byte(r.Module)); err != nil {
		return nil, err
	}
	name := filepath.Join(root, importedIgnore)
	if r.Ignore == "" {
		return notes, nil
	}
	have, err := os.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && i.force:
		if err := replaceFile(name, []byte(r.Ignore)); err != nil {
			return nil, err
		}
		return append(notes, "wrote "+name), nil
	case err != nil:
		return nil, cannot("read", name, err)
	}
	var missing []string
	for line := range strings.Lines(r.Ignore) {
		if line = strings.TrimSpace(line); !slices.Contains(strings.Split(string(have), "\n"), line) {
			missing = append(missing, "  "+line)
		}
	}
	if len(missing) > 0 {
		notes = append(notes, name+" exists and stays as it is. The .dockerignore files also have:")
		notes = append(notes, missing...)
	}
	return notes, nil
}

// next says what to do with the module.
func (i *imports) next(root string) {
	at := ""
	if filepath.Clean(root) != "." {
		at = " -C " + shellQuote(root)
	}
	fmt.Fprintf(i.cli.out, `
Next steps:
  layc lock%[1]s            pin versions
  layc plan%[1]s            show the layers that the images share
  layc build%[1]s -o out    build the images into the directory out
`, at)
}

// jsonImport is the result of an import for scripts. Fields are only added, never removed.
type jsonImport struct {
	importing.Report
	Module   string        `json:"module"`
	Measured *jsonMeasured `json:"measured,omitempty"`
	Ignore   string        `json:"layerignore,omitempty"`
}

func (i *imports) printJSON(r *importing.Result) error {
	text, err := json.MarshalIndent(jsonImport{r.Report, r.Module, i.measured, r.Ignore}, "", "  ")
	if err != nil {
		return err
	}
	return i.verbatim(string(text) + "\n")
}

// jsonMeasured are the images as they are, with the names of --images. Bytes are of blobs.
type jsonMeasured struct {
	Images  []string `json:"images"`
	Missing []string `json:"missing,omitempty"` // apps without an image of their name
	Stored  int64    `json:"stored"`
	Alone   int64    `json:"alone"`   // what hosts pull that have one image each
	Savable int64    `json:"savable"` // estimated: what is stored twice, or left behind
}

// measure reads the images that the Dockerfiles have made, says what they store twice, and returns their
// layers by the names of builds.
func (i *imports) measure(cmd *cobra.Command, builds []importing.Build) (map[string][]importing.Measured, error) {
	if len(i.images) == 0 {
		return nil, nil
	}
	client, err := i.registries.client(cmd)
	if err != nil {
		return nil, err
	}
	found, err := i.audit(cmd.Context(), client, i.images)
	if err != nil {
		return nil, err
	}
	i.measured = &jsonMeasured{Stored: found.Stored, Alone: found.Alone, Savable: found.Savable()}
	layers := map[string][]importing.Measured{}
	for _, image := range found.Images {
		i.measured.Images = append(i.measured.Images, image.Name)
		var list []importing.Measured
		for _, l := range image.Layers {
			list = append(list, importing.Measured{Digest: l.Digest, Bytes: l.Size, By: l.By})
		}
		short := image.Name[strings.LastIndex(image.Name, "/")+1:]
		layers[short] = list
		short, _, _ = strings.Cut(short, ":")
		layers[short] = list
	}
	for _, b := range builds {
		if _, ok := layers[b.Name]; !ok {
			i.measured.Missing = append(i.measured.Missing, b.Name)
		}
	}
	return layers, nil
}

// show prints what was measured; nothing without --images.
func (m *jsonMeasured) show(w io.Writer, saved *importing.Saved) {
	if m == nil {
		return
	}
	fmt.Fprintf(w, "\nthe images as they are: %s stored for %s, %s to pull each alone\n", audit.Size(m.Stored), term.Count(len(m.Images), "image"), audit.Size(m.Alone))
	if saved != nil {
		fmt.Fprintf(w, "with this module, about, for %s:\n", term.Count(saved.Images, "image"))
		for _, line := range []struct {
			what      string
			with, now int64
		}{
			{"stored, and pulled by a host that runs all", saved.Planned, saved.Stored},
			{"pulled by hosts that run one each", saved.PlannedAlone, saved.Alone},
			{"pulled by these after a release that changes the last copied files", saved.PlannedRelease, saved.Release},
		} {
			fmt.Fprintf(w, "  %s: %s, instead of %s\n", line.what, audit.Size(line.with), audit.Size(line.now))
		}
	}
	fmt.Fprintf(w, "a plan that shares everything stores up to ~%s less; see layc audit\n", audit.Size(m.Savable))
	if len(m.Missing) > 0 {
		fmt.Fprintf(w, "not measured: %s\n", strings.Join(m.Missing, ", "))
	}
}

// showSkipped prints what was left out, once each: the services that only run images are one line for their file.
func showSkipped(w io.Writer, skipped []importing.Skipped) {
	running := map[string][]string{}
	var files, lines []string
	for _, s := range skipped {
		if line := s.String(); s.Image == "" && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
		if s.Image == "" {
			continue
		}
		if running[s.File] == nil {
			files = append(files, s.File)
		}
		running[s.File] = append(running[s.File], s.Name+" ("+s.Image+")")
	}
	for _, f := range files {
		lines = append(lines, f+": services that only run an image: "+strings.Join(running[f], ", "))
	}
	for _, l := range lines {
		fmt.Fprintf(w, "not imported: %s\n", l)
	}
}

// showReport prints a report for people.
func showReport(w io.Writer, r importing.Report) {
	total := len(r.Instructions)
	fmt.Fprintf(w, "%s of %s: %s, %d of them shared\n", term.Count(len(r.Images), "image"), term.Count(total, "instruction"), term.Count(r.Components, "component"), r.Shared)
	for _, c := range importing.Classes {
		if n := r.Counts[c]; n > 0 {
			fmt.Fprintf(w, "  %-10s %5d  %3d%%\n", c, n, (200*n+total)/(2*total))
		}
	}
	showSkipped(w, r.Skipped)
	for _, image := range r.Images {
		if image.Why != "" {
			fmt.Fprintf(w, "guess: %s: %s\n", image.File, image.Why)
		}
	}
	if len(r.Standard) > 0 {
		fmt.Fprintf(w, "\nBases that stay images, although the standard library has the like:\n")
		for _, s := range r.Standard {
			fmt.Fprintf(w, "  %s: %s\n      %s\n", s.Image, s.Module, s.Has)
			if s.Why != "" {
				fmt.Fprintf(w, "      stays: %s\n", s.Why)
			}
		}
	}
	for _, what := range []struct {
		class importing.Class
		title string
	}{{importing.Question, "Questions, which the module has as TODO(import)"}, {importing.Repository, "Repositories of third parties"}, {importing.Guess, "Guesses, to look at"}} {
		if r.Counts[what.class] == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%s:\n", what.title)
		for _, i := range r.Instructions {
			if i.Class == what.class {
				fmt.Fprintf(w, "  %s:%d: %s\n      %s\n", i.File, i.Line, term.Cut(i.Text, 70), i.Why)
			}
		}
	}
}
