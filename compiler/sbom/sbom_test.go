package sbom_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	cyclone "github.com/CycloneDX/cyclonedx-go"
	purl "github.com/package-url/packageurl-go"
	"github.com/spdx/tools-golang/json"
	spdx "github.com/spdx/tools-golang/spdx/v2/v2_3"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/sbom"
)

var maker = sbom.Maker{Version: "1.2.3", Time: "1980-01-01T00:00:00Z"}

// pinned is what the lines of a lock file say, read without layc's reader.
type pinned struct {
	packages map[string]debian // by name
	urls     map[string]string // the digest, by URL
}

type debian struct {
	version, digest string
	minimal         bool
	needs           []string
}

// read reads the lock file of an example, for one distribution.
func read(t *testing.T, dir, distribution string) pinned {
	text, err := os.ReadFile(filepath.Join(dir, "layc.lock"))
	if err != nil {
		t.Fatal(err)
	}
	p := pinned{map[string]debian{}, map[string]string{}}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		switch {
		case len(f) > 6 && f[0] == "package" && f[1] == distribution && f[2] == "amd64":
			d := debian{version: f[4], digest: strings.TrimPrefix(f[6], "sha256:")}
			for _, x := range f[7:] {
				d.minimal = d.minimal || x == "minimal"
				if list, ok := strings.CutPrefix(x, "needs="); ok {
					d.needs = strings.Split(list, ",")
				}
			}
			p.packages[f[3]] = d
		case len(f) > 2 && f[0] == "url":
			p.urls[f[1]] = strings.TrimPrefix(f[2], "sha256:")
		}
	}
	return p
}

func distribution(a *model.App) string { return a.Base.System.Distribution }

// TestExamples writes the bills of all apps of three fleets, parses them with the libraries of both
// formats, and compares them with the lock files.
func TestExamples(t *testing.T) {
	for _, dir := range []string{"shop", "fleet", "jupyter"} {
		t.Run(dir, func(t *testing.T) {
			dir := filepath.Join("../../testdata", dir)
			out, list := compiler.Compile(compiler.Input{
				Project: os.DirFS(dir), Dir: ".", Platform: model.Platform{OS: "linux", Arch: "amd64"},
			}, compiler.Bound)
			if list.HasErrors() {
				t.Fatal(list[0].Message)
			}
			g := out.Targets[0].Graph
			numbers := map[string]string{}
			for _, a := range g.Apps {
				pins := read(t, dir, distribution(a))
				text, err := sbom.Of(g, a, out.Lock).SPDX(maker)
				if err != nil {
					t.Fatal(err)
				}
				document := parse(t, text)
				compareSPDX(t, a, document, pins)
				if other := numbers[document.DocumentNamespace]; other != "" {
					t.Errorf("%s and %s have one namespace", a.Name, other)
				}
				numbers[document.DocumentNamespace] = a.Name
				again, err := sbom.Of(g, a, out.Lock).SPDX(maker)
				if err != nil || !bytes.Equal(text, again) {
					t.Errorf("%s: two different documents, %v", a.Name, err)
				}
				text, err = sbom.Of(g, a, out.Lock).CycloneDX(maker)
				if err != nil {
					t.Fatal(err)
				}
				compareCycloneDX(t, a, text, document)
			}
			if len(numbers) == 0 {
				t.Fatal("no apps")
			}
		})
	}
}

func parse(t *testing.T, text []byte) *spdx.Document {
	t.Helper()
	var document spdx.Document
	if err := json.ReadInto(bytes.NewReader(text), &document); err != nil {
		t.Fatal(err)
	}
	if document.SPDXVersion != "SPDX-2.3" || document.DocumentNamespace == "" || document.CreationInfo.Created != maker.Time {
		t.Fatalf("a document without what each must have: %+v", document)
	}
	return &document
}

// compareSPDX compares a document with the lock file: it has all packages of the minimal system and
// what its packages need, each with its version and checksum, and the image reaches all.
func compareSPDX(t *testing.T, a *model.App, d *spdx.Document, pins pinned) {
	t.Helper()
	known := map[string]bool{"NOASSERTION": true, "DOCUMENT": true}
	debs := map[string]bool{}
	for _, p := range d.Packages {
		if id := string(p.PackageSPDXIdentifier); known[id] {
			t.Errorf("%s: two elements have the ID %s", a.Name, id)
		} else {
			known[id] = true
		}
		if len(p.PackageExternalReferences) == 0 {
			continue
		}
		u, err := purl.FromString(p.PackageExternalReferences[0].Locator)
		if err != nil {
			t.Errorf("%s: %v", a.Name, err)
			continue
		}
		checksum := ""
		if len(p.PackageChecksums) > 0 {
			checksum = p.PackageChecksums[0].Value
		}
		switch u.Type {
		case "deb":
			debs[u.Name] = true
			if pin := pins.packages[u.Name]; pin.version != u.Version || pin.digest != checksum || p.PackageVersion != pin.version {
				t.Errorf("%s: %s has the checksum %s; the lock file has %+v", a.Name, u, checksum, pin)
			}
		case "maven":
			name := "maven:" + u.Namespace + ":" + u.Name + ":" + u.Version
			if kind := u.Qualifiers.Map()["type"]; kind != "" {
				name += ":" + kind
			}
			if pins.urls[name] != checksum || checksum == "" {
				t.Errorf("%s: %s has the checksum %s; the lock file has %q", a.Name, name, checksum, pins.urls[name])
			}
		default:
			t.Errorf("%s has an unexpected package %s", a.Name, u)
		}
	}
	for name, pin := range pins.packages {
		if pin.minimal && !debs[name] {
			t.Errorf("%s lacks %s of the minimal system", a.Name, name)
		}
		if !debs[name] {
			continue
		}
		for _, need := range pin.needs {
			if !debs[need] {
				t.Errorf("%s has %s, but not %s, which it needs", a.Name, name, need)
			}
		}
	}
	reached := map[string]bool{"DOCUMENT": true}
	for range 2 { // the image, then what it contains; these come first
		for _, r := range d.Relationships {
			from, to := string(r.RefA.ElementRefID), string(r.RefB.ElementRefID)+r.RefB.SpecialID
			if !known[from] || !known[to] {
				t.Errorf("%s: %s %s %s names an unknown element", a.Name, from, r.Relationship, to)
			}
			if reached[from] {
				reached[to] = true
			}
		}
	}
	for _, p := range d.Packages {
		if !reached[string(p.PackageSPDXIdentifier)] {
			t.Errorf("%s: the image does not lead to %s", a.Name, p.PackageSPDXIdentifier)
		}
	}
}

// compareCycloneDX compares the packages of both documents.
func compareCycloneDX(t *testing.T, a *model.App, text []byte, d *spdx.Document) {
	t.Helper()
	var bom cyclone.BOM
	if err := cyclone.NewBOMDecoder(bytes.NewReader(text), cyclone.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	if bom.SpecVersion != cyclone.SpecVersion1_6 || !strings.HasPrefix(bom.SerialNumber, "urn:uuid:") {
		t.Fatalf("%s: %s %s", a.Name, bom.SpecVersion, bom.SerialNumber)
	}
	var want, got []string
	for _, p := range d.Packages {
		for _, r := range p.PackageExternalReferences {
			want = append(want, r.Locator+" "+p.PackageChecksums[0].Value)
		}
	}
	refs := map[string]bool{bom.Metadata.Component.BOMRef: true}
	for _, c := range *bom.Components {
		if refs[c.BOMRef] {
			t.Errorf("%s: %s is there twice", a.Name, c.BOMRef)
		}
		refs[c.BOMRef] = true
		if c.PackageURL != "" {
			got = append(got, c.PackageURL+" "+(*c.Hashes)[0].Value)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		t.Errorf("%s: CycloneDX has %d packages, SPDX %d", a.Name, len(got), len(want))
	}
	for _, x := range *bom.Dependencies {
		if x.Dependencies == nil {
			continue
		}
		for _, on := range append(*x.Dependencies, x.Ref) {
			if !refs[on] {
				t.Errorf("%s: a dependency names %s, which is unknown", a.Name, on)
			}
		}
	}
}
