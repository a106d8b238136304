package llb

import (
	"testing"

	"github.com/layc-lang/layc/compiler/lock"
)

// TestPackageNames names packages: those first that were asked for.
func TestPackageNames(t *testing.T) {
	p := func(name string, needs ...string) lock.Package { return lock.Package{Name: name, Needs: needs} }
	for _, c := range []struct {
		packages []lock.Package
		want     string
	}{
		{[]lock.Package{p("curl", "curl")}, "curl"},
		{[]lock.Package{p("libc"), p("nginx", "libc")}, "nginx and libc"},
		{[]lock.Package{p("libc"), p("nginx", "libc"), p("curl", "libc")}, "curl, nginx and libc"},
		{[]lock.Package{p("a"), p("b", "a"), p("nginx", "b"), p("c", "a", "b"), p("curl", "c")}, "curl, nginx and 3 more"},
		{[]lock.Package{p("b", "a"), p("a", "b")}, "a and b"},
	} {
		if got := packageNames(c.packages); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
