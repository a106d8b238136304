package lock

import (
	"fmt"
	"strings"
)

// BaseError is the error for a base that cannot be pinned.
type BaseError struct {
	Name string // an image, a layout, or the URL of an archive, as the program writes it
	Err  error
}

func (e *BaseError) Error() string { return fmt.Sprintf("pinning the base %s: %v", e.Name, e.Err) }

func (e *BaseError) Unwrap() error { return e.Err }

// BaseErrors are the errors of several bases, at least one, in the order of their names.
type BaseErrors []*BaseError

func (e BaseErrors) Error() string {
	var lines []string
	for _, one := range e {
		lines = append(lines, one.Error())
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns all errors.
func (e BaseErrors) Unwrap() []error {
	var all []error
	for _, one := range e {
		all = append(all, one)
	}
	return all
}

// UnfitError is the reason of a [BaseError] if the base was found, but cannot be used.
type UnfitError struct{ Note, Help string }

func (e *UnfitError) Error() string { return e.Note + " (" + e.Help + ")" }

// Advice returns the reason, and what to do next.
func (e *UnfitError) Advice() (note, help string) { return e.Note, e.Help }

// Unreachable is an error of a server that cannot be reached. The program may be correct, and trying
// again later may help.
type Unreachable interface {
	error
	Unreachable()
}

// collect keeps an error of a base.
func (u *updater) collect(name string, err error) {
	if err != nil {
		u.failed = append(u.failed, &BaseError{name, err})
	}
}
