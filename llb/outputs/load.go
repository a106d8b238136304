package outputs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/layc-lang/layc/lang/visible"
)

// Loader is a program that takes images into a store of this machine.
type Loader struct {
	Name  string
	store string   // what it loads into
	probe []string // arguments that succeed if the store can be reached
	load  []string // arguments to load an archive from the standard input
}

// loaders are the known programs, in the order of preference.
var loaders = []Loader{
	{"docker", "Docker", []string{"version", "--format", "{{.Server.Version}}"}, []string{"load"}},
	{"podman", "Podman", []string{"info", "--format", "{{.Version.Version}}"}, []string{"load"}},
	{"nerdctl", "containerd", []string{"info"}, []string{"load"}},
	{"ctr", "containerd", []string{"version"}, []string{"images", "import", "-"}},
}

// Loaders returns the names of the known programs.
func Loaders() []string {
	var out []string
	for _, l := range loaders {
		out = append(out, l.Name)
	}
	return out
}

// String returns the store that the loader loads into.
func (l Loader) String() string {
	if l.Name == "ctr" || l.Name == "nerdctl" {
		return l.store + " (" + l.Name + ")"
	}
	return l.store
}

// NoLoaderError says that images cannot be loaded into any store.
type NoLoaderError struct {
	Reasons []string // why each program that is there cannot be used
}

func (e *NoLoaderError) Error() string {
	why := " none of " + strings.Join(Loaders(), ", ") + " is installed"
	if len(e.Reasons) > 0 {
		why = "\n  " + strings.Join(e.Reasons, "\n  ")
	}
	return "cannot load images:" + why + "\n" +
		"install or start one, or write an archive for another machine: -o type=docker,dest=images.tar"
}

// patience is how long a program may take to reach its store.
const patience = 20 * time.Second

// FindLoader returns the named program, or with an empty name the first that reaches its store. The
// error is a [*NoLoaderError] or the cause of ctx's end.
func FindLoader(ctx context.Context, name string) (Loader, error) {
	var reasons []string
	for _, l := range loaders {
		if name != "" && name != l.Name {
			continue
		}
		if _, err := exec.LookPath(l.Name); err != nil {
			if name != "" {
				reasons = append(reasons, l.Name+" is not installed")
			}
			continue
		}
		why, err := l.try(ctx)
		if err != nil {
			return l, err
		}
		if why == "" {
			return l, nil
		}
		reasons = append(reasons, l.Name+": "+why)
	}
	return Loader{}, &NoLoaderError{reasons}
}

// try returns why the program does not reach its store, or "". The error is the cause of ctx's end.
func (l Loader) try(ctx context.Context) (why string, err error) {
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var problem bytes.Buffer
	cmd := exec.CommandContext(limited, l.Name, l.probe...)
	cmd.Stderr, cmd.WaitDelay = &problem, time.Second
	err = cmd.Run()
	switch {
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case limited.Err() != nil:
		return fmt.Sprintf("no answer in %s", patience), nil
	case err != nil:
		return last(problem.String(), err), nil
	}
	return "", nil
}

// Load loads images of a layout with the program, and returns their names in the store.
func (l Loader) Load(ctx context.Context, dir string, apps []App, names map[string]string) ([]string, error) {
	// With OCI's media types, images have the digests in the store that they have in registries.
	o := Output{Type: Docker, Archive: true, MediaTypes: "oci"}
	found, err := o.places(apps)
	if err != nil {
		return nil, err
	}
	from := layout{ctx, dir}
	a, err := archived(from, found[0], o, names)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, l.Name, l.load...)
	cmd.WaitDelay = 5 * time.Second
	var problem bytes.Buffer
	cmd.Stderr = &problem
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	sent := errors.Join(a.write(in), in.Close())
	switch err := cmd.Wait(); {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case sent != nil && !errors.Is(sent, syscall.EPIPE): // else the program says why it stopped reading
		return nil, sent
	case err != nil:
		return nil, fmt.Errorf("%s: %s", l.Name, last(problem.String(), err))
	}
	var loaded []string
	for _, i := range a.loads {
		loaded = append(loaded, i.RepoTags...)
	}
	return loaded, nil
}

// last returns the last line of a program's errors, or else the error of its end.
func last(text string, err error) string {
	lines := strings.Split(strings.TrimSpace(visible.Text(text)), "\n")
	if line := strings.TrimSpace(lines[len(lines)-1]); line != "" {
		return line
	}
	return err.Error()
}
