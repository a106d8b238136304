//go:build linux

package exact_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/patternmatcher/ignorefile"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/tonistiigi/fsutil"
	"golang.org/x/sys/unix"

	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/exact"
)

// TestCopies builds random copies of project files, with all kinds of patterns and an ignore
// file. LAYC_EXACT_N sets their number, LAYC_EXACT_SEED the first seed.
func TestCopies(t *testing.T) {
	p := newProjects(t)
	const batch = 40
	seed, count := fromEnv(t, "LAYC_EXACT_SEED", 1), fromEnv(t, "LAYC_EXACT_N", batch)
	refused := 0
	for first := uint64(0); first < count; first += batch {
		refused += p.copies(seed+first, int(min(batch, count-first)))
	}
	t.Logf("%d copies from seed %d, %d of them refused", count, seed, refused)
}

// copies builds programs of one copy each, in one project, and compares their images with the
// reference. It checks that layc refuses what the reference refuses.
func (p *projects) copies(seed uint64, count int) (refused int) {
	dir := p.create(fmt.Sprint("p", seed))
	r := rand.New(rand.NewPCG(seed, 3))
	var ignore []string
	for range r.IntN(6) {
		ignore = append(ignore, randomPattern(r, true))
	}
	p.ok(os.WriteFile(dir+"/.layerignore", []byte(strings.Join(ignore, "\n")+"\n"), 0o644))
	all := make([]*copying, count)
	for n := range all {
		c := newCopying(rand.New(rand.NewPCG(seed+uint64(n), 4)), fmt.Sprint("d", n))
		p.ok(sow(c.r, filepath.Join(dir, c.dir), 2))
		if c.r.IntN(3) == 0 {
			p.ok(ignoreExists(os.Symlink([]string{"d", "lib", "x.d/.", "../" + c.dir + "/d"}[c.r.IntN(4)], filepath.Join(dir, c.dir, "dirlink"))))
		}
		if c.r.IntN(3) == 0 {
			_ = os.Link(filepath.Join(dir, c.dir, "a"), filepath.Join(dir, c.dir, "hard"))
		}
		all[n] = c
	}
	left := p.ignored(dir, ignore)
	tree, err := exact.Read(dir)
	p.ok(err)
	var fine, wrong []string
	for n, c := range all {
		c.choose(dir)
		c.judge(tree, left)
		app := fmt.Sprintf("app a%d {\n    %s\n}\n\n", n, c.clause())
		if c.refused != "" {
			wrong = append(wrong, app)
			refused++
		} else {
			fine = append(fine, app)
		}
	}
	p.refuses(dir, wrong)
	p.program(dir, fine)
	out, _ := p.build(dir)
	for n, c := range all {
		if c.refused != "" {
			continue
		}
		if lines := exact.Compare(c.want, p.image(out, fmt.Sprint("a", n)), true); len(lines) > 0 {
			p.Errorf("seed %d: %s\nignore %q\n%s", seed+uint64(n), c.clause(), ignore, strings.Join(lines, "\n"))
		}
	}
	if p.Failed() {
		p.FailNow()
	}
	p.ok(errors.Join(os.RemoveAll(dir), os.RemoveAll(dir+".out")))
	return refused
}

// refuses checks that layc refuses each of some apps.
func (p *projects) refuses(dir string, apps []string) {
	if len(apps) == 0 {
		return
	}
	text := "fleet {\n    base base\n}\n\ncomponent base {\n    layout \"system\"\n}\n\n" + strings.Join(apps, "")
	p.ok(os.WriteFile(filepath.Join(dir, "a.layer"), []byte(text), 0o644))
	out, _ := exec.Command(p.layc, "check", "-C", dir).CombinedOutput()
	for n := range apps {
		line := 9 + 4*n + 1
		if !bytes.Contains(out, fmt.Appendf(nil, "a.layer:%d:", line)) {
			p.Errorf("layc accepts\n%s", apps[n])
		}
	}
}

// copying is one copy with its expected result.
type copying struct {
	r                *rand.Rand
	dir              string // in the project
	sources          []string
	to, owner, mode  string
	include, exclude []string
	want             exact.Tree
	refused          string // why the copy must fail, or ""
}

func newCopying(r *rand.Rand, dir string) *copying { return &copying{r: r, dir: dir} }

// choose chooses a random copy of the project's files.
func (c *copying) choose(project string) {
	var files, dirs []string
	_ = filepath.WalkDir(filepath.Join(project, c.dir), func(name string, d fs.DirEntry, err error) error {
		name, _ = filepath.Rel(project, name)
		if err == nil && d.IsDir() {
			dirs = append(dirs, name)
		} else if err == nil && !strings.ContainsAny(name, "*?[") {
			files = append(files, name)
		}
		return nil
	})
	pick := func(of []string) string { return of[c.r.IntN(len(of))] }
	for range 1 + max(0, c.r.IntN(6)-3) {
		d := pick(dirs)
		escaped := strings.NewReplacer("[", `\[`, "*", `\*`, "?", `\?`, `\`, `\\`).Replace(d)
		switch k := c.r.IntN(8); {
		case k < 2:
			c.sources = append(c.sources, plainOr(d, c.dir)+"/")
		case k == 2:
			c.sources = append(c.sources, plainOr(d, c.dir))
		case k == 3 && len(files) > 0:
			c.sources = append(c.sources, pick(files))
		case k == 4:
			if _, err := os.Stat(filepath.Join(project, c.dir, "dirlink") + "/."); err == nil {
				c.sources = append(c.sources, c.dir+"/dirlink/")
				continue
			}
			fallthrough
		default:
			c.sources = append(c.sources, escaped+"/"+[]string{"*", "*.js", "?", "*e*", "[a-d]*", `\[id\].js`}[c.r.IntN(6)])
		}
	}
	c.to = "/t/x/"
	if len(c.sources) == 1 && !strings.ContainsAny(c.sources[0], "*?[") && c.r.IntN(2) == 0 {
		c.to = "/t/y"
	}
	if c.r.IntN(3) == 0 {
		for range 1 + c.r.IntN(2) {
			c.include = append(c.include, randomPattern(c.r, false))
		}
	}
	if c.r.IntN(3) == 0 {
		for range 1 + c.r.IntN(3) {
			c.exclude = append(c.exclude, randomPattern(c.r, true))
		}
	}
	if c.r.IntN(4) == 0 {
		c.owner = "1001:7"
	}
	c.mode = []string{"", "", "", "0700", "0640"}[c.r.IntN(5)]
}

// plainOr returns a path, or other if the path would be a pattern.
func plainOr(p, other string) string {
	if strings.ContainsAny(p, "*?[") {
		return other
	}
	return p
}

func randomPattern(r *rand.Rand, not bool) string {
	p := []string{
		"*.js", "**/*.js", "d", "lib", "**/lib", "a", "**/a", "*/a", "x.d/**", "**/node_modules", "secret.env", "**/secret.env", "*.log", "**/*.log", "?", "d*/lib/*", "**/d/*", "d[0-9]/*", "[a-c]*", "deep dir", "**/x.d/b",
	}[r.IntN(21)]
	if not && r.IntN(4) == 0 {
		return "!" + p
	}
	return p
}

// clause returns the copy as a clause of a program.
func (c *copying) clause() string {
	quoted := func(list []string) string {
		var out []string
		for _, s := range list {
			out = append(out, `"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "$", `\u{24}`).Replace(s)+`"`)
		}
		return strings.Join(out, ", ")
	}
	s := "copy " + quoted(c.sources) + " to " + quoted([]string{c.to})
	if c.owner != "" {
		s += " owner " + quoted([]string{c.owner})
	}
	if c.mode != "" {
		s += " mode " + quoted([]string{c.mode})
	}
	if len(c.include) > 0 {
		s += " include " + quoted(c.include)
	}
	if len(c.exclude) > 0 {
		s += " exclude " + quoted(c.exclude)
	}
	return s
}

// judge computes the expected result of the copy from the project's tree. left has the files that
// the ignore file keeps.
func (c *copying) judge(tree exact.Tree, left map[string]bool) {
	placed := map[string]string{} // path in the image → path in the tree
	for _, src := range c.sources {
		of := c.source(src, tree, left)
		if c.refused != "" {
			return
		}
		for at, from := range of {
			if old, ok := placed[at]; ok && isDir(tree[old]) != isDir(tree[from]) {
				c.refused = "a file and a directory for " + at
				return
			}
			placed[at] = from
		}
	}
	for at := range placed {
		for up := path.Dir(at); up != "/"; up = path.Dir(up) {
			if from, ok := placed[up]; ok && from != "" && !isDir(tree[from]) {
				c.refused = "a file and a directory for " + up
				return
			}
		}
	}
	c.want = exact.Tree{path.Dir(c.to): plainDir, "/t": plainDir} // created in any case
	same := map[string][]string{}
	for at, from := range placed {
		e := plainDir
		if from == "" {
			if c.owner != "" {
				e.UID, e.GID = 1001, 7
			}
		} else {
			e = asCopied(tree[from])
			c.own(&e)
			if s := tree[from].Same; s != "" && e.Target == "" { // a link's other names are separate links
				same[s] = append(same[s], at)
			}
		}
		c.want[at] = e
	}
	for _, names := range same {
		for _, n := range names {
			if e := c.want[n]; len(names) > 1 {
				e.Same = slices.Min(names)
				c.want[n] = e
			}
		}
	}
	for at := range placed {
		for up := path.Dir(at); up != "/"; up = path.Dir(up) {
			if _, ok := c.want[up]; !ok {
				c.want[up] = plainDir
			}
		}
	}
}

// own applies the copy's owner and mode to an entry.
func (c *copying) own(e *exact.Entry) {
	if c.owner != "" {
		e.UID, e.GID = 1001, 7
	}
	if c.mode != "" && e.Mode&unix.S_IFMT != unix.S_IFLNK {
		e.Mode = e.Mode&unix.S_IFMT | map[string]uint32{"0700": 0o700, "0640": 0o640}[c.mode]
	}
}

func isDir(e exact.Entry) bool { return e.Mode&unix.S_IFMT == unix.S_IFDIR }

// source computes the paths of one source's files in the image.
func (c *copying) source(src string, tree exact.Tree, left map[string]bool) map[string]string {
	placed := map[string]string{}
	files, dropped := 0, 0
	add := func(at, from string) {
		placed[at] = from
		if !isDir(tree[from]) {
			files++
		}
	}
	contents := func(dir, to string) {
		if !left[dir] {
			dropped++
		}
		for p, e := range tree {
			rel, ok := strings.CutPrefix(p, dir+"/")
			if !ok || rel == "" {
				continue
			}
			if !left[p] || !selects(c.include, c.exclude, rel) {
				if !isDir(e) || !left[p] {
					dropped++
				}
				continue
			}
			add(to+"/"+rel, p)
			for up := path.Dir(rel); up != "."; up = path.Dir(up) {
				placed[to+"/"+up] = dir + "/" + up
			}
		}
	}
	named := func(p, to string, matched bool) {
		name := path.Base(p)
		if isDir(tree[p]) && !matched {
			contents(p, to)
			if left[p] && len(c.include) == 0 || len(placed) > 0 || len(c.sources) == 1 {
				placed[to] = p
			}
			return
		}
		if isDir(tree[p]) {
			if matches(c.exclude, name) {
				dropped++
				return
			}
			before := len(placed)
			contents(p, to)
			if left[p] && len(c.include) == 0 || len(placed) > before {
				placed[to] = p
			}
			return
		}
		if !left[p] || !selects(c.include, c.exclude, name) {
			dropped++
			return
		}
		add(to, p)
	}
	dir := strings.TrimSuffix(c.to, "/")
	switch {
	case strings.HasSuffix(src, "/"):
		contents(follow(tree, "/"+strings.TrimSuffix(src, "/")), dir)
		if c.to == dir { // the copy creates it and sets its owner
			placed[dir] = ""
		}
	case strings.ContainsAny(src, "*?["):
		for p := range tree {
			if ok, _ := path.Match("/"+src, p); ok {
				named(p, dir+"/"+path.Base(p), true)
			}
		}
	case strings.HasSuffix(c.to, "/"):
		named("/"+src, dir+"/"+path.Base(src), false)
	default:
		named("/"+src, dir, false)
	}
	if files == 0 && dropped > 0 || strings.ContainsAny(src, "*?[") && !c.any(src, tree) {
		c.refused = "nothing of " + src
	}
	return placed
}

// any reports whether a pattern matches a file.
func (c *copying) any(src string, tree exact.Tree) bool {
	for p := range tree {
		if ok, _ := path.Match("/"+src, p); ok {
			return true
		}
	}
	return false
}

// follow resolves links to directories.
func follow(tree exact.Tree, p string) string {
	for tree[p].Target != "" {
		p = path.Join(path.Dir(p), tree[p].Target)
	}
	return p
}

// selects reports whether include and exclude select a path.
func selects(include, exclude []string, p string) bool {
	return (len(include) == 0 || matches(include, p)) && !matches(exclude, p)
}

// matches returns the result of the last pattern that matches a path or one above it.
func matches(patterns []string, p string) bool {
	found := false
	for _, pattern := range patterns {
		pattern, not := strings.CutPrefix(pattern, "!")
		re := regexp.MustCompile("^" + asRegexp(pattern) + "(/.*)?$")
		if re.MatchString(strings.ReplaceAll(p, "\n", "_")) {
			found = !not
		}
	}
	return found
}

// asRegexp converts a pattern to a regular expression.
func asRegexp(pattern string) string {
	var b strings.Builder
	for pattern != "" {
		switch {
		case strings.HasPrefix(pattern, "**/"):
			b.WriteString("(.*/)?")
			pattern = pattern[3:]
		case strings.HasPrefix(pattern, "**"):
			b.WriteString(".*")
			pattern = pattern[2:]
		case pattern[0] == '*':
			b.WriteString("[^/]*")
			pattern = pattern[1:]
		case pattern[0] == '?':
			b.WriteString("[^/]")
			pattern = pattern[1:]
		case pattern[0] == '[':
			end := strings.IndexByte(pattern, ']')
			b.WriteString(pattern[:end+1])
			pattern = pattern[end+1:]
		default:
			b.WriteString(regexp.QuoteMeta(pattern[:1]))
			pattern = pattern[1:]
		}
	}
	return b.String()
}

// ignored returns the files of a project that an ignore file keeps, according to BuildKit: it
// builds a Dockerfile that copies everything, with the same patterns in its .dockerignore.
func (p *projects) ignored(dir string, patterns []string) map[string]bool {
	p.Helper()
	parsed, err := ignorefile.ReadAll(strings.NewReader(strings.Join(patterns, "\n")))
	p.ok(err)
	e, err := engine.Open(p.Context(), engine.Options{State: filepath.Join(p.dir, "truth"), Runc: filepath.Join(filepath.Dir(p.layc), "layc-runc")})
	p.ok(err)
	defer e.Close()
	files, err := fsutil.NewFS(dir)
	p.ok(err)
	context := llb.Local("context", llb.ExcludePatterns(parsed), llb.SharedKeyHint(dir))
	state := llb.Scratch().File(llb.Copy(context, "/", "/", &llb.CopyInfo{CopyDirContentsOnly: true}))
	made, err := state.Marshal(p.Context(), llb.LinuxAmd64)
	p.ok(err)
	out := filepath.Join(dir + ".context")
	_, err = e.Build(p.Context(), engine.Request{
		Locals: map[string]fsutil.FS{"context": files}, Output: engine.Output{Dir: out},
		Images: []engine.Image{{
			Name: "context", Platform: ocispecs.Platform{OS: "linux", Architecture: "amd64"}, Definition: made.ToPB(),
			Config: []byte(`{"os": "linux", "architecture": "amd64", "config": {}}`),
		}},
	})
	p.ok(err)
	left := map[string]bool{}
	for at := range p.unpacked(out, "") {
		left[at] = true
	}
	p.ok(os.RemoveAll(out))
	return left
}
