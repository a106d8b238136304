//go:build unix

package engine

import (
	"context"

	"github.com/docker/cli/cli/config/types"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/auth/authprovider"
)

// credentials passes the user's registry credentials to the engine, from the same places as in
// the rest of layc: the configuration of Docker or Podman. The engine requests them for the
// registries that it pulls from.
func credentials() session.Attachable {
	return authprovider.NewDockerAuthProvider(authprovider.DockerAuthProviderConfig{AuthConfigProvider: credentialsOf})
}

// credentialsOf returns the credentials for a registry, or empty ones.
func credentialsOf(ctx context.Context, host string, _ []string, _ authprovider.ExpireCachedAuthCheck) (types.AuthConfig, error) {
	if host == authprovider.DockerHubRegistryHost {
		host = name.DefaultRegistry
	}
	registry, err := name.NewRegistry(host)
	if err != nil {
		return types.AuthConfig{}, err
	}
	who, err := authn.Resolve(ctx, authn.DefaultKeychain, registry)
	if err != nil {
		return types.AuthConfig{}, err
	}
	c, err := authn.Authorization(ctx, who)
	if err != nil || c == nil {
		return types.AuthConfig{}, err
	}
	return types.AuthConfig{
		Username: c.Username, Password: c.Password, Auth: c.Auth,
		IdentityToken: c.IdentityToken, RegistryToken: c.RegistryToken, ServerAddress: host,
	}, nil
}
