package importing

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/layc-lang/layc/lang/lazy"
)

// With Bases: Library, a FROM of some images becomes a module of the standard library on a release of Debian,
// if the version permits, and if nothing relies on what the module does differently. All instructions after
// the FROM are looked at, also in the stages and images FROM its stage. If one relies on the image, the FROM
// stays an image, and the report says why.

// library is what stands for an image.
type library struct {
	image   string
	from    string   // the build and the place of the FROM
	uses    []string // expressions of components
	release string   // of Debian
	workdir string   // of the image
	builds  bool     // only builds have it: stages that files are copied from. Otherwise only images have it.
	command bool     // the Dockerfile must say what runs
	env     []string // clauses
	differs string   // what is different, for people
	relies  func(s *stage, c instructions.Command) string
}

// libraryModule matches the module in the expression of a component.
var libraryModule = lazy.Regexp(`^[a-z]+`)

var (
	goTag       = lazy.Regexp(`^(?:(\d+)\.(\d+)(?:\.(\d+))?)(?:-(alpine[0-9.]*|bullseye|bookworm|trixie))?$`)
	nodeTag     = lazy.Regexp(`^v?(\d+\.\d+\.\d+)(?:-(slim|alpine[0-9.]*|(?:bullseye|bookworm|trixie)(?:-slim)?))?$`)
	javaTag     = lazy.Regexp(`^(\d+)(?:[._+]\d+)*(?:-(jre|jdk))?(?:-(?:headless|alpine[0-9.-]*|slim|jammy|noble|focal|al2|al2023|bullseye|bookworm|trixie|ubi9-minimal))*$`)
	tomcatTag   = lazy.Regexp(`^(\d+\.\d+\.\d+)-(jre|jdk)(\d+)(?:-.*)?$`)
	postgresTag = lazy.Regexp(`^(\d+)(?:\.\d+)*(?:-(?:alpine[0-9.]*|bullseye|bookworm|trixie))?$`)
)

// libraryOf returns what stands for an image, or why it stays.
func libraryOf(ref string) (*library, string) {
	ref, _, _ = strings.Cut(ref, "@")
	name, tag := hubName(ref), "latest"
	if n := strings.LastIndex(ref, ":"); n > strings.LastIndex(ref, "/") {
		tag = ref[n+1:]
	}
	suite := "12"
	for _, release := range sorted(suites) {
		if strings.Contains(tag, suites[release]) {
			suite = release
		}
	}
	switch name {
	case "golang":
		m := goTag().FindStringSubmatch(tag)
		if m == nil {
			return nil, "the tag has no version"
		}
		if minor, _ := strconv.Atoi(m[2]); m[1] != "1" || minor < 21 {
			return nil, "std/golang has Go 1.21 and newer"
		}
		patch := m[3]
		if patch == "" {
			patch = "0"
		}
		version := m[1] + "." + m[2] + "." + patch
		return &library{image: ref, uses: []string{"golang.toolchain(" + quote(version) + ")"}, release: suite, workdir: "/go", builds: true,
			env:     []string{`env GOPATH = "/go"`, `env PATH += "/go/bin"`},
			differs: fmt.Sprintf("Go %s on Debian %s, without gcc, git and make; a newer Go that go.mod asks for is downloaded", version, suite),
			relies:  goRelies}, ""
	case "node":
		m := nodeTag().FindStringSubmatch(tag)
		if m == nil {
			return nil, "the tag has no full version, which std/node needs"
		}
		return &library{image: ref, uses: []string{"node.runtime(" + quote(m[1]) + ")"}, release: suite, command: true,
			differs: fmt.Sprintf("Node %s on Debian %s, without npm, yarn, docker-entrypoint.sh and the user node, and with NODE_ENV=production", m[1], suite),
			relies:  nodeRelies}, ""
	case "eclipse-temurin", "openjdk", "amazoncorretto":
		m := javaTag().FindStringSubmatch(tag)
		if m == nil {
			return nil, "the tag has no version of Java"
		}
		release, ok := javas[m[1]]
		if !ok {
			return nil, "Debian 12 has Java 17, and Debian 13 has Java 21 and 25"
		}
		kind := "jdk"
		if m[2] == "jre" {
			kind = "jre"
		}
		return &library{image: ref, uses: []string{"java." + kind + "(" + quote(m[1]) + ")"}, release: release, command: true,
			differs: fmt.Sprintf("OpenJDK %s of Debian %s, headless, with another JAVA_HOME", m[1], release),
			relies:  javaRelies}, ""
	case "tomcat":
		m := tomcatTag().FindStringSubmatch(tag)
		if m == nil {
			return nil, "the tag has no full version with a version of Java, which std/tomcat needs"
		}
		release, ok := javas[m[3]]
		if !ok {
			return nil, "Debian 12 has Java 17, and Debian 13 has Java 21 and 25"
		}
		return &library{image: ref, uses: []string{"java." + m[2] + "(" + quote(m[3]) + ")", "tomcat.server(" + quote(m[1]) + ")"}, release: release, workdir: "/usr/local/tomcat",
			differs: fmt.Sprintf("Tomcat %s on Debian's OpenJDK %s, headless, as the user 1001 and without the native library", m[1], m[3]),
			relies:  tomcatRelies}, ""
	case "postgres":
		m := postgresTag().FindStringSubmatch(tag)
		if m == nil || postgreses[m[1]] == "" {
			return nil, "Debian 12 has PostgreSQL 15, and Debian 13 has 17"
		}
		return &library{image: ref, uses: []string{"postgres.server(" + quote(m[1]) + ")"}, release: postgreses[m[1]],
			differs: fmt.Sprintf("PostgreSQL %s of Debian %s, which std/postgres starts instead of docker-entrypoint.sh", m[1], postgreses[m[1]]),
			relies:  postgresRelies}, ""
	}
	return nil, ""
}

// The releases of Debian that have versions of Java and of PostgreSQL.
var (
	javas      = map[string]string{"17": "12", "21": "13", "25": "13"}
	postgreses = map[string]string{"15": "12", "17": "13"}
)

// kept is an image that stays, although there is a module like it.
type kept struct{ image, why string }

// replaced begins a stage with what stands for its image; false: it stays an image.
func (im *importer) replaced(s *stage, ref string, i *instruction) bool {
	from := fmt.Sprint(s.file.build.Name, " ", i.File, ":", i.Line)
	if _, stays := im.stays[from]; stays || im.in.Bases != Library {
		return false
	}
	plain := im.plainOf(ref)
	l, why := libraryOf(plain)
	if l == nil {
		if why != "" {
			im.stays[from] = kept{plain, why}
		}
		return false
	}
	l.from = from
	s.std, s.base = l, im.debian(l.release)
	s.accounts = s.base.accounts()
	if l.workdir != "" {
		s.workdir = l.workdir
		s.known[l.workdir] = true
	}
	i.guess("%s becomes std/%s: %s", plain, libraryModule().FindString(l.uses[len(l.uses)-1]), l.differs)
	for _, e := range l.uses {
		s.add(&unit{kind: uses, text: e, key: "std " + e, from: i})
	}
	for _, e := range l.env {
		words := strings.Fields(e)
		if words[2] == "=" {
			s.env[words[1]] = strings.Trim(words[3], `"`)
			s.scope.values[words[1]] = s.env[words[1]]
		}
		s.set("env "+words[1], e, i)
	}
	return true
}

// stay makes the image under a stage stay an image. Then everything is read again.
func (im *importer) stay(s *stage, why string) {
	if s.std == nil {
		im.plain[s.base.ref] = true
		return
	}
	if _, ok := im.stays[s.std.from]; !ok {
		im.stays[s.std.from] = kept{s.std.image, why}
	}
}

// look finds out whether an instruction relies on the image that a library stands for.
func (l *library) look(s *stage, i *instruction, c instructions.Command) {
	why := l.relies(s, c)
	switch c := c.(type) {
	case *instructions.UserCommand:
		if u, _, _ := strings.Cut(s.word(&instruction{}, c.User), ":"); why == "" && !knows(s, u) {
			why = "the user " + u
		}
	case *instructions.CopyCommand:
		if u, _, _ := strings.Cut(c.Chown, ":"); why == "" && c.Chown != "" && !knows(s, s.word(&instruction{}, u)) {
			why = "the user " + u
		}
	case *instructions.OnbuildCommand:
		why = "ONBUILD"
	}
	if why != "" {
		s.file.im.stay(s, fmt.Sprintf("%s:%d needs %s", i.File, i.Line, why))
	}
}

// knows reports whether a user is root, a number, or one that Debian or the stage has.
func knows(s *stage, user string) bool {
	if numeric().MatchString(user) || symbolic(user) || user == "root" || user == "" {
		return true
	}
	return slices.ContainsFunc(s.accounts, func(a *account) bool { return a.login == user })
}

// unsuited finds libraries whose stages are not used as they can be.
func (im *importer) unsuited() {
	for _, t := range im.targets {
		l, file := t.stage.std, t.stage.file.build.File
		switch {
		case l == nil:
		case l.builds && len(t.builds) > 0:
			im.stay(t.stage, file+" makes an image of it")
		case !l.builds && t.from:
			im.stay(t.stage, file+" copies files from it")
		case l.command && !t.sets("command") && !t.sets("entrypoint"):
			im.stay(t.stage, file+" has no command of its own")
		}
	}
}

// executed returns the text of what an instruction executes, and whether it executes something.
func executed(c instructions.Command) (string, bool) {
	switch c := c.(type) {
	case *instructions.RunCommand:
		text := strings.Join(c.CmdLine, " ")
		for _, f := range c.Files {
			text += "\n" + f.Data
		}
		return text, true
	case *instructions.CmdCommand:
		return strings.Join(c.CmdLine, " "), true
	case *instructions.EntrypointCommand:
		return strings.Join(c.CmdLine, " "), true
	case *instructions.HealthCheckCommand:
		return strings.Join(c.Health.Test, " "), true
	case *instructions.EnvCommand:
		text := ""
		for _, p := range c.Env {
			text += " " + p.Value
		}
		return text, true
	}
	return "", false
}

// plainTools are programs that every Debian has, and apt, whose use is translated.
var plainTools = map[string]bool{"mkdir": true, "cp": true, "mv": true, "rm": true, "ln": true, "chmod": true, "chown": true, "echo": true, "cat": true, "touch": true, "sed": true,
	"set": true, "cd": true, "test": true, "[": true, "true": true, "ls": true, "apt-get": true, "export": true, "useradd": true, "groupadd": true, "printf": true, "install": true, "pwd": true, "env": true}

// tool returns a program of a run that is not among some names, or "".
func tool(s *stage, c instructions.Command, names ...string) string {
	run, ok := c.(*instructions.RunCommand)
	if !ok {
		return ""
	}
	all, _, ok := s.split(s.commandText(run))
	if !ok {
		return "what its commands run"
	}
	for _, command := range all {
		words := strings.Fields(command.text)
		for len(words) > 1 && strings.Contains(words[0], "=") && !strings.HasPrefix(words[0], "=") {
			words = words[1:]
		}
		if len(words) == 0 || plainTools[words[0]] || slices.Contains(names, words[0]) {
			continue
		}
		if len(command.pipe) > 0 || strings.ContainsAny(words[0], "({$") {
			return "what `" + words[0] + "` runs"
		}
		return "`" + path.Base(words[0]) + "`"
	}
	return ""
}

func mentioned(c instructions.Command, what *regexp.Regexp) string {
	if text, ok := executed(c); ok {
		if m := what.FindString(text); m != "" {
			return "`" + strings.TrimSpace(m) + "`"
		}
	}
	return ""
}

var (
	notInGo       = lazy.Regexp(`CGO_ENABLED=1|\bmake\b|\bgcc\b|-race\b|\bgit\b|\bsvn\b`)
	notInNode     = lazy.Regexp(`\b(npm|npx|yarn|pnpm|corepack|docker-entrypoint\.sh|curl|wget|python3?|git|gcc|make)\b|/home/node|/usr/local/lib/node_modules`)
	notInJava     = lazy.Regexp(`/opt/java|JAVA_HOME|\b(jlink|keytool|mvnw?|gradlew?|curl|wget|javac|jshell)\b|__cacert_entrypoint`)
	notInTomcat   = lazy.Regexp(`webapps\.dist|JAVA_HOME|/opt/java|\b(curl|wget|keytool)\b|LD_LIBRARY_PATH`)
	notInPostgres = lazy.Regexp(`docker-entrypoint\.sh|/usr/local/bin|/usr/lib/postgresql|PGDATA`)
)

func goRelies(s *stage, c instructions.Command) string {
	if why := mentioned(c, notInGo()); why != "" {
		return why
	}
	return tool(s, c, "go")
}

func nodeRelies(s *stage, c instructions.Command) string {
	if why := mentioned(c, notInNode()); why != "" {
		return why
	}
	switch c := c.(type) {
	case *instructions.CmdCommand:
		if !c.PrependShell && len(c.CmdLine) > 0 && c.CmdLine[0] != "node" && !strings.HasPrefix(c.CmdLine[0], "/") {
			return "docker-entrypoint.sh, which runs `" + c.CmdLine[0] + "`"
		}
	case *instructions.CopyCommand:
		if n := s.file.find(c.From, s.number); c.From != "" && n >= 0 {
			if of, err := s.file.stage(n); err == nil && strings.Contains(of.base.ref, "alpine") {
				return "Alpine, for which the files of " + c.From + " are"
			}
		}
	}
	return tool(s, c)
}

func javaRelies(s *stage, c instructions.Command) string {
	if why := mentioned(c, notInJava()); why != "" {
		return why
	}
	return tool(s, c)
}

func tomcatRelies(s *stage, c instructions.Command) string {
	if why := mentioned(c, notInTomcat()); why != "" {
		return why
	}
	switch c.(type) {
	case *instructions.EntrypointCommand, *instructions.UserCommand:
		return "the start of the image"
	}
	return tool(s, c)
}

func postgresRelies(s *stage, c instructions.Command) string {
	switch c := c.(type) {
	case *instructions.CmdCommand, *instructions.EntrypointCommand, *instructions.UserCommand, *instructions.RunCommand, *instructions.VolumeCommand:
		return "the start of the image"
	case *instructions.CopyCommand:
		if to := s.word(&instruction{}, c.DestPath); !strings.HasPrefix(to, "/docker-entrypoint-initdb.d") {
			return "what starts with " + to
		}
	case *instructions.AddCommand:
		if !strings.HasPrefix(s.word(&instruction{}, c.DestPath), "/docker-entrypoint-initdb.d") {
			return "what starts with " + c.DestPath
		}
	}
	return mentioned(c, notInPostgres())
}

// modulesOf returns the modules of the standard library that some targets use.
func modulesOf(targets []*target) []string {
	names := map[string]bool{}
	for _, t := range targets {
		for _, u := range t.stage.units {
			if u.kind == uses {
				names[libraryModule().FindString(u.text)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}
