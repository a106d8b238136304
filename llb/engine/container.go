//go:build unix

package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	gatewaypb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
)

// Visit is a container that a build starts for the user: on an image, or where a step runs. It uses
// what the build has made, and changes none of it.
type Visit struct {
	// Step is the step of a definition in whose place the container starts: on the file systems that
	// the step sees, without its changes. "": on the root file system of the first image.
	Step digest.Digest
	// Failed starts a container only if a step fails, in its place.
	Failed bool
	// Loopback gives the container a network of its own, with nothing but a loopback device. Otherwise
	// it has the network of the step, or the engine's.
	Loopback bool
	// Hostname is the name of the container on an image; "": BuildKit's.
	Hostname string
	// Tools are mounted, read-only.
	Tools Tools
	// Do uses the container. Its error is the error of the build.
	Do func(context.Context, *Container) error
}

// Tools are definitions of file systems, by their places in a container.
type Tools map[string]*pb.Definition

// Container is a container that waits for processes. It ends with its first one.
type Container struct {
	// Step has what a step is run with; all is empty on an image.
	Step pb.Meta
	// Failure is the error of the step, if it failed.
	Failure *StepError
	inner   gateway.Container
	state   string // of the embedded engine; "": another one
}

// Process is what runs in a container.
type Process struct {
	Args, Env      []string
	User, Dir      string
	TTY            bool
	Stdin          io.ReadCloser
	Stdout, Stderr io.WriteCloser
	// Binds are directories and files of this machine. Only the first process can have some.
	Binds []Bind
}

// Bind is a directory or a file of this machine in a container.
type Bind struct {
	From     string `json:"from"`
	To       string `json:"to"`
	ReadOnly bool   `json:"readOnly,omitempty"`
}

// Started is a process that was started in a container.
type Started struct{ gateway.ContainerProcess }

// ExitError is the error for a process that ended with an exit code other than 0.
type ExitError struct{ Code int }

func (e *ExitError) Error() string { return fmt.Sprintf("exit code %d", e.Code) }

// Start starts a process.
func (c *Container) Start(ctx context.Context, p Process) (*Started, error) {
	if len(p.Binds) > 0 {
		entry, err := bindEntry(c.state, p.Binds)
		if err != nil {
			return nil, err
		}
		p.Env = append([]string{entry}, p.Env...)
	}
	running, err := c.inner.Start(ctx, gateway.StartRequest{
		Args: p.Args, Env: p.Env, User: p.User, Cwd: p.Dir, Tty: p.TTY, Stdin: p.Stdin, Stdout: p.Stdout, Stderr: p.Stderr,
	})
	if err != nil {
		return nil, rootCause(err)
	}
	return &Started{running}, nil
}

// Wait waits for the end of the process. The error may be an *ExitError.
func (s *Started) Wait() error {
	err := s.ContainerProcess.Wait()
	var exit *gatewaypb.ExitError
	if errors.As(err, &exit) && exit.ExitCode != gatewaypb.UnknownExitStatus {
		return &ExitError{int(exit.ExitCode)}
	}
	if err != nil {
		return rootCause(err)
	}
	return nil
}

// Has reports whether the root file system has a file.
func (c *Container) Has(ctx context.Context, name string) bool {
	_, ok := c.Stat(ctx, name)
	return ok
}

// Stat returns the mode of a file, which a link may lead to.
func (c *Container) Stat(ctx context.Context, name string) (mode fs.FileMode, ok bool) {
	s, err := c.inner.StatFile(ctx, gateway.StatContainerRequest{StatRequest: gateway.StatRequest{Path: name}})
	if err != nil {
		return 0, false
	}
	return fs.FileMode(s.Mode), true
}

// Names returns the names in a directory; none if it cannot be read.
func (c *Container) Names(ctx context.Context, dir string) []string {
	list, err := c.inner.ReadDir(ctx, gateway.ReadDirContainerRequest{ReadDirRequest: gateway.ReadDirRequest{Path: dir}})
	if err != nil {
		return nil
	}
	var names []string
	for _, s := range list {
		names = append(names, path.Base(s.Path))
	}
	return names
}

// Head returns the beginning of a file, as much as a kernel reads of a script; "" if it cannot be read.
func (c *Container) Head(ctx context.Context, name string) string {
	text, err := c.inner.ReadFile(ctx, gateway.ReadContainerRequest{ReadRequest: gateway.ReadRequest{Filename: name, Range: &gateway.FileRange{Length: 256}}})
	if err != nil {
		return ""
	}
	return string(text)
}

// bindKey begins the name of a variable that tells the embedded engine what to bind. The rest of the
// name is a secret of the engine's owner: no program of a step can name it.
const bindKey = "LAYC_BIND_"

// bindFile has the secret, in the state directory.
const bindFile = "binds"

// bindEntry returns the variable for binds.
func bindEntry(state string, binds []Bind) (string, error) {
	secret, err := os.ReadFile(filepath.Join(state, bindFile))
	if state == "" || err != nil {
		return "", &UnavailableError{What: "only the built-in engine has directories of this machine", Help: "build without --engine, or copy the files into the image", Err: err}
	}
	text, err := json.Marshal(binds)
	return bindKey + string(secret) + "=" + string(text), err
}

// takeBinds removes the variables with binds from an environment.
func takeBinds(secret string, env []string) (rest []string, binds []Bind, err error) {
	for _, v := range env {
		text, ok := strings.CutPrefix(v, bindKey+secret+"=")
		if !ok || secret == "" {
			rest = append(rest, v)
			continue
		}
		var more []Bind
		if err := json.Unmarshal([]byte(text), &more); err != nil {
			return nil, nil, err
		}
		binds = append(binds, more...)
	}
	return rest, binds, nil
}

// visit starts the container of a request and uses it.
func (e *Engine) visit(ctx context.Context, g gateway.Client, req Request, image gateway.Reference) error {
	v := req.Visit
	c := &Container{}
	if e.opts.Address == "" {
		c.state = e.opts.State
	}
	made := gateway.NewContainerRequest{NetMode: pb.NetMode_UNSET}
	if v.Step == "" {
		made.Hostname = v.Hostname
		made.Mounts = []gateway.Mount{{Dest: "/", Ref: image, MountType: pb.MountType_BIND}}
	} else {
		op, def := execOf(v.Step, req.definitions())
		if op == nil {
			return errors.New("cannot open a container in the place of this step, which runs no program")
		}
		c.Step = *op.GetExec().GetMeta()
		made.NetMode, made.Platform, made.Hostname = op.GetExec().GetNetwork(), op.GetPlatform(), c.Step.Hostname
		var err error
		if made.Mounts, err = mountsOf(ctx, g, op, def); err != nil {
			return err
		}
	}
	if v.Loopback {
		made.NetMode = pb.NetMode_NONE
	}
	for at, def := range v.Tools {
		ref, err := solveRef(ctx, g, def)
		if err != nil {
			return err
		}
		made.Mounts = append(made.Mounts, gateway.Mount{Dest: at, Ref: ref, Readonly: true, MountType: pb.MountType_BIND})
	}
	inner, err := g.NewContainer(ctx, made)
	if err != nil {
		return rootCause(err)
	}
	defer inner.Release(context.WithoutCancel(ctx))
	c.inner = inner
	req.visited.done = true
	req.visited.err = v.Do(ctx, c)
	return req.visited.err
}

// visitEnd is how a visit has ended, which the engine does not return unchanged.
type visitEnd struct {
	done bool
	err  error
}

// execOf returns the op of a step that executes a program, and the definition that has it.
func execOf(step digest.Digest, definitions []*pb.Definition) (*pb.Op, *pb.Definition) {
	for _, d := range definitions {
		for _, raw := range d.Def {
			if digest.FromBytes(raw) != step {
				continue
			}
			var op pb.Op
			if op.UnmarshalVT(raw) != nil || op.GetExec() == nil {
				return nil, nil
			}
			return &op, d
		}
	}
	return nil, nil
}

// mountsOf returns the mounts of a step, on what it takes. Caches, secrets and such are those of the step.
func mountsOf(ctx context.Context, g gateway.Client, op *pb.Op, def *pb.Definition) ([]gateway.Mount, error) {
	refs := map[int64]gateway.Reference{}
	var out []gateway.Mount
	for _, m := range op.GetExec().GetMounts() {
		one := gateway.Mount{
			Selector: m.Selector, Dest: m.Dest, Readonly: m.Readonly, MountType: m.MountType,
			CacheOpt: m.CacheOpt, SecretOpt: m.SecretOpt, SSHOpt: m.SSHOpt,
		}
		if m.Input >= 0 {
			if _, ok := refs[m.Input]; !ok {
				ref, err := solveInput(ctx, g, op.Inputs[m.Input], def)
				if err != nil {
					return nil, err
				}
				refs[m.Input] = ref
			}
			one.Ref = refs[m.Input]
		}
		out = append(out, one)
	}
	return out, nil
}

// solveInput solves what a step takes.
func solveInput(ctx context.Context, g gateway.Client, in *pb.Input, def *pb.Definition) (gateway.Reference, error) {
	last, err := (&pb.Op{Inputs: []*pb.Input{in}}).MarshalVT()
	if err != nil {
		return nil, err
	}
	part := def.CloneVT()
	part.Def = append(part.Def[:len(part.Def)-1], last)
	part.Metadata[string(digest.FromBytes(last))] = &pb.OpMetadata{Caps: map[string]bool{string(pb.CapConstraints): true, string(pb.CapPlatform): true}}
	return solveRef(ctx, g, part)
}

func solveRef(ctx context.Context, g gateway.Client, def *pb.Definition) (gateway.Reference, error) {
	r, err := g.Solve(ctx, gateway.SolveRequest{Definition: def, Evaluate: true})
	if err != nil {
		return nil, err
	}
	return r.SingleRef()
}

// Signal sends a signal to the process.
func (s *Started) Signal(ctx context.Context, sig os.Signal) error {
	if number, ok := sig.(syscall.Signal); ok {
		return s.ContainerProcess.Signal(ctx, number)
	}
	return nil
}

// Resize tells the process the size of its terminal.
func (s *Started) Resize(ctx context.Context, columns, rows int) error {
	return s.ContainerProcess.Resize(ctx, gateway.WinSize{Rows: uint32(rows), Cols: uint32(columns)})
}

// visitFailed visits the step that failed, and returns the error of the build.
func (e *Engine) visitFailed(ctx context.Context, g gateway.Client, req Request, track *tracker, failed error) error {
	var step *StepError
	if !errors.As(classify(ctx, failed, track, req.definitions()...), &step) {
		return failed
	}
	v, do := *req.Visit, req.Visit.Do
	v.Step = step.Vertex
	v.Do = func(ctx context.Context, c *Container) error {
		c.Failure = step
		return do(ctx, c)
	}
	req.Visit = &v
	return errors.Join(failed, e.visit(ctx, g, req, nil))
}
