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
	if len(args) == 4 && args[0] == "unpack" {
		strip, err := strconv.Atoi(args[1])
		if err != nil || strip < 0 {
			return fmt.Errorf("unpack: %q is no number of path elements", args[1])
		}
		return unpackArchive(args[2], args[3], strip)
	}
	if len(args) != 2 || args[0] != "base" && args[0] != "install" {
		return fmt.Errorf("usage: layc-helper base|install DIR, or unpack STRIP ARCHIVE DIR")
	}
	// The kernel stamps files with a clock that lags a few milliseconds.
	start := time.Now().Add(-time.Second)
	debs, err := filepath.Glob(filepath.Join(args[1], "*.deb"))
	if err != nil {
		return err
	}
	if len(debs) == 0 {
		return fmt.Errorf("there are no packages in %s", args[1])
	}
	slices.Sort(debs)
	const root = "/"
	switch args[0] {
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
