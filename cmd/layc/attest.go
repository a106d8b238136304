package main

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/util/purl"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/sbom"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/llb"
	"github.com/layc-lang/layc/llb/attest"
	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/outputs"
)

// attestFlags are the flags for attestations, in the words of docker buildx.
type attestFlags struct {
	attest     []string
	sbom       string
	provenance string

	bills, builds bool // which attestations to make
	minimal       bool // of builds: without the project's files and parameters
	builder       string
}

func (a *attestFlags) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&a.attest, "attest", nil, "attach a `STATEMENT`: type=sbom, or type=provenance,mode=min|max")
	f.StringVar(&a.sbom, "sbom", "", "attach a bill of materials, unless `WHETHER` is false")
	f.StringVar(&a.provenance, "provenance", "", "attach how images are built, with the options `OPTIONS`")
	for _, name := range []string{"sbom", "provenance"} {
		f.Lookup(name).NoOptDefVal = "true"
	}
}

// check reads the flags, for a build with a destination.
func (a *attestFlags) check(cmd *cobra.Command, d *destination) error {
	a.builder = attest.DefaultBuilder
	for _, text := range a.attest {
		kind, rest, _ := strings.Cut(text, ",")
		if err := a.add(cmd, "--attest "+text, kind, rest); err != nil {
			return err
		}
	}
	for _, short := range []struct{ name, value string }{{"sbom", a.sbom}, {"provenance", a.provenance}} {
		switch short.value {
		case "", "false":
			continue
		case "true":
			short.value = ""
		}
		if err := a.add(cmd, "--"+short.name+" "+short.value, "type="+short.name, short.value); err != nil {
			return err
		}
	}
	indexes := d.dir != "" || len(d.pushes) > 0 || slices.ContainsFunc(d.outputs, func(o outputs.Output) bool { return o.Type == outputs.OCI })
	switch {
	case !a.bills && !a.builds:
	case !indexes:
		return usage(cmd, "attestations require an OCI layout or archive, like -o DIR, or --push")
	case d.shared.MediaTypes == "docker":
		return usage(cmd, "attestations require OCI media types; remove oci-mediatypes=false")
	}
	return nil
}

// add adds an attestation of a kind with options. flag is how the user wrote it.
func (a *attestFlags) add(cmd *cobra.Command, flag, kind, options string) error {
	kinds := []string{"type=sbom", "type=provenance"}
	allowed := []string{}
	switch kind {
	case kinds[0]:
		a.bills = true
	case kinds[1]:
		a.builds, allowed = true, []string{"mode", "builder-id"}
	default:
		if near := diag.Nearest(kind, kinds); near != "" {
			return usage(cmd, "%s: unknown attestation; did you mean %s?", flag, near)
		}
		return usage(cmd, "%s: expected type=sbom or type=provenance", flag)
	}
	for option := range strings.SplitSeq(options, ",") {
		name, value, _ := strings.Cut(option, "=")
		switch {
		case option == "":
		case !slices.Contains(allowed, name):
			return usage(cmd, "%s: unknown option %s; %s", flag, name, expected(allowed))
		case name == "mode" && (value == "min" || value == "max"):
			a.minimal = value == "min"
		case name == "builder-id" && strings.Contains(value, ":"):
			a.builder = value
		case name == "mode":
			return usage(cmd, "%s: expected mode=min or mode=max", flag)
		default:
			return usage(cmd, "%s: builder-id is not a URI", flag)
		}
	}
	return nil
}

// attester makes the statements of a build.
type attester struct {
	*build
	out    *compiler.Output
	files  []attest.Material // the program
	names  map[string]string // full ones, by those in the layout
	images map[string]attested
	labels map[string]string
}

// attested is an image to make statements about.
type attested struct {
	app    *model.App
	graph  *model.Graph
	known  map[string]sbom.Package
	inputs llb.Inputs
}

// attester returns the function that makes the statements about images; nil if there are none to make.
func (b *build) attester(out *compiler.Output, plans []*plan.Plan, d *delivery) (func(engine.BuiltImage) ([]attest.Statement, error), error) {
	if !b.attests.bills && !b.attests.builds {
		return nil, nil
	}
	a := &attester{build: b, out: out, names: d.output.Names, images: map[string]attested{}, labels: d.labels}
	if pushes := b.destination.pushes; len(pushes) > 0 {
		var err error
		if a.names, err = pushes[0].Name.Names(tagsOf(d.apps), d.values); err != nil {
			return nil, err
		}
	}
	for _, p := range plans {
		g, err := llb.Lower(p, llb.Options{Build: here})
		if err != nil {
			return nil, err
		}
		known := sbom.Known(p.Graph, out.Lock)
		for _, i := range g.Images {
			inputs, err := g.Inputs(i)
			if err != nil {
				return nil, err
			}
			a.images[key(i.App.References()[0], i.Platform)] = attested{i.App, p.Graph, known, inputs}
		}
	}
	if b.attests.builds {
		var err error
		if a.files, err = a.program(); err != nil {
			return nil, err
		}
	}
	return a.state, nil
}

// key identifies an image of a build.
func key(name string, platform ocispecs.Platform) string {
	return name + " " + platforms.Format(platform)
}

// state makes the statements about an image.
func (a *attester) state(built engine.BuiltImage) ([]attest.Statement, error) {
	i := a.images[key(built.Name, built.Platform)]
	about := attest.Subject{Digest: built.Manifest}
	for _, name := range i.app.References() {
		id, err := purl.RefToPURL("docker", a.names[name], &built.Platform)
		if err != nil {
			return nil, err
		}
		about.Names = append(about.Names, id)
	}
	var statements []attest.Statement
	add := func(kind string, predicate []byte, err error) error {
		if err == nil {
			var s attest.Statement
			s, err = attest.State(kind, about, predicate)
			statements = append(statements, s)
		}
		return err
	}
	if a.attests.bills {
		text, err := sbom.Of(i.graph, i.app, a.out.Lock).SPDX(sbom.Maker{Version: versionNumber(), Time: canonical})
		if err := add(attest.SPDX, text, err); err != nil {
			return nil, err
		}
	}
	if a.attests.builds {
		made, err := a.made(i)
		if err != nil {
			return nil, err
		}
		text, err := made.Predicate()
		if err := add(attest.Provenance, text, err); err != nil {
			return nil, err
		}
	}
	return statements, nil
}

// made describes the build of an image.
func (a *attester) made(i attested) (attest.Build, error) {
	made := attest.Build{
		Builder: a.attests.builder, Versions: map[string]string{"layc": versionNumber()},
		App: i.app.Name, Platform: i.graph.Platform.String(), Materials: slices.Clone(a.files),
	}
	if a.engine.address == "" {
		made.Versions["buildkit"] = moduleVersion("github.com/moby/buildkit")
	}
	for _, id := range i.inputs.Digests {
		p := i.known[id]
		made.Materials = append(made.Materials, attest.Material{URI: p.ID, Digest: digest.Digest(id)})
	}
	if a.attests.minimal {
		return made, nil
	}
	made.Parameters = map[string]string{}
	for _, s := range a.build.program.set {
		name, value, _ := strings.Cut(s, "=")
		made.Parameters[name] = value
	}
	for name, value := range a.labels {
		made.Parameters["label:"+name] = value
	}
	seen := map[string]bool{}
	for _, m := range a.files {
		seen[m.Name] = true
	}
	for _, s := range i.inputs.Selections {
		taken, _, err := s.Files(a.out.Files, nil)
		if err != nil {
			return made, err
		}
		for _, f := range taken {
			if !f.Type().IsRegular() || seen[f.Name] {
				continue
			}
			seen[f.Name] = true
			m, err := a.material(f.Name)
			if err != nil {
				return made, err
			}
			made.Materials = append(made.Materials, m)
		}
	}
	return made, nil
}

// program returns the files and the repositories that the program is read from.
func (a *attester) program() ([]attest.Material, error) {
	var list []attest.Material
	names := []string{lock.Name}
	for _, m := range a.out.Program.Modules {
		if m.Std || m.Git.URL != "" {
			continue
		}
		for _, f := range m.Files {
			names = append(names, path.Join(m.Path, path.Base(f.Source.Name())))
		}
	}
	for _, name := range names {
		if _, err := fs.Stat(a.out.Files, name); err != nil && name == lock.Name {
			continue // nothing is pinned
		}
		m, err := a.material(name)
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	for _, m := range a.out.Lock.Modules {
		list = append(list, attest.Material{URI: attest.GitURI(m.URL, m.Version), Commit: m.Commit})
	}
	return list, nil
}

// material returns a file of the project.
func (a *attester) material(name string) (attest.Material, error) {
	text, err := fs.ReadFile(a.out.Files, name)
	if err != nil {
		return attest.Material{}, cannot("read", name, err)
	}
	return attest.Material{Name: name, Digest: digest.FromBytes(text)}, nil
}
