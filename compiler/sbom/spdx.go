package sbom

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/google/uuid"
	"github.com/spdx/tools-golang/spdx/v2/common"
	spdx "github.com/spdx/tools-golang/spdx/v2/v2_3"
)

// Maker describes the program that writes a document, and what it writes as the time.
type Maker struct {
	Version string // of layc
	Time    string // RFC 3339, in UTC
}

// unknown is SPDX's word for what the author of a document does not know.
const unknown = "NOASSERTION"

// SPDX returns the bill as an SPDX 2.3 document in JSON.
//
// The document describes the image, which contains the app's components, and packages that they
// need. Components contain packages, depend on components and packages, and are generated from
// components that they copy files from. What contains NOASSERTION may contain more.
func (b *Bill) SPDX(m Maker) ([]byte, error) {
	w := &spdxWriter{document: &spdx.Document{
		SPDXVersion: spdx.Version, DataLicense: spdx.DataLicense, SPDXIdentifier: "DOCUMENT",
		DocumentName: b.Name + " " + b.Platform,
		CreationInfo: &spdx.CreationInfo{
			Creators: []common.Creator{{CreatorType: "Tool", Creator: "layc-" + m.Version}},
			Created:  m.Time,
		},
	}}
	image := w.add(spdx.Package{
		PackageSPDXIdentifier: "Image", PackageName: b.Name, PrimaryPackagePurpose: "CONTAINER", PackageComment: "for " + b.Platform,
	})
	w.relate("DOCUMENT", common.TypeRelationshipDescribe, image)
	for _, c := range b.Components {
		w.component(c)
	}
	for _, p := range b.Packages {
		w.pkg(p)
	}
	for _, c := range b.Components {
		if !c.Copied {
			w.relate(image, common.TypeRelationshipContains, idOf("Component", c.ID))
		}
	}
	for _, p := range append(b.Contains, b.free()...) {
		w.relate(image, common.TypeRelationshipContains, idOf("Package", p.ID))
	}
	w.unknown(image, b.Unknown)
	for _, c := range b.Components {
		w.relations(c)
	}
	for _, p := range b.Packages {
		for _, n := range p.Needs {
			w.relate(idOf("Package", p.ID), common.TypeRelationshipDependsOn, idOf("Package", n.ID))
		}
	}
	for _, f := range b.From {
		w.relate(image, common.TypeRelationshipGeneratedFrom, idOf("Component", f.ID))
	}
	number, err := numberOf(w.document)
	if err != nil {
		return nil, err
	}
	w.document.DocumentNamespace = "urn:uuid:" + number
	return marshal(w.document)
}

type spdxWriter struct{ document *spdx.Document }

func (w *spdxWriter) add(p spdx.Package) common.ElementID {
	p.IsFilesAnalyzedTagPresent = true
	if p.PackageDownloadLocation == "" {
		p.PackageDownloadLocation = unknown
	}
	p.PackageLicenseConcluded, p.PackageLicenseDeclared, p.PackageCopyrightText = unknown, unknown, unknown
	w.document.Packages = append(w.document.Packages, &p)
	return p.PackageSPDXIdentifier
}

func (w *spdxWriter) component(c *Component) {
	purpose := "APPLICATION"
	if c.Base {
		purpose = "OPERATING-SYSTEM"
	}
	w.add(spdx.Package{PackageSPDXIdentifier: idOf("Component", c.ID), PackageName: c.ID, PrimaryPackagePurpose: purpose, PackageSummary: oneLine(c.Doc)})
}

func (w *spdxWriter) pkg(p *Package) {
	out := spdx.Package{
		PackageSPDXIdentifier: idOf("Package", p.ID), PackageName: p.Name, PackageVersion: p.Version, PackageDownloadLocation: p.URL,
		PackageExternalReferences: []*spdx.PackageExternalReference{{Category: common.CategoryPackageManager, RefType: common.TypePackageManagerPURL, Locator: p.ID}},
	}
	if p.SHA256 != "" {
		out.PackageChecksums = append(out.PackageChecksums, common.Checksum{Algorithm: common.SHA256, Value: p.SHA256})
	}
	if p.SHA512 != "" {
		out.PackageChecksums = append(out.PackageChecksums, common.Checksum{Algorithm: common.SHA512, Value: p.SHA512})
	}
	out.PackageSourceInfo = "from " + p.Origin
	if p.Source != "" {
		out.PackageSourceInfo += ", built from the source package " + p.Source
	}
	w.add(out)
}

func (w *spdxWriter) relations(c *Component) {
	id := idOf("Component", c.ID)
	for _, p := range c.Contains {
		w.relate(id, common.TypeRelationshipContains, idOf("Package", p.ID))
	}
	w.unknown(id, c.Unknown)
	for _, n := range c.Needs {
		w.relate(id, common.TypeRelationshipDependsOn, idOf("Component", n.ID))
	}
	for _, p := range c.Wants {
		w.relate(id, common.TypeRelationshipDependsOn, idOf("Package", p.ID))
	}
	for _, f := range c.From {
		w.relate(id, common.TypeRelationshipGeneratedFrom, idOf("Component", f.ID))
	}
}

func (w *spdxWriter) relate(a common.ElementID, kind string, b common.ElementID) {
	w.document.Relationships = append(w.document.Relationships, &spdx.Relationship{
		RefA: common.DocElementID{ElementRefID: a}, Relationship: kind, RefB: common.DocElementID{ElementRefID: b},
	})
}

// unknown records that an element may contain more, and why.
func (w *spdxWriter) unknown(id common.ElementID, why string) {
	if why != "" {
		w.document.Relationships = append(w.document.Relationships, &spdx.Relationship{
			RefA: common.DocElementID{ElementRefID: id}, Relationship: common.TypeRelationshipContains,
			RefB: common.MakeDocElementSpecial(unknown), RelationshipComment: why,
		})
	}
}

// idOf returns the identifier of a thing with a unique name. SPDX allows letters, digits, dots and
// hyphens.
func idOf(kind, name string) common.ElementID {
	readable := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' {
			return r
		}
		return '-'
	}, strings.TrimPrefix(name, "pkg:"))
	readable, _, _ = strings.Cut(readable, "-arch-")
	sum := sha256.Sum256([]byte(name))
	return common.ElementID(kind + "-" + readable[:min(len(readable), 60)] + "-" + hex.EncodeToString(sum[:6]))
}

// numberOf returns a UUID that is a hash of a document.
func numberOf(document any) (string, error) {
	text, err := json.Marshal(document)
	return uuid.NewHash(sha256.New(), uuid.Nil, text, 8).String(), err
}

// marshal returns a document as JSON for readers.
func marshal(document any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(document)
	return out.Bytes(), err
}
