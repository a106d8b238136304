//go:build unix

package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"
	"github.com/moby/buildkit/client"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// Use is what a kind of content takes in an engine's cache.
type Use struct {
	Kind    string // "downloads", for example
	Records int
	Bytes   int64
	Unused  int64 // the bytes that [Engine.Prune] would remove now
}

// Usage returns what an engine's cache takes, the largest kind first. The error is an
// *UnavailableError, or the cause of ctx's end.
func (e *Engine) Usage(ctx context.Context) ([]Use, error) {
	c, err := e.current()
	if err != nil {
		return nil, err
	}
	return e.uses(ctx, c, kindOf)
}

// Components is like Usage by what made the content: the components of steps that place files, and
// the commands of steps that run programs. A BuildKit does not keep more about its content.
func (e *Engine) Components(ctx context.Context) ([]Use, error) {
	c, err := e.current()
	if err != nil {
		return nil, err
	}
	return e.uses(ctx, c, makerOf)
}

// uses sums up records by what a function returns for them, the largest sum first.
func (e *Engine) uses(ctx context.Context, c *client.Client, kindOf func(*client.UsageInfo) string) ([]Use, error) {
	records, err := c.DiskUsage(ctx)
	if err != nil {
		return nil, e.silent(ctx, err)
	}
	kinds := map[string]*Use{}
	for _, r := range records {
		kind := kindOf(r)
		if kinds[kind] == nil {
			kinds[kind] = &Use{Kind: kind}
		}
		use := kinds[kind]
		use.Records++
		use.Bytes += r.Size
		if !r.InUse {
			use.Unused += r.Size
		}
	}
	var all []Use
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		all = append(all, *kinds[kind])
	}
	slices.SortStableFunc(all, func(a, b Use) int { return cmp.Compare(b.Bytes, a.Bytes) })
	return all, nil
}

// stepsKind is the kind of what steps made.
const stepsKind = "steps and layers"

// kindOf names the kind of a record.
func kindOf(r *client.UsageInfo) string {
	switch {
	case r.RecordType == client.UsageRecordTypeLocalSource:
		return "local files"
	case r.RecordType == client.UsageRecordTypeGitCheckout:
		return "git repositories"
	case r.RecordType == client.UsageRecordTypeCacheMount:
		return "caches of runs"
	case r.RecordType == client.UsageRecordTypeRegular && strings.HasPrefix(r.Description, "http url "):
		return "downloads"
	case r.RecordType == client.UsageRecordTypeRegular:
		return stepsKind
	}
	return "the engine's own"
}

// longestCommand is how much of a command names what it made.
const longestCommand = 60

// makerOf names what made a record: a component, a command, or else its kind.
func makerOf(r *client.UsageInfo) string {
	kind := kindOf(r)
	if kind != stepsKind {
		return kind
	}
	if name, _, ok := strings.Cut(strings.TrimPrefix(r.Description, "["), "] "); ok && strings.HasPrefix(r.Description, "[") {
		return name
	}
	if strings.HasPrefix(r.Description, "imported sha256:") {
		return "pulled from a cache"
	}
	_, command, ok := strings.Cut(r.Description, " from exec ")
	if !ok {
		return kind
	}
	command = strings.TrimPrefix(command, "/bin/sh -ec ")
	if args := strings.Fields(command); len(args) > 1 && strings.HasPrefix(args[0], "/.layc/") {
		return "layc-helper " + args[1]
	}
	command = strings.Join(strings.Fields(command), " ")
	if runes := []rune(command); len(runes) > longestCommand {
		command = string(runes[:longestCommand-1]) + "…"
	}
	return "run " + command
}

// Prune removes everything from an engine's cache that no build uses at the moment, and was not used
// for a time, and returns its bytes. The error is an *UnavailableError, or the cause of ctx's end.
func (e *Engine) Prune(ctx context.Context, unusedFor time.Duration) (int64, error) {
	c, err := e.current()
	if err != nil {
		return 0, err
	}
	removed, counted := make(chan client.UsageInfo), make(chan int64)
	go func() {
		var bytes int64
		for record := range removed {
			bytes += record.Size
		}
		counted <- bytes
	}()
	err = c.Prune(ctx, removed, client.PruneAll, client.WithKeepOpt(unusedFor, 0, 0, 0))
	close(removed)
	bytes := <-counted
	e.noteWork(false)
	if err != nil {
		return bytes, e.silent(ctx, err)
	}
	if e.opts.Address == "" && unusedFor == 0 {
		return bytes, os.RemoveAll(filepath.Join(e.opts.State, recordsName))
	}
	return bytes, nil
}

// Tried is what an engine says about itself.
type Tried struct {
	Version   string // of BuildKit elsewhere; "" if it is unknown
	Platforms []ocispecs.Platform
}

// Try asks an engine for its version and platforms, and whether it has all that layc needs. The error
// is an *UnavailableError, or the cause of ctx's end.
func (e *Engine) Try(ctx context.Context) (Tried, error) {
	var t Tried
	c, err := e.current()
	if err != nil {
		return t, err
	}
	if t.Platforms, err = e.Platforms(ctx); err != nil {
		return t, err
	}
	t.Version = e.foreign
	caps := map[string]bool{}
	for id := range abilities {
		caps[string(id)] = true
	}
	var lacking error
	_, err = begin(ctx, c, client.SolveOpt{Internal: e.opts.Address == ""}, func(_ context.Context, g gateway.Client) (*gateway.Result, error) {
		lacking = e.lacks(g.BuildOpts(), []*pb.Definition{{Metadata: map[string]*pb.OpMetadata{"": {Caps: caps}}}})
		return gateway.NewResult(), nil
	}, nil)
	if lacking != nil || err == nil {
		return t, lacking
	}
	return t, e.silent(ctx, err)
}

// silent returns the error for a request that an engine does not answer.
func (e *Engine) silent(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return &UnavailableError{What: "the engine does not respond", Help: "run the command again", Err: err}
}

// Running returns the process that runs the engine on a state directory; 0 if none does.
func Running(state string) int {
	name := filepath.Join(state, lockName)
	if _, err := os.Stat(name); err != nil {
		return 0
	}
	lock := flock.New(name, flock.SetPermissions(0o600))
	got, err := lock.TryLock()
	if got || err != nil {
		_ = lock.Close()
		return 0
	}
	text, _ := os.ReadFile(name)
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text))) // empty while it starts
	return pid
}

// hasOpen reports whether a process has a file open. A process number of another container belongs to
// another process here.
func hasOpen(pid int, file string) bool {
	want, err := os.Stat(file)
	if err != nil {
		return false
	}
	fds, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid)) // the pattern is valid
	return slices.ContainsFunc(fds, func(fd string) bool {
		got, err := os.Stat(fd)
		return err == nil && os.SameFile(got, want)
	})
}

// Stop interrupts the process that runs the engine on a state directory, waits until it has ended, and
// returns it; 0 if none does. Attached processes continue by themselves. The error is an
// *UnavailableError, or the cause of ctx's end.
func Stop(ctx context.Context, state string) (int, error) {
	pid := Running(state)
	if pid == 0 {
		return 0, nil
	}
	if !hasOpen(pid, filepath.Join(state, lockName)) {
		return pid, &UnavailableError{
			What: fmt.Sprintf("the process that runs the engine on %s cannot be seen from here", state),
			Help: "it belongs to another user, or runs in another container: run layc engine stop there",
		}
	}
	if err := syscall.Kill(pid, syscall.SIGINT); err != nil && !errors.Is(err, syscall.ESRCH) {
		return pid, &UnavailableError{What: fmt.Sprintf("cannot interrupt process %d, which runs the engine on %s", pid, state), Help: "run layc as the user who started it", Err: err}
	}
	for end := time.Now().Add(ownerPatience); Running(state) == pid; {
		if time.Now().After(end) {
			return pid, &UnavailableError{What: fmt.Sprintf("process %d, which runs the engine on %s, does not end", pid, state), Help: fmt.Sprintf("end it with kill -9 %d: the next build removes what it leaves", pid)}
		}
		select {
		case <-ctx.Done():
			return pid, context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
	}
	return pid, nil
}
