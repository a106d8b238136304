// Package outputs writes images of an OCI layout in other forms: as archives for other tools, and
// as root file systems. It also has the words of `layc build --output`, which are docker buildx's.
//
// An output is complete or absent: files and directories are replaced in one step.
package outputs

import (
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/layc-lang/layc/compiler/naming"
	"github.com/layc-lang/layc/lang/diag"

	"github.com/layc-lang/layc/lang/lazy"
)

// Type is the form of an output.
type Type string

// The types.
const (
	OCI      Type = "oci"      // an OCI layout, as an archive or a directory
	Docker   Type = "docker"   // an archive for docker load and podman load
	Image    Type = "image"    // the engine's image store
	Registry Type = "registry" // pushed
	Tar      Type = "tar"      // the root file system of an image, as an archive
	Local    Type = "local"    // the root file system of an image, as a directory
)

// Output is one place for images. The zero value of a field means that the user did not set it.
type Output struct {
	Type Type
	// Dest is a file or a directory; "-" is the standard output. It may have the placeholders {app}
	// and {platform}. It is empty for types that need none.
	Dest string
	// Archive says that the output is one file, not a directory.
	Archive bool
	Name    naming.Template
	// MediaTypes are "oci" or "docker" if the user has chosen them.
	MediaTypes string
	// Compression, Level and Force are the engine's, and not checked here.
	Compression string
	Level       int
	Force       bool
}

// options are the words of each type, besides type itself.
var options = map[Type][]string{
	OCI:      {"dest", "tar", "name", "oci-mediatypes", "compression", "compression-level", "force-compression"},
	Docker:   {"dest", "tar", "name", "oci-mediatypes", "compression", "compression-level", "force-compression"},
	Image:    {"name", "push", "oci-mediatypes", "compression", "compression-level", "force-compression"},
	Registry: {"name", "push", "oci-mediatypes", "compression", "compression-level", "force-compression"},
	Tar:      {"dest"},
	Local:    {"dest"},
}

// places are the placeholders of a path.
var places = []string{"app", "platform"}

var placeholder = lazy.Regexp(`\{[^{}]*\}`)

// types are the types in the order of the documentation.
var types = []string{string(OCI), string(Docker), string(Image), string(Registry), string(Tar), string(Local)}

// words matches a value of --output that has options. All others are directories.
var words = lazy.Regexp(`^[a-z-]+=`)

// misplaced matches an option after a directory.
var misplaced = lazy.Regexp(`,\s*(type|dest|tar|name|push|oci-mediatypes|compression|compression-level|force-compression)=`)

// Parse reads a value of --output: options, or a directory for an OCI layout. Its errors have no
// prefix.
func Parse(value string) (Output, error) {
	if value == "-" {
		return Output{Type: OCI, Dest: "-", Archive: true}, nil
	}
	if !words().MatchString(value) {
		if filepath.Ext(value) == ".tar" {
			return Output{}, fmt.Errorf("the name of an archive, but without options it is a directory; write type=oci,dest=%s", value)
		}
		if at := misplaced().FindStringIndex(value); at != nil {
			return Output{}, fmt.Errorf("options after a directory; write dest=%s", value)
		}
		return Output{Type: OCI, Dest: value}, oneLayout(value)
	}
	fields, err := csv.NewReader(strings.NewReader(value)).Read()
	if err != nil {
		return Output{}, errors.New("expected options like type=oci,dest=images.tar, with commas between them")
	}
	set := map[string]string{}
	for _, f := range fields {
		key, v, ok := strings.Cut(strings.TrimSpace(f), "=")
		if !ok {
			return Output{}, fmt.Errorf("expected KEY=VALUE, not %q", f)
		}
		if _, twice := set[key]; twice {
			return Output{}, fmt.Errorf("%s is set twice", key)
		}
		set[key] = v
	}
	return read(set)
}

// read turns options into an output.
func read(set map[string]string) (Output, error) {
	o := Output{Type: Type(set["type"])}
	switch {
	case o.Type == "":
		return o, fmt.Errorf("no type; write type=oci, or one of %s", strings.Join(types[1:], ", "))
	case options[o.Type] == nil:
		return o, unknown("type", set["type"], types)
	}
	for _, key := range slices.Sorted(maps.Keys(set)) {
		if key != "type" && !slices.Contains(options[o.Type], key) {
			return o, unknown("option of type="+string(o.Type), key, options[o.Type])
		}
	}
	var err error
	flag := func(key string, otherwise bool) bool {
		v, ok := set[key]
		if !ok {
			return otherwise
		}
		b, bad := strconv.ParseBool(v)
		if bad != nil && err == nil {
			err = fmt.Errorf("%s=%s: expected true or false", key, v)
		}
		return b
	}
	o.Dest = set["dest"]
	o.Archive = flag("tar", o.Type == OCI || o.Type == Docker) || o.Type == Tar
	o.Force = flag("force-compression", false)
	if _, ok := set["oci-mediatypes"]; ok {
		o.MediaTypes = "docker"
		if flag("oci-mediatypes", true) {
			o.MediaTypes = "oci"
		}
	}
	pushed := flag("push", o.Type == Registry)
	if err != nil {
		return o, err
	}
	switch {
	case o.Type == Registry && !pushed:
		return o, errors.New("type=registry pushes; remove push=false, or write type=image")
	case o.Type == Image && pushed:
		o.Type = Registry
	case o.Type == Docker && !o.Archive:
		return o, errors.New("type=docker is an archive; for a directory write type=oci,tar=false,oci-mediatypes=false")
	case o.Type == Local && (o.Dest == "" || o.Dest == "-"), o.Type == OCI && !o.Archive && (o.Dest == "" || o.Dest == "-"):
		return o, errors.New("no directory; write dest=DIR")
	case o.Type == OCI && !o.Archive:
		if err := oneLayout(o.Dest); err != nil {
			return o, err
		}
	case o.Dest == "" && (o.Type == OCI || o.Type == Tar):
		o.Dest = "-"
	}
	if o.Name, err = naming.Parse(set["name"]); err != nil {
		return o, fmt.Errorf("name=%s: %w", set["name"], err)
	}
	if err := naming.Placeholders(o.Dest, places); err != nil {
		return o, fmt.Errorf("dest=%s: %w", o.Dest, err)
	}
	return o, o.compress(set)
}

// oneLayout returns an error if a directory for the images of all apps has a placeholder.
func oneLayout(dir string) error {
	if p := placeholder().FindString(dir); p != "" {
		return fmt.Errorf("one OCI layout has the images of all apps; remove %s from its name", p)
	}
	return nil
}

// compress reads the options of compression.
func (o *Output) compress(set map[string]string) error {
	o.Compression = set["compression"]
	if level, ok := set["compression-level"]; ok {
		n, err := strconv.Atoi(level)
		if err != nil || n < 1 {
			return fmt.Errorf("compression-level=%s: expected a number from 1", level)
		}
		o.Level = n
	}
	if o.MediaTypes == "docker" && (o.Compression == "zstd" || o.Compression == "estargz") {
		return fmt.Errorf("compression=%s requires OCI media types; remove oci-mediatypes=false, or write compression=gzip", o.Compression)
	}
	return nil
}

// unknown is the error for an unknown word.
func unknown(what, word string, known []string) error {
	if near := diag.Nearest(word, known); near != "" {
		return fmt.Errorf("unknown %s: %s; did you mean %s?", what, word, near)
	}
	return fmt.Errorf("unknown %s: %s; expected one of %s", what, word, strings.Join(known, ", "))
}

// String returns the output as people name it.
func (o Output) String() string {
	if o.Dest == "" {
		return "type=" + string(o.Type)
	}
	return o.Dest
}
