package main

import (
	"bytes"
	"io"
	"sync"
	"time"
)

// interrupt is what a raw terminal sends for Ctrl-C.
const interrupt = 3

// enough is how many Ctrl-C in a row end a program, which may ignore them: the kernel gives the first process
// of a container no signal that it does not ask for.
const enough = 3

// silence is how long a program may be silent after Ctrl-C before the user is told how to end it.
const silence = 2 * time.Second

// interrupts watches what a user types for a program with a terminal of its own, and what the program prints.
// The program gets all of it.
type interrupts struct {
	typed io.Reader
	tell  func() // called once, after Ctrl-C and silence, or at the second Ctrl-C
	end   func() // called at the third Ctrl-C in a row

	mu    sync.Mutex
	row   int         // of Ctrl-C
	quiet *time.Timer // until tell is called; nil: nothing is waited for
	told  bool
}

// Read reads what is typed.
func (i *interrupts) Read(p []byte) (int, error) {
	n, err := i.typed.Read(p)
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, b := range p[:n] {
		if b != interrupt {
			i.row = 0
			i.calm()
			continue
		}
		switch i.row++; {
		case i.row == 1:
			i.calm()
			i.quiet = time.AfterFunc(silence, i.explain)
		case i.row == enough:
			i.end()
		default:
			go i.explain()
		}
	}
	return n, err
}

// printed notes what the program prints. Its terminal echoes ^C.
func (i *interrupts) printed(p []byte) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(bytes.Trim(p, "^C\r\n")) > 0 {
		i.calm()
	}
}

// calm waits for nothing.
func (i *interrupts) calm() {
	if i.quiet != nil {
		i.quiet.Stop()
		i.quiet = nil
	}
}

// explain tells the user once.
func (i *interrupts) explain() {
	i.mu.Lock()
	told := i.told
	i.told = true
	i.mu.Unlock()
	if !told {
		i.tell()
	}
}

// heard is the output of a program that is watched.
type heard struct {
	io.WriteCloser
	by *interrupts
}

func (h heard) Write(p []byte) (int, error) {
	h.by.printed(p)
	return h.WriteCloser.Write(p)
}
