package importing

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"github.com/layc-lang/layc/lang/load"
)

// Found is what some paths of a project name.
type Found struct {
	Builds   []Build
	Skipped  []Skipped // files and images that cannot be read, and why
	Registry string    // that the images of compose files and bake files are in; "": none
}

// Find returns the builds that some paths of a project name: Dockerfiles, compose files, bake files, and
// directories with these. An image that a compose file or a bake file names is not named again by its
// Dockerfile. A file that cannot be read does not keep others from being found; Find fails only if a path
// cannot be read.
func Find(files fs.FS, paths []string) (Found, error) {
	f := &finder{files: files, named: map[string]bool{}, read: map[string]bool{}}
	var dockerfiles []string
	for _, p := range paths {
		info, err := fs.Stat(files, p)
		if err != nil {
			return Found{}, err
		}
		if !info.IsDir() {
			if !f.project(p) {
				dockerfiles = append(dockerfiles, p)
			}
			continue
		}
		err = fs.WalkDir(files, p, func(name string, d fs.DirEntry, err error) error {
			switch base := path.Base(name); {
			case err != nil:
				return err
			case d.IsDir() && name != p && (strings.HasPrefix(base, ".") || base == "node_modules" || base == "vendor"):
				return fs.SkipDir
			case d.IsDir() || !d.Type().IsRegular():
			case isDockerfile(base):
				dockerfiles = append(dockerfiles, name)
			case slices.Contains(load.Projects, base):
				if first := f.preferred(name); first != name {
					f.skip("", name, fmt.Errorf("docker compose reads only %s there", path.Base(first)))
					break
				}
				f.looks = true
				f.project(name)
				f.looks = false
			}
			return nil
		})
		if err != nil {
			return Found{}, err
		}
	}
	for _, name := range dockerfiles {
		if !f.named[name] {
			f.dockerfile(name)
		}
	}
	f.services()
	f.images()
	f.unique()
	return f.found, nil
}

// preferred returns the compose file that docker compose reads in the directory of another one: the first by
// the order of names. A bake file is read in any case.
func (f *finder) preferred(name string) string {
	if ext := path.Ext(name); ext != ".yaml" && ext != ".yml" {
		return name
	}
	for _, other := range load.Projects {
		if other = path.Join(path.Dir(name), other); other == name {
			break
		} else if info, err := fs.Stat(f.files, other); err == nil && info.Mode().IsRegular() {
			return other
		}
	}
	return name
}

// isDockerfile reports whether a file is a Dockerfile by its name.
func isDockerfile(name string) bool {
	low := strings.ToLower(name)
	if strings.HasSuffix(low, ".dockerignore") || strings.HasSuffix(low, ".template") || strings.HasSuffix(low, ".j2") || strings.HasSuffix(low, ".tmpl") || strings.HasSuffix(low, ".md") || strings.HasSuffix(low, ".go") || strings.HasSuffix(low, ".sh") || strings.HasSuffix(low, ".py") {
		return false
	}
	return low == "dockerfile" || low == "containerfile" || strings.HasPrefix(low, "dockerfile.") || strings.HasPrefix(low, "containerfile.") || strings.HasSuffix(low, ".dockerfile") || strings.HasPrefix(low, "dockerfile-")
}

// finder collects builds.
type finder struct {
	files   fs.FS
	found   Found
	named   map[string]bool // Dockerfiles that a project names
	read    map[string]bool // compose files and bake files
	running []running
	looks   bool // for files by their names, as docker does
}

// skip says why something is left out.
func (f *finder) skip(name, file string, err error) {
	f.found.Skipped = append(f.found.Skipped, Skipped{Name: name, File: file, Why: err.Error()})
}

// project reads a compose file or a bake file, and reports whether the name is of one.
func (f *finder) project(name string) bool {
	read := f.bake
	switch path.Ext(name) {
	case ".yaml", ".yml":
		read = f.compose
	case ".hcl", ".json":
	default:
		return false
	}
	if f.read[name] {
		return true
	}
	f.read[name] = true
	text, err := fs.ReadFile(f.files, name)
	if err == nil {
		err = read(name, text)
	}
	if err != nil {
		f.skip("", name, err)
	}
	return true
}

// dockerfile adds the build of a Dockerfile that nothing else names.
func (f *finder) dockerfile(name string) {
	text, err := fs.ReadFile(f.files, name)
	if err != nil {
		f.skip(nameOfFile(name), name, err)
		return
	}
	b := Build{File: name, Text: string(text), Name: nameOfFile(name), Context: path.Dir(name)}
	if c := f.context(b); c != b.Context {
		b.Context, b.Guess = c, fmt.Sprintf("the context is %s, which has the files that it copies", c)
	}
	f.found.Builds = append(f.found.Builds, b)
}

// context returns the directory whose files a Dockerfile copies: its own, or one above that has more of
// them.
func (f *finder) context(b Build) string {
	var sources []string
	if parsed, err := parser.Parse(strings.NewReader(b.Text)); err == nil {
		if stages, _, err := instructions.Parse(parsed.AST, silent()); err == nil {
			for _, s := range stages {
				for _, c := range s.Commands {
					if c, ok := c.(*instructions.CopyCommand); ok && c.From == "" {
						sources = append(sources, c.SourcePaths...)
					}
				}
			}
		}
	}
	best, most := b.Context, -1
	for dir := b.Context; ; dir = path.Dir(dir) {
		n := 0
		for _, src := range sources {
			src = path.Clean("/" + src)[1:]
			if src == "" || strings.Contains(src, "$") {
				continue
			}
			if found, err := fs.Glob(f.files, path.Join(dir, src)); err == nil && len(found) > 0 {
				n++
			}
		}
		if n > most {
			best, most = dir, n
		}
		if dir == "." {
			return best
		}
	}
}

// nameOfFile names an app after the directory of its Dockerfile, or after the Dockerfile.
func nameOfFile(name string) string {
	base, dir := path.Base(name), path.Base(path.Dir(name))
	low := strings.ToLower(base)
	suffix := strings.TrimSuffix(strings.TrimSuffix(low, ".dockerfile"), ".containerfile")
	for _, p := range []string{"dockerfile", "containerfile"} {
		suffix = strings.TrimPrefix(suffix, p)
	}
	suffix = strings.Trim(suffix, ".-_")
	if above := path.Base(path.Dir(path.Dir(name))); versionLike().MatchString(dir) && above != "." {
		dir = above + "-" + dir
	}
	switch {
	case dir == "." && suffix == "":
		return "app"
	case dir == ".":
		return appName(suffix)
	case suffix == "":
		return appName(dir)
	}
	return appName(dir + "-" + suffix)
}

// appName returns a name that apps may have.
func appName(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r) {
			b.WriteRune(r)
		} else {
			b.WriteByte('-')
		}
	}
	name := strings.Trim(b.String(), "._-")
	if name == "" {
		return "app"
	}
	return name
}

// unique gives each build a name of its own, with more of its path if several have one.
func (f *finder) unique() {
	count := map[string]int{}
	for _, b := range f.found.Builds {
		count[b.Name]++
	}
	for n := range f.found.Builds {
		b := &f.found.Builds[n]
		if count[b.Name] < 2 {
			continue
		}
		if above := path.Base(path.Dir(path.Dir(b.File))); above != "." && above != "/" {
			b.Name = appName(above + "-" + b.Name)
		}
	}
	taken := map[string]bool{}
	for n := range f.found.Builds {
		b := &f.found.Builds[n]
		name := b.Name
		for k := 2; taken[b.Name]; k++ {
			b.Name = fmt.Sprintf("%s-%d", name, k)
		}
		taken[b.Name] = true
	}
	slices.SortStableFunc(f.found.Builds, func(a, b Build) int { return strings.Compare(a.File, b.File) })
}
