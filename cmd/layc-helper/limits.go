package main

import (
	"fmt"
	"io"
	"math"

	"github.com/layc-lang/layc/llb/archive"
)

// blockCost is the least space that a file takes on a disk.
const blockCost = 4 << 10

// budget limits what an archive may contain.
type budget struct {
	limit   int64 // bytes of all files together
	given   bool  // the program sets the limit
	written int64
	read    int64 // decompressed bytes
}

// newBudget returns the budget of an archive of size bytes. A limit of 0 means the default.
func newBudget(limit, size int64) *budget {
	if limit > 0 {
		return &budget{limit: limit, given: true}
	}
	return &budget{limit: archive.Allowed(size)}
}

// unbounded is the budget of a trusted archive.
func unbounded() *budget { return &budget{limit: math.MaxInt64 / 4} }

// entries fails if an archive has more than n entries.
func (b *budget) entries(n int64) error {
	if most := max(b.limit/blockCost, 1000); n > most {
		return fmt.Errorf("the archive has more than %d entries, %s", most, b.why())
	}
	return nil
}

// write counts bytes of a file.
func (b *budget) write(n int64) error {
	if b.written += n; b.written > b.limit {
		return b.tooLarge()
	}
	return nil
}

func (b *budget) tooLarge() error {
	return fmt.Errorf("the archive unpacks to more than %s, %s", bytesOf(b.limit), b.why())
}

func (b *budget) why() string {
	if b.given {
		return "the limit set by the program"
	}
	return "which is suspicious for its size; if that is right, raise the limit, for example with `unpack limit 100GB`"
}

// bytesOf formats a size in GB, MB or bytes.
func bytesOf(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%d bytes", n)
}

// stream counts the decompressed bytes of an archive. Skipped entries are read, too, and may have
// as many bytes as the written ones.
func (b *budget) stream(in io.Reader) io.Reader { return &boundedStream{in, b} }

type boundedStream struct {
	in io.Reader
	b  *budget
}

func (s *boundedStream) Read(p []byte) (int, error) {
	n, err := s.in.Read(p)
	if s.b.read += int64(n); s.b.read > 2*s.b.limit+1<<20 {
		return n, s.b.tooLarge()
	}
	return n, err
}

// boundedFile counts the bytes written to a file.
type boundedFile struct {
	out io.Writer
	b   *budget
}

func (f *boundedFile) Write(p []byte) (int, error) {
	if err := f.b.write(int64(len(p))); err != nil {
		return 0, err
	}
	return f.out.Write(p)
}
