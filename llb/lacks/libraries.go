package lacks

import (
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Which libraries do the programs of a layer lack? The interpreter that a program names loads the
// program, and then all libraries that the program and its libraries need. It finds them by name,
// in the files' run paths and the system's configuration. So this file reads the interpreter and
// libraries of each ELF file of the layer, and looks for them in the layer, its needs and the
// base, in the loader's order.
//
// The meaning of a missing library depends on the file that needs it. A program does not start
// without the libraries that it and they need. Other libraries are loaded on demand, or never, so
// a missing one may be intended. If a library is where the loader does not look, a process that
// knows the place may still load it: this is reported for programs only.

// lack is one missing library.
type lack struct {
	kind  string // one of the kinds below
	file  string // the ELF file
	needs string // the library or interpreter
	at    string // place of a misplaced one; what may be meant instead of a missing program
}

const (
	lacksLibrary     = "library"     // a program does not start
	lacksInterpreter = "interpreter" // a program does not start
	lacksOnDemand    = "on-demand"   // a library cannot be loaded
	lacksPath        = "path"        // a program's library exists, but the loader does not look there
)

// Libraries writes what the ELF files, links and scripts of the topmost tree lack into a file, one
// line each: a kind, the file, its need and the place of that, separated by tabs. The file is empty
// if nothing is missing. arch is the architecture of the trees, in Go's terms, whatever the helper
// runs on. No ELF file is reported for an architecture that the helper is not built for. What
// follows the trees, after "--", are the systems of the builds; after another "--", volumes.
// LD_LIBRARY_PATH and PATH are the values of the image.
func Libraries(arch, report string, args []string) error {
	trees, args := untilDashes(args)
	builds, volumes := untilDashes(args)
	if len(trees) == 0 {
		return ErrUsage
	}
	s := &loading{union: trees, arch: architectures[arch], found: map[string]*object{}}
	var err error
	if s.system, err = s.systemDirs(); err != nil {
		return err
	}
	if err := s.collect(trees[0]); err != nil {
		return err
	}
	to := &leading{union: trees, given: slices.Concat(mounted, volumes), path: searched(os.Getenv("PATH"))}
	for _, dir := range builds {
		to.builds = append(to.builds, union{dir})
	}
	more, err := to.lacks()
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, l := range slices.Concat(s.lacks(), more) {
		fmt.Fprintf(&b, "%s\t%s\t%s\t%s\n", l.kind, l.file, l.needs, l.at)
	}
	return os.WriteFile(report, []byte(b.String()), 0o644)
}

// untilDashes splits arguments at the first "--".
func untilDashes(args []string) (before, after []string) {
	if n := slices.Index(args, "--"); n >= 0 {
		return args[:n], args[n+1:]
	}
	return args, nil
}

// architecture has a machine's names in loaders.
type architecture struct {
	machine   elf.Machine
	multiarch string // Debian's name of the directory for its libraries
	musl      string // in the name of musl's configuration
}

var architectures = map[string]architecture{
	"amd64": {elf.EM_X86_64, "x86_64-linux-gnu", "x86_64"},
	"arm64": {elf.EM_AARCH64, "aarch64-linux-gnu", "aarch64"},
}

// loading is the knowledge of a loader.
type loading struct {
	union
	arch   architecture
	system []string           // directories that the system searches
	own    []string           // paths of the ELF files of the topmost tree, sorted
	found  map[string]*object // ELF files read so far, by path; nil: not for this machine
	names  map[string]string  // places of files by name, filled on first use
}

// object is the part of an ELF file that the loader reads.
type object struct {
	program     bool // it has an interpreter, or is not a shared object
	interpreter string
	needs       []string
	path        []string // RUNPATH, or else RPATH
	passed      []string // RPATH, which applies to the libraries that it loads, too
}

// collect finds the ELF files of the topmost tree.
func (s *loading) collect(tree string) error {
	err := filepath.WalkDir(tree, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		name := strings.TrimPrefix(p, tree)
		if s.object(name) != nil {
			s.own = append(s.own, name)
		}
		return nil
	})
	slices.Sort(s.own)
	return err
}

// object reads the ELF file at a path. It returns nil if there is none for this machine, or if
// the file only looks like one.
func (s *loading) object(p string) *object {
	if o, ok := s.found[p]; ok {
		return o
	}
	s.found[p] = nil
	_, place, err := s.resolve(p)
	if err != nil {
		return nil
	}
	f, err := openRegular(place)
	if err != nil {
		return nil
	}
	defer f.Close()
	magic := make([]byte, 4)
	if _, err := f.ReadAt(magic, 0); err != nil || string(magic) != elf.ELFMAG {
		return nil
	}
	e, err := elf.NewFile(f)
	if err != nil || e.Machine != s.arch.machine || e.Type != elf.ET_EXEC && e.Type != elf.ET_DYN {
		return nil
	}
	o := &object{program: e.Type == elf.ET_EXEC}
	for _, p := range e.Progs {
		if p.Type == elf.PT_INTERP && p.Filesz < 4096 {
			text := make([]byte, p.Filesz)
			if _, err := p.ReadAt(text, 0); err == nil {
				o.program, o.interpreter = true, strings.TrimRight(string(text), "\x00")
			}
		}
	}
	o.needs, _ = e.DynString(elf.DT_NEEDED)
	runpath, _ := e.DynString(elf.DT_RUNPATH)
	rpath, _ := e.DynString(elf.DT_RPATH)
	if len(runpath) > 0 {
		rpath = nil // RUNPATH replaces it
	}
	o.passed = s.dirs(rpath, p)
	o.path = append(s.dirs(runpath, p), o.passed...)
	s.found[p] = o
	return o
}

// dirs returns the directories of a run path in the file at p.
func (s *loading) dirs(paths []string, p string) []string {
	origin := path.Dir(p)
	if clean, _, err := s.resolve(p); err == nil {
		origin = path.Dir(clean)
	}
	lib := "lib64"
	if clean, _, err := s.resolve("/usr/lib/" + s.arch.multiarch); err == nil && clean != "" {
		lib = "lib/" + s.arch.multiarch
	}
	replace := strings.NewReplacer("$ORIGIN", origin, "${ORIGIN}", origin, "$LIB", lib, "${LIB}", lib)
	var out []string
	for _, list := range paths {
		for dir := range strings.SplitSeq(list, ":") {
			if dir = replace.Replace(dir); path.IsAbs(dir) {
				out = append(out, path.Clean(dir))
			}
		}
	}
	return out
}

// systemDirs returns the directories that the system's loaders search: LD_LIBRARY_PATH, the
// configuration of the GNU loader and of musl, and the built-in ones.
func (s *loading) systemDirs() ([]string, error) {
	var out []string
	add := func(dirs ...string) {
		for _, d := range dirs {
			if d = strings.TrimSpace(d); path.IsAbs(d) {
				out = append(out, path.Clean(d))
			}
		}
	}
	add(strings.FieldsFunc(os.Getenv("LD_LIBRARY_PATH"), func(r rune) bool { return r == ':' || r == ';' })...)
	if err := s.configured("/etc/ld.so.conf", add, 0); err != nil {
		return nil, err
	}
	text, err := s.read("/etc/ld-musl-" + s.arch.musl + ".path")
	if err != nil {
		return nil, err
	}
	add(strings.FieldsFunc(string(text), func(r rune) bool { return r == ':' || r == '\n' })...)
	add("/lib/"+s.arch.multiarch, "/usr/lib/"+s.arch.multiarch, "/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib")
	return out, nil
}

// configured reads a configuration file of the GNU loader, and the files that it includes.
func (s *loading) configured(file string, add func(...string), depth int) error {
	text, err := s.read(file)
	if err != nil || depth > 8 {
		return err
	}
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if fields[0] != "include" {
			dir, _, _ := strings.Cut(fields[0], "=")
			add(dir)
			continue
		}
		for _, pattern := range fields[1:] {
			if !path.IsAbs(pattern) {
				pattern = path.Join(path.Dir(file), pattern)
			}
			names, err := s.list(path.Dir(pattern))
			if err != nil {
				return err
			}
			for _, n := range names {
				if ok, _ := path.Match(path.Base(pattern), n); ok {
					if err := s.configured(path.Join(path.Dir(pattern), n), add, depth+1); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

// library finds the file of a needed library in the loader's order, for an object and the ones
// that loaded it; "" if there is none.
func (s *loading) library(name string, o *object, passed []string) string {
	if strings.Contains(name, "/") {
		if clean, _, err := s.resolve(name); err == nil && path.IsAbs(name) {
			return clean
		}
		return ""
	}
	for _, dir := range slices.Concat(o.path, passed, s.system) {
		if clean, _, err := s.resolve(dir + "/" + name); err == nil && s.object(clean) != nil {
			return clean
		}
	}
	return ""
}

// lacks returns what the topmost tree's files lack: each library of a file once, with the most
// severe kind.
func (s *loading) lacks() []lack {
	out := map[string]lack{}
	note := func(l lack) {
		key := l.file + "\t" + l.needs
		if old, ok := out[key]; !ok || old.kind == lacksOnDemand {
			out[key] = l
		}
	}
	loaded := map[string]bool{}
	for _, p := range s.own {
		if o := s.found[p]; o.program {
			if o.interpreter != "" {
				if _, _, err := s.resolve(o.interpreter); err != nil {
					note(lack{kind: lacksInterpreter, file: p, needs: o.interpreter})
					continue // its libraries belong to the system that it is made for
				}
			}
			s.load(p, o.passed, loaded, note)
		}
	}
	for _, p := range s.own {
		o := s.found[p]
		if o.program || loaded[p] {
			continue
		}
		for _, name := range o.needs {
			if s.library(name, o, nil) == "" && s.anywhere(name) == "" {
				note(lack{kind: lacksOnDemand, file: p, needs: name})
			}
		}
	}
	return slices.SortedFunc(maps.Values(out), func(a, b lack) int {
		return strings.Compare(a.kind+"\t"+a.file+"\t"+a.needs, b.kind+"\t"+b.file+"\t"+b.needs)
	})
}

// load loads what a program needs, breadth first like loaders. It follows only libraries in the
// topmost tree, since other layers are checked separately. A library that is loaded is not
// searched again.
func (s *loading) load(program string, passed []string, loaded map[string]bool, note func(lack)) {
	seen := map[string]bool{}
	for queue := []string{program}; len(queue) > 0; queue = queue[1:] {
		p := queue[0]
		o := s.object(p)
		if _, own := slices.BinarySearch(s.own, p); !own || o == nil {
			continue
		}
		loaded[p] = true
		for _, name := range o.needs {
			if seen[name] {
				continue
			}
			lib := s.library(name, o, passed)
			if lib != "" {
				seen[name] = true
				queue = append(queue, lib)
				continue
			}
			l := lack{kind: lacksLibrary, file: p, needs: name}
			if l.at = s.anywhere(name); l.at != "" {
				l.kind = lacksPath
			}
			note(l)
		}
	}
}

// anywhere returns the first place, by path, of a library with that name; "" if there is none.
func (s *loading) anywhere(name string) string {
	if s.names == nil {
		s.names = map[string]string{}
		for _, tree := range s.union {
			_ = filepath.WalkDir(tree, func(p string, d fs.DirEntry, err error) error {
				if errors.Is(err, fs.ErrPermission) {
					return fs.SkipDir
				}
				if err != nil || d.IsDir() {
					return nil
				}
				if n := d.Name(); strings.Contains(n, ".so") {
					at := strings.TrimPrefix(p, tree)
					if old, ok := s.names[n]; !ok || at < old {
						s.names[n] = at
					}
				}
				return nil
			})
		}
	}
	if at := s.names[name]; at != "" && s.object(at) != nil {
		return at
	}
	return ""
}
