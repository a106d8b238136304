package load

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// Repository is a git repository at a version, which its imports name:
//
//	git+https://git.example.com/team/layers.git//java@v1.2.0
//
// is the directory java of the repository at https://git.example.com/team/layers.git,
// at the tag v1.2.0. Without //java it is the repository's root. Beside https
// there are ssh and file. The version is a tag, or a commit's full number.
type Repository struct {
	URL     string // "https://git.example.com/team/layers.git"
	Version string // "v1.2.0"
}

// Fetched is the content of a repository at a version.
type Fetched struct {
	Files fs.FS // its .layer files, and what lies beside and beneath them
	Err   error // why they cannot be had, or are not what the lock file pins; perhaps Advised. Files is nil then
}

// Advised is an error of a repository that says what is known besides, and what
// to do.
type Advised interface {
	error
	Advice() (note, help string)
}

// String is how an import of the repository's root names it.
func (r Repository) String() string { return "git+" + r.URL + "@" + r.Version }

// Name is what tells repositories apart: host and path, whatever the protocol
// and the version: "git.example.com/team/layers". It is a relative path
// without "..".
func (r Repository) Name() string {
	_, rest, _ := strings.Cut(r.URL, "://")
	host, dir, _ := strings.Cut(rest, "/")
	if _, h, ok := strings.Cut(host, "@"); ok {
		host = h
	}
	return strings.TrimPrefix(path.Join(strings.ReplaceAll(host, ":", "_"), strings.TrimSuffix(dir, ".git")), "/")
}

var (
	gitPath    = regexp.MustCompile(`^/[A-Za-z0-9._~+/-]+$`)
	gitVersion = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]*(/[A-Za-z0-9][A-Za-z0-9._+-]*)*$`)
	gitHost    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]+)?$`)
	gitUser    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
)

// ParseGit reads an import's path that begins with "git+". dir is "." for the
// repository's root. The error says what is wrong with it.
func ParseGit(text string) (r Repository, dir string, err error) {
	scheme, rest, ok := strings.Cut(strings.TrimPrefix(text, "git+"), "://")
	if !ok {
		return r, "", errors.New("it has no protocol")
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
		return r, "", fmt.Errorf("the protocol is https, ssh or file, not %s", scheme)
	case scheme == "file" && authority != "":
		return r, "", errors.New("a file has no host: file:///srv/layers.git")
	case scheme != "file" && !gitHost.MatchString(host):
		return r, "", fmt.Errorf("%q is no host", host)
	case strings.Contains(user, ":"):
		return r, "", errors.New("an import is no place for a password: git has credential helpers")
	case hasUser && !gitUser.MatchString(user):
		return r, "", fmt.Errorf("%q is no user", user)
	case !gitPath.MatchString(repository) || path.Clean(repository) != repository:
		return r, "", fmt.Errorf("%q is no path of a repository", repository)
	case !fs.ValidPath(dir) || dir == "" || strings.ContainsAny(dir, "\\\x00"):
		return r, "", fmt.Errorf("%q is no directory of a repository", dir)
	case tail == "":
		return r, "", errors.New("it names no version")
	case !gitVersion.MatchString(tail) || strings.Contains(tail, "..") || strings.HasSuffix(tail, ".lock"):
		return r, "", fmt.Errorf("%q is no tag or commit", tail)
	}
	return Repository{URL: scheme + "://" + authority + repository, Version: tail}, dir, nil
}

// ImportName is the name by which a file calls the module that it imports by
// that path, unless it says "as".
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
