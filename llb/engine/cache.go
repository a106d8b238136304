//go:build unix

package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/layc-lang/layc/llb/cache"
	"github.com/layc-lang/layc/llb/replace"
)

// shared is what a build has in common with builds of other machines.
type shared struct {
	keys    map[digest.Digest]string // of steps
	found   map[string]cache.Found   // by the place
	damaged map[string][]string      // files, by the place
	imports []gateway.CacheOptionsEntry
	read    map[string]cache.Place // the places of the imports that a session reads, by their source
}

// readCaches looks up what other machines have built. A place that cannot be read is left out, and
// the user is told. It is an error if a place takes no results.
func (e *Engine) readCaches(ctx context.Context, req Request) (*shared, error) {
	s := &shared{found: map[string]cache.Found{}, damaged: map[string][]string{}, read: map[string]cache.Place{}}
	if len(req.CacheFrom)+len(req.CacheTo) == 0 {
		return s, nil
	}
	err := mayWrite(ctx, req.CacheTo)
	if err != nil {
		return nil, err
	}
	if s.keys, err = cache.Keys(ctx, e.keeps(req.Output.Compression), req.definitions(), req.Locals); err != nil {
		return nil, err
	}
	all := s.all()
	for _, place := range req.CacheFrom {
		found, damaged, err := sound(ctx, place, all)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			e.notice(fmt.Sprintf("building without the cache %s: %v", place, plain(err)))
			continue
		}
		if len(damaged) > 0 {
			e.notice(fmt.Sprintf("the cache %s is damaged (%s); building without what is lost", place, damaged[0]))
		}
		s.found[place.String()], s.damaged[place.String()] = found, damaged
		manifests, err := place.Merge(ctx, found)
		if err != nil { // the place may be one that is only read
			manifests = found.Manifests()
		}
		for _, manifest := range manifests {
			kind, attrs := place.Reading(manifest)
			if kind == "local" {
				s.read[attrs["src"]] = place
			}
			s.imports = append(s.imports, gateway.CacheOptionsEntry{Type: kind, Attrs: attrs})
		}
	}
	return s, nil
}

// sound returns what a place has of the keys, and its damaged files.
func sound(ctx context.Context, place cache.Place, keys []string) (cache.Found, []string, error) {
	found, err := place.Find(ctx, keys)
	if err != nil {
		return nil, nil, err
	}
	damaged, err := place.Sound(ctx, found)
	return found, damaged, err
}

// keeps tells how this engine compresses results for others. Images have the layers of results as
// they are, and the same bytes on all machines, so the built-in engine only takes results that layc
// has compressed in the same way. An engine elsewhere returns layers as tars.
func (e *Engine) keeps(how Compression) string {
	if e.opts.Address != "" {
		return "BuildKit"
	}
	return fmt.Sprint(how.config().Type)
}

// compress sets the attributes for the compression of results. Those of the built-in engine are
// compressed like images; elsewhere zstd is the fastest.
func (e *Engine) compress(attrs map[string]string, how Compression) {
	if e.opts.Address == "" {
		maps.Copy(attrs, how.attributes())
	} else if attrs["compression"] == "" {
		attrs["compression"] = "zstd"
	}
}

// all returns the keys of all steps, sorted.
func (s *shared) all() []string {
	return slices.Compact(slices.Sorted(maps.Values(s.keys)))
}

// maxExported limits the vertices whose results are in one manifest: BuildKit reads manifests of at
// most 1 MB.
const maxExported = 800

// writeCaches puts results into the request's caches that these do not have: results of steps that
// no build has named there, and results of executed steps, which were not found although they may
// be named. A place that cannot be written to does not hold back the others.
func (e *Engine) writeCaches(ctx context.Context, c *client.Client, req Request, s *shared, executed []Step) error {
	var errs []error
	for _, place := range req.CacheTo {
		err := e.writeCache(ctx, c, req, place, s, executed)
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case place.Lenient:
			no := unwritable(place, err)
			e.notice(fmt.Sprintf("%s: %v", no.What, no.Err))
		default:
			errs = append(errs, unwritable(place, err))
		}
	}
	return errors.Join(errs...)
}

func (e *Engine) writeCache(ctx context.Context, c *client.Client, req Request, place cache.Place, s *shared, executed []Step) error {
	if place.Dir != "" { // the client of BuildKit would not keep to the umask of the user
		if err := replace.MkdirAll(place.Dir); err != nil {
			return err
		}
	}
	found, ok := s.found[place.String()]
	damaged := s.damaged[place.String()]
	if !ok {
		var err error
		if found, damaged, err = sound(ctx, place, s.all()); err != nil {
			return err
		}
	}
	// BuildKit does not write files that exist.
	for _, file := range damaged {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	lacks := map[string]bool{}
	for _, key := range s.keys {
		lacks[key] = found[key] == ""
	}
	for _, step := range executed {
		if key, ok := s.keys[step.Vertex]; ok {
			lacks[key] = true
		}
	}
	for _, group := range s.groups(req.definitions(), lacks) {
		manifest, err := e.export(ctx, c, req, group.definitions, place, s)
		if err == nil && manifest != "" {
			err = place.Name(ctx, manifest, slices.Sorted(maps.Keys(group.keys)))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// group are definitions whose results go into one manifest.
type group struct {
	definitions []*pb.Definition
	keys        map[string]bool // of the steps that lead to the manifest
	vertices    map[digest.Digest]bool
}

// groups returns groups of the definitions with steps that a place lacks. Each step is named by the
// first group that has it.
func (s *shared) groups(definitions []*pb.Definition, lacks map[string]bool) []*group {
	var groups []*group
	var now *group
	named := map[string]bool{}
	for _, def := range definitions {
		var ids []digest.Digest
		var keys []string
		for _, raw := range def.Def {
			id := digest.FromBytes(raw)
			ids = append(ids, id)
			if key := s.keys[id]; lacks[key] && !named[key] {
				keys = append(keys, key)
			}
		}
		if len(keys) == 0 {
			continue
		}
		if now == nil || len(now.vertices)+len(ids) > maxExported {
			now = &group{keys: map[string]bool{}, vertices: map[digest.Digest]bool{}}
			groups = append(groups, now)
		}
		now.definitions = append(now.definitions, def)
		for _, id := range ids {
			now.vertices[id] = true
		}
		for _, key := range keys {
			named[key], now.keys[key] = true, true
		}
	}
	return groups
}

// export writes the results of definitions that are built as one manifest, and returns its digest;
// "" if the engine has none of the results.
func (e *Engine) export(ctx context.Context, c *client.Client, req Request, definitions []*pb.Definition, place cache.Place, s *shared) (digest.Digest, error) {
	opt, err := e.solveOpt(req)
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "layc-cache-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	kind, attrs := place.Writing(dir)
	places := map[string]cache.Place{}
	maps.Copy(places, s.read)
	if kind == "local" {
		places[attrs["dest"]] = place
	}
	e.compress(attrs, req.Output.Compression)
	opt.CacheExports = []client.CacheOptionsEntry{{Type: kind, Attrs: attrs}}
	end, err := e.talk(ctx, c, &opt, places, nil)
	if err != nil {
		return "", err
	}
	defer end()
	reports := make(chan *client.SolveStatus)
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		for r := range reports {
			r.Vertexes = slices.DeleteFunc(r.Vertexes, func(v *client.Vertex) bool { return !strings.HasPrefix(v.Name, "exporting cache") })
			r.Warnings, r.Statuses, r.Logs = nil, nil, nil
			if req.Status != nil && len(r.Vertexes) > 0 {
				req.Status(r)
			}
		}
	}()
	resp, err := begin(ctx, c, opt, func(ctx context.Context, g gateway.Client) (*gateway.Result, error) {
		res := gateway.NewResult()
		refs := make([]gateway.Reference, len(definitions))
		eg, ctx := errgroup.WithContext(ctx)
		eg.SetLimit(maxSolves)
		for i, def := range definitions {
			eg.Go(func() error {
				r, err := g.Solve(ctx, gateway.SolveRequest{Definition: def, Evaluate: true, CacheImports: s.imports})
				if err == nil {
					refs[i], err = r.SingleRef()
				}
				return err
			})
		}
		if err := eg.Wait(); err != nil {
			return nil, err
		}
		// BuildKit wants a platform for each result, and does not look at it.
		platforms := exptypes.Platforms{}
		for i, ref := range refs {
			id := strconv.Itoa(i)
			platforms.Platforms = append(platforms.Platforms, exptypes.Platform{ID: id, Platform: req.Images[0].Platform})
			res.AddRef(id, ref)
		}
		order, err := json.Marshal(platforms)
		res.AddMeta(exptypes.ExporterPlatformsKey, order)
		return res, err
	}, reports)
	<-drained
	if err != nil {
		return "", err
	}
	text := resp.ExporterResponse["cache.manifest"]
	if text == "" {
		return "", nil
	}
	var manifest ocispecs.Descriptor
	if err := json.Unmarshal([]byte(text), &manifest); err != nil {
		return "", fmt.Errorf("invalid response from the engine: %w", err)
	}
	return manifest.Digest, nil
}

// isCacheImport reports whether a vertex is BuildKit's reading of a manifest with results. There may
// be many, which tell users nothing.
func isCacheImport(v *client.Vertex) bool {
	return strings.HasPrefix(v.Name, "importing cache manifest from ")
}
