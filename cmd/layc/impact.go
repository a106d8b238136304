package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/report"
	"github.com/layc-lang/layc/compiler/whatif"
	"github.com/layc-lang/layc/lang/term"
)

func (c *cli) impactCommand() *cobra.Command {
	i := &impact{cli: c}
	cmd := &cobra.Command{
		Use:   "impact COMPONENT… | --select EXPR | --since REV",
		Short: "Show what a change rebuilds, and what hosts pull",
		Long: `impact shows which layers a change rebuilds, which stay the same blobs and are
only relinked into new images, which images get a new digest, and how much a
host with the old image pulls. Images of published components count like images
of apps.

COMPONENT is a component (jdk, std/java.jdk), a component with arguments
(jdk(17)), an OS package (openssl, which includes all packages of the same
source), or an app, which means its own steps. --select selects them by an
expression; of a layer it selects the members. --to changes the first argument
of the component and plans again, close to the current plan. Packages and
downloads that are not pinned count as much as what they replace. --since
compares a git revision with the current files.

A layer that may be equal is rebuilt because something that it is built with
changes. A layer that is packed again executes nothing: its content is put on
changed layers below. If the new bytes are equal, so is the blob, and no host
pulls it. Amounts are therefore ranges: from all such layers being equal to
none.`,
		Example: `  layc impact jdk
  layc impact 'jdk("17")' --to 21
  layc impact openssl
  layc impact --select 'package("openssl") < "3.0.15"'
  layc impact --since origin/main
  layc impact --since HEAD~3 --json`,
		RunE: func(cmd *cobra.Command, names []string) error { return i.run(cmd, names) },
	}
	i.program.flags(cmd)
	i.selection.flag(cmd, "change what")
	cmd.Flags().StringVar(&i.to, "to", "", "change the first argument of the component to `VALUE`")
	cmd.Flags().StringVar(&i.since, "since", "", "compare with the git revision `REV`")
	cmd.Flags().BoolVar(&i.json, "json", false, "print the result as JSON")
	return cmd
}

// impact is the state of the command.
type impact struct {
	*cli
	program   program
	selection selection
	to, since string
	json      bool
}

func (i *impact) run(cmd *cobra.Command, names []string) error {
	if err := i.selection.take(cmd, names); err != nil {
		return err
	}
	var answers []whatif.Answer
	var err error
	switch selects := i.selection.expression != ""; {
	case i.since != "" && (len(names) > 0 || i.to != "" || selects):
		return usage(cmd, "--since takes no component, no --select and no --to: it finds out what changed")
	case i.to != "" && selects:
		return usage(cmd, "--to and --select exclude each other: --to changes one component")
	case i.since != "":
		answers, err = i.sinceRevision(cmd)
	case len(names) == 0 && !selects:
		return usage(cmd, "expected a component, or --since REV")
	case i.to != "" && len(names) > 1:
		return usage(cmd, "--to changes one component, not %d", len(names))
	case i.to != "":
		answers, err = i.changed(cmd, names[0])
	default:
		answers, err = i.touched(cmd, names)
	}
	if err != nil {
		return err
	}
	if i.json {
		return i.printJSON(impactJSON(answers))
	}
	for n, a := range answers {
		if n > 0 {
			fmt.Fprintln(i.out)
		}
		if len(answers) > 1 {
			fmt.Fprintf(i.out, "%s\n\n", a.Platform)
		}
		i.print(a)
	}
	return nil
}

// touched answers for components whose content changes.
func (i *impact) touched(cmd *cobra.Command, names []string) ([]whatif.Answer, error) {
	out, err := i.compile(cmd, i.program, compiler.Planned)
	if err != nil {
		return nil, err
	}
	if i.selection.expression != "" {
		return i.touchedBy(out)
	}
	changed, err := whatif.Named(out, names)
	if err != nil {
		return nil, misnamed(cmd, err)
	}
	answers := whatif.Touch(out, changed)
	if len(answers) == 0 {
		err = misnamed(cmd, &whatif.NoContentError{Names: names})
	}
	return answers, err
}

// touchedBy answers for what an expression selects.
func (i *impact) touchedBy(out *compiler.Output) ([]whatif.Answer, error) {
	q, err := i.ask(out, "--select", i.selection.expression)
	if err != nil {
		return nil, err
	}
	answers := whatif.Touch(out, q.Instances())
	if len(answers) == 0 {
		fmt.Fprintln(i.err, "--select: nothing with content matches")
	}
	return answers, nil
}

// sinceRevision answers for what changed since a git revision.
func (i *impact) sinceRevision(cmd *cobra.Command) ([]whatif.Answer, error) {
	r, err := i.compileSince(cmd, i.program, i.since)
	if err != nil {
		return nil, err
	}
	defer r.clean()
	if r.old == nil {
		fmt.Fprintf(i.err, "%s does not compile:\n\n", i.since)
		return nil, i.findings(r.broken)
	}
	return whatif.Since(r.old, r.now), nil
}

// changed answers for a component with a new first argument.
func (i *impact) changed(cmd *cobra.Command, name string) ([]whatif.Answer, error) {
	in, err := i.input(cmd, i.program)
	if err != nil {
		return nil, err
	}
	out, err := i.compiled(in, compiler.Planned)
	if err != nil {
		return nil, err
	}
	answers, list, err := whatif.Override(in, out, name, i.to)
	if err != nil {
		return nil, misnamed(cmd, err)
	}
	return answers, i.findings(list)
}

// misnamed converts an error of package whatif to the terms of the command line.
func misnamed(cmd *cobra.Command, err error) error {
	var (
		unknown   *whatif.UnknownError
		none      *whatif.NoContentError
		ambiguous *whatif.AmbiguousError
		argument  *whatif.NoArgumentError
	)
	switch {
	case errors.As(err, &unknown) && unknown.Near != "":
		return usage(cmd, "%s; did you mean %s?", unknown, unknown.Near)
	case errors.As(err, &unknown) && len(unknown.Like) > 0:
		return usage(cmd, "%s; %s", unknown, expected(unknown.Like))
	case errors.As(err, &unknown):
		return usage(cmd, "%s; layc plan shows what they have", unknown)
	case errors.As(err, &argument):
		return usage(cmd, "%s that --to could change", argument)
	case errors.As(err, &none), errors.As(err, &ambiguous):
		return usage(cmd, "%s", err)
	}
	return err
}

// shownAssumptions is the number of assumptions to show, for people.
const shownAssumptions = 5

// print prints the answer for people.
func (i *impact) print(a whatif.Answer) {
	assumed := slices.Compact(a.Assumed)
	for n, as := range assumed {
		if n == shownAssumptions && len(assumed) > n+1 {
			fmt.Fprintf(i.out, "and %d more\n", len(assumed)-n)
			break
		}
		fmt.Fprintf(i.out, "%s is not pinned:\n  assumed to be as large as %s\n", as.Name, as.Like)
	}
	if len(a.Touched) > 0 {
		var titles []string
		for _, t := range a.Touched {
			titles = append(titles, plainTitle(t))
		}
		slices.Sort(titles)
		term.List(i.out, "changes: ", "         ", slices.Compact(titles))
	}
	affected := a.Affected()
	gone := 0
	for _, image := range a.Images {
		if image.Gone {
			gone++
		}
	}
	if len(affected)+gone == 0 {
		fmt.Fprintln(i.out, "nothing changes: every image keeps its digest")
		return
	}
	if len(a.Touched)+len(a.Assumed) > 0 {
		fmt.Fprintln(i.out)
	}
	if len(affected) > 0 {
		i.printLayers(a.Difference, affected)
		fmt.Fprintln(i.out)
		i.printImages(affected)
		fmt.Fprintln(i.out)
	}
	for _, image := range a.Images {
		if image.Gone {
			fmt.Fprintf(i.out, "%s is removed\n", image.App.Name)
		}
	}
	total := len(a.Images) - gone
	fmt.Fprintf(i.out, "New digests: %d of %s. All hosts together pull %s;\nthe registry stores %s more.\n",
		len(affected), term.Count(total, "image"), plan.Range(a.AtLeast, a.Pull), plan.Range(a.NewAtLeast, a.NewBytes))
}

// plainTitle returns an instance's title, but only the name of an OS package.
func plainTitle(i *model.Instance) string {
	if i.Package == nil || len(i.Package.Packages) == 0 {
		return i.Title
	}
	var names []string
	for _, p := range i.Package.Packages {
		names = append(names, p.Name)
	}
	return strings.Join(names, ", ")
}

// used returns the layers of images, each with the number of images that use it.
func used(images []report.Image) map[*plan.Layer]int {
	out := map[*plan.Layer]int{}
	for _, image := range images {
		for _, l := range image.Layers {
			out[l.Layer]++
		}
	}
	return out
}

// fates names the fates for people.
var fates = map[report.Fate]string{
	report.Kept: "relinked", report.Repacked: "packed again", report.MaybeEqual: "may be equal", report.Regrouped: "regrouped", report.Rebuilt: "rebuilt",
}

// printLayers prints the layers of images with a new digest: the rebuilt ones with the reason,
// and the number of relinked ones.
func (i *impact) printLayers(d *report.Difference, affected []report.Image) {
	table := term.Table{Right: []int{2, 3}, Stretch: 4}
	table.Row("layers", "", "size", "images", "")
	relinked, size, silent := 0, plan.Size{}, false
	count := used(affected)
	for _, l := range d.Layers {
		switch {
		case count[l.Layer] == 0:
		case l.Fate == report.Kept:
			relinked++
			size = size.Plus(l.Size)
		default:
			table.Row(fates[l.Fate], string(l.Kind), l.Size.String(), strconv.Itoa(count[l.Layer]), l.Title())
			switch text := reason(l); {
			case text != "":
				table.Note(text)
			case l.Fate == report.Repacked:
				table.Note("only layers below it change; nothing in it runs again")
			default:
				silent = true
			}
		}
	}
	if relinked > 0 {
		table.Row("relinked", "", size.String(), "", term.Count(relinked, "layer")+", the same blobs in new images")
	}
	table.Print(i.out)
	if silent {
		fmt.Fprintln(i.out, "Layers without a reason are built on a rebuilt layer.")
	}
}

// reason explains in a few words why a layer is rebuilt: the main causes, or nothing if the only
// cause is a layer below.
func reason(l report.Layer) string {
	for _, want := range []report.Reason{report.Changed, report.Added, report.Base, report.Below, report.Moved} {
		var who []string
		for _, c := range l.Causes {
			if c.Reason != want {
				continue
			}
			if c.Instance == nil {
				who = append(who, "")
				continue
			}
			who = append(who, detail(c))
		}
		if len(who) == 0 {
			continue
		}
		more := ""
		if len(who) > 2 {
			more = fmt.Sprintf(" and %d more", len(who)-2)
			who = who[:2]
		}
		switch want {
		case report.Below:
			return ""
		case report.Moved:
			return "its content was in other layers"
		case report.Base:
			return "what it is built with changes"
		}
		return string(want) + ": " + strings.Join(who, ", ") + more
	}
	return ""
}

// detail describes a changed instance, with both versions of a package.
func detail(c report.Cause) string {
	title := plainTitle(c.Instance)
	if c.Was != nil && c.Instance.Package != nil && len(c.Instance.Package.Packages) > 0 && len(c.Was.Package.Packages) > 0 {
		if old, now := c.Was.Package.Packages[0].Version, c.Instance.Package.Packages[0].Version; old != now && now != report.Assumed {
			return title + " " + old + " → " + now
		}
	}
	if c.Was != nil && c.Was.Title != c.Instance.Title && !slices.Equal(c.Was.Args, c.Instance.Args) {
		return c.Was.Title + " → " + title
	}
	return title
}

func (i *impact) printImages(affected []report.Image) {
	table := term.Table{Right: []int{1, 2, 3}}
	table.Row("images with a new digest", "a host pulls", "hosts", "all pull")
	for _, image := range affected {
		name := image.App.Name
		switch {
		case image.New:
			name += " (new)"
		case image.Pull.Bytes == 0:
			name += " (configuration only)"
		}
		if image.App.Published != nil {
			table.Row(name+" (published)", plan.Range(image.AtLeast, image.Pull), "", "")
			continue
		}
		n := image.Replicas()
		table.Row(name, plan.Range(image.AtLeast, image.Pull), strconv.FormatInt(n, 10), plan.Range(image.AtLeast.Times(n), image.Pull.Times(n)))
	}
	table.Print(i.out)
}
