package llb

import (
	"fmt"
	"maps"
	"slices"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/llb/helper"
)

// debianStep is one execution that creates or extends a Debian system from pinned packages. Its
// result depends only on the packages' checksums, the variables and the helper: it has no network,
// no other environment than the helper's own, and a fixed host name.
type debianStep struct {
	packages []lock.Package
	env      []model.EnvVar            // for maintainer scripts
	extras   extras                    // added before packages are installed
	url      func(lock.Package) string // where to download a package
	platform ocispecs.Platform         // of the system
	name     string                    // shown while it runs
	options  []llb.ConstraintsOpt      // the place in the source
	sources  Sources                   // see Options
}

const debianPackagesDir = "/.layc/packages"

// debianBase returns a system with the minimal packages of a distribution: one layer,
// reproducible, without apt sources.
func debianBase(step debianStep) (llb.State, error) {
	// Directories that are mount points in the step would be missing after it.
	stamped := llb.WithCreatedTime(epoch)
	empty := llb.Scratch().File(
		llb.Mkdir("/proc", 0o755, stamped).Mkdir("/sys", 0o755, stamped).Mkdir("/dev", 0o755, stamped),
		step.named("prepare an empty system")...)
	system, err := step.run(empty, "base")
	if err != nil {
		return llb.State{}, err
	}
	// The step's layer is on top of another one, and dpkg wrote most files twice. The copy has
	// only the result.
	return llb.Scratch().File(
		llb.Copy(system, "/", "/", &llb.CopyInfo{CopyDirContentsOnly: true}),
		step.named(step.name+": one layer")...), nil
}

// debianInstall installs packages on a system in one layer. All their needs must be among them or
// among the packages that the system already has.
func debianInstall(system llb.State, already []lock.Package, step debianStep) (llb.State, error) {
	present := map[string]bool{}
	for _, p := range slices.Concat(already, step.packages) {
		present[p.Name] = true
	}
	for _, p := range step.packages {
		for _, need := range p.Needs {
			if !present[need] {
				return llb.State{}, fmt.Errorf("package %s needs %s, which no layer below installs", p.Name, need)
			}
		}
	}
	installed, err := step.run(system, "install")
	if err != nil {
		return llb.State{}, err
	}
	return system.WithOutput(installed.Output()), nil
}

// run runs the helper in the system, with the packages.
func (s debianStep) run(system llb.State, command string) (llb.State, error) {
	tool, err := debianHelper(s.sources, s.platform.Architecture, s.options)
	if err != nil {
		return llb.State{}, err
	}
	args := []string{helper.Dir + "/" + helper.File, command, debianPackagesDir}
	for _, v := range s.env {
		args = append(args, v.Name+"="+v.Value)
	}
	options := []llb.RunOption{
		llb.Args(append(args, s.extras.args()...)),
		llb.AddMount(helper.Dir, tool, llb.Readonly),
		llb.Network(pb.NetMode_NONE),
		llb.Hostname("localhost"),
		llb.Platform(s.platform),
	}
	byName := map[string]lock.Package{}
	for _, p := range s.packages {
		byName[p.Name] = p
	}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		deb, err := s.download(byName[name])
		if err != nil {
			return llb.State{}, err
		}
		file := "/" + name + ".deb"
		options = append(options, llb.AddMount(debianPackagesDir+file, deb, llb.SourcePath(file), llb.Readonly))
	}
	for _, option := range s.named(s.name) {
		options = append(options, option)
	}
	options = append(options, s.extras.mounts()...)
	// A new state, without the environment and user of the system's state.
	return llb.NewState(system.Output()).Run(options...).Root(), nil
}

// download returns a state with the file NAME.deb.
func (s debianStep) download(p lock.Package) (llb.State, error) {
	sum, err := digest.Parse(p.Digest)
	if err != nil {
		return llb.State{}, fmt.Errorf("package %s in %s: %w", p.Name, lock.Name, err)
	}
	options := []llb.HTTPOption{
		llb.Checksum(sum),
		llb.Filename(p.Name + ".deb"),
		sized(p.Size),
	}
	for _, option := range s.named("download " + p.Name + " " + p.Version) {
		options = append(options, option)
	}
	return llb.HTTP(s.url(p), options...), nil
}

// debianHelper returns the source with the helper. Engines identify it by its content, so
// it is sent once. It is an error if the helper does not exist for the architecture.
func debianHelper(sources Sources, arch string, constraints []llb.ConstraintsOpt) (llb.State, error) {
	sum, err := helper.Digest(arch)
	if err != nil {
		return llb.State{}, err
	}
	if sources != nil {
		return sources.Helper(arch), nil
	}
	options := []llb.LocalOption{
		llb.LocalUniqueID(sum),
		llb.SharedKeyHint(helper.SourceName(arch)),
	}
	for _, option := range constraints {
		options = append(options, option)
	}
	options = append(options, llb.WithCustomName("load layc's helper"))
	return llb.Local(helper.SourceName(arch), options...), nil
}

// named returns the step's options with another name.
func (s debianStep) named(name string) []llb.ConstraintsOpt {
	return append(slices.Clone(s.options), llb.WithCustomName(name))
}
