package archive

import (
	"errors"
	"io"
	"testing"
)

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestBound(t *testing.T) {
	for _, test := range []struct{ unpacked, packed, limit, want int64 }{
		{freeSize, 0, 0, 0},
		{freeSize + 1, 0, 0, freeSize},
		{freeSize + 100<<10, 1 << 10, 0, 0},
		{freeSize + 100<<10 + 1, 1 << 10, 0, freeSize + 100<<10},
		{1 << 20, 1 << 10, 1 << 20, 0},
		{1<<20 + 1, 1 << 20, 1 << 20, 1 << 20},
	} {
		n, err := io.Copy(io.Discard, Bound(io.LimitReader(zeros{}, test.unpacked), func() int64 { return test.packed }, test.limit))
		var limit *LimitError
		errors.As(err, &limit)
		switch {
		case test.want == 0 && (err != nil || n != test.unpacked), test.want > 0 && (limit == nil || limit.Limit != test.want):
			t.Errorf("%+v: %d bytes, %v", test, n, err)
		}
	}
}
