package main

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/lazy"
	"github.com/layc-lang/layc/lang/paths"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/llb/engine"
)

// Can the program of layc run be started? A build checks what an image declares. What the user writes
// after -- is looked up here, before a runtime fails in its own words.

// notStarted is the error for a program that cannot be started. code is the exit code that shells have for
// it: 127 for a program that is missing, 126 for one that is not executable.
type notStarted struct {
	finding *diag.Diagnostic
	code    int
}

func (e *notStarted) Error() string { return e.finding.Message }

// looker looks into a root file system; see [engine.Container].
type looker interface {
	Stat(ctx context.Context, name string) (mode fs.FileMode, ok bool)
	Names(ctx context.Context, dir string) []string
	Head(ctx context.Context, name string) string
}

// startable returns a *notStarted for a process whose program an image lacks; nil if nothing is known to be
// wrong. What this machine or the kernel gives to a container is not known.
func startable(ctx context.Context, c looker, image string, p engine.Process) *notStarted {
	name := p.Args[0]
	var search []string
	for _, v := range p.Env {
		if text, ok := strings.CutPrefix(v, "PATH="); ok {
			search = strings.Split(text, ":")
		}
	}
	given := []string{"/dev", "/proc", "/sys"}
	for _, b := range p.Binds {
		given = append(given, path.Clean(b.To))
	}
	at := search
	if strings.Contains(name, "/") {
		full := name
		if !path.IsAbs(full) {
			full = path.Join("/", p.Dir, full)
		}
		at = []string{path.Dir(full)}
	}
	for _, dir := range at {
		if slices.ContainsFunc(given, func(g string) bool { return paths.Beneath(path.Join(dir, path.Base(name)), g) }) {
			return nil
		}
	}
	var list diag.List
	report := func(code int, format string, args ...any) (*notStarted, *diag.Diagnostic) {
		d := list.Errorf(diag.ProgramNotInImage, source.Span{}, format, args...)
		return &notStarted{d, code}, d
	}
	found, mode := located(ctx, c, at, path.Base(name))
	switch {
	case found == "":
		err, d := report(127, "the image of %s does not have %s", image, shown(name))
		if !strings.Contains(name, "/") {
			d.Note("its PATH is %s", strings.Join(search, ":"))
		}
		bring := "add the component or package that brings it to `uses` of the app, or write its path"
		if near := near(ctx, c, at, name); near != "" {
			d.Hint("did you mean %s? If not, %s", near, bring)
		} else {
			d.Hint("%s", bring)
		}
		return err
	case mode.IsDir():
		err, d := report(126, "%s is a directory in the image of %s", name, image)
		d.Hint("write the path of a program")
		return err
	case mode&0o111 == 0:
		err, d := report(126, "%s is not executable in the image of %s", found, image)
		d.Hint("write `mode 0755` on the step that brings the file")
		return err
	}
	line, _, _ := strings.Cut(c.Head(ctx, found), "\n")
	words := strings.Fields(strings.TrimPrefix(line, "#!"))
	if !strings.HasPrefix(line, "#!") || len(words) == 0 || !path.IsAbs(words[0]) {
		return nil
	}
	if strings.HasSuffix(line, "\r") {
		err, d := report(127, "the first line of %s in the image of %s has a Windows line end", found, image)
		d.Hint("save the file with LF line ends")
		return err
	}
	if _, ok := c.Stat(ctx, words[0]); !ok && !slices.ContainsFunc(given, func(g string) bool { return paths.Beneath(words[0], g) }) {
		err, d := report(127, "%s is a script for %s, which the image of %s does not have", found, words[0], image)
		d.Hint("add the component or package that brings %s to `uses` of the app, or change the first line of the script", words[0])
		return err
	}
	return nil
}

// userMissing matches the error of a runtime about a user or group that an image lacks.
var userMissing = lazy.Regexp(`unable to find (user|group) ([^\s:]+)`)

// unknownUser returns a *notStarted for the error of a process whose user an image lacks; other errors as they
// are.
func unknownUser(err error, image string) error {
	if err == nil {
		return nil
	}
	m := userMissing().FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	var list diag.List
	d := list.Errorf(diag.UserNotInImage, source.Span{}, "the image of %s has no %s %s", image, m[1], m[2])
	d.Hint("write one that its /etc/%s has, or a number", map[string]string{"user": "passwd", "group": "group"}[m[1]])
	return &notStarted{d, 126}
}

// shown is a name as people see it, also one that is empty.
func shown(name string) string {
	if strings.TrimSpace(name) == "" {
		return fmt.Sprintf("a program %q", name)
	}
	return name
}

// located returns the path of a program in one of some directories, as a runtime looks for it: the first one
// that can be executed or, if there is none, the first one. It returns "" if there is none at all.
func located(ctx context.Context, c looker, dirs []string, name string) (found string, mode fs.FileMode) {
	for _, dir := range dirs {
		at := path.Join(dir, name)
		m, ok := c.Stat(ctx, at)
		switch {
		case !ok || name == "":
		case !m.IsDir() && m&0o111 != 0:
			return at, m
		case found == "" && (!m.IsDir() || len(dirs) == 1):
			found, mode = at, m
		}
	}
	return found, mode
}

// near returns the program in some directories whose name is like a name; "" if there is none.
func near(ctx context.Context, c looker, dirs []string, name string) string {
	var names []string
	for _, dir := range dirs {
		names = append(names, c.Names(ctx, dir)...)
	}
	near := diag.Nearest(path.Base(name), names)
	if found, mode := located(ctx, c, dirs, near); found == "" || mode.IsDir() || mode&0o111 == 0 {
		return ""
	}
	if strings.Contains(name, "/") {
		return path.Join(path.Dir(name), near)
	}
	return near
}
