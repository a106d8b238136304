package revision

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/layc-lang/layc/lang/lazy"
)

// Commit is the commit of a working tree.
type Commit struct {
	Hash string
	// Modified reports whether files that git knows differ from the commit.
	Modified bool
	Time     string // of the commit, in the form of RFC 3339, in UTC
	// Source is the web address of the remote repository origin, without credentials; "" if it has
	// none.
	Source string
}

// Name returns the hash, with -dirty if files are modified.
func (c Commit) Name() string {
	if c.Modified {
		return c.Hash + "-dirty"
	}
	return c.Hash
}

// Head returns the commit that is checked out in a directory. The error is [ErrNoGit], a
// [*NoWorkTreeError], an [*UnknownError] if there is no commit yet, or the end of ctx.
func Head(ctx context.Context, dir string) (Commit, error) {
	g := worktree{ctx, dir}
	if _, err := g.run(nil, "rev-parse", "--show-toplevel"); err != nil {
		switch {
		case ctx.Err() != nil:
			return Commit{}, ctx.Err()
		case errors.Is(err, ErrNoGit):
			return Commit{}, err
		}
		return Commit{}, &NoWorkTreeError{dir}
	}
	text, err := g.run([]string{"TZ=UTC"}, "log", "-1", "--format=%H %cd", "--date=format-local:%Y-%m-%dT%H:%M:%SZ")
	if err != nil {
		return Commit{}, &UnknownError{"HEAD"}
	}
	var c Commit
	c.Hash, c.Time, _ = strings.Cut(strings.TrimSpace(text), " ")
	changes, err := g.run(nil, "status", "--porcelain", "--untracked-files=no")
	if err != nil {
		return Commit{}, err
	}
	c.Modified = changes != ""
	if origin, err := g.run(nil, "config", "--get", "remote.origin.url"); err == nil {
		c.Source = webAddress(strings.TrimSpace(origin))
	}
	return c, nil
}

// scp matches ssh's short form of a URL, such as git@example.com:team/project.git.
var scp = lazy.Regexp(`^(?:[^/@:]+@)?([^/@:]+):([^/].*)$`)

// webAddress returns the address of a repository for browsers; "" if it has none, such as a directory.
func webAddress(origin string) string {
	if m := scp().FindStringSubmatch(origin); m != nil && !strings.Contains(origin, "://") {
		origin = "ssh://" + m[1] + "/" + m[2]
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return ""
	}
	switch u.Scheme {
	case "http", "https":
	case "ssh", "git", "git+ssh":
		u.Scheme, u.Host = "https", u.Hostname()
	default:
		return ""
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	u.Path = strings.TrimSuffix(strings.TrimSuffix(u.Path, "/"), ".git")
	return u.String()
}
