package load_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/layc-lang/layc/lang/diag"
)

var std = fstest.MapFS{"java/java.layer": {Data: []byte("component jdk {\n}\n")}}

const (
	webURL  = "https://git.example.com/team/layers.git"
	version = "v1.2.0"
)

// project returns the files of an example: one .layer file, or an archive.
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

func codes(list diag.List) []diag.Code {
	var all []diag.Code
	for _, d := range list {
		all = append(all, d.Code)
	}
	return all
}
