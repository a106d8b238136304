package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// installation tells on standard output how far an installation is. Its line is drawn again and again, so
// the output in the end has one line: how many packages were installed. What dpkg itself prints is long,
// and warns about each forced order.
type installation struct {
	w     io.Writer
	total int
	done  map[string]bool // package and state
	at    time.Time       // of the last line
}

func newInstallation(total int) *installation {
	return &installation{w: os.Stdout, total: total, done: map[string]bool{}}
}

// often is how often the line is drawn.
const often = 200 * time.Millisecond

// states are dpkg's states of packages that count, and what it does to reach them.
var states = map[string]string{"unpacked": "unpacking", "installed": "configuring"}

// follow reads what dpkg writes to --status-fd.
func (i *installation) follow(status io.Reader) {
	lines := bufio.NewScanner(status)
	for lines.Scan() {
		// "status: libc6:amd64: unpacked"
		f := strings.Fields(lines.Text())
		if len(f) != 3 || f[0] != "status:" || states[f[2]] == "" {
			continue
		}
		name, _, _ := strings.Cut(f[1], ":")
		i.reach(name, f[2])
	}
	_, _ = io.Copy(io.Discard, status) // a line that is too long must not block dpkg
}

// reach notes that a package has a state, and draws the line.
func (i *installation) reach(name, state string) {
	// Triggers configure packages again that were there before.
	if i.done[state+" "+name] || state == "installed" && !i.done["unpacked "+name] {
		return
	}
	i.done[state+" "+name] = true
	n := 0
	for k := range i.done {
		if strings.HasPrefix(k, state+" ") {
			n++
		}
	}
	if now := time.Now(); i.total > 1 && now.Sub(i.at) >= often {
		i.at = now
		fmt.Fprintf(i.w, "\r%s: %d of %d packages, %s", states[state], n, i.total, name)
	}
}

// end replaces the line by the result.
func (i *installation) end() {
	if i.total == 1 {
		fmt.Fprint(i.w, "\rinstalled 1 package\n")
		return
	}
	fmt.Fprintf(i.w, "\rinstalled %d packages\n", i.total)
}

// broken begins a new line for an error.
func (i *installation) broken() {
	if !i.at.IsZero() {
		fmt.Fprintln(i.w)
	}
}
