package evaluate

import (
	"path"
	"strings"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/paths"
	"github.com/layc-lang/layc/lang/source"

	"github.com/layc-lang/layc/lang/lazy"
)

// Limits of Linux.
const (
	maxPathLength = 4095 // of a path, and of a link's target
	maxNameLength = 255  // of a name in a path
)

// variableInPath finds a variable at the beginning of a name in a path. Elsewhere a name may well have a
// dollar, as the classes of Java do.
var variableInPath = lazy.Regexp(`/(\$(?:[A-Za-z_][A-Za-z0-9_]*|\{[A-Za-z_][^}/]*\}))`)

// target checks a path in the image, which must be absolute and clean. It keeps a trailing
// slash.
func (x *Findings) target(p string, at source.Span) (string, bool) {
	if p == "" {
		x.Found.Errorf(diag.InvalidPath, at, "the path is empty").Hint("write a path, such as `\"/srv\"`")
		return "", false
	}
	if variable := variableInText().FindString(p); variable != "" && strings.HasPrefix(p, variable) {
		x.Found.Errorf(diag.InvalidPath, at, "not an absolute path: %q", p).
			Note("nothing expands `%s` in a path", variable).
			Hint("write the path itself, such as with `let` and `${…}`")
		return "", false
	}
	if !strings.HasPrefix(p, "/") {
		replace(x.Found.Errorf(diag.InvalidPath, at, "not an absolute path: %q", p).
			Note("paths in an image begin with `/`").Hint("write `%q`", "/"+p), p, "/"+p)
		return "", false
	}
	if !x.linuxPath(p, at) {
		return "", false
	}
	for name := range strings.SplitSeq(p, "/") {
		if !x.targetName(name, p, at) {
			return "", false
		}
	}
	if variable := variableInPath().FindStringSubmatch(p); variable != nil {
		x.OnceAt(diag.UnexpandedVariable, at, func() *diag.Diagnostic {
			return x.Found.Warnf(diag.UnexpandedVariable, at, "nothing expands `%s` in this path", variable[1]).
				Note("a path in the image is taken exactly as written").
				Hint("write the path itself, such as with `let` and `${…}`")
		})
	}
	clean := path.Clean(p)
	if strings.HasSuffix(p, "/") && clean != "/" {
		clean += "/"
	}
	return clean, true
}

// targetName checks one name of a path.
func (x *Findings) targetName(name, p string, at source.Span) bool {
	switch {
	case name == "..":
		x.Found.Errorf(diag.InvalidPath, at, "path %q contains `..`", p).Hint("write the path without `..`")
	case len(name) > maxNameLength:
		x.Found.Errorf(diag.InvalidPath, at, "file name too long: %d bytes", len(name)).
			Note("Linux limits a file name to %d bytes", maxNameLength).Hint("write a shorter name")
	case paths.DeletesFile(name):
		x.Found.Errorf(diag.InvalidPath, at, "not a valid file name in an image: %q", name).
			Note("in a layer, a name that begins with `%s` deletes a file of the layers below", paths.Whiteout).
			Hint("choose another name")
	default:
		return true
	}
	return false
}

// isRoot reports the root of the image where a path below it is expected. It returns
// whether p is the root.
func (x *Findings) isRoot(p string, at source.Span) bool {
	if p != "/" {
		return false
	}
	x.Found.Errorf(diag.InvalidPath, at, "`/` is not allowed here").
		Note("`/` is the whole image, which a component shares with others").
		Hint("name a directory, such as `\"/opt/tool\"`")
	return true
}

// linkTarget checks the target of a symbolic link.
func (x *Findings) linkTarget(to string, at source.Span) bool {
	if to == "" {
		x.Found.Errorf(diag.InvalidPath, at, "the link target is empty").
			Note("Linux does not allow empty links").Hint("write a target, such as `\"/opt/tool\"`")
		return false
	}
	return x.linuxPath(to, at)
}

// linuxPath checks Linux's requirements of every path, including the target of a link.
func (x *Findings) linuxPath(p string, at source.Span) bool {
	switch {
	case strings.ContainsRune(p, 0):
		x.Found.Errorf(diag.InvalidPath, at, "NUL character in path %q", p).
			Note("Linux ends a path at a NUL character").Hint("remove `\\u{0}`")
	case len(p) > maxPathLength:
		x.Found.Errorf(diag.InvalidPath, at, "path too long: %d bytes", len(p)).
			Note("Linux limits a path to %d bytes", maxPathLength).Hint("write a shorter path")
	default:
		return true
	}
	return false
}
