package llb

import (
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"

	"github.com/layc-lang/layc/compiler/model"
)

// Steps of the built-in engine use the network as their host does: behind a company's proxy, with
// its trusted certificates. A step receives the settings as optional secrets, so they are in no
// definition, cache key or layer: a file with certificates, variables with the name of that file,
// and the variables of proxies. Another engine gets them only if its user wants that.

// certificates is the path of the host's certificates in a step.
const certificates = "/run/layc/certificates.crt"

// certificateVariables name the file of certificates for common programs: OpenSSL and its users,
// curl, git, Node.js, Python's requests and pip, Cargo.
var certificateVariables = []string{
	"SSL_CERT_FILE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "PIP_CERT", "CARGO_HTTP_CAINFO",
}

// ProxyVariables are the variables that select a proxy.
var ProxyVariables = []string{
	"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY",
	"http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy",
}

// secretPrefix starts the names of layc's own secrets. It has a dot, which identifiers cannot
// have.
const secretPrefix = "layc."

// NetworkSecrets returns the secrets that pass the host's network settings to steps: its
// certificates, as a PEM file (nil: steps use their own), and the values of the set proxy
// variables.
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

// network returns the mounts that pass the host's network settings to a run. Variables that the
// program sets are unchanged.
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
