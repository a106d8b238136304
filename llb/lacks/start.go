package lacks

import (
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Can a container of an image start? A runtime looks for the program of the entrypoint, the command or
// the health check in the directories of PATH, or from the working directory if its name has a slash. The
// kernel then needs what the file itself names: the interpreter of a script, or the loader of an ELF
// file. So this file does the same in the trees of the image, and follows links within them. What is in a
// volume, or in a directory that the runtime fills, is not known.

// Why a program cannot be started.
const (
	programMissing = "missing"     // nothing has the name
	programIsDir   = "directory"   // a directory has it
	programSpecial = "special"     // a pipe, a socket or a device has it
	programMode    = "mode"        // the file is not executable
	scriptBy       = "interpreter" // the interpreter of the script is missing
	scriptInPath   = "env"         // env does not find the interpreter of the script in PATH
	scriptEnd      = "carriage"    // the first line of the script ends with a carriage return
	programLoader  = "loader"      // the loader of the program is missing
)

// notStarted is the error for a program that a runtime cannot start.
type notStarted struct {
	what, why, name string
	needs           string   // the interpreter or the loader
	near            string   // what may be meant; "": unknown
	others          []string // otherwise, programs in the same places with names that are as long
}

// Error is one line for layc, which explains it.
func (e *notStarted) Error() string {
	return fmt.Sprintf("not started: %s %s %q %q %q %q", e.what, e.why, e.name, e.needs, e.near, strings.Join(e.others, " "))
}

// Faults is the error for several things that are wrong. Each is one line.
type Faults []error

func (f Faults) Error() string {
	var lines []string
	for _, err := range f {
		lines = append(lines, err.Error())
	}
	return strings.Join(lines, "\n")
}

// Start fails unless a system has a user, and what containers start; see start. The arguments begin with trees,
// as many as the number says. The error is ErrUsage if the arguments are wrong, and Faults if things are missing.
func Start(who, number string, args []string) error {
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n > len(args) {
		return ErrUsage
	}
	return start(who, args[:n], args[n:])
}

// start fails unless a system, which is trees on top of each other, has a user, as lookUp does, and what
// containers start. The error has all that is missing. The arguments after the declared users are
// -- WHAT DIR PATH NAME SHELL for each program, where SHELL is the program that starts it, or "", and
// ++ DIR for each volume.
func start(who string, trees union, args []string) error {
	more := slices.IndexFunc(args, func(a string) bool { return a == "--" || a == "++" })
	if more < 0 {
		more = len(args)
	}
	if more%2 == 1 {
		return ErrUsage
	}
	var all Faults
	if err := lookUp(who, trees, args[:more]); err != nil {
		all = append(all, err)
	}
	s := &leading{union: trees, given: slices.Clone(mounted)}
	args = args[more:]
	for len(args) >= 2 && args[0] == "++" {
		s.given, args = append(s.given, path.Clean(args[1])), args[2:]
	}
	for ; len(args) >= 6 && args[0] == "--"; args = args[6:] {
		s.path = searched(args[3])
		if err := s.startable(args[1], args[2], args[4], args[5]); err != nil {
			all = append(all, err)
		}
	}
	switch {
	case len(args) > 0:
		return ErrUsage
	case len(all) > 0:
		return all
	}
	return nil
}

// startable fails if the system lacks a program that is started in a directory by a shell, or by the
// runtime itself if that is "".
func (s *leading) startable(what, dir, name, shell string) error {
	fault := &notStarted{what: what, name: name}
	at, known := s.located(dir, name)
	switch {
	case !known:
		return nil
	case at == "" && shell != "" && s.busybox(shell):
		return nil // its shell may have the program built in
	case at == "":
		fault.why, fault.near = programMissing, s.meant(dir, name)
		if fault.near == "" {
			fault.others = s.others(dir, name)
		}
		return fault
	}
	_, place, err := s.resolve(at)
	if err != nil || place == "" {
		return nil
	}
	info, err := os.Stat(place)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		fault.why = programIsDir
		return fault
	case !info.Mode().IsRegular():
		fault.why = programSpecial
		return fault
	case info.Mode()&0o111 == 0:
		fault.why = programMode
		return fault
	}
	if fault.why, fault.needs, err = s.needed(place); err != nil || fault.why == "" {
		return err
	}
	if fault.why == scriptInPath {
		fault.near = s.near(fault.needs)
	}
	return fault
}

// located returns the path of what has a name, as a runtime looks for it; "" if nothing has. It is not
// known if a runtime may fill the place.
func (s *leading) located(dir, name string) (at string, known bool) {
	if strings.Contains(name, "/") {
		if !path.IsAbs(name) {
			name = dir + "/" + name
		}
		name = s.clean(name)
		if s.mayBeGiven(name) {
			return "", false
		}
		if _, _, err := s.resolve(name); errors.Is(err, fs.ErrNotExist) {
			return "", !s.leadsAway(name)
		} else if err != nil {
			return "", false
		}
		return name, true
	}
	other := ""
	for _, in := range s.path {
		if s.mayBeGiven(in) {
			return "", false
		}
		p := path.Join(in, name)
		if s.runnable(p) {
			return p, true
		}
		if s.leadsAway(p) {
			return "", false
		}
		if _, place, err := s.resolve(p); err == nil && place != "" && other == "" {
			if info, err := os.Stat(place); err == nil && info.Mode().IsRegular() {
				other = p // it is not executable
			}
		}
	}
	return other, true
}

// leadsAway reports whether a link on a path leads to where a runtime may put something.
func (s *leading) leadsAway(p string) bool {
	for links := 0; links < maxLinks; links++ {
		dir, _, err := s.resolve(path.Dir(p))
		if err != nil {
			if p = path.Dir(p); p == "/" {
				return false
			}
			continue
		}
		at := path.Join(dir, path.Base(p))
		if s.mayBeGiven(at) {
			return true
		}
		place, info := s.entry(at)
		if place == "" || info.Mode()&fs.ModeSymlink == 0 {
			return false
		}
		to, err := os.Readlink(place)
		if err != nil {
			return false
		}
		if p = to; !path.IsAbs(to) {
			p = path.Join(dir, to)
		}
	}
	return false
}

// busybox reports whether a shell is busybox.
func (s *leading) busybox(shell string) bool {
	at, _ := s.located("/", shell)
	clean, _, err := s.resolve(at)
	return at != "" && err == nil && strings.HasPrefix(path.Base(clean), "busybox")
}

// meant returns what a missing program may be; "" if nothing is near.
func (s *leading) meant(dir, name string) string {
	if strings.Contains(name, "/") {
		if near := s.near(path.Base(name)); near != "" && !strings.Contains(near, "/") {
			at, _ := s.located(dir, near)
			return at
		} else if near != "" {
			return near
		}
	}
	return s.near(name)
}

// others returns the programs with names of about the same length in the directory of a path, or in
// PATH.
func (s *leading) others(dir, name string) []string {
	in, prefix := s.path, ""
	if strings.Contains(name, "/") {
		prefix = path.Dir(name) + "/"
		if in = []string{path.Dir(name)}; !path.IsAbs(name) {
			in = []string{path.Join(dir, path.Dir(name))}
		}
		if prefix == "//" {
			prefix = "/"
		}
	}
	var all []string
	for _, d := range in {
		list, err := s.list(d)
		if err != nil {
			continue
		}
		for _, n := range list {
			long := len(n) - len(path.Base(name))
			if long*long <= 4 && !strings.ContainsAny(n, " \t\n") && s.runnable(path.Join(d, n)) {
				all = append(all, prefix+n)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// needed returns what the kernel needs to start a file and the system lacks: why, and the path or the
// name. It returns "" if there is nothing, or if that is not known.
func (s *leading) needed(place string) (why, needs string, err error) {
	f, err := openRegular(place)
	if err != nil {
		return "", "", err
	}
	defer f.Close()
	head := make([]byte, 256) // the kernel reads no more of a script
	n, _ := f.ReadAt(head, 0)
	if strings.HasPrefix(string(head[:n]), elf.ELFMAG) {
		by := loader(f)
		if by == "" || !path.IsAbs(by) || !s.lacking(s.clean(by)) || s.leadsAway(by) {
			return "", "", nil
		}
		return programLoader, by, nil
	}
	line, _, _ := strings.Cut(string(head[:n]), "\n")
	line, is := strings.CutPrefix(line, "#!")
	line, crlf := strings.CutSuffix(line, "\r")
	words := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' })
	switch {
	case !is || len(words) == 0 || !path.IsAbs(words[0]):
		return "", "", nil
	case crlf:
		return scriptEnd, words[0], nil
	case s.lacking(s.clean(words[0])) && !s.leadsAway(words[0]):
		return scriptBy, words[0], nil
	case path.Base(words[0]) == "env":
		before := len(s.found)
		s.started("", words[0], words[1:])
		if len(s.found) > before && s.found[before].kind == needsInPath {
			_, program, _ := strings.Cut(s.found[before].needs, " ")
			return scriptInPath, program, nil
		}
	}
	return "", "", nil
}

// loader returns the loader that an ELF file names; "" if it names none or is not complete.
func loader(f *os.File) string {
	e, err := elf.NewFile(f)
	if err != nil {
		return ""
	}
	for _, p := range e.Progs {
		if p.Type == elf.PT_INTERP && p.Filesz < 4096 {
			text := make([]byte, p.Filesz)
			if _, err := p.ReadAt(text, 0); err == nil {
				return strings.TrimRight(string(text), "\x00")
			}
		}
	}
	return ""
}
