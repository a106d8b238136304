package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	hub "github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/layc-lang/layc/llb/world/transport"
)

// UnreachableError is the error for a registry that cannot be reached or does not respond. Trying
// again later may help; changing the program does not.
type UnreachableError struct {
	Registry string
	Err      error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("%v (check the network, the proxy settings, and the registry name %s)", e.Err, e.Registry)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// usual returns the options of all requests. Credentials come from the configuration of the
// user's other container tools.
func usual(ctx context.Context) []remote.Option {
	return []remote.Option{remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain), remote.WithTransport(transport.New(transport.Usual))}
}

// failed turns an error into an [UnreachableError], unless it is a response of the registry.
func failed(at string, err error) error {
	var answer *hub.Error
	var request interface{ Timeout() bool } // a failure on the way
	switch {
	case at == "" || errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &answer) && (answer.StatusCode >= 500 || answer.StatusCode == http.StatusTooManyRequests),
		answer == nil && (errors.As(err, &request) || errors.Is(err, io.ErrUnexpectedEOF)):
		return &UnreachableError{at, err}
	}
	return err
}
