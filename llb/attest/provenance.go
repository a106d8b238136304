package attest

import (
	"strings"

	provenance "github.com/in-toto/attestation/go/predicates/provenance/v1"
	intoto "github.com/in-toto/attestation/go/v1"
	"github.com/opencontainers/go-digest"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/layc-lang/layc/lang/redact"
)

// DefaultBuilder is the builder's ID of builds that name none.
const DefaultBuilder = "https://github.com/layc-lang/layc"

// buildType tells what the parameters mean.
const buildType = "https://github.com/layc-lang/layc/build@v1"

// Build describes the build of an image.
type Build struct {
	Builder    string            // a URI
	Versions   map[string]string // of the builder's parts
	App        string
	Platform   string
	Parameters map[string]string // values of the module's parameters
	Materials  []Material
}

// Material is something that a build takes.
type Material struct {
	Name string // of a file in the project
	URI  string // of what comes from elsewhere
	// Digest is of the content; Commit is a git commit. One of the two is set.
	Digest digest.Digest
	Commit string
}

// Predicate returns the provenance of an image, as SLSA v1 defines it, in JSON. It has no passwords of
// URLs.
func (b Build) Predicate() ([]byte, error) {
	parameters := map[string]any{"app": b.App, "platform": b.Platform}
	if len(b.Parameters) > 0 {
		set := map[string]any{}
		for _, name := range sorted(b.Parameters) {
			set[name] = redact.Text(b.Parameters[name])
		}
		parameters["set"] = set
	}
	external, err := structpb.NewStruct(parameters)
	if err != nil {
		return nil, err
	}
	p := &provenance.Provenance{
		BuildDefinition: &provenance.BuildDefinition{BuildType: buildType, ExternalParameters: external},
		RunDetails:      &provenance.RunDetails{Builder: &provenance.Builder{Id: b.Builder, Version: b.Versions}},
	}
	for _, m := range b.Materials {
		d := &intoto.ResourceDescriptor{Name: m.Name, Uri: redact.Text(m.URI)}
		if m.Commit != "" {
			d.Digest = map[string]string{"gitCommit": m.Commit}
		} else {
			d.Digest = digests(m.Digest)
		}
		p.BuildDefinition.ResolvedDependencies = append(p.BuildDefinition.ResolvedDependencies, d)
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	return marshal(p)
}

// GitURI returns the URI of a git repository at a version.
func GitURI(url, version string) string {
	return "git+" + strings.TrimPrefix(url, "git+") + "@" + version
}
