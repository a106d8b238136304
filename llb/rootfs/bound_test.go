package rootfs

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
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

// TestHarm checks archives that are made to keep the reader busy.
func TestHarm(t *testing.T) {
	link := func(name, to string) *tar.Header {
		return &tar.Header{Name: name, Linkname: to, Typeflag: tar.TypeSymlink}
	}
	long := []*tar.Header{link("l", "x")}
	for i := range 200 { // each leads through 39 others, by 1,300 steps each
		long = append(long, link(fmt.Sprintf("l%d", i), strings.Repeat("../", 1300)+"l"))
	}
	long = append(long, link("l", strings.Repeat("../", 1300)+"l2"), link("l2", strings.Repeat("../", 1300)+"l"))
	for what, test := range map[string]struct {
		headers []*tar.Header
		want    string
	}{
		"depth":       {[]*tar.Header{{Name: strings.Repeat("a/", 3000), Typeflag: tar.TypeDir}}, "is too long"},
		"length":      {[]*tar.Header{{Name: strings.Repeat("a", 5000), Typeflag: tar.TypeDir}}, "is too long"},
		"long target": {[]*tar.Header{link("l", strings.Repeat("../", 3000))}, "is too long"},
		"many links":  {long, "links lead through too many others"},
		"deep enough": {[]*tar.Header{{Name: strings.Repeat("a/", 250), Typeflag: tar.TypeDir, Mode: 0o755}}, ""},
	} {
		var out bytes.Buffer
		w := tar.NewWriter(&out)
		for _, h := range test.headers {
			if err := w.WriteHeader(h); err != nil {
				t.Fatal(err)
			}
		}
		w.Close()
		_, _, err := Look(&out)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: got %v, want %q", what, err, test.want)
		}
	}
}
