package pin

import (
	"fmt"
	"path"
	"strings"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/lang/diag"
)

// faults are findings that end a request.
type faults diag.List

func (f faults) Error() string { return f[0].Message }

// UnknownNameError says that nothing of a program is pinned under a name.
type UnknownNameError struct {
	*lock.UnknownNameError
	Near string // a name of a pin that may be meant; "" if none is close
}

func newUnknownName(err *lock.UnknownNameError, pins *lock.File) *UnknownNameError {
	names := pins.Updatable()
	for _, n := range names { // layers is https://git.example.com/team/layers.git
		if strings.TrimSuffix(path.Base(n), ".git") == err.Name && n != err.Name {
			return &UnknownNameError{err, n}
		}
	}
	return &UnknownNameError{err, diag.Nearest(err.Name, names)}
}

// NoAppsError says that a name to resolve again is not pinned, since the module
// declares no app.
type NoAppsError struct{ Name string }

func (e *NoAppsError) Error() string {
	return fmt.Sprintf("%s is not pinned: the module declares no app, so only its git repositories are pinned", e.Name)
}

// UnknownArchiveError says that a program downloads nothing from an archive.
type UnknownArchiveError struct {
	Name  string
	Known []string // archives that it may download from, sorted
}

func (e *UnknownArchiveError) Error() string {
	return "the program downloads nothing from " + e.Name
}
