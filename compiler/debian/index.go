package debian

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Package is one entry of a package index. Relations are kept as text, and
// read where a resolution meets them: an index has tens of thousands.
type Package struct {
	Archive   string // which archive serves it: "debian", "debian-security"
	Name      string
	Version   string
	Arch      string // its own: that of the index, or "all"
	Priority  string // "required", "important", "standard", "optional", "extra"
	Essential bool
	Depends   string // Pre-Depends and Depends, as one list
	Provides  string
	Conflicts string // Conflicts and Breaks, as one list
	Path      string // of the .deb in the archive: "pool/main/…"
	Digest    string // "sha256:…"
	Size      int64  // of the .deb, bytes
	Installed int64  // bytes
}

// ParsePackages reads an uncompressed package index. Entries keep the order
// of the index; archive is put into each. An entry without name, version,
// path or checksum is an error.
func ParsePackages(r io.Reader, archive string) ([]Package, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	var list []Package
	entry := Package{Archive: archive}
	empty := true
	var folded *string // the field that a continuation line belongs to
	line := 0
	finish := func() error {
		if empty {
			return nil
		}
		if entry.Name == "" || entry.Version == "" || entry.Path == "" || entry.Digest == "" {
			return fmt.Errorf("package index, entry %q before line %d: Package, Version, Filename or SHA256 is missing", entry.Name, line)
		}
		list = append(list, entry)
		entry, empty, folded = Package{Archive: archive}, true, nil
		return nil
	}
	for {
		text, err := readLine(in)
		if err != nil && err != io.EOF {
			return nil, fmt.Errorf("package index, line %d: %w", line+1, err)
		}
		atEnd := err == io.EOF
		line++
		switch {
		case len(bytes.TrimSpace(text)) == 0:
			if err := finish(); err != nil {
				return nil, err
			}
		case text[0] == ' ' || text[0] == '\t':
			if folded != nil {
				*folded += " " + string(bytes.TrimSpace(text))
			}
		default:
			empty = false
			if folded, err = entry.set(text); err != nil {
				return nil, fmt.Errorf("package index, line %d: %w", line, err)
			}
		}
		if atEnd {
			return list, finish()
		}
	}
}

// readLine returns the next line without its end; it is valid until the next
// call. With the last line comes io.EOF.
func readLine(in *bufio.Reader) ([]byte, error) {
	text, err := in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		long := bytes.Clone(text)
		rest, restErr := in.ReadBytes('\n')
		text, err = append(long, rest...), restErr
		if len(text) > 1<<24 {
			return nil, errors.New("line is too long")
		}
	}
	return bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r")), err
}

// set reads one "Field: value" line. It returns the text field that
// continuation lines add to, nil if they are of no interest.
func (p *Package) set(line []byte) (folded *string, err error) {
	key, value, ok := bytes.Cut(line, []byte(":"))
	if !ok {
		return nil, fmt.Errorf("no colon in %.80q", line)
	}
	text := func() string { return string(bytes.TrimSpace(value)) }
	addTo := func(field *string) *string {
		if *field != "" {
			*field += ", "
		}
		*field += text()
		return field
	}
	switch string(key) {
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
