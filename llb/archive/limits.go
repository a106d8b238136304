package archive

import (
	"fmt"
	"io"
)

// A small archive can have enough content to fill the disk, or so many entries or such deep paths
// that unpacking does not end. So the size of an archive limits its content, unless the user sets
// a limit.
const (
	freeSize  = 1 << 30 // every archive may contain this many bytes
	sizeRatio = 100     // and this many times its own size

	MaxDepth = 256  // elements of a path
	MaxPath  = 4095 // bytes of a path, as in Linux
	maxName  = 255  // bytes of an element, as in Linux
)

// Allowed returns the number of bytes that an archive of packed bytes may contain.
func Allowed(packed int64) int64 { return freeSize + sizeRatio*packed }

// LimitError is the error for an archive that unpacks to more than its limit.
type LimitError struct {
	Limit int64 // bytes
	Given bool  // the user has set the limit
}

func (e *LimitError) Error() string {
	why := "which is suspicious for its size; if that is right, raise the limit, for example with --unpack-limit 100"
	if e.Given {
		why = "the limit set by --unpack-limit"
	}
	return fmt.Sprintf("the archive unpacks to more than %.1f GB, %s", float64(e.Limit)/1e9, why)
}

// Bound returns the unpacked content of an archive. Reading it fails with a [*LimitError] when it
// exceeds the limit. packed returns the number of archive bytes read so far. A limit of 0 means
// the default.
func Bound(unpacked io.Reader, packed func() int64, limit int64) *Bounded {
	return &Bounded{in: unpacked, packed: packed, limit: limit}
}

// Bounded is the unpacked content of an archive, up to its limit.
type Bounded struct {
	in     io.Reader
	packed func() int64
	limit  int64
	n      int64
}

func (b *Bounded) Read(p []byte) (int, error) {
	n, err := b.in.Read(p)
	b.n += int64(n)
	if failed := b.Room(b.n); failed != nil {
		return n, failed
	}
	return n, err
}

// Room fails if n bytes exceed the limit.
func (b *Bounded) Room(n int64) error {
	limit := b.limit
	if limit == 0 {
		limit = Allowed(b.packed())
	}
	if n > limit {
		return &LimitError{limit, b.limit > 0}
	}
	return nil
}
