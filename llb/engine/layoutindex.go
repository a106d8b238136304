//go:build unix

package engine

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// AnnotationFleet is the annotation of an image in a layout's index that names its fleet, see
// [Output.Fleet].
const AnnotationFleet = "io.github.layc-lang.fleet"

// annotationName is the annotation that containerd, Docker and Podman take as the name of an image.
const annotationName = "io.containerd.image.name"

// index is the index of a layout. Its entries are kept as they are written, since other tools may
// have written them.
type index struct {
	ocispecs.Index
	Manifests []json.RawMessage `json:"manifests"`
}

// writeIndex puts entries into the layout's index, each in the place of the entry with its name, or
// else at the end. It removes what the output prunes, and returns the removed names.
func (l *layout) writeIndex(entries []ocispecs.Descriptor, out Output) (pruned []string, err error) {
	file := index{Index: newIndex()}
	raw, err := os.ReadFile(filepath.Join(l.dir, ocispecs.ImageIndexFile))
	if err == nil {
		err = json.Unmarshal(raw, &file)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, &LayoutError{Dir: l.dir, What: "has an unreadable index", Err: err}
	}
	fresh := map[string]json.RawMessage{}
	for _, e := range entries {
		if fresh[e.Annotations[ocispecs.AnnotationRefName]], err = json.Marshal(e); err != nil {
			return nil, err
		}
	}
	kept := []json.RawMessage{}
	for _, old := range file.Manifests {
		var desc ocispecs.Descriptor
		if err := json.Unmarshal(old, &desc); err != nil {
			return nil, &LayoutError{Dir: l.dir, What: "has an unreadable index", Err: err}
		}
		name := desc.Annotations[ocispecs.AnnotationRefName]
		switch again, replaced := fresh[name]; {
		case name == "":
			kept = append(kept, old)
		case replaced && again != nil:
			kept, fresh[name] = append(kept, again), nil
		case replaced: // a second entry of the name
		case out.Prune && desc.Annotations[AnnotationFleet] == out.Fleet && out.Names[name] == "":
			pruned = append(pruned, name)
		default:
			kept = append(kept, old)
		}
	}
	for _, e := range entries {
		if again := fresh[e.Annotations[ocispecs.AnnotationRefName]]; again != nil {
			kept = append(kept, again)
		}
	}
	file.Manifests = kept
	return pruned, l.write(ocispecs.ImageIndexFile, file)
}
