package git

import (
	"fmt"
	"io/fs"
	"strings"
	"unicode"
)

// checkName refuses a file that git does not check out on every file system, or
// that is not safe to write.
func checkName(repository, name string, link bool) error {
	why := foreign(name, link)
	switch {
	case why != "":
	case !fs.ValidPath(name) || name == ".":
		why = "not a valid path"
	case strings.ContainsFunc(name, func(c rune) bool { return c == '\\' || !unicode.IsPrint(c) }):
		why = "backslashes and invisible characters are not allowed"
	default:
		return nil
	}
	return fmt.Errorf("%s has a file named %q, which is not allowed: %s", repository, name, why)
}

// foreign explains why git does not check out a file; "" if it does. Settings of git
// run programs. A repository made to do harm brings its own, at a path that some
// file system takes for .git, since a copy may get onto another one.
func foreign(name string, link bool) string {
	for part := range strings.SplitSeq(name, "/") {
		switch {
		case isDotGit(part):
			return "git reads settings there, which can run programs"
		case link && isDotGitmodules(part):
			return "git reads submodules there, and does not follow links"
		}
	}
	return ""
}

// isDotGit reports whether some file system takes a name for .git.
func isDotGit(name string) bool {
	return strings.EqualFold(asHFS(name), ".git") || strings.EqualFold(asNTFS(name), ".git") || strings.EqualFold(asNTFS(name), "git~1")
}

// isDotGitmodules reports whether some file system takes a name for .gitmodules.
func isDotGitmodules(name string) bool {
	return strings.EqualFold(asHFS(name), ".gitmodules") || strings.EqualFold(asNTFS(name), ".gitmodules") ||
		isShortGitmodules(strings.ToLower(asNTFS(name)))
}

// isShortGitmodules knows the names of eight characters that NTFS makes of
// .gitmodules: gitmod~1 to gitmod~4 at first, then some of gi7eba~1.
func isShortGitmodules(name string) bool {
	before, number, ok := strings.Cut(name, "~")
	if !ok || len(name) != 8 || number == "" || number[0] == '0' || strings.Trim(number, "0123456789") != "" {
		return false
	}
	return before == "gitmod" && number <= "4" || strings.HasPrefix("gi7eba", before)
}

// asHFS is a name as HFS+ compares it, which passes over characters without width.
func asHFS(name string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case 0x200c <= c && c <= 0x200f, 0x202a <= c && c <= 0x202e, 0x206a <= c && c <= 0x206f, c == 0xfeff:
			return -1
		}
		return c
	}, name)
}

// asNTFS is the file that a name means on NTFS, which passes over dots and spaces
// at its end, takes a backslash for a slash, and what follows a colon for a stream.
func asNTFS(name string) string {
	if end := strings.IndexAny(name, `:\`); end >= 0 {
		name = name[:end]
	}
	return strings.TrimRight(name, ". ")
}
