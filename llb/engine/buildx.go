//go:build unix

package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/diag"
)

// Builder is a builder that docker buildx knows.
type Builder struct {
	Name   string
	Driver string // docker, docker-container, remote or kubernetes
	Nodes  []Node
}

// Node is a machine of a builder.
type Node struct {
	Name       string
	Endpoint   string // a context or host of Docker, or the address of a remote BuildKit
	DriverOpts map[string]string
}

// buildxDir returns the directory of buildx's configuration.
func buildxDir() string {
	if dir := os.Getenv("BUILDX_CONFIG"); dir != "" {
		return dir
	}
	if dir := os.Getenv("DOCKER_CONFIG"); dir != "" {
		return filepath.Join(dir, "buildx")
	}
	home, _ := os.UserHomeDir() // without a home, there is no such directory
	return filepath.Join(home, ".docker", "buildx")
}

// Builders returns the builders that docker buildx knows, by name. What is not the file of a builder
// is left out.
func Builders() []Builder {
	files, _ := filepath.Glob(filepath.Join(buildxDir(), "instances", "*")) // the pattern is valid
	var all []Builder
	for _, file := range files {
		if b, err := readBuilder(file); err == nil {
			all = append(all, b)
		}
	}
	slices.SortFunc(all, func(a, b Builder) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

func readBuilder(file string) (Builder, error) {
	var b Builder
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &b)
	}
	if err == nil && (b.Name == "" || len(b.Nodes) == 0) {
		err = errors.New("it has no name or no nodes")
	}
	return b, err
}

// buildxBuilder returns the builder of a name.
func buildxBuilder(name string) (Builder, error) {
	if name == "default" { // buildx has no file for Docker's own
		return Builder{Name: name, Driver: "docker", Nodes: []Node{{Name: name}}}, nil
	}
	file := filepath.Join(buildxDir(), "instances", filepath.Base(strings.ToLower(name)))
	b, err := readBuilder(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		known := []string{"default"}
		for _, b := range Builders() {
			known = append(known, b.Name)
		}
		help := "it knows " + strings.Join(known, ", ")
		if near := diag.Nearest(name, known); near != "" {
			help = fmt.Sprintf("did you mean buildx:%s?", near)
		}
		return Builder{}, &UnavailableError{What: "docker buildx has no builder " + name, Help: help}
	case err != nil:
		return Builder{}, &UnavailableError{What: "cannot read the builder " + name + " of docker buildx in " + file, Help: "create it again with docker buildx create", Err: err}
	}
	return b, nil
}

// Nodes returns the addresses of an address that stands for several engines: the nodes of a builder of
// docker buildx, and the pods of a deployment of Kubernetes, which such a node may be. Other addresses
// stand for themselves, and so does what cannot be read.
func Nodes(ctx context.Context, address string) []string {
	kind, rest, err := splitAddress(address)
	if err == nil && kind == "kube-deployment" {
		if d, err := parseDeployment(address); err == nil {
			return d.nodes(ctx, address)
		}
	}
	if err != nil || kind != "buildx" {
		return []string{address}
	}
	name, only, _ := strings.Cut(rest, "/")
	b, err := buildxBuilder(name)
	if err != nil || only != "" && b.Driver != "kubernetes" {
		return []string{address}
	}
	var all []string
	for _, n := range b.Nodes {
		node := "buildx:" + name + "/" + n.Name
		switch d, err := n.deployment(); {
		case only != "" && n.Name != only:
		case b.Driver == "kubernetes" && err == nil:
			all = append(all, d.nodes(ctx, node)...)
		default:
			all = append(all, node)
		}
	}
	if len(all) < 2 {
		return []string{address}
	}
	return all
}

// way returns the way to the builder's node of a name; "": to its first one.
func (b Builder) way(ctx context.Context, name string) (way, error) {
	node := b.Nodes[0]
	if name != "" {
		i := slices.IndexFunc(b.Nodes, func(n Node) bool { return n.Name == name })
		if i < 0 {
			var names []string
			for _, n := range b.Nodes {
				names = append(names, n.Name)
			}
			return way{}, &UnavailableError{What: "the builder " + b.Name + " of docker buildx has no node " + name, Help: "it has " + strings.Join(names, ", ")}
		}
		node = b.Nodes[i]
	}
	switch b.Driver {
	case "docker":
		return find(ctx, "docker://", "")
	case "docker-container":
		address := "docker-container://buildx_buildkit_" + node.Name
		if node.Endpoint != "" && node.Endpoint != "default" && !strings.Contains(node.Endpoint, "://") {
			address += "?context=" + node.Endpoint
		}
		return way{address: address}, nil
	case "kubernetes":
		d, err := node.deployment()
		if err != nil {
			return way{}, err
		}
		return d.way(ctx)
	case "remote":
		w := way{address: node.Endpoint}
		o := node.DriverOpts
		if o["cacert"] == "" && o["cert"] == "" {
			return w, nil
		}
		err := w.secure(o["cacert"], o["cert"], o["key"], o["servername"])
		return w, err
	}
	return way{}, &UnavailableError{What: fmt.Sprintf("layc cannot use the builder %s of docker buildx, which has the driver %s", b.Name, b.Driver), Help: "name one that it can"}
}
