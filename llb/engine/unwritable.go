//go:build unix

package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/layc-lang/layc/llb/cache"
	"github.com/layc-lang/layc/llb/registry/access"

	"github.com/layc-lang/layc/lang/lazy"
)

// mayWrite returns the errors of caches that take no results, as far as that is known before there are
// any.
func mayWrite(ctx context.Context, places []cache.Place) error {
	errs := make([]error, len(places))
	var all sync.WaitGroup
	for n, place := range places {
		all.Go(func() {
			if err := place.MayWrite(ctx); err != nil && !place.Lenient {
				errs[n] = unwritable(place, err)
			}
		})
	}
	all.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return errors.Join(errs...)
}

// unwritable returns the error for a cache that cannot be written.
func unwritable(place cache.Place, err error) *UnavailableError {
	note, help := plain(rootCause(err)).Error(), "check its name and your right to write to it"
	if saysFull(note) {
		note, help = "no space left on its disk", "make room there"
	}
	if place.Repository != "" {
		err = toldPush(place.Repository, err)
	}
	var advised interface{ Advice() (note, help string) }
	if errors.As(err, &advised) {
		note, help = advised.Advice()
	}
	first, more, _ := strings.Cut(note, "\n")
	if more != "" {
		help = more + "\n" + help
	}
	return &UnavailableError{
		What: fmt.Sprintf("cannot write the cache %s", place), Err: &plainError{first, err},
		Help: help + "\nwith ignore-error=true in --cache-to, this is only a warning",
	}
}

// pushed is what BuildKit says before the response to a push, and where it was sent.
var pushed = lazy.Regexp(`^error writing [a-z]+ blob: (unexpected status from [A-Z]+ request to [^ ]+: )?`)

// pushDenials begin BuildKit's errors for pushes that a registry denies, with the status.
var pushDenials = map[string]int{"denied:": 403, "403 Forbidden": 403, "unauthorized": 401, "401 Unauthorized": 401, "authorization failed": 401, "insufficient_scope": 401, "no basic auth": 401}

// toldPush returns the error of an engine's push to a repository as layc tells its own. Only text passes
// the engine's API.
func toldPush(repository string, err error) error {
	text := rootCause(err).Error()
	at := pushed().FindStringIndex(text)
	if at == nil {
		return err
	}
	repo, failed := name.NewRepository(repository)
	if failed != nil {
		return err
	}
	answer := strings.Join(strings.Fields(text[at[1]:]), " ")
	for begins, status := range pushDenials {
		if rest, ok := strings.CutPrefix(answer, begins); ok {
			return access.Denied(repo.RegistryStr(), "push to "+repo.RepositoryStr(), status, strings.TrimLeft(rest, ": "))
		}
	}
	told := &pushRefused{note: "the registry responded with " + answer, help: "check its name, and whether the registry takes caches", err: err}
	if busy := slices.ContainsFunc([]string{"5", "429", "toomanyrequests"}, func(s string) bool { return strings.HasPrefix(answer, s) }); busy || isNetworkFailure(err) {
		told.help = "the registry is busy or failing: run the command again later"
	}
	return told
}

// pushRefused is the error for a push of an engine.
type pushRefused struct {
	note, help string
	err        error
}

func (e *pushRefused) Error() string               { return e.note }
func (e *pushRefused) Unwrap() error               { return e.err }
func (e *pushRefused) Advice() (note, help string) { return e.note, e.help }
