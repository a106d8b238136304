//go:build linux

// Command build compares builds of a fleet with layc and with Dockerfiles on a BuildKit of its own.
//
// It writes a fleet as `.layer` files and as Dockerfiles, changes it as teams do, and builds it after
// each change with every side, in turn, so that a busy machine slows all down alike. Each side keeps its
// cache from build to build. The sides are:
//
//	layc         layc, into an OCI layout
//	layc-started the same on an engine that was started, as BuildKit's daemon was for the Dockerfiles
//	dockerfiles  good Dockerfiles, one for each app, with cache mounts and COPY --link, four at a time,
//	             each into one of four OCI layouts
//	stages       the same with one Dockerfile, which has stages for all that the apps share
//	layc-push    layc, into a registry; layc-started-push is that on an engine that was started
//	bake         the Dockerfiles of the apps in one `buildx bake`, into a registry
//
// A side of Dockerfiles is compared with the side of layc before it. For several sizes of fleets, it also
// prints how the times grow with the size.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	b := &bench{}
	sizes := flag.String("apps", "20", "numbers of apps, such as 20,100,300")
	sides := flag.String("sides", "layc,dockerfiles,stages", "what is compared: layc, layc-started, dockerfiles, stages, layc-push, layc-started-push, bake")
	flag.StringVar(&b.bin, "bin", "bin", "directory with layc, layc-runc, buildkitd, buildctl and buildx")
	flag.StringVar(&b.dir, "dir", "", "directory for the fleets and caches (default: a temporary one)")
	flag.IntVar(&b.rounds, "rounds", 5, "builds for each row")
	flag.IntVar(&b.cold, "cold", 1, "cold builds")
	flag.BoolVar(&b.cheap, "cheap", false, "apps that are only files, on a base with one file: no step runs, and nothing is downloaded")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := b.run(ctx, strings.Split(*sizes, ","), strings.Split(*sides, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "bench/build:", err)
		os.Exit(1)
	}
}

// bench is a comparison.
type bench struct {
	bin, dir     string
	rounds, cold int
	cheap        bool
	discarded    []string
}

// discard moves a directory away, to be removed at the end. A file system such as ext4 looks for inodes that
// were not in use for minutes, and so is slow to create files where thousands were just removed: that took a
// third of the CPU time of a cold build.
func (b *bench) discard(dir string) error {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	to, err := os.MkdirTemp(b.dir, "discarded-")
	if err != nil {
		return err
	}
	b.discarded = append(b.discarded, to)
	return os.Rename(dir, filepath.Join(to, "it"))
}

func (b *bench) run(ctx context.Context, sizes, sides []string) (err error) {
	if b.bin, err = filepath.Abs(b.bin); err != nil {
		return err
	}
	if b.dir == "" {
		if b.dir, err = os.MkdirTemp("", "layc-bench-"); err != nil {
			return err
		}
		defer os.RemoveAll(b.dir)
	}
	if b.dir, err = filepath.Abs(b.dir); err != nil {
		return err
	}
	defer func() {
		for _, dir := range b.discarded {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	var all []measured
	for _, size := range sizes {
		apps, err := strconv.Atoi(size)
		if err != nil || apps < 1 {
			return fmt.Errorf("-apps: %q is not a number of apps", size)
		}
		m := measured{apps: apps}
		if m.rows, err = b.compare(ctx, apps, sides); err != nil {
			return err
		}
		all = append(all, m)
	}
	growth(all, sides)
	return nil
}

// measured has the medians for a size of the fleet: of all rows, of all sides.
type measured struct {
	apps int
	rows [][]spent
}

// growth prints how the times of each side grow from each size to the next, divided by how the size does.
func growth(all []measured, names []string) {
	if len(all) < 2 {
		return
	}
	fmt.Print("growth of wall time and CPU time by growth of the fleet: 1.00 is linear, less is better\n\n")
	fmt.Printf("%-36s", "")
	for n, m := range all[1:] {
		fmt.Printf(" | %12s", fmt.Sprintf("%d to %d", all[n].apps, m.apps))
	}
	fmt.Println()
	for n, row := range rows {
		for s, name := range names {
			fmt.Printf("%-23s %-12s", row.name, name)
			for k, m := range all[1:] {
				old, now, by := all[k].rows[n][s], m.rows[n][s], float64(m.apps)/float64(all[k].apps)
				fmt.Printf(" | %5.2f  %5.2f", now.wall.Seconds()/old.wall.Seconds()/by, now.cpu.Seconds()/old.cpu.Seconds()/by)
			}
			fmt.Println()
		}
	}
}

// compare measures all rows for a fleet, prints the table, and returns the medians.
func (b *bench) compare(ctx context.Context, apps int, names []string) (medians [][]spent, err error) {
	dir := filepath.Join(b.dir, fmt.Sprint(apps))
	f, err := newFleet(ctx, b, filepath.Join(dir, "fleet"), apps)
	if err != nil {
		return nil, err
	}
	var sides []side
	defer func() {
		for _, s := range sides {
			err = errors.Join(err, s.close())
		}
	}()
	for _, name := range names {
		s, err := newSide(name, b, f, filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		sides = append(sides, s)
	}
	fmt.Printf("%d apps, %s, %d CPUs, load %s, %s\n\n", apps, runtime.GOARCH, runtime.NumCPU(), load(), time.Now().UTC().Format("2006-01-02 15:04"))
	fmt.Printf("%-22s", "")
	for _, name := range names {
		if isLayc(name) {
			fmt.Printf(" | %9s %9s", name, "CPU")
		} else {
			fmt.Printf(" | %11s %5s %9s %5s", name, "×", "CPU", "×")
		}
	}
	fmt.Println()
	for _, row := range rows {
		rounds := b.rounds
		if row.cold {
			rounds = b.cold
		}
		times := make([][]spent, len(sides))
		for round := range rounds {
			only, err := row.change(f)
			if err != nil {
				return nil, err
			}
			for n := range sides {
				at := (n + round) % len(sides) // no side is always the first
				if row.cold {
					if err := sides[at].reset(ctx); err != nil {
						return nil, err
					}
				}
				took, err := sides[at].build(ctx, only)
				if err != nil {
					return nil, fmt.Errorf("%s, %s: %w", row.name, names[at], err)
				}
				if pushing, ok := sides[at].(interface{ check(context.Context) error }); ok && row.cold {
					if err := pushing.check(ctx); err != nil {
						return nil, fmt.Errorf("%s: %w", names[at], err)
					}
				}
				times[at] = append(times[at], took)
			}
		}
		fmt.Printf("%-22s", row.name)
		layc := median(times[0])
		medians = append(medians, nil)
		for n := range sides {
			m := median(times[n])
			medians[len(medians)-1] = append(medians[len(medians)-1], m)
			if isLayc(names[n]) {
				layc = m
				fmt.Printf(" | %9s %9s", seconds(m.wall), seconds(m.cpu))
			} else {
				fmt.Printf(" | %11s %5.2f %9s %5.2f", seconds(m.wall), m.wall.Seconds()/layc.wall.Seconds(), seconds(m.cpu), m.cpu.Seconds()/layc.cpu.Seconds())
			}
		}
		fmt.Printf("  n=%d load %s\n", rounds, load())
	}
	fmt.Println()
	return medians, nil
}

// isLayc reports whether a side builds with layc.
func isLayc(side string) bool { return strings.HasPrefix(side, "layc") }

// rows are what is built. A change returns the only app to build, or "" for all.
var rows = []struct {
	name   string
	cold   bool
	change func(*fleet) (only string, err error)
}{
	{"cold", true, func(f *fleet) (string, error) { return "", nil }},
	{"nothing changed", false, func(f *fleet) (string, error) { return "", nil }},
	{"one archive", false, func(f *fleet) (string, error) { return "", f.newArchive() }},
	{"one archive, app named", false, func(f *fleet) (string, error) { return f.app(f.changes % f.apps), f.newArchive() }},
	{"a server upgrade", false, func(f *fleet) (string, error) { return "", f.newVersion(&f.server) }},
	{"a JDK patch", false, func(f *fleet) (string, error) { return "", f.newVersion(&f.jdk) }},
	{"a new app", false, func(f *fleet) (string, error) { f.apps++; return "", f.write() }},
}

// spent is what a build took.
type spent struct{ wall, cpu time.Duration }

// median returns the medians of both.
func median(all []spent) spent {
	middle := func(of func(spent) time.Duration) time.Duration {
		sorted := slices.SortedFunc(slices.Values(all), func(a, b spent) int { return cmp.Compare(of(a), of(b)) })
		return of(sorted[len(sorted)/2])
	}
	return spent{middle(func(s spent) time.Duration { return s.wall }), middle(func(s spent) time.Duration { return s.cpu })}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2fs", d.Seconds()) }

// load returns the machine's load in the last minute.
func load() string {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	return first
}
