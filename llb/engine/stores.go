package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/containerd/errdefs"
	"github.com/moby/buildkit/util/contentutil"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// stores opens OCI layout directories for reading.
func stores(layouts map[string]string) (map[string]content.Store, error) {
	open := map[string]content.Store{}
	for name, dir := range layouts {
		if _, err := os.Stat(filepath.Join(dir, ocispecs.ImageLayoutFile)); err != nil {
			return nil, fmt.Errorf("cannot read the OCI layout %s: %w", name, err)
		}
		open[name] = readOnly{contentutil.NewBuffer(), dir}
	}
	return open, nil
}

// readOnly is an OCI layout directory as a store. It writes nothing to the directory, which is the
// user's and may be watched; containerd's own store looks for fs-verity by creating a file.
type readOnly struct {
	contentutil.Buffer // an empty one: what a session does not need
	dir                string
}

func (s readOnly) blob(d digest.Digest) (string, error) {
	if err := d.Validate(); err != nil {
		return "", errdefs.ErrInvalidArgument.WithMessage(err.Error())
	}
	return filepath.Join(s.dir, ocispecs.ImageBlobsDir, d.Algorithm().String(), d.Encoded()), nil
}

// Info implements [content.InfoProvider].
func (s readOnly) Info(_ context.Context, d digest.Digest) (content.Info, error) {
	path, err := s.blob(d)
	if err != nil {
		return content.Info{}, err
	}
	stat, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return content.Info{}, errdefs.ErrNotFound.WithMessage("no blob " + d.String())
	} else if err != nil {
		return content.Info{}, err
	}
	return content.Info{Digest: d, Size: stat.Size(), CreatedAt: stat.ModTime(), UpdatedAt: stat.ModTime()}, nil
}

// ReaderAt implements [content.Provider].
func (s readOnly) ReaderAt(_ context.Context, desc ocispecs.Descriptor) (content.ReaderAt, error) {
	path, err := s.blob(desc.Digest)
	if err != nil {
		return nil, err
	}
	return local.OpenReader(path)
}
