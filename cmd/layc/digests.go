package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/lang/term"
	"github.com/layc-lang/layc/llb/digests"
	"github.com/layc-lang/layc/llb/registry"
)

// digestFiles are the flags for files of deployment tools with the digests of pushed images.
type digestFiles struct{ files []string }

func (d *digestFiles) flag(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&d.files, "digests", nil, "write the digests of pushed images to `FILE`: .json, .yaml for Helm, kustomization.yaml")
}

// check checks the files before anything is built.
func (d *digestFiles) check(cmd *cobra.Command, push bool) error {
	if len(d.files) > 0 && !push {
		return usage(cmd, "--digests requires --push: a deployment needs images that a registry has")
	}
	for _, file := range d.files {
		if !digests.Known(file) {
			return usage(cmd, "--digests %s: unknown format; name a file NAME.json, NAME.yaml (values for Helm) or kustomization.yaml", file)
		}
		if err := canWrite(cmd, "digests", file); err != nil {
			return err
		}
		if _, _, err := d.updated(file, nil); err != nil {
			return err
		}
	}
	return nil
}

// updated returns the text of a file, and the text with the digests of images.
func (d *digestFiles) updated(file string, images []digests.Image) (before, after []byte, err error) {
	before, err = readInput(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, cannot("read", file, err)
	}
	if after, err = digests.Update(file, before, images); err != nil {
		return nil, nil, fmt.Errorf("--digests %s: %w", file, err)
	}
	return before, after, nil
}

// writeDigests writes the digests of the plans' images that the registry has, where they were pushed
// first. Other entries stay.
func (b *build) writeDigests(plans []*plan.Plan, pushed []registry.Pushed) error {
	if len(b.digests.files) == 0 {
		return nil
	}
	byName := map[string]registry.Pushed{}
	for _, p := range pushed {
		if _, known := byName[p.Name]; p.There() && !known {
			byName[p.Name] = p
		}
	}
	seen := map[string]bool{}
	var images []digests.Image
	for _, one := range plans {
		for _, i := range append(one.Images, one.Published...) {
			p, ok := byName[i.App.References()[0]]
			if !ok || seen[i.App.Name] {
				continue
			}
			seen[i.App.Name] = true
			repository := p.Reference
			if at := strings.LastIndex(repository, ":"); at > strings.LastIndex(repository, "/") {
				repository = repository[:at]
			}
			images = append(images, digests.Image{App: i.App.Name, Repository: repository, Digest: p.Digest})
		}
	}
	if len(images) == 0 {
		return nil
	}
	for _, file := range b.digests.files {
		before, after, err := b.digests.updated(file, images)
		if err != nil {
			return err
		}
		said := "the digests in " + file + " are up to date"
		if string(before) != string(after) || before == nil {
			if err := replaceFile(file, after); err != nil {
				return err
			}
			said = fmt.Sprintf("wrote %s to %s", term.Count(len(images), "digest"), file)
		}
		if !b.json && !b.quiet {
			fmt.Fprintln(b.out, said)
		}
	}
	return nil
}
