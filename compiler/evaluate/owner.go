package evaluate

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"

	"github.com/layc-lang/layc/lang/lazy"
)

// Owners by name. A layer holds numbers, and can be on several bases. A name stands for its
// number on the fleet's base, or on Debian if the fleet has none; every base that the layer is
// put on must have the name with the same number, which package bind checks.

// ownerForm matches an owner: a user and perhaps a group, each a number or a name.
var ownerForm = lazy.Regexp(`^[^:\s/]+(:[^:\s/]+)?$`)

// owner evaluates an owner that is written as a string.
func (c *clause) owner(t string, at source.Span) *model.Owner {
	if !ownerForm().MatchString(t) {
		c.Found.Errorf(diag.InvalidOwnerOrMode, at, "not a valid owner: %q", t).
			Note("an owner is a user, optionally followed by a colon and a group; each is a number or a name").
			Hint("write an owner such as `\"1001:0\"` or `\"www-data\"`")
		return nil
	}
	user, group, _ := strings.Cut(t, ":")
	named := false
	for _, part := range []string{user, group} {
		switch isNumber := strings.Trim(part, "0123456789") == ""; {
		case !isNumber:
			named = true
		case part != "" && !validID(part):
			c.Found.Errorf(diag.InvalidOwnerOrMode, at, "not a valid owner: %q", t).Hint("write numbers from 0 to %d", maxID)
			return nil
		}
	}
	system := &model.System{}
	if named {
		if system = c.namesOf(at); system == nil {
			return nil
		}
	}
	o, unknown := system.Owner(t)
	if unknown != "" {
		c.unknownOwner(t, unknown, system, at)
		return nil
	}
	if named {
		c.to.Named = append(c.to.Named, model.NamedOwner{Name: t, Owner: o, Span: at})
	}
	return &o
}

// validID reports whether digits are a number that a user can have.
func validID(digits string) bool {
	n, err := strconv.Atoi(digits)
	return err == nil && n <= maxID
}

// namesOf returns the system whose users names stand for, nil if it is not pinned, which
// is reported.
func (c *clause) namesOf(at source.Span) *model.System {
	base := c.Base
	if base != nil && base.Component != nil && base.Args == nil {
		base = c.ByDefault(base.Component)
	}
	if base == nil || base.Component == nil {
		return debianSystem
	}
	system := c.Block(base).System
	switch {
	case system == nil:
		return debianSystem // the base is wrong, which is reported
	case system.Users == nil:
		c.Unpinned(at, "the users of %s", base.Title())
		return nil
	}
	return system
}

// unknownOwner reports a user or a group that a system does not have.
func (c *clause) unknownOwner(owner, name string, system *model.System, at source.Span) {
	known := append(slices.Collect(maps.Keys(system.Users)), slices.Collect(maps.Keys(system.Groups))...)
	d := c.Found.Errorf(diag.InvalidOwnerOrMode, at, "unknown user or group %q", name)
	if system.Distribution != "" {
		d.Note("the base has only the users that every Debian system has; packages may number theirs differently on each system")
	} else {
		d.Note("the base system has no user or group of that name")
	}
	if near := diag.Nearest(name, slices.Sorted(slices.Values(known))); near != "" {
		replace(d.Hint("did you mean `%q`?", near), owner, strings.Replace(owner, name, near, 1))
		return
	}
	d.Hint("write numbers, such as `\"1001:0\"`, or declare `user %s { uid … }` and write `owner %s`", plainName(name), plainName(name))
}

// debianSystem has the users and groups that package base-passwd gives every Debian system,
// with numbers that never change.
var debianSystem = &model.System{
	Distribution: "debian",
	Users: map[string]model.Owner{
		"root": {UID: 0, GID: 0}, "daemon": {UID: 1, GID: 1}, "bin": {UID: 2, GID: 2}, "sys": {UID: 3, GID: 3}, "games": {UID: 5, GID: 60},
		"man": {UID: 6, GID: 12}, "lp": {UID: 7, GID: 7}, "mail": {UID: 8, GID: 8}, "news": {UID: 9, GID: 9}, "uucp": {UID: 10, GID: 10},
		"proxy": {UID: 13, GID: 13}, "www-data": {UID: 33, GID: 33}, "backup": {UID: 34, GID: 34}, "list": {UID: 38, GID: 38},
		"irc": {UID: 39, GID: 39}, "nobody": {UID: 65534, GID: 65534},
	},
	Groups: map[string]int{
		"root": 0, "daemon": 1, "bin": 2, "sys": 3, "adm": 4, "tty": 5, "disk": 6, "lp": 7, "mail": 8, "news": 9, "uucp": 10, "man": 12,
		"proxy": 13, "kmem": 15, "dialout": 20, "fax": 21, "voice": 22, "cdrom": 24, "floppy": 25, "tape": 26, "sudo": 27, "audio": 29,
		"dip": 30, "www-data": 33, "backup": 34, "operator": 37, "list": 38, "irc": 39, "src": 40, "shadow": 42, "utmp": 43, "video": 44,
		"sasl": 45, "plugdev": 46, "staff": 50, "games": 60, "users": 100, "nogroup": 65534,
	},
}

// scratchSystem is the empty base system.
var scratchSystem = model.System{Scratch: true, Users: map[string]model.Owner{}, Groups: map[string]int{}}
