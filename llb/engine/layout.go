//go:build unix

package engine

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/containerd/errdefs"
	"github.com/gofrs/flock"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sys/unix"

	"github.com/layc-lang/layc/llb/attest"
	"github.com/layc-lang/layc/llb/docker"
	"github.com/layc-lang/layc/llb/replace"
)

// LayoutError is the error for an output directory that cannot be used.
type LayoutError struct {
	Dir   string
	What  string // what is wrong; follows the directory's name
	Help  string // may be empty
	Err   error  // may be nil
	Unfit bool   // another directory is needed; else this one is fine, but the machine does not allow its use
}

func (e *LayoutError) Error() string {
	s := e.Dir + " " + e.What
	if e.Err != nil {
		s += ": " + plain(e.Err).Error()
	}
	if e.Help != "" {
		s += "\n" + e.Help
	}
	return s
}

func (e *LayoutError) Unwrap() error { return e.Err }

// layout is an OCI layout directory that a build writes to.
//
// The index has the images of this and of earlier builds, and what other tools added. Blobs are only
// added, each complete or not at all, until a rename puts the new index in place. Then, or after an
// error, blobs that the index does not reach are removed, see [layout.sweep]. From the first blob
// until then the directory is locked, so that two builds into one directory do not sweep each
// other's blobs.
type layout struct {
	dir    string
	store  *lateStore
	locked *flock.Flock // lock on the directory, nil until begin
	fresh  bool         // the directory did not exist
	killed bool         // set by begin: an earlier build was killed while it wrote

	// compress compresses the layers of an engine elsewhere; nil if the engine has done it.
	compress  *recompression
	temporary bool // blobs may be links

	written *watchedStore          // set by begin, the value of store
	copied  *copiedBlobs           // those of the engine that are to be put in place; nil if there are none
	before  map[digest.Digest]bool // set by begin: the blobs that the index reached then
	err     error                  // why begin failed
}

// lateStore is the content store with a layout's blobs. begin opens it, since opening one writes
// to the directory.
type lateStore struct {
	content.Store
	// has reports whether a blob is not needed, as another is kept instead. It may be nil.
	has func(context.Context, ocispecs.Descriptor) bool

	mu    sync.RWMutex // held while a blob is opened for writing
	ended bool
}

// end refuses more blobs. When it returns, none is being opened.
func (s *lateStore) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
}

// Writer opens a blob for writing. The exporter goes on with the next one if it is told that the blob
// is there.
func (s *lateStore) Writer(ctx context.Context, opts ...content.WriterOpt) (content.Writer, error) {
	var all content.WriterOpts
	for _, set := range opts {
		if err := set(&all); err != nil {
			return nil, err
		}
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.ended {
		return nil, errors.New("the layout is not written to any more")
	}
	if s.has != nil && s.has(ctx, all.Desc) {
		return nil, fmt.Errorf("the blob %s: %w", all.Desc.Digest, errdefs.ErrAlreadyExists)
	}
	return s.Store.Writer(ctx, opts...)
}

// CheckOutput reports why an [Output].Dir cannot be used, as far as that is known before a build.
// It changes nothing. Its errors are *LayoutErrors.
func CheckOutput(dir string) error {
	if dir == "" {
		return nil
	}
	if _, err := openLayout(dir); err != nil {
		return err
	}
	// The existing part of the path decides whether the rest can be created.
	for at := filepath.Clean(dir); ; at = filepath.Dir(at) {
		err := unix.Access(at, unix.W_OK)
		switch {
		case errors.Is(err, unix.ENOENT) && at != filepath.Dir(at):
			if to, err := os.Readlink(at); err == nil {
				return &LayoutError{
					Dir: dir, What: "cannot be created", Help: fmt.Sprintf("%s is a link to %s, which does not exist: create that, or remove the link", at, to), Unfit: true,
				}
			}
			continue
		case err != nil:
			return &LayoutError{Dir: dir, What: "cannot be written to", Help: "name a directory that you can write to, with -o", Err: err}
		}
		if info, err := os.Stat(at); err == nil && !info.IsDir() {
			return &LayoutError{Dir: dir, What: "cannot be created", Help: at + " is a file", Unfit: true}
		}
		return nil
	}
}

// openLayout checks that dir can be written to. It changes nothing in it.
func openLayout(dir string) (*layout, error) {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case errors.Is(err, unix.ENOTDIR):
		return nil, &LayoutError{Dir: dir, What: "is not a directory", Help: "name a new or empty directory", Unfit: true}
	case err != nil:
		return nil, &LayoutError{Dir: dir, What: "cannot be read", Help: "change its permissions, or name another directory with -o", Err: err}
	case len(entries) > 0:
		if _, err := os.Stat(filepath.Join(dir, ocispecs.ImageLayoutFile)); err != nil {
			return nil, &LayoutError{Dir: dir, What: "is neither empty nor an OCI layout", Help: "name a new or empty directory", Unfit: true}
		}
		if err := readable(dir); err != nil {
			return nil, err
		}
	}
	return &layout{dir: dir, store: &lateStore{}, fresh: errors.Is(err, fs.ErrNotExist)}, nil
}

// readable returns an error for a layout whose metadata cannot be read. Its content is unknown,
// so it must not be replaced.
func readable(dir string) error {
	for _, name := range []string{ocispecs.ImageLayoutFile, ocispecs.ImageIndexFile} {
		file := filepath.Join(dir, name)
		info, err := os.Stat(file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue // a killed build leaves no index
		case err == nil && !info.Mode().IsRegular():
			err = errors.New("not a regular file")
		case err == nil:
			var raw []byte
			if raw, err = os.ReadFile(file); err == nil {
				err = json.Unmarshal(raw, &struct{}{})
			}
		}
		if err != nil {
			return &LayoutError{
				Dir: dir, What: "is a damaged OCI layout: its " + name + " cannot be read", Err: err, Unfit: true,
				Help: "remove the directory and build again, or name another one",
			}
		}
	}
	return nil
}

// begin creates and locks the directory. The export may write blobs from then on.
func (l *layout) begin(ctx context.Context) error {
	l.err = l.prepare(ctx)
	return l.err
}

func (l *layout) prepare(ctx context.Context) error {
	for l.locked == nil {
		if err := l.tryLock(); err != nil {
			return &LayoutError{Dir: l.dir, What: "cannot be created or locked", Help: "name another directory with -o", Err: err}
		}
		if l.locked != nil {
			break
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
	}
	// First, so that the directory of a killed build is still a layout.
	if err := l.write(ocispecs.ImageLayoutFile, ocispecs.ImageLayout{Version: ocispecs.ImageLayoutVersion}); err != nil {
		return err
	}
	_, absent := os.Stat(filepath.Join(l.dir, ingest))
	l.killed = absent == nil
	store, err := local.NewStore(l.dir)
	if err != nil {
		return &LayoutError{Dir: l.dir, What: "cannot be written to", Help: "name a directory that you can write to, with -o", Err: err}
	}
	if err := replace.MkdirAll(filepath.Dir(l.blob(digest.FromString("")))); err != nil { // the store would refuse the group
		return &LayoutError{Dir: l.dir, What: "cannot be written to", Help: "name a directory that you can write to, with -o", Err: err}
	}
	l.written = &watchedStore{Store: store}
	l.store.Store = l.written
	if l.before, _, err = l.reachable(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &LayoutError{Dir: l.dir, What: "has an unreadable index", Help: "remove the directory and build again, or name another one with -o", Err: err}
	}
	return nil
}

// explain returns why a build into the directory failed. The engine passes on only text, so it
// prefers the error of the directory or of its disk to err.
func (l *layout) explain(err error) error {
	if err == nil {
		return nil
	}
	if l.err != nil {
		err = l.err
	}
	fault := l.written.fault()
	if own := (*LayoutError)(nil); fault == nil && errors.As(err, &own) {
		fault = diskError(err)
	}
	if fault != nil {
		return unwritten(l.dir, fault)
	}
	return err
}

// tryLock sets l.locked if no other build has the directory.
func (l *layout) tryLock() error {
	if err := replace.MkdirAll(l.dir); err != nil {
		return err
	}
	lock := flock.New(l.dir, flock.SetFlag(os.O_RDONLY))
	locked, err := lock.TryLock()
	if !locked {
		lock.Close()
		if errors.Is(err, unix.EINTR) || errors.Is(err, fs.ErrNotExist) {
			return nil // another attempt follows
		}
		return err
	}
	// A failed build may have removed the directory since it was opened.
	opened, err := lock.Stat()
	if now, statErr := os.Stat(l.dir); err != nil || statErr != nil || !os.SameFile(opened, now) {
		lock.Close()
		return err
	}
	l.locked = lock
	return nil
}

// commit adds the images of a request to the layout's index, those that are known and those that were
// exported. It returns them with what it did to others, and the records of the exported ones, by their
// numbers. The descriptor is the exporter's index, with manifests in the images' order. An engine
// elsewhere has not compressed their layers yet.
func (l *layout) commit(ctx context.Context, req Request, known *recalled, descriptor string) (built []BuiltImage, changes Changes, fresh map[int]record, err error) {
	if err := l.place(); err != nil {
		return nil, changes, nil, err
	}
	all, err := l.exported(descriptor)
	if err != nil {
		return nil, changes, nil, err
	}
	images := req.Images
	if made := len(known.rest(req).Images); len(all.Manifests) != made {
		return nil, changes, nil, fmt.Errorf("the engine wrote %d images instead of %d", len(all.Manifests), made)
	}
	if l.compress != nil {
		if err := l.compress.images(ctx, images, &all); err != nil {
			return nil, changes, nil, err
		}
	}
	built, fresh = make([]BuiltImage, len(images)), map[int]record{}
	byName := map[string][]ocispecs.Descriptor{}
	common := map[string]map[string]string{} // annotations, by name
	attached := map[string][]ocispecs.Descriptor{}
	var names []string
	for i, im := range images {
		var desc ocispecs.Descriptor
		if known.record(i) != nil {
			desc, err = l.restore(known.record(i))
		} else {
			desc, all.Manifests = all.Manifests[0], all.Manifests[1:]
			if known != nil {
				fresh[i], err = l.recorded(desc)
			}
		}
		if err != nil {
			return nil, changes, nil, err
		}
		if desc, err = l.finish(desc, im, req.Output); err != nil {
			return nil, changes, nil, err
		}
		if built[i], err = l.describe(im, desc); err != nil {
			return nil, changes, nil, err
		}
		platform := im.Platform
		desc = ocispecs.Descriptor{MediaType: desc.MediaType, Digest: desc.Digest, Size: desc.Size, Platform: &platform}
		for _, name := range append([]string{im.Name}, im.Aliases...) {
			if byName[name] == nil {
				names = append(names, name)
				common[name] = maps.Clone(im.Annotations)
			}
			maps.DeleteFunc(common[name], func(k, v string) bool { return im.Annotations[k] != v })
			byName[name] = append(byName[name], desc)
		}
		if req.Output.Attest == nil {
			continue
		}
		about, err := l.attest(built[i], req.Output.Attest)
		if err != nil {
			return nil, changes, nil, err
		}
		for _, name := range append([]string{im.Name}, im.Aliases...) {
			attached[name] = append(attached[name], about...)
		}
	}
	var entries []ocispecs.Descriptor
	for _, name := range names {
		desc := byName[name][0]
		if parts := append(byName[name], attached[name]...); len(parts) > 1 {
			if desc, err = l.writeIndexBlob(parts, over(common[name], req.Output.Annotations)); err != nil {
				return nil, changes, nil, err
			}
		}
		desc.Annotations = map[string]string{ocispecs.AnnotationRefName: name}
		if full := req.Output.Names[name]; full != "" {
			desc.Annotations[annotationName] = full
		}
		if req.Output.Fleet != "" {
			desc.Annotations[AnnotationFleet] = req.Output.Fleet
		}
		entries = append(entries, desc)
	}
	changes, err = l.writeIndex(entries, req.Output)
	return built, changes, fresh, err
}

// exported reads the exporter's index; without a descriptor, it is empty.
func (l *layout) exported(descriptor string) (all ocispecs.Index, err error) {
	if descriptor == "" {
		return all, nil
	}
	var at ocispecs.Descriptor
	raw, err := base64.StdEncoding.DecodeString(descriptor)
	if err == nil {
		err = json.Unmarshal(raw, &at)
	}
	if err != nil {
		return all, fmt.Errorf("invalid response from the engine: %w", err)
	}
	return all, l.read(at, &all)
}

// attest stores the statements about an image. It returns the descriptor of their manifest; none
// without statements.
func (l *layout) attest(built BuiltImage, state func(BuiltImage) ([]attest.Statement, error)) ([]ocispecs.Descriptor, error) {
	statements, err := state(built)
	if err != nil || len(statements) == 0 {
		return nil, err
	}
	a, err := attest.Attach(built.Manifest, statements)
	if err != nil {
		return nil, err
	}
	for _, raw := range a.Blobs {
		if err := l.writeBlob(digest.FromBytes(raw), raw); err != nil {
			return nil, err
		}
	}
	return []ocispecs.Descriptor{a.Descriptor}, nil
}

func newIndex() ocispecs.Index {
	return ocispecs.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispecs.MediaTypeImageIndex, Manifests: []ocispecs.Descriptor{}}
}

// describe reads the image back and checks that all its blobs are complete.
func (l *layout) describe(im Image, desc ocispecs.Descriptor) (BuiltImage, error) {
	b := BuiltImage{Name: im.Name, Platform: im.Platform, Manifest: desc.Digest, Size: desc.Size}
	var manifest ocispecs.Manifest
	if err := l.read(desc, &manifest); err != nil {
		return b, err
	}
	var config ocispecs.Image
	if err := l.read(manifest.Config, &config); err != nil {
		return b, err
	}
	if len(config.RootFS.DiffIDs) != len(manifest.Layers) {
		return b, fmt.Errorf("the image %s has %d layers and %d diffIDs", im.Name, len(manifest.Layers), len(config.RootFS.DiffIDs))
	}
	b.Size += manifest.Config.Size
	for i, layer := range manifest.Layers {
		if err := l.check(layer); err != nil {
			return b, err
		}
		b.Size += layer.Size
		b.Layers = append(b.Layers, Layer{Digest: layer.Digest, DiffID: config.RootFS.DiffIDs[i], Size: layer.Size})
	}
	return b, nil
}

// finish writes an image's manifest with annotations, or with Docker's media types.
func (l *layout) finish(desc ocispecs.Descriptor, im Image, out Output) (ocispecs.Descriptor, error) {
	annotations := over(im.Annotations, out.Annotations)
	if !out.DockerTypes && len(annotations) == 0 {
		return desc, nil
	}
	var raw json.RawMessage
	if err := l.read(desc, &raw); err != nil {
		return desc, err
	}
	var err error
	if out.DockerTypes {
		desc, raw, err = docker.Convert(desc, raw)
	} else {
		desc, raw, err = annotated(desc, raw, annotations)
	}
	if err != nil {
		return desc, err
	}
	return desc, l.writeBlob(desc.Digest, raw)
}

// over returns annotations with others that take precedence; nil if there are none.
func over(annotations, others map[string]string) map[string]string {
	if len(annotations) == 0 {
		return others
	}
	all := maps.Clone(annotations)
	maps.Copy(all, others)
	return all
}

// annotated returns a manifest with further annotations.
func annotated(desc ocispecs.Descriptor, raw []byte, annotations map[string]string) (ocispecs.Descriptor, []byte, error) {
	var m ocispecs.Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return desc, nil, err
	}
	if m.Annotations == nil {
		m.Annotations = map[string]string{}
	}
	maps.Copy(m.Annotations, annotations)
	raw, err := json.MarshalIndent(m, "", "  ") // as BuildKit does
	desc.Digest, desc.Size = digest.FromBytes(raw), int64(len(raw))
	return desc, raw, err
}

// blob returns the path of a blob's file.
func (l *layout) blob(id digest.Digest) string {
	return filepath.Join(l.dir, ocispecs.ImageBlobsDir, id.Algorithm().String(), id.Encoded())
}

// check returns an error unless the blob has its full size. An existing blob is not written
// again, so a damaged one is removed.
func (l *layout) check(desc ocispecs.Descriptor) error {
	st, err := os.Stat(l.blob(desc.Digest))
	if err != nil {
		return &LayoutError{Dir: l.dir, What: "is missing a blob that was just written", Err: err}
	}
	if st.Size() == desc.Size {
		return nil
	}
	if err := os.Remove(l.blob(desc.Digest)); err != nil {
		return &LayoutError{Dir: l.dir, What: "has a damaged blob that cannot be removed", Err: err}
	}
	return &LayoutError{Dir: l.dir, What: fmt.Sprintf("had a damaged blob, %s; it has been removed", desc.Digest), Help: "build again to restore it"}
}

// read decodes a JSON blob into v.
func (l *layout) read(desc ocispecs.Descriptor, v any) error {
	if err := l.check(desc); err != nil {
		return err
	}
	raw, err := os.ReadFile(l.blob(desc.Digest))
	if err == nil {
		err = json.Unmarshal(raw, v)
	}
	if err != nil {
		return &LayoutError{Dir: l.dir, What: "has an unreadable blob", Err: err}
	}
	return nil
}

// writeIndexBlob stores an index of the manifests as a blob.
func (l *layout) writeIndexBlob(manifests []ocispecs.Descriptor, annotations map[string]string) (ocispecs.Descriptor, error) {
	index := newIndex()
	index.Manifests, index.Annotations = manifests, annotations
	if manifests[0].MediaType == docker.Manifest {
		index.MediaType, index.Annotations = docker.Index, nil
	}
	raw, err := json.Marshal(index)
	if err != nil {
		return ocispecs.Descriptor{}, err
	}
	desc := ocispecs.Descriptor{MediaType: index.MediaType, Digest: digest.FromBytes(raw), Size: int64(len(raw))}
	return desc, l.writeBlob(desc.Digest, raw)
}

// writeBlob stores a blob that the engine has not exported.
func (l *layout) writeBlob(id digest.Digest, raw []byte) error {
	if _, err := os.Stat(l.blob(id)); errors.Is(err, fs.ErrNotExist) && l.written != nil {
		l.written.wrote(id)
	}
	return l.replace(l.blob(id), raw)
}

// write replaces a file of the layout by v as JSON.
func (l *layout) write(name string, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return l.replace(filepath.Join(l.dir, name), append(raw, '\n'))
}

// replace replaces the content of a file atomically.
func (l *layout) replace(path string, raw []byte) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, raw) {
		return nil
	}
	if err := replace.File(path, raw, replace.Usual); err != nil {
		return &LayoutError{Dir: l.dir, What: "cannot be written to", Help: "name a directory that you can write to, with -o", Err: err}
	}
	return nil
}

// close sweeps the directory and unlocks it.
func (l *layout) close() error {
	if l.locked == nil {
		return nil
	}
	// A build that failed did not wait for what the engine still sends.
	l.store.end()
	l.written.wait()
	if l.copied != nil {
		_ = l.copied.syncs.Wait() // after an error, nothing needs these blobs
	}
	err := l.sweep()
	if err != nil {
		err = &LayoutError{Dir: l.dir, What: "cannot be cleaned of unused blobs", Err: err}
	}
	err = errors.Join(err, l.locked.Close())
	l.locked = nil
	return err
}
