package main

import (
	"errors"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/layc-lang/layc/llb/revision"
)

// labelFlags are the flags that describe images. By default nothing of the commit is in images, since
// each commit would change all digests.
type labelFlags struct {
	labels      []string
	annotations []string
	git         bool
}

func (l *labelFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&l.labels, "label", nil, "set a label of all images: `KEY=VALUE`")
	f.StringArrayVar(&l.annotations, "annotation", nil, "set an annotation of all images: `KEY=VALUE`")
	f.BoolVar(&l.git, "git-labels", false, "label images with source, revision and time of the git commit")
}

// read returns labels and annotations by their keys. commit is only called for what needs it.
func (l *labelFlags) read(cmd *cobra.Command, commit func() (revision.Commit, error)) (labels, annotations map[string]string, err error) {
	labels, annotations = map[string]string{}, map[string]string{}
	if l.git {
		c, err := commit()
		if err != nil {
			return nil, nil, err
		}
		labels[ocispecs.AnnotationRevision], labels[ocispecs.AnnotationCreated] = c.Name(), c.Time
		if c.Source != "" {
			labels[ocispecs.AnnotationSource] = c.Source
		}
	}
	for _, f := range []struct {
		flag   string
		values []string
		to     map[string]string
	}{{"label", l.labels, labels}, {"annotation", l.annotations, annotations}} {
		for _, v := range f.values {
			key, value, ok := strings.Cut(v, "=")
			switch {
			case !ok || key == "" || strings.ContainsFunc(key, unicode.IsControl):
				return nil, nil, usage(cmd, "--%s %s: expected KEY=VALUE", f.flag, v)
			case f.flag == "annotation" && strings.Contains(key, ":"):
				return nil, nil, usage(cmd, "--annotation %s: annotations are set in manifests and in indexes of several platforms; remove %q", v, key[:strings.Index(key, ":")+1])
			}
			f.to[key] = value
		}
	}
	return labels, annotations, nil
}

// commitOf returns the commit of the project in a directory, for the flags that need it.
func commitOf(cmd *cobra.Command, dir string) (revision.Commit, error) {
	c, err := revision.Head(cmd.Context(), dir)
	var outside *revision.NoWorkTreeError
	var none *revision.UnknownError
	switch {
	case errors.As(err, &none):
		return c, usage(cmd, "{revision} in names and --git-labels need a commit, and the git repository has none yet")
	case errors.As(err, &outside), errors.Is(err, revision.ErrNoGit):
		return c, usage(cmd, "{revision} in names and --git-labels need a git repository: %s", err)
	}
	return c, err
}
