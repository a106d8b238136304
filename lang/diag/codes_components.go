package diag

// Codes E0301 to E0339: values, apps, paths, and what components need.

const ValueTooLarge Code = "E0301"

var _ = document(ValueTooLarge, "A value that is too large", `
Text may become 1 MiB long, and a list may have as many elements. Longer content
belongs in a file.
`, exampleBase+`
component echo(words: string) {
    needs echo("${words} ${words}")
}

app shop {
    uses echo("hello")
}
`)

const NumberTooLarge Code = "E0302"

var _ = document(NumberTooLarge, "A number that is too large", `
Whole numbers have 64 bits. Nothing is divided by zero.
`, exampleBase+`
app shop {
    replicas 8 / (4 - 4)
}
`)

const NoSuchElement Code = "E0303"

var _ = document(NoSuchElement, "No such element", `
A list has elements from 0 on, a map has those that it is written with, each
once.
`, exampleBase+`
app shop {
    replicas [1, 2][2]
}
`)

const NoMatchingArm Code = "E0304"

var _ = document(NoMatchingArm, "A match that nothing fits", `
A match that is a value needs an arm for every subject; the last one may be
"else".
`, exampleBase+`
app shop {
    replicas match platform.arch { "arm64": 1 }
}
`)

const NothingToUpdate Code = "E0305"

var _ = document(NothingToUpdate, "Nothing to update", `
update refreshes what a run has downloaded, and what layc.lock pins for the
component: downloads without a checksum, an image, a distribution. This
component has none of them.
`, exampleBase+`
component tool {
    update weekly

    file "/etc/tool.conf" text "level = 3"
}

app shop {
    uses tool
}
`)

const OutOfRange Code = "E0306"

var _ = document(OutOfRange, "A number out of range", `
The message says from where to where the number may be.
`, exampleBase+`
app shop {
    replicas 0
}
`)

const InvalidVariable Code = "E0307"

var _ = document(InvalidVariable, "Not the name of a variable", `
Names of environment variables and labels are not empty and have no = and no
control characters in them; those of variables have no space either.
`, exampleBase+`
app shop {
    env "A B" = "x"
}
`)

const InvalidPort Code = "E0308"

var _ = document(InvalidPort, "Not a port", `
Ports are numbers from 1 to 65535, with tcp, udp or sctp as their protocol.
`, exampleBase+`
app shop {
    expose 70000
}
`)

const InvalidBase Code = "E0309"

var _ = document(InvalidBase, "A base system that is none", `
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
`)

const NotPinned Code = "E0310"

var _ = document(NotPinned, "Something is not pinned", `
What comes from outside has a checksum, in the program or in layc.lock, so that
every build gets the same bytes. "layc lock" finds out what is missing.
`, exampleBase+`
app shop {
    fetch "https://example.com/tool" to "/opt/tool"
}
`)

const TooMuchToEvaluate Code = "E0311"

var _ = document(TooMuchToEvaluate, "Too much to evaluate", `
Loops and matrices multiply. A program may have 20,000 apps, and take 3,000,000
steps to evaluate.
`, exampleBase+`
let n = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]

app "shop-${a}${b}${c}${d}${e}" for a in n, b in n, c in n, d in n, e in n {
}
`)

const DuplicateImage Code = "E0312"

var _ = document(DuplicateImage, "Two images with one name", `
The name of an app is the name of its image, as is what "publish" says. In a
matrix it contains what tells the apps apart, and in a component with parameters
what tells its instances apart.
`, exampleBase+`
app shop for n in [1, 2] {
    replicas n
}
`)

const InvalidImageName Code = "E0313"

var _ = document(InvalidImageName, "Not the name of an image", `
The name of an app becomes the name of an image, as does what "publish" says:
lower-case letters, digits, and . _ - / between them. A published name may end
in a colon and a tag. In front of all stands the fleet's registry, which is a
host, perhaps with a port, and a path.
`, exampleBase+`
app "My Shop" {
}
`)

const NoBase Code = "E0314"

var _ = document(NoBase, "No base system", `
An app stands on a base system, which the fleet or the app itself names.
`, `
app shop {
}
`)

const UnsetParam Code = "E0315"

var _ = document(UnsetParam, "A parameter of the module without a value", `
A param gets its value from --set NAME=VALUE, or has a default.
`, exampleBase+`
param revision: string

app shop {
    label "revision" = revision
}
`)

const UnknownSecret Code = "E0316"

var _ = document(UnknownSecret, "An unknown secret", `
The secrets that steps may ask for are declared in the fleet.
`, exampleBase+`
component tool {
    owns "/opt/tool"
    run  "install-tool" with secret token
}

app shop {
    uses tool
}
`)

const UserWithoutNumber Code = "E0317"

var _ = document(UserWithoutNumber, "A user without a number", `
Users have explicit numbers, so that files belong to the same number in every
image.
`, exampleBase+`
user www {
    home "/srv"
}

app shop {
    user www
}
`)

const ConflictingUsers Code = "E0318"

var _ = document(ConflictingUsers, "Two users of one image collide", `
In one image a name and a number stand for one user.
`, exampleBase+`
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
`)

const PublishedNowhere Code = "E0319"

var _ = document(PublishedNowhere, "Published, and in no image", `
A published image is made of layers that the images of apps have: no app has
this component.
`, exampleBase+`
component jdk {
    publish "jdk"

    file "/opt/jdk/release" text "17"
}

app shop {
}
`)

const InvalidPath Code = "E0320"

var _ = document(InvalidPath, "Not a path within an image", `
Paths within an image begin with / and do not go up with "..". They hold what
Linux takes: at most 4095 bytes, 255 in a name, and no NUL. No name begins with
".wh.", by which a layer says that a file is gone.
`, exampleBase+`
app shop {
    dir "srv"
}
`)

const InvalidOwnerOrMode Code = "E0321"

var _ = document(InvalidOwnerOrMode, "Not an owner or a mode", `
An owner is numbers, "1001" or "1001:0", or a declared user. A name would mean
what the image's /etc/passwd says, and a layer is made without knowing which
system it will lie on. (The "user" of an image may be a name: it is resolved
when the container starts.)

A mode is octal, 0755, or as chmod takes it: "g+rw". An operation that changes
nothing, such as "+", is refused, and so is an X behind a change of x, which
tools read differently.
`, exampleBase+`
app shop {
    dir "/srv" owner "nobody"
}
`)

const InvalidPattern Code = "E0322"

var _ = document(InvalidPattern, "Not a pattern", `
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
`)

const OutsideProject Code = "E0323"

var _ = document(OutsideProject, "A path outside the project", `
An image is made of the project's own files, which are named relative to the
module that copies them.
`, exampleBase+`
app shop {
    copy "/etc/hosts" to "/srv/"
}
`)

const NoSuchFile Code = "E0324"

var _ = document(NoSuchFile, "A file that is not there", `
The project has no such file, or nothing of it is left to copy. What is left of
files that are copied "from" a component, only the build can tell.
`, exampleBase+`
app shop {
    copy "shop.jar" to "/srv/"
}
`)

const InvalidURL Code = "E0325"

var _ = document(InvalidURL, "Not a URL to download from", `
A download has a URL: http://HOST/… or https://HOST/…, or
maven:GROUP:ARTIFACT:VERSION, or ARCHIVE:PATH of an archive that "--mirror"
names. Where the target is a directory, the URL ends with the file's name.
`, exampleBase+`
app shop {
    fetch "tool.tar.gz" to "/opt/"
}
`)

const InvalidChecksum Code = "E0326"

var _ = document(InvalidChecksum, "Not a checksum", `
A SHA-256 checksum has 64 hexadecimal digits, a SHA-512 checksum 128.
`, exampleBase+`
app shop {
    fetch "https://example.com/tool" sha256 "9f86d0" to "/opt/tool"
}
`)

const AmbiguousTarget Code = "E0327"

var _ = document(AmbiguousTarget, "Several files, one name", `
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
`)

const InvalidDefault Code = "E0330"

var _ = document(InvalidDefault, "A default that does not fill its slot", `
The default of a slot is a component that fills the slot.
`, exampleBase+`
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
`)

const UnboundNeed Code = "E0331"

var _ = document(UnboundNeed, "Nothing to bind a need to", `
A need of a slot, or of a component without its arguments, is bound to what the
app has, else to the default. Here is neither.
`, exampleBase+`
slot java

component tool {
    needs java
}

app shop {
    uses tool
}
`)

const ConflictingInstances Code = "E0332"

var _ = document(ConflictingInstances, "Two instances of one component", `
An image has one instance of a component, unless the component is repeatable.
Both paths that ask for one are shown.
`, exampleBase+`
component jdk(version: string) {
    env JAVA_VERSION = version
}

app shop {
    uses jdk("17"), jdk("21")
}
`)

const SlotFilledTwice Code = "E0333"

var _ = document(SlotFilledTwice, "Two components that fill one slot", `
A slot stands for alternatives, of which an image has one. Neither can two
components replace the same one.
`, exampleBase+`
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
`)

const NeedCycle Code = "E0334"

var _ = document(NeedCycle, "Needs that go round", `
What a component needs is there before it, so needs cannot go round.
`, exampleBase+`
component a {
    needs b
}

component b {
    needs a
}

app shop {
    uses a
}
`)

const MisplacedBase Code = "E0335"

var _ = document(MisplacedBase, "A base where none belongs, or none where one does", `
An app stands on one base system; all else that it uses is no base system.
`, exampleBase+`
app shop {
    uses base
}
`)

const NoDistribution Code = "E0336"

var _ = document(NoDistribution, "Not packages of a distribution", `
os.packages are packages of the distribution that the base is put together from,
each by its name alone.
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
`)

const RunOwnsNothing Code = "E0337"

var _ = document(RunOwnsNothing, "An app's run that owns nothing", `
What an app runs is built beside all else, and taken from the paths that the app
owns.
`, exampleBase+`
app shop {
    run "make install"
}
`)

const EndlessClosure Code = "E0338"

var _ = document(EndlessClosure, "A closure without end", `
A component may need itself with other arguments, as long as that comes to an
end. A closure may have 20,000 components, and builds that need builds may be
nested 100 deep.
`, exampleBase+`
component a(n: int) {
    needs a(n + 1)
}

app shop {
    uses a(0)
}
`)

const FleetTooLarge Code = "E0339"

var _ = document(FleetTooLarge, "Too much to hold", `
Texts, lists, and what the apps of a fleet consist of may take 256 MiB together.
A matrix gives each of its apps all of that again. Long content belongs into
files that are copied: layc never reads those.
`, exampleBase+`
let line = "a text of sixteen"
let page = "${line}${line}${line}${line}${line}${line}${line}${line}"
let book = "${page}${page}${page}${page}${page}${page}${page}${page}"
let room = "${book}${book}${book}${book}${book}${book}${book}${book}"
let hall = "${room}${room}${room}${room}${room}${room}${room}${room}"
let n = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]

app "reader-${a}-${b}-${c}-${d}" for a in n, b in n, c in n, d in n {
    file "/srv/library" text "${d}${hall}${hall}${hall}${hall}"
}
`)
