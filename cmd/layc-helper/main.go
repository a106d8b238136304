// Layc-helper runs inside build steps that install a distribution's packages or
// unpack archives.
// It is one static binary without needs of its own, so that it can work in a
// root file system that is still empty.
//
//	layc-helper base DIR      make a system from the .deb files in DIR
//	layc-helper install DIR   install the .deb files in DIR into the system
//	layc-helper unpack STRIP ARCHIVE DIR
//	                          extract an archive without the first STRIP
//	                          elements of its paths
//
// The first two work on / and leave nothing there that depends on when or where they
// ran: no logs, no caches, and every file that isn't as a package has it bears
// the canonical time, 1980-01-01T00:00:00Z. Neither uses the network.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "layc-helper:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 2 && (args[0] == "base" || args[0] == "install"):
		return packages(args[0], args[1])
	case len(args) == 4 && args[0] == "unpack":
		strip, err := strconv.Atoi(args[1])
		if err != nil || strip < 0 {
			return fmt.Errorf("unpack: %q is no number of directories", args[1])
		}
		return unpack(strip, args[2], args[3])
	}
	return fmt.Errorf("usage: layc-helper base DIR, install DIR or unpack STRIP FILE DIR")
}

// packages makes or extends the system at / with the packages in dir.
func packages(command, dir string) error {
	// The kernel stamps files with a clock that lags a few milliseconds.
	start := time.Now().Add(-time.Second)
	debs, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil {
		return err
	}
	if len(debs) == 0 {
		return fmt.Errorf("there are no packages in %s", dir)
	}
	slices.Sort(debs)
	const root = "/"
	switch command {
	case "base":
		err = makeBase(root, debs)
	case "install":
		err = install(debs)
	}
	if err != nil {
		return err
	}
	if err := clean(root); err != nil {
		return fmt.Errorf("cleaning up: %w", err)
	}
	if err := settle(root, start); err != nil {
		return fmt.Errorf("setting times: %w", err)
	}
	return nil
}
