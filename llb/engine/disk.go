//go:build unix

package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/docker/go-units"
	"github.com/moby/buildkit/client"
	"github.com/opencontainers/go-digest"
	"golang.org/x/sys/unix"
)

// fullWords are the messages of operating systems for a full disk. Only the text of an error
// passes the engine's API, and a step only prints text.
var fullWords = []string{"no space left on device", "disk quota exceeded"}

// saysFull reports whether the text contains the message for a full disk.
func saysFull(text string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc(fullWords, func(words string) bool { return strings.Contains(text, words) })
}

// isFull reports whether a build failed because the engine's disk is full. A step may print the
// message for another file system, so if its process exited by itself, the disk must also be
// nearly full.
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

// freeSpace returns the free bytes on the state's disk. They are unknown for an engine elsewhere.
func (e *Engine) freeSpace() (bytes int64, known bool) {
	var st unix.Statfs_t
	if e.opts.Address != "" || unix.Statfs(e.opts.State, &st) != nil {
		return 0, false
	}
	return int64(st.Bavail) * int64(st.Bsize), true
}

// reserveName is a file in the state that reserves space: BuildKit must write to its databases to
// remove records from the cache.
const (
	reserveName = "reserve"
	reserveSize = 1 << 20
)

// reserve takes the space if the disk has enough.
func reserve(state string) {
	path := filepath.Join(state, reserveName)
	if info, err := os.Stat(path); err == nil && info.Size() == reserveSize {
		return
	}
	if os.WriteFile(path, make([]byte, reserveSize), 0o600) != nil {
		release(state)
	}
}

// release frees the space if it is reserved.
func release(state string) { _ = os.Remove(filepath.Join(state, reserveName)) }

// makeRoom removes records from the cache that were not used since a time, and returns their size
// in bytes. It does not touch the cache of an engine elsewhere.
func (e *Engine) makeRoom(ctx context.Context, c *client.Client, since time.Time) int64 {
	if e.opts.Address != "" {
		return 0
	}
	release(e.opts.State)
	defer reserve(e.opts.State)
	// By name, because removing a record counts as a use of its parents.
	var unused []string
	records, _ := c.DiskUsage(ctx) // on an error, remove nothing
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
		// After an error, fewer bytes were removed, which the caller sees.
		_ = c.Prune(ctx, removed, client.PruneAll, client.WithFilter(unused))
	}()
	var bytes int64
	for record := range removed {
		bytes += record.Size
	}
	return bytes
}

// fullHelp returns the help for a full disk of the engine.
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

// explainFull adds the help for a full disk to a build's error.
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

// syncFile waits until a file is on the disk, if it exists.
func syncFile(name string) error {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// diskError returns the cause of a failed write if it is a problem of the disk and not of the
// request; else nil.
func diskError(err error) error {
	for _, fault := range []error{unix.ENOSPC, unix.EDQUOT, unix.EROFS, unix.EIO} {
		if errors.Is(err, fault) {
			return fault
		}
	}
	return nil
}

// unwritten returns the error for an output on a failing disk.
func unwritten(dir string, fault error) error {
	return &UnavailableError{
		What: fmt.Sprintf("cannot write the images to %s", dir),
		Help: elsewhere(fault, "name a directory on another disk") + "; existing images there are intact",
		Err:  fault,
	}
}

// elsewhere returns the help for a problem of a disk: an alternative, and freeing space if that
// helps.
func elsewhere(fault error, other string) string {
	if errors.Is(fault, unix.ENOSPC) || errors.Is(fault, unix.EDQUOT) {
		return "free space on that disk, or " + other
	}
	return other
}

// watchedStore remembers the blobs that were written to a store, and why the first write failed.
// Build's error passes through the engine, which keeps only the text.
type watchedStore struct {
	content.Store

	writers sync.WaitGroup // that are neither committed nor closed

	mu      sync.Mutex
	err     error
	written map[digest.Digest]bool
}

// wrote notes a blob that was not there before.
func (s *watchedStore) wrote(id digest.Digest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.written == nil {
		s.written = map[digest.Digest]bool{}
	}
	s.written[id] = true
}

// hasWritten reports whether a blob was written to the store.
func (s *watchedStore) hasWritten(id digest.Digest) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.written[id]
}

func (s *watchedStore) note(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = diskError(err)
	}
}

// wait returns when all writers are committed or closed.
func (s *watchedStore) wait() {
	if s != nil {
		s.writers.Wait()
	}
}

// fault returns the problem of the disk that kept a blob from being written, or nil.
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
	s.writers.Add(1)
	return &watchedWriter{w, s, sync.OnceFunc(s.writers.Done)}, nil
}

// watchedWriter writes nothing after it is committed or closed.
type watchedWriter struct {
	content.Writer
	store *watchedStore
	done  func()
}

func (w *watchedWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	w.store.note(err)
	return n, err
}

func (w *watchedWriter) Commit(ctx context.Context, size int64, expected digest.Digest, opts ...content.Opt) error {
	defer w.done()
	err := w.Writer.Commit(ctx, size, expected, opts...)
	if err == nil {
		w.store.wrote(w.Digest())
	}
	return err
}

func (w *watchedWriter) Close() error {
	defer w.done()
	return w.Writer.Close()
}
