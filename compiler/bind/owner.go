package bind

import (
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
)

// named reports owners by name that do not have the same numbers on a base, and so would be
// someone else in an image.
func (x *owners) named(base, i *model.Instance) {
	for _, n := range i.Named {
		if base.System.Users == nil {
			x.Unpinned(n.Span, "the users of %s", base.Title)
			return
		}
		there, unknown := base.System.Owner(n.Name)
		if unknown == "" && there == n.Owner {
			continue
		}
		is := there.String()
		if unknown != "" {
			is = "unknown"
		}
		x.Found.Errorf(diag.InvalidOwnerOrMode, n.Span, "%q is another owner on %s", n.Name, base.Title).
			Note("it stands for %s, but is %s on %s, which is the base of an app or a build", n.Owner.String(), is, base.Title).
			Hint("write the numbers, or declare a `user` with a uid")
	}
}
