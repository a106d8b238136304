package component

import (
	"fmt"
	"slices"

	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// Users. A declared user has explicit ids, so that files belong to the same
// numbers in every image. Whatever mentions a user, as an owner, as who runs a
// command or as who runs the container, needs it: an instance of its own that
// enters the user into the system's files.

// account is a declared user as a value. As text it is its owner, "33:33".
type account struct {
	Account
	path   string // its stable name
	span   source.Span
	hasUID bool
	hasGID bool
}

func (a *account) owner() *Owner { return &Owner{UID: a.UID, GID: a.GID} }

// mention makes a body need a user.
func (b *body) mention(a *account, at source.Span) {
	b.mentions = append(b.mentions, &ref{account: a, span: at})
}

// account evaluates a user declaration, once; nil if it has no uid, which is
// reported.
func (x *expander) account(o *check.User) *account {
	if a, ok := x.accounts[o]; ok {
		return a
	}
	name := o.Decl.Name
	a := &account{Account: Account{Name: name.Name}, path: qualified(o.Module, name.Name), span: name.At}
	x.statements(o.Decl.Body, &env{module: o.Module}, &body{module: o.Module, span: name.At, account: a})
	if !a.hasUID {
		x.found.Errorf("E0317", name.At, "user `%s` has no `uid`", name.Name).
			Note("users have explicit numbers, so that files belong to the same one in every image").
			Hint("write `uid 1001`")
		a = nil
	} else if !a.hasGID {
		a.GID = a.UID
	}
	x.accounts[o] = a
	return a
}

// accountClause evaluates a clause of a user's block.
func (x *expander) accountClause(s *syntax.Clause, v *env, a *account) {
	switch s.Word.Name {
	case "uid":
		a.UID, a.hasUID = x.id(s, v), true
	case "gid":
		a.GID, a.hasGID = x.id(s, v), true
	case "home":
		a.Home = x.homePath(s, v)
	case "shell":
		a.Shell = x.homePath(s, v)
	case "groups":
		for _, g := range x.allTexts(s.Args, v) {
			if !validAccountName(g) {
				x.found.Errorf("E0317", s.At, "%q cannot be the name of a group", g).
					Hint("names of groups have letters, digits, `_` and `-`, up to 32")
				continue
			}
			a.Groups = append(a.Groups, g)
		}
		slices.Sort(a.Groups)
		a.Groups = slices.Compact(a.Groups)
	}
}

// homePath evaluates an operand that is an absolute path and stands in
// /etc/passwd.
func (x *expander) homePath(s *syntax.Clause, v *env) string {
	p, ok := x.operand(s, v).(string)
	if !ok {
		return ""
	}
	p, ok = x.target(p, s.Args[0].Span())
	for _, c := range p {
		if c == ':' || c < ' ' {
			x.found.Errorf("E0317", s.Args[0].Span(), "%q cannot stand in /etc/passwd", p).
				Hint("choose a path without `:` and control characters")
			return ""
		}
	}
	if !ok || p == "/" {
		return p
	}
	if p[len(p)-1] == '/' {
		p = p[:len(p)-1]
	}
	return p
}

// id evaluates an operand that is a user's or group's number.
func (x *expander) id(s *syntax.Clause, v *env) int {
	n, ok := x.operand(s, v).(int64)
	if ok && (n < 0 || n > maxID) {
		x.found.Errorf("E0317", s.Args[0].Span(), "`%s` is %d", s.Word.Name, n).Hint("write a number from 0 to %d", maxID)
		return 0
	}
	return int(n)
}

// maxID is the largest number of a user that all file systems and tools take.
const maxID = 1<<31 - 2

func validAccountName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || i > 0 && (c >= '0' && c <= '9' || c == '-')) {
			return false
		}
	}
	return s != "" && len(s) <= 32
}

// accountInstance is the instance that enters a user into the system.
func (x *expander) accountInstance(a *account) *Instance {
	i := &Instance{
		ID: "user " + a.path, Title: "user " + a.Name, Kind: Stacked, Span: a.span, Path: "user " + a.path,
		Package: &PackageGroup{Account: &a.Account}, Rate: Rate{Set: true}, Size: accountSize,
	}
	if a.Home != "" && a.Home != "/" {
		i.Steps = []Step{&Dir{Place: Place{Path: a.Home, Owner: a.owner()}, Span: a.span}}
	}
	return x.intern(i.ID, i)
}

// accountSize is about what a few changed files of /etc add to a layer.
const accountSize = 4 << 10

// sameAccounts reports two users of one image that share a name or a number.
func (x *expander) sameAccounts(a *App) {
	var seen []*Instance
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
				x.found.Errorf("E0318", i.Span, "app %s has two users with the %s", a.Name, same).
					See(other.Span, "the other is declared here").
					Note("in one image a name and a number stand for one user").
					Hint("use one user for both, or give one of them another name and uid")
			}
		}
		seen = append(seen, i)
	}
}
