//go:build unix

package engine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"

	"github.com/layc-lang/layc/llb/cache"
	"github.com/layc-lang/layc/llb/replace"
)

// Most images of a build are as they were. BuildKit finds that out by a query for each input of each
// vertex, and then exports everything, which takes some milliseconds for an image. So the state
// directory has a record of each image: what its manifest and configuration were, under a key of all
// that they follow from. If there is a record, and the output has the layers, then the image is not
// built; if that holds for all images, the engine does not even start. Proofs have records, too.
//
// The key has the definition, with the files of the project that it takes, the configuration, the
// compression, and this program. Of a file it has what the engine goes by (see llb/project): name, mode,
// size, and a time that differs whenever the content may. A definition whose sources may change
// without it has no key. A record is only written if the files were the same before and after the
// build. A file that had just changed when the build began is known by its content then, and by its identity
// from two seconds later on, so its record gets the key of afterwards, too. What is damaged, of another layc, or not complete in the output, is built as if there were no record.

// recordsName is the directory of the records in the state.
const recordsName = "records"

// recordsAge is the time after which a record that no build has used is removed.
const recordsAge = 30 * 24 * time.Hour

// record is what is known of an image. Of a proof that holds, everything is empty.
type record struct {
	Descriptor ocispecs.Descriptor // as the engine exported it
	Manifest   []byte
	Config     []byte
}

// recalled is what is known of a request. Nil knows nothing.
type recalled struct {
	dir    string
	how    string               // part of all keys
	start  time.Time            // of the build
	locals map[string]fsutil.FS // as they were when the keys were made
	images []recollection       // of the request
	proofs []recollection
}

// recollection is what is known of an image or a proof.
type recollection struct {
	key    string  // "": it has none
	record *record // nil: it has to be built
}

// errForgotten is the error for an image with a record whose layers have vanished since it was looked up.
var errForgotten = errors.New("the layers of a known image are not there any more")

// recall looks up the records of a request. It is nil if there cannot be any: for an engine elsewhere, for a
// build without an output, and for one that shares a cache with other machines, which has to look at
// all steps. It is nil, too, if an engine was killed: the next one has to start, and to remove its leftovers.
func (e *Engine) recall(ctx context.Context, req Request) (*recalled, error) {
	if e.opts.Address != "" || e.opts.State == "" || req.Output.Dir == "" || len(req.CacheFrom)+len(req.CacheTo) > 0 || req.Locals == nil || unclosed(e.opts.State) {
		return nil, nil
	}
	program, err := thisProgram()
	if err != nil {
		return nil, nil // it works without records
	}
	k := &recalled{dir: filepath.Join(e.opts.State, recordsName), how: fmt.Sprint(program, req.Output.Compression.attributes()), start: time.Now()}
	k.locals = walks(req, k.start)
	own, err := k.keys(ctx, req, k.locals)
	if err != nil {
		return nil, context.Cause(ctx) // the build fails for the same reason, and tells which step it is
	}
	for _, key := range own.images {
		k.images = append(k.images, k.look(key))
	}
	for _, key := range own.proofs {
		k.proofs = append(k.proofs, k.look(key))
	}
	return k, nil
}

// walks returns the request's local files, with the evidence of a time.
func walks(req Request, at time.Time) map[string]fsutil.FS {
	out := map[string]fsutil.FS{}
	for name, tree := range req.Locals {
		if dated, ok := tree.(interface{ At(time.Time) fsutil.FS }); ok {
			tree = dated.At(at)
		}
		out[name] = &walked{FS: tree}
	}
	return out
}

// recordKeys are the keys of a request's images and proofs. "" is none.
type recordKeys struct{ images, proofs []string }

// keys returns the keys for local files.
func (k *recalled) keys(ctx context.Context, req Request, locals map[string]fsutil.FS) (keys recordKeys, err error) {
	all, err := cache.LocalKeys(ctx, k.how, req.definitions(), locals)
	if err != nil {
		return keys, err
	}
	for _, i := range req.Images {
		keys.images = append(keys.images, keyOf(all, i.Definition, "image", platforms.Format(i.Platform), fmt.Sprint(i.Inherited), string(i.Config)))
	}
	for _, p := range req.Proofs {
		key := ""
		if p.Report == "" && p.Holds == nil {
			key = keyOf(all, p.Definition, "proof")
		}
		keys.proofs = append(keys.proofs, key)
	}
	return keys, nil
}

// thisProgram identifies the running program: another one may build other bytes.
func thisProgram() (string, error) {
	name, err := os.Executable()
	if err != nil {
		return "", err
	}
	info, err := os.Stat(name)
	if err != nil {
		return "", err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "", errors.New("the program has no inode")
	}
	return fmt.Sprint(name, stat.Dev, stat.Ino, info.Size(), info.ModTime().UnixNano()), nil
}

// keyOf returns the key of what a definition selects, or "".
func keyOf(keys map[digest.Digest]string, def *pb.Definition, more ...string) string {
	var last pb.Op
	if len(def.Def) == 0 || last.UnmarshalVT(def.Def[len(def.Def)-1]) != nil || len(last.Inputs) != 1 {
		return ""
	}
	below, ok := keys[digest.Digest(last.Inputs[0].Digest)]
	if !ok {
		return ""
	}
	h := sha256.New()
	for _, text := range append(more, below, fmt.Sprint(last.Inputs[0].Index)) {
		fmt.Fprintf(h, "%d %s", len(text), text)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// look reads the record of a key. A damaged one is none.
func (k *recalled) look(key string) recollection {
	if key == "" {
		return recollection{}
	}
	name := filepath.Join(k.dir, key)
	text, err := os.ReadFile(name)
	if err != nil || len(text) < sha256.Size {
		return recollection{key: key}
	}
	var r record
	if sum := sha256.Sum256(text[sha256.Size:]); !bytes.Equal(sum[:], text[:sha256.Size]) || json.Unmarshal(text[sha256.Size:], &r) != nil {
		return recollection{key: key}
	}
	if info, err := os.Stat(name); err == nil && time.Since(info.ModTime()) > 24*time.Hour {
		now := time.Now()
		_ = os.Chtimes(name, now, now) // it is in use
	}
	return recollection{key, &r}
}

// holding returns the keys of the request's images and proofs after the engine has read the local files: those
// that the build began with, and others if files are known by their identity now. There are none if files have
// changed, or cannot be read.
func (k *recalled) holding(ctx context.Context, req Request) []recordKeys {
	if k == nil || !k.lacks() {
		return nil
	}
	now := walks(req, time.Now())
	same, err := k.found(ctx, now)
	if err != nil {
		return nil
	}
	if same {
		return []recordKeys{k.own()}
	}
	// The order counts: these keys are of the files before they are compared with the beginning's.
	later, err := k.keys(ctx, req, now)
	if err != nil {
		return nil
	}
	if same, err := k.found(ctx, walks(req, k.start)); err != nil || !same {
		return nil
	}
	return []recordKeys{k.own(), later}
}

// lacks reports whether something that has a key has no record.
func (k *recalled) lacks() bool {
	return slices.ContainsFunc(slices.Concat(k.images, k.proofs), func(r recollection) bool { return r.key != "" && r.record == nil })
}

// keep writes the records of images and proofs that were built under all keys that hold. It fails silently: a
// record only saves time.
func (k *recalled) keep(holding []recordKeys, built map[int]record, proven []Proven) {
	fresh := map[string]record{}
	for _, keys := range holding {
		for n, r := range built {
			fresh[keys.images[n]] = r
		}
		for n, p := range proven {
			if k.proofs[n].record == nil && p.Failed == nil {
				fresh[keys.proofs[n]] = record{}
			}
		}
	}
	if delete(fresh, ""); len(fresh) == 0 || os.MkdirAll(k.dir, 0o700) != nil {
		return
	}
	for key, r := range fresh {
		text, err := json.Marshal(r)
		if err != nil {
			return
		}
		sum := sha256.Sum256(text)
		// A crash may leave an incomplete file, which the sum shows.
		if replace.Unsynced(filepath.Join(k.dir, key), append(sum[:], text...)) != nil {
			return
		}
	}
	k.sweep()
}

// own returns the keys that the build began with.
func (k *recalled) own() (keys recordKeys) {
	for _, i := range k.images {
		keys.images = append(keys.images, i.key)
	}
	for _, p := range k.proofs {
		keys.proofs = append(keys.proofs, p.key)
	}
	return keys
}

// sweep removes records that no build has used for long, once a day.
func (k *recalled) sweep() {
	swept := filepath.Join(k.dir, ".swept")
	if info, err := os.Stat(swept); err == nil && time.Since(info.ModTime()) < 24*time.Hour {
		return
	}
	_ = os.WriteFile(swept, nil, 0o600)
	now := time.Now()
	_ = os.Chtimes(swept, now, now)
	entries, _ := os.ReadDir(k.dir)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > recordsAge {
			_ = os.Remove(filepath.Join(k.dir, e.Name()))
		}
	}
}

// found reports whether local files are as they were when the keys were made.
func (k *recalled) found(ctx context.Context, locals map[string]fsutil.FS) (bool, error) {
	for name, tree := range locals {
		before, now := k.locals[name].(*walked), tree.(*walked)
		if !before.done {
			continue
		}
		if err := now.read(ctx); err != nil {
			return false, err
		}
		if !now.equal(before) {
			return false, nil
		}
	}
	return true, nil
}

// rest returns the request without the images and proofs that have records.
func (k *recalled) rest(req Request) Request {
	if k == nil {
		return req
	}
	rest := req
	rest.Locals = maps.Clone(k.locals)
	rest.Images, rest.Proofs = nil, nil
	for n, i := range req.Images {
		if k.images[n].record == nil {
			rest.Images = append(rest.Images, i)
		}
	}
	for n, p := range req.Proofs {
		if k.proofs[n].record == nil {
			rest.Proofs = append(rest.Proofs, p)
		}
	}
	return rest
}

// forget forgets the images whose layers a layout lacks.
func (k *recalled) forget(l *layout) {
	if k == nil {
		return
	}
	for n, i := range k.images {
		if i.record != nil && !l.complete(i.record) {
			k.images[n].record = nil
		}
	}
}

// record returns the record of an image of the request, or nil.
func (k *recalled) record(image int) *record {
	if k == nil {
		return nil
	}
	return k.images[image].record
}

// all returns the results of all proofs of the request, in its order, from the results of those that
// were solved.
func (k *recalled) all(solved []Proven) []Proven {
	if k == nil {
		return solved
	}
	var out []Proven
	for _, p := range k.proofs {
		if p.record != nil {
			out = append(out, Proven{})
			continue
		}
		out, solved = append(out, solved[0]), solved[1:]
	}
	return out
}

// complete reports whether the layout has the layers of an image in full size, or can have them.
func (l *layout) complete(r *record) bool {
	var m ocispecs.Manifest
	if json.Unmarshal(r.Manifest, &m) != nil || len(m.Layers) == 0 {
		return false
	}
	for _, layer := range m.Layers {
		if !l.holds(layer) {
			return false
		}
	}
	return true
}

// holds reports whether the layout has a blob in full size. A temporary one makes a link to the
// engine's.
func (l *layout) holds(desc ocispecs.Descriptor) bool {
	if desc.Digest.Validate() != nil {
		return false
	}
	info, err := os.Stat(l.blob(desc.Digest))
	if err == nil {
		return info.Mode().IsRegular() && info.Size() == desc.Size
	}
	if l.temporary && l.store.has != nil {
		return l.store.has(context.Background(), desc)
	}
	return false
}

// restore puts a known image into the layout, which has its layers.
func (l *layout) restore(r *record) (ocispecs.Descriptor, error) {
	var m ocispecs.Manifest
	if err := json.Unmarshal(r.Manifest, &m); err != nil {
		return r.Descriptor, err
	}
	if !l.complete(r) {
		return r.Descriptor, errForgotten
	}
	return r.Descriptor, errors.Join(l.writeBlob(m.Config.Digest, r.Config), l.writeBlob(r.Descriptor.Digest, r.Manifest))
}

// recorded returns what is recorded of an image that was exported into the layout.
func (l *layout) recorded(desc ocispecs.Descriptor) (record, error) {
	r := record{Descriptor: desc}
	var m ocispecs.Manifest
	err := l.read(desc, &m)
	if err == nil {
		if r.Manifest, err = os.ReadFile(l.blob(desc.Digest)); err == nil {
			r.Config, err = os.ReadFile(l.blob(m.Config.Digest))
		}
	}
	return r, err
}

// walked is a local source with what its first walk found.
type walked struct {
	fsutil.FS
	done  bool
	found []*types.Stat
}

func (w *walked) read(ctx context.Context) error {
	if w.done {
		return nil
	}
	w.found = nil
	err := w.FS.Walk(ctx, "", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		stat, ok := info.Sys().(*types.Stat)
		if !ok || stat.Path != path {
			return fmt.Errorf("%s has no status", path)
		}
		w.found = append(w.found, stat.CloneVT())
		return nil
	})
	w.done = err == nil
	return err
}

// Walk reports what the first walk found. The engine always walks whole trees, and may change what it is
// given.
func (w *walked) Walk(ctx context.Context, _ string, fn fs.WalkDirFunc) error {
	if err := w.read(ctx); err != nil {
		return err
	}
	for _, stat := range w.found {
		if err := fn(stat.Path, &fsutil.DirEntryInfo{Stat: stat.CloneVT()}, ctx.Err()); err != nil {
			return err
		}
	}
	return nil
}

// Identity returns the source's identity.
func (w *walked) Identity() string { return identity(w.FS) }

// equal reports whether two walks found the same.
func (w *walked) equal(o *walked) bool {
	return slices.EqualFunc(w.found, o.found, (*types.Stat).EqualVT)
}
