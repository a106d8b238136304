package llb

import (
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"

	"github.com/layc-lang/layc/compiler/model"
)

// Steps use the network as their host does: behind a company's proxy, with the
// certificates that it trusts. What that takes reaches a step as secrets that
// need not be there, so that it is in no definition, no cache key and no
// layer: a file with certificates, variables that name that file, and the
// variables of proxies.

// certificates is where a step finds the host's certificates.
const certificates = "/run/layc/certificates.crt"

// certificateVariables name a file of certificates for the usual programs:
// OpenSSL and what builds on it, curl, git, Node.js, Python's requests and pip,
// Cargo.
var certificateVariables = []string{
	"SSL_CERT_FILE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "PIP_CERT", "CARGO_HTTP_CAINFO",
}

// ProxyVariables are the variables that say which proxy to use.
var ProxyVariables = []string{
	"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY",
	"http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy",
}

// secretPrefix begins the names of secrets that are no program's own: no
// identifier has a point in it.
const secretPrefix = "layc."

// NetworkSecrets are the secrets that give steps a host's network: its
// certificates, as a PEM file (nil: steps use their own), and the values of
// proxy variables that are set.
func NetworkSecrets(pem []byte, proxies map[string]string) map[string][]byte {
	out := map[string][]byte{}
	if len(pem) > 0 {
		out[secretPrefix+"certificates"] = pem
		out[secretPrefix+"certificates-path"] = []byte(certificates)
	}
	for name, value := range proxies {
		if value != "" && slices.Contains(ProxyVariables, name) {
			out[secretPrefix+name] = []byte(value)
		}
	}
	return out
}

// network are the mounts that give a run the host's network. Variables that
// the program sets stay as they are.
func network(i *model.Instance, s *model.Run) []llb.RunOption {
	if s.NoNetwork {
		return nil
	}
	opts := []llb.RunOption{
		llb.AddSecret(certificates, llb.SecretID(secretPrefix+"certificates"), llb.SecretOptional, llb.SecretFileOpt(0, 0, 0o444)),
	}
	set := func(name string) bool {
		is := func(v model.EnvVar) bool { return strings.EqualFold(v.Name, name) }
		return slices.ContainsFunc(i.Env, is) || slices.ContainsFunc(s.Vars, is)
	}
	for _, name := range certificateVariables {
		if !set(name) {
			opts = append(opts, llb.AddSecret(name, llb.SecretID(secretPrefix+"certificates-path"), llb.SecretAsEnv(true), llb.SecretOptional))
		}
	}
	for _, name := range ProxyVariables {
		if !set(name) {
			opts = append(opts, llb.AddSecret(name, llb.SecretID(secretPrefix+name), llb.SecretAsEnv(true), llb.SecretOptional))
		}
	}
	return opts
}
