package diag

// Codes E0301 to E0339: values, apps, paths, and what components need.

const ValueTooLarge Code = "E0301"

var _ = document(ValueTooLarge, "Value too large", `
A string can have at most 1 MiB, and a list 1,048,576 elements. Move longer
content into a file.
`, exampleBase+`
component echo(words: string) {
    needs echo("${words} ${words}")
}

app shop {
    uses echo("hello")
}
`)

const NumberTooLarge Code = "E0302"

var _ = document(NumberTooLarge, "Number out of range", `
Integers have 64 bits. Division by zero is also an error.
`, exampleBase+`
app shop {
    replicas 8 / (4 - 4)
}
`)

const NoSuchElement Code = "E0303"

var _ = document(NoSuchElement, "No such element", `
List indexes begin at 0. A map has only the keys that it is written with, each
once.
`, exampleBase+`
app shop {
    replicas [1, 2][2]
}
`)

const NoMatchingArm Code = "E0304"

var _ = document(NoMatchingArm, "No matching arm", `
A "match" that is a value must have an arm for every value. Add an "else" arm.
`, exampleBase+`
app shop {
    replicas match platform.arch { "arm64": 1 }
}
`)

const NothingToUpdate Code = "E0305"

var _ = document(NothingToUpdate, "Nothing to update", `
"update" refreshes what the commands of a component download and what layc.lock
pins for it: downloads without a checksum, an image or a distribution. This
component has none of them, so remove "update".
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

var _ = document(OutOfRange, "Number out of range", `
The message shows the smallest and the largest number that are allowed.
`, exampleBase+`
app shop {
    replicas 0
}
`)

const InvalidVariable Code = "E0307"

var _ = document(InvalidVariable, "Not a valid variable or label name", `
Names of environment variables, labels and annotations cannot be empty, and
cannot contain "=" or control characters. Names of variables cannot contain
spaces.
`, exampleBase+`
app shop {
    env "A B" = "x"
}
`)

const InvalidPort Code = "E0308"

var _ = document(InvalidPort, "Not a valid port", `
Ports are numbers from 1 to 65535, optionally with the protocol tcp, udp or
sctp.
`, exampleBase+`
app shop {
    expose 70000
}
`)

const InvalidBase Code = "E0309"

var _ = document(InvalidBase, "Not a valid base", `
A base is a component with exactly one of distribution, image, layout and
rootfs. It cannot have steps, except "dir" and "link", which declare what the
base contains. A distribution must have packages for all platforms of the fleet,
and an image must be there for them.
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

var _ = document(NotPinned, "Not pinned", `
Everything from outside the project needs a checksum, in the program or in
layc.lock, so that every build uses the same bytes. Run "layc lock" to pin what
is missing.
`, exampleBase+`
app shop {
    fetch "https://example.com/tool" to "/opt/tool"
}
`)

const TooMuchToEvaluate Code = "E0311"

var _ = document(TooMuchToEvaluate, "Program too complex", `
Nested loops and matrices multiply. A program can have at most 20,000 apps, and
take at most 3,000,000 evaluation steps. Shorten the lists, or exclude
combinations with "where".
`, exampleBase+`
let n = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]

app "shop-${a}${b}${c}${d}${e}" for a in n, b in n, c in n, d in n, e in n {
}
`)

const DuplicateImage Code = "E0312"

var _ = document(DuplicateImage, "Image name defined twice", `
The name of an app or in "publish" is the name of an image, and must be unique.
In a matrix, include the loop variables in the name. In a component with
parameters, include the parameters.
`, exampleBase+`
app shop for n in [1, 2] {
    replicas n
}
`)

const InvalidImageName Code = "E0313"

var _ = document(InvalidImageName, "Not a valid image name", `
The name of an app or in "publish" becomes the name of an image. It consists of
lower-case letters and digits, with . _ - / between them. A published name can
end in a colon and a tag. The registry of the fleet comes before all names. It
consists of a host, optionally with a port, and a path. The "naming" of the
fleet changes that, with the placeholders {registry}, {app}, {tag} and
{revision}. The "identity" of the fleet follows the rules of an app's
name.
`, exampleBase+`
app "My Shop" {
}
`)

const NoBase Code = "E0314"

var _ = document(NoBase, "Missing base", `
Every app needs a base. Write "base" in the fleet or in the app. An app whose
base is "scratch", the empty base, must have files of its own.
`, `
app shop {
}
`)

const UnsetParam Code = "E0315"

var _ = document(UnsetParam, "Parameter without a value", `
A parameter of the module needs a default value, or a value from --set
NAME=VALUE.
`, exampleBase+`
param revision: string

app shop {
    label "revision" = revision
}
`)

const UnknownSecret Code = "E0316"

var _ = document(UnknownSecret, "Unknown secret", `
The fleet must declare the secrets that steps use, as in "secret token". "layc
build" takes their values from --secret.
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

var _ = document(UserWithoutNumber, "User without a uid", `
Declared users need a numeric ID, so that files belong to the same number in
every image. Write "uid" with a number in the block of the user.
`, exampleBase+`
user www {
    home "/srv"
}

app shop {
    user www
}
`)

const ConflictingUsers Code = "E0318"

var _ = document(ConflictingUsers, "Conflicting users", `
In one image, each user name has one number, and each number has one name. Use
one of the users for both, or change the name and number of the other.
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

var _ = document(PublishedNowhere, "Published component is not in any image", `
layc publishes layers of the images of apps. No app uses this component, so
there is nothing to publish. Use the component in an app.
`, exampleBase+`
component jdk {
    publish "jdk"

    file "/opt/jdk/release" text "17"
}

app shop {
}
`)

const InvalidPath Code = "E0320"

var _ = document(InvalidPath, "Not a valid path", `
Paths in an image begin with / and cannot contain "..". Linux limits them to
4095 bytes, and each name to 255 bytes without NUL. Names cannot begin with
".wh.", which marks deleted files in layers.
`, exampleBase+`
app shop {
    dir "srv"
}
`)

const InvalidOwnerOrMode Code = "E0321"

var _ = document(InvalidOwnerOrMode, "Not a valid owner or mode", `
An owner is a declared user, numbers ("1001" or "1001:0"), or a user of the
base, such as "www-data". Layers hold numbers, so a name must have the same
number on the bases of all apps that have the layer. Users that packages create
have other numbers on each system: declare a user with a uid instead.

A mode is octal, such as 0755, or symbolic as in chmod: "g+rw". Operations that
change nothing, such as "+", are errors. So is an X after a change of x, which
tools interpret differently.
`, exampleBase+`
app shop {
    dir "/srv" owner "nobdy"
}
`)

const InvalidPattern Code = "E0322"

var _ = document(InvalidPattern, "Not a valid pattern", `
Patterns use the syntax of .dockerignore: * and ? within a name, [a-z] for one
character, ** for any number of directories.
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

var _ = document(OutsideProject, "Path outside the project", `
Images can contain only files of the project. Move the file into the project,
and write its path relative to the module that copies it.
`, exampleBase+`
app shop {
    copy "/etc/hosts" to "/srv/"
}
`)

const NoSuchFile Code = "E0324"

var _ = document(NoSuchFile, "No such file or directory", `
The project has no such file, or "include" and "exclude" leave nothing to copy.
For files that are copied "from" a component, only the build can tell.
`, exampleBase+`
app shop {
    copy "shop.jar" to "/srv/"
}
`)

const InvalidURL Code = "E0325"

var _ = document(InvalidURL, "Not a valid URL", `
Downloads need a URL: http://HOST/…, https://HOST/…,
maven:GROUP:ARTIFACT:VERSION, or ARCHIVE:PATH for the archive npm, go or one of
"--mirror". If the target is a directory, the URL must end with a file name.
`, exampleBase+`
app shop {
    fetch "tool.tar.gz" to "/opt/"
}
`)

const InvalidChecksum Code = "E0326"

var _ = document(InvalidChecksum, "Not a valid checksum", `
A SHA-256 checksum has 64 hexadecimal digits, a SHA-512 checksum 128.
`, exampleBase+`
app shop {
    fetch "https://example.com/tool" sha256 "9f86d0" to "/opt/tool"
}
`)

const AmbiguousTarget Code = "E0327"

var _ = document(AmbiguousTarget, "Ambiguous target", `
A target that ends in / is a directory that receives the files. Any other target
is the name of a single file or directory. Add a / for several files.
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

const InvalidRepository Code = "E0328"

var _ = document(InvalidRepository, "Not a valid package repository", `
A repository of packages has a name, a URL, a suite and a key. The name means
one URL in the whole program. The key is a file of the project, or a URL with a
checksum: without it, whoever serves the packages can change them.
`, `
let url = "https://packages.example.com"

component base {
    distribution "debian" suite "bookworm"
    repository "vendor" from url suite "stable" key "${url}/key.asc"
}

fleet {
    base base
}

app shop {
}
`)

const InvalidDefault Code = "E0330"

var _ = document(InvalidDefault, "Not a valid default", `
The default of a slot must be a component that fills the slot. Add "fills" with
the slot to the component, or choose another default.
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

var _ = document(UnboundNeed, "Unbound need", `
A need can name a slot, or a component without its arguments. layc binds it to a
component of the app, or to the default. Here, neither exists. Use such a
component in the app, or write the arguments.
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
An image can contain only one instance of a component, unless the component is
"repeatable". The error shows both paths to the component. Write the same
arguments in both places, or omit them in one.
`, exampleBase+`
component jdk(version: string) {
    env JAVA_VERSION = version
}

app shop {
    uses jdk("17"), jdk("21")
}
`)

const SlotFilledTwice Code = "E0333"

var _ = document(SlotFilledTwice, "Slot filled twice", `
An image can contain only one of the components that fill a slot. Similarly,
only one component can replace another. Remove one of them, or let one replace
the other with "replaces".
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

var _ = document(NeedCycle, "Dependency cycle", `
layc builds a component after its needs, so needs cannot form a cycle. Remove
one of the needs. If only the image needs it, write "uses" in the app.
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

var _ = document(MisplacedBase, "Misplaced base", `
An app has exactly one base, in "base". The components in "uses" and "needs"
cannot be bases. Remove it there, or write "base".
`, exampleBase+`
app shop {
    uses base
}
`)

const NoDistribution Code = "E0336"

var _ = document(NoDistribution, "Not packages of a distribution", `
os.packages and "install" take packages of the distribution of the base. Either
this base is not made from a distribution, or a string is not a valid package
name.
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

var _ = document(RunOwnsNothing, "App run without owned paths", `
layc runs the commands of an app separately, and takes only the paths in its
"owns" from the result. Write "owns" with the directories that the commands
write to.
`, exampleBase+`
app shop {
    run "make install"
}
`)

const EndlessClosure Code = "E0338"

var _ = document(EndlessClosure, "Endless dependencies", `
A component can need itself with other arguments, but the recursion must end. A
closure can have at most 20,000 components, and nested builds can be at most 100
levels deep.
`, exampleBase+`
component a(n: int) {
    needs a(n + 1)
}

app shop {
    uses a(0)
}
`)

const FleetTooLarge Code = "E0339"

var _ = document(FleetTooLarge, "Program too large to evaluate", `
All strings, lists and apps of a program together can take at most 256 MiB. A
matrix multiplies the content of its app. Move long content into files for
"copy", which layc does not read into memory.
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
