package cache

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
)

// Keys returns the keys of the steps of definitions, by vertex. Equal steps on equal inputs have
// equal keys on all machines: a key holds the content of local files, and not where they are.
// Sources have none, since every build reads them. how is part of each key: how the layers of results
// are compressed. locals are the trees of local sources.
func Keys(ctx context.Context, how string, definitions []*pb.Definition, locals map[string]fsutil.FS) (map[digest.Digest]string, error) {
	k := keys{ctx: ctx, locals: locals, trees: map[string][]entry{}, sums: map[digest.Digest]sum{}, ops: map[digest.Digest]*pb.Op{}}
	for _, def := range definitions {
		for _, raw := range def.Def { // inputs come before what needs them
			if err := k.add(digest.FromBytes(raw), raw); err != nil {
				return nil, err
			}
		}
	}
	out := map[digest.Digest]string{}
	for id, op := range k.ops {
		if op.Op != nil && op.GetSource() == nil {
			h, below := sha256.New(), k.sums[id]
			write(h, how, string(below[:]))
			out[id] = hex.EncodeToString(h.Sum(nil)[:20])
		}
	}
	return out, nil
}

type sum = [sha256.Size]byte

// keys computes the keys of vertices.
type keys struct {
	ctx    context.Context
	locals map[string]fsutil.FS
	trees  map[string][]entry // of locals
	sums   map[digest.Digest]sum
	ops    map[digest.Digest]*pb.Op
}

// entry is a file of a local source.
type entry struct {
	path string
	sum  sum
}

func (k *keys) add(id digest.Digest, raw []byte) error {
	if k.ops[id] != nil {
		return nil
	}
	op := &pb.Op{}
	if err := op.UnmarshalVT(raw); err != nil {
		return fmt.Errorf("a definition does not decode: %w", err)
	}
	k.ops[id] = op
	if op.Op == nil { // it only selects the output
		return nil
	}
	h := sha256.New()
	if source := op.GetSource(); source != nil {
		write(h, source.Identifier)
		for _, name := range slices.Sorted(maps.Keys(source.Attrs)) {
			switch name {
			case pb.AttrLocalUniqueID, pb.AttrSharedKeyHint, pb.AttrLocalSessionID: // where files are
			default:
				write(h, name, source.Attrs[name])
			}
		}
		k.sums[id] = sum(h.Sum(nil))
		return nil
	}
	bare := op.CloneVT()
	bare.Inputs = nil
	text, err := bare.MarshalVT()
	if err != nil {
		return err
	}
	write(h, string(text))
	for n, in := range op.Inputs {
		below := k.sums[digest.Digest(in.Digest)]
		write(h, string(below[:]), fmt.Sprint(in.Index))
		name, ok := strings.CutPrefix(k.ops[digest.Digest(in.Digest)].GetSource().GetIdentifier(), "local://")
		if !ok {
			continue
		}
		for _, p := range taken(op, n) {
			if err := k.tree(h, name, p); err != nil {
				return err
			}
		}
	}
	k.sums[id] = sum(h.Sum(nil))
	return nil
}

// taken returns the paths that a step reads of an input.
func taken(op *pb.Op, input int) []string {
	var all []string
	for _, a := range op.GetFile().GetActions() {
		if a.GetCopy() != nil && int(a.SecondaryInput) == input {
			all = append(all, a.GetCopy().Src)
		}
	}
	for _, m := range op.GetExec().GetMounts() {
		if int(m.Input) == input {
			all = append(all, m.Selector)
		}
	}
	return all
}

// tree hashes the files of a local source at or below a path, which may be a pattern.
func (k *keys) tree(h hash.Hash, name, at string) error {
	all, ok := k.trees[name]
	if !ok {
		var err error
		if all, err = k.read(name); err != nil {
			return err
		}
		k.trees[name] = all
	}
	at = strings.Trim(path.Clean("/"+at), "/")
	if i := strings.IndexAny(at, `*?[\`); i >= 0 {
		at, _ = path.Split(at[:i])
		at = strings.Trim(at, "/")
	}
	for _, e := range all {
		if at == "" || e.path == at || strings.HasPrefix(e.path, at+"/") {
			write(h, e.path, string(e.sum[:]))
		}
	}
	return nil
}

// read hashes all files of a local source.
func (k *keys) read(name string) ([]entry, error) {
	tree := k.locals[name]
	if tree == nil {
		return nil, fmt.Errorf("no files for the local source %s", name)
	}
	var all []entry
	err := tree.Walk(k.ctx, "", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		h := sha256.New()
		write(h, info.Mode().String())
		if stat, ok := info.Sys().(*types.Stat); ok {
			write(h, stat.Linkname)
		}
		if info.Mode().IsRegular() {
			file, err := tree.Open(p)
			if err != nil {
				return err
			}
			_, err = io.Copy(h, file)
			file.Close()
			if err != nil {
				return err
			}
		}
		all = append(all, entry{strings.Trim(p, "/"), sum(h.Sum(nil))})
		return k.ctx.Err()
	})
	return all, err
}

// write hashes texts, each with its length.
func write(h hash.Hash, texts ...string) {
	for _, t := range texts {
		fmt.Fprintf(h, "%d %s", len(t), t)
	}
}
