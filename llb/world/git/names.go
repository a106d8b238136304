package git

import (
	"fmt"
	"io/fs"
	"strings"
	"unicode"
)

// checkName refuses a file that git does not check out on every file system, or that is not safe
// to write.
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

// foreign returns the reason why git does not check out a file; "" if it does. Git settings can
// run programs. A malicious repository may contain settings at a path that some file system
// treats as .git, since a copy may end up on another file system.
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

// isDotGit reports whether some file system treats a name as .git.
func isDotGit(name string) bool {
	return strings.EqualFold(asHFS(name), ".git") || strings.EqualFold(asNTFS(name), ".git") || strings.EqualFold(asNTFS(name), "git~1")
}

// isDotGitmodules reports whether some file system treats a name as .gitmodules.
func isDotGitmodules(name string) bool {
	return strings.EqualFold(asHFS(name), ".gitmodules") || strings.EqualFold(asNTFS(name), ".gitmodules") ||
		isShortGitmodules(strings.ToLower(asNTFS(name)))
}

// isShortGitmodules reports whether a name is a short name of .gitmodules on NTFS: gitmod~1 to
// gitmod~4, then names like gi7eba~1.
func isShortGitmodules(name string) bool {
	before, number, ok := strings.Cut(name, "~")
	if !ok || len(name) != 8 || number == "" || number[0] == '0' || strings.Trim(number, "0123456789") != "" {
		return false
	}
	return before == "gitmod" && number <= "4" || strings.HasPrefix("gi7eba", before)
}

// asHFS returns a name as HFS+ compares it: without zero-width characters.
func asHFS(name string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case 0x200c <= c && c <= 0x200f, 0x202a <= c && c <= 0x202e, 0x206a <= c && c <= 0x206f, c == 0xfeff:
			return -1
		}
		return c
	}, name)
}

// asNTFS returns the file that a name means on NTFS: it ignores trailing dots and spaces, a
// backslash is a slash, and a colon starts the name of a stream.
func asNTFS(name string) string {
	if end := strings.IndexAny(name, `:\`); end >= 0 {
		name = name[:end]
	}
	return strings.TrimRight(name, ". ")
}
