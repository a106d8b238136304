package lock

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// noAnswer is the error of a registry that cannot be reached.
type noAnswer struct{ error }

func (noAnswer) Unreachable() {}

// registries is a resolver whose registries fail in different ways.
type registries struct{ fakeResolver }

func (r *registries) Image(_ context.Context, ref ImageRef) (Image, error) {
	r.asked = append(r.asked, ref.Reference+" "+ref.Platform)
	switch registryOf(ref.Reference) {
	case "down.example.com":
		return Image{}, noAnswer{errors.New("no route")}
	case "":
		return Image{ref.Reference, ref.Platform, digest("f")}, nil
	}
	return Image{}, errors.New("no such tag")
}

// TestUpdateBases checks that all bases are resolved before their errors are returned, and that a
// registry that cannot be reached is asked once.
func TestUpdateBases(t *testing.T) {
	r := &registries{}
	var refs Refs
	for _, image := range []string{"debian:12", "down.example.com/a:1", "down.example.com/b:1", "up.example.com/a:1", "up.example.com/b:1"} {
		for _, platform := range []string{"linux/amd64", "linux/arm64"} {
			refs.Images = append(refs.Images, ImageRef{image, platform})
		}
	}
	refs.Bases = []BaseRef{{"layout", "base", digest("e")}}
	r.fail = errors.New("not a layout")
	got, err := Update(t.Context(), &File{}, refs, r)
	var all BaseErrors
	if got != nil || !errors.As(err, &all) {
		t.Fatalf("%v, %v", got, err)
	}
	want := "pinning the base down.example.com/a:1: no route\npinning the base down.example.com/a:1: no route\n" +
		"pinning the base down.example.com/b:1: no route\npinning the base down.example.com/b:1: no route\n" +
		"pinning the base up.example.com/a:1: no such tag\npinning the base up.example.com/a:1: no such tag\n" +
		"pinning the base up.example.com/b:1: no such tag\npinning the base up.example.com/b:1: no such tag\n" +
		"pinning the base base: not a layout"
	if err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	asked := "debian:12 linux/amd64, debian:12 linux/arm64, down.example.com/a:1 linux/amd64, " +
		"up.example.com/a:1 linux/amd64, up.example.com/a:1 linux/arm64, up.example.com/b:1 linux/amd64, up.example.com/b:1 linux/arm64, base base"
	if got := strings.Join(r.asked, ", "); got != asked {
		t.Errorf("asked %s\nwant  %s", got, asked)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	cancel(stopped)
	if _, err := Update(ctx, &File{}, refs, r); !errors.Is(err, stopped) || errors.As(err, &all) {
		t.Errorf("after the end of the context: %v", err)
	}
}
