package rootfs

import (
	"fmt"
	"io"
)

// An archive may unpack to this much, and to as many times its own size: what is
// more is suspicious.
const (
	freeSize  = 1 << 30
	sizeRatio = 100
)

// LimitError says that an archive unpacks to more than it may.
type LimitError struct {
	Limit int64 // bytes
	Given bool  // the user has set it
}

func (e *LimitError) Error() string {
	why := "which is suspicious for its size; if it is right, allow more, as with --unpack-limit 100"
	if e.Given {
		why = "the limit that --unpack-limit sets"
	}
	return fmt.Sprintf("it unpacks to more than %.1f GB, %s", float64(e.Limit)/1e9, why)
}

// Bound returns what an archive unpacks to, which ends with a [*LimitError] when it
// becomes too much. packed is how many bytes of the archive were read, and may be
// more from call to call. A limit of 0 bytes is the usual one.
func Bound(unpacked io.Reader, packed func() int64, limit int64) io.Reader {
	return &bounded{in: unpacked, packed: packed, limit: limit}
}

type bounded struct {
	in     io.Reader
	packed func() int64
	limit  int64
	n      int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.in.Read(p)
	b.n += int64(n)
	limit := b.limit
	if limit == 0 {
		limit = freeSize + sizeRatio*b.packed()
	}
	if b.n > limit {
		return n, &LimitError{limit, b.limit > 0}
	}
	return n, err
}
