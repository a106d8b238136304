package pin

import (
	"context"
	"fmt"
	"time"

	"github.com/layc-lang/layc/compiler/lock"
)

// announcing is a resolver that announces its requests.
type announcing struct {
	r        lock.Resolver
	announce func(string)
}

func (a announcing) Packages(ctx context.Context, want lock.Distribution, pinned lock.Pinned) ([]lock.Index, []lock.Package, error) {
	a.announce(fmt.Sprintf("resolving %s for %s", want.ID, want.Arch))
	return a.r.Packages(ctx, want, pinned)
}

func (a announcing) URL(ctx context.Context, url string) (lock.URL, error) {
	a.announce(fmt.Sprintf("downloading %s for its checksum", url))
	return a.r.URL(ctx, url)
}

func (a announcing) Image(ctx context.Context, ref lock.ImageRef) (lock.Image, error) {
	a.announce("resolving " + ref.Reference)
	return a.r.Image(ctx, ref)
}

func (a announcing) Base(ctx context.Context, ref lock.BaseRef) (lock.Base, error) {
	a.announce(fmt.Sprintf("reading the links and directories of %s", ref.Name))
	return a.r.Base(ctx, ref)
}

func (a announcing) Now() time.Time { return a.r.Now() }
