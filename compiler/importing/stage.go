package importing

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"path"
	"slices"
	"sort"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
)

// stage is a stage after some instructions: the units so far, and what the next instruction sees.
type stage struct {
	file      *dockerfile
	number    int
	name      string
	base      *base
	units     []*unit
	scope     scope             // ENV and ARG
	env       map[string]string // ENV alone
	workdir   string
	user      string   // as written; "": root
	shell     []string // nil: the default
	known     map[string]bool
	accounts  []*account     // that COPY --chown may name
	added     map[string]int // groups that commands add, with their numbers; -1: the command chooses
	history   []*instruction
	lost      bool         // no line shows the working directory, which is the image's
	std       *library     // that stands for its image; nil: none does
	args      []string     // the names of ARGs, which runs may read
	cross     *instruction // the FROM that says that it is built on the builder's platform; nil: none does
	commanded bool         // CMD is in this stage itself, so that ENTRYPOINT keeps it
}

// unit is one clause, or what one instruction adds to clauses of its block.
type unit struct {
	kind     kind
	key      string   // equal for equal results
	text     string   // the clause; "" for packages
	packages []string // in needs
	building []string // packages in builds with
	account  *account // of a user clause
	setting  string   // of configuration: "command", "env PATH", "expose 80/tcp"
	target   string   // the path that a step places; a final slash for a directory
	alone    bool     // depends on nothing, and is worth a component
	taken    string   // the component that a copy takes files from
	vars     []string // of its family that it has
	params   []*param // that the text of a run mentions by their names
	sees     []seen   // other variables that it mentions
	with     bool     // the text of a run ends with items
	mentions []string // the variables that the text of a run mentions
	reader   reader   // what its programs read
	dir      string   // of a run; "": the root
	late     []string // items for what is set after an earlier run of its component
	comments []string
	from     *instruction
	stage    string // the name of its stage
	id       string // key, and its number among equal keys of a sequence
}

// seen is a variable as a run sees it.
type seen struct {
	name, value string // "": nothing sets it
	set         bool   // by ENV
}

type kind int

const (
	step     kind = iota // places files, without running anything
	run                  // runs something
	needs                // packages
	uses                 // a component of the standard library
	login                // a user
	config               // configuration
	question             // a comment in place of a clause
)

// child continues a stage in another one, maybe of another file.
func (s *stage) child(f *dockerfile, i *instruction) *stage {
	c := *s
	c.file, c.commanded = f, false
	c.units, c.history = slices.Clone(s.units), append(slices.Clone(s.history), i)
	c.scope, c.env, c.known = newScope(), maps.Clone(s.env), map[string]bool{}
	if f == s.file {
		c.scope, c.args = s.scope.clone(), slices.Clone(s.args)
		for k, v := range s.env { // an ARG after it counts in its own stage alone
			c.scope.values[k] = v
			delete(c.scope.args, k)
			delete(c.scope.unset, k)
		}
	} else {
		maps.Copy(c.scope.values, s.env) // of an image, ARGs are not known
		c.args = nil
	}
	for k := range s.known {
		c.known[k] = true
	}
	c.accounts, c.added = slices.Clone(s.accounts), maps.Clone(s.added)
	return &c
}

// note records an instruction.
func (s *stage) note(line int, text string) *instruction {
	text, more, _ := strings.Cut(text, "\n")
	if more != "" {
		text += " …"
	}
	i := &instruction{File: s.file.build.File, Line: line, Text: strings.TrimSpace(text), build: s.file.build.Name}
	s.history = append(s.history, i)
	return i
}

// add appends a unit.
func (s *stage) add(u *unit) {
	if u.key == "" {
		u.key = fmt.Sprint(u.kind, " ", u.text, " ", u.packages, u.building)
	}
	u.stage = s.name
	s.units = append(s.units, u)
	if u.target != "" {
		for p := strings.TrimSuffix(u.target, "/"); p != "/" && p != "." && p != ""; p = path.Dir(p) {
			if p != u.target {
				s.known[p] = true
			}
		}
	}
}

// identity returns a name for what the stage holds, the same for equal stages.
func (s *stage) identity() string {
	h := sha256.New()
	fmt.Fprintln(h, s.base.id, s.cross != nil)
	for _, u := range s.units {
		fmt.Fprintf(h, "%d %q\n", u.kind, u.key)
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// ask adds a question in place of a clause.
func (s *stage) ask(i *instruction, clause, format string, args ...any) {
	i.class, i.Why = Question, fmt.Sprintf(format, args...)
	text := fmt.Sprintf("# TODO(import): %s:%d: %s: %s", i.File, i.Line, i.Text, i.Why)
	text = strings.Join(wrap(text), "\n# ")
	if clause != "" {
		text += "\n# " + strings.ReplaceAll(clause, "\n", "\n# ")
	}
	s.add(&unit{kind: question, text: text, from: i})
}

// wrap breaks a comment into lines.
func wrap(text string) []string {
	var lines []string
	line := ""
	for _, w := range strings.Fields(text) {
		if line != "" && len(line)+1+len(w) > 90 {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += w
	}
	return append(lines, line)
}

// word expands a word of an instruction. A variable without a value is a guess.
func (s *stage) word(i *instruction, w string) string {
	out, err := s.file.expand(w, s.scope)
	if err != nil && !empty(s, err) {
		i.guess("%s, so it is empty here", err)
	}
	return out
}

// empty reports whether an error is of variables that certainly are empty: the base sets no others than PATH.
func empty(s *stage, err error) bool {
	names, ok := err.(unsetError)
	return ok && (s.base.release != "" || s.base.id == "scratch") && !slices.Contains(strings.Split(string(names), ", "), "PATH")
}

// inlineText expands the text of a here-document, whose quotes stay.
func inlineText(s *stage, i *instruction, text string) string {
	s.file.lex.SkipProcessQuotes = true
	defer func() { s.file.lex.SkipProcessQuotes = false }()
	return s.word(i, text)
}

// instruction translates one instruction.
func (s *stage) instruction(c instructions.Command) error {
	i := s.note(first(c.Location()), s.file.source(c.Location()))
	if s.std != nil {
		s.std.look(s, i, c)
	}
	before := len(s.units)
	switch c := c.(type) {
	case *instructions.ArgCommand:
		s.arg(c)
	case *instructions.EnvCommand:
		s.environment(i, c.Env)
	case *instructions.LabelCommand:
		for _, l := range c.Labels {
			key := s.word(i, l.Key)
			s.set("label "+key, "label "+name(key)+" = "+quote(s.word(i, l.Value)), i)
		}
	case *instructions.MaintainerCommand:
		i.guess("the author becomes a label, which the image of the Dockerfile lacks")
		s.set("label org.opencontainers.image.authors", `label "org.opencontainers.image.authors" = `+quote(c.Maintainer), i)
	case *instructions.RunCommand:
		s.run(i, c)
	case *instructions.CopyCommand:
		s.copy(i, copying{sources: c.SourcesAndDest, from: c.From, chown: c.Chown, chmod: c.Chmod, exclude: c.ExcludePatterns, parents: c.Parents, link: c.Link})
	case *instructions.AddCommand:
		s.copy(i, copying{sources: c.SourcesAndDest, chown: c.Chown, chmod: c.Chmod, exclude: c.ExcludePatterns, link: c.Link, add: true, checksum: c.Checksum, unpack: c.Unpack})
	case *instructions.WorkdirCommand:
		s.changeDirectory(i, s.word(i, c.Path))
	case *instructions.UserCommand:
		s.user = s.word(i, c.User)
		s.set("user", "user "+s.principal(s.user), i)
	case *instructions.CmdCommand:
		s.commanded = true
		s.set("command", "command "+list(s.program(c.ShellDependantCmdLine)), i)
	case *instructions.EntrypointCommand:
		entrypoint(s, i, c)
	case *instructions.ExposeCommand:
		s.expose(i, c.Ports)
	case *instructions.VolumeCommand:
		for _, v := range c.Volumes {
			given := s.word(i, v)
			if v = absolute("/", given); !strings.HasPrefix(given, "/") && !symbolic(given) {
				i.guess("the volume %s is %s", given, v)
			}
			if v == "/" {
				i.guess("the volume / is left out")
				continue
			}
			s.set("volume "+v, "volume "+quote(v), i)
		}
	case *instructions.StopSignalCommand:
		s.set("stopsignal", "stopsignal "+quote(s.word(i, c.Signal)), i)
	case *instructions.ShellCommand:
		s.shell = c.Shell
		if program := strings.TrimSuffix(strings.ToLower(c.Shell[0]), ".exe"); strings.Contains(program, "powershell") || program == "cmd" {
			return fmt.Errorf("an image of Windows")
		}
		s.set("shell", "shell "+list(c.Shell), i)
	case *instructions.HealthCheckCommand:
		s.health(i, c)
	case *instructions.OnbuildCommand:
		s.ask(i, "", "an image cannot add instructions to the images on it; move it into a component that those need")
	default:
		s.ask(i, "", "an unknown instruction")
	}
	if len(s.units) > before {
		s.units[before].comments = comments(c.Comments())
	}
	return nil
}

// comments returns the comments of an instruction that are meant for people.
func comments(lines []string) []string {
	var out []string
	for _, l := range lines {
		l = strings.TrimSpace(l)
		low := strings.ToLower(l)
		if l == "" && len(out) == 0 || strings.HasPrefix(low, "hadolint") || strings.HasPrefix(low, "syntax=") || strings.HasPrefix(low, "check=") || control(l) || private(l) {
			continue
		}
		out = append(out, strings.TrimRight("# "+l, " "))
	}
	for len(out) > 0 && out[len(out)-1] == "#" {
		out = out[:len(out)-1]
	}
	return out
}

// arg declares an ARG.
func (s *stage) arg(c *instructions.ArgCommand) {
	for _, a := range c.Args {
		if _, set := s.env[a.Key]; set && a.Value == nil && s.file.build.Args[a.Key] == "" && s.file.global.values[a.Key] == "" {
			continue // it has no value, so the one of ENV stays
		}
		s.file.declare(s.scope, a, s.file.global)
		if !slices.Contains(s.args, a.Key) && !buildDetail[a.Key] {
			s.args = append(s.args, a.Key)
		}
	}
}

// buildDetail are ARGs that programs read without a mention, and that mean nothing here.
var buildDetail = map[string]bool{"BUILDKIT_INLINE_CACHE": true, "SOURCE_DATE_EPOCH": true, "BUILDKIT_CONTEXT_KEEP_GIT_DIR": true}

// mentions reports whether a Dockerfile mentions a variable anywhere.
func (f *dockerfile) mentions(name string) bool {
	for _, line := range f.lines {
		for rest := line; ; {
			n := strings.Index(rest, "$")
			if n < 0 {
				break
			}
			rest = strings.TrimPrefix(rest[n+1:], "{")
			if tail, ok := strings.CutPrefix(rest, name); ok && (tail == "" || !wordByte(tail[0])) {
				return true
			}
		}
	}
	return false
}

func wordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// changeDirectory is WORKDIR, which also creates the directory.
func (s *stage) changeDirectory(i *instruction, dir string) {
	relative(s, i, dir)
	s.workdir, s.lost = absolute(s.workdir, dir), s.lost && !strings.HasPrefix(dir, "/")
	s.makeDirectory(i, usual(s, s.workdir), s.user)
	s.set("workdir", "workdir "+quote(s.workdir), i)
}

// relative makes a path a guess that is relative to a directory which is not known.
func relative(s *stage, i *instruction, p string) {
	if s.lost && !strings.HasPrefix(p, "/") && !symbolic(p) {
		i.guess("%s is below the working directory of the image, which is taken to be /", p)
	}
}

// makeDirectory creates a directory unless it exists for sure.
func (s *stage) makeDirectory(i *instruction, dir, owner string) {
	if s.has(dir) {
		return
	}
	options := ""
	if owner != "" && owner != "root" && owner != "0" {
		o, ok := s.owner(owner)
		if !ok {
			i.guess("the owner %q of %s is not known, so it is root's", owner, dir)
		}
		options = o
		s.above(i, dir, options)
	}
	s.add(&unit{kind: step, text: "dir " + quote(dir) + options, target: dir + "/", from: i})
}

// last returns the settings of a stage that count, by setting, in order.
func (s *stage) last() []*unit {
	at := map[string]int{}
	for n, u := range s.units {
		if u.kind == config {
			at[u.setting] = n
		}
	}
	var ns []int
	for _, n := range at {
		ns = append(ns, n)
	}
	sort.Ints(ns)
	var out []*unit
	for _, n := range ns {
		out = append(out, s.units[n])
	}
	return out
}
