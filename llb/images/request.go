package images

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/llb"
	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/helper"
	"github.com/layc-lang/layc/llb/project"
)

// SecretError is the error for a secret that a step needs and the input lacks.
type SecretError struct{ Name string }

func (e *SecretError) Error() string { return fmt.Sprintf("a step needs the secret %s", e.Name) }

// LayoutError is the error for a base that is an OCI layout of the project, if files are not sent.
type LayoutError struct{ Dir string }

func (e *LayoutError) Error() string { return fmt.Sprintf("the base %s is an OCI layout", e.Dir) }

// ErrNoAgent is the error for a step that uses SSH on a host without an agent.
var ErrNoAgent = errors.New("a step uses ssh, but no SSH agent is running")

// Host is the part of the building machine that steps use.
type Host struct {
	// Network has the machine's proxies and certificates as secrets; see llb.NetworkSecrets.
	Network  map[string][]byte
	SSHAgent string // the agent's socket; "": no agent
}

// ThisHost returns the machine that this process runs on. Its network settings are for an engine on
// this machine: another one may have another network.
func ThisHost(network bool) Host {
	h := Host{SSHAgent: os.Getenv("SSH_AUTH_SOCK")}
	if !network {
		return h
	}
	proxies := map[string]string{}
	for _, name := range llb.ProxyVariables {
		proxies[name] = os.Getenv(name)
	}
	h.Network = llb.NetworkSecrets(certificates(), proxies)
	return h
}

// bundles are the places of trusted certificates on common systems.
var bundles = []string{
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/ssl/cert.pem",
}

// maxBundle is BuildKit's limit for the size of a secret.
const maxBundle = 500 << 10

// certificates returns the certificates that this machine trusts, as PEM; nil if it has none.
func certificates() []byte {
	for _, file := range append([]string{os.Getenv("SSL_CERT_FILE")}, bundles...) {
		if pem, err := os.ReadFile(file); err == nil && len(pem) <= maxBundle {
			return pem
		}
	}
	return nil
}

// request returns the engine's request.
func request(in Input, graphs []*llb.Graph) (engine.Request, error) {
	r := engine.Request{Output: in.Output, CacheFrom: in.CacheFrom, CacheTo: in.CacheTo}
	if in.Sources == nil {
		if err := send(&r, in, graphs); err != nil {
			return r, err
		}
	}
	for _, g := range graphs {
		if in.Sources != nil && len(g.Layouts) > 0 {
			return r, &LayoutError{g.Layouts[0]}
		}
		for _, i := range g.Images {
			names := i.App.References()
			image := engine.Image{
				Name: names[0], Aliases: names[1:], Platform: i.Platform, Definition: i.Definition(), Config: i.Config, Inherited: i.Inherited, Annotations: annotations(i.App),
			}
			for _, y := range i.Layers {
				image.Planned = append(image.Planned, engine.PlannedLayer{ID: y.ID, Size: y.Size.Bytes})
				if y.Kind == plan.Base || y.Kind == plan.Spine {
					image.Spine = append(image.Spine, y.ID)
				}
			}
			r.Images = append(r.Images, image)
		}
		for _, p := range g.Proofs {
			r.Proofs = append(r.Proofs, asked(p))
		}
	}
	return r, nil
}

// annotations returns the annotations of an app's image.
func annotations(a *model.App) map[string]string {
	all := map[string]string{}
	for _, e := range a.Config.Annotations {
		all[e.Name] = e.Value
	}
	return all
}

// send adds what the engine requests from this machine: files, layouts, secrets, the agent.
func send(r *engine.Request, in Input, graphs []*llb.Graph) error {
	r.Locals, r.Layouts, r.Secrets = helper.Sources(), map[string]string{}, maps.Clone(in.Host.Network)
	if r.Secrets == nil {
		r.Secrets = map[string][]byte{}
	}
	if in.Copies != nil {
		r.Copies = in.Copies.Open
	}
	maps.Copy(r.Secrets, in.Secrets)
	taken := map[string]*model.Selection{}
	r.Locals[llb.ProjectSource] = project.Source(in.Files, taken)
	for _, g := range graphs {
		if g.SSH {
			if r.SSHAgent = in.Host.SSHAgent; r.SSHAgent == "" {
				return ErrNoAgent
			}
		}
		maps.Copy(taken, g.Selections)
		for _, dir := range g.Layouts {
			r.Layouts[dir] = filepath.Join(in.Dir, filepath.FromSlash(dir))
		}
		for _, name := range g.Secrets {
			if _, ok := r.Secrets[name]; !ok {
				return &SecretError{name}
			}
		}
	}
	return nil
}

// asked converts a proof for the engine.
func asked(p llb.Proof) engine.Proof {
	proof := engine.Proof{Definition: p.Definition(), Report: p.Report()}
	if p.Kind == llb.Libraries {
		proof.Holds = func(report []byte) bool { return !slices.ContainsFunc(llb.Lacks(report), llb.Lack.Fatal) }
	}
	return proof
}
