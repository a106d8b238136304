package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	hub "github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/layc-lang/layc/llb/registry/access"
)

// UnfitError is the error for repositories that take no pushes, although the registry responds and the
// user is allowed to push.
type UnfitError struct {
	Registry     string
	Repositories []string
	Missing      bool // they do not exist, and a push does not create them
	Err          error
}

func (e *UnfitError) Error() string {
	note, help := e.Advice()
	return note + "\n" + help
}

func (e *UnfitError) Unwrap() error { return e.Err }

// Advice returns the reason, and what to do next.
func (e *UnfitError) Advice() (note, help string) {
	if !e.Missing {
		return fmt.Sprintf("%s takes no pushes to %s%s", e.Registry, e.Repositories[0], e.said()),
			"the registry may be a mirror, or read-only: name another one"
	}
	kind, create := "repository", "create it: this registry does not do that on a push"
	if len(e.Repositories) > 1 {
		kind, create = "repositories", "create them: this registry does not do that on a push"
	}
	if strings.Contains(e.Registry, ".dkr.ecr.") {
		create += "; with: aws ecr create-repository --repository-name " + e.Repositories[0]
	}
	return fmt.Sprintf("%s has no %s %s%s", e.Registry, kind, strings.Join(e.Repositories, ", "), e.said()), create
}

// said is the response of the registry, in brackets.
func (e *UnfitError) said() string {
	var response *hub.Error
	if !errors.As(e.Err, &response) {
		return ""
	}
	text := fmt.Sprintf(" (%d %s)", response.StatusCode, http.StatusText(response.StatusCode))
	if own := said(response); own != "" && len(e.Repositories) == 1 {
		text += ": " + own
	}
	return text
}

// unfit turns the response of a registry to a push into an [*UnfitError], if it is one.
func unfit(repo name.Repository, err error) error {
	var response *hub.Error
	var denied *access.DeniedError
	var down *UnreachableError
	if !errors.As(err, &response) || errors.As(err, &denied) || errors.As(err, &down) {
		return err
	}
	unknown := slices.ContainsFunc(response.Errors, func(d hub.Diagnostic) bool { return d.Code == hub.NameUnknownErrorCode })
	missing := response.StatusCode == http.StatusNotFound && unknown
	if !missing && response.StatusCode != http.StatusMethodNotAllowed {
		return err
	}
	return &UnfitError{access.Display(repo.RegistryStr()), []string{repo.RepositoryStr()}, missing, err}
}

// CheckWrite returns why a repository takes no pushes, as far as its registry tells that without an
// upload: an *[access.DeniedError], an *[UnfitError] or an *[UnreachableError]. It starts an upload, and
// cancels it.
func (c Client) CheckWrite(ctx context.Context, repository string) error {
	repo, err := name.NewRepository(repository)
	if err != nil {
		return err
	}
	return refused(ctx, repo, remote.CheckPushPermission(repo.Tag("latest"), authn.DefaultKeychain, c.transport(ctx)))
}

// CheckPush returns why images cannot be pushed, as far as registries tell that without an image: a
// *[NameError], an *[access.DeniedError], an *[UnfitError] or an *[UnreachableError]. It starts uploads,
// and cancels them. Registries grant access to a whole path of repositories, so it does that for one
// repository of each path, and not for a thousand. Some registries do not create repositories, so it
// also does that for each repository whose tag does not exist yet. names has the images' names in
// registries, by those in the layout.
func (c Client) CheckPush(ctx context.Context, images []string, names map[string]string) error {
	var first, others []name.Tag // one of each repository: the first one of each path, and the others
	repositories, paths := map[string]bool{}, map[string]bool{}
	for _, image := range images {
		tag, err := reference("", image, names[image])
		if err != nil {
			return err
		}
		repo := tag.Repository.Name()
		if repositories[repo] {
			continue
		}
		repositories[repo] = true
		if path := repo[:strings.LastIndexByte(repo, '/')]; !paths[path] {
			paths[path] = true
			first = append(first, tag)
		} else {
			others = append(others, tag)
		}
	}
	hubs := c.transport(ctx)
	puller, err := remote.NewPuller(append(c.usual(ctx), remote.WithTransport(hubs))...)
	if err != nil {
		return err
	}
	var mu sync.Mutex // guards missing
	var missing []*UnfitError
	upload := func(ctx context.Context, tag name.Tag) error {
		err := refused(ctx, tag.Repository, remote.CheckPushPermission(tag, authn.DefaultKeychain, hubs))
		if unfit := (*UnfitError)(nil); errors.As(err, &unfit) && unfit.Missing {
			mu.Lock()
			defer mu.Unlock()
			missing = append(missing, unfit)
			return nil
		}
		return err
	}
	if err := each(ctx, len(first), maxUploads, func(ctx context.Context, n int) error { return upload(ctx, first[n]) }); err != nil {
		return err
	}
	err = each(ctx, len(others), maxRequests, func(ctx context.Context, n int) error {
		if _, err := puller.Head(ctx, others[n]); err == nil {
			return nil
		}
		return upload(ctx, others[n])
	})
	if err != nil || len(missing) == 0 {
		return err
	}
	slices.SortFunc(missing, func(a, b *UnfitError) int {
		return cmp.Or(cmp.Compare(a.Registry, b.Registry), cmp.Compare(a.Repositories[0], b.Repositories[0]))
	})
	all := *missing[0]
	for _, more := range missing[1:] {
		if more.Registry == all.Registry {
			all.Repositories = append(all.Repositories, more.Repositories...)
		}
	}
	return &all
}
