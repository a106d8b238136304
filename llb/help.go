package llb

import (
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/llb/helper"
)

// Steps that layc's helper executes: those that a file action cannot do, and that must not need a
// tool of the image.

// help returns the options for a run of the helper that needs nothing from an image: on the
// engine's platform, without network, with an environment of its own.
func (l *lowerer) help(title, name string, at source.Span, args ...string) []llb.RunOption {
	return l.helpOn(l.build, title, name, at, args...)
}

// helpOn is help on another platform, for a helper that runs programs of an image.
func (l *lowerer) helpOn(p ocispecs.Platform, title, name string, at source.Span, args ...string) []llb.RunOption {
	tool, err := debianHelper(l.options.Sources, p.Architecture, nil)
	if err != nil {
		l.fail(err)
		return nil
	}
	return []llb.RunOption{
		llb.Args(append([]string{helper.Dir + "/" + helper.File}, args...)),
		llb.AddMount(helper.Dir, tool, llb.Readonly),
		llb.Network(pb.NetMode_NONE), llb.Hostname("localhost"), llb.Platform(p), l.from(title, name, at),
	}
}

// helped runs the helper in a system, without the environment and user of the system's state.
func (l *lowerer) helped(on llb.State, opts []llb.RunOption) llb.State {
	if l.err != nil {
		return llb.Scratch()
	}
	return on.WithOutput(llb.NewState(on.Output()).Run(opts...).Root().Output())
}

// changed runs the helper on a system that is mounted at rootDir. The engine mounts and creates
// nothing else there. The environment and user of the system's state are kept.
func (l *lowerer) changed(on llb.State, opts []llb.RunOption, mounts ...llb.RunOption) llb.State {
	if l.err != nil {
		return llb.Scratch()
	}
	run := llb.Scratch().Run(append(opts, mounts...)...)
	return on.WithOutput(run.AddMount(rootDir, llb.NewState(on.Output()), byDefinition).Output())
}

// byDefinition makes the engine find a step again by how the mounted tree was made. By default it
// goes by a digest of the tree, which does not see hard links and the numbers of devices.
var byDefinition = llb.ContentCache(llb.MountContentCacheOff)
