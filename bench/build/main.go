//go:build linux

// Command build compares builds of a fleet with layc and with Dockerfiles on a BuildKit of its own.
//
// It writes a fleet as `.layer` files and as Dockerfiles, changes it as teams do, and builds it after
// each change with every side, in turn, so that a busy machine slows all down alike. The Dockerfiles
// are good ones: one for each app, with cache mounts and COPY --link, or with stages for all
// that the apps share. They are built four at a time, each time into one of four OCI layouts. Each side keeps its cache
// from build to build.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
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
	sides := flag.String("sides", "layc,dockerfiles,stages", "what is compared")
	flag.StringVar(&b.bin, "bin", "bin", "directory with layc, layc-runc, buildkitd and buildctl")
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
	for _, size := range sizes {
		apps, err := strconv.Atoi(size)
		if err != nil {
			return fmt.Errorf("-apps: %w", err)
		}
		if err := b.compare(ctx, apps, sides); err != nil {
			return err
		}
	}
	return nil
}

// compare measures all rows for a fleet, and prints the table.
func (b *bench) compare(ctx context.Context, apps int, names []string) (err error) {
	dir := filepath.Join(b.dir, fmt.Sprint(apps))
	f, err := newFleet(ctx, b, filepath.Join(dir, "fleet"), apps)
	if err != nil {
		return err
	}
	var sides []side
	defer func() {
		for _, s := range sides {
			err = errors.Join(err, s.close())
		}
	}()
	for _, name := range names {
		var s side
		switch at := filepath.Join(dir, name); name {
		case "layc":
			s = &laycSide{bench: b, fleet: f, dir: at}
		case "dockerfiles", "stages":
			s = &dockerSide{bench: b, fleet: f, dir: at, stages: name == "stages"}
		default:
			return fmt.Errorf("-sides: unknown side %q", name)
		}
		sides = append(sides, s)
	}
	fmt.Printf("%d apps, %s, %d CPUs, load %s, %s\n\n", apps, runtime.GOARCH, runtime.NumCPU(), load(), time.Now().UTC().Format("2006-01-02 15:04"))
	fmt.Printf("%-22s", "")
	for n, name := range names {
		if n == 0 {
			fmt.Printf(" %9s %9s", name, "CPU")
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
				return err
			}
			for n := range sides {
				at := (n + round) % len(sides) // no side is always the first
				if row.cold {
					if err := sides[at].reset(ctx); err != nil {
						return err
					}
				}
				took, err := sides[at].build(ctx, only)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", row.name, names[at], err)
				}
				times[at] = append(times[at], took)
			}
		}
		fmt.Printf("%-22s", row.name)
		first := median(times[0])
		for n := range sides {
			if m := median(times[n]); n == 0 {
				fmt.Printf(" %9s %9s", seconds(m.wall), seconds(m.cpu))
			} else {
				fmt.Printf(" | %11s %5.2f %9s %5.2f", seconds(m.wall), m.wall.Seconds()/first.wall.Seconds(), seconds(m.cpu), m.cpu.Seconds()/first.cpu.Seconds())
			}
		}
		fmt.Printf("  n=%d load %s\n", rounds, load())
	}
	fmt.Println()
	return nil
}

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
