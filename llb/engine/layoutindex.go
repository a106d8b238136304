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

// Changes are what a build did to other images of a layout.
type Changes struct {
	Pruned []string // the names of the images that [Output.Prune] removed, in the layout's order
	Taken  []Taken
}

// Taken is a name that an image of another fleet had.
type Taken struct {
	Name  string
	Fleet string // the other one, see [Output.Fleet]
}

// writeIndex puts entries into the layout's index, each in the place of the entry with its name, or
// else at the end. It removes what the output prunes.
func (l *layout) writeIndex(entries []ocispecs.Descriptor, out Output) (changes Changes, err error) {
	file := index{Index: newIndex()}
	raw, err := os.ReadFile(filepath.Join(l.dir, ocispecs.ImageIndexFile))
	if err == nil {
		err = json.Unmarshal(raw, &file)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return changes, &LayoutError{Dir: l.dir, What: "has an unreadable index", Err: err}
	}
	fresh := map[string]json.RawMessage{}
	for _, e := range entries {
		if fresh[e.Annotations[ocispecs.AnnotationRefName]], err = json.Marshal(e); err != nil {
			return changes, err
		}
	}
	kept := []json.RawMessage{}
	for _, old := range file.Manifests {
		var desc ocispecs.Descriptor
		if err := json.Unmarshal(old, &desc); err != nil {
			return changes, &LayoutError{Dir: l.dir, What: "has an unreadable index", Err: err}
		}
		name := desc.Annotations[ocispecs.AnnotationRefName]
		again, replaced := fresh[name]
		fleet := desc.Annotations[AnnotationFleet]
		if replaced && name != "" && fleet != "" && fleet != out.Fleet {
			changes.Taken = append(changes.Taken, Taken{name, fleet})
		}
		switch {
		case name == "":
			kept = append(kept, old)
		case replaced && again != nil:
			kept, fresh[name] = append(kept, again), nil
		case replaced: // a second entry of the name
		case out.Prune && fleet != "" && fleet == out.Fleet && out.Names[name] == "":
			changes.Pruned = append(changes.Pruned, name)
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
	return changes, l.write(ocispecs.ImageIndexFile, file)
}
