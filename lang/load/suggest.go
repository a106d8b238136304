package load

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/syntax"

	"github.com/layc-lang/layc/lang/lazy"
)

// scp matches git's short form of an ssh address: "git@git.example.com:team/layers.git".
var scp = lazy.Regexp(`^(ssh://)?([A-Za-z0-9._-]+@)?([A-Za-z0-9.-]+\.[A-Za-z0-9-]+):/?([A-Za-z._~][A-Za-z0-9._~+/-]*)(@.*)?$`)

// meant returns the import of a git repository that a path without "git+" probably means; "" if that
// is not certain.
func meant(text string) string {
	if m := scp().FindStringSubmatch(text); m != nil {
		text = "ssh://" + m[2] + m[3] + "/" + m[4] + m[5]
	}
	protocol, rest, ok := strings.Cut(text, "://")
	if !ok {
		protocol, rest = "https", text
	}
	if protocol == "http" || protocol == "git" {
		protocol = "https"
	}
	place, version := rest, ""
	if at := strings.LastIndexByte(rest, '@'); at > strings.IndexByte(rest, '/') {
		place, version = rest[:at], rest[at+1:]
	}
	repository, dir, _ := cutDir(strings.TrimRight(place, "/"))
	if dir != "" {
		dir = "//" + dir
	}
	better := "git+" + protocol + "://" + repository + dir + "@" + version
	if _, _, err := ParseGit(better); err != nil {
		return ""
	}
	return better
}

// cutDir splits a repository's place into the repository and the directory within it.
func cutDir(place string) (repository, dir string, ok bool) {
	repository, dir, ok = strings.Cut(place, "//")
	return strings.TrimRight(repository, "/"), strings.Trim(dir, "/"), ok
}

// isHost reports whether a path begins with something like a host name.
func isHost(text string) bool {
	first, _, ok := strings.Cut(text, "/")
	return ok && strings.Contains(strings.Trim(first, "."), ".") && gitHost().MatchString(first)
}

// malformed adds help for a malformed import of a git repository.
func malformed(d *diag.Diagnostic, text string, i *syntax.Import) {
	text = strings.TrimPrefix(text, "git+")
	if better := meant(text); better != "" {
		d.Hint("write `%q`", better).Fix(i.Path.At, `"`+better+`"`)
		return
	}
	if better := meant(text + "@v1"); better != "" {
		d.Hint("write `\"%s@VERSION\"`, where VERSION is a tag or a full commit", strings.TrimSuffix(better, "@v1"))
		return
	}
	d.Hint("write `\"git+https://HOST/PATH//DIR@VERSION\"`, where VERSION is a tag or a full commit")
}

// inRepository adds the modules that a repository has instead of the imported one.
func inRepository(d *diag.Diagnostic, target place, i *syntax.Import) {
	var dirs []string
	_ = fs.WalkDir(target.files, ".", func(name string, e fs.DirEntry, err error) error {
		if dir := path.Dir(name); err == nil && !e.IsDir() && strings.HasSuffix(name, ".layer") && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
		return nil
	})
	slices.Sort(dirs)
	if !strings.HasPrefix(importPath(i), "git+") { // a relative import within the repository
		d.Hint("the repository has modules in %s", some(dirs))
		return
	}
	if near := diag.Nearest(target.dir, dirs); near != "" {
		better := "git+" + target.git.URL + "//" + near + "@" + target.git.Version
		d.Hint("did you mean `%q`?", better).Fix(i.Path.At, `"`+better+`"`)
		return
	}
	if len(dirs) == 0 {
		d.Hint("check the version: it has no directory with .layer files")
		return
	}
	d.Hint("write a directory with modules after `//`: %s", some(dirs))
}

// some lists at most a few names; "." is the root.
func some(names []string) string {
	const most = 8
	more := ""
	if len(names) > most {
		names, more = names[:most], " and others"
	}
	text := strings.Join(names, ", ") + more
	return strings.Replace(text, ".,", "its root,", 1)
}
