// Package audit says what existing images store twice, and which lines of Dockerfiles cause it.
//
// # How it works
//
// Each different layer is read once: the paths, owners, modes and checksums of its files. Everything else
// follows from these lists.
//
//   - Layers of one content with several digests are stored once for each compression.
//   - Files with the same content are stored once for each, in several layers or in one. Files with the same
//     layers are one group, which usually is one installation that several images repeat. Hard links are one
//     file.
//   - Within an image, the layers are stacked. What a layer deletes or replaces is still stored below,
//     and what it repeats unchanged except for owner or mode was copied by chown or chmod.
//   - Caches of package managers are known by their paths.
//
// The size of a file within a compressed layer is not known. It is estimated: a file has the part of the
// blob that it has of the unpacked layer. So sums of files are estimates, and sums of layers are not.
//
// Everything here is pure, except that layers are read from readers.
package audit

import (
	"archive/tar"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"path"
	"slices"
	"sort"
	"strings"
)

// Image is an image with its layers, the lowest first.
type Image struct {
	Name     string  `json:"name"`
	Platform string  `json:"platform"`
	Layers   []Layer `json:"layers"`
}

// Layer is a layer of an image.
type Layer struct {
	Digest string `json:"digest"` // of the blob
	DiffID string `json:"diffID"` // of its content
	Size   int64  `json:"size"`   // of the blob, in bytes
	By     string `json:"by"`     // the instruction that made it; "" if unknown
}

// Content is what a layer holds.
type Content struct {
	files  map[string]file // by path, without a slash at the beginning
	data   []data          // of files; hard links have one
	gone   map[string]bool // paths that are deleted, or that something else than a file or directory has
	dirs   map[string]bool // directories, which replace files
	opaque map[string]bool // directories whose content below is deleted
	size   int64           // of all data, in bytes
}

// file is a name of data.
type file struct {
	data     int // an index
	uid, gid int
	mode     int64
}

// data is what a file holds.
type data struct {
	sum   [sha256.Size]byte
	size  int64
	names []string // sorted
}

// Read reads the unpacked tar of a layer.
func Read(r io.Reader) (*Content, error) {
	c := &Content{files: map[string]file{}, gone: map[string]bool{}, dirs: map[string]bool{}, opaque: map[string]bool{}}
	t := tar.NewReader(r)
	h := sha256.New()
	for {
		header, err := t.Next()
		if errors.Is(err, io.EOF) {
			for _, name := range sortedKeys(c.files) {
				d := &c.data[c.files[name].data]
				d.names = append(d.names, name)
			}
			return c, nil
		}
		if err != nil {
			return nil, err
		}
		if err := c.add(header, t, h); err != nil {
			return nil, err
		}
	}
}

func (c *Content) add(header *tar.Header, r io.Reader, h hash.Hash) error {
	name := clean(header.Name)
	dir, base := path.Split(name)
	f := file{data: len(c.data), uid: header.Uid, gid: header.Gid, mode: header.Mode & 0o7777}
	switch {
	case base == ".wh..wh..opq":
		c.opaque[strings.TrimSuffix(dir, "/")] = true
	case strings.HasPrefix(base, ".wh."):
		c.gone[dir+strings.TrimPrefix(base, ".wh.")] = true
	case header.Typeflag == tar.TypeReg:
		h.Reset()
		n, err := io.Copy(h, r)
		if err != nil {
			return err
		}
		d := data{size: n}
		h.Sum(d.sum[:0])
		c.data, c.files[name] = append(c.data, d), f
		c.size += n
	case header.Typeflag == tar.TypeLink:
		if of, ok := c.files[clean(header.Linkname)]; ok {
			f.data = of.data
			c.files[name] = f
		}
	case header.Typeflag == tar.TypeDir:
		c.dirs[name] = true
	default:
		c.gone[name] = true
	}
	return nil
}

// clean returns the path of an entry, without a slash at the beginning.
func clean(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }

// Report is what is stored twice.
type Report struct {
	Images []Image `json:"images"`
	// Stored are the bytes of all different blobs, and Alone what the images would take without sharing; within
	// an image, each blob is stored once.
	Stored int64 `json:"stored"`
	Alone  int64 `json:"alone"`
	Layers int   `json:"layers"` // different blobs

	Recompressed []Recompressed `json:"recompressed"`
	Repeated     []Repeated     `json:"repeated"`
	Habits       []Habit        `json:"habits"`

	// RecompressedBytes and the estimates RepeatedBytes and LeftBytes are what a plan that shares
	// everything would not store. LeftBytes are files that are deleted, replaced, or caches.
	RecompressedBytes int64 `json:"recompressedBytes"`
	RepeatedBytes     int64 `json:"repeatedBytes"`
	LeftBytes         int64 `json:"leftBytes"`
}

// Savable is what a plan that shares everything would not store, at most.
func (r *Report) Savable() int64 {
	return min(r.Stored, r.RecompressedBytes+r.RepeatedBytes+r.LeftBytes)
}

// Recompressed is a layer that is stored with several digests.
type Recompressed struct {
	DiffID string   `json:"diffID"`
	Blobs  []string `json:"blobs"`
	Images []string `json:"images"`
	Bytes  int64    `json:"bytes"` // of all blobs but the smallest
}

// Repeated are files that several layers have, or one layer several times.
type Repeated struct {
	Layers  []Where `json:"layers"`
	Files   int     `json:"files"`
	Bytes   int64   `json:"bytes"` // estimated; stored again
	Example string  `json:"example"`
}

// Where is a layer, in the first image that has it.
type Where struct {
	Image string `json:"image"`
	By    string `json:"by"`
}

// Audit compares images. contents has the content of each layer, by its DiffID.
func Audit(images []Image, contents map[string]*Content) *Report {
	a := &auditor{contents: contents, blobs: map[string]Layer{}, least: map[string]int64{}, first: map[string]Where{}, r: &Report{Images: images},
		habit: map[stored]bool{}, live: map[stored]bool{}}
	for _, i := range images {
		for n, l := range i.Layers {
			if !slices.ContainsFunc(i.Layers[:n], func(below Layer) bool { return below.Digest == l.Digest }) {
				a.r.Alone += l.Size
			}
			if size, ok := a.least[l.DiffID]; !ok || l.Size < size {
				a.least[l.DiffID] = l.Size
			}
			if _, ok := a.blobs[l.Digest]; !ok {
				a.blobs[l.Digest] = l
				a.r.Stored += l.Size
			}
			if _, ok := a.first[l.DiffID]; !ok {
				a.first[l.DiffID] = Where{i.Name, l.By}
				a.order = append(a.order, l.DiffID)
			}
		}
	}
	a.r.Layers = len(a.blobs)
	a.recompressed()
	a.repeated()
	a.habits()
	return a.r
}

type auditor struct {
	contents map[string]*Content
	blobs    map[string]Layer
	least    map[string]int64 // the bytes of the smallest blob of each DiffID
	first    map[string]Where // of each DiffID
	order    []string         // DiffIDs
	r        *Report
	habit    map[stored]bool // what images have although they do not need it
	live     map[stored]bool // in an image
}

// recompressed finds contents with several blobs.
func (a *auditor) recompressed() {
	blobs, images := map[string][]Layer{}, map[string][]string{}
	for _, i := range a.r.Images {
		for _, l := range i.Layers {
			if !slices.ContainsFunc(blobs[l.DiffID], func(x Layer) bool { return x.Digest == l.Digest }) {
				blobs[l.DiffID] = append(blobs[l.DiffID], l)
			}
			if !slices.Contains(images[l.DiffID], i.Name) {
				images[l.DiffID] = append(images[l.DiffID], i.Name)
			}
		}
	}
	for _, id := range a.order {
		if len(blobs[id]) < 2 {
			continue
		}
		r := Recompressed{DiffID: id, Images: images[id]}
		least := blobs[id][0].Size
		for _, b := range blobs[id] {
			r.Blobs = append(r.Blobs, b.Digest)
			r.Bytes += b.Size
			least = min(least, b.Size)
		}
		r.Bytes -= least
		a.r.RecompressedBytes += r.Bytes
		a.r.Recompressed = append(a.r.Recompressed, r)
	}
	sort.SliceStable(a.r.Recompressed, func(i, j int) bool { return a.r.Recompressed[i].Bytes > a.r.Recompressed[j].Bytes })
}

// compressed estimates the part of a content's smallest blob that some bytes have.
func (a *auditor) compressed(diffID string, bytes int64) int64 {
	c := a.contents[diffID]
	if c == nil || c.size == 0 {
		return bytes
	}
	return int64(float64(bytes) * min(1, float64(a.least[diffID])/float64(c.size)))
}

// repeated finds data that is stored several times, in groups with equal layers.
func (a *auditor) repeated() {
	type copies struct {
		size   int64
		layers []int // one for each copy
		path   string
	}
	files := map[[sha256.Size]byte]*copies{}
	for n, id := range a.order {
		c := a.contents[id]
		if c == nil {
			continue
		}
		for _, d := range c.data {
			if d.size == 0 || len(d.names) == 0 {
				continue
			}
			k := files[d.sum]
			if k == nil {
				k = &copies{size: d.size, path: d.names[0]}
				files[d.sum] = k
			}
			k.layers = append(k.layers, n)
		}
	}
	groups := map[string]*Repeated{}
	largest := map[string]int64{}
	for _, k := range files {
		if len(k.layers) < 2 {
			continue
		}
		different := slices.Compact(slices.Clone(k.layers))
		key := fmt.Sprint(different)
		g := groups[key]
		if g == nil {
			g = &Repeated{}
			for _, n := range different {
				g.Layers = append(g.Layers, a.first[a.order[n]])
			}
			groups[key] = g
		}
		g.Files++
		for _, n := range k.layers[1:] {
			g.Bytes += a.compressed(a.order[n], k.size)
		}
		if k.size > largest[key] || k.size == largest[key] && k.path < g.Example {
			largest[key], g.Example = k.size, k.path
		}
	}
	for _, key := range sortedKeys(groups) {
		a.r.Repeated = append(a.r.Repeated, *groups[key])
		a.r.RepeatedBytes += groups[key].Bytes
	}
	sort.SliceStable(a.r.Repeated, func(i, j int) bool { return a.r.Repeated[i].Bytes > a.r.Repeated[j].Bytes })
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
