package sbom

import (
	"bytes"

	cyclone "github.com/CycloneDX/cyclonedx-go"
)

// CycloneDX returns the bill as a CycloneDX 1.6 document in JSON.
//
// Its dependencies are those of components and packages; the image depends on all. The property
// layc:component of a package names the component that contains it. The scope of what only has
// files copied is "optional". Compositions that are incomplete may contain more.
func (b *Bill) CycloneDX(m Maker) ([]byte, error) {
	const image = "image"
	w := &cycloneWriter{inside: map[*Package][]string{}, copied: map[*Package]bool{}}
	w.look(b)
	var all []string
	var complete, incomplete []cyclone.BOMReference
	sort := func(ref, why string) {
		if why == "" {
			complete = append(complete, cyclone.BOMReference(ref))
		} else {
			incomplete = append(incomplete, cyclone.BOMReference(ref))
		}
	}
	sort(image, b.Unknown)
	for _, c := range b.Components {
		if !c.Copied {
			all = append(all, c.ref())
		}
		sort(c.ref(), c.Unknown)
	}
	for _, p := range b.Packages {
		if !w.copied[p] {
			all = append(all, p.ID)
		}
	}
	w.dependsOn(image, all)
	for _, c := range b.Components {
		w.component(c)
	}
	for _, p := range b.Packages {
		w.pkg(p)
	}
	bom := cyclone.NewBOM()
	bom.Metadata = &cyclone.Metadata{
		Timestamp: m.Time,
		Tools:     &cyclone.ToolsChoice{Components: &[]cyclone.Component{{Type: cyclone.ComponentTypeApplication, Name: "layc", Version: m.Version}}},
		Component: &cyclone.Component{
			BOMRef: image, Type: cyclone.ComponentTypeContainer, Name: b.Name,
			Properties: properties("layc:platform", b.Platform, "layc:unknown", b.Unknown),
		},
	}
	bom.Components, bom.Dependencies = &w.components, &w.dependencies
	var compositions []cyclone.Composition
	for _, c := range []cyclone.Composition{
		{Aggregate: cyclone.CompositionAggregateComplete, Assemblies: &complete},
		{Aggregate: cyclone.CompositionAggregateIncomplete, Assemblies: &incomplete},
	} {
		if len(*c.Assemblies) > 0 {
			compositions = append(compositions, c)
		}
	}
	bom.Compositions = &compositions
	number, err := numberOf(bom)
	if err != nil {
		return nil, err
	}
	bom.SerialNumber = "urn:uuid:" + number
	var out bytes.Buffer
	err = cyclone.NewBOMEncoder(&out, cyclone.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false).EncodeVersion(bom, cyclone.SpecVersion1_6)
	return out.Bytes(), err
}

type cycloneWriter struct {
	inside       map[*Package][]string // the components that contain a package
	copied       map[*Package]bool     // only such with copied files contain it
	components   []cyclone.Component
	dependencies []cyclone.Dependency
}

// look notes where packages are.
func (w *cycloneWriter) look(b *Bill) {
	elsewhere := map[*Package]bool{}
	for _, p := range append(b.Contains, b.free()...) {
		elsewhere[p] = true
	}
	for _, c := range b.Components {
		for _, p := range c.Contains {
			w.inside[p] = append(w.inside[p], c.ID)
			if c.Copied {
				w.copied[p] = true
			} else {
				elsewhere[p] = true
			}
		}
	}
	for p := range elsewhere {
		delete(w.copied, p)
	}
}

// ref returns the reference to a component in the document.
func (c *Component) ref() string { return "component:" + c.ID }

func (w *cycloneWriter) component(c *Component) {
	out := cyclone.Component{
		BOMRef: c.ref(), Type: cyclone.ComponentTypeApplication, Name: c.ID, Description: oneLine(c.Doc),
		Scope: scope(c.Copied), Properties: properties("layc:unknown", c.Unknown),
	}
	if c.Base {
		out.Type = cyclone.ComponentTypeOS
	}
	w.components = append(w.components, out)
	var on []string
	for _, p := range c.Contains {
		on = append(on, p.ID)
	}
	for _, n := range c.Needs {
		on = append(on, n.ref())
	}
	for _, p := range c.Wants {
		on = append(on, p.ID)
	}
	for _, f := range c.From {
		on = append(on, f.ref())
	}
	w.dependsOn(c.ref(), on)
}

func (w *cycloneWriter) pkg(p *Package) {
	out := cyclone.Component{
		BOMRef: p.ID, Type: cyclone.ComponentTypeLibrary, Name: p.Name, Version: p.Version, PackageURL: p.ID, Scope: scope(w.copied[p]),
	}
	switch p.Kind {
	case "generic":
		out.Type = cyclone.ComponentTypeFile
	case "oci":
		out.Type = cyclone.ComponentTypeContainer
	}
	var hashes []cyclone.Hash
	if p.SHA256 != "" {
		hashes = append(hashes, cyclone.Hash{Algorithm: cyclone.HashAlgoSHA256, Value: p.SHA256})
	}
	if p.SHA512 != "" {
		hashes = append(hashes, cyclone.Hash{Algorithm: cyclone.HashAlgoSHA512, Value: p.SHA512})
	}
	if hashes != nil {
		out.Hashes = &hashes
	}
	if p.URL != "" {
		out.ExternalReferences = &[]cyclone.ExternalReference{{Type: cyclone.ERTypeDistribution, URL: p.URL}}
	}
	pairs := []string{"layc:origin", p.Origin, "layc:source", p.Source}
	for _, c := range w.inside[p] {
		pairs = append(pairs, "layc:component", c)
	}
	out.Properties = properties(pairs...)
	w.components = append(w.components, out)
	var on []string
	for _, n := range p.Needs {
		on = append(on, n.ID)
	}
	w.dependsOn(p.ID, on)
}

func (w *cycloneWriter) dependsOn(ref string, on []string) {
	d := cyclone.Dependency{Ref: ref}
	if len(on) > 0 {
		d.Dependencies = &on
	}
	w.dependencies = append(w.dependencies, d)
}

func scope(copied bool) cyclone.Scope {
	if copied {
		return cyclone.ScopeOptional
	}
	return cyclone.ScopeRequired
}

// properties returns pairs of names and values, without empty values.
func properties(pairs ...string) *[]cyclone.Property {
	var out []cyclone.Property
	for n := 0; n < len(pairs); n += 2 {
		if pairs[n+1] != "" {
			out = append(out, cyclone.Property{Name: pairs[n], Value: pairs[n+1]})
		}
	}
	if out == nil {
		return nil
	}
	return &out
}
