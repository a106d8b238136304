package audit

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestSame has equal layers with several sizes. Each run gives the same report.
func TestSame(t *testing.T) {
	contents := map[string]*Content{"a": layer(t, entry{"x", strings.Repeat("x", 90<<10), 0, 0}, entry{"y", strings.Repeat("y", 90<<10), 0, 0}), "b": layer(t, entry{"z", strings.Repeat("x", 90<<10), 0, 0}, entry{".wh.y", "", 0, 0})}
	var images []Image
	for n := range 5 {
		images = append(images, Image{fmt.Sprint(n), "linux/amd64", []Layer{{fmt.Sprint("a", n), "a", int64(100+n*7) << 10, "RUN a"}, {fmt.Sprint("b", n), "b", int64(80-n) << 10, "RUN b"}}})
	}
	first := ""
	for range 50 {
		text, err := json.Marshal(Audit(images, contents))
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = string(text)
		}
		if string(text) != first {
			t.Fatalf("%s\nand\n%s", first, text)
		}
	}
}

// TestHardLinks removes one of two hard links, then the other, and replaces or caches one of them.
func TestHardLinks(t *testing.T) {
	text := strings.Repeat("x", 100<<10)
	base := layer(t, entry{"a/one", text, 0, 0}, entry{"a/two", "hard link to a/one", 0, 0})
	for _, c := range []struct {
		name   string
		layers []*Content
		habits string
		left   int64
	}{
		{"one of two", []*Content{base, layer(t, entry{"a/.wh.one", "", 0, 0})}, "", 0},
		{"both", []*Content{base, layer(t, entry{"a/.wh.one", "", 0, 0}, entry{"a/.wh.two", "", 0, 0})}, "deleted later 1 a/one", 100},
		{"one after the other", []*Content{base, layer(t, entry{"a/.wh.one", "", 0, 0}), layer(t, entry{"a/.wh.two", "", 0, 0})}, "deleted later 1 a/two", 100},
		{"one becomes a link", []*Content{base, layer(t, entry{"a/one", "symbolic link to two", 0, 0})}, "", 0},
		{"the directory becomes a link", []*Content{base, layer(t, entry{"a", "symbolic link to two", 0, 0})}, "deleted later 1 a/one", 100},
		{"one deleted, one replaced", []*Content{base, layer(t, entry{"a/one", text + "new", 0, 0}, entry{"a/.wh.two", "", 0, 0})}, "deleted later 1 a/two", 100},
		{"cached, and used", []*Content{layer(t, entry{"root/.npm/_cacache/x", text, 0, 0}, entry{"app/x", "hard link to root/.npm/_cacache/x", 0, 0})}, "", 0},
		{"cached twice", []*Content{layer(t, entry{"root/.npm/_cacache/x", text, 0, 0}, entry{"root/.npm/_cacache/y", "hard link to root/.npm/_cacache/x", 0, 0})}, "package cache 1 root/.npm/_cacache/x", 100},
	} {
		i, contents := Image{Name: "i"}, map[string]*Content{}
		for n, l := range c.layers {
			id := fmt.Sprint(n)
			contents[id] = l
			i.Layers = append(i.Layers, Layer{id, id, l.size, "RUN " + id})
		}
		r := Audit([]Image{i}, contents)
		var habits []string
		for _, h := range r.Habits {
			habits = append(habits, fmt.Sprint(h.Kind, " ", h.Files, " ", h.Example))
		}
		if got := strings.Join(habits, ", "); got != c.habits || r.LeftBytes>>10 != c.left || r.RepeatedBytes != 0 {
			t.Errorf("%s: %q, %d left, %d repeated; want %q, %d left", c.name, got, r.LeftBytes>>10, r.RepeatedBytes, c.habits, c.left)
		}
	}
}

// oracle counts what layers store, without sizes that are estimated: each content has its size, and a layer's
// blob is as large as its content.
type oracle struct {
	copies map[string]int  // of contents, in all layers
	live   map[string]bool // contents in an image
}

// TestOracle stacks random layers with files, links and deletions.
func TestOracle(t *testing.T) {
	var texts []string
	for n := range 6 {
		texts = append(texts, strings.Repeat(string(rune('a'+n)), (70+n)<<10))
	}
	paths := []string{"d/p", "d/q", "d/r", "e", "e/f/s", "e/f/t"}
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 7))
		o := oracle{map[string]int{}, map[string]bool{}}
		contents := map[string]*Content{}
		var layers [][]entry
		for n := range 5 {
			var entries []entry
			used := map[string]string{}
			for range 1 + r.IntN(5) {
				p := paths[r.IntN(len(paths))]
				if slices.ContainsFunc(slices.Collect(maps.Keys(used)), func(u string) bool { return strings.HasPrefix(u+"/", p+"/") || strings.HasPrefix(p+"/", u+"/") }) {
					continue
				}
				text, kind := texts[r.IntN(len(texts))], r.IntN(8)
				of := slices.Sorted(maps.Keys(used))
				of = slices.DeleteFunc(of, func(u string) bool { return used[u] == "" })
				at := strings.LastIndex(p, "/") + 1
				switch {
				case kind == 0:
					entries, used[p] = append(entries, entry{p[:at] + ".wh." + p[at:], "", 0, 0}), ""
				case kind == 1:
					entries, used[p] = append(entries, entry{p, "symbolic link to x", 0, 0}), ""
				case kind == 2 && len(of) > 0:
					to := of[r.IntN(len(of))]
					entries, used[p] = append(entries, entry{p, "hard link to " + to, 0, 0}), used[to]
				case kind == 3 && at > 0 && !slices.ContainsFunc(of, func(u string) bool { return strings.HasPrefix(u, p[:at]) }):
					entries = append(entries, entry{p[:at] + ".wh..wh..opq", "", 0, 0})
				default:
					entries, used[p] = append(entries, entry{p, text, 0, 0}), text
					o.copies[text]++
				}
			}
			layers = append(layers, entries)
			contents[fmt.Sprint(n)] = layer(t, entries...)
		}
		var images []Image
		stored, alone := map[string]int64{}, int64(0)
		for n := range 3 {
			i, root, own := Image{Name: fmt.Sprint("image", n)}, map[string]string{}, map[string]int64{}
			for range 1 + r.IntN(4) {
				k := r.IntN(len(layers))
				id := fmt.Sprint(k)
				i.Layers = append(i.Layers, Layer{id, id, contents[id].size, "RUN " + id})
				own[id], stored[id] = contents[id].size, contents[id].size
				apply(root, layers[k])
			}
			for _, size := range own {
				alone += size
			}
			for _, text := range root {
				o.live[text] = true
			}
			images = append(images, i)
		}
		// What is in no image is not there.
		for n, entries := range layers {
			if _, there := stored[fmt.Sprint(n)]; !there {
				for _, e := range entries {
					if slices.Contains(texts, e.text) {
						o.copies[e.text]--
					}
				}
			}
		}
		var repeated, left, all int64
		for text, n := range o.copies {
			if n > 0 {
				repeated += int64(n-1) * int64(len(text))
				if !o.live[text] {
					left += int64(len(text))
				}
			}
		}
		for _, size := range stored {
			all += size
		}
		got := Audit(images, contents)
		if got.Stored != all || got.Alone != alone || got.RepeatedBytes != repeated || got.LeftBytes != left {
			t.Fatalf("seed %d: %d stored, %d alone, %d repeated, %d left; want %d, %d, %d, %d\n%v\n%v", seed, got.Stored, got.Alone, got.RepeatedBytes, got.LeftBytes, all, alone, repeated, left, images, short(layers))
		}
	}
}

// apply puts a layer on a root file system: first what it deletes, then what it has.
func apply(root map[string]string, entries []entry) {
	remove := func(p string, self bool) {
		maps.DeleteFunc(root, func(q, _ string) bool { return self && q == p || strings.HasPrefix(q, p+"/") })
	}
	for _, e := range entries {
		if at := strings.LastIndex(e.path, "/") + 1; strings.HasPrefix(e.path[at:], ".wh.") {
			if e.path[at:] == ".wh..wh..opq" {
				remove(strings.TrimSuffix(e.path[:at], "/"), false)
			} else {
				remove(e.path[:at]+e.path[at+4:], true)
			}
		}
	}
	for _, e := range entries {
		switch to, hard := strings.CutPrefix(e.text, "hard link to "); {
		case strings.Contains(e.path, ".wh."):
		case strings.HasPrefix(e.text, "symbolic"):
			remove(e.path, true)
		case hard:
			remove(e.path, true)
			root[e.path] = root[to]
		default:
			remove(e.path, true)
			root[e.path] = e.text
		}
	}
}

// short shows layers with the first letters of their texts.
func short(layers [][]entry) (out []string) {
	for _, l := range layers {
		line := ""
		for _, e := range l {
			line += " " + e.path + "=" + e.text[:min(len(e.text), 25)]
		}
		out = append(out, line)
	}
	return out
}
