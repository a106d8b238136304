package bind

import (
	"fmt"

	"github.com/layc-lang/layc/compiler/evaluate"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
)

// accountInstance returns the instance that adds a user to the system.
func (x *binder) accountInstance(a *evaluate.User) *model.Instance {
	i := &model.Instance{
		Name: model.Name{Path: "user " + a.Path}, ID: "user " + a.Path, Title: "user " + a.Name, Kind: model.Stacked, Span: a.Span,
		Package: &model.PackageGroup{Account: &a.Account}, Rate: model.Rate{Set: true},
	}
	if a.Home != "" && a.Home != "/" {
		i.Steps = []model.Step{&model.Dir{Place: model.Place{Path: a.Home, Owner: a.Owner()}, Span: a.Span}}
	}
	return x.intern(i.ID, i, made{})
}

// sameAccounts reports two users of one image that share a name or a number.
func (x *binder) sameAccounts(a *model.App) {
	var seen []*model.Instance
	for _, i := range a.Closure {
		if i.Package == nil || i.Package.Account == nil {
			continue
		}
		u := i.Package.Account
		for _, other := range seen {
			o := other.Package.Account
			if o.Name == u.Name || o.UID == u.UID {
				same := fmt.Sprintf("number %d", u.UID)
				if o.Name == u.Name {
					same = "name " + u.Name
				}
				x.Found.Errorf(diag.ConflictingUsers, i.Span, "app %s has two users with the %s", a.Name, same).
					See(other.Span, "the other user").
					Note("in an image, each name and each number belongs to one user").
					Hint("use one user for both, or change the name and the uid of one of them")
			}
		}
		seen = append(seen, i)
	}
}
