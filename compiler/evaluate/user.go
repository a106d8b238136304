package evaluate

import (
	"slices"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// Users. A declared user has explicit ids, so that the owners of files have the same
// numbers in every image. Everything that names a user, as an owner or to run a command or
// the container, needs an instance of its own that adds the user to the system's files.

// User is a declared user as a value. As a string it is an owner, "33:33".
type User struct {
	model.Account
	Path   string // its lasting name
	Span   source.Span
	hasUID bool
	hasGID bool
}

func (a *User) Owner() *model.Owner { return &model.Owner{UID: a.UID, GID: a.GID} }

// mention makes a block need a user.
func (b *Block) mention(a *User, at source.Span) {
	b.Mentions = append(b.Mentions, &Ref{User: a, Span: at})
}

// account evaluates a user declaration, once. It returns nil if the declaration has no uid,
// which it reports.
func (x *Evaluator) account(o *check.User) *User {
	if a, ok := x.accounts[o]; ok {
		return a
	}
	name := o.Decl.Name
	a := &User{Account: model.Account{Name: name.Name}, Path: Qualified(o.Module, name.Name), Span: name.At}
	x.statements(o.Decl.Body, &env{module: o.Module}, &Block{module: o.Module, Span: name.At, account: a})
	if !a.hasUID {
		x.Found.Errorf(diag.UserWithoutNumber, name.At, "user `%s` has no `uid`", name.Name).
			Note("with an explicit uid, files belong to the same user in every image").
			Hint("add a uid, such as `uid 1001`")
		a = nil
	} else if !a.hasGID {
		a.GID = a.UID
	}
	x.accounts[o] = a
	return a
}

// accountClause evaluates a clause of a user's block.
func (c *clause) accountClause(a *User) {
	switch c.Word.Name {
	case "uid":
		a.UID, a.hasUID = c.id(), true
	case "gid":
		a.GID, a.hasGID = c.id(), true
	case "home":
		a.Home = c.homePath()
	case "shell":
		a.Shell = c.homePath()
	case "groups":
		for _, g := range c.allTexts(c.Args, c.env) {
			if !validAccountName(g) {
				c.Found.Errorf(diag.UserWithoutNumber, c.At, "not a valid group name: %q", g).
					Hint("write at most 32 letters, digits, `_` and `-`, beginning with a letter or `_`")
				continue
			}
			a.Groups = append(a.Groups, g)
		}
		slices.Sort(a.Groups)
		a.Groups = slices.Compact(a.Groups)
	}
}

// homePath evaluates an operand that must be an absolute path, valid in /etc/passwd.
func (c *clause) homePath() string {
	p, ok := c.operand().(string)
	if !ok {
		return ""
	}
	p, ok = c.target(p, c.Args[0].Span())
	for _, r := range p {
		if r == ':' || r < ' ' {
			c.Found.Errorf(diag.UserWithoutNumber, c.Args[0].Span(), "not a valid path in /etc/passwd: %q", p).
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

// id evaluates an operand that must be the number of a user or a group.
func (c *clause) id() int {
	n, ok := c.operand().(int64)
	if ok && (n < 0 || n > maxID) {
		c.Found.Errorf(diag.UserWithoutNumber, c.Args[0].Span(), "`%s` cannot be %d", c.Word.Name, n).Hint("write a number from 0 to %d", maxID)
		return 0
	}
	return int(n)
}

// maxID is the largest number of a user that all file systems and tools accept.
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
