package pin

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/debian"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/load"
)

// world is a resolver with repositories, in a world without a network.
type world struct {
	version  string                             // of all packages
	unknown  map[string]bool                    // packages that do not exist
	pushed   string                             // distinguishes an image's digest from the previous one
	down     bool                               // no repository is reachable
	modules  map[load.Repository]string         // text of the repository's only module; "" for a missing version
	kept     map[string]bool                    // URLs of repositories that are cached on this machine
	asked    []string                           // requests, in order
	packages func(want lock.Distribution) error // error for packages; may be nil
	unserved error                              // error for URLs; may be nil
	images   map[string]error                   // errors for images
}

func digest(of string) string { return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(of))) }

func (w *world) ask(format string, args ...any) {
	w.asked = append(w.asked, fmt.Sprintf(format, args...))
}

func (w *world) Packages(_ context.Context, want lock.Distribution, pinned lock.Pinned) ([]lock.Index, []lock.Package, error) {
	keep := map[string]lock.Package{}
	for _, p := range pinned.Keep {
		keep[p.Name] = p
	}
	w.ask("packages %s %s %v", want.ID, want.Arch, want.Packages)
	if w.packages != nil {
		if err := w.packages(want); err != nil {
			return nil, nil, err
		}
	}
	var all []lock.Package
	for _, name := range append([]string{"base-files"}, want.Packages...) {
		if w.unknown[name] {
			return nil, nil, &debian.PackageError{Names: []string{name}, Message: "there is no " + name}
		}
		p, ok := keep[name]
		if !ok {
			p = lock.Package{
				Distribution: want.ID, Arch: want.Arch, Name: name, Version: w.version, URL: "debian:pool/" + name + "/" + name + ".deb",
				Digest: digest(name + w.version)[:71], Size: 1000, Installed: 3000, Minimal: name == "base-files",
			}
		}
		all = append(all, p)
	}
	return nil, all, nil
}

func (w *world) URL(_ context.Context, url string) (lock.URL, error) {
	w.ask("url %s", url)
	if w.unserved != nil {
		return lock.URL{}, w.unserved
	}
	return lock.URL{URL: url, Digest: digest("url"), Size: 5}, nil
}

func (w *world) Image(_ context.Context, ref lock.ImageRef) (lock.Image, error) {
	w.ask("image %s %s", ref.Reference, ref.Platform)
	if err := w.images[ref.Reference]; err != nil {
		return lock.Image{}, err
	}
	return lock.Image{Reference: ref.Reference, Platform: ref.Platform, Digest: digest(ref.Platform + w.pushed)}, nil
}

func (w *world) Base(_ context.Context, ref lock.BaseRef) (lock.Base, error) {
	w.ask("base %s", ref.Name)
	return lock.Base{Digest: ref.Digest, Layers: 1, Configured: true}, nil
}

func (w *world) Now() time.Time { return time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC) }

// unreached is a repository's error when the world is down.
type unreached struct{ error }

func (unreached) Unreachable() {}

// noVersion is a repository's error for a missing version.
type noVersion struct{ error }

func (noVersion) Advice() (note, help string) { return "its tags are v1", "" }

func (w *world) Pin(_ context.Context, r load.Repository) (lock.Module, fs.FS, error) {
	w.ask("pin %s", r)
	text, ok := w.modules[r]
	if w.down || !ok {
		return lock.Module{}, nil, unreached{errors.New("cannot reach " + r.URL)}
	}
	if text == "" {
		return lock.Module{}, nil, noVersion{errors.New(r.URL + " has no tag " + r.Version)}
	}
	w.keep(r)
	return moduleOf(r), files("m.layer", text), nil
}

func (w *world) keep(r load.Repository) {
	if w.kept == nil {
		w.kept = map[string]bool{}
	}
	w.kept[r.URL] = true
}

func (w *world) Read(_ context.Context, pin lock.Module, online bool) (fs.FS, error) {
	r := load.Repository{URL: pin.URL, Version: pin.Version}
	if w.kept[pin.URL] {
		return files("m.layer", w.modules[r]), nil
	}
	if !online {
		return nil, fs.ErrNotExist
	}
	w.ask("fetch %s", r)
	if w.down {
		return nil, unreached{errors.New("cannot reach " + r.URL)}
	}
	w.keep(r)
	return files("m.layer", w.modules[r]), nil
}

func moduleOf(r load.Repository) lock.Module {
	return lock.Module{URL: r.URL, Version: r.Version, Commit: strings.Repeat("ab", 20), Digest: digest(r.Version)}
}

// files returns a project from alternating names and texts.
func files(namesAndTexts ...string) fs.FS {
	all := fstest.MapFS{}
	for n := 0; n < len(namesAndTexts); n += 2 {
		all[namesAndTexts[n]] = &fstest.MapFile{Data: []byte(namesAndTexts[n+1])}
	}
	return all
}

// request returns a request to pin a program of one file.
func request(w *world, program string) Request {
	return Request{
		Input:    compiler.Input{Project: files("a.layer", program), Dir: ".", Platform: model.Platform{OS: "linux", Arch: "amd64"}},
		Resolver: w, Repositories: w,
	}
}

// before returns a lock file with these lines.
func before(t *testing.T, lines ...string) *Before {
	t.Helper()
	b, list := Read("layc.lock", []byte("layc-lock 1\n"+strings.Join(lines, "\n")+"\n"))
	if len(list) > 0 {
		t.Fatal(list[0].Message)
	}
	return b
}

func messages(list diag.List) string {
	var all []string
	for _, d := range list {
		all = append(all, string(d.Code)+" "+d.Message)
	}
	return strings.Join(all, "; ")
}

// pinProgram pins without findings or errors.
func pinProgram(t *testing.T, r Request) *Result {
	t.Helper()
	result, list, err := Program(t.Context(), r)
	if err != nil || len(list) > 0 {
		t.Fatalf("%v, %s", err, messages(list))
	}
	return result
}

func (w *world) wantAsked(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(w.asked, want) {
		t.Errorf("asked:\n%s\nwant:\n%s", strings.Join(w.asked, "\n"), strings.Join(want, "\n"))
	}
	w.asked = nil
}

const packaged = `import "std/debian"

fleet {
    base debian.release("12", security: false)
}

component tool {
    needs os.packages("jq")
    file "/opt/tool" text "on"
}

app one {
    uses tool
}
`

const imaged = `component image {
    image "registry.example.com/base:1"
}

app a {
    base image
    file "/srv/a" text "a"
}
`

// TestRounds checks that an image's digest reveals a base to inspect in a second round, and that
// the next request resolves nothing.
func TestRounds(t *testing.T) {
	w := &world{}
	r := request(w, imaged)
	var announced []string
	ready := 0
	r.Announce = func(text string) { announced = append(announced, text) }
	r.Ready = func() error { ready++; return nil }
	result := pinProgram(t, r)
	w.wantAsked(t, "image registry.example.com/base:1 linux/amd64", "base registry.example.com/base:1")
	if want := []string{"resolving registry.example.com/base:1", "reading the links and directories of registry.example.com/base:1"}; !slices.Equal(announced, want) {
		t.Errorf("announced %q, want %q", announced, want)
	}
	if ready == 0 || !result.Changed || len(result.File.Images) != 1 || len(result.File.Bases) != 1 {
		t.Errorf("ready %d, %+v:\n%s", ready, result, result.File.Format())
	}

	ready = 0
	r.Before = before(t, strings.Split(string(result.File.Format()), "\n")[2:]...)
	again := pinProgram(t, r)
	w.wantAsked(t)
	if ready != 0 || again.Changed || again.Dropped != 0 || string(again.File.Format()) != string(result.File.Format()) {
		t.Errorf("ready %d, %+v:\n%s", ready, again, again.File.Format())
	}
}

// TestRoundsOfNames checks that an image that is resolved again has another base, inspected in a
// second round, and that Ready is called first.
func TestRoundsOfNames(t *testing.T) {
	w := &world{}
	r := request(w, imaged)
	r.Before = &Before{File: pinProgram(t, r).File}
	w.asked, w.pushed = nil, "again"
	r.Names = []string{"registry.example.com/base:1"}
	ready := 0
	r.Ready = func() error {
		if ready++; ready == 1 {
			w.wantAsked(t)
		}
		return nil
	}
	result := pinProgram(t, r)
	w.wantAsked(t, "image registry.example.com/base:1 linux/amd64", "base registry.example.com/base:1")
	if ready == 0 || !result.Changed || result.File.Bases[0].Digest != digest("linux/amd64again") {
		t.Errorf("ready %d, %+v:\n%s", ready, result, result.File.Format())
	}
}

// TestNames checks that existing pins stay unless a name selects them.
func TestNames(t *testing.T) {
	w := &world{version: "1"}
	r := request(w, packaged)
	first := pinProgram(t, r)
	w.wantAsked(t, "packages debian/bookworm amd64 [jq]")
	r.Before = before(t, strings.Split(string(first.File.Format()), "\n")[2:]...)
	w.version = "2"
	versions := func(names ...string) string {
		r.Names = names
		var all []string
		for _, p := range pinProgram(t, r).File.Packages {
			all = append(all, p.Name+" "+p.Version)
		}
		return strings.Join(all, ", ")
	}
	for names, want := range map[string]string{
		"":                "base-files 1, jq 1",
		"jq":              "base-files 1, jq 2",
		"debian/bookworm": "base-files 2, jq 2",
		lock.Everything:   "base-files 2, jq 2",
	} {
		if got := versions(strings.Fields(names)...); got != want {
			t.Errorf("%q: %s, want %s", names, got, want)
		}
	}
	w.asked = nil

	r.Names = []string{"jqq"}
	_, _, err := Program(t.Context(), r)
	var unknown *UnknownNameError
	if !errors.As(err, &unknown) || unknown.Name != "jqq" || unknown.Near != "jq" {
		t.Errorf("an unknown name: %v", err)
	}
	w.wantAsked(t)
}

// TestRefused checks that an error of the resolver, such as for older packages than the pinned
// ones, ends the request, and that an unknown package is reported with its places in the program.
func TestRefused(t *testing.T) {
	refused := errors.New("jq 2 → 1 goes back")
	w := &world{version: "1", packages: func(lock.Distribution) error { return refused }}
	result, list, err := Program(t.Context(), request(w, packaged))
	if result != nil || len(list) > 0 || !errors.Is(err, refused) {
		t.Errorf("%v, %v, %v", result, list, err)
	}
	w = &world{unknown: map[string]bool{"jq": true}}
	_, list, err = Program(t.Context(), request(w, packaged))
	if err != nil || messages(list) != "E0371 there is no jq" || list[0].Span.Text() != `"jq"` {
		t.Errorf("an unknown package: %v, %v", list, err)
	}
	w = &world{}
	r := request(w, packaged)
	refused = errors.New("the file is read-only")
	r.Ready = func() error { return refused }
	if _, _, err = Program(t.Context(), r); !errors.Is(err, refused) {
		t.Errorf("not ready: %v", err)
	}
	w.wantAsked(t)
}

// TestFindings checks that findings that pins do not fix end the request before anything is
// resolved.
func TestFindings(t *testing.T) {
	w := &world{}
	result, list, err := Program(t.Context(), request(w, "app a {\n    uses nothing\n}\n"))
	if result != nil || err != nil || !list.HasErrors() {
		t.Errorf("%v, %v, %v", result, list, err)
	}
	r := request(w, packaged)
	r.Mirrors = []string{"maven", "deban"}
	_, _, err = Program(t.Context(), r)
	var archive *UnknownArchiveError
	if !errors.As(err, &archive) || archive.Name != "deban" || !slices.Contains(archive.Known, "debian") {
		t.Errorf("an unknown archive: %v", err)
	}
	w.wantAsked(t)
}

// TestOtherFile checks that a changed URL with the same checksum is a finding if the server has
// another file.
func TestOtherFile(t *testing.T) {
	const old = "00000000000000000000000000000000000000000000000000000000000000aa"
	program := "component base {\n    rootfs \"https://example.com/new.tar\" sha256 \"" + old + "\"\n}\n\nfleet {\n    base base\n}\n\napp a {\n    file \"/srv/a\" text \"a\"\n}\n"
	w := &world{}
	r := request(w, program)
	r.Before = before(t, "base sha256:"+old+" 1", "download sha256:"+old+" https://example.com/old.tar")
	result, list, err := Program(t.Context(), r)
	if result != nil || err != nil || len(list) != 1 || list[0].Code != diag.ChecksumUnchanged {
		t.Errorf("%v, %v, %v", result, list, err)
	}
	w.wantAsked(t, "url https://example.com/new.tar")
}

// TestDisputed checks that pins that differ between the sides of a merge are resolved again,
// unless they are no longer needed.
func TestDisputed(t *testing.T) {
	pkg := func(name, version string) string {
		return "package debian/bookworm amd64 " + name + " " + version + " debian:pool/" + name + ".deb " + digest("") + " size=1 installed=1"
	}
	lines := []string{
		pkg("base-files", "1") + " minimal",
		"<<<<<<< ours", pkg("jq", "1"), "url https://example.com/gone " + digest("a") + " 1",
		"=======", pkg("jq", "2"), "url https://example.com/gone " + digest("b") + " 1",
		">>>>>>> theirs",
	}
	w := &world{version: "3"}
	r := request(w, packaged)
	r.Before = before(t, lines...)
	var announced []string
	r.Announce = func(text string) { announced = append(announced, text) }
	result := pinProgram(t, r)
	w.wantAsked(t, "packages debian/bookworm amd64 [jq]")
	if !strings.Contains(announced[0], "the sides of the merge pin jq differently:") {
		t.Errorf("announced %q", announced)
	}
	if jq := result.File.Packages[1]; jq.Version != "3" || result.File.Packages[0].Version != "1" || len(result.File.URLs) > 0 || result.Dropped != 1 {
		t.Errorf("dropped %d:\n%s", result.Dropped, result.File.Format())
	}

	// A file with markers is written even if both sides are equal.
	settled := result.File.Format()
	r.Before = before(t, append(strings.Split(string(settled), "\n")[2:], "<<<<<<< ours", "=======", ">>>>>>> theirs")...)
	if again := pinProgram(t, r); !again.Changed || string(again.File.Format()) != string(settled) {
		t.Errorf("%+v:\n%s", again, again.File.Format())
	}

	// Without an app, it is unknown which pins are needed.
	r = request(w, "component c {\n    file \"/c\" text \"c\"\n}\n")
	r.Before = before(t, lines...)
	if result, list, err := Program(t.Context(), r); result != nil || err != nil || !list.HasErrors() {
		t.Errorf("%v, %v, %v", result, list, err)
	}
}

// TestNoApps checks that a module without apps keeps its pins, and that names in it are unknown.
func TestNoApps(t *testing.T) {
	w := &world{}
	r := request(w, "component c {\n    file \"/c\" text \"c\"\n}\n")
	r.Before = before(t, "url https://example.com/a "+digest("a")+" 1")
	for _, names := range [][]string{nil, {lock.Everything}} {
		r.Names = names
		if result := pinProgram(t, r); !result.NoApps || result.Changed || len(result.File.URLs) != 1 {
			t.Errorf("%v: %+v", names, result)
		}
	}
	r.Names = []string{"https://example.com/a"}
	_, _, err := Program(t.Context(), r)
	var none *NoAppsError
	if !errors.As(err, &none) || none.Name != r.Names[0] {
		t.Errorf("a name: %v", err)
	}
	w.wantAsked(t)
}

// TestPlatforms checks that a fleet without platforms keeps its pins for other platforms.
func TestPlatforms(t *testing.T) {
	pinned := func(r Request) string {
		var all []string
		for _, i := range pinProgram(t, r).File.Images {
			all = append(all, i.Platform)
		}
		return strings.Join(all, " ")
	}
	arm := model.Platform{OS: "linux", Arch: "arm64"}
	r := request(&world{}, imaged)
	if got := pinned(r); got != "linux/amd64" {
		t.Errorf("its own: %s", got)
	}
	r.Input.Platforms = []model.Platform{arm}
	if got := pinned(r); got != "linux/arm64" {
		t.Errorf("asked for: %s", got)
	}
	r.Before = &Before{File: pinProgram(t, request(&world{}, imaged)).File}
	if got := pinned(r); got != "linux/amd64 linux/arm64" {
		t.Errorf("asked for, in addition to the pinned one: %s", got)
	}
	r.Input.Platforms, r.Before = nil, &Before{File: pinProgram(t, Request{Input: r.Input, Resolver: r.Resolver, Repositories: r.Repositories}).File}
	if got := pinned(r); got != "linux/amd64 linux/arm64" {
		t.Errorf("its own, in addition to the pinned one: %s", got)
	}
	r.Input.Platforms = []model.Platform{arm}
	r.Input.Project = files("a.layer", imaged+"\nfleet {\n    platforms \"linux/riscv64\"\n}\n")
	if got := pinned(r); got != "linux/arm64 linux/riscv64" {
		t.Errorf("asked for, in addition to the fleet's: %s", got)
	}
	r.Input.Platforms = nil
	if got := pinned(r); got != "linux/riscv64" {
		t.Errorf("the fleet's: %s", got)
	}
}

// TestBuilderPlatform checks that what builds cross is pinned for its builder, and that the pins
// stay the same.
func TestBuilderPlatform(t *testing.T) {
	const cross = "\ncomponent tool {\n    builds cross\n    owns \"/tool\"\n    run \"make\"\n}\n\napp b {\n    base image\n    uses tool\n}\n"
	for program, want := range map[string]string{
		imaged + "\nfleet {\n    builder \"linux/riscv64\"\n}\n":                                                           "linux/amd64 linux/riscv64",
		imaged + "\nfleet {\n    platforms \"linux/arm64\"\n    builder \"linux/riscv64\"\n}\n":                            "linux/arm64",
		imaged + cross + "\nfleet {\n    platforms \"linux/arm64\"\n    builder \"linux/riscv64\"\n}\n":                    "linux/arm64 linux/riscv64",
		imaged + cross + "\nfleet {\n    platforms \"linux/arm64\", \"linux/riscv64\"\n    builder \"linux/riscv64\"\n}\n": "linux/arm64 linux/riscv64",
	} {
		r := request(&world{}, program)
		first := pinProgram(t, r)
		var all []string
		for _, i := range first.File.Images {
			all = append(all, i.Platform)
		}
		if got := strings.Join(all, " "); got != want {
			t.Errorf("%s\nis pinned for %s, want %s", program, got, want)
		}
		r.Before = &Before{File: first.File}
		if again := pinProgram(t, r); again.Changed {
			t.Errorf("%s\nis pinned differently again", program)
		}
	}
}

// TestDue checks that a component is due after its declared time, and reported until it is
// updated.
func TestDue(t *testing.T) {
	program := imaged[:len(imaged)-2] + "    uses feed\n}\n\ncomponent feed {\n    owns   \"/feed\"\n    update weekly\n    run    \"true\"\n}\n"
	w := &world{}
	r := request(w, program)
	first := pinProgram(t, r)
	if got := first.File.UpdateKey("feed"); got != "2026-11-26" || len(first.Due) > 0 {
		t.Errorf("a new key: %q, due %v", got, first.Due)
	}
	old := *first.File
	old.Updates = []lock.UpdateKey{{Component: "feed", Key: "2026-11-01"}}
	r.Before = &Before{File: &old}
	if again := pinProgram(t, r); !slices.Equal(again.Due, []string{"feed"}) || again.Changed {
		t.Errorf("an old key: due %v, changed %v", again.Due, again.Changed)
	}
	r.Names = []string{"feed"}
	if again := pinProgram(t, r); len(again.Due) > 0 || again.File.UpdateKey("feed") != "2026-11-26" {
		t.Errorf("updated: %+v", again)
	}
}

// TestBuilt checks that measured sizes are recorded, and that images of another plan are an
// error.
func TestBuilt(t *testing.T) {
	r := request(&world{}, imaged+"\ncomponent big {\n    size 1MB\n    file \"/big\" text \"b\"\n}\n\napp b {\n    base image\n    uses big\n}\n")
	measure := func(layers ...int64) (*Result, error) {
		r.Built = []plan.Built{{Name: "b", Platform: "linux/amd64", Layers: layers}, {Name: "a", Platform: "linux/arm64", Layers: []int64{1}}}
		result, _, err := Program(t.Context(), r)
		return result, err
	}
	result, err := measure(10, 20_000_000)
	if err != nil || result.File.Size("big") != 20_000_000 {
		t.Errorf("measured: %v, %+v", err, result)
	}
	var other *plan.OtherImageError
	if _, err := measure(); !errors.As(err, &other) || other.App != "b" {
		t.Errorf("another plan: %v", err)
	}
	r.Built = []plan.Built{}
	if _, _, err := Program(t.Context(), r); !errors.Is(err, plan.ErrNotBuilt) {
		t.Errorf("nothing built: %v", err)
	}
}
