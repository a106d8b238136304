package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

const runProgram = `component sh {
    copy "sh" to "/bin/"
}

component tool {
    builds with sh
    owns        "/opt/tool"
    env         GREETING = "hello"

    run "write /opt/tool/first 1"
    run "write /opt/tool/second 2"
}

component broken {
    builds with sh
    owns        "/opt/broken"

    run "write /opt/broken/x 1"
    run "cat /opt/broken/gone"
}

app server {
    base scratch
    uses tool

    copy    "server" to "/server"
    user    "4711"
    workdir "/srv"
    dir     "/srv"
    command ["/server", "serve"]
    expose  8080
}

app fails {
    base scratch
    uses broken
}

app also {
    base scratch
    uses broken
}
`

// runServer is a program that tells what it sees: it serves it, or prints it and ends with 7. It listens
// late, and must survive connections before that.
const runServer = `package main

import (
	"fmt"
	"net/http"
	"os"
	"time"
)

func main() {
	dir, _ := os.Getwd()
	data, _ := os.ReadFile("/data/text")
	says := fmt.Sprintf("%d %s %s %s %q", os.Getuid(), dir, os.Getenv("GREETING"), os.Getenv("EXTRA"), data)
	if os.Args[1] != "serve" {
		fmt.Println(says)
		_ = os.WriteFile("/data/written", []byte(os.Args[1]), 0o666)
		os.Exit(7)
	}
	fmt.Println("serving")
	time.Sleep(time.Second)
	fmt.Println(http.ListenAndServe(":8080", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, says) })))
}
`

// TestRun runs an image, with a port, a volume and variables; opens shells in it, in the place of a run
// and of one that fails; and runs the image again after a change.
func TestRun(t *testing.T) {
	requireEngine(t)
	p := &victim{T: t, dir: t.TempDir(), state: filepath.Join(t.TempDir(), "state"), temp: t.TempDir()}
	var err error
	if p.bin, err = filepath.Abs("../../bin/layc"); err != nil {
		t.Fatal(err)
	}
	p.write("a.layer", runProgram)
	source := t.TempDir()
	if err := os.WriteFile(filepath.Join(source, "main.go"), []byte(runServer), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, from := range map[string]string{"sh": "../../llb/testdata/sh", "server": filepath.Join(source, "main.go")} {
		compile := exec.Command("go", "build", "-o", filepath.Join(p.dir, name), from)
		compile.Env = append(os.Environ(), "CGO_ENABLED=0")
		if text, err := compile.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
	}
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, "text"), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(data, 0o777); err != nil {
		t.Fatal(err)
	}

	code, text := p.run("run", "--state", p.state, "server", "-e", "EXTRA=more", "-v", data+":/data", "--", "/server", "once")
	if code != 7 || !strings.Contains(text, "4711 /srv hello more \"mine\"\n") {
		t.Errorf("run: exit code %d\n%s", code, text)
	}
	if got, err := os.ReadFile(filepath.Join(data, "written")); err != nil || string(got) != "once" {
		t.Errorf("the volume has %q, %v", got, err)
	}
	code, text = p.run("run", "--state", p.state, "server", "-v", data+":/data:ro", "-u", "0", "--", "/server", "twice")
	if code != 7 || !strings.Contains(text, "0 /srv hello") {
		t.Errorf("run: exit code %d\n%s", code, text)
	}
	if got, err := os.ReadFile(filepath.Join(data, "written")); err != nil || string(got) != "once" {
		t.Errorf("a volume that is read-only has %q, %v", got, err)
	}

	code, text = p.run("run", "--state", p.state, "server", "--", "/servr")
	if code != 127 || !strings.Contains(text, "error[E0372]: the image of server does not have /servr") || !strings.Contains(text, "did you mean /server?") {
		t.Errorf("a program that is missing: exit code %d\n%s", code, text)
	}

	code, text = p.run("run", "--state", p.state, "server", "-u", "nosuch", "--", "/server", "once")
	if code != 126 || !strings.Contains(text, "error[E0365]: the image of server has no user nosuch\n") || !strings.Contains(text, "one that its /etc/passwd has, or a number") {
		t.Errorf("a user that is missing: exit code %d\n%s", code, text)
	}

	p.serves(data)

	// In the place of a run: it sees the run before it, but not its own files.
	code, text = p.run("shell", "--state", p.state, "tool", "--", "has /opt/tool/first\nprint GREETING")
	if code != exitOK || !strings.Contains(text, "hello\n") {
		t.Errorf("shell: exit code %d\n%s", code, text)
	}
	if code, text = p.run("shell", "--state", p.state, "tool", "--", "has /opt/tool/second"); code == exitOK {
		t.Errorf("the shell sees what the run writes: exit code %d\n%s", code, text)
	}
	code, text = p.run("shell", "--state", p.state, "server", "--", "x")
	if code != exitInput || !strings.Contains(text, "cannot open a shell: neither /bin/bash nor /bin/sh exists here") {
		t.Errorf("a shell in an image without one: exit code %d\n%s", code, text)
	}

	// With --debug, what does not fail is written as always.
	layout := filepath.Join(t.TempDir(), "out")
	if code, text := p.run("build", "--state", p.state, "--debug", "-o", layout, "server"); code != exitOK || !strings.Contains(text, "wrote the images to") {
		t.Errorf("debug: exit code %d\n%s", code, text)
	}
	debug := p.command("build", "--state", p.state, "--debug", "fails", "also")
	out, err := debug.CombinedOutput()
	flat := strings.Join(strings.Fields(string(out)), " ")
	for _, want := range []string{
		"this is a shell in its place, before it ran. It runs: /bin/sh -ec 'cat /opt/broken/gone'",
		"error[E0501]: a step of broken failed", "the apps also and fails need it",
		"`layc build --debug` opens a shell in its place",
	} {
		if exitCode(err) != exitBuild || !strings.Contains(flat, want) {
			t.Errorf("debug: exit code %d, want %q in:\n%s", exitCode(err), want, out)
		}
	}
}

// serves runs the server again after a change, and interrupts it.
func (p *victim) serves(data string) {
	p.Helper()
	cmd := p.command("watch", "--state", p.state, "--run", "server", "-v", data+":/data", "-p", "0:8080")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		p.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		p.Fatal(err)
	}
	port := regexp.MustCompile(`port 8080 of server: (http://127\.0\.0\.1:\d+)`)
	lines := bufio.NewScanner(stderr)
	url := ""
	ask := func(want string) {
		for lines.Scan() {
			m := port.FindStringSubmatch(lines.Text())
			if m == nil {
				continue
			}
			url = m[1]
			for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
				text, err := get(url)
				if err == nil && strings.Contains(text, want) {
					return
				}
				if time.Since(began) > 2*time.Minute {
					p.Fatalf("%s: got %q, %v, want %q", url, text, err, want)
				}
			}
		}
		p.Fatalf("the server never started; want %q", want)
	}
	ask("4711 /srv hello")
	for what, program := range map[string]string{
		"error[E0":                        strings.Replace(runProgram, "app server {", "app server {\n    usse tool", 1),
		"error[E0501]: a step of tool":    strings.Replace(runProgram, `run "write /opt/tool/second 2"`, `run "cat /opt/tool/gone"`, 1),
		"error[E0372]: the command of se": strings.Replace(runProgram, `command ["/server"`, `command ["/servr"`, 1),
	} {
		if program == runProgram {
			p.Fatalf("%s: nothing is wrong", what)
		}
		p.write("a.layer", program)
		told, runs := false, false
		for !runs && lines.Scan() {
			told = told || strings.Contains(lines.Text(), what)
			runs = strings.Contains(lines.Text(), "server still runs as it was before; waiting for a change")
		}
		if text, err := get(url); !told || !runs || err != nil || !strings.Contains(text, "4711 /srv hello") {
			p.Errorf("after a change that is wrong: told %v %v; got %q, %v", told, runs, text, err)
		}
	}
	p.write("a.layer", strings.Replace(runProgram, `"hello"`, `"welcome"`, 1))
	ask("4711 /srv welcome")
	_ = cmd.Process.Signal(os.Interrupt)
	_, _ = io.Copy(io.Discard, stderr)
	if code := exitCode(cmd.Wait()); code != exitInterrupted {
		p.Errorf("exit code %d, want %d", code, exitInterrupted)
	}
	p.write("a.layer", runProgram)
}

// get asks a server.
func get(url string) (string, error) {
	client := &http.Client{Timeout: 10 * time.Second}
	r, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err == nil && r.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d", r.StatusCode)
	}
	return string(text), err
}
