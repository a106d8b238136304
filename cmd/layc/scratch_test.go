package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const scratchProgram = `
user nonroot {
    uid 65532
}

component message {
    file "/etc/message" text "hello"
}

app server {
    base scratch
    uses message

    copy "server" to "/server"

    user    nonroot
    command ["/server"]
    expose  "8000-8001"
    test    ["/server", "hello"] prints "hello from 65532"
}

app lost {
    base scratch

    copy    "server" to "/server"
    command ["/servr"]
}

app unhealthy {
    base scratch

    copy        "server" to "/server"
    volume      "/data"
    command     ["/data/other"]
    healthcheck ["sh", "-c", "curl http://localhost/"]
}

app shell {
    base scratch

    copy "server" to "/server"
    test "/server" prints ""
}
`

// TestScratch builds an image on the empty base, and runs its test without a shell.
func TestScratch(t *testing.T) {
	requireEngine(t)
	p := &victim{T: t, dir: t.TempDir(), state: filepath.Join(t.TempDir(), "state"), temp: t.TempDir()}
	var err error
	if p.bin, err = filepath.Abs("../../bin/layc"); err != nil {
		t.Fatal(err)
	}
	p.write("a.layer", scratchProgram)
	p.write("main.go", `package main

import (
	"fmt"
	"os"
)

func main() {
	text, err := os.ReadFile("/etc/message")
	if err != nil || string(text) != os.Args[1] {
		fmt.Println(err, os.Args)
		os.Exit(1)
	}
	fmt.Printf("%s from %d\n", text, os.Getuid())
}
`)
	compile := exec.Command("go", "build", "-o", filepath.Join(p.dir, "server"), filepath.Join(p.dir, "main.go"))
	compile.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}

	out := filepath.Join(t.TempDir(), "out")
	if code, text := p.run("build", "--verify", "--state", p.state, "-o", out, "server"); code != exitOK || !strings.Contains(text, "1 test") {
		t.Fatalf("exit code %d\n%s", code, text)
	}
	root := t.TempDir()
	config := unpack(t, out, "server", root)
	var got []string
	if err := filepath.WalkDir(root, func(name string, _ os.DirEntry, err error) error {
		got = append(got, strings.TrimPrefix(name, root))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	want := []string{"", "/etc", "/etc/group", "/etc/message", "/etc/passwd", "/server"}
	if !slices.Equal(got, want) {
		t.Errorf("the image holds %q, want %q", got, want)
	}
	if config.Config.User != "65532:65532" || len(config.Config.ExposedPorts) != 2 {
		t.Errorf("the configuration is %+v", config.Config)
	}

	for app, want := range map[string][]string{
		"lost":      {"error[E0372]: the command of lost starts /servr, which the image does not have", `    command ["/servr"]`, "did you mean /server? If not, add the component"},
		"unhealthy": {"error[E0372]: the healthcheck of unhealthy starts sh, which the image does not have", `    healthcheck ["sh", "-c", "curl`},
	} {
		code, text := p.run("build", "--state", p.state, "-o", out, app)
		for _, w := range append(want, "nothing was written") {
			if code != exitInput || !strings.Contains(text, w) {
				t.Errorf("%s: exit code %d, want %q in:\n%s", app, code, w, text)
			}
		}
	}

	code, text := p.run("build", "--verify", "--state", p.state, "-o", out, "shell")
	if code != exitBuild || !strings.Contains(text, "the image has no /bin/sh; write the test as a list") {
		t.Errorf("exit code %d\n%s", code, text)
	}
}
