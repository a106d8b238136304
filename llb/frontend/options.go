package frontend

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/pin"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/llb/world"
)

// options are the options of a request that are layc's. Package dockerui reads the others.
type options struct {
	set       map[string]string // parameters of the module
	mirrors   world.Mirrors
	labels    map[string]string
	platforms []model.Platform // none: the fleet's
	file      string           // the file with the line "# syntax="
}

// mirrorPrefix begins the names of build arguments with mirrors. It has a dot, which names of
// parameters cannot have.
const mirrorPrefix = "mirror."

// MirrorArgument returns the name of the build argument for an archive's mirror.
func MirrorArgument(archive string) string { return mirrorPrefix + archive }

// unsupported are options of BuildKit's frontends that layc cannot follow, by their keys, as flags
// of docker build. It is an error to request one: its effect would be missing.
var unsupported = []struct{ key, flag, instead string }{
	{"no-cache", "--no-cache", "empty the builder's cache with docker buildx prune"},
	{"add-hosts", "--add-host", "pass names of hosts to the builder"},
	{"force-network-mode", "--network", "steps have the builder's network; write `network none` in a run to do without"},
	{"shm-size", "--shm-size", "use `layc build`"},
	{"ulimit", "--ulimit", "use `layc build`"},
	{"cgroup-parent", "--cgroup-parent", "use `layc build`"},
}

// standard are build arguments that clients of BuildKit pass by themselves, or that BuildKit reads.
var standard = []string{"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY", "SOURCE_DATE_EPOCH"}

func readOptions(opts map[string]string) (options, error) {
	o := options{set: map[string]string{}, labels: map[string]string{}, mirrors: world.Mirrors{}, file: opts["filename"]}
	for _, u := range unsupported {
		for key, value := range opts {
			if key == u.key && (value != "" || key == "no-cache") {
				return o, fmt.Errorf("layc does not support %s of docker build\n%s", u.flag, u.instead)
			}
		}
	}
	for key, value := range opts {
		if name, ok := strings.CutPrefix(key, "label:"); ok {
			o.labels[name] = value
		}
		name, ok := strings.CutPrefix(key, "build-arg:")
		switch {
		case !ok, strings.HasPrefix(name, "BUILDKIT_"), slices.Contains(standard, strings.ToUpper(name)):
		case strings.HasPrefix(name, mirrorPrefix):
			o.mirrors[strings.TrimPrefix(name, mirrorPrefix)] = value
		default:
			o.set[name] = value
		}
	}
	for name := range strings.SplitSeq(opts["platform"], ",") {
		if name == "" {
			continue
		}
		p, ok := compiler.ParsePlatform(name)
		if !ok {
			return o, fmt.Errorf("--platform %s: not a valid platform\nwrite linux/amd64, linux/arm64, linux/arm/v7 or similar", name)
		}
		if !slices.Contains(o.platforms, p) {
			o.platforms = append(o.platforms, p)
		}
	}
	return o, nil
}

// checkFile fails if the file of the request is a .layer file that is not in the module. The
// module is the build context.
func (o options) checkFile(project fs.FS) error {
	name := path.Base(o.file)
	if path.Ext(name) != ".layer" {
		return nil
	}
	if _, err := fs.Stat(project, name); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the build context has no %s\nthe context is the directory of the module: docker build -f DIR/%s DIR", name, name)
	}
	return nil
}

// checkMirrors fails for a mirror of an unknown archive.
func (o options) checkMirrors(targets []*compiler.Target) error {
	var names []string
	for name := range o.mirrors {
		names = append(names, name)
	}
	slices.Sort(names)
	var unknown *pin.UnknownArchiveError
	err := pin.CheckMirrors(targets, names)
	if !errors.As(err, &unknown) {
		return err
	}
	if near := diag.Nearest(unknown.Name, unknown.Known); near != "" {
		return fmt.Errorf("--build-arg %s: %w; did you mean %s?", MirrorArgument(unknown.Name), err, MirrorArgument(near))
	}
	return fmt.Errorf("--build-arg %s: %w\nthe archives are %s", MirrorArgument(unknown.Name), err, strings.Join(unknown.Known, ", "))
}

func platformOf(p ocispecs.Platform) model.Platform {
	return model.Platform{OS: p.OS, Arch: p.Architecture, Variant: p.Variant}
}

// one fails unless a target is one app.
func one(target string, chosen []*model.App, known []string) error {
	if len(chosen) == 1 {
		return nil
	}
	slices.Sort(known)
	const each = "a build makes one image; use `layc build` or `layc bake` for several"
	near := diag.Nearest(target, known)
	switch {
	case len(chosen) > 1 && target != "":
		known = nil
		for _, a := range chosen {
			known = append(known, a.Name)
		}
		return fmt.Errorf("--target %s is the name of several apps\n%s\nthe apps are %s", target, each, strings.Join(known, ", "))
	case target == "":
		return fmt.Errorf("the module has %d apps\nname one with --target; %s\nthe apps are %s", len(known), each, strings.Join(known, ", "))
	case near != "":
		return fmt.Errorf("--target %s: unknown app; did you mean %s?\nthe apps are %s", target, near, strings.Join(known, ", "))
	}
	return fmt.Errorf("--target %s: unknown app\nthe apps are %s", target, strings.Join(known, ", "))
}
