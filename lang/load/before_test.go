package load_test

import (
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/lang/load"
)

// TestBefore checks that files with the same text are taken from the earlier program, with their
// errors, and others are parsed.
func TestBefore(t *testing.T) {
	files := fstest.MapFS{
		"a.layer": {Data: []byte("import \"std/java\"\napp a {\n    copy\n}\n")}, "b.layer": {Data: []byte("component b {\n}\n")},
	}
	first, list := load.Load(load.Input{Project: files, Dir: ".", Std: std})
	files["b.layer"] = &fstest.MapFile{Data: []byte("component c {\n}\n")}
	second, again := load.Load(load.Input{Project: files, Dir: ".", Std: std, Before: first})
	third, _ := load.Load(load.Input{Project: files, Dir: ".", Std: std, Before: second})
	if len(list) != 1 || len(again) != 1 || list[0] != again[0] {
		t.Errorf("the errors are %v, then %v", list, again)
	}
	for n, same := range []bool{true, false} {
		if (first.Root.Files[n] == second.Root.Files[n]) != same || third.Root.Files[n] != second.Root.Files[n] {
			t.Errorf("file %d: reused: want %v, then true", n, same)
		}
	}
	if first.Modules[0].Files[0] != third.Modules[0].Files[0] {
		t.Error("the standard module was parsed again")
	}
}
