// Command pull measures what a host pulls over a slow link, and how long it takes: images of
// layc, and images of Dockerfiles with the same content.
//
// The content is the shop of testdata/shop, with a web archive of 5 MB that does not compress. A
// host has nothing, and pulls in turn: the first app; a new archive of it; an upgrade of Liberty;
// a patch of the JDK; the second app. A registry on loopback serves the images through a link of
// limited rate, which all connections share. skopeo pulls into a store of containers on a disk, so
// that a pull ends when the layers are unpacked. Each side has a host of its own.
//
// The opponents are built by a stand-alone BuildKit, on a Debian of the same packages. In "own
// order" the teams agreed on the base only. In "one order" they agreed on everything that can be
// shared: equal lines in equal order, Liberty and the files with COPY --link.
//
// The versions are real: Liberty's come from Maven, the JDK's from Debian's release and from its
// security archive.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/docker/go-units"

	"github.com/layc-lang/layc/bench/servers"
)

func main() {
	bin := flag.String("bin", "bin", "the directory with layc, layc-runc, buildkitd and buildctl")
	rate := flag.Int("rate", 50, "the rate of the link, in Mbit/s")
	work := flag.String("work", "", "keep images and caches in this directory (default: a temporary one)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *bin, *work, *rate); err != nil {
		fmt.Fprintln(os.Stderr, "bench/pull:", err)
		os.Exit(1)
	}
}

// side is one way to build the shop.
type side interface {
	name() string
	// push builds both apps of a variant, and pushes them to the repositories name/TAG/app1 and
	// name/TAG/app2.
	push(ctx context.Context, v variant) error
}

// pull is one pull of the host.
type pull struct {
	what string
	app  string
	of   variant
}

// row has the measurements of one pull, by side.
type row struct {
	bytes []int64
	times []time.Duration
}

func run(ctx context.Context, bin, work string, rate int) (err error) {
	if bin, err = filepath.Abs(bin); err != nil {
		return err
	}
	if work == "" {
		if work, err = os.MkdirTemp("", "pull"); err != nil {
			return err
		}
		defer os.RemoveAll(work)
	} else if work, err = filepath.Abs(work); err != nil {
		return err
	}
	registry, err := servers.NewRegistry(filepath.Join(work, "registry"))
	if err != nil {
		return err
	}
	defer registry.Close()
	link, err := newLink(registry.Address, rate)
	if err != nil {
		return err
	}
	defer link.close()

	layc, err := newLayc(ctx, bin, filepath.Join(work, "layc"), registry.Address)
	if err != nil {
		return err
	}
	daemon, err := servers.StartBuildKit(ctx, bin, filepath.Join(work, "buildkit"), "--oci-worker-net=host") // as layc's steps have
	if err != nil {
		return err
	}
	defer daemon.Close()
	sides := []side{
		&dockerfiles{daemon: daemon, layc: layc, dir: filepath.Join(work, "own"), registry: registry.Address},
		&dockerfiles{daemon: daemon, layc: layc, dir: filepath.Join(work, "one"), registry: registry.Address, linked: true},
		layc,
	}
	pulls := []pull{
		{"first pull, on a host with nothing", "app1", variants[0]},
		{"a new archive of 5 MB", "app1", variants[1]},
		{"an upgrade of Liberty", "app1", variants[2]},
		{"a patch of the JDK", "app1", variants[3]},
		{"a second app on the same host", "app2", variants[3]},
	}
	for _, s := range sides {
		for _, v := range variants {
			fmt.Fprintf(os.Stderr, "building %s: %s\n", s.name(), v.tag)
			if err := s.push(ctx, v); err != nil {
				return fmt.Errorf("%s, %s: %w", s.name(), v.tag, err)
			}
		}
	}
	rows := make([]row, len(pulls))
	for _, s := range sides {
		h := &host{dir: filepath.Join(work, "host-"+s.name())}
		for n, p := range pulls {
			fmt.Fprintf(os.Stderr, "pulling %s: %s\n", s.name(), p.what)
			before, start := link.sent(), time.Now()
			if err := h.pull(ctx, fmt.Sprintf("%s/%s/%s/%s", link.address, s.name(), p.of.tag, p.app)); err != nil {
				return fmt.Errorf("%s: %s: %w", s.name(), p.what, err)
			}
			rows[n].times = append(rows[n].times, time.Since(start))
			rows[n].bytes = append(rows[n].bytes, link.sent()-before)
		}
		if err := h.close(); err != nil {
			return err
		}
	}
	print(pulls, rows, sides)
	return nil
}

// print prints the table, as Markdown.
func print(pulls []pull, rows []row, sides []side) {
	header, rule := "| a host pulls |", "|---|"
	for _, s := range sides {
		header, rule = header+" "+s.name()+" |", rule+"---:|"
	}
	fmt.Println(header)
	fmt.Println(rule)
	for n, p := range pulls {
		fmt.Printf("| %s |", p.what)
		for i := range sides {
			fmt.Printf(" %.1f s, %s |", rows[n].times[i].Seconds(), units.HumanSizeWithPrecision(float64(rows[n].bytes[i]), 3))
		}
		fmt.Println()
	}
}
