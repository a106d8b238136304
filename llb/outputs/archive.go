package outputs

import (
	"archive/tar"
	"encoding/json"
	"io"
	"path"
	"slices"

	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/layc-lang/layc/compiler/naming"
	"github.com/layc-lang/layc/llb/docker"
)

// archive is an archive of several images. It has the files of an OCI layout, and Docker's have
// manifest.json too. Blobs that images share are there once. Equal images make equal archives.
type archive struct {
	layout layout
	index  []ocispecs.Descriptor
	loads  []load
	blobs  map[digest.Digest][]byte // those that are not files of the layout have content
}

// load is an image in Docker's manifest.json.
type load struct {
	Config   string
	RepoTags []string
	Layers   []string
}

func inArchive(d digest.Digest) string {
	return path.Join(ocispecs.ImageBlobsDir, d.Algorithm().String(), d.Encoded())
}

// addOCI adds an image of the layout with its full name, for one platform or for all.
func (a *archive) addOCI(image, platform, name string) error {
	entry, err := a.layout.entry(image)
	if err != nil {
		return err
	}
	images, err := a.layout.manifests(entry)
	if err != nil {
		return err
	}
	if platform != "" {
		i, err := a.layout.platform(entry, platform)
		if err != nil {
			return err
		}
		entry, images = i.desc, []one{i}
	}
	entry.Annotations = map[string]string{ocispecs.AnnotationRefName: image, annotationName: name}
	a.index = append(a.index, entry)
	a.blobs[entry.Digest] = nil
	for _, i := range images {
		a.add(i.desc.Digest, i.Manifest)
	}
	return nil
}

func (a *archive) add(manifest digest.Digest, m ocispecs.Manifest) {
	if _, there := a.blobs[manifest]; !there {
		a.blobs[manifest] = nil
	}
	a.blobs[m.Config.Digest] = nil
	for _, l := range m.Layers {
		a.blobs[l.Digest] = nil
	}
}

// addDocker adds an image of one platform, with the full names of its tags. With convert it has
// Docker's media types.
func (a *archive) addDocker(i one, names []string, convert bool) error {
	desc, raw := i.desc, i.raw
	if convert {
		var err error
		if desc, raw, err = docker.Convert(desc, raw); err != nil {
			return err
		}
	}
	a.blobs[desc.Digest] = raw
	l := load{Config: inArchive(i.Config.Digest)}
	a.add(desc.Digest, i.Manifest)
	for _, d := range i.Layers {
		l.Layers = append(l.Layers, inArchive(d.Digest))
	}
	for _, name := range names {
		entry := desc
		entry.Annotations = map[string]string{annotationName: name, ocispecs.AnnotationRefName: naming.Tag(name)}
		a.index = append(a.index, entry)
		l.RepoTags = append(l.RepoTags, naming.Familiar(name))
	}
	a.loads = append(a.loads, l)
	return nil
}

// write writes the archive: the small files first, then the blobs by digest.
func (a *archive) write(w io.Writer) error {
	t := tar.NewWriter(w)
	if err := a.documents(t); err != nil {
		return err
	}
	var ids []digest.Digest
	for id := range a.blobs {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, dir := range []string{ocispecs.ImageBlobsDir + "/", ocispecs.ImageBlobsDir + "/sha256/"} {
		if err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir, Mode: 0o755}); err != nil {
			return err
		}
	}
	for _, id := range ids {
		if err := a.copy(t, id); err != nil {
			return err
		}
	}
	return t.Close()
}

// documents writes the files that describe the images.
func (a *archive) documents(t *tar.Writer) error {
	files := []struct {
		name    string
		content any
	}{
		{ocispecs.ImageLayoutFile, ocispecs.ImageLayout{Version: ocispecs.ImageLayoutVersion}},
		{ocispecs.ImageIndexFile, newIndex(a.index)},
		{"manifest.json", a.loads},
	}
	if len(a.loads) == 0 {
		files = files[:2]
	}
	for _, f := range files {
		raw, err := json.Marshal(f.content)
		if err != nil {
			return err
		}
		if err := text(t, f.name, raw); err != nil {
			return err
		}
	}
	return nil
}

func text(t *tar.Writer, name string, raw []byte) error {
	if err := t.WriteHeader(&tar.Header{Name: name, Size: int64(len(raw)), Mode: 0o644}); err != nil {
		return err
	}
	_, err := t.Write(raw)
	return err
}

// copy writes a blob.
func (a *archive) copy(t *tar.Writer, id digest.Digest) error {
	if raw := a.blobs[id]; raw != nil {
		return text(t, inArchive(id), raw)
	}
	b, err := a.layout.open(id)
	if err != nil {
		return err
	}
	defer b.Close()
	if err := t.WriteHeader(&tar.Header{Name: inArchive(id), Size: b.size, Mode: 0o644}); err != nil {
		return err
	}
	_, err = io.Copy(t, struct{ io.Reader }{b})
	return err
}
