package main

import (
	"cmp"
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/distribution/reference"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/spf13/cobra"
	"github.com/tonistiigi/fsutil"

	"github.com/layc-lang/layc/compiler/importing"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/lang/syntax"
	"github.com/layc-lang/layc/lang/term"
	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/exact"
	"github.com/layc-lang/layc/llb/world"
)

// The proof of an import: each image is built from its Dockerfile, by BuildKit's own frontend, and from the
// module, on one engine. Their root file systems and configurations are compared by package exact, which
// shares no code with layc.
//
// Where the module makes a base of packages, the Dockerfile's FROM names the same base, as layc builds it,
// with this machine's sources of packages. So differences are those of the translation.
//
// Both take the same files: a copy of the project, in which the proof's own files are ignored.

// proof is one comparison of all images of an import.
type proof struct {
	*imports
	dir    string // temporary
	root   string // of the project
	builds map[string]importing.Build
	images map[string]importing.Image
	result *importing.Result
	engine *engine.Engine
	built  map[string]bool // from Dockerfiles
	layers exact.Layers    // those of the images, most of which many images have
}

// checkImport builds everything both ways. It fails if an image differs.
func (i *imports) checkImport(cmd *cobra.Command, root string, builds []importing.Build, r *importing.Result) error {
	if err := i.engine.check(cmd); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "layc-import-")
	if err != nil {
		return cannot("create", "a temporary directory", err)
	}
	defer os.RemoveAll(dir)
	p := &proof{imports: i, dir: dir, root: root, builds: map[string]importing.Build{}, images: map[string]importing.Image{}, result: r, built: map[string]bool{}, layers: exact.Layers{Keep: accountFiles}}
	for _, b := range builds {
		p.builds[b.Name] = b
	}
	for _, image := range r.Report.Images {
		p.images[image.Name] = image
	}
	if err := p.module(cmd.Context()); err != nil {
		return err
	}
	return p.compare(cmd.Context())
}

// project is the directory with the module and the contexts, out the images that layc builds.
func (p *proof) project() string { return filepath.Join(p.dir, "project") }
func (p *proof) out() string     { return filepath.Join(p.dir, "out") }

// module builds all images from the module, and the bases that Dockerfiles start from.
func (p *proof) module(ctx context.Context) error {
	if err := copyTree(p.root, p.project()); err != nil {
		return cannot("copy", p.root, err)
	}
	bases, err := p.bases()
	if err != nil {
		return err
	}
	ignore := p.result.Ignore + strings.Join([]string{importedModule, importedBases, lock.Name, importedIgnore}, "\n") + "\n"
	for name, text := range map[string]string{importedModule: p.result.Module, importedIgnore: ignore, importedBases: bases} {
		name = filepath.Join(p.project(), name)
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			return cannot("write", name, err)
		}
	}
	build := []string{"build", "-C", p.project(), "-o", p.out(), "--progress", "quiet", "--state", p.imports.engine.state}
	for _, args := range [][]string{{"lock", "-C", p.project()}, build} {
		p.announce("layc " + args[0] + " …")
		nested := &cli{out: io.Discard, err: p.err, ready: p.ready, open: p.open, solving: p.solving}
		if code := nested.execute(ctx, args); code != exitOK {
			return &codeError{code}
		}
	}
	return nil
}

// systems are the systems made of packages, by their expressions, in order.
func (p *proof) systems() []string {
	return slices.Compact(slices.Sorted(maps.Values(p.result.Systems)))
}

func baseName(n int) string { return fmt.Sprintf("import-check-base-%d", n) }

// importedBases is the file with the bases that Dockerfiles start from.
const importedBases = "import-check.layer"

// bases returns a module with an app for each system. Its apt asks the mirrors that layc itself uses. It takes
// no files of the project, whose ignore files may leave out all that is new.
func (p *proof) bases() (string, error) {
	systems := p.systems()
	if len(systems) == 0 {
		return "", nil
	}
	mirrors, err := world.FindMirrors(world.ThisHost(), nil)
	if err != nil {
		return "", err
	}
	suites := map[string]string{"11": "bullseye", "12": "bookworm", "13": "trixie"}
	main, security := mirrors["debian"], mirrors["debian-security"]
	var b strings.Builder
	b.WriteString("import \"std/debian\"\n")
	for n, s := range systems {
		suite := suites[strings.Trim(strings.TrimPrefix(s, "debian.release("), `")`)]
		fmt.Fprintf(&b, "\napp %q {\n    base %s\n", baseName(n), s)
		for _, f := range [][2]string{
			{"sources.list", fmt.Sprintf("deb %[1]s %[3]s main\ndeb %[1]s %[3]s-updates main\ndeb %[2]s %[3]s-security main\n", main, security, suite)},
			{"apt.conf.d/import-check", "Acquire::https::CaInfo \"/etc/apt/import-check.crt\";\n"},
			{"import-check.crt", certificates()},
		} {
			text, _ := syntax.Quote(f[1])
			fmt.Fprintf(&b, "    file \"/etc/apt/%s\" text %s\n", f[0], text)
		}
		b.WriteString("\n    command [\"bash\"]\n}\n")
	}
	return b.String(), nil
}

// certificates returns the certificates that this machine trusts, without the comments between them.
func certificates() string {
	for _, name := range []string{os.Getenv("SSL_CERT_FILE"), "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"} {
		text, err := os.ReadFile(name)
		if name == "" || err != nil {
			continue
		}
		var all []byte
		for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
			all = append(all, pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes})...)
		}
		return string(all)
	}
	return ""
}

// compare builds each image from its Dockerfile, and compares it with the module's.
func (p *proof) compare(ctx context.Context) error {
	e, err := engine.Open(ctx, p.imports.engine.options(func(s string) { p.announce(s) }))
	if err != nil {
		return err
	}
	defer e.Close()
	p.engine = e
	different := 0
	for _, image := range p.result.Report.Images {
		p.announce("building " + image.File + " …")
		if err := p.dockerfile(ctx, image.Name, nil); err != nil {
			return fmt.Errorf("%s: %w", image.File, err)
		}
		lines, files, err := p.differences(image.Name)
		if err != nil {
			return fmt.Errorf("%s: %w", image.Name, err)
		}
		if len(lines) == 0 {
			fmt.Fprintf(p.cli.out, "%s: equal, %s\n", image.Name, term.Count(files, "path"))
			continue
		}
		different++
		fmt.Fprintf(p.cli.out, "%s: %s from %s\n", image.Name, term.Count(len(lines), "difference"), image.File)
		for n, l := range lines {
			if n == 20 {
				fmt.Fprintf(p.cli.out, "  and %d more\n", len(lines)-n)
				break
			}
			fmt.Fprintf(p.cli.out, "  %s\n", l)
		}
	}
	if different > 0 {
		return fmt.Errorf("%d of %s differ", different, term.Count(len(p.result.Report.Images), "image"))
	}
	return nil
}

// dockerfiles is the OCI layout with the images that Dockerfiles make, which share their blobs. short names them
// there.
func (p *proof) dockerfiles() string { return filepath.Join(p.dir, "dockerfiles") }
func short(name string) string       { return digest.FromString(name).Encoded()[:12] }

// dockerfile builds a Dockerfile, after those of the images that it refers to.
func (p *proof) dockerfile(ctx context.Context, name string, above []string) error {
	if p.built[name] {
		return nil
	}
	if slices.Contains(above, name) {
		return fmt.Errorf("the images refer to each other: %s", strings.Join(append(above, name), ", "))
	}
	b := p.builds[name]
	at := p.alone(b)
	d := engine.Dockerfile{
		Locals: map[string]fsutil.FS{}, Layouts: map[string]string{}, Dir: p.dockerfiles(), Tag: short(name),
		// All images with these contexts share the engine's copies of them; the Dockerfile is of this image alone.
		Key:     digest.FromString(fmt.Sprintf("%q %q %q", p.root, b.Context, slices.Sorted(maps.Values(b.Contexts)))).String(),
		Options: map[string]string{"filename": filepath.Base(b.File), "dockerfilekey": filepath.Base(at)},
	}
	if b.Target != "" {
		d.Options["target"] = b.Target
	}
	for k, v := range b.Args {
		d.Options["build-arg:"+k] = v
	}
	for k, v := range b.Labels {
		d.Options["label:"+k] = v
	}
	var err error
	if d.Locals[filepath.Base(at)], err = p.writeAlone(b, at); err != nil {
		return err
	}
	if d.Locals["context"], err = p.context(b.Context); err != nil {
		return err
	}
	for ref, sibling := range p.images[name].Siblings {
		if err := p.dockerfile(ctx, sibling, append(above, name)); err != nil {
			return err
		}
		if err := namedContext(&d, ref, p.dockerfiles(), short(sibling)); err != nil {
			return err
		}
	}
	for n, s := range p.systems() {
		for ref, of := range p.result.Systems {
			if of == s {
				if err := namedContext(&d, ref, p.out(), baseName(n)); err != nil {
					return err
				}
			}
		}
	}
	for k, c := range b.Contexts {
		switch {
		case d.Options["context:"+k] != "" || p.images[name].Siblings[c] != "":
			if sibling := p.images[name].Siblings[c]; sibling != "" {
				if err := namedContext(&d, k, p.dockerfiles(), short(sibling)); err != nil {
					return err
				}
			}
		case strings.Contains(c, ":"):
			d.Options["context:"+k] = c
		default:
			d.Options["context:"+k] = "local:" + k
			if d.Locals[k], err = p.context(c); err != nil {
				return err
			}
		}
	}
	if err := p.engine.BuildDockerfile(ctx, d); err != nil {
		return err
	}
	p.built[name] = true
	return nil
}

// namedContext makes an image of a layout the context that a Dockerfile calls by a reference.
func namedContext(d *engine.Dockerfile, ref, layout, image string) error {
	full, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return fmt.Errorf("%s: %w", ref, err)
	}
	var index ocispecs.Index
	text, err := os.ReadFile(filepath.Join(layout, ocispecs.ImageIndexFile))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &index); err != nil {
		return err
	}
	for _, m := range index.Manifests {
		if m.Annotations[ocispecs.AnnotationRefName] == image {
			store := "layout-" + m.Digest.Encoded()[:12]
			d.Layouts[store] = layout
			d.Options["context:"+strings.TrimSuffix(reference.FamiliarString(full), ":latest")] = "oci-layout://" + store + "@" + m.Digest.String()
			return nil
		}
	}
	return fmt.Errorf("%s has no image %s", layout, image)
}

// alone returns the path of the directory that has only the Dockerfile of a build.
func (p *proof) alone(b importing.Build) string {
	return filepath.Join(p.dir, "dockerfile-"+short(b.Name))
}

// writeAlone writes a Dockerfile, and the ignore file that belongs to it, to a directory, and returns its files.
func (p *proof) writeAlone(b importing.Build, dir string) (fsutil.FS, error) {
	name := filepath.Base(b.File)
	files := map[string][]byte{name: []byte(b.Text)}
	switch text, err := os.ReadFile(filepath.Join(p.root, b.File+".dockerignore")); {
	case err == nil:
		files[name+".dockerignore"] = text
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return nil, err
		}
	}
	return fsutil.NewFS(dir)
}

// context returns a directory of the project, without the files of a module that is there already.
func (p *proof) context(dir string) (fsutil.FS, error) {
	tree, err := fsutil.NewFS(filepath.Join(p.root, dir))
	if err != nil || filepath.Clean(dir) != "." {
		return tree, err
	}
	return fsutil.NewFilterFS(tree, &fsutil.FilterOpt{ExcludePatterns: []string{"*.layer", lock.Name, importedIgnore}})
}

// ofModule reports whether a path of the project is a file of the module.
func ofModule(rel string) bool {
	return filepath.Dir(rel) == "." && (filepath.Ext(rel) == ".layer" || rel == lock.Name || rel == importedIgnore)
}

// copyTree makes a directory like another one, with the same files, but those of a module.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		switch {
		case d.IsDir():
			return os.MkdirAll(target, 0o755)
		case ofModule(rel):
			return nil
		case d.Type() == fs.ModeSymlink:
			to, err := os.Readlink(name)
			if err != nil {
				return err
			}
			return os.Symlink(to, target)
		case !d.Type().IsRegular():
			return nil
		}
		if os.Link(name, target) == nil {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return os.WriteFile(target, text, info.Mode().Perm())
	})
}

// ignored are paths whose content is in no layer of layc, or that the proof itself adds. A final slash
// means everything below.
var ignored = []string{
	"/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/etc/subuid", "/etc/subgid", "/etc/subuid-", "/etc/subgid-", // compared as accounts
	"/etc/apt/", "/tmp/", "/var/tmp/", "/var/lib/apt/", "/var/cache/apt/", "/var/log/apt/", "/var/log/dpkg.log", "/var/log/alternatives.log",
	"/var/cache/ldconfig/", "/etc/.pwd.lock", "/etc/passwd-", "/etc/group-", "/etc/shadow-", "/etc/gshadow-", "/var/lib/dpkg/status-old",
	"/var/lib/dpkg/diversions-old", "/var/lib/dpkg/statoverride-old", "/var/lib/dpkg/lock", "/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/triggers/Lock",
	"/var/cache/debconf/", "/etc/resolv.conf", "/etc/hosts",
	"/run/adduser", // adduser's lock, which a declared user does not need
}

// isIgnored reports whether a path does not count.
func isIgnored(path string) bool {
	return slices.ContainsFunc(ignored, func(p string) bool {
		return path == p || strings.HasSuffix(p, "/") && strings.HasPrefix(path, p)
	})
}

// differences compares the image of a Dockerfile with the module's. Times do not count: layc sets all.
func (p *proof) differences(name string) (lines []string, paths int, err error) {
	var trees [2]exact.Tree
	var configs [2]dockerspec.DockerOCIImage
	var accounts [2]accounts
	ref := name
	if tags := p.images[name].Tags; len(tags) > 0 {
		ref += ":" + tags[0]
	}
	for n, from := range []struct{ layout, ref string }{{p.dockerfiles(), short(name)}, {p.out(), ref}} {
		image, err := exact.Open(from.layout, from.ref)
		if err != nil {
			return nil, 0, err
		}
		tree, texts, err := p.layers.Tree(image)
		if err != nil {
			return nil, 0, err
		}
		accounts[n] = readAccounts(texts)
		maps.DeleteFunc(tree, func(path string, _ exact.Entry) bool { return isIgnored(path) })
		trees[n], configs[n] = tree, image.Config
	}
	lines = compareAccounts(accounts[0], accounts[1])
	for i, a := range accounts {
		configs[i].Config.User = a.numbers(configs[i].Config.User)
	}
	withoutSkeleton(trees[0], trees[1])
	lines = append(lines, exact.Compare(trees[0], trees[1], false)...)
	return append(lines, compareConfigs(configs[0].Config, configs[1].Config)...), len(trees[0]), nil
}

// accounts are the users and groups of a root file system, by their names.
type accounts struct{ users, groups map[string]string }

// accountFiles are the paths of files with accounts, as layers have them.
var accountFiles = []string{"etc/passwd", "etc/group"}

// readAccounts reads these files: users with their numbers, home and shell, and groups with their numbers. What a
// declared user lacks (a comment, a password field, ranges of subordinate numbers) does not count.
func readAccounts(texts map[string]string) accounts {
	a := accounts{map[string]string{}, map[string]string{}}
	for file, to := range map[string]map[string]string{"passwd": a.users, "group": a.groups} {
		for line := range strings.Lines(texts["/etc/"+file]) {
			f := strings.Split(strings.TrimSpace(line), ":")
			switch {
			case file == "passwd" && len(f) == 7:
				shell := f[6]
				if strings.HasSuffix(shell, "/nologin") || strings.HasSuffix(shell, "/false") {
					shell = "none"
				}
				to[f[0]] = strings.Join([]string{f[2], f[3], f[5], shell}, ":")
			case file == "group" && len(f) == 4:
				to[f[0]] = f[2] + ":" + f[3]
			}
		}
	}
	return a
}

// numbers returns a user as numbers, if it is a name.
func (a accounts) numbers(user string) string {
	login, group, grouped := strings.Cut(user, ":")
	if line, ok := a.users[login]; ok {
		f := strings.Split(line, ":")
		login = f[0]
		if !grouped {
			group = f[1]
		}
	}
	if line, ok := a.groups[group]; ok {
		group, _, _ = strings.Cut(line, ":")
	}
	return strings.TrimSuffix(login+":"+group, ":")
}

func compareAccounts(want, got accounts) []string {
	var lines []string
	for _, kind := range []struct {
		what      string
		want, got map[string]string
	}{{"user", want.users, got.users}, {"group", want.groups, got.groups}} {
		names := slices.Concat(slices.Collect(maps.Keys(kind.want)), slices.Collect(maps.Keys(kind.got)))
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			if w, g := kind.want[name], kind.got[name]; w != g {
				lines = append(lines, fmt.Sprintf("the %s %s is %q, want %q", kind.what, name, g, w))
			}
		}
	}
	return lines
}

// withoutSkeleton removes what useradd copies from /etc/skel into a home, as far as it is unchanged.
func withoutSkeleton(want, got exact.Tree) {
	for path, e := range want {
		skeleton, ok := want["/etc/skel/"+filepath.Base(path)]
		if _, there := got[path]; ok && !there && e.Sum == skeleton.Sum && e.Sum != "" {
			delete(want, path)
		}
	}
}

// compareConfigs describes the differences of a configuration from the wanted one. Lists are compared one by one.
func compareConfigs(want, got dockerspec.DockerOCIImageConfig) []string {
	var lines []string
	differ := func(what, want, got string) {
		if want != got {
			lines = append(lines, fmt.Sprintf("%s is %s, want %s", what, cmp.Or(got, "empty"), cmp.Or(want, "empty")))
		}
	}
	list := func(what string, want, got []string) { differ(what, quoted(want), quoted(got)) }
	differ("the user", want.User, got.User)
	differ("the working directory", strings.TrimSuffix(want.WorkingDir, "/"), strings.TrimSuffix(got.WorkingDir, "/"))
	list("the entrypoint", want.Entrypoint, got.Entrypoint)
	list("the command", want.Cmd, got.Cmd)
	differ("the stop signal", want.StopSignal, got.StopSignal)
	list("the ports", slices.Sorted(maps.Keys(want.ExposedPorts)), slices.Sorted(maps.Keys(got.ExposedPorts)))
	list("the volumes", slices.Sorted(maps.Keys(want.Volumes)), slices.Sorted(maps.Keys(got.Volumes)))
	list("the environment", slices.Sorted(slices.Values(want.Env)), slices.Sorted(slices.Values(got.Env)))
	list("the labels", assignments(want.Labels), assignments(got.Labels))
	list("the shell", want.Shell, got.Shell)
	list("ONBUILD", want.OnBuild, got.OnBuild)
	differ("the health check", healthcheck(want), healthcheck(got))
	return lines
}

// healthcheck returns a health check as text, with the program that its shell form starts.
func healthcheck(c dockerspec.DockerOCIImageConfig) string {
	h := c.Healthcheck
	if h == nil {
		return ""
	}
	test := h.Test
	if len(test) > 0 && test[0] == "CMD-SHELL" {
		shell := c.Shell
		if len(shell) == 0 {
			shell = []string{"/bin/sh", "-c"}
		}
		test = slices.Concat([]string{"CMD"}, shell, test[1:])
	}
	return fmt.Sprintf("%q interval %s timeout %s start %s start-interval %s retries %d", test, h.Interval, h.Timeout, h.StartPeriod, h.StartInterval, h.Retries)
}

// quoted returns a list as text; an empty one is "".
func quoted(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return fmt.Sprintf("%q", list)
}

func assignments(m map[string]string) []string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, k+"="+m[k])
	}
	return out
}
