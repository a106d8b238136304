package importing

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"

	"github.com/layc-lang/layc/lang/lazy"
)

// dockerfile is the Dockerfile of a build, with the stages that were translated so far.
type dockerfile struct {
	im     *importer
	build  *Build
	lines  []string
	escape rune // that continues lines: \, or as a directive has it
	lex    *shell.Lex
	stages []instructions.Stage
	global scope // ARGs before the first FROM
	done   map[int]*stage
	doing  map[int]bool

	siblings map[string]string // builds that it refers to, by the references
}

// scope is what words see: variables with symbolic values.
type scope struct {
	values map[string]string
	args   map[string]*param // the ARGs among them that have a param
	unset  map[string]bool   // the ARGs among them that nothing gives a value
}

func newScope() scope {
	return scope{map[string]string{}, map[string]*param{}, map[string]bool{}}
}

// Get and Keys make a scope an environment of the lexer.
func (s scope) Get(name string) (string, bool) { v, ok := s.values[name]; return v, ok }
func (s scope) Keys() []string                 { return sorted(s.values) }

func (s scope) clone() scope {
	out := newScope()
	for k := range s.unset {
		out.unset[k] = true
	}
	for k, v := range s.values {
		out.values[k] = v
	}
	for k, v := range s.args {
		out.args[k] = v
	}
	return out
}

// platforms are the ARGs that BuildKit sets.
var platforms = map[string]string{
	"TARGETOS": reference('p', "platform.os"), "TARGETARCH": reference('p', "platform.arch"), "TARGETVARIANT": reference('p', "platform.variant"),
	"BUILDOS": reference('p', "platform.os"), "BUILDARCH": reference('p', "platform.arch"), "BUILDVARIANT": reference('p', "platform.variant"),
	"TARGETPLATFORM": reference('p', "platform.os") + "/" + reference('p', "platform.arch"),
	"BUILDPLATFORM":  reference('p', "platform.os") + "/" + reference('p', "platform.arch"),
}

// file reads the Dockerfile of a build, or reports why it cannot.
func (im *importer) file(b *Build) *dockerfile {
	if f := im.files[b.Name]; f != nil {
		return f
	}
	f, err := im.parse(b)
	if err != nil {
		im.report.skip(b, err.Error())
		return nil
	}
	im.files[b.Name] = f
	return f
}

func (im *importer) parse(b *Build) (*dockerfile, error) {
	if private(b.Text) {
		return nil, errors.New("not a text in UTF-8")
	}
	if strings.TrimSpace(b.Text) == "" {
		return nil, errors.New("the file is empty")
	}
	text := strings.TrimPrefix(strings.ReplaceAll(b.Text, "\r\n", "\n"), "\uFEFF")
	if at := strings.IndexFunc(text, func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' || r == 0x7F }); at >= 0 {
		return nil, fmt.Errorf("control character U+%04X in line %d, which no .layer file can have", text[at], 1+strings.Count(text[:at], "\n"))
	}
	parsed, err := parser.Parse(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	if parsed.EscapeToken == '`' && ofWindows().MatchString(text) {
		return nil, errors.New("an image of Windows")
	}
	f := &dockerfile{im: im, build: b, lines: strings.Split(text, "\n"), escape: parsed.EscapeToken, lex: shell.NewLex(parsed.EscapeToken), done: map[int]*stage{}, doing: map[int]bool{}, siblings: map[string]string{}}
	var args []instructions.ArgCommand
	if f.stages, args, err = instructions.Parse(parsed.AST, silent()); err != nil {
		return nil, err
	}
	f.global = newScope()
	for k, v := range platforms {
		f.global.values[k] = v
	}
	for _, c := range args {
		for _, a := range c.Args {
			f.declare(f.global, a, scope{})
		}
	}
	return f, nil
}

// silent is a linter that says nothing. The parser needs one where a comment sets the checks of an instruction.
func silent() *linter.Linter { return linter.New(&linter.Config{SkipAll: true}) }

// ofWindows matches what only Dockerfiles of Windows have. One for Linux may also continue lines with `.
var ofWindows = lazy.Regexp(`(?i)\b[a-z]:[\\/]|powershell|\.exe\b|\bcmd /|dotnet/framework`)

// declare adds an ARG to a scope. Its value is the build's, its default, or what an ARG before the
// first FROM has.
func (f *dockerfile) declare(in scope, a instructions.KeyValuePairOptional, global scope) {
	if v, ok := platforms[a.Key]; ok && f.build.Args[a.Key] == "" && a.Value == nil && global.values[a.Key] == "" {
		in.values[a.Key] = v
		return
	}
	value, given := f.build.Args[a.Key]
	switch {
	case given:
	case a.Value != nil:
		value, _ = f.expand(*a.Value, in)
	default:
		if v, ok := global.values[a.Key]; ok {
			in.values[a.Key] = v
			if p := global.args[a.Key]; p != nil {
				in.args[a.Key] = p
			}
			if global.unset[a.Key] {
				in.unset[a.Key] = true
			}
			return
		}
	}
	if a.Value == nil && !given && proxies[strings.ToLower(a.Key)] {
		return
	}
	if a.Value == nil && !given {
		in.unset[a.Key] = true
	} else {
		delete(in.unset, a.Key)
	}
	// A value that is made of other ARGs is not one of its own.
	if symbolic(value) || control(value) || !word().MatchString(a.Key) || reserved[a.Key] {
		in.values[a.Key] = value
		delete(in.args, a.Key)
		return
	}
	key := a.Key + "=" + value
	p := f.im.params[key]
	if p == nil {
		p = &param{name: a.Key, value: value, owner: f.build.Name}
		f.im.params[key] = p
	}
	in.args[a.Key], in.values[a.Key] = p, reference('p', key)
}

var proxies = map[string]bool{"http_proxy": true, "https_proxy": true, "ftp_proxy": true, "no_proxy": true, "all_proxy": true}

// plainOf returns a symbolic text with the values of params, for decisions that need them.
func (im *importer) plainOf(text string) string {
	for range 8 {
		if !symbolic(text) {
			break
		}
		text = references().ReplaceAllStringFunc(text, func(ref string) string {
			m := references().FindStringSubmatch(ref)
			if p := im.params[m[2]]; m[1] == "p" && p != nil {
				return p.value
			}
			if m[1] == "v" {
				return "x"
			}
			return "amd64"
		})
	}
	return text
}

// longest is the length that a variable may have, and errLong says that a value has more.
const longest = 131071

var errLong = fmt.Errorf("the value has more than %d bytes", longest)

// unsetError are the names of variables that nothing sets.
type unsetError string

func (e unsetError) Error() string { return "nothing sets " + string(e) }

// expand expands a word. The error names variables that have no value, which expand to nothing.
// Where a modifier works on a value, the result has the value instead of the param.
func (f *dockerfile) expand(word string, in scope) (string, error) {
	out, unknown, err := f.lex.ProcessWord(word, in)
	if err != nil {
		return word, fmt.Errorf("%s: %w", word, err)
	}
	if len(out) > longest {
		return "", errLong
	}
	if symbolic(out) || strings.ContainsAny(word, "%#/") || len(in.unset) > 0 {
		fixed := in.clone()
		for k, v := range fixed.values {
			fixed.values[k] = f.im.plainOf(v)
			if in.unset[k] {
				delete(fixed.values, k)
			}
		}
		want, _, err := f.lex.ProcessWord(word, fixed)
		if err == nil && f.im.plainOf(out) != want {
			out = want
		}
	}
	if len(unknown) > 0 {
		return out, unsetError(strings.Join(sorted(unknown), ", "))
	}
	return out, nil
}

// stageOf translates the stage of a name or a number; "" is the last one.
func (f *dockerfile) stageOf(name string) (*stage, error) {
	n := len(f.stages) - 1
	if name != "" {
		if n = f.find(name, len(f.stages)); n < 0 {
			return nil, fmt.Errorf("no stage %q", name)
		}
	}
	if n < 0 {
		return nil, errors.New("no FROM")
	}
	return f.stage(n)
}

// find returns the index of a stage before another one, or -1.
func (f *dockerfile) find(name string, before int) int {
	for n := before - 1; n >= 0; n-- {
		if strings.EqualFold(f.stages[n].Name, name) {
			return n
		}
	}
	if n, err := strconv.Atoi(name); err == nil && n >= 0 && n < before {
		return n
	}
	return -1
}

// stage translates a stage once.
func (f *dockerfile) stage(n int) (*stage, error) {
	if s := f.done[n]; s != nil {
		return s, nil
	}
	if f.doing[n] {
		return nil, errors.New("stages are made from each other")
	}
	f.doing[n] = true
	defer delete(f.doing, n)
	from := f.stages[n]
	s, err := f.begin(n)
	if err != nil {
		return nil, err
	}
	s.number, s.name = n, from.Name
	for _, c := range from.Commands {
		if err := s.instruction(c); err != nil {
			return nil, err
		}
	}
	f.done[n] = s
	return s, nil
}

// begin returns a stage after its FROM.
func (f *dockerfile) begin(n int) (*stage, error) {
	from := f.stages[n]
	s := &stage{file: f, workdir: "/", known: map[string]bool{"/": true}, scope: newScope(), env: map[string]string{}}
	i := s.note(first(from.Location), from.SourceCode)
	name, err := f.expand(from.BaseName, f.global)
	if err != nil {
		return nil, fmt.Errorf("line %d: FROM %s: %w; give it a value with --build-arg NAME=VALUE", first(from.Location), from.BaseName, err)
	}
	plain := f.im.plainOf(name)
	if !imageName().MatchString(plain) {
		return nil, fmt.Errorf("line %d: FROM %s is %q without more arguments; give them with --build-arg NAME=VALUE", first(from.Location), from.BaseName, plain)
	}
	if strings.Contains(plain, "windows") || strings.Contains(plain, "nanoserver") {
		return nil, errors.New("an image of Windows")
	}
	if from.Platform != "" && !strings.Contains(from.Platform, "$") {
		i.guess("the platform %s is not fixed; build with --platform, or name it in fleet", from.Platform)
	} else if strings.Contains(from.Platform, "BUILDPLATFORM") {
		s.cross = i
	}
	if at := f.find(plain, n); at >= 0 {
		parent, err := f.stage(at)
		if err != nil {
			return nil, err
		}
		return crossed(parent.child(f, i), s.cross), nil
	}
	if c, ok := f.build.Contexts[plain]; ok {
		if parent, err := f.context(c); parent != nil || err != nil {
			if err != nil {
				return nil, err
			}
			return crossed(parent.child(f, i), s.cross), nil
		}
		if ref, ok := strings.CutPrefix(c, "docker-image://"); ok {
			name, plain = ref, ref
		}
	}
	if b := f.im.sibling(plain, f.build); b != nil {
		parent, err := f.im.stageOf(b)
		if err == nil && parent.file.build != f.build {
			f.siblings[plain] = b.Name
			return crossed(parent.child(f, i), s.cross), nil
		}
	}
	if !f.im.replaced(s, name, i) {
		s.base = f.im.base(name, i)
		s.accounts = s.base.accounts()
		dir, known := s.base.workdir()
		s.workdir, s.known[dir], s.lost = dir, true, !known
	}
	return s, nil
}

// imageName matches what may name an image or a stage.
var imageName = lazy.Regexp(`^[A-Za-z0-9]([A-Za-z0-9._/:@+-]*[A-Za-z0-9_])?$`)

// stageOf returns the stage of another build.
func (im *importer) stageOf(b *Build) (*stage, error) {
	f := im.file(b)
	if f == nil {
		return nil, errors.New("unreadable")
	}
	s, err := f.stageOf(b.Target)
	if err != nil {
		return nil, err
	}
	return labelled(s, b), nil
}

// context returns the stage of a named context that is another target, or nil.
func (f *dockerfile) context(c string) (*stage, error) {
	name, ok := strings.CutPrefix(c, "target:")
	if !ok {
		name, ok = strings.CutPrefix(c, "service:")
	}
	if !ok {
		return nil, nil
	}
	n := slices.IndexFunc(f.im.in.Builds, func(b Build) bool { return b.Name == name || slices.Contains(b.Names, name) })
	if n < 0 || &f.im.in.Builds[n] == f.build {
		return nil, fmt.Errorf("the context %s is not a target", c)
	}
	f.siblings[c] = f.im.in.Builds[n].Name
	return f.im.stageOf(&f.im.in.Builds[n])
}

func first(at []parser.Range) int {
	if len(at) == 0 {
		return 0
	}
	return at[0].Start.Line
}

// source returns the text of an instruction as its author broke it into lines, without its word and
// the comments within. Lines continue after a backslash.
func (f *dockerfile) source(at []parser.Range) string {
	if len(at) == 0 {
		return ""
	}
	var lines []string
	for n := at[0].Start.Line; n <= at[len(at)-1].End.Line && n <= len(f.lines); n++ {
		line := f.lines[n-1]
		if t := strings.TrimSpace(line); n > at[0].Start.Line && (t == "" || t[0] == '#') {
			continue
		}
		line = strings.TrimRight(line, " \t")
		if before, continued := strings.CutSuffix(line, string(f.escape)); continued && n < at[len(at)-1].End.Line {
			line = before + "\\"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}
