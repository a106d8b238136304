package diag

// Codes E034x to E036x: what components put together in an image, what they
// take from outside, and its configuration.

const ConflictingConfiguration Code = "E0340"

var _ = document(ConflictingConfiguration, "Configuration in dispute", `
Components propose an image's configuration, and the app decides. Two components
that propose different values need the app's word.
`, exampleBase+`
component a {
    user "1001"
}

component b {
    user "1002"
}

app shop {
    uses a, b
}
`)

const ConflictingPaths Code = "E0341"

var _ = document(ConflictingPaths, "One path is written twice", `
An image holds what its components write, in any order, so that no two may write
one path. Beneath a directory that another owns may write what needs the other.
Steps of one component may write over a file, but not make something else of it.
`, exampleBase+`
component a {
    file "/etc/x" text "a"
}

component b {
    file "/etc/x" text "b"
}

app shop {
    uses a, b
}
`)

const PathThroughLink Code = "E0342"

var _ = document(PathThroughLink, "A path through a link of the base", `
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
`)

const ConflictingFragments Code = "E0343"

var _ = document(ConflictingFragments, "Fragments that disagree", `
A file that is put together from fragments has one owner and one mode.
`, exampleBase+`
component a {
    file "/etc/x" append "a" mode 0600
}

component b {
    file "/etc/x" append "b" mode 0644
}

app shop {
    uses a, b
}
`)

const NeverMatches Code = "E0344"

var _ = document(NeverMatches, "A comparison that never matches", `
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
`)

const InvalidLockFile Code = "E0350"

var _ = document(InvalidLockFile, "A lock file that cannot be read", `
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
`)

const InvalidPlatform Code = "E0351"

var _ = document(InvalidPlatform, "Not a platform", `
A platform is os/arch, such as linux/amd64.
`, `
fleet {
    platforms "amd64"
}
`)

const UncopyableFiles Code = "E0352"

var _ = document(UncopyableFiles, "Files that cannot be copied as they are", `
A copy makes one tree of its sources. It cannot if two sources put a file and a
directory into one place, if a name is not UTF-8, or if a link leads out of the
project. A file's capability would be lost, so that is an error as well. Of what
is copied "from" a component, block devices cannot be copied, nor attributes
that layers do not keep, nor names that would delete files.
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
`)

const MissingInComponent Code = "E0353"

var _ = document(MissingInComponent, "A component does not have what is taken from it", `
"copy" and "bind" with "from" take paths of what a component holds: what its
steps and its packages put there, on its base. Only the build can tell what that
is, so this is found while it runs.
`, exampleBase+`
component compiled {
    owns "/out"
    run  "make"
}

app shop {
    copy "/out/shop.jar" from compiled to "/srv/"
}
`)

const InvalidUser Code = "E0360"

var _ = document(InvalidUser, "Not a user", `
Who runs a container, or a command, is a declared user or text: a name or a
number, which may be followed by a colon and a group. Numbers go up to
2147483646.
`, exampleBase+`
app shop {
    user "www-data:www-data:www-data"
}
`)

const InvalidSignal Code = "E0361"

var _ = document(InvalidSignal, "Not a signal", `
Runtimes know Linux's signals by name, with or without SIG, and by number. A
container with another stop signal does not start, or cannot be stopped.
`, exampleBase+`
app shop {
    stopsignal "SIGFOO"
}
`)

const InvalidCommand Code = "E0362"

var _ = document(InvalidCommand, "A command that cannot be run", `
A list of texts is a program and its arguments, as the system gets them. The
program has a name. The words CMD, CMD-SHELL and NONE of Dockerfiles do not
belong there.
`, exampleBase+`
app shop {
    entrypoint [""]
}
`)

const UnusableText Code = "E0363"

var _ = document(UnusableText, "Text that no program can be given", `
Linux ends arguments and environment variables at a NUL character, and takes
131,071 bytes for each. Longer text belongs into a file.
`, exampleBase+`
app shop {
    env GREETING = "hello\u{0}"
}
`)

const UnusedShell Code = "E0364"

var _ = document(UnusedShell, "A shell that runs do not use", `
"shell" is configuration of the image: the shell of commands that containers get
as text. Runs are executed by /bin/sh -ec, whatever "shell" says, since
configuration never changes what is built. A run that needs another shell, or an
option such as pipefail, says so itself.
`, exampleBase+`
component tool {
    owns  "/opt/tool"
    shell ["/bin/bash", "-o", "pipefail", "-c"]
    run   "curl https://example.com/tool.tar | tar x -C /opt/tool"
}

app shop {
    uses tool
}
`)

const UserNotInImage Code = "E0365"

var _ = document(UserNotInImage, "A user that the image does not have", `
A user or a group by name is looked up in the image's /etc/passwd and /etc/group
when a container starts, which fails if it is not there. The build looks it up
before that. A declared user, or a number, is always there.
`, exampleBase+`
app shop {
    user "www-data"
}
`)
