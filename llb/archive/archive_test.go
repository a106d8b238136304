package archive

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// TestGlobalHeader checks which global records are refused.
func TestGlobalHeader(t *testing.T) {
	for key, ok := range map[string]bool{
		"path": false, "linkpath": false, "size": false, "GNU.sparse.size": false, "SCHILY.xattr.user.x": false, "SCHILY.acl.access": false,
		"comment": true, "mtime": true, "uid": true,
	} {
		h := &tar.Header{PAXRecords: map[string]string{key: "1"}}
		if err := new(Tar).globalHeader(h); (err == nil) != ok {
			t.Errorf("%s: %v", key, err)
		}
		if err := (&Tar{system: true}).globalHeader(h); (err == nil) != (key == "comment") {
			t.Errorf("%s, of a system: %v", key, err)
		}
	}
}

// TestNumbers checks that a system with an owner or a device that Linux cannot have is refused.
// Other archives are not, since their owners are not kept.
func TestNumbers(t *testing.T) {
	for _, test := range []struct {
		header tar.Header
		want   string
	}{
		{tar.Header{Uid: 1<<32 - 2, Gid: 1<<32 - 2}, ""},
		{tar.Header{Typeflag: tar.TypeChar, Devmajor: 4095, Devminor: 1<<20 - 1}, ""},
		{tar.Header{Uid: 1<<32 + 5}, `"a": the owner 4294967301 is out of range; Linux allows 0 to 4294967294`},
		{tar.Header{Uid: 1<<32 - 1}, `"a": the owner 4294967295 is out of range; Linux allows 0 to 4294967294`},
		{tar.Header{Gid: -2}, `"a": the group -2 is out of range; Linux allows 0 to 4294967294`},
		{tar.Header{Typeflag: tar.TypeChar, Devmajor: 5000}, `"a": the major device number 5000 is out of range; Linux allows 0 to 4095`},
		{tar.Header{Typeflag: tar.TypeBlock, Devminor: 1 << 20}, `"a": the minor device number 1048576 is out of range; Linux allows 0 to 1048575`},
	} {
		h := test.header
		h.Name, h.Format = "a", tar.FormatGNU
		var text bytes.Buffer
		w := tar.NewWriter(&text)
		if err := errors.Join(w.WriteHeader(&h), w.Close()); err != nil {
			t.Fatal(err)
		}
		in, err := System(bytes.NewReader(text.Bytes()), func(in io.Reader) io.Reader { return in })
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if _, err := in.Next(); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
		if h.Typeflag == 0 {
			if _, err := NewTar(bytes.NewReader(text.Bytes()), 0).Next(); err != nil {
				t.Errorf("unpacked elsewhere: %v", err)
			}
		}
	}
}

// TestDamaged reads truncated and changed archives: the errors distinguish these, and a limit
// does not count as damage.
func TestDamaged(t *testing.T) {
	var plain bytes.Buffer
	w := tar.NewWriter(&plain)
	_ = w.WriteHeader(&tar.Header{Name: "a", Typeflag: tar.TypeReg, Size: 1 << 20})
	noise := make([]byte, 1<<20)
	for i := range noise {
		noise[i] = byte(i * i >> 3)
	}
	_, _ = w.Write(noise)
	_ = w.Close()
	pack := map[string]func(io.Writer) (io.WriteCloser, error){
		"gzip": func(out io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(out), nil },
		"xz":   func(out io.Writer) (io.WriteCloser, error) { return xz.NewWriter(out) },
		"zstd": func(out io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(out) },
	}
	read := func(text []byte, limit int64) error {
		in, err := Plain(bytes.NewReader(text), func(in io.Reader) io.Reader { return Bound(in, func() int64 { return 0 }, limit) })
		if err == nil {
			_, err = io.Copy(io.Discard, in)
		}
		return err
	}
	for name, open := range pack {
		var out bytes.Buffer
		z, err := open(&out)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = z.Write(plain.Bytes())
		_ = z.Close()
		text := out.Bytes()
		if err := read(text, 0); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := read(text[:len(text)-len(text)/4], 0); err == nil || err.Error() != "the compressed data is truncated" {
			t.Errorf("%s, cut off: %v", name, err)
		}
		if err := read(text, 1<<19); err == nil || !strings.HasPrefix(err.Error(), "the archive unpacks to more than") {
			t.Errorf("%s, limited: %v", name, err)
		}
		text[len(text)/2] ^= 0xff
		text[len(text)/2+1] ^= 0xff
		if err := read(text, 0); err == nil || !strings.HasPrefix(err.Error(), "the compressed data is ") {
			t.Errorf("%s, changed: %v", name, err)
		}
	}
	for name, head := range map[string]string{"gzip": "\x1f\x8b", "xz": "\xfd7zXZ\x00", "zstd": "\x28\xb5\x2f\xfd", "bzip2": "BZh9"} {
		if err := read([]byte(head), 0); err == nil || !strings.HasPrefix(err.Error(), "the compressed data is ") {
			t.Errorf("only the header of %s: %v", name, err)
		}
	}
}

// TestCut reads compressed archives truncated at each byte: only the whole archive is read
// without an error.
func TestCut(t *testing.T) {
	t.Parallel()
	var plain bytes.Buffer
	w := tar.NewWriter(&plain)
	_ = w.WriteHeader(&tar.Header{Name: "a", Typeflag: tar.TypeReg, Size: 2000})
	_, _ = w.Write(bytes.Repeat([]byte("text"), 500))
	_ = w.Close()
	small := xz.WriterConfig{BlockSize: 1000}
	for name, open := range map[string]func(io.Writer) (io.WriteCloser, error){
		"gzip":       func(out io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(out), nil },
		"zstd":       func(out io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(out) },
		"xz":         func(out io.Writer) (io.WriteCloser, error) { return xz.NewWriter(out) },
		"xz, blocks": func(out io.Writer) (io.WriteCloser, error) { return small.NewWriter(out) },
	} {
		var out bytes.Buffer
		z, err := open(&out)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = z.Write(plain.Bytes())
		_ = z.Close()
		for n := range out.Len() + 1 {
			in, err := Plain(bytes.NewReader(out.Bytes()[:n]), func(in io.Reader) io.Reader { return in })
			if err == nil {
				_, err = io.Copy(io.Discard, in)
			}
			if whole := n == out.Len(); whole != (err == nil) {
				t.Errorf("%s, %d of %d bytes: %v", name, n, out.Len(), err)
			}
		}
	}
}

// TestEnding reads the end of files in pieces of every size, followed by NULs.
func TestEnding(t *testing.T) {
	for _, text := range []string{"", "short", "\x00a\x00", "the last\x00\x00\x00 of a file", strings.Repeat("\x00", 40) + "end"} {
		want := text[max(0, len(text)-12):]
		if text == "\x00a\x00" {
			want = "\x00a"
		}
		for padding := range 20 {
			for size := 1; size < 20; size++ {
				end := &ending{in: strings.NewReader(text + strings.Repeat("\x00", padding))}
				for buffer, err := make([]byte, size), error(nil); err == nil; {
					_, err = end.Read(buffer)
				}
				if string(end.last) != want {
					t.Fatalf("%q, %d NULs, in pieces of %d: got %q", text, padding, size, end.last)
				}
			}
		}
	}
}

// TestEnds reads archives with more or less compressed data after tar's own end. The results are
// the same as with the formats' own programs.
func TestEnds(t *testing.T) {
	var plain bytes.Buffer
	w := tar.NewWriter(&plain)
	if err := errors.Join(w.WriteHeader(&tar.Header{Name: "a", Typeflag: tar.TypeReg}), w.WriteHeader(&tar.Header{Name: "b", Typeflag: tar.TypeReg}), w.Close()); err != nil {
		t.Fatal(err)
	}
	pack := func(z io.WriteCloser, out *bytes.Buffer) []byte {
		if _, err := z.Write(plain.Bytes()); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	var one, two bytes.Buffer
	z := pack(gzip.NewWriter(&one), &one)
	x, err := xz.NewWriter(&two)
	if err != nil {
		t.Fatal(err)
	}
	y := pack(x, &two)
	var halves [2][]byte
	for n, half := range [][]byte{plain.Bytes()[:512], plain.Bytes()[512:]} {
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		if _, err := w.Write(half); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		halves[n] = out.Bytes()
	}
	sum := bytes.Clone(z)
	sum[len(sum)-6] ^= 1
	for name, test := range map[string]struct {
		text []byte
		want string
	}{
		"gzip":                               {z, ""},
		"gzip, NULs":                         {append(bytes.Clone(z), make([]byte, 9000)...), ""},
		"gzip, two streams":                  {append(bytes.Clone(z), z...), ""},
		"gzip, the end in a separate stream": {append(halves[0], halves[1]...), ""},
		"gzip, NULs and a stream":            {append(append(bytes.Clone(z), 0, 0), z...), ""},
		"gzip, text":                         {append(bytes.Clone(z), "text that is longer than a header"...), "the compressed data is corrupt (gzip: invalid header)"},
		"gzip, no checksum":                  {z[:len(z)-8], "the compressed data is truncated"},
		"gzip, half a length":                {z[:len(z)-2], "the compressed data is truncated"},
		"gzip, another checksum":             {sum, "the compressed data is corrupt (gzip: invalid checksum)"},
		"xz":                                 {y, ""},
		"xz, NULs":                           {append(bytes.Clone(y), make([]byte, 8000)...), ""},
		"xz, two streams":                    {append(append(bytes.Clone(y), make([]byte, 4)...), y...), ""},
		"xz, no footer":                      {y[:len(y)-12], "the compressed data is truncated"},
		"xz, no index":                       {y[:len(y)-20-4], "the compressed data is truncated"},
		"xz, text":                           {append(bytes.Clone(y), "text that is longer than a header"...), "the compressed data is corrupt (xz: invalid header magic bytes)"},
		"tar, blocks behind":                 {append(bytes.Clone(plain.Bytes()), make([]byte, 9000)...), ""},
	} {
		in, err := System(bytes.NewReader(test.text), func(in io.Reader) io.Reader { return in })
		for err == nil {
			_, err = in.Next()
		}
		if err == io.EOF {
			err = nil
		}
		if got := ""; err != nil && err.Error() != test.want || err == nil && test.want != got {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}
