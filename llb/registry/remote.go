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

// UnreachableError says that a registry could not be reached or did not answer, so
// that trying again later may help and changing the program will not.
type UnreachableError struct {
	Registry string
	Err      error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("%v (is the network up, is a proxy needed, is the registry %s right?)", e.Err, e.Registry)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// usual are the options of all requests: credentials are those of the user's other
// container tools.
func usual(ctx context.Context) []remote.Option {
	return []remote.Option{remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain), remote.WithTransport(transport.New(transport.Usual))}
}

// failed makes an error that a registry is not there of one that it does not answer
// itself.
func failed(at string, err error) error {
	var answer *hub.Error
	var request interface{ Timeout() bool } // what fails on the way
	switch {
	case at == "" || errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &answer) && (answer.StatusCode >= 500 || answer.StatusCode == http.StatusTooManyRequests),
		answer == nil && (errors.As(err, &request) || errors.Is(err, io.ErrUnexpectedEOF)):
		return &UnreachableError{at, err}
	}
	return err
}
