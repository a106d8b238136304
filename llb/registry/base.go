package registry

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	hub "github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/llb/archive"
	"github.com/layc-lang/layc/llb/world/rootfs"
)

// Base inspects a base system: an image, whose layers are all downloaded from its registry, or a
// layout, whose name is relative to the project's directory. A layer may unpack to limit bytes; 0
// means a default for its size. It is an error if the layers do not match the image's
// configuration.
func (c Client) Base(ctx context.Context, project string, ref lock.BaseRef, limit int64) (lock.Base, error) {
	image, lost, err := c.baseImage(ctx, project, ref)
	if err != nil {
		return lock.Base{}, err
	}
	layers, err := image.Layers()
	if err != nil {
		return lock.Base{}, lost(fmt.Errorf("reading the manifest %s: %w", ref.Digest, err))
	}
	config, err := image.ConfigFile()
	if err != nil {
		return lock.Base{}, lost(fmt.Errorf("reading the configuration of %s: %w", ref.Name, err))
	}
	read := &readImage{Image: image, limit: limit}
	files := mutate.Extract(read)
	defer files.Close()
	base, err := rootfs.Layers(files)
	if err == nil {
		// Extract closes its archive properly before it returns the error of a layer.
		_, err = io.Copy(io.Discard, files)
	}
	if err == nil {
		err = read.other
	}
	base.Digest, base.Layers, base.Config = ref.Digest, max(1, len(layers)), settings(config.Config)
	if err != nil {
		var response *hub.Error
		if !isNetwork(err) && !errors.As(err, &response) && !strings.Contains(err.Error(), "error verifying sha256 checksum") {
			return base, fmt.Errorf("reading its layers: %w", err) // they are what the image has
		}
		return base, lost(err)
	}
	return base, nil
}

// settings returns what layc takes of an image's configuration, by name: lists are sorted
// unless their order matters, and empty values are left out.
func settings(c v1.Config) []lock.BaseSetting {
	var out []lock.BaseSetting
	text := func(name, value string) {
		if value != "" {
			out = append(out, lock.BaseSetting{Name: name, Text: value})
		}
	}
	list := func(name string, values []string) {
		if len(values) > 0 {
			out = append(out, lock.BaseSetting{Name: name, List: values})
		}
	}
	text("user", c.User)
	text("workdir", c.WorkingDir)
	text("stopsignal", c.StopSignal)
	list("entrypoint", c.Entrypoint)
	list("command", c.Cmd)
	list("expose", slices.Sorted(maps.Keys(c.ExposedPorts)))
	list("volume", slices.Sorted(maps.Keys(c.Volumes)))
	for _, e := range c.Env {
		if name, value, ok := strings.Cut(e, "="); ok && name != "" {
			// An empty value is a value.
			out = append(out, lock.BaseSetting{Name: "env " + name, Text: value})
		}
	}
	slices.SortStableFunc(out, func(a, b lock.BaseSetting) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(out, func(a, b lock.BaseSetting) bool { return a.Name == b.Name })
}

// baseImage returns the image, and what an error of reading it means.
func (c Client) baseImage(ctx context.Context, project string, ref lock.BaseRef) (image v1.Image, lost func(error) error, err error) {
	if ref.Kind == "layout" {
		lost = func(err error) error { return err }
		dir, err := layout.FromPath(filepath.Join(project, filepath.FromSlash(ref.Name)))
		if err != nil {
			return nil, lost, fmt.Errorf("reading the OCI layout: %w", err)
		}
		digest, err := v1.NewHash(ref.Digest)
		if err != nil {
			return nil, lost, err
		}
		image, err = dir.Image(digest)
		return image, lost, err
	}
	parsed, err := name.ParseReference(ref.Name)
	if err != nil {
		return nil, nil, fmt.Errorf("not a valid image reference: %q: %w", ref.Name, err)
	}
	lost = func(err error) error { return notPulled(parsed, err) }
	image, err = remote.Image(parsed.Context().Digest(ref.Digest), c.usual(ctx)...)
	if err != nil {
		return nil, lost, lost(err)
	}
	return image, lost, nil
}

// readImage is an image with limits for the unpacked layers, which are compared with its
// configuration while they are read.
type readImage struct {
	v1.Image
	limit int64
	other error // the first layer that does not match
}

func (i *readImage) Layers() ([]v1.Layer, error) {
	layers, err := i.Image.Layers()
	if err != nil {
		return nil, err
	}
	// A layer may compute its own DiffID from its content.
	config, err := i.ConfigFile()
	if err != nil {
		return nil, err
	}
	if said := len(config.RootFS.DiffIDs); said != len(layers) {
		return nil, fmt.Errorf("its configuration lists %[2]d layers, but it has %[1]d", len(layers), said)
	}
	for n := range layers {
		layers[n] = &readLayer{layers[n], i, config.RootFS.DiffIDs[n]}
	}
	return layers, nil
}

type readLayer struct {
	v1.Layer
	of   *readImage
	want v1.Hash // diff ID of the unpacked content
}

func (l *readLayer) Uncompressed() (io.ReadCloser, error) {
	size, err := l.Size()
	if err != nil {
		return nil, err
	}
	in, err := l.Layer.Uncompressed()
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	bound := archive.Bound(in, func() int64 { return size }, l.of.limit)
	return &unpacking{io.TeeReader(bound, sum), in, l, sum}, nil
}

// unpacking is the unpacked content of a layer.
type unpacking struct {
	io.Reader
	in  io.Closer
	of  *readLayer
	sum hash.Hash
}

// Close reads the bytes after the archive's end, and records whether the whole content matches
// the configuration: BuildKit uses layers without this check.
func (u *unpacking) Close() error {
	_, err := io.Copy(io.Discard, u.Reader)
	if err = errors.Join(err, u.in.Close()); err != nil {
		return err // reading the archive has failed, too
	}
	got := v1.Hash{Algorithm: "sha256", Hex: fmt.Sprintf("%x", u.sum.Sum(nil))}
	if want := u.of.want; got != want && u.of.of.other == nil {
		digest, _ := u.of.Digest()
		u.of.of.other = fmt.Errorf("its configuration does not match the layer %s: the content has diff ID %s, not %s", digest, got, want)
	}
	return nil
}
