package archive

import (
	"fmt"
	"io"
)

// A small archive can hold so much that it fills the disk, or so many entries
// or so deep paths that unpacking does not end. An archive's size bounds what it
// may hold, unless somebody gives it a limit of its own.
const (
	freeSize  = 1 << 30 // every archive may hold this many bytes
	sizeRatio = 100     // and as many times its own size

	MaxDepth = 256  // elements of a path
	MaxPath  = 4095 // bytes of a path, as Linux has it
	maxName  = 255  // bytes of an element, as Linux has it
)

// Allowed is how many bytes an archive may hold that has packed bytes itself.
func Allowed(packed int64) int64 { return freeSize + sizeRatio*packed }

// LimitError is the error for an archive that unpacks to too much.
type LimitError struct {
	Limit int64 // bytes
	Given bool  // the user has set it
}

func (e *LimitError) Error() string {
	why := "which is suspicious for its size; if that is right, raise the limit, for example with --unpack-limit 100"
	if e.Given {
		why = "the limit set by --unpack-limit"
	}
	return fmt.Sprintf("the archive unpacks to more than %.1f GB, %s", float64(e.Limit)/1e9, why)
}

// Bound returns what an archive unpacks to, which ends with a [*LimitError] when it
// becomes too much. packed is how many bytes of the archive were read, and may be
// more from call to call. A limit of 0 bytes is the usual one.
func Bound(unpacked io.Reader, packed func() int64, limit int64) *Bounded {
	return &Bounded{in: unpacked, packed: packed, limit: limit}
}

// Bounded is what an archive unpacks to, as far as it may.
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

// Room fails if n bytes are more than the archive may unpack to.
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
