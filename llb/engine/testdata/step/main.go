// Command step is the program in the build steps of the engine's tests. It is static, so a root
// file system needs nothing else.
//
//	step write FILE TEXT   writes the text, with a fixed time
//	step sleep NAME        waits longer than any test; the name is for who looks for it
//	step fail CODE         prints 30 lines and exits with the code
//	step make DIR          makes files whose owners, modes, links and attributes are unusual
//	step change DIR        replaces, removes and writes to some of them, and sets the times of these
//	step chown FILE ID     makes a file of a user
//	step mknod FILE        makes a device node
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	arg := func(i int) int { n, _ := strconv.Atoi(os.Args[i]); return n }
	switch os.Args[1] {
	case "write":
		check(os.WriteFile(os.Args[2], []byte(os.Args[3]), 0o644))
	case "sleep":
		fmt.Println("asleep")
		time.Sleep(time.Hour)
	case "fail":
		for i := range 30 {
			fmt.Println("line", i+1)
		}
		os.Exit(arg(2))
	case "make":
		os.Chdir(os.Args[2])
		for _, name := range []string{"program", "owned", "gone", "full/inside", "sticky/inside"} {
			check(os.MkdirAll(filepath.Dir(name), 0o755))
			check(os.WriteFile(name, []byte(name), 0o755))
		}
		check(unix.Setxattr("program", "security.capability", may, 0))
		check(unix.Setxattr("owned", "user.note", []byte("text"), 0))
		check(os.Link("program", "full/program"))
		check(os.Chown("owned", 1001, 65533))
		check(os.Chmod("owned", 0o755|os.ModeSetuid))
		check(os.Chmod("sticky", 0o777|os.ModeSticky|os.ModeSetgid))
		check(unix.Mkfifo("pipe", 0o600))
		check(os.Symlink("nowhere", "link"))
		check(os.Link("link", "link2"))
		for _, name := range []string{"one", "other"} {
			check(os.WriteFile(name, []byte(name), 0o644))
			for _, more := range []string{"2", "3", "4"} {
				check(os.Link(name, name+more))
			}
		}
	case "change":
		os.Chdir(os.Args[2])
		check(os.Remove("gone"))
		check(os.WriteFile("one2", []byte("changed"), 0o644))
		check(os.Chmod("one4", 0o600))
		check(os.Rename("one3", "moved"))
		check(os.Remove("other"))
		check(os.Link("other3", "other5"))
		check(os.RemoveAll("full"))
		check(os.Mkdir("full", 0o700))
		check(os.WriteFile("full/other", []byte("new"), 0o600))
		check(os.WriteFile("sticky/inside", []byte("new"), 0o600))
		check(os.Chown("pipe", 65534, 0))
		for _, name := range []string{".", "one2", "one4", "moved", "other3", "full", "full/other", "sticky", "sticky/inside", "pipe"} {
			check(os.Chtimes(name, time.Unix(0, 0), time.Unix(0, 0)))
		}
	case "chown":
		check(os.WriteFile(os.Args[2], nil, 0o644))
		check(os.Chown(os.Args[2], arg(3), 0))
	case "mknod":
		if err := unix.Mknod(os.Args[2], unix.S_IFCHR|0o600, int(unix.Mkdev(1, 3))); err != nil {
			check(fmt.Errorf("mknod: %w", err))
		}
	}
}

// may is CAP_NET_RAW, permitted and effective, in the second version of the format.
var may = []byte{1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
