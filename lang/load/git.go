package load

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/layc-lang/layc/lang/lazy"
)

// Repository is a git repository at a version, as in the import
//
//	git+https://git.example.com/team/layers.git//java@v1.2.0
//
// which is the directory java of the repository at https://git.example.com/team/layers.git at the tag
// v1.2.0. Without //java it is the repository's root. The protocol can also be ssh or file. The version
// is a tag, or the full hash of a commit.
type Repository struct {
	URL     string // "https://git.example.com/team/layers.git"
	Version string // "v1.2.0"
}

// Fetched is the content of a repository at a version.
type Fetched struct {
	Files fs.FS // its .layer files, and the files next to and beneath them
	Err   error // why the files are missing, or differ from the pinned ones; may be Advised. Files is nil then
}

// Advised is an error, of a repository or a download, with its own notes and help.
type Advised interface {
	error
	Advice() (note, help string)
}

// String returns the import of the repository's root.
func (r Repository) String() string { return "git+" + r.URL + "@" + r.Version }

// Name identifies the repository: host and path, whatever the protocol and the version are:
// "git.example.com/team/layers". It is a relative path without "..".
func (r Repository) Name() string {
	_, rest, _ := strings.Cut(r.URL, "://")
	host, dir, _ := strings.Cut(rest, "/")
	if _, h, ok := strings.Cut(host, "@"); ok {
		host = h
	}
	return strings.TrimPrefix(path.Join(strings.ReplaceAll(host, ":", "_"), strings.TrimSuffix(dir, ".git")), "/")
}

var (
	gitPath    = lazy.Regexp(`^/[A-Za-z0-9._~+/-]+$`)
	gitVersion = lazy.Regexp(`^[A-Za-z0-9][A-Za-z0-9._+-]*(/[A-Za-z0-9][A-Za-z0-9._+-]*)*$`)
	gitHost    = lazy.Regexp(`^[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]+)?$`)
	gitUser    = lazy.Regexp(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
)

// ParseGit parses an import path that begins with "git+". dir is "." for the repository's root. The
// error describes the fault of the path.
func ParseGit(text string) (r Repository, dir string, err error) {
	scheme, rest, ok := strings.Cut(strings.TrimPrefix(text, "git+"), "://")
	if !ok {
		return r, "", errors.New("missing protocol")
	}
	scheme = strings.ToLower(scheme)
	authority, place, _ := strings.Cut(rest, "/")
	repository, tail, _ := strings.Cut("/"+place, "@")
	if i := strings.Index(repository, "//"); i >= 0 {
		repository, dir = repository[:i], repository[i+2:]
	} else {
		dir = "."
	}
	user, host, hasUser := strings.Cut(authority, "@")
	if !hasUser {
		user, host = "", authority
	}
	switch {
	case scheme != "https" && scheme != "ssh" && scheme != "file":
		return r, "", fmt.Errorf("unknown protocol %s; expected https, ssh or file", scheme)
	case scheme == "file" && authority != "":
		return r, "", errors.New("file URLs cannot have a host: write file:///srv/layers.git")
	case scheme != "file" && !gitHost().MatchString(host):
		return r, "", fmt.Errorf("not a valid host: %q", host)
	case strings.Contains(user, ":"):
		return r, "", errors.New("imports cannot contain a password; use a git credential helper")
	case hasUser && !gitUser().MatchString(user):
		return r, "", fmt.Errorf("not a valid user: %q", user)
	case !gitPath().MatchString(repository) || path.Clean(repository) != repository:
		return r, "", fmt.Errorf("not a valid repository path: %q", repository)
	case !fs.ValidPath(dir) || dir == "" || strings.ContainsAny(dir, "\\\x00"):
		return r, "", fmt.Errorf("not a valid directory: %q", dir)
	case tail == "":
		return r, "", errors.New("missing version")
	case !gitVersion().MatchString(tail) || strings.Contains(tail, "..") || strings.HasSuffix(tail, ".lock"):
		return r, "", fmt.Errorf("not a valid tag or commit: %q", tail)
	}
	return Repository{URL: scheme + "://" + authority + repository, Version: tail}, dir, nil
}

// ImportName returns the default name of a module in a file that imports it by that path.
func ImportName(text string) string {
	if strings.HasPrefix(text, "git+") {
		if r, dir, err := ParseGit(text); err == nil {
			if dir == "." {
				return path.Base(r.Name())
			}
			return path.Base(dir)
		}
	}
	text = strings.TrimRight(text, "/")
	return text[strings.LastIndex(text, "/")+1:]
}
