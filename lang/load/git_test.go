package load_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/layc-lang/layc/lang/load"
)

func TestParseGit(t *testing.T) {
	for text, want := range map[string]string{
		"git+https://h.example/team/layers.git//web@v1":         "https://h.example/team/layers.git web v1 name=web path=h.example/team/layers",
		"git+https://h.example/layers@v1":                       "https://h.example/layers . v1 name=layers path=h.example/layers",
		"git+HTTPS://h.example/layers@v1":                       "https://h.example/layers . v1 name=layers path=h.example/layers",
		"git+ssh://git@h.example:2222/t/l.git//a/b@release/1.0": "ssh://git@h.example:2222/t/l.git a/b release/1.0 name=b path=h.example_2222/t/l",
		"git+file:///srv/layers.git@0123456789":                 "file:///srv/layers.git . 0123456789 name=layers path=srv/layers",

		"git+https://h.example/layers":               "missing version",
		"git+https://h.example/layers@":              "missing version",
		"git+https://git@h.example/layers":           "missing version",
		"git+layers@v1":                              "missing protocol",
		"git+http://h.example/l@v1":                  "unknown protocol http; expected https, ssh or file",
		"git+ext://sh/l@v1":                          "unknown protocol ext; expected https, ssh or file",
		"git+file://h.example/l@v1":                  "file URLs cannot have a host: write file:///srv/layers.git",
		"git+https://u:p@h.example/l@v1":             "imports cannot contain a password; use a git credential helper",
		"git+ssh://-oProxyCommand=x/l@v1":            `not a valid host: "-oProxyCommand=x"`,
		"git+ssh://-x@h.example/l@v1":                `not a valid user: "-x"`,
		"git+https:///l@v1":                          `not a valid host: ""`,
		"git+https://h.example/../l@v1":              `not a valid repository path: "/../l"`,
		"git+https://h.example/l%2e@v1":              `not a valid repository path: "/l%2e"`,
		"git+https://h.example@v1":                   `not a valid repository path: "/"`,
		"git+https://h.example/l//../x@v1":           `not a valid directory: "../x"`,
		"git+https://h.example/l//@v1":               `not a valid directory: ""`,
		"git+https://h.example/l@--upload-pack=x":    `not a valid tag or commit: "--upload-pack=x"`,
		"git+https://h.example/l@a..b":               `not a valid tag or commit: "a..b"`,
		"git+https://h.example/l@v1:refs/heads/main": `not a valid tag or commit: "v1:refs/heads/main"`,
	} {
		r, dir, err := load.ParseGit(text)
		got := fmt.Sprintf("%s %s %s name=%s path=%s", r.URL, dir, r.Version, load.ImportName(text), r.Name())
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

// TestRepositories checks how modules of repositories are named and found, and that their relative
// imports stay in the repository.
func TestRepositories(t *testing.T) {
	r := load.Repository{URL: webURL, Version: version}
	program, list := load.Load(load.Input{
		Dir: ".", Std: std,
		Project: project(t, "import \"git+"+webURL+"//web@"+version+"\"\n"),
		Modules: map[load.Repository]load.Fetched{r: {Files: project(t, `
-- web/web.layer --
import "../common"
import "std/java"
-- common/common.layer --
import "git+https://git.example.com/other@v1"
`)}},
	})
	var got []string
	for _, m := range program.Modules {
		dir, ok := m.Dir()
		got = append(got, fmt.Sprint(m.Path, " ", m.Name, " ", m.Files[0].Source.Name(), " ", dir != "" && ok))
	}
	want := []string{
		"git.example.com/team/layers//common common git.example.com/team/layers@v1.2.0/common/common.layer true",
		"std/java java std/java/java.layer false",
		"git.example.com/team/layers//web web git.example.com/team/layers@v1.2.0/web/web.layer true",
		". . example.layer true",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("modules:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	wanted := []load.Repository{r, {URL: "https://git.example.com/other", Version: "v1"}}
	if fmt.Sprint(program.Repositories) != fmt.Sprint(wanted) {
		t.Errorf("repositories %v, want %v", program.Repositories, wanted)
	}
	if len(list) != 1 || list[0].Code != "E0107" {
		t.Errorf("got %v, want an error that the other repository is not pinned", codes(list))
	}
}
