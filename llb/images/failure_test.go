package images

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/llb"
	"github.com/layc-lang/layc/llb/engine"
)

// TestDownloadDiffers checks that a download with a wrong digest is reported with both digests
// and help, whatever the engine's wording.
func TestDownloadDiffers(t *testing.T) {
	for _, text := range []string{
		"digest mismatch sha256:aa: sha256:bb",
		"digest mismatch for https://example.com/x: sha256:aa (expected: sha256:bb)",
	} {
		d := stepFailed(&engine.StepError{Name: "fetch x", Err: errors.New(text)}, llb.Origin{Component: "tool"})
		const note, help = "the digest is sha256:aa, not sha256:bb", "run `layc update`"
		if got := strings.Join(append(d.Notes, d.Help...), "\n"); !strings.Contains(got, note) || !strings.Contains(got, help) || strings.Contains(got, "mismatch") {
			t.Errorf("%s becomes:\n%s", text, got)
		}
	}
}

// TestFailedEngine checks that the error of a step on one of several engines names the engine.
func TestFailedEngine(t *testing.T) {
	for _, c := range []struct{ engine, want string }{{"tcp://a:1234", "on the engine tcp://a:1234"}, {"", ""}} {
		step := &engine.StepError{Name: "make", Engine: c.engine, ExitCode: 2, Err: errors.New("exit code 2")}
		d := stepFailed(step, llb.Origin{Component: "tool"})
		if got := strings.Contains(strings.Join(d.Notes, "\n"), "on the engine"); got != (c.want != "") || !strings.Contains(strings.Join(d.Notes, "\n"), c.want) {
			t.Errorf("the notes are %q, want %q among them", d.Notes, c.want)
		}
	}
}

// noCopies is a project whose copies lack everything.
type noCopies struct{}

func (noCopies) Has(string) bool                    { return false }
func (noCopies) Open(string) (io.ReadCloser, error) { return nil, fs.ErrNotExist }

// TestCopies checks that errors about vendored copies tell how to restore them.
func TestCopies(t *testing.T) {
	changed := &engine.StepError{Remote: llb.CopiesURL + "bb", Err: errors.New("digest mismatch for http://x: sha256:aa (expected: sha256:bb)")}
	d := stepFailed(changed, llb.Origin{Component: "tool"})
	const note, help = "the vendored copy has changed: its digest is sha256:aa, not sha256:bb", "run `layc vendor --all` to restore the copy"
	if got := strings.Join(append(d.Notes, d.Help...), "\n"); !strings.Contains(got, note) || !strings.Contains(got, help) || strings.Contains(got, "mirror") {
		t.Errorf("a changed copy becomes:\n%s", got)
	}
	at := source.Span{File: source.New("a.layer", "x")}
	at.End = 1
	graphs := []*llb.Graph{{Origins: map[digest.Digest]llb.Origin{"v": {Component: "tool", Span: at}}}}
	unfetched := &engine.UnavailableError{What: "cannot fetch https://example.com/x", Vertex: "v"}
	for _, in := range []Input{{}, {Copies: noCopies{}}} {
		var got *MachineError
		if err := in.explain(newJudge(graphs), unfetched); !errors.As(err, &got) {
			t.Fatalf("it becomes %v", err)
		}
		if tells := strings.Contains(strings.Join(got.Help, "\n"), "layc vendor --all"); tells != (in.Copies != nil) {
			t.Errorf("with copies: %t; the help is %q", in.Copies != nil, got.Help)
		}
	}
}

// TestRunAsNobody checks the error for a run as a user that its system does not have: it names
// the file where users are looked up.
func TestRunAsNobody(t *testing.T) {
	for _, text := range []string{
		"unable to find user www: no matching entries in passwd file",
		"unable to find group web: no matching entries in group file",
	} {
		d := stepFailed(&engine.StepError{Name: "make", Err: errors.New(text)}, llb.Origin{Component: "tool"})
		if got := strings.Join(append(d.Notes, d.Help...), "\n"); !strings.Contains(got, "/etc/passwd and /etc/group") || !strings.Contains(got, "as NAME") {
			t.Errorf("%s becomes:\n%s", text, got)
		}
	}
}

// TestRunFails checks that a failed run is reported with its user and directory. A failed check
// of layc's own has neither.
func TestRunFails(t *testing.T) {
	for _, c := range []struct {
		run  *model.Run
		want string
	}{
		{&model.Run{}, "it ran as root in /, on the base, "},
		{&model.Run{User: "1001:0", Dir: "/srv/app"}, "it ran as 1001:0 in /srv/app, on the base, "},
		{nil, ""},
	} {
		d := stepFailed(&engine.StepError{Name: "x", ExitCode: 1, Err: errors.New("exit code: 1")}, llb.Origin{Component: "tool", Run: c.run})
		got := strings.Join(d.Notes, "\n")
		if !strings.HasPrefix(got, c.want) || c.want == "" && strings.Contains(got, "ran as") {
			t.Errorf("%+v: the notes are %q, want %q", c.run, got, c.want)
		}
	}
}

// TestAsked checks that an error in the text of another module points at the place where the project asks
// for its component. An error about something in another file, and one of the project, stay where they are.
func TestAsked(t *testing.T) {
	place := func(file string) source.Span {
		return source.Span{File: source.New(file, "text"), Start: 0, End: 4}
	}
	own, std := place("app.layer"), place("std/tool/tool.layer")
	failed := &engine.StepError{Name: "make", ExitCode: 2, Err: errors.New("exit code 2")}
	d := stepFailed(failed, llb.Origin{Component: "tool", Span: std, Asked: own})
	if d.Span != own || d.Label != "used here" || len(d.Labels) != 1 || d.Labels[0] != (diag.Label{Span: std, Text: "exit code 2"}) {
		t.Errorf("%+v", d.Diagnostic)
	}
	d = stepFailed(failed, llb.Origin{Component: "tool", Span: own})
	if d.Span != own || d.Label != "exit code 2" || len(d.Labels) > 0 {
		t.Errorf("%+v", d.Diagnostic)
	}
	lacks := &engine.StepError{ExitCode: 1, Err: errors.New("exit code 1"), Log: []string{"layc-helper: lstat /x: no such file or directory"}}
	elsewhere := place("other.layer")
	d = stepFailed(lacks, llb.Origin{Component: "tool", Span: std, Asked: own, Copied: []llb.Copied{{Path: "/x", From: "y", Span: elsewhere}}})
	if d.Span != elsewhere {
		t.Errorf("%+v", d.Diagnostic)
	}
	fetch := &engine.UnavailableError{What: "cannot fetch https://example.com/x", Vertex: "v"}
	graphs := []*llb.Graph{{Origins: map[digest.Digest]llb.Origin{"v": {Component: "tool", Span: std, Asked: own}}}}
	if d := notFetched(graphs, fetch); d.Span != own || len(d.Labels) != 1 {
		t.Errorf("%+v", d)
	}
}

// TestNoShell checks that a run on a system without a shell, as on scratch, is told so. The shell of
// others may be missing for the run itself.
func TestNoShell(t *testing.T) {
	for said, want := range map[string]string{
		`runc run failed: unable to start container process: error during container init: exec: "/bin/sh": stat /bin/sh: no such file or directory`: "a run needs /bin/sh, ",
		"/bin/sh: 1: make: not found":                                  "it ran as root in /, ",
		`sh: exec: "/opt/sh": stat /opt/sh: no such file or directory`: "it ran as root in /, ",
	} {
		step := &engine.StepError{Name: "x", ExitCode: 1, Err: errors.New("exit code: 1"), Log: []string{said}}
		d := stepFailed(step, llb.Origin{Component: "tool", Run: &model.Run{}})
		if got := strings.Join(d.Notes, "\n"); !strings.HasPrefix(got, want) {
			t.Errorf("%s\ngot  %s\nwant %s", said, got, want)
		}
	}
}

// TestAptFails checks that a run whose apt lacks packages is told how layc installs them.
func TestAptFails(t *testing.T) {
	const debian = "apt has no sources in debian/bookworm, since layc.lock pins all packages\nwrite `needs os.packages(%s)`; if only the build needs them, `builds with os.packages(%s)`"
	const image = "apt has no list of packages that has them\nrun `apt-get update` in the same `run`; on a base from a distribution, write `needs os.packages(%s)`, which pins them"
	for _, c := range []struct{ distribution, log, packages, want string }{
		{"debian/bookworm", "Reading package lists...\nE: Unable to locate package jq", `"jq"`, debian},
		{"debian/bookworm", "E: Unable to locate package libstdc++6\r\nE: Unable to locate package jq\nE: Unable to locate package jq", `"libstdc++6", "jq"`, debian},
		{"debian/bookworm", "EBuilding dependency tree...\n: Unable to locate package jq", `"jq"`, debian},
		{"debian/bookworm", "E: Package 'python3.9' has no installation candidate", `"python3.9"`, debian},
		{"", "E: Unable to locate package jq", `"jq"`, image},
		{"debian/bookworm", "E: Unable to lock directory /var/lib/apt/lists/", "", "it ran as root in /, on the base, with what its component `needs` and `builds with`\nsee its last output; `layc build --debug` opens a shell in its place"},
	} {
		step := &engine.StepError{Name: "x", ExitCode: 100, Err: errors.New("exit code: 100"), Log: strings.Split(c.log, "\n")}
		d := stepFailed(step, llb.Origin{Component: "tool", Run: &model.Run{}, Distribution: c.distribution})
		want := strings.ReplaceAll(c.want, "%s", c.packages)
		if got := strings.Join(append(d.Notes, d.Help...), "\n"); got != want {
			t.Errorf("%q\ngot  %s\nwant %s", c.log, got, want)
		}
		d = stepFailed(step, llb.Origin{Component: "tool", Run: &model.Run{}, Distribution: c.distribution, MayInstall: c.want == debian})
		if c.want == debian {
			want += "\nif earlier steps of tool configure them, write `install " + c.packages + "` instead of the `run`"
		}
		if got := strings.Join(append(d.Notes, d.Help...), "\n"); got != want {
			t.Errorf("in a component that may install: %q\ngot  %s\nwant %s", c.log, got, want)
		}
	}
}

// TestCopiedOver checks that conflicting kinds of files are reported by their paths in the
// image, without the engine's paths.
func TestCopiedOver(t *testing.T) {
	for said, want := range map[string]string{
		"failed to copy files: cannot copy to non-directory: /state/snapshots/7/fs/opt/x/passwd":           "E0367: a step of app puts the directory /opt/x/passwd over a file or a link",
		"failed to copy files: cannot copy to non-directory: /state/snapshots/7/fs/opt/a b/c":              "E0367: a step of app puts the directory /opt/a b/c over a file or a link",
		"failed to copy files: cannot replace to directory /tmp/buildkit-mount123/usr/local/bin with file": "E0367: a step of app puts the file /usr/local/bin over a directory",
		"symlink ../target /state/snapshots/7/fs/opt/x/passwd: file exists":                                "E0341: a step of app puts the link /opt/x/passwd over an existing path",
		"mkdir /opt/x: not a directory": "E0367: a step of app puts the directory /opt/x over a file or a link",
		"cannot replace to directory /state/runc-native/snapshots/snapshots/91/fs/snapshots/1/x with file":                   "E0367: a step of app puts the file /fs/snapshots/1/x over a directory",
		"failed to copy files: cannot replace to directory /state/runc-overlayfs/cachemounts/buildkit46250796/srv with file": "E0367: a step of app puts the file /srv over a directory",
		"rename /srv: file exists": "E0367: a step of app puts the file /srv over a directory",
	} {
		d := stepFailed(&engine.StepError{Name: "layer", Err: errors.New(said)}, llb.Origin{Component: "app"})
		if got := fmt.Sprintf("%s: %s", d.Code, d.Message); got != want {
			t.Errorf("%s is %s, want %s", said, got, want)
		}
	}
}

// TestNotCopyable checks that an uncopyable file of a stage, and a file copied as a directory,
// are reported at the copy.
func TestNotCopyable(t *testing.T) {
	origin := llb.Origin{Component: "app", Copied: []llb.Copied{{Path: "/out/d/", From: "made"}}}
	for text, want := range map[string]string{
		`layc-helper: not copied: "/out/d/a b" is a block device, which copies would turn into a character device`: "E0352 /out/d/a b of made is a block device, which copies would turn into a character device",
		"layc-helper: /out/d is a file": "E0324 /out/d of made is a file",
		"layc-helper: /out/e is a file": "E0501 a step of app failed",
		"layc-helper: not copied: x":    "E0501 a step of app failed",
	} {
		d := stepFailed(&engine.StepError{Name: "look", ExitCode: 1, Err: errors.New("exit code: 1"), Log: []string{text}}, origin)
		if got := string(d.Code) + " " + d.Message; got != want {
			t.Errorf("%s becomes %s, want %s", text, got, want)
		}
	}
}

// TestReplacesDir checks the errors for a step that would replace a directory, and for an archive
// of a base system that the helper refuses.
func TestReplacesDir(t *testing.T) {
	for text, want := range map[string]string{
		`replaced directory: "/tmp"`: "E0367: tool contains /tmp, which is not a directory, but is one in a layer below",
		`replaced directory: /tmp`:   "E0501: a step of tool failed",
		`unpacking the root file system: "x": it has an access control list, which an image cannot hold`: "E0516: cannot unpack the root file system of tool",
	} {
		d := stepFailed(&engine.StepError{ExitCode: 1, Err: errors.New("exit code: 1"), Log: []string{"layc-helper: " + text}}, llb.Origin{Component: "tool"})
		if got := fmt.Sprintf("%s: %s", d.Code, d.Message); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestReplacesLink checks the error for a step that would replace a link: the path, the link, and
// the path to write instead.
func TestReplacesLink(t *testing.T) {
	file := source.New("a.layer", "    fetch \"https://example.com/a.tar\" unpack to \"/\"\n")
	step := &engine.StepError{ExitCode: 1, Err: errors.New("exit code: 1"), Log: []string{`layc-helper: replaced link: "/bin/my tool" "/bin" "/usr/bin"`}}
	d := stepFailed(step, llb.Origin{Component: "tool", Span: source.Span{File: file, Start: 4, End: len(file.Text()) - 1}})
	var out bytes.Buffer
	if err := diag.Render(&out, diag.List{d.Diagnostic}, diag.Options{Width: 100}); err != nil {
		t.Fatal(err)
	}
	const want = `error[E0342]: tool contains /bin/my tool, but /bin is a link to /usr/bin
 --> a.layer:1:5
  |
1 |     fetch "https://example.com/a.tar" unpack to "/"
  |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = note: the layer would replace the link
  = help: place it at "/usr/bin/my tool": create it at another path in a component of its own, and
          ` + "`copy` it `from` there\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &out, want)
	}
	step.Log = []string{"layc-helper: replaced link: broken"}
	if d := stepFailed(step, llb.Origin{Component: "tool", Span: d.Span}); d.Code != "E0501" {
		t.Errorf("another message is %s", d.Code)
	}
}

// TestSameNumber checks that a component that installs packages declares their accounts instead.
func TestSameNumber(t *testing.T) {
	runs := &model.Instance{Title: "tool", Steps: []model.Step{&model.Run{}}}
	installs := &model.Instance{Title: "bus", Steps: []model.Step{&model.Install{}}}
	const declare = "declare the account of bus with a number, as in `user NAME { uid 200 }`, and write `needs NAME` there; or "
	for _, c := range []struct {
		file     string
		one, two *model.Instance
		want     string
	}{
		{"/etc/passwd", runs, nil, "give one a fixed number (`useradd -u …`), or "},
		{"/etc/group", runs, runs, "give one a fixed number (`groupadd -g …`), or "},
		{"/etc/group", installs, nil, declare},
		{"/etc/passwd", runs, installs, declare},
	} {
		if got := sameNumber(c.file, c.one, c.two); got != c.want {
			t.Errorf("%s: %q, want %q", c.file, got, c.want)
		}
	}
}

// TestAlternatives checks what helps where two packages choose a link of update-alternatives: one
// has to see the other. Files of packages cannot be other files.
func TestAlternatives(t *testing.T) {
	one := &model.Instance{Title: "one", Steps: []model.Step{&model.Install{}}}
	other := &model.Instance{Title: "other", Steps: []model.Step{&model.Install{}}}
	files := &model.Instance{Title: "files", Steps: []model.Step{&model.Run{}}}
	for _, c := range []struct {
		said          string
		member, below *model.Instance
		want          string
	}{
		{`0 0 "" "" "/etc/alternatives/editor"`, one, other, "write `needs other` in one, or the other way round"},
		{`0 0 "" "" "/etc/alternatives/editor"`, files, other, "write `needs other` in files, or the other way round"},
		{`0 0 "" "" "/etc/motd"`, files, files, "write `needs files` in files, or the other way round; or let them write separate files"},
		{`0 -1 "vim-tiny" "" "/etc/alternatives/editor"`, one, other, "write `needs os.packages(\"vim-tiny\")` in one; or `after` instead of `needs`, if one works without the package"},
	} {
		step := conflicts(c.said)
		d := stepFailed(&step, llb.Origin{Component: "app", Members: []*model.Instance{c.member}, Packed: []*model.Instance{c.below}})
		if got := strings.Join(d.Help, "\n"); got != c.want {
			t.Errorf("%s of %s: got\n%s\nwant\n%s", c.said, c.member.Title, got, c.want)
		}
	}
}
