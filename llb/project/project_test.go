//go:build linux

package project

import (
	"os"
	"testing"
	"time"

	"github.com/layc-lang/layc/compiler/model"
)

// TestStamp checks that a file is sent with a new time if its content may have changed, whatever
// its size and time, and with the same time otherwise.
func TestStamp(t *testing.T) {
	dir := t.TempDir()
	s := Source(os.DirFS(dir), map[string]*model.Selection{}).(*source)
	at := time.Unix(1e9, 0)
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(dir+"/"+name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(dir+"/"+name, at, at); err != nil {
			t.Fatal(err)
		}
	}
	stamp := func(name string, later time.Duration) int64 {
		t.Helper()
		info, err := os.Stat(dir + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		change, _ := changed(info)
		out, err := s.stamp(name, info, change.Add(later))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for what, later := range map[string]time.Duration{"just written": 0, "settled": time.Hour} {
		write("a", "A")
		write("b", "B")
		a := stamp("a", later)
		if a != stamp("a", later) {
			t.Errorf("%s: nothing changed, but the time differs", what)
		}
		if a == stamp("b", later) {
			t.Errorf("%s: two files of one size and time have one stamp", what)
		}
		// The clock of file systems is coarse, so a new file is read. Equal contents have the
		// same stamp then.
		write("c", "A")
		if read := a == stamp("c", later); read != (later == 0) {
			t.Errorf("%s: the file is read: %v", what, read)
		}
		if later > 0 {
			before, _ := os.Stat(dir + "/a")
			for first, _ := changed(before); ; {
				write("a", "C")
				info, _ := os.Stat(dir + "/a")
				if now, _ := changed(info); now != first {
					break
				}
			}
		} else {
			write("a", "C")
		}
		if a == stamp("a", later) {
			t.Errorf("%s: different content of the same size and time has the same stamp", what)
		}
	}
}
