package importing_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/compiler/importing"
)

// TestSaved measures two images whose equal lines made layers of their own, since they were built apart.
func TestSaved(t *testing.T) {
	const same = "FROM debian:12\nRUN make tools\nWORKDIR /srv\n"
	files := fstest.MapFS{
		"a/Dockerfile": {Data: []byte(same + "COPY a.txt .\n")}, "a/a.txt": {Data: []byte("a")},
		"b/Dockerfile": {Data: []byte(same + "COPY b.txt .\nENV B=1\nRUN rm -rf /var/lib/apt/lists/*\n")}, "b/b.txt": {Data: []byte("b")},
	}
	found, err := importing.Find(files, []string{"."})
	if err != nil {
		t.Fatal(err)
	}
	base := importing.Measured{Digest: "base", Bytes: 1000, By: "/bin/sh -c #(nop) ADD file:1 in / "}
	r, err := importing.Import(importing.Input{Files: files, Builds: found.Builds, Measured: map[string][]importing.Measured{
		"a": {base, {"a1", 500, "RUN /bin/sh -c make tools # buildkit"}, {"a2", 1, "WORKDIR /srv"}, {"a3", 20, "COPY a.txt . # buildkit"}},
		"b": {base, {"b1", 510, "|1 X=y /bin/sh -c make tools"}, {"b3", 30, "/bin/sh -c #(nop) COPY file:2 in . "}, {"b4", 7, "/bin/sh -c rm -rf /var/lib/apt/lists/*"}},
		"x": {base},
	}})
	if err != nil {
		t.Fatal(err)
	}
	// The tools are stored once, as large as the larger layer; what rm leaves is in no layer, and /srv is in the base.
	if got, want := r.Report.Saved, (importing.Saved{
		Images: 2, Stored: 1000 + 521 + 547, Planned: 1000 + 510 + 20 + 30, Alone: 1521 + 1547, PlannedAlone: 1521 + 1540, Release: 20 + 37, PlannedRelease: 20 + 30,
	}); got == nil || *got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	// Files that differ in words alone are one app with a matrix; what they have in common is stored once.
	for _, n := range []string{"a", "b"} {
		files[n+"/Dockerfile"] = &fstest.MapFile{Data: []byte(same + "RUN make " + n + "\nCOPY " + n + ".txt .\nCMD [\"" + n + "\"]\n")}
	}
	if found, err = importing.Find(files, []string{"."}); err != nil {
		t.Fatal(err)
	}
	layers := func(n string) []importing.Measured {
		return []importing.Measured{base, {n + "1", 500, "RUN make tools"}, {n + "2", 60, "RUN make " + n}, {n + "3", 20, "COPY " + n + ".txt ."}}
	}
	r, err = importing.Import(importing.Input{Files: files, Builds: found.Builds, Measured: map[string][]importing.Measured{"a": layers("a"), "b": layers("b")}})
	if err != nil || !strings.Contains(r.Module, " for ") {
		t.Fatalf("%v, no family:\n%s", err, r.Module)
	}
	if got, want := *r.Report.Saved, (importing.Saved{
		Images: 2, Stored: 1000 + 2*580, Planned: 1000 + 500 + 2*60 + 2*20, Alone: 2 * 1580, PlannedAlone: 2 * 1580, Release: 2 * 20, PlannedRelease: 2 * 20,
	}); got != want {
		t.Errorf("a family: got %+v, want %+v\n%s", got, want, r.Module)
	}
	if r, err = importing.Import(importing.Input{Files: files, Builds: found.Builds}); err != nil || r.Report.Saved != nil {
		t.Errorf("without measured images: %v, %+v", err, r.Report.Saved)
	}
}
