package audit

import (
	"archive/tar"
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// entry is a file of a layer; a path that ends with a slash is a directory, and some texts make links.
type entry struct {
	path, text string
	uid        int
	mode       int64
}

func layer(t *testing.T, entries ...entry) *Content {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.path, Typeflag: tar.TypeReg, Size: int64(len(e.text)), Uid: e.uid, Mode: 0o644 + e.mode}
		if strings.HasSuffix(e.path, "/") {
			h.Typeflag, h.Size = tar.TypeDir, 0
		}
		if to, ok := strings.CutPrefix(e.text, "symbolic link to "); ok {
			h.Typeflag, h.Size, h.Linkname, e.text = tar.TypeSymlink, 0, to, ""
		}
		if to, ok := strings.CutPrefix(e.text, "hard link to "); ok {
			h.Typeflag, h.Size, h.Linkname, e.text = tar.TypeLink, 0, to, ""
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := Read(&b)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAudit(t *testing.T) {
	big := strings.Repeat("x", 100<<10)
	other := strings.Repeat("y", 100<<10)
	contents := map[string]*Content{
		"base":   layer(t, entry{"bin/sh", big, 0, 0}, entry{"var/lib/dpkg/status", big + "1", 0, 0}, entry{"var/cache/debconf/templates.dat", big + "t1", 0, 0}),
		"lists":  layer(t, entry{"var/lib/apt/lists/a", big + "lists", 0, 0}, entry{"usr/bin/tool", big + "tool", 0, 0}, entry{"root/.npm/_cacache/x", big + "cache", 0, 0}),
		"app":    layer(t, entry{"app/", "", 0, 0}, entry{"app/a", other, 0, 0}, entry{"app/.git/objects/00/x", "git", 0, 0}),
		"chown":  layer(t, entry{"app/a", other, 1000, 0}),
		"delete": layer(t, entry{"usr/bin/.wh.tool", "", 0, 0}, entry{"bin/sh", "new", 0, 0}, entry{"lib/z", big + "z", 0, 0}),
		"again":  layer(t, entry{"./usr/bin/tool", big + "tool", 0, 0}, entry{"var/lib/dpkg/status", big + "2", 0, 0}, entry{"var/cache/debconf/templates.dat", big + "t2", 0, 0}),
		"opaque": layer(t, entry{"app/.wh..wh..opq", "", 0, 0}, entry{"bin/sh", strings.Repeat("n", 70<<10), 0, 0}),
	}
	l := func(id, by string) Layer { return Layer{"sha256:" + id, id, 50 << 10, by} }
	images := []Image{
		{"one", "linux/amd64", []Layer{l("base", "ADD rootfs"), l("app", "COPY . . # buildkit"), l("lists", "RUN apt-get install -y tool"), l("chown", "RUN chown -R 1000 /app"), l("delete", "RUN rm /usr/bin/tool")}},
		{"two", "linux/amd64", []Layer{{"sha256:base2", "base", 60 << 10, "ADD rootfs"}, l("app", "COPY . ."), l("again", "RUN install tool"), l("opaque", "COPY app /app")}},
	}
	r := Audit(images, contents)
	if r.Layers != 8 || r.Stored != 7*50<<10+60<<10 || r.Alone != 8*50<<10+60<<10 {
		t.Errorf("%d layers, %d stored, %d alone", r.Layers, r.Stored, r.Alone)
	}
	if len(r.Recompressed) != 1 || r.RecompressedBytes != 60<<10 || !slices.Equal(r.Recompressed[0].Images, []string{"one", "two"}) {
		t.Errorf("recompressed: %+v", r.Recompressed)
	}
	var repeated []string
	for _, g := range r.Repeated {
		repeated = append(repeated, fmt.Sprint(g.Example, g.Files, g.Layers))
	}
	want := []string{"app/a1 [{one COPY . . # buildkit} {one RUN chown -R 1000 /app}]", "usr/bin/tool1 [{one RUN apt-get install -y tool} {two RUN install tool}]"}
	slices.Sort(repeated)
	if !slices.Equal(repeated, want) {
		t.Errorf("repeated: %q, want %q", repeated, want)
	}
	var habits []string
	for _, h := range r.Habits {
		habits = append(habits, fmt.Sprintf("%s: %s: %s: %s", h.Image, h.Kind, h.By, h.Example))
		if h.Kind.Advice() == "" {
			t.Errorf("no advice about %s", h.Kind)
		}
	}
	slices.Sort(habits)
	want = []string{
		"one: copied before installation: RUN apt-get install -y tool: COPY . . # buildkit",
		"one: copied by chown: RUN chown -R 1000 /app: app/a",
		"one: deleted later: RUN rm /usr/bin/tool: usr/bin/tool",
		"one: package cache: RUN apt-get install -y tool: root/.npm/_cacache/x",
		"one: package lists: RUN apt-get install -y tool: var/lib/apt/lists/a",
		"one: version control: COPY . . # buildkit: app/.git/objects/00/x",
		"two: deleted later: COPY app /app: app/.git/objects/00/x",
		"two: replaced later: COPY app /app: bin/sh",
	}
	if !slices.Equal(habits, want) {
		t.Errorf("habits:\n%s\nwant:\n%s", strings.Join(habits, "\n"), strings.Join(want, "\n"))
	}
	page, err := r.Page()
	if err != nil || !strings.Contains(page, "RUN chown -R 1000 /app") || strings.Contains(page, "http") && !strings.Contains(page, "http-equiv") {
		t.Errorf("page: %v\n%s", err, page)
	}
}

// TestNothing has one image without anything twice.
func TestNothing(t *testing.T) {
	r := Audit([]Image{{"a", "linux/amd64", []Layer{{"d", "i", 10, ""}}}}, map[string]*Content{"i": layer(t, entry{"a", "text", 0, 0})})
	if r.Savable() != 0 || len(r.Repeated)+len(r.Habits)+len(r.Recompressed) > 0 {
		t.Errorf("%+v", r)
	}
	if page, err := r.Page(); err != nil || !strings.Contains(page, "Nothing is stored twice") {
		t.Errorf("page: %v\n%s", err, page)
	}
}

// TestLeft counts each file once: what is deleted and also a habit, what several layers have, and what another
// image still needs. Blobs are as large as their content, so that nothing is estimated.
func TestLeft(t *testing.T) {
	text := func(kib int, of string) string { return strings.Repeat(of, kib<<10) }
	contents := map[string]*Content{
		"a": layer(t, entry{"var/lib/apt/lists/x", text(20, "l"), 0, 0}, entry{"junk", text(15, "j"), 0, 0}, entry{"tool", text(30, "t"), 0, 0}),
		"b": layer(t, entry{".wh.junk", "", 0, 0}, entry{"var/lib/apt/lists/.wh.x", "", 0, 0}, entry{"tool", text(30, "t"), 7, 0}),
		"c": layer(t, entry{"tool", text(30, "t"), 0, 0}, entry{"other", text(70, "o"), 0, 0}, entry{"gone", text(12, "g"), 0, 0}),
		"d": layer(t, entry{"other", text(71, "p"), 0, 0}, entry{".wh.gone", "", 0, 0}),
		"e": layer(t, entry{"gone", text(12, "g"), 0, 0}),
		"f": layer(t, entry{".wh.gone", "", 0, 0}),
	}
	image := func(name string, ids ...string) Image {
		i := Image{Name: name}
		for _, id := range ids {
			i.Layers = append(i.Layers, Layer{"sha256:" + id, id, contents[id].size, "RUN " + id})
		}
		return i
	}
	for _, c := range []struct {
		images         []Image
		repeated, left int64
	}{
		{[]Image{image("one", "a", "b")}, 30, 20 + 15},
		{[]Image{image("one", "a", "b"), image("two", "c", "d")}, 60, 20 + 15 + 70 + 12},
		// Another image needs the file that one deletes.
		{[]Image{image("one", "a", "b"), image("three", "a")}, 30, 20},
		// Nobody needs either copy of a file; then one needs it.
		{[]Image{image("two", "c", "d"), image("four", "e", "f")}, 12, 70 + 12},
		{[]Image{image("two", "c", "d"), image("five", "e")}, 12, 70},
	} {
		if r := Audit(c.images, contents); r.RepeatedBytes != c.repeated<<10 || r.LeftBytes != c.left<<10 {
			t.Errorf("%v: %d repeated and %d left KiB, want %d and %d", c.images, r.RepeatedBytes>>10, r.LeftBytes>>10, c.repeated, c.left)
		}
	}
}
