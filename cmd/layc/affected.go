package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/report"
	"github.com/layc-lang/layc/compiler/whatif"
)

func (c *cli) affectedCommand() *cobra.Command {
	var p program
	var since, format, expression string
	var asJSON bool
	cmd := &cobra.Command{
		Use:        "affected --since REV",
		SuggestFor: []string{"changed", "diff"},
		Short:      "List the apps that a change affects",
		Long: `affected compares the module with a git revision and lists the apps whose image
digests change, one per line. The program, the pins in the lock file, and the
files that apps and their build stages copy all count. Files that git ignores
count as unchanged, and so do directories without files, which git cannot have.
Images of published components are listed by name; layc build accepts these
names, too. To build what a change affects, run layc build --since REV.

If no app is affected, the list is the word none. Where a command takes apps,
none selects none of them: layc build none builds nothing, but layc build
without arguments builds everything.

If the module does not compile at that revision, all apps are affected.

--format=github prints a matrix for a GitHub Actions job. --format=gitlab
prints a child pipeline for GitLab with one job per app. In JSON, the list is
empty if no app is affected.`,
		Example: `  layc build --push --since HEAD~1
  layc affected --since origin/main
  layc build --push $(layc affected --since HEAD~1)
  layc affected --since HEAD~1 --select 'shop-*'
  layc affected --since HEAD~1 --format=github    {"app":["app1"]}
  layc affected --since "$CI_COMMIT_BEFORE_SHA" --format=gitlab > child.yml
  layc affected --since HEAD~1 --json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case since == "":
				return usage(cmd, "missing --since REV, the git revision to compare with")
			case !slices.Contains([]string{"text", "github", "gitlab"}, format):
				return usage(cmd, "--format %s: expected text, github or gitlab", format)
			case asJSON && format != "text":
				return usage(cmd, "--json and --format=%s exclude each other", format)
			}
			apps, err := c.affected(cmd, p, since, expression)
			if err != nil {
				return err
			}
			switch {
			case asJSON:
				return c.printJSON(apps)
			case format == "github":
				return c.githubMatrix(apps)
			case format == "gitlab":
				c.gitlabPipeline(apps)
			default:
				for _, a := range apps.arguments() {
					fmt.Fprintln(c.out, a)
				}
			}
			return nil
		},
	}
	p.flags(cmd)
	cmd.Flags().StringVar(&since, "since", "", "compare with the git revision `REV`")
	cmd.Flags().StringVar(&expression, "select", "", "list the apps that `EXPR` selects, see layc query --help")
	cmd.Flags().StringVar(&format, "format", "text", "print as `FORMAT`: text, github or gitlab")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return cmd
}

// jsonAffected is the answer for scripts. Fields are only added, never removed.
type jsonAffected struct {
	Build []string `json:"build"` // apps and published images, sorted
	Gone  []string `json:"gone"`  // apps and images that only the revision has, sorted
	// Unknown is true if the revision does not compile. Then all apps are in Build.
	Unknown bool `json:"unknown"`
}

// affected compares with a revision, on all platforms together. An expression, if
// any, selects some of the apps.
func (c *cli) affected(cmd *cobra.Command, p program, since, expression string) (*jsonAffected, error) {
	r, err := c.compileSince(cmd, p, since)
	if err != nil {
		return nil, err
	}
	return c.affectedBy(r, since, expression)
}

// affectedBy is affected for compiled modules.
func (c *cli) affectedBy(r *revisions, since, expression string) (*jsonAffected, error) {
	defer r.clean()
	out := &jsonAffected{Build: []string{}, Gone: []string{}}
	if r.old == nil {
		fmt.Fprintf(c.err, "%s does not compile (%s): all apps are affected\n", since, r.broken[0].Message)
		out.Unknown = true
		for _, t := range r.now.Targets {
			for _, a := range slices.Concat(t.Graph.Apps, t.Graph.Published) {
				out.Build = append(out.Build, a.Name)
			}
		}
	} else {
		for _, a := range whatif.Since(r.old, r.now) {
			out.add(a.Difference)
		}
	}
	slices.Sort(out.Build)
	slices.Sort(out.Gone)
	out.Build, out.Gone = slices.Compact(out.Build), slices.Compact(out.Gone)
	if expression == "" {
		return out, nil
	}
	var err error
	if out.Build, err = c.among(r.now, out.Build, expression); err == nil && len(out.Gone) > 0 {
		out.Gone, err = c.among(r.old, out.Gone, expression)
	}
	return out, err
}

// among are the names that an expression about a program selects.
func (c *cli) among(out *compiler.Output, names []string, expression string) ([]string, error) {
	sets, err := c.matching(out, expression)
	return slices.DeleteFunc(names, func(name string) bool {
		return !slices.ContainsFunc(sets, func(set map[string]bool) bool { return set[name] })
	}), err
}

// arguments are the apps as arguments of layc build.
func (a *jsonAffected) arguments() []string {
	if len(a.Build) == 0 {
		return []string{noApps}
	}
	return a.Build
}

func (a *jsonAffected) add(d *report.Difference) {
	for _, i := range d.Affected() {
		a.Build = append(a.Build, i.App.Name)
	}
	for _, i := range d.Images {
		if i.Gone {
			a.Gone = append(a.Gone, i.App.Name)
		}
	}
}

// githubMatrix prints a matrix on one line, for an output of GitHub Actions. A matrix without values
// would be an error, so if no app is affected its only job builds nothing.
func (c *cli) githubMatrix(a *jsonAffected) error {
	text, err := json.Marshal(map[string][]string{"app": a.arguments()})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "%s\n", text)
	return err
}

// gitlabPipeline prints a child pipeline. A pipeline without jobs would be invalid, so if no app
// is affected it has one job that does nothing. Names of apps need no escaping in YAML's double
// quotes or in a shell.
func (c *cli) gitlabPipeline(a *jsonAffected) {
	if len(a.Build) == 0 {
		fmt.Fprint(c.out, "\"layc: nothing to build\":\n  script:\n    - \"true\"\n")
		return
	}
	dir := ""
	if c.dir != "." {
		dir = " -C " + shellQuote(c.dir)
	}
	for _, app := range a.Build {
		script, _ := json.Marshal("layc build" + dir + " --push " + app)
		fmt.Fprintf(c.out, "\"layc: %s\":\n  script:\n    - %s\n", app, script)
	}
}

// shellQuote quotes text for a POSIX shell, if it needs it.
func shellQuote(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// chosenSince returns the apps that a build is to build on each platform: the selected ones or, with
// --since, those of them that changes since the revision affect.
func (b *build) chosenSince(cmd *cobra.Command, out *compiler.Output) ([]map[string]bool, error) {
	sets, err := b.chosen(cmd, out, b.selection)
	if err != nil || b.since == "" {
		return sets, err
	}
	r, err := b.compareSince(cmd, b.program, b.since, out)
	if err != nil {
		return nil, err
	}
	affected, err := b.affectedBy(r, b.since, "")
	if err != nil {
		return nil, err
	}
	for n, set := range sets {
		if !b.selection.selects() { // of the published images, too
			for _, a := range out.Targets[n].Graph.Published {
				set[a.Name] = true
			}
		}
		maps.DeleteFunc(set, func(app string, _ bool) bool { return !slices.Contains(affected.Build, app) })
	}
	return sets, nil
}
