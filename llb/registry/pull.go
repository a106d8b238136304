package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	hub "github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/llb/registry/access"
	"github.com/layc-lang/layc/llb/world/transport"
)

// UnservedError is the error for an image that a registry does not serve, although it responds and does
// not deny it.
type UnservedError struct {
	Note string // why
	Help string // what to do next
	Err  error
}

func (e *UnservedError) Error() string { return e.Note + " (" + e.Help + ")" }

func (e *UnservedError) Unwrap() error { return e.Err }

// Advice returns the reason, and what to do next.
func (e *UnservedError) Advice() (note, help string) { return e.Note, e.Help }

// notPulled turns an error of a pull into a [*access.DeniedError], an [*UnreachableError] or an
// [*UnservedError]. Errors of a context, and about an image that is there, stay as they are.
func notPulled(ref name.Reference, err error) error {
	at := ref.Context().Registry
	var denied *access.DeniedError
	var down *UnreachableError
	var unfit *lock.UnfitError
	err = failed(at, "pull "+ref.Name(), err)
	if errors.As(err, &denied) || errors.As(err, &down) || errors.As(err, &unfit) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	host := access.Display(at.RegistryStr())
	login := access.FindLogin(at.RegistryStr())
	if login.Err != nil {
		return &UnservedError{login.String(), "correct that file, or log in again with " + access.LoginWith(at.RegistryStr()), err}
	}
	var response *hub.Error
	if !errors.As(err, &response) {
		return &UnservedError{fmt.Sprintf("%s sends something else than the image: %s", host, Cause(err)), "check the registry name, and whether a proxy answers for " + host, err}
	}
	if response.StatusCode != http.StatusNotFound {
		return &UnservedError{fmt.Sprintf("%s: %s", host, Cause(err)), "check the name of the image", err}
	}
	what := ref.Context().RepositoryStr() + ":" + ref.Identifier()
	if _, pinned := ref.(name.Digest); pinned {
		what = ref.Context().RepositoryStr() + "@" + ref.Identifier()
	}
	if slices.ContainsFunc(response.Errors, func(d hub.Diagnostic) bool { return d.Code == hub.NameUnknownErrorCode }) {
		what = "repository " + ref.Context().RepositoryStr()
	}
	help := "a registry may also hide what needs a login: " + access.LoginWith(at.RegistryStr())
	if login.User != "" {
		help = fmt.Sprintf("a registry may also hide what %s may not read", login.User)
	}
	return &UnservedError{fmt.Sprintf("%s has no %s (%s)", host, what, status(response)), "check the name and the tag; " + help, err}
}

// lost returns the error for a manifest that a registry has accepted, and does not have.
func lost(repo name.Repository, manifest string, err error) error {
	host := access.Display(repo.RegistryStr())
	return &UnservedError{fmt.Sprintf("%s has accepted the manifest %s, but does not have it", host, manifest), "ask the administrator of " + host, err}
}

// status tells the response of a registry in a few words.
func status(e *hub.Error) string {
	text := fmt.Sprintf("%d %s", e.StatusCode, http.StatusText(e.StatusCode))
	if own := said(e); own != "" {
		text += ": " + own
	}
	return text
}

// Cause returns why a request failed, without the address that it was sent to.
func Cause(err error) string {
	var busy *transport.StatusError
	var response *hub.Error
	var address *net.OpError
	var request *url.Error
	switch err = telling(err); {
	case errors.As(err, &busy):
		return busy.Error()
	case errors.As(err, &response):
		text := fmt.Sprintf("the server responded with %d %s", response.StatusCode, http.StatusText(response.StatusCode))
		for _, d := range response.Errors {
			text += strings.TrimSuffix(fmt.Sprintf(": %s: %s", d.Code, d.Message), ": ")
		}
		return text
	case errors.As(err, &address):
		return address.Error()
	case errors.As(err, &request):
		return request.Err.Error()
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err.Error()
}

// inIndex returns an error if an index has no image for a platform.
func inIndex(ref lock.ImageRef, platform v1.Platform, index v1.ImageIndex) error {
	manifest, err := index.IndexManifest()
	if err != nil {
		return err
	}
	var all []string
	for _, m := range manifest.Manifests {
		switch {
		case m.Platform == nil || m.Platform.Satisfies(platform):
			return nil
		case m.Platform.OS != "unknown": // of statements about images
			all = append(all, m.Platform.String())
		}
	}
	slices.Sort(all)
	return otherPlatform("%s has no image for %s, only for %s", ref.Reference, ref.Platform, cmp.Or(strings.Join(slices.Compact(all), ", "), "no platform"))
}

func otherPlatform(format string, args ...any) error {
	return &lock.UnfitError{Note: fmt.Sprintf(format, args...), Help: "name an image for that platform, or other `platforms` in the fleet"}
}
