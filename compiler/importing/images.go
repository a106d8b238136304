package importing

import (
	"fmt"
	"slices"
	"strings"

	images "github.com/distribution/reference"

	"github.com/layc-lang/layc/lang/lazy"
)

// hub is the registry of names without one.
const hub = "docker.io"

// repository is what an image of a build is called: the path of its repository with the registry, such as
// docker.io/team/api, and its tag, "" for latest.
type repository struct{ registry, path, tag string }

// repositoryOf reads a name; ok is false if it is none that an app can have.
func repositoryOf(name string) (r repository, ok bool) {
	ref, err := images.ParseNormalizedNamed(name)
	if err != nil {
		return repository{}, false
	}
	r = repository{registry: images.Domain(ref), path: strings.TrimPrefix(images.Path(ref), "library/")}
	if t, tagged := ref.(images.Tagged); tagged && t.Tag() != "latest" {
		r.tag = t.Tag()
	}
	return r, appPath().MatchString(r.path)
}

var appPath = lazy.Regexp(`^[a-z0-9]+([._/-][a-z0-9]+)*$`)

// local reports whether a name is without a registry and an owner, so that nothing says where it is pushed.
func (r repository) local() bool { return r.registry == hub && !strings.Contains(r.path, "/") }

// images gives the apps the names of their images, and the fleet the registry that most of these are in.
// Where several builds make one repository, they keep the names of their targets.
func (f *finder) images() {
	of := make([][]repository, len(f.found.Builds))
	count, registries := map[string]int{}, map[string]int{}
	for n, b := range f.found.Builds {
		for _, name := range b.Images {
			if r, ok := repositoryOf(name); ok {
				of[n] = append(of[n], r)
			}
		}
		if len(of[n]) > 0 {
			r := of[n][0]
			count[r.registry+"/"+r.path]++
			if !r.local() {
				registries[r.registry]++
			}
		}
	}
	best := ""
	for _, r := range sorted(registries) {
		if best == "" || registries[r] > registries[best] {
			best = r
		}
	}
	var dirs []string
	for _, rs := range of {
		if len(rs) > 0 && rs[0].registry == best && !rs[0].local() {
			parts := strings.Split(rs[0].path, "/")
			if parts = parts[:len(parts)-1]; dirs == nil {
				dirs = append([]string{best}, parts...)
			}
			n := 0
			for n < len(parts) && n+1 < len(dirs) && parts[n] == dirs[n+1] {
				n++
			}
			dirs = dirs[:n+1]
		}
	}
	f.found.Registry = strings.Join(dirs, "/")
	for n, rs := range of {
		if len(rs) > 0 {
			f.found.Builds[n].called(f.found.Registry, rs, count[rs[0].registry+"/"+rs[0].path] > 1)
		}
	}
}

// called gives a build the name and the tags of its image. What the module cannot say is a guess.
func (b *Build) called(registry string, rs []repository, several bool) {
	first := rs[0]
	name, within := strings.CutPrefix(first.registry+"/"+first.path, registry+"/")
	switch {
	case first.local():
		name = first.path
	case !within:
		b.guess("its image is %s, not below the registry of the others", b.Images[0])
		return
	}
	if several {
		b.guess("its image is %s, and other builds make this repository, too", b.Images[0])
		return
	}
	b.Name = name
	for n, r := range rs {
		if r.registry != first.registry || r.path != first.path {
			b.guess("its image is also called %s", b.Images[n])
			continue
		}
		tag := r.tag
		if tag == "" && len(rs) > 1 {
			tag = "latest"
		}
		if tag != "" && !slices.Contains(b.Tags, tag) {
			b.Tags = append(b.Tags, tag)
		}
	}
}

// platforms is a guess if a build is not for this machine's platform alone.
func (b *Build) platforms(of []string) {
	if len(of) > 0 && !slices.Equal(of, []string{"linux/amd64"}) {
		b.guess("it is built for %s; name these as `platforms` of the fleet", strings.Join(slices.Compact(of), ", "))
	}
}

// labelled returns a stage with the labels of its build; the same one if it has none.
func labelled(s *stage, b *Build) *stage {
	if len(b.Labels) == 0 {
		return s
	}
	from := *s.history[len(s.history)-1]
	from.class, from.Why = Exact, ""
	out := s.child(s.file, nil)
	out.history = out.history[:len(s.history)]
	for _, k := range sorted(b.Labels) {
		if v := b.Labels[k]; private(k+v) || control(k+v) {
			b.guess("the label %q is left out: it has characters that no .layer file can have", k)
		} else {
			out.set("label "+k, "label "+name(k)+" = "+quote(v), &from)
		}
	}
	return out
}

// guess adds a reason to look at a build.
func (b *Build) guess(format string, args ...any) {
	why := fmt.Sprintf(format, args...)
	switch {
	case b.Guess == "":
		b.Guess = why
	case !strings.Contains(b.Guess, why):
		b.Guess += "; " + why
	}
}

// services reports the services that only run an image, unless a build makes it.
func (f *finder) services() {
	for _, s := range f.running {
		want, known := repositoryOf(s.image)
		made := slices.ContainsFunc(f.found.Builds, func(b Build) bool {
			return slices.ContainsFunc(b.Images, func(name string) bool {
				got, ok := repositoryOf(name)
				return name == s.image || known && ok && got == want
			})
		})
		if !made {
			f.found.Skipped = append(f.found.Skipped, Skipped{s.name, s.file, "the service only runs " + s.image, s.image})
		}
	}
}

// commonTags leaves out the tags of a family's apps unless all have the same.
func (im *importer) commonTags(builds []*Build) {
	if !slices.ContainsFunc(builds, func(b *Build) bool { return !slices.Equal(b.Tags, builds[0].Tags) }) {
		return
	}
	for n := range im.report.Images {
		i := &im.report.Images[n]
		if len(i.Tags) == 0 || !slices.ContainsFunc(builds, func(b *Build) bool { return b.Name == i.Name }) {
			continue
		}
		if i.Why != "" {
			i.Why += "; "
		}
		i.Why += fmt.Sprintf("its tag %s is left out, since the apps of the matrix have different ones", strings.Join(i.Tags, ", "))
		i.Tags = nil
	}
}

// tags returns the tags that a build's app has.
func (r *Report) tags(b *Build) []string {
	for _, i := range r.Images {
		if i.Name == b.Name {
			return i.Tags
		}
	}
	return nil
}

// running is a service that has an image and no build.
type running struct{ name, file, image string }
