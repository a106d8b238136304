package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/llb/images"
)

// soon is how long a build goes on after an error before a line tells the error. If the build ends
// before, its end tells it.
const soon = time.Second

// early are the errors of a build that were found while it went on. The end of the build shows them
// with all that they have; until then people see a line for each.
type early struct {
	tell func(lines []string) // prints lines; nil: nobody watches

	mutex sync.Mutex
	found []images.Finding
	told  int // of found
	timer *time.Timer
	ended bool
}

// add adds an error, once.
func (e *early) add(f images.Finding) {
	if f.Severity != diag.Error {
		return
	}
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if e.ended || slices.ContainsFunc(e.found, func(other images.Finding) bool { return sameFinding(f, other) }) {
		return
	}
	e.found = append(e.found, f)
	if e.tell != nil && e.timer == nil {
		e.timer = time.AfterFunc(soon, e.lines)
	}
}

// lines tells the errors that are not told yet.
func (e *early) lines() {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.timer = nil
	if e.ended {
		return
	}
	var lines []string
	for _, f := range e.found[e.told:] {
		place := strings.TrimPrefix(placeOf(f.Span)+": ", ": ")
		lines = append(lines, fmt.Sprintf("%serror[%s]: %s", place, f.Code, f.Message))
	}
	if e.told == 0 {
		lines = append(lines, "the build goes on with what else it can, and then shows the reason and help")
	}
	e.told = len(e.found)
	e.tell(lines)
}

// end ends the telling. It returns the errors that were found.
func (e *early) end() []images.Finding {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.ended = true
	return e.found
}

// sameFinding reports whether two findings tell the same.
func sameFinding(a, b images.Finding) bool {
	return a.Code == b.Code && a.Span == b.Span && a.Message == b.Message
}
