package registry

import (
	"io"
	"sync"
	"sync/atomic"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Progress is the progress of a push.
type Progress struct {
	// What is finished: "blob", "manifest" or "tag"; "" while a blob is sent.
	What      string
	Reference string // the reference in the registry
	Size      int64  // in bytes

	Done, Total int   // number of blobs, manifests and tags
	Sent        int64 // bytes of blobs sent so far
}

// reporter counts and shows the progress.
type reporter struct {
	show func(Progress) // may be nil

	mu  sync.Mutex // guards now and calls of show
	now Progress
}

// begin sets what there is to do.
func (r *reporter) begin(blobs []*blob, manifests []*manifest, tags int) {
	r.now.Total = len(manifests) + tags
	for _, b := range blobs {
		r.now.Total += len(b.repos)
	}
}

// done reports something finished.
func (r *reporter) done(what, ref string, size int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now.Done++
	if r.show != nil {
		p := r.now
		p.What, p.Reference, p.Size = what, ref, size
		r.show(p)
	}
}

// sent reports bytes of a blob; a negative number if they are sent again.
func (r *reporter) sent(n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now.Sent += n
	if r.show != nil {
		r.show(r.now)
	}
}

// counted is a layer whose bytes are reported while they are read.
type counted struct {
	v1.Layer
	report *reporter
	last   *counting
}

// Compressed implements [v1.Layer].
func (c *counted) Compressed() (io.ReadCloser, error) {
	if c.last != nil {
		c.report.sent(-c.last.n.Load()) // the upload starts again
	}
	in, err := c.Layer.Compressed()
	if err != nil {
		return nil, err
	}
	c.last = &counting{ReadCloser: in, report: c.report}
	return c.last, nil
}

type counting struct {
	io.ReadCloser
	report *reporter
	n      atomic.Int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	if n > 0 {
		c.n.Add(int64(n))
		c.report.sent(int64(n))
	}
	return n, err
}
