package lock

import (
	"strings"
	"testing"
)

// TestRepositoryChanged checks which changes of a repository resolve its distribution again, and
// that no version is kept then.
func TestRepositoryChanged(t *testing.T) {
	const id = "debian/bookworm+vendor"
	vendor := PackageRepository{Name: "vendor", URL: "https://debs.example.com", Suite: "stable", Components: []string{"main"}, Priority: 600}
	old := &File{Packages: []Package{pkg("base")}, Indexes: []Index{vendor.Pin(id, "amd64")}}
	old.Packages[0].Distribution, old.Packages[0].Minimal = id, true
	old.Indexes[0].Digest = digest("a")
	for what, test := range map[string]struct {
		change func(*PackageRepository)
		again  bool
	}{
		"nothing":    {func(*PackageRepository) {}, false},
		"a password": {func(r *PackageRepository) { r.URL = "https://user:password@debs.example.com" }, false},
		"the key":    {func(r *PackageRepository) { r.Key = []byte("another") }, false},
		"URL":        {func(r *PackageRepository) { r.URL = "https://other.example.com" }, true},
		"suite":      {func(r *PackageRepository) { r.Suite = "testing" }, true},
		"components": {func(r *PackageRepository) { r.Components = []string{"main", "extra"} }, true},
		"priority":   {func(r *PackageRepository) { r.Priority = 0 }, true},
	} {
		changed := vendor
		test.change(&changed)
		r := &fakeResolver{}
		refs := Refs{Distributions: []Distribution{{ID: id, Arch: "amd64", Repositories: []PackageRepository{changed}}}}
		if _, err := Update(t.Context(), old, refs, r); err != nil {
			t.Fatal(err)
		}
		want := ""
		if test.again {
			want = "packages " + id + " amd64 [] keeping "
		}
		if got := strings.Join(r.asked, "\n"); got != want {
			t.Errorf("%s: asked for %q, want %q", what, got, want)
		}
	}
}

// TestIndexForms checks what is wrong with an index of a repository.
func TestIndexForms(t *testing.T) {
	for rest, want := range map[string]string{
		"url=https://a.example components=main,extra priority=7": "",
		"2026-11-14T09:30:00Z url=https://a.example":             "",
		"url=":                         "expected url=…",
		"priority=0":                   "not a valid priority",
		"priority=7 components=main":   "malformed entry",
		"url=https://a.example more=1": "malformed entry",
		"2026 url=https://a.example":   "date",
	} {
		_, err := Parse(Name, []byte("layc-lock 1\nindex d amd64 v:s "+digest("a")+" "+rest+"\n"))
		if (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", rest, err, want)
		}
	}
}
