//go:build unix

package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/layc-lang/layc/lang/lazy"
)

// suspectName is the file of the state by which a build asks the next engine to look
// through all of it.
const suspectName = "suspect"

// lost matches what BuildKit and containerd say of a file of the state that is not
// there, or is not what it was.
var lost = lazy.Regexp(`: blob not found|content digest \S+: not found|short read: expected|unexpected commit (digest|size)|failed size validation|invalid database|/snapshots/snapshots/[0-9]+(/fs)?: (no such file or directory|file exists)`)

// suspicious reports whether an error may come from a damaged state.
func (e *Engine) suspicious(err error) bool {
	var step *StepError
	switch {
	case err == nil || e.opts.Address != "":
		return false
	case errors.As(err, &step):
		return step.ExitCode == 0 && lost().MatchString(step.Err.Error())
	}
	return lost().MatchString(err.Error())
}

// reexamine opens the state again, with a look through all of it, after a suspicious
// error. It reports whether there was damage, and is none any more.
func (e *Engine) reexamine(ctx context.Context, failed error) (repaired bool, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := os.WriteFile(filepath.Join(e.opts.State, suspectName), nil, 0o600); err != nil {
		return false, damaged(e.opts.State, err)
	}
	if e.client == nil { // it rests
		if err := e.openState(ctx, e.opts.Notice); err != nil {
			return false, err
		}
	}
	if e.owned == nil {
		return false, &UnavailableError{
			What: fmt.Sprintf("the engine's state directory %s may be damaged, and another layc uses it", e.opts.State),
			Help: "run the command again when the other one has ended",
			Err:  failed,
		}
	}
	if err := e.release(); err != nil {
		return false, damaged(e.opts.State, err)
	}
	err = e.openState(ctx, e.opts.Notice)
	return e.owned != nil && e.owned.emptied(), err
}

// damaged is the error for a state that layc cannot repair.
func damaged(state string, err error) error {
	return &UnavailableError{
		What: fmt.Sprintf("the engine's state directory %s is damaged", state),
		Help: "remove the directory (it is only a cache): " + removal(state),
		Err:  err,
	}
}

// removal is the command that removes a state. Files in an ordinary user's state belong to the
// user's subordinate IDs.
func removal(state string) string {
	as := ""
	if os.Geteuid() != 0 {
		as = "unshare --map-root-user --map-auto "
	}
	return as + "rm -r " + quoted(state)
}

// quoted is a path for the shell.
func quoted(path string) string {
	if strings.ContainsAny(path, " '\"$`\\*?[]()&;|<>!#~\n\t") {
		return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return path
}
