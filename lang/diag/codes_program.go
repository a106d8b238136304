package diag

// exampleBase is a base system that examples stand on; layc.lock pins it.
const exampleBase = `
component base {
    distribution "debian" suite "bookworm"
}

fleet {
    base base
}
`

// programEntries are the codes of names and types (E02xx), of components
// (E03xx), of plans (E04xx) and of builds (E05xx).
var programEntries = []Entry{
	{"E0201", "Declared twice", `
A name is declared once in its module, block or list of parameters. All files of
a module share its names.
`, `
let port = 8080
let port = 8081
`},
	{"E0202", "An unused import", `
Nothing in the file refers to the module. This is a warning.
`, `
import "std/java"

let port = 8080
`},
	{"E0203", "A fleet or an app out of place", `
The module that is compiled has one fleet, and the apps. Imported modules have
components, slots, users and values.
`, `
fleet {
    layers 4
}

fleet {
    layers 5
}
`},
	{"E0204", "An unused parameter", `
Nothing in the component mentions the parameter. This is a warning. The text of
a run mentions a parameter as $name.
`, `
component jdk(version: string) {
    env JAVA_HOME = "/opt/jdk"
}
`},
	{"E0205", "Nothing to walk", `
After "in" stands a list, or a map, which is walked by key and value. All values
of a map that is walked have one type.
`, `
app "shop-${x}" for x in 8080 {
}
`},
	{"E0206", "A wrong type", `
The value has a type that does not fit its place. Strings, versions and paths
stand for each other; nothing else is converted. Numbers are put into text with
${…}.
`, `
component jdk {
    size "90MB"
}
`},
	{"E0207", "An unknown name", `
Nothing of that name is declared in the file's module, in a block around it or
in the module that is asked for it.
`, `
component jdk {
    needs os_packages
}
`},
	{"E0208", "A name that is no value", `
The name of a module stands for the component or slot of the same name in it; a
module that has none is no value by itself.
`, `
import "std/liberty"

component shop {
    needs liberty
}
`},
	{"E0209", "A private name", `
Names that begin with _ are visible in their own module only.
`, `
import "std/debian"

let suites = debian._suites
`},
	{"E0210", "Arguments that do not fit", `
A component gets an argument for each parameter that has no default, by position
or by name, and no others.
`, `
component jdk(version: string) {
    env JAVA_VERSION = version
}

component shop {
    needs jdk()
}
`},
	{"E0211", "A value that defines itself", `
A let cannot refer to itself, directly or by way of others.
`, `
let a = b
let b = a
`},
	{"E0212", "Not a type", `
The type of a parameter is written after it, or is that of its default. The
types are string, int, bool, version, path, size, duration, component, list(…)
and map(…).
`, `
component jdk(version: text) {
    env JAVA_VERSION = version
}
`},
	{"E0213", "Not a rate of change", `
How often something changes is a word (never, yearly, quarterly, monthly,
weekly, daily, hourly) or a number of times: 12/year. How often it is updated is
a word (never to daily) or a time: 10d.
`, `
component jdk {
    changes often
}
`},
	{"E0214", "A variable that refers to itself", `
The value of a variable is taken as it is: no shell reads it, and a dollar sign
stays one. To add to what the variable has already, "env" takes +=.
`, `
component tool {
    env PATH = "$PATH:/opt/tool/bin"
}
`},
	{"E0301", "A value that is too large", `
Text may become 1 MiB long, and a list may have as many elements. Longer content
belongs in a file.
`, exampleBase + `
component echo(words: string) {
    needs echo("${words} ${words}")
}

app shop {
    uses echo("hello")
}
`},
	{"E0302", "A number that is too large", `
Whole numbers have 64 bits. Nothing is divided by zero.
`, exampleBase + `
app shop {
    replicas 8 / (4 - 4)
}
`},
	{"E0303", "No such element", `
A list has elements from 0 on, a map has those that it is written with, each
once.
`, exampleBase + `
app shop {
    replicas [1, 2][2]
}
`},
	{"E0304", "A match that nothing fits", `
A match that is a value needs an arm for every subject; the last one may be
"else".
`, exampleBase + `
app shop {
    replicas match platform.arch { "arm64": 1 }
}
`},
	{"E0305", "Nothing to update", `
update refreshes what a run has downloaded, and what layc.lock pins for the
component: downloads without a checksum, an image, a distribution. This
component has none of them.
`, exampleBase + `
component tool {
    update weekly

    file "/etc/tool.conf" text "level = 3"
}

app shop {
    uses tool
}
`},
	{"E0306", "A number out of range", `
The message says from where to where the number may be.
`, exampleBase + `
app shop {
    replicas 0
}
`},
	{"E0307", "Not the name of a variable", `
Names of environment variables and labels are not empty and have no = and no
control characters in them; those of variables have no space either.
`, exampleBase + `
app shop {
    env "A B" = "x"
}
`},
	{"E0308", "Not a port", `
Ports are numbers from 1 to 65535, with tcp, udp or sctp as their protocol.
`, exampleBase + `
app shop {
    expose 70000
}
`},
	{"E0309", "A base system that is none", `
A component is a base system by exactly one of distribution, image, layout and
rootfs. Nothing is done to it: of steps it has only dir and link, which say what
is there.
`, `
component base {
    distribution "slackware" suite "15"
}

fleet {
    base base
}

app shop {
}
`},
	{"E0310", "Something is not pinned", `
What comes from outside has a checksum, in the program or in layc.lock, so that
every build gets the same bytes. "layc lock" finds out what is missing.
`, exampleBase + `
app shop {
    fetch "https://example.com/tool" to "/opt/tool"
}
`},
	{"E0311", "Too much to evaluate", `
Loops and matrices multiply. A program may have 20,000 apps, and take 3,000,000
steps to evaluate.
`, exampleBase + `
let n = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]

app "shop-${a}${b}${c}${d}${e}" for a in n, b in n, c in n, d in n, e in n {
}
`},
	{"E0312", "Two images with one name", `
The name of an app is the name of its image, as is what "publish" says. In a
matrix it contains what tells the apps apart, and in a component with parameters
what tells its instances apart.
`, exampleBase + `
app shop for n in [1, 2] {
    replicas n
}
`},
	{"E0313", "Not the name of an image", `
The name of an app becomes the name of an image, as does what "publish" says:
lower-case letters, digits, and . _ - / between them. A published name may end
in a colon and a tag.
`, exampleBase + `
app "My Shop" {
}
`},
	{"E0314", "No base system", `
An app stands on a base system, which the fleet or the app itself names.
`, `
app shop {
}
`},
	{"E0315", "A parameter of the module without a value", `
A param gets its value from --set NAME=VALUE, or has a default.
`, exampleBase + `
param revision: string

app shop {
    label "revision" = revision
}
`},
	{"E0316", "An unknown secret", `
The secrets that steps may ask for are declared in the fleet.
`, exampleBase + `
component tool {
    owns "/opt/tool"
    run  "install-tool" with secret token
}

app shop {
    uses tool
}
`},
	{"E0317", "A user without a number", `
Users have explicit numbers, so that files belong to the same number in every
image.
`, exampleBase + `
user www {
    home "/srv"
}

app shop {
    user www
}
`},
	{"E0318", "Two users of one image collide", `
In one image a name and a number stand for one user.
`, exampleBase + `
user www {
    uid 33
}

user web {
    uid 33
}

app shop {
    file "/a" text "a" owner www
    file "/b" text "b" owner web
}
`},
	{"E0319", "Published, and in no image", `
A published image is made of layers that the images of apps have: no app has
this component.
`, exampleBase + `
component jdk {
    publish "jdk"

    file "/opt/jdk/release" text "17"
}

app shop {
}
`},
	{"E0320", "Not a path within an image", `
Paths within an image begin with / and do not go up with "..". They hold what
Linux takes: at most 4095 bytes, 255 in a name, and no NUL. No name begins with
".wh.", by which a layer says that a file is gone.
`, exampleBase + `
app shop {
    dir "srv"
}
`},
	{"E0321", "Not an owner or a mode", `
An owner is numbers, "1001" or "1001:0", or a declared user. A name would mean
what the image's /etc/passwd says, and a layer is made without knowing which
system it will lie on. (The "user" of an image may be a name: it is resolved
when the container starts.)

A mode is octal, 0755, or as chmod takes it: "g+rw". An operation that changes
nothing, such as "+", is refused, and so is an X behind a change of x, which
tools read differently.
`, exampleBase + `
app shop {
    dir "/srv" owner "nobody"
}
`},
	{"E0322", "Not a pattern", `
Patterns are those of .dockerignore: * and ? within a name, [a-z] for a
character, ** for any directories.
`, `
-- example.layer --
component base {
    distribution "debian" suite "bookworm"
}

app shop {
    base base
    copy "src/" to "/srv/" exclude "[a"
}
-- src/x --
`},
	{"E0323", "A path outside the project", `
An image is made of the project's own files, which are named relative to the
module that copies them.
`, exampleBase + `
app shop {
    copy "/etc/hosts" to "/srv/"
}
`},
	{"E0324", "A file that is not there", `
The project has no such file, or nothing of it is left to copy. What is left of
files that are copied "from" a component, only the build can tell.
`, exampleBase + `
app shop {
    copy "shop.jar" to "/srv/"
}
`},
	{"E0325", "Not a URL", `
A download has a URL: https://…, or maven:GROUP:ARTIFACT:VERSION.
`, exampleBase + `
app shop {
    fetch "tool.tar.gz" to "/opt/"
}
`},
	{"E0326", "Not a checksum", `
A SHA-256 checksum has 64 hexadecimal digits, a SHA-512 checksum 128.
`, exampleBase + `
app shop {
    fetch "https://example.com/tool" sha256 "9f86d0" to "/opt/tool"
}
`},
	{"E0327", "Several files, one name", `
A target that ends in / means into it; any other one names what is copied, which
then is one file or directory.
`, `
-- example.layer --
component base {
    distribution "debian" suite "bookworm"
}

app shop {
    base base
    copy "a", "b" to "/srv"
}
-- a --
-- b --
`},
	{"E0330", "A default that does not fill its slot", `
The default of a slot is a component that fills the slot.
`, exampleBase + `
component jdk {
    env JAVA_HOME = "/opt/jdk"
}

slot java = jdk

component tool {
    needs java
}

app shop {
    uses tool
}
`},
	{"E0331", "Nothing to bind a need to", `
A need of a slot, or of a component without its arguments, is bound to what the
app has, else to the default. Here is neither.
`, exampleBase + `
slot java

component tool {
    needs java
}

app shop {
    uses tool
}
`},
	{"E0332", "Two instances of one component", `
An image has one instance of a component, unless the component is repeatable.
Both paths that ask for one are shown.
`, exampleBase + `
component jdk(version: string) {
    env JAVA_VERSION = version
}

app shop {
    uses jdk("17"), jdk("21")
}
`},
	{"E0333", "Two components that fill one slot", `
A slot stands for alternatives, of which an image has one. Neither can two
components replace the same one.
`, exampleBase + `
slot java

component jdk {
    fills java
}

component jre {
    fills java
}

app shop {
    uses jdk, jre
}
`},
	{"E0334", "Needs that go round", `
What a component needs is there before it, so needs cannot go round.
`, exampleBase + `
component a {
    needs b
}

component b {
    needs a
}

app shop {
    uses a
}
`},
	{"E0335", "A base where none belongs, or none where one does", `
An app stands on one base system; all else that it uses is no base system.
`, exampleBase + `
app shop {
    uses base
}
`},
	{"E0336", "Packages without a distribution", `
os.packages are packages of the distribution that the base is put together from.
`, `
let pin = "00000000000000000000000000000000000000000000000000000000000000aa"

component base {
    rootfs "https://example.com/base.tar" sha256 pin
}

fleet {
    base base
}

app shop {
    uses os.packages("jq")
}
`},
	{"E0337", "An app's run that owns nothing", `
What an app runs is built beside all else, and taken from the paths that the app
owns.
`, exampleBase + `
app shop {
    run "make install"
}
`},
	{"E0338", "A closure without end", `
A component may need itself with other arguments, as long as that comes to an
end. A closure may have 20,000 components, and builds that need builds may be
nested 100 deep.
`, exampleBase + `
component a(n: int) {
    needs a(n + 1)
}

app shop {
    uses a(0)
}
`},
	{"E0339", "Too much to hold", `
Texts, lists, and what the apps of a fleet consist of may take 256 MiB together.
A matrix gives each of its apps all of that again. Long content belongs into
files that are copied: layc never reads those.
`, exampleBase + `
let line = "a text of sixteen"
let page = "${line}${line}${line}${line}${line}${line}${line}${line}"
let book = "${page}${page}${page}${page}${page}${page}${page}${page}"
let room = "${book}${book}${book}${book}${book}${book}${book}${book}"
let hall = "${room}${room}${room}${room}${room}${room}${room}${room}"
let n = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]

app "reader-${a}-${b}-${c}-${d}" for a in n, b in n, c in n, d in n {
    file "/srv/library" text "${d}${hall}${hall}${hall}${hall}"
}
`},
	{"E0340", "Configuration in dispute", `
Components propose an image's configuration, and the app decides. Two components
that propose different values need the app's word.
`, exampleBase + `
component a {
    user "1001"
}

component b {
    user "1002"
}

app shop {
    uses a, b
}
`},
	{"E0341", "One path is written twice", `
An image holds what its components write, in any order, so that no two may write
one path. Beneath a directory that another owns may write what needs the other.
Steps of one component may write over a file, but not make something else of it.
`, exampleBase + `
component a {
    file "/etc/x" text "a"
}

component b {
    file "/etc/x" text "b"
}

app shop {
    uses a, b
}
`},
	{"E0342", "A path through a link of the base", `
The base has a link at this place. A layer that has a directory there would put
it in the link's place; what belongs there is named by its true path. What an
archive, a build stage or a run would put there, the build finds.
`, `
let pin = "00000000000000000000000000000000000000000000000000000000000000aa"

component base {
    rootfs "https://example.com/base.tar" sha256 pin
    link   "/lib" to "usr/lib"
}

component lib {
    file "/lib/x" text "x"
}

app shop {
    base base
    uses lib
}
`},
	{"E0343", "Fragments that disagree", `
A file that is put together from fragments has one owner and one mode.
`, exampleBase + `
component a {
    file "/etc/x" append "a" mode 0600
}

component b {
    file "/etc/x" append "b" mode 0644
}

app shop {
    uses a, b
}
`},
	{"E0344", "A comparison that never matches", `
What stands after "where" leaves combinations of a matrix out. A value that it
compares with, and that no combination has, is hardly what was meant: it may be
misspelt, or gone from the list. Nor is a condition that leaves out all apps.
`, `
-- shop.layer --
fleet {
    base system
}

component system {
    rootfs "https://example.com/rootfs.tar" sha256 "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
}

app "tomcat-${release}-jdk${java}" for release in ["10", "11"], java in ["17", "21"] where release != "11" || java != "16" {
    command ["catalina.sh", "run"]
}
`},
	{"E0350", "A lock file that cannot be read", `
A line of layc.lock is damaged, or a merge has left its markers there, or two
pins of one thing. Lines of a lock file stand for themselves, in any order:
"layc lock" takes those of both sides of a merge, and pins afresh what they
dispute. A damaged line can be deleted, and is pinned anew by "layc lock".
`, `
-- example.layer --
app shop {
}
-- layc.lock --
layc-lock 1

<<<<<<< ours
url https://example.com/a sha256:12 1000
=======
url https://example.com/b sha256:34 2000
>>>>>>> theirs
`},
	{"E0351", "Not a platform", `
A platform is os/arch, such as linux/amd64.
`, `
fleet {
    platforms "amd64"
}
`},
	{"E0352", "Files that cannot be copied as they are", `
A copy makes one tree of its sources. It cannot if two sources put a file and a
directory into one place, if a name is not UTF-8, or if a link leads out of the
project. A file's capability would be lost, so that is an error as well.
`, `
-- example.layer --
component base {
    distribution "debian" suite "bookworm"
}

app shop {
    base base
    copy "site/", "more/" to "/srv/"
}
-- site/about --
-- more/about/team --
`},
	{"E0353", "A component does not have what is taken from it", `
"copy" and "bind" with "from" take paths of what a component holds: what its
steps and its packages put there, on its base. Only the build can tell what that
is, so this is found while it runs.
`, exampleBase + `
component compiled {
    owns "/out"
    run  "make"
}

app shop {
    copy "/out/shop.jar" from compiled to "/srv/"
}
`},
	{"E0360", "Not a user", `
Who runs a container, or a command, is a declared user or text: a name or a
number, which may be followed by a colon and a group. Numbers go up to
2147483646.
`, exampleBase + `
app shop {
    user "www-data:www-data:www-data"
}
`},
	{"E0361", "Not a signal", `
Runtimes know Linux's signals by name, with or without SIG, and by number. A
container with another stop signal does not start, or cannot be stopped.
`, exampleBase + `
app shop {
    stopsignal "SIGFOO"
}
`},
	{"E0362", "A command that cannot be run", `
A list of texts is a program and its arguments, as the system gets them. The
program has a name. The words CMD, CMD-SHELL and NONE of Dockerfiles do not
belong there.
`, exampleBase + `
app shop {
    entrypoint [""]
}
`},
	{"E0363", "Text that no program can be given", `
Linux ends arguments and environment variables at a NUL character, and takes
131,071 bytes for each. Longer text belongs into a file.
`, exampleBase + `
app shop {
    env GREETING = "hello\u{0}"
}
`},
	{"E0364", "A shell that runs do not use", `
"shell" is configuration of the image: the shell of commands that containers get
as text. Runs are executed by /bin/sh -ec, whatever "shell" says, since
configuration never changes what is built. A run that needs another shell, or an
option such as pipefail, says so itself.
`, exampleBase + `
component tool {
    owns  "/opt/tool"
    shell ["/bin/bash", "-o", "pipefail", "-c"]
    run   "curl https://example.com/tool.tar | tar x -C /opt/tool"
}

app shop {
    uses tool
}
`},
	{"E0365", "A user that the image does not have", `
A user or a group by name is looked up in the image's /etc/passwd and /etc/group
when a container starts, which fails if it is not there. The build looks it up
before that. A declared user, or a number, is always there.
`, exampleBase + `
app shop {
    user "www-data"
}
`},
	{"E0401", "Too few layers", `
An image cannot be built in that many layers. Its base is one, its own steps are
one, and each run that is stacked is one. The message says how many it takes.
`, exampleBase + `
component a {
    run "one"
}

component b {
    run "two"
}

app shop {
    layers 2
    uses a, b
    file "/etc/x" text "x"
}
`},
	{"E0402", "Numbers that the planner cannot add up", `
The planner adds up what storing, pulling and building cost, in 64 bits. Sizes
of many terabytes, or billions of replicas, do not fit. Anything else that this
code reports is a fault in layc.
`, exampleBase + `
component tool {
    size 4000000000GB
    file "/opt/tool/x" text "x"
}

app shop {
    uses tool
}
`},
	{"E0410", "A plan that does not fit any more", `
The plan in layc.lock is of another program: apps or components were added,
taken away or changed. It is repaired in memory, with as few changes as the
program forces, and the repair is reported; with --locked it is an error. "layc
lock" records the repaired plan.
`, `
-- example.layer --
let pin = "00000000000000000000000000000000000000000000000000000000000000aa"

component base {
    rootfs "https://example.com/base.tar" sha256 pin
}

component tool {
    file "/opt/tool/x" text "x"
}

app shop {
    base base
    uses tool
}
-- layc.lock --
layc-lock 1

layer tool-da17bc portable

member tool-da17bc instrument
`},
	{"E0411", "No plan in the lock file", `
layc.lock records no plan, so that each build plans afresh; with --locked that
is an error. "layc lock" records one.
`, exampleBase + `
component tool {
    file "/opt/tool/x" text "x"
}

app shop {
    uses tool
}
`},
	{"E0501", "A step failed", `
A command of the program, or a check of layc's own, ended with an error; what it
printed last is shown. A component that wrote outside of what it owns is told so
here, with the owns that would be true; so is one that owns a path that its
steps do not make, and one that made what no layer can hold.
`, exampleBase + `
component tool {
    owns "/opt/tool"
    run  "make install"
}

app shop {
    uses tool
}
`},
	{"E0502", "A component relies on what it does not need", `
With --verify, a component whose runs change what lies below it is also built on
what it needs and nothing else. There a step fails that succeeds in the image:
it finds something that the image happens to have below it, and that another
image, or another plan, may not. What its output misses belongs to some
component: write needs for that.
`, exampleBase + `
component tool {
    run "make install"
}

app shop {
    uses tool
}
`},
	{"E0503", "A test fails", `
With --verify, tests are run: those of a component on its base, with what it
needs and runs with; those of an app in the app's image. The command has to
succeed, and what it prints, to its standard output or its standard error, has
to contain the text of prints.
`, exampleBase + `
component tool {
    owns "/opt/tool"
    run  "make install"
    test "tool --version" prints "2.1"
}

app shop {
    uses tool
}
`},
	{"E0504", "A run is not repeatable", `
With --verify, what a component runs is executed a second time. It has failed
then, or, as a warning, what it owns was not the same afterwards: such a
component is legal, and the engine's cache keeps the bytes of the first build;
but a build elsewhere makes other bytes, which every host pulls again. The usual
causes are the time (steps find a constant one in SOURCE_DATE_EPOCH), the order
in which a directory is listed, random names, and logs.
`, exampleBase + `
component tool {
    owns "/opt/tool"
    run  "make install"
    test "tool --version" prints "2.1"
}

app shop {
    uses tool
}
`},
	{"E0505", "A library is missing", `
With --verify, the programs and libraries of a component are asked for what
loads them and for the libraries that they need, and these are looked for in the
component, in what it needs and runs with, and in the base. A program that lacks
one cannot be started. A library that lacks one, and that no program loads by
itself, is a warning, since it may be meant for images that have more.
`, exampleBase + `
component tool {
    owns "/opt/tool"
    run  "make install"
    test "tool --version" prints "2.1"
}

app shop {
    uses tool
}
`},
	{"E0515", "A download cannot be fetched", `
A server cannot be reached, or answers with something else than the file: that
it is not there, or that the server is in trouble. A server in trouble is asked
four times before that, and where a connection breaks, the download goes on. The
exit code is 4: nothing is wrong with what was to be built.
`, exampleBase + `
component tool {
    fetch "https://example.com/tool.tar.gz" sha256 "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" unpack to "/opt/tool"
}

app shop {
    uses tool
}
`},
	{"E0516", "An archive cannot be unpacked", `
An archive is damaged or of an unknown kind. Or it has what an image cannot
hold, such as a device, or a name that would delete files. Or it holds much for
its size, which "limit" behind "unpack" allows.
`, exampleBase + `
component tool {
    fetch "https://example.com/tool.tar.gz" sha256 "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" unpack to "/opt/tool"
}

app shop {
    uses tool
}
`},
	{"E0517", "A changed URL with an unchanged checksum", `
The name at the end of a URL has changed, or a version above it, and the
declared checksum has not. Then either the checksum was forgotten, or the file
is the same by another name. "layc lock" asks the server, and notes the new name
if the checksum is right.
`, `
-- example.layer --
component base {
    rootfs "https://example.com/base.tar" sha256 "00000000000000000000000000000000000000000000000000000000000000aa"
}

app shop {
    base  base
    fetch "https://example.com/tool-1.1.tar.gz" sha256 "00000000000000000000000000000000000000000000000000000000000000bb" unpack to "/opt/tool"
}
-- layc.lock --
layc-lock 1

base sha256:00000000000000000000000000000000000000000000000000000000000000aa 1
download sha256:00000000000000000000000000000000000000000000000000000000000000bb tool-1.0.tar.gz
`},
}
