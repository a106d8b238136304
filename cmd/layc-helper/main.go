// Layc-helper runs inside build steps and does there what needs no tool of the
// image: it installs a distribution's packages, unpacks archives, makes users,
// verifies what steps have written, and runs tests.
// It is one static binary without needs of its own, so that it can work in a
// root file system that is still empty.
//
//	layc-helper base DIR      make a system from the .deb files in DIR
//	layc-helper install DIR [NAME=VALUE…] [EXTRA…]
//	                          install the .deb files in DIR into the system,
//	                          with variables for their scripts
//	layc-helper unpack STRIP ARCHIVE DIR [LIMIT]
//	                          extract an archive without the first STRIP
//	                          elements of its paths, and at most LIMIT bytes
//	layc-helper rootfs ARCHIVE DIR
//	                          extract the archive of a root file system
//	layc-helper add ROOT EXTRA…
//	                          add to a system: -- NAME UID GID HOME SHELL
//	                          [GROUP…] enters a user, ++ DIR places a tree
//	layc-helper choose ROOT OUT N SOURCE… N INCLUDE… EXCLUDE…
//	                          copy what sources name in a system and patterns
//	                          leave of it
//	layc-helper look ROOT SOURCE
//	                          fail unless the engine can copy what a source
//	                          names in a system
//	layc-helper verify BEFORE AFTER [PATH…]
//	                          fail if two trees differ outside of the paths
//	layc-helper pack ROOT PAST EFFECT…
//	                          do effects to a system: -- BEFORE AFTER PLACED
//	                          NEEDS, what a component has changed, ++ BEFORE
//	                          AFTER, the same with its times, @@ TREE NEEDS, a
//	                          tree to place, ^^ TREE NEEDS, one that is placed
//	                          below, and << NEEDS TEXT FILE OWNER MODE, a
//	                          text to append; PAST are records of what
//	                          components have changed, or ""
//	layc-helper fit TREE AT [PATH TO]…
//	                          fail if a tree for a path of the system would
//	                          replace a link, after + only with a directory;
//	                          a directory after = gets an owner and a mode
//	layc-helper kept TREE…    fail if one of the trees, which lie on top of each
//	                          other, replaces a directory of those below, or
//	                          puts one in the place of something else; = marks
//	                          a system, which hides those before it
//	layc-helper remain TREE AFTER
//	                          remove from a tree the scratch files that
//	                          another one does not have
//	layc-helper times TREE OUT DIR…
//	                          copy a tree; files below the directories get times
//	                          that depend on their content
//	layc-helper sum512 SUM FILE
//	                          fail if a file has another SHA-512 checksum
//	layc-helper test COMMAND TEXT
//	                          fail unless a command of the system's shell
//	                          succeeds and prints the text
//	layc-helper start USER[:GROUP] N TREE… [NAME UID]… [++ VOLUME]…
//	                  [-- WHAT DIR PATH NAME SHELL]…
//	                          fail unless N trees, the topmost first, have a
//	                          user, a group, declared users, and programs with
//	                          what they start with
//	layc-helper connect PORT  connect the standard input and output to a port
//	                          of the container
//	layc-helper again FIRST SECOND REPORT PATH…
//	                          report where two trees differ at the paths
//	layc-helper libraries ARCH REPORT TREE…
//	                          report what the ELF files of the first tree lack
//	                          in all trees, which lie on top of each other
//
// Those that install packages work on /, and give the accounts that packages add numbers that
// depend on their names; the others on systems that are mounted
// somewhere, where the engine mounts nothing else. They leave nothing there that
// depends on when or where they ran: no logs, no caches, and every directory, and
// every file that isn't as a package has it, bears the canonical time,
// 1980-01-01T00:00:00Z. None uses the network.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/layc-lang/layc/llb/kept"
	"github.com/layc-lang/layc/llb/lacks"
)

// says begins what layc reads of the output.
const says = "layc-helper: "

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, told(err))
		os.Exit(1)
	}
}

// told is an error as layc reads it: a line for each thing that an image lacks.
func told(err error) string {
	var several lacks.Faults
	switch {
	case errors.Is(err, lacks.ErrUsage):
		err = errUsage
	case errors.As(err, &several):
		return says + strings.ReplaceAll(err.Error(), "\n", "\n"+says)
	}
	return says + err.Error()
}

var errUsage = errors.New("usage: layc-helper base, install, unpack, rootfs, add, choose, look, verify, pack, fit, kept, remain, times, sum512, test, start, connect, again or libraries")

func run(args []string) error {
	if len(args) == 0 {
		return errUsage
	}
	switch {
	case len(args) >= 2 && (args[0] == "base" || args[0] == "install"):
		return packages(args[0], args[1], args[2:])
	case (len(args) == 4 || len(args) == 5) && args[0] == "unpack":
		return unpackArgs(args[1:])
	case len(args) == 3 && args[0] == "rootfs":
		return unpackSystem(args[1], args[2])
	}
	switch {
	case len(args) >= 2 && args[0] == "add":
		return extras(args[1], args[2:])
	case len(args) >= 4 && args[0] == "choose":
		return chooseArgs(args[1], args[2], args[3:])
	case len(args) == 3 && args[0] == "look":
		return look(args[1], args[2])
	case len(args) >= 3 && args[0] == "verify":
		return verify(args[1], args[2], args[3:])
	case len(args) >= 4 && args[0] == "pack":
		return packArgs(args[1], args[2], args[3:])
	case len(args) >= 3 && len(args)%2 == 1 && args[0] == "fit":
		return fit(args[1], args[2], args[3:])
	case len(args) >= 2 && args[0] == "kept":
		return kept.Check(context.Background(), args[1:])
	case len(args) == 3 && args[0] == "remain":
		return remain(args[1], args[2])
	case len(args) > 3 && args[0] == "times":
		return contentTimes(args[1], args[2], args[3:])
	case len(args) == 3 && args[0] == "sum512":
		return sum512(args[1], args[2])
	}
	switch {
	case len(args) > 2 && args[0] == "test":
		return test(args[2:], args[1], maxTest)
	case len(args) >= 3 && args[0] == "start":
		return lacks.Start(args[1], args[2], args[3:])
	case len(args) == 2 && args[0] == "connect":
		// The engine ends a container when a process in it fails, and a program may listen later.
		if err := connect(args[1], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		return nil
	case len(args) >= 5 && args[0] == "again":
		return again(args[1], args[2], args[3], args[4:])
	case len(args) >= 4 && args[0] == "libraries":
		return lacks.Libraries(args[1], args[2], args[3:])
	}
	return errUsage
}

// packages makes or extends the system at / with the packages in dir, after
// it has added users and trees. more begins with variables for programs of the
// system.
func packages(command, dir string, more []string) error {
	// The kernel stamps files with a clock that lags up to ten milliseconds. The layers below, which
	// an engine may just have copied, are older.
	start := time.Now().Add(-20 * time.Millisecond)
	debs, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil {
		return err
	}
	if len(debs) == 0 {
		return fmt.Errorf("no packages in %s", dir)
	}
	slices.Sort(debs)
	const root = "/"
	variables := slices.IndexFunc(more, func(arg string) bool { return !strings.Contains(arg, "=") })
	if variables < 0 {
		variables = len(more)
	}
	environment, more = environmentWith(more[:variables]), more[variables:]
	if err := extras(root, more); err != nil {
		return err
	}
	before, err := left(root)
	if err != nil {
		return err
	}
	switch command {
	case "base":
		err = makeBase(root, debs)
	case "install":
		err = install(root, debs)
	}
	if err != nil {
		return err
	}
	if err := clean(root, before); err != nil {
		return fmt.Errorf("cleaning up: %w", err)
	}
	if err := settle(root, start); err != nil {
		return fmt.Errorf("setting times: %w", err)
	}
	return nil
}
