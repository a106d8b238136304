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
	return newKeys(ctx, locals).all(how, definitions)
}

// LocalKeys is Keys for one machine, which opens no file. Instead of the content, a key has the size and the
// time of a file, so that time must differ whenever the content may. Steps whose sources may change
// while their definition does not have no key, and neither has what needs them.
func LocalKeys(ctx context.Context, how string, definitions []*pb.Definition, locals map[string]fsutil.FS) (map[digest.Digest]string, error) {
	k := newKeys(ctx, locals)
	k.loose = map[digest.Digest]bool{}
	return k.all(how, definitions)
}

func newKeys(ctx context.Context, locals map[string]fsutil.FS) *keys {
	return &keys{ctx: ctx, locals: locals, trees: map[string]files{}, sums: map[digest.Digest]sum{}, ops: map[digest.Digest]*pb.Op{}}
}

func (k *keys) all(how string, definitions []*pb.Definition) (map[digest.Digest]string, error) {
	ids := map[*byte]digest.Digest{} // definitions share most of their vertices
	for _, def := range definitions {
		for _, raw := range def.Def { // inputs come before what needs them
			if len(raw) == 0 || ids[&raw[0]] != "" {
				continue
			}
			id := digest.FromBytes(raw)
			ids[&raw[0]] = id
			if err := k.add(id, raw, def.Metadata[string(id)]); err != nil {
				return nil, err
			}
		}
	}
	out := map[digest.Digest]string{}
	for id, op := range k.ops {
		if op.Op != nil && op.GetSource() == nil && !k.loose[id] {
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
	trees  map[string]files // of locals
	sums   map[digest.Digest]sum
	ops    map[digest.Digest]*pb.Op
	// loose are vertices whose results may change while their definitions do not. Nil: nobody asks, and
	// files are read.
	loose map[digest.Digest]bool
}

// files are a local source: its entries in the order of a walk, and where those of each directory on top of
// it are.
type files struct {
	entries []entry
	first   map[string][2]int
}

// entry is a file of a local source.
type entry struct {
	path string
	sum  sum
}

func (k *keys) add(id digest.Digest, raw []byte, metadata *pb.OpMetadata) error {
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
		if k.loose != nil && !pinned(source) {
			k.loose[id] = true
		}
		return nil
	}
	inputs := op.Inputs
	op.Inputs = nil
	text, err := op.MarshalVT()
	op.Inputs = inputs
	if err != nil {
		return err
	}
	if k.loose != nil && (metadata.GetIgnoreCache() || slices.ContainsFunc(inputs, func(in *pb.Input) bool { return k.loose[digest.Digest(in.Digest)] })) {
		k.loose[id] = true
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

// pinned reports whether a source gives the same content whenever it is read, or is a local one.
func pinned(s *pb.SourceOp) bool {
	scheme, rest, _ := strings.Cut(s.Identifier, "://")
	switch scheme {
	case "local":
		return true
	case "docker-image", "oci-layout":
		_, id, _ := strings.Cut(rest, "@")
		return digest.Digest(id).Validate() == nil
	case "http", "https":
		return digest.Digest(s.Attrs[pb.AttrHTTPChecksum]).Validate() == nil
	}
	return false
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
	among := all.entries
	if top, _, _ := strings.Cut(at, "/"); top != "" {
		place := all.first[top]
		among = among[place[0]:place[1]]
	}
	for _, e := range among {
		if at == "" || e.path == at || strings.HasPrefix(e.path, at+"/") {
			write(h, e.path, string(e.sum[:]))
		}
	}
	return nil
}

// read hashes all files of a local source.
func (k *keys) read(name string) (files, error) {
	all := files{first: map[string][2]int{}}
	source := k.locals[name]
	if source == nil {
		return all, fmt.Errorf("no files for the local source %s", name)
	}
	err := source.Walk(k.ctx, "", func(p string, d fs.DirEntry, err error) error {
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
		switch {
		case !info.Mode().IsRegular():
		case k.loose != nil:
			write(h, fmt.Sprint(info.Size(), " ", info.ModTime().UnixNano()))
		default:
			file, err := source.Open(p)
			if err != nil {
				return err
			}
			_, err = io.Copy(h, file)
			file.Close()
			if err != nil {
				return err
			}
		}
		e := entry{strings.Trim(p, "/"), sum(h.Sum(nil))}
		n := len(all.entries)
		all.entries = append(all.entries, e)
		top, _, _ := strings.Cut(e.path, "/")
		if place, ok := all.first[top]; ok { // a walk goes through a directory before it goes on
			all.first[top] = [2]int{place[0], n + 1}
		} else {
			all.first[top] = [2]int{n, n + 1}
		}
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
