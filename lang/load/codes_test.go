package load_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/load"
)

var std = fstest.MapFS{"java/java.layer": {Data: []byte("component jdk {\n}\n")}}

const (
	webURL  = "https://git.example.com/team/layers.git"
	version = "v1.2.0"
)

// project is an example's files: one .layer file, or an archive.
func project(t *testing.T, text string) fs.FS {
	t.Helper()
	text = strings.TrimPrefix(text, "\n")
	if !strings.HasPrefix(text, "-- ") {
		text = "-- example.layer --\n" + text
	}
	fsys, err := txtar.FS(txtar.Parse([]byte(text)))
	if err != nil {
		t.Fatal(err)
	}
	return fsys
}

// unreadable is a directory with a file that cannot be opened.
type unreadable struct{ fstest.MapFS }

func (u unreadable) Open(name string) (fs.File, error) {
	if name == "closed.layer" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return u.MapFS.Open(name)
}

// ReadFile takes the place of MapFS's own.
func (u unreadable) ReadFile(name string) ([]byte, error) {
	f, err := u.Open(name)
	if err != nil {
		return nil, err
	}
	f.Close()
	return u.MapFS.ReadFile(name)
}

// input is what an example is loaded with: some codes take more than files.
func input(t *testing.T, e diag.Entry) load.Input {
	in := load.Input{Dir: ".", Std: std}
	pinned := load.Repository{URL: webURL, Version: version}
	empty := fstest.MapFS{"web/web.layer": {Data: []byte("component server {\n}\n")}}
	switch e.Code {
	case "E0101":
		in.Project = unreadable{fstest.MapFS{"closed.layer": {}, "open.layer": {}}}
		return in
	case "E0105":
		files := fstest.MapFS{"a.layer": {}}
		for i := range load.MaxModules {
			files["a.layer"].Data = fmt.Appendf(files["a.layer"].Data, "import \"./m%d\"\n", i)
			files[fmt.Sprintf("m%d/m.layer", i)] = &fstest.MapFile{}
		}
		in.Project = files
		return in
	case "E0110":
		files := fstest.MapFS{}
		line := []byte(strings.Repeat("#"+strings.Repeat(" ", 1022)+"\n", 2<<10))
		for i := range 5 {
			files[fmt.Sprintf("f%d.layer", i)] = &fstest.MapFile{Data: line}
		}
		in.Project = files
		return in
	case "E0108":
		in.Modules = map[load.Repository]load.Fetched{pinned: {Err: errors.New("it is not what the lock file pins")}}
	case "E0109":
		in.Modules = map[load.Repository]load.Fetched{pinned: {Files: empty}}
	}
	in.Project = project(t, e.Example)
	return in
}

// TestCodes checks that the example of each code of this package produces that
// code and no other.
func TestCodes(t *testing.T) {
	for _, e := range diag.Entries() {
		if e.Code < "E0100" || e.Code >= "E0200" {
			continue
		}
		_, list := load.Load(input(t, e))
		if len(list) != 1 || list[0].Code != e.Code {
			t.Errorf("the example of %s produces: %v", e.Code, codes(list))
		}
	}
}

func codes(list diag.List) []diag.Code {
	var all []diag.Code
	for _, d := range list {
		all = append(all, d.Code)
	}
	return all
}

// TestCodesDocumented checks that the codes that this package gives are the
// ones that are documented for it.
func TestCodesDocumented(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	given := map[diag.Code]bool{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`"(E\d{4})"`).FindAllStringSubmatch(string(text), -1) {
			given[diag.Code(m[1])] = true
		}
	}
	for _, e := range diag.Entries() {
		if e.Code < "E0100" || e.Code >= "E0200" {
			continue
		}
		if !given[e.Code] {
			t.Errorf("%s is documented and never given", e.Code)
		}
		delete(given, e.Code)
	}
	for code := range given {
		t.Errorf("%s is given and not documented", code)
	}
}
