package main

import (
	"os"

	"github.com/layc-lang/layc/llb"
)

// bundles are where systems keep the certificates that they trust.
var bundles = []string{
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/ssl/cert.pem",
}

// hostNetwork are the secrets that let steps use the network as this host
// does.
func hostNetwork() map[string][]byte {
	proxies := map[string]string{}
	for _, name := range llb.ProxyVariables {
		proxies[name] = os.Getenv(name)
	}
	var pem []byte
	for _, file := range append([]string{os.Getenv("SSL_CERT_FILE")}, bundles...) {
		text, err := os.ReadFile(file)
		if err == nil && len(text) <= maxBundle {
			pem = text
			break
		}
	}
	return llb.NetworkSecrets(pem, proxies)
}

// maxBundle is the size to which BuildKit takes a secret.
const maxBundle = 500 << 10
