//go:build unix

package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/docker/go-units"
	"github.com/moby/buildkit/client"
	"golang.org/x/sys/unix"
)

// fullWords are what the operating system says of a disk that takes no more.
// Only the message crosses the engine's API, and it is all that a step prints.
var fullWords = []string{"no space left on device", "disk quota exceeded"}

// saysFull reports whether the text says that a disk takes no more.
func saysFull(text string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc(fullWords, func(words string) bool { return strings.Contains(text, words) })
}

// isFull reports whether a build failed because the engine's disk is full. What
// a step prints may be about another file system of its own, so for one that
// ended by itself the disk has to be nearly full, too.
func (e *Engine) isFull(err error) bool {
	var step *StepError
	var unavailable *UnavailableError
	switch {
	case errors.As(err, &step):
		free, known := e.freeSpace()
		return saysFull(strings.Join(step.Log, "\n")) && known && free < 1<<30
	case errors.As(err, &unavailable):
		return unavailable.full
	}
	return false
}

// freeSpace is how many bytes the state's disk has left. That of an engine
// elsewhere is not known.
func (e *Engine) freeSpace() (bytes int64, known bool) {
	var st unix.Statfs_t
	if e.opts.Address != "" || unix.Statfs(e.opts.State, &st) != nil {
		return 0, false
	}
	return int64(st.Bavail) * int64(st.Bsize), true
}

// reserveName is a file of the state that holds some space: to remove something
// from the cache, BuildKit has to write to its databases.
const (
	reserveName = "reserve"
	reserveSize = 1 << 20
)

// reserve takes the space, if the disk still has it.
func reserve(state string) {
	path := filepath.Join(state, reserveName)
	if info, err := os.Stat(path); err == nil && info.Size() == reserveSize {
		return
	}
	if os.WriteFile(path, make([]byte, reserveSize), 0o600) != nil {
		release(state)
	}
}

// release gives the space back. It may not be there.
func release(state string) { _ = os.Remove(filepath.Join(state, reserveName)) }

// makeRoom removes from the cache what was not used since a time, and returns
// how many bytes that was. The cache of an engine elsewhere is its owner's.
func (e *Engine) makeRoom(ctx context.Context, c *client.Client, since time.Time) int64 {
	if e.opts.Address != "" {
		return 0
	}
	release(e.opts.State)
	defer reserve(e.opts.State)
	// By name, as removing a record counts as a use of what it stands on.
	var unused []string
	records, _ := c.DiskUsage(ctx) // without them, nothing is removed
	for _, r := range records {
		if !r.InUse && r.LastUsedAt != nil && r.LastUsedAt.Before(since) {
			unused = append(unused, "id=="+r.ID)
		}
	}
	if len(unused) == 0 {
		return 0
	}
	removed := make(chan client.UsageInfo)
	go func() {
		defer close(removed)
		// An error says that less was removed, which the caller sees.
		_ = c.Prune(ctx, removed, client.PruneAll, client.WithFilter(unused))
	}()
	var bytes int64
	for record := range removed {
		bytes += record.Size
	}
	return bytes
}

// fullHelp says what to do about the engine's full disk.
func (e *Engine) fullHelp(ctx context.Context, c *client.Client) string {
	free, known := e.freeSpace()
	if !known {
		return "free space on the disk of that engine: docker buildx prune or buildctl prune empties its cache"
	}
	var used int64
	records, err := c.DiskUsage(ctx)
	for _, r := range records {
		used += r.Size
	}
	takes := ""
	if err == nil && used > 0 {
		takes = fmt.Sprintf(", and this build uses %s there", units.HumanSize(float64(used)))
	}
	return fmt.Sprintf("only %s is free on the disk of %s%s; free space there, or name a directory on a larger disk with --state",
		units.HumanSize(float64(free)), e.opts.State, takes)
}

// explainFull completes the error of a build that found the disk full.
func (e *Engine) explainFull(ctx context.Context, c *client.Client, err error) error {
	help := e.fullHelp(ctx, c)
	var step *StepError
	var unavailable *UnavailableError
	switch {
	case errors.As(err, &step):
		step.Full = help
	case errors.As(err, &unavailable):
		unavailable.Help = help
	}
	return err
}

// diskError is what kept a file from being written, if that is a fault of its
// disk and not of what was asked for; else nil.
func diskError(err error) error {
	for _, fault := range []error{unix.ENOSPC, unix.EDQUOT, unix.EROFS, unix.EIO} {
		if errors.Is(err, fault) {
			return fault
		}
	}
	return nil
}

// unwritten is the error of an output whose disk failed.
func unwritten(dir string, fault error) error {
	return &UnavailableError{
		What: fmt.Sprintf("cannot write the images to %s", dir),
		Help: elsewhere(fault, "name a directory on another disk") + "; existing images there are intact",
		Err:  fault,
	}
}

// elsewhere says what to do about a fault of a disk: something else, and to make
// room if that helps.
func elsewhere(fault error, other string) string {
	if errors.Is(fault, unix.ENOSPC) || errors.Is(fault, unix.EDQUOT) {
		return "free space on that disk, or " + other
	}
	return other
}

// watchedStore remembers why the first write to a store failed: the engine,
// through which the error comes back, has only its text.
type watchedStore struct {
	content.Store

	mu  sync.Mutex
	err error
}

func (s *watchedStore) note(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = diskError(err)
	}
}

// fault is a fault of the disk that kept a blob from being written, or nil; of
// no store, nil.
func (s *watchedStore) fault() error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *watchedStore) Writer(ctx context.Context, opts ...content.WriterOpt) (content.Writer, error) {
	w, err := s.Store.Writer(ctx, opts...)
	if err != nil {
		s.note(err)
		return nil, err
	}
	return &watchedWriter{w, s}, nil
}

type watchedWriter struct {
	content.Writer
	store *watchedStore
}

func (w *watchedWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	w.store.note(err)
	return n, err
}
