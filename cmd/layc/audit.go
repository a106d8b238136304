package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/layc-lang/layc/lang/term"
	"github.com/layc-lang/layc/llb/audit"
	"github.com/layc-lang/layc/llb/registry"

	"github.com/layc-lang/layc/lang/lazy"
)

func (c *cli) auditCommand() *cobra.Command {
	a := &auditing{cli: c}
	cmd := &cobra.Command{
		Use:        "audit IMAGES…",
		SuggestFor: []string{"dive", "analyze", "inspect"},
		Short:      "Say what existing images store twice",
		Long: `audit reads the layers of existing images, whatever built them. It says what
they store twice, what a plan that shares everything would not store, and which
lines of Dockerfiles cause it.

IMAGES are OCI layout directories, images of registries, or repositories, whose
tags are all read. Each different layer is read once.

~ marks estimates: the size of a file within a compressed layer is not known.`,
		Example: `  layc audit out
  layc audit registry.example.com/team/api:1 registry.example.com/team/web:1
  layc audit registry.example.com/team/api     all tags
  layc audit out --html audit.html
  layc audit out --json`,
		RunE: a.run,
	}
	cmd.Flags().BoolVar(&a.asJSON, "json", false, "print the report as JSON")
	cmd.Flags().StringVar(&a.html, "html", "", "write the report to `FILE` as a page")
	a.registries.flags(cmd)
	return cmd
}

// auditing is one invocation of layc audit.
type auditing struct {
	*cli
	registries registryFlags
	asJSON     bool
	html       string
}

func (a *auditing) run(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usage(cmd, "expected an OCI layout, an image or a repository")
	}
	if err := canWrite(cmd, "--html", a.html); err != nil {
		return err
	}
	client, err := a.registries.client(cmd)
	if err != nil {
		return err
	}
	r, err := a.audit(cmd.Context(), client, args)
	if err != nil {
		return err
	}
	if a.html != "" {
		text, err := r.Page()
		if err != nil {
			return err
		}
		if err := replaceFile(a.html, []byte(text)); err != nil {
			return err
		}
	}
	if a.asJSON {
		text, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		return a.verbatim(string(text) + "\n")
	}
	showAudit(a.out, r)
	if a.html != "" {
		fmt.Fprintf(a.out, "\nwrote %s\n", a.html)
	}
	return nil
}

// audit reads images and their layers.
func (c *cli) audit(ctx context.Context, client registry.Client, sources []string) (*audit.Report, error) {
	var images []audit.Image
	layers := map[string]v1.Layer{}
	var order []string
	for _, s := range sources {
		found, err := client.Existing(ctx, s)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			image, err := auditedImage(f, layers, &order)
			if err != nil {
				return nil, fmt.Errorf("reading %s: %w", f.Name, err)
			}
			images = append(images, image)
		}
	}
	if len(images) == 0 {
		return nil, fmt.Errorf("no images in %s", strings.Join(sources, ", "))
	}
	contents := make([]*audit.Content, len(order))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for n, id := range order {
		g.Go(func() error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			r, err := layers[id].Uncompressed()
			if err != nil {
				return fmt.Errorf("reading the layer %.19s: %w", id, err)
			}
			defer r.Close()
			if contents[n], err = audit.Read(r); err != nil {
				return fmt.Errorf("reading the layer %.19s: %w", id, err)
			}
			_, err = io.Copy(io.Discard, r)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	byID := map[string]*audit.Content{}
	for n, id := range order {
		byID[id] = contents[n]
	}
	return audit.Audit(images, byID), nil
}

// auditedImage returns an image's layers with the instructions that made them, and adds them to the layers
// to read.
func auditedImage(f registry.Existing, layers map[string]v1.Layer, order *[]string) (audit.Image, error) {
	out := audit.Image{Name: f.Name, Platform: f.Platform}
	config, err := f.Image.ConfigFile()
	if err != nil {
		return out, err
	}
	all, err := f.Image.Layers()
	if err != nil {
		return out, err
	}
	var by []string
	for _, h := range config.History {
		if !h.EmptyLayer {
			by = append(by, instruction(h.CreatedBy))
		}
	}
	for n, l := range all {
		digest, err := l.Digest()
		if err != nil {
			return out, err
		}
		diff, err := l.DiffID()
		if err != nil {
			return out, err
		}
		size, err := l.Size()
		if err != nil {
			return out, err
		}
		made := ""
		if len(by) == len(all) {
			made = by[n]
		}
		out.Layers = append(out.Layers, audit.Layer{Digest: digest.String(), DiffID: diff.String(), Size: size, By: made})
		if layers[diff.String()] == nil {
			layers[diff.String()] = l
			*order = append(*order, diff.String())
		}
	}
	return out, nil
}

var shellPrefix = lazy.Regexp(`^(RUN )?(\|\d+ (\S+=\S* )*)?/bin/sh -c (#\(nop\) *)?`)

// instruction returns the line of a Dockerfile for an entry of an image's history.
func instruction(createdBy string) string {
	text := strings.Join(strings.Fields(strings.TrimSuffix(strings.TrimSpace(createdBy), "# buildkit")), " ")
	if m := shellPrefix().FindString(text); m != "" && !strings.Contains(m, "#(nop)") {
		return "RUN " + strings.TrimPrefix(text, m)
	} else if m != "" {
		return strings.TrimPrefix(text, m)
	}
	return text
}

// showAudit prints a report for people.
func showAudit(w io.Writer, r *audit.Report) {
	const most = 12
	fmt.Fprintf(w, "%s stored for %s in %s; %s if each image were alone\n", audit.Size(r.Stored), term.Count(len(r.Images), "image"), term.Count(r.Layers, "layer"), audit.Size(r.Alone))
	fmt.Fprintf(w, "a plan that shares everything stores up to ~%s less:\n", audit.Size(r.Savable()))
	var sums term.Table
	sums.Row("  equal layers, compressed again", audit.Size(r.RecompressedBytes))
	sums.Row("  equal files, stored again", "~"+audit.Size(r.RepeatedBytes))
	sums.Row("  caches, and files deleted or replaced", "~"+audit.Size(r.LeftBytes))
	sums.Print(w)
	if len(r.Repeated) > 0 {
		fmt.Fprintf(w, "\nequal files:\n")
		for n, g := range r.Repeated {
			if n == most {
				fmt.Fprintf(w, "  and %d more\n", len(r.Repeated)-n)
				break
			}
			fmt.Fprintf(w, "  ~%s  %s, such as /%s\n", audit.Size(g.Bytes), term.Count(g.Files, "file"), g.Example)
			for k, at := range g.Layers {
				if k == 4 {
					fmt.Fprintf(w, "      and %s\n", term.More(len(g.Layers)-k, "layer", "layers"))
					break
				}
				fmt.Fprintf(w, "      %s  %s\n", at.Image, term.Cut(at.By, 60))
			}
		}
	}
	if len(r.Recompressed) > 0 {
		fmt.Fprintf(w, "\nequal layers with several digests:\n")
		for _, g := range r.Recompressed {
			fmt.Fprintf(w, "  %s  %s of %s\n", audit.Size(g.Bytes), term.Count(len(g.Blobs), "blob"), strings.Join(g.Images, ", "))
		}
	}
	if len(r.Habits) == 0 {
		return
	}
	fmt.Fprintf(w, "\nhabits of Dockerfiles:\n")
	for n, h := range r.Habits {
		if n == most {
			fmt.Fprintf(w, "  and %d more\n", len(r.Habits)-n)
			break
		}
		fmt.Fprintf(w, "  ~%s  %s in %s: %s\n", audit.Size(h.Bytes), h.Kind, h.Image, term.Cut(h.By, 60))
		if h.Example != "" {
			fmt.Fprintf(w, "      such as /%s\n", h.Example)
		}
		fmt.Fprintf(w, "      instead: %s\n", h.Kind.Advice())
	}
}
