package debian

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/layc-lang/layc/compiler/deb822"
)

// Package is an entry of a package index. Relations remain text until a resolution needs them:
// an index has tens of thousands.
type Package struct {
	Archive   string // the archive that serves it: "debian", "debian-security", "ubuntu"
	Name      string
	Version   string
	Arch      string // the architecture of the index, or "all"
	Pin       int    // apt's priority of its index, which counts before the version
	Priority  string // "required", "important", "standard", "optional", "extra"
	Essential bool
	Depends   string // Pre-Depends and Depends in one list
	Provides  string
	Conflicts string // Conflicts and Breaks in one list
	Path      string // the .deb in the archive: "pool/main/…"
	Digest    string // "sha256:…"
	Size      int64  // of the .deb in bytes
	Installed int64  // in bytes
}

// ParsePackages reads an uncompressed package index of an archive. Entries keep the order of
// the index. An entry without name, version, path or checksum is an error.
func ParsePackages(r io.Reader, archive string) ([]Package, error) {
	lines := deb822.NewScanner(r)
	var list []Package
	entry := Package{Archive: archive}
	var folded *string // the field that a continuation line belongs to
	for lines.Scan() {
		switch lines.Kind {
		case deb822.Field:
			var err error
			if folded, err = entry.set(lines); err != nil {
				return nil, fmt.Errorf("package index, line %d: %w", lines.Line, err)
			}
		case deb822.More:
			if folded != nil {
				*folded += " " + string(lines.Value)
			}
		case deb822.End:
			if entry.Name == "" || entry.Version == "" || entry.Path == "" || entry.Digest == "" {
				return nil, fmt.Errorf("package index, entry %q before line %d: missing Package, Version, Filename or SHA256", entry.Name, lines.Line)
			}
			list = append(list, entry)
			entry, folded = Package{Archive: archive}, nil
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("package index, %w", err)
	}
	return list, nil
}

// set reads one field. It returns the field that continuation lines add to, or nil if they can
// be ignored.
func (p *Package) set(line *deb822.Scanner) (folded *string, err error) {
	if !line.Colon {
		return nil, fmt.Errorf("missing colon in %.80q", line.Name)
	}
	text := func() string { return string(line.Value) }
	addTo := func(field *string) *string {
		if *field != "" {
			*field += ", "
		}
		*field += text()
		return field
	}
	switch string(line.Name) {
	case "Package":
		p.Name = text()
	case "Version":
		p.Version = text()
	case "Architecture":
		p.Arch = text()
	case "Priority":
		p.Priority = text()
	case "Essential":
		p.Essential = text() == "yes"
	case "Pre-Depends", "Depends":
		return addTo(&p.Depends), nil
	case "Provides":
		return addTo(&p.Provides), nil
	case "Conflicts", "Breaks":
		return addTo(&p.Conflicts), nil
	case "Filename":
		p.Path = strings.TrimPrefix(text(), "./")
	case "SHA256":
		p.Digest = "sha256:" + text()
	case "Size":
		p.Size, err = strconv.ParseInt(text(), 10, 64)
	case "Installed-Size": // in KiB
		p.Installed, err = strconv.ParseInt(text(), 10, 64)
		p.Installed *= 1024
	}
	return nil, err
}
