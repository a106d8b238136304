package diag

// Codes E034x to E036x: images composed of components, inputs from outside, and image configuration.

const ConflictingConfiguration Code = "E0340"

var _ = document(ConflictingConfiguration, "Conflicting configuration", `
Components propose the configuration of an image, and the app decides. If two
components propose different values, set the value in the app.
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

var _ = document(ConflictingPaths, "Path written twice", `
The order of components in an image is not fixed, so two components cannot write
the same path. A component can write below a directory that another owns if it
needs the other. Steps of one component can overwrite a file, but cannot replace
it with a directory or a link.
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

var _ = document(PathThroughLink, "Path through a link of the base", `
The base has a symbolic link here. A layer with a directory at this place would
replace the link, so write the path that the link points to. For archives, build
stages and runs, the build detects this.
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

var _ = document(ConflictingFragments, "Conflicting fragments", `
All fragments of a file must declare the same owner and mode. Write the same in
all of them, or declare them in only one.
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

var _ = document(NeverMatches, "Comparison never matches", `
A condition in "where" compares with a value that the matrix does not have. The
value may be misspelled, or missing from the list. A condition that excludes all
apps is also a warning.
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

const MisplacedInstall Code = "E0345"

var _ = document(MisplacedInstall, "Package cannot be installed here", `
"install" installs packages of the base's distribution, above the files that the
steps before it create. The packages of the base are there before all steps, and
a package is not installed again. A component with "owns" keeps only what it
owns, and packages write to the whole system.
`, `
-- shop.layer --
component system {
    distribution "debian" suite "bookworm"
}

fleet {
    base system
}

component database {
    owns "/srv/data"

    file    "/etc/database.conf" text "create = false"
    install "database"
}

app shop {
    uses database
}
-- layc.lock --
layc-lock 1

package debian/bookworm amd64 base-files 12.4 debian:pool/base-files.deb sha256:0000000000000000000000000000000000000000000000000000000000000001 size=1000 installed=1000 minimal
package debian/bookworm amd64 database 1 debian:pool/database.deb sha256:0000000000000000000000000000000000000000000000000000000000000002 size=1000 installed=1000
`)

const InstalledTwice Code = "E0346"

var _ = document(InstalledTwice, "Package installed twice", `
Packages of "os.packages", and what packages need, lie below all components of
an image. An "install" puts its packages above files of its component. An image
cannot have a package in both ways, or from two components. Let one component
install it, and write "needs" for that component where the package is needed.
`, `
-- shop.layer --
component system {
    distribution "debian" suite "bookworm"
}

fleet {
    base system
}

component database {
    file    "/etc/database.conf" text "create = false"
    install "database"
}

app shop {
    uses database, os.packages("database")
}
-- layc.lock --
layc-lock 1

package debian/bookworm amd64 base-files 12.4 debian:pool/base-files.deb sha256:0000000000000000000000000000000000000000000000000000000000000001 size=1000 installed=1000 minimal
package debian/bookworm amd64 database 1 debian:pool/database.deb sha256:0000000000000000000000000000000000000000000000000000000000000002 size=1000 installed=1000
`)

const InvalidLockFile Code = "E0350"

var _ = document(InvalidLockFile, "Invalid lock file", `
A line of layc.lock is damaged, contains a merge conflict marker, or pins the
same thing twice. The order of lines does not matter. "layc lock" resolves merge
conflicts: it keeps the lines of both sides, and pins again where they differ.
Delete a damaged line and run "layc lock", which pins it again.
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

var _ = document(InvalidPlatform, "Not a valid platform", `
Platforms are linux/ARCH, optionally with a variant, such as linux/amd64,
linux/arm64 or linux/arm/v7. Those that mean the same are one platform:
linux/arm64 is linux/arm64/v8, and linux/arm is linux/arm/v7. layc installs
packages, and keeps what runs change in the system itself, on linux/amd64 and
linux/arm64 only. Images for other platforms can have a base from an image or an
archive, and components with "owns".
`, `
fleet {
    platforms "amd64"
}
`)

const UncopyableFiles Code = "E0352"

var _ = document(UncopyableFiles, "Files cannot be copied", `
"copy" merges its sources into one tree. It fails if a file and a directory
conflict, if a name is not UTF-8, or if a link points outside the project. It
also fails for files with capabilities, which would be lost. Copies "from" a
component cannot contain block devices, attributes that layers do not keep, or
names that would delete files.
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

var _ = document(MissingInComponent, "Path missing in a component", `
"copy" and "bind" with "from" take paths of a component: files from its steps
and packages, and its base. The path does not exist there. Only the build can
detect this. Check the path, and which files the commands of the component
create.
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

var _ = document(InvalidUser, "Not a valid user", `
The user of a container or command is a declared user, or a string with a name
or number, optionally with a colon and a group. Numbers go up to 2147483646.
`, exampleBase+`
app shop {
    user "www-data:www-data:www-data"
}
`)

const InvalidSignal Code = "E0361"

var _ = document(InvalidSignal, "Not a valid signal", `
Signals are Linux signal names, with or without SIG, or numbers. A container
with another stop signal does not start, or cannot be stopped.
`, exampleBase+`
app shop {
    stopsignal "SIGFOO"
}
`)

const InvalidCommand Code = "E0362"

var _ = document(InvalidCommand, "Not a valid command", `
A command is a list of strings: the program, which cannot be empty, and its
arguments. The words CMD, CMD-SHELL and NONE of Dockerfiles are not allowed.
`, exampleBase+`
app shop {
    entrypoint [""]
}
`)

const UnusableText Code = "E0363"

var _ = document(UnusableText, "String too long or contains NUL", `
Linux does not allow NUL characters in arguments and environment variables, and
limits each to 131,071 bytes. Write longer content to a file.
`, exampleBase+`
app shop {
    env GREETING = "hello\u{0}"
}
`)

const UnusedShell Code = "E0364"

var _ = document(UnusedShell, "Shell is not used by run", `
"shell" sets the shell for commands that are strings when a container starts. It
does not change "run", which always uses /bin/sh -ec: the configuration of an
image never changes its build. To use another shell or an option such as
pipefail, write it in the command.
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

const UnexpandedVariable Code = "E0366"

var _ = document(UnexpandedVariable, "Variable that nothing expands", `
A container's environment, labels and paths in an image are taken as they are
written: nothing expands "$HOME" there, only a shell does, such as in a "run".
To use a value of the program, write "${name}"; to extend a variable that a
component sets, write "+=".
`, exampleBase+`
app shop {
    env TOOL = "$TOOLS/tool"
}
`)

const ProgramNotInImage Code = "E0372"

var _ = document(ProgramNotInImage, "Program not found in the image", `
A container starts the program of "entrypoint" or "command", and the program of
"healthcheck". The build looks for them in the image, as a runtime does: in the
directories of PATH, or from "workdir". It also looks for the interpreter of a
script, for the loader of a program that is linked with a C library, and for the
first program of a command of sh or bash. It does not report what a volume may
bring.
`, exampleBase+`
app shop {
    file    "/srv/start" text "#!/bin/sh\n" mode 0755
    command ["/srv/strat"]
}
`)

const UserNotInImage Code = "E0365"

var _ = document(UserNotInImage, "User not found in the image", `
Names of users and groups are looked up in the image's /etc/passwd and
/etc/group when a container starts, which fails if they are missing. The build
checks this early. Declared users and numbers always work.
`, exampleBase+`
app shop {
    user "www-data"
}
`)

const ReplacedKind Code = "E0367"

var _ = document(ReplacedKind, "Directory replaced", `
A layer can replace a file, but not a directory, and a directory cannot take the
place of something else: the layer would delete what is there. Often the target
of a copy only lacks the slash that means "into the directory". The build checks
this, because only the build knows everything that the layers below hold.
`, exampleBase+`
app shop {
    fetch "https://example.com/app.conf" sha256 "00000000000000000000000000000000000000000000000000000000000000aa" to "/etc"
}
`)

const CannotCross Code = "E0368"

var _ = document(CannotCross, "Component cannot build cross", `
A component that "builds cross" is built on the platform that the fleet names as
its "builder". Its result is for the platform of the image. So the fleet must
have a builder: the result may depend on it. And the commands of the component
cannot change the image itself, which is another system. Declare the paths that
they write with "owns", or copy them "from" the component.
`, exampleBase+`
component tool {
    builds cross
    owns "/opt/tool"

    run "make -C /src CC=aarch64-linux-gnu-gcc install"
}

app shop {
    uses tool
}
`)

const BuiltElsewhere Code = "E0369"

var _ = document(BuiltElsewhere, "Component is built on another base", `
The runs of a component without "owns" change the system that it is part of: an
image, or what another component is built on. They run on the base of that
system, so "builds on" cannot name another one. Declare the paths that the runs
write with "owns": then the component is built on the base that it names, and
every image can have the result. Or copy them "from" the component.
`, exampleBase+`
component compilers {
    rootfs "https://example.com/compilers.tar" sha256 "00000000000000000000000000000000000000000000000000000000000000aa"
}

component tool {
    builds on compilers

    run "make -C /src install"
}

app shop {
    uses tool
}
`)
