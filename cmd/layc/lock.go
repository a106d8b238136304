package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/component"
	"github.com/layc-lang/layc/compiler/debian"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/llb/pin"
	"github.com/layc-lang/layc/llb/registry"
	"github.com/layc-lang/layc/llb/replace"
)

func (c *cli) lockCommand() *cobra.Command {
	l := &locking{cli: c}
	cmd := &cobra.Command{
		Use:        "lock",
		SuggestFor: []string{"pin", "install"},
		Short:      "Record in " + lock.Name + " what the program refers to, and its plan",
		Long: `lock writes ` + lock.Name + `: versions and checksums of a base system's packages,
checksums of downloads that declare none, commits and content of imported git
repositories, the days on which components were refreshed that say how often
they are, and the plan. What is pinned stays as it is; see layc update. A plan
that fits stays as it is, too, and one that does not is changed as little as the
program forces; see layc plan --rebalance.

A file with the markers of a merge is read as the lines of both sides; what they
dispute is pinned afresh.

Pinned are the fleet's platforms and that of --platform. In the file of a fleet
that names none, what is pinned for other platforms stays.

Except for layc update, all other commands only read the file.`,
		Example: `  layc lock
  layc lock --rebalance                    record a new plan, whatever it moves
  layc lock --measure out                  record sizes of what is built in out
  layc lock --mirror debian=http://mirror.example.com/debian`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return l.run(cmd, nil) },
	}
	l.flags(cmd)
	cmd.Flags().BoolVar(&l.rebalance, "rebalance", false, "plan afresh instead of keeping the recorded plan")
	cmd.Flags().StringVar(&l.measure, "measure", "", "record the sizes of layers in `DIR`, which layc build -o wrote")
	return cmd
}

func (c *cli) updateCommand() *cobra.Command {
	l := &locking{cli: c}
	cmd := &cobra.Command{
		Use:        "update [NAME…]",
		SuggestFor: []string{"upgrade", "bump"},
		Short:      "Pin afresh what has changed since it was pinned",
		Long: `update resolves pins of ` + lock.Name + ` afresh: those of the named distributions,
packages, URLs and git repositories, as the file names them, or all.

A component that says how often it is updated, such as update weekly, is
refreshed if it is named, or if all is and that time has passed: what it
downloads is pinned afresh, and its runs run anew.`,
		Example: `  layc update                              everything
  layc update debian/bookworm              all packages of a distribution
  layc update openssl                      one package
  layc update feed                         a component with an update clause`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{lock.Everything}
			}
			return l.run(cmd, args)
		},
	}
	l.flags(cmd)
	return cmd
}

// locking is the state of lock and update.
type locking struct {
	*cli
	program                      program
	mirrors                      mirrorFlags
	keyrings                     []string
	rebalance                    bool
	unpackGB                     int64
	allowExpired, allowDowngrade bool
	measure                      string
	vendored                     bool // the project has copies of repositories, and others are pinned now
}

func (l *locking) flags(cmd *cobra.Command) {
	l.program.source(cmd)
	l.program.planning.flags(cmd, false)
	l.mirrors.flags(cmd)
	cmd.Flags().Int64Var(&l.unpackGB, "unpack-limit", 0, "let a base system's archive or layer unpack to `GB` gigabytes")
	cmd.Flags().BoolVar(&l.allowExpired, "allow-expired", false, "take package indexes that have expired")
	cmd.Flags().BoolVar(&l.allowDowngrade, "allow-downgrade", false, "take indexes and packages that are older than the pinned ones")
	cmd.Flags().StringArrayVar(&l.keyrings, "keyring", nil, "verify package indexes with the keys in `FILE`")
}

// maxRounds bounds how often pinning one thing may make another one known.
const maxRounds = 8

func (l *locking) run(cmd *cobra.Command, names []string) error {
	mirrors, err := l.mirrors.find(cmd)
	if err != nil {
		return err
	}
	if err := l.checkFiles(cmd); err != nil {
		return err
	}
	in, err := l.withoutModules(cmd, l.program)
	if err != nil {
		return err
	}
	release, err := l.alone(cmd.Context())
	if err != nil {
		return err
	}
	defer release()
	resolver := l.resolver(mirrors)
	old, err := l.before()
	if err != nil {
		return err
	}
	pins, modules, names, err := l.pinModules(cmd.Context(), old.File, slices.Concat(names, old.disputed))
	if err != nil {
		return err
	}
	in.Modules = modules
	in.Platforms = lockedPlatforms(in, pins)
	var refs lock.Refs
	for range maxRounds {
		targets, rest, err := l.expand(in, pins)
		if err != nil {
			return err
		}
		if err := l.mirrors.check(cmd, targets); err != nil {
			return err
		}
		if !haveApp(targets) {
			return l.withoutApps(cmd, old, pins, names)
		}
		refs = allRefs(targets)
		if names = old.settle(l, pins, refs, names); rest || len(names) > 0 {
			// Rather now than after a minute of downloads.
			if err := old.canWrite(); err != nil {
				return err
			}
		}
		if pins, err = lock.Update(cmd.Context(), pins, refs, resolver, names...); err != nil {
			if found := otherFiles(targets, err); len(found) > 0 {
				return l.findings(found)
			}
			program, _ := l.load(in.Modules)
			return placed(l.unknown(cmd, err), program)
		}
		if !rest && len(names) == 0 {
			break
		}
		names = nil // what is new of them may name further things
	}
	if pins, err = l.record(in, pins); err != nil {
		return err
	}
	defer l.due(pins, refs.Updates, resolver.Now())
	return l.write(old, pins)
}

// write writes the lock file if it has changed, and says what there is now and
// what is pinned no more.
func (l *locking) write(old *lockedBefore, pins *lock.File) error {
	replace.Sweep(filepath.Dir(old.name))
	text := pins.Format()
	if bytes.Equal(text, old.Format()) && !old.merged {
		fmt.Fprintf(l.out, "%s is up to date\n", old.name)
		return nil
	}
	if err := errors.Join(old.canWrite(), old.unchanged()); err != nil {
		return err
	}
	if err := replaceFile(old.name, text); err != nil {
		return err
	}
	fmt.Fprintf(l.out, "wrote %s: %s, a plan of %s\n", old.name, pinCounts(pins), plural(len(pins.Layers), "shared layer"))
	if l.vendored {
		fmt.Fprintln(l.out, "vendored copies are as they were; run: layc vendor")
	}
	if n := dropped(old.File, pins); n > 0 {
		fmt.Fprintf(l.out, "dropped %s that nothing refers to any more\n", plural(n, "pin"))
	}
	return nil
}

// withoutApps ends a command on a module without apps, such as a library: what
// it declares is expanded for apps only, so that nobody knows which pins it
// takes. Repositories are pinned, all else stays.
func (l *locking) withoutApps(cmd *cobra.Command, old *lockedBefore, pins *lock.File, names []string) error {
	if old.leftOver(names) {
		_, err := l.pins() // says which lines
		return err
	}
	if len(names) > 0 && names[0] != lock.Everything {
		return usage(cmd, "%s is not pinned: the module declares no app, so it pins git repositories only", names[0])
	}
	fmt.Fprintf(l.err, "the module declares no app: only git repositories that it imports are pinned\n")
	if len(pins.Format()) == len((&lock.File{}).Format()) {
		return nil // not worth a file
	}
	return l.write(old, pins)
}

// unknown makes an error for a name of which nothing is pinned one of usage.
func (l *locking) unknown(cmd *cobra.Command, err error) error {
	var name *lock.UnknownNameError
	if !errors.As(err, &name) {
		return err
	}
	names := l.pinnedNames(cmd, nil)
	for _, n := range names { // layers is https://git.example.com/team/layers.git
		if strings.TrimSuffix(path.Base(n), ".git") == name.Name && n != name.Name {
			return usage(cmd, "%s; did you mean %s?", name, n)
		}
	}
	if near := diag.Nearest(name.Name, names); near != "" {
		return usage(cmd, "%s; did you mean %s?", name, near)
	}
	return usage(cmd, "%s", name)
}

// checkFiles checks files that flags name before anything is resolved.
func (l *locking) checkFiles(cmd *cobra.Command) error {
	for _, file := range l.keyrings {
		_, err := pin.ReadKeyrings([]string{file})
		var unread *fs.PathError
		switch {
		case errors.As(err, &unread):
			return usage(cmd, "--keyring %s: %s", file, plainError(err))
		case err != nil:
			return usage(cmd, "--keyring %s: this is no file of OpenPGP keys, such as apt's keyrings are", file)
		}
	}
	if l.measure != "" {
		if _, err := os.Stat(filepath.Join(l.measure, "index.json")); err != nil {
			return usage(cmd, "--measure %s: this is no OCI layout; want a directory that layc build -o wrote", l.measure)
		}
	}
	return nil
}

// due says which components are to be refreshed.
func (l *locking) due(pins *lock.File, refs []lock.UpdateRef, now time.Time) {
	var names []string
	for _, ref := range refs {
		if pins.Due(ref, now) {
			names = append(names, ref.Component)
		}
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) > 0 {
		fmt.Fprintf(l.out, "due to be updated: %s; run: layc update\n", strings.Join(names, ", "))
	}
}

// record puts the plan into the lock file, and measured sizes if they are
// asked for; sizes of what is in the program no more are dropped.
func (l *locking) record(in compiler.Input, pins *lock.File) (*lock.File, error) {
	in.Lock, in.Plan.Rebalance = pins, l.rebalance
	out, list := compiler.Compile(in, compiler.Planned)
	list = slices.DeleteFunc(list, func(d *diag.Diagnostic) bool { return d.Code == plan.Stale })
	if err := l.findings(list); err != nil {
		return nil, err
	}
	var plans []*plan.Plan
	var graphs []*component.Graph
	for _, t := range out.Targets {
		plans, graphs = append(plans, t.Plan), append(graphs, t.Graph)
	}
	sizes := plan.Measures{}
	if l.measure != "" {
		var err error
		if sizes, err = measures(l.measure, plans); err != nil {
			return nil, err
		}
	}
	return sizes.Sizes(plan.Record(pins, out.Plan), graphs), nil
}

// expand compiles with the given pins, and reports whether something still is
// not pinned. Findings that pinning does not mend end the command.
func (l *locking) expand(in compiler.Input, pins *lock.File) (targets []*compiler.Target, rest bool, err error) {
	in.Lock = pins
	out, list := compiler.Compile(in, compiler.Expanded)
	rest = list.HasErrors()
	list = slices.DeleteFunc(list, func(d *diag.Diagnostic) bool { return d.Code == component.Unpinned || d.Code == component.Renamed })
	if list.HasErrors() {
		return nil, false, l.findings(list)
	}
	return out.Targets, rest, nil
}

// otherFiles are the findings of a download that is not what its declared checksum
// says.
func otherFiles(targets []*compiler.Target, err error) diag.List {
	var other *lock.OtherFileError
	if errors.As(err, &other) {
		for _, t := range targets {
			if found := t.Graph.OtherFile(other); len(found) > 0 {
				return found
			}
		}
	}
	return nil
}

func allRefs(targets []*compiler.Target) lock.Refs {
	refs := lock.Refs{Mirrors: map[string][]string{}}
	for _, t := range targets {
		maps.Copy(refs.Mirrors, t.Graph.Refs.Mirrors)
		refs.Distributions = append(refs.Distributions, t.Graph.Refs.Distributions...)
		refs.URLs = append(refs.URLs, t.Graph.Refs.URLs...)
		refs.Downloads = append(refs.Downloads, t.Graph.Refs.Downloads...)
		refs.Images = append(refs.Images, t.Graph.Refs.Images...)
		refs.Updates = append(refs.Updates, t.Graph.Refs.Updates...)
		refs.Bases = append(refs.Bases, t.Graph.Refs.Bases...)
	}
	return refs
}

// resolver asks the mirrors, and says so.
func (l *locking) resolver(mirrors pin.Mirrors) lock.Resolver {
	return announcing{l, pin.NewResolver(pin.Options{
		Mirrors: mirrors,
		Keys: func(suite debian.Suite) (openpgp.EntityList, error) {
			if len(l.keyrings) > 0 {
				return pin.ReadKeyrings(l.keyrings)
			}
			return pin.ThisHost().FindKeys(suite)
		},
		Now: time.Now(), UnpackLimit: l.unpackGB * 1e9, AllowExpired: l.allowExpired, AllowDowngrade: l.allowDowngrade,
		Image: registry.Resolve,
		Base: func(ctx context.Context, ref lock.BaseRef) (lock.Base, error) {
			return registry.Base(ctx, l.dir, ref, l.unpackGB*1e9)
		},
	})}
}

// announcing says what is being resolved.
type announcing struct {
	l *locking
	r lock.Resolver
}

func (a announcing) Packages(ctx context.Context, want lock.Distribution, pinned lock.Pinned) ([]lock.Index, []lock.Package, error) {
	fmt.Fprintf(a.l.err, "resolving %s for %s\n", want.ID, want.Arch)
	return a.r.Packages(ctx, want, pinned)
}

func (a announcing) URL(ctx context.Context, url string) (lock.URL, error) {
	fmt.Fprintf(a.l.err, "downloading %s for its checksum\n", url)
	return a.r.URL(ctx, url)
}

func (a announcing) Image(ctx context.Context, ref lock.ImageRef) (lock.Image, error) {
	fmt.Fprintf(a.l.err, "resolving %s\n", ref.Reference)
	return a.r.Image(ctx, ref)
}

func (a announcing) Base(ctx context.Context, ref lock.BaseRef) (lock.Base, error) {
	fmt.Fprintf(a.l.err, "looking into %s for its links and directories\n", ref.Name)
	return a.r.Base(ctx, ref)
}

func (a announcing) Now() time.Time { return a.r.Now() }
