package outputs

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	containerd "github.com/containerd/containerd/v2/pkg/archive"
	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"

	"github.com/layc-lang/layc/llb/replace"

	"github.com/layc-lang/layc/lang/lazy"
)

// App is an app with its images in a layout.
type App struct {
	Name      string
	Images    []string // names in the layout, one for each tag
	Platforms []string // that it is built for
	// Contained marks the image of a published component that is built because an app contains it. It
	// is not written as a root file system.
	Contained bool
}

// place is one file or directory to write.
type place struct {
	dest  string
	units []unit
}

// unit is an app for one platform, or for all.
type unit struct {
	App
	platform string // "": all
}

// Check returns an error if the output cannot have the apps, or if its place cannot be written to, as
// far as that is known before a build. It changes nothing.
func (o Output) Check(apps []App) error {
	if o.Type == Image || o.Type == Registry || o.Type == OCI && !o.Archive || o.Dest == "" {
		return nil
	}
	found, err := o.places(apps)
	if err != nil {
		return err
	}
	for _, p := range found {
		if err := o.free(p.dest); err != nil {
			return err
		}
	}
	return nil
}

// Places returns the files and directories that the output writes for the apps; none for the standard
// output.
func (o Output) Places(apps []App) ([]string, error) {
	found, err := o.places(apps)
	var dests []string
	for _, p := range found {
		if p.dest != "-" && p.dest != "" {
			dests = append(dests, p.dest)
		}
	}
	return dests, err
}

// free returns an error if nothing can be written to a place.
func (o Output) free(dest string) error {
	info, err := os.Stat(dest)
	switch {
	case dest == "-":
		return nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		if to, err := os.Readlink(dest); err == nil {
			return fmt.Errorf("%s is a link to %s, which does not exist; remove it, or create the file", dest, to)
		}
		return blocked(dest)
	case err != nil:
		return fmt.Errorf("cannot write %s: %w", dest, cause(err, dest))
	case o.Archive && info.IsDir():
		return fmt.Errorf("%s is a directory; name a file", dest)
	case o.Archive && info.Mode()&fs.ModeSocket != 0:
		return fmt.Errorf("%s is a socket; name a file", dest)
	case o.Archive:
		return blocked(dest)
	case !info.IsDir():
		return fmt.Errorf("%s is a file; name a directory", dest)
	}
	if entries, err := os.ReadDir(dest); err != nil || len(entries) > 0 {
		return fmt.Errorf("%s is not empty; remove it, or name another directory", dest)
	}
	return blocked(filepath.Dir(filepath.Clean(dest))) // where the new directory is made
}

// blocked returns the error for a place that cannot be created or replaced.
func blocked(dest string) error {
	if err := replace.Possible(dest); err != nil {
		return fmt.Errorf("%s cannot be written: %w", dest, err)
	}
	return nil
}

// Paths returns the files or directories of apps: those that the output writes, and those of other
// platforms that are there.
func (o Output) Paths(apps []App) []string {
	var all []string
	for _, a := range apps {
		for _, platform := range a.Platforms {
			all = append(all, o.path(a.Name, platform))
		}
		if strings.Contains(o.Dest, "{platform}") {
			const any = "{platform}"
			parts := strings.Split(o.path(a.Name, any), any)
			for n, p := range parts {
				parts[n] = special().ReplaceAllString(p, `\$0`)
			}
			there, _ := filepath.Glob(strings.Join(parts, "linux-*"))
			all = append(all, there...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// special matches what has a meaning in patterns of files.
var special = lazy.Regexp(`[\\*?\[]`)

// path returns where an app goes for a platform.
func (o Output) path(app, platform string) string {
	return strings.NewReplacer("{app}", fileName(app), "{platform}", fileName(platform)).Replace(o.Dest)
}

// places returns what goes where.
func (o Output) places(apps []App) ([]place, error) {
	var all []place
	for _, a := range apps {
		if a.Contained && (o.Type == Tar || o.Type == Local) {
			continue
		}
		for _, platform := range o.platforms(a) {
			dest := o.path(a.Name, platform)
			n := slices.IndexFunc(all, func(p place) bool { return p.dest == dest })
			if n < 0 {
				n, all = len(all), append(all, place{dest: dest})
			}
			all[n].units = append(all[n].units, unit{a, platform})
		}
	}
	for _, p := range all {
		if (o.Type == Tar || o.Type == Local) && len(p.units) > 1 {
			return nil, fmt.Errorf("%s is one place for %d root file systems; name one app, or write dest=%s", shown(p.dest), len(p.units), o.split(p.units))
		}
	}
	return all, nil
}

// shown returns a place as people name it.
func shown(dest string) string {
	if dest == "-" {
		return "the standard output"
	}
	return dest
}

// split suggests a dest for several images.
func (o Output) split(units []unit) string {
	var parts []string
	if units[0].Name != units[1].Name {
		parts = append(parts, "{app}")
	}
	if slices.ContainsFunc(units, func(u unit) bool { return u.platform != units[0].platform }) {
		parts = append(parts, "{platform}")
	}
	part, ext := strings.Join(parts, "-"), filepath.Ext(o.Dest)
	switch {
	case o.Dest == "-":
		return part + ".tar"
	case o.Archive:
		return strings.TrimSuffix(o.Dest, ext) + "-" + part + ext
	}
	return filepath.Join(o.Dest, part)
}

// fileName returns a name without the separators of images and platforms.
func fileName(name string) string { return strings.NewReplacer("/", "-", ":", "-").Replace(name) }

// platforms returns the platforms that the output has of an app; "" stands for all in one. A form that
// holds one platform has the machine's, if the app is built for it, and else the first.
func (o Output) platforms(a App) []string {
	if strings.Contains(o.Dest, "{platform}") {
		return a.Platforms
	}
	if o.Type == OCI {
		return []string{""}
	}
	own := platforms.Only(platforms.DefaultSpec())
	for _, text := range a.Platforms {
		if p, err := platforms.Parse(text); err == nil && own.Match(p) {
			return []string{text}
		}
	}
	return a.Platforms[:1]
}

// Write writes images of a layout directory, and returns where. names are the full names of the
// layout's images.
func Write(ctx context.Context, dir string, apps []App, o Output, names map[string]string, stdout io.Writer) ([]string, error) {
	found, err := o.places(apps)
	if err != nil {
		return nil, err
	}
	var written []string
	for _, p := range found {
		if err := write(layout{ctx, dir}, p, o, names, stdout); err != nil {
			return written, fmt.Errorf("cannot write %s: %w", shown(p.dest), cause(err, p.dest))
		}
		written = append(written, p.dest)
	}
	return written, nil
}

func write(l layout, p place, o Output, names map[string]string, stdout io.Writer) error {
	fill, err := content(l, p, o, names)
	if err != nil {
		return err
	}
	if p.dest == "-" {
		return fill(stdout)
	}
	if err := os.MkdirAll(filepath.Dir(p.dest), 0o777); err != nil {
		return err
	}
	if o.Archive {
		return file(l.ctx, p.dest, fill)
	}
	if err := o.free(p.dest); err != nil {
		return err
	}
	return replace.Dir(p.dest, func(dir string) error {
		const root = 0o755 // as in a container, whatever the umask
		if err := os.Chmod(dir, root); err != nil {
			return err
		}
		return unpack(l.ctx, dir, fill)
	})
}

// file writes a file, or into what is not regular, such as a pipe. It waits for the reader of a pipe until
// the context ends.
func file(ctx context.Context, name string, fill func(io.Writer) error) error {
	info, err := os.Stat(name)
	if err != nil || info.Mode().IsRegular() {
		return replace.Fill(name, fill)
	}
	open := func() (*os.File, error) { return os.OpenFile(name, os.O_WRONLY, 0) }
	if info.Mode()&fs.ModeNamedPipe != 0 {
		open = func() (*os.File, error) { return openPipe(ctx, name) }
	}
	f, err := open()
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = f.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	err = errors.Join(fill(f), f.Close())
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// openPipe opens a pipe when it has a reader.
func openPipe(ctx context.Context, name string) (*os.File, error) {
	for {
		f, err := os.OpenFile(name, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if !errors.Is(err, syscall.ENXIO) {
			return f, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// unpack unpacks a root file system. Without root, all files belong to the user.
func unpack(ctx context.Context, dir string, fill func(io.Writer) error) error {
	r, w := io.Pipe()
	filled := make(chan error, 1)
	go func() {
		err := fill(w)
		filled <- errors.Join(err, w.CloseWithError(err))
	}()
	var options []containerd.ApplyOpt
	if os.Geteuid() != 0 {
		options = append(options, containerd.WithNoSameOwner())
	}
	_, err := containerd.Apply(ctx, dir, r, options...)
	r.CloseWithError(err)
	if err := <-filled; err != nil && !errors.Is(err, io.ErrClosedPipe) {
		return err
	}
	return err
}

// content returns what writes the content of a place, which is buffered.
func content(l layout, p place, o Output, names map[string]string) (func(io.Writer) error, error) {
	var to func(io.Writer) error
	switch o.Type {
	case Tar, Local:
		image, err := p.units[0].image(l)
		if err != nil {
			return nil, err
		}
		t, err := newTree(l, image)
		if err != nil {
			return nil, err
		}
		to = t.write
	default:
		a, err := archived(l, p, o, names)
		if err != nil {
			return nil, err
		}
		to = a.write
	}
	return func(w io.Writer) error {
		b := bufio.NewWriterSize(w, 1<<20)
		if err := to(b); err != nil {
			return err
		}
		return b.Flush()
	}, nil
}

// archived collects the images of an archive.
func archived(l layout, p place, o Output, names map[string]string) (*archive, error) {
	a := &archive{layout: l, blobs: map[digest.Digest][]byte{}}
	for _, u := range p.units {
		if o.Type == OCI {
			for _, image := range u.Images {
				if err := a.addOCI(image, u.platform, names[image]); err != nil {
					return nil, err
				}
			}
			continue
		}
		image, err := u.image(l)
		if err != nil {
			return nil, err
		}
		var tags []string
		for _, i := range u.Images {
			if !slices.Contains(tags, names[i]) {
				tags = append(tags, names[i])
			}
		}
		if err := a.addDocker(image, tags, o.MediaTypes != "oci"); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// image returns the app's image for the platform.
func (u unit) image(l layout) (one, error) {
	entry, err := l.entry(u.Images[0])
	if err != nil {
		return one{}, err
	}
	return l.platform(entry, u.platform)
}

// cause returns the cause of a file's error without the path, if that is the place or next to it.
func cause(err error, dest string) error {
	var path *fs.PathError
	if errors.As(err, &path) && filepath.Dir(path.Path) == filepath.Dir(dest) {
		return path.Err
	}
	return err
}
