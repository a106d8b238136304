package diag

// Codes E05xx: builds.

const StepFailed Code = "E0501"

var _ = document(StepFailed, "A step failed", `
A command of the program, or a check of layc's own, ended with an error; what it
printed last is shown. A component that wrote outside of what it owns is told so
here, with the owns that would be true; so is one that owns a path that its
steps do not make, and one that made what no layer can hold.
`, exampleBase+`
component tool {
    owns "/opt/tool"
    run  "make install"
}

app shop {
    uses tool
}
`)

const UndeclaredNeed Code = "E0502"

var _ = document(UndeclaredNeed, "A component relies on what it does not need", `
With --verify, a component whose runs change what lies below it is also built on
what it needs and nothing else. There a step fails that succeeds in the image:
it finds something that the image happens to have below it, and that another
image, or another plan, may not. What its output misses belongs to some
component: write needs for that.
`, exampleBase+`
component tool {
    run "make install"
}

app shop {
    uses tool
}
`)

const TestFailed Code = "E0503"

var _ = document(TestFailed, "A test fails", `
With --verify, tests are run: those of a component on its base, with what it
needs and runs with; those of an app in the app's image. The command has to
succeed, and what it prints, to its standard output or its standard error, has
to contain the text of prints.
`, exampleBase+`
component tool {
    owns "/opt/tool"
    run  "make install"
    test "tool --version" prints "2.1"
}

app shop {
    uses tool
}
`)

const NotRepeatable Code = "E0504"

var _ = document(NotRepeatable, "A run is not repeatable", `
With --verify, what a component runs is executed a second time. It has failed
then, or, as a warning, what it owns was not the same afterwards: such a
component is legal, and the engine's cache keeps the bytes of the first build;
but a build elsewhere makes other bytes, which every host pulls again. The usual
causes are the time (steps find a constant one in SOURCE_DATE_EPOCH), the order
in which a directory is listed, random names, and logs.
`, exampleBase+`
component tool {
    owns "/opt/tool"
    run  "make install"
    test "tool --version" prints "2.1"
}

app shop {
    uses tool
}
`)

const MissingLibrary Code = "E0505"

var _ = document(MissingLibrary, "A library is missing", `
With --verify, the programs and libraries of a component are asked for what
loads them and for the libraries that they need, and these are looked for in the
component, in what it needs and runs with, and in the base. A program that lacks
one cannot be started. A library that lacks one, and that no program loads by
itself, is a warning, since it may be meant for images that have more.
`, exampleBase+`
component tool {
    owns "/opt/tool"
    run  "make install"
    test "tool --version" prints "2.1"
}

app shop {
    uses tool
}
`)

const DownloadFailed Code = "E0515"

var _ = document(DownloadFailed, "A download cannot be fetched", `
A server cannot be reached, or answers with something else than the file: that
it is not there, or that the server is in trouble. A server in trouble is asked
four times before that, and where a connection breaks, the download goes on. The
exit code is 4: nothing is wrong with what was to be built.
`, exampleBase+`
component tool {
    fetch "https://example.com/tool.tar.gz" sha256 "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" unpack to "/opt/tool"
}

app shop {
    uses tool
}
`)

const InvalidArchive Code = "E0516"

var _ = document(InvalidArchive, "An archive cannot be unpacked", `
An archive is damaged or of an unknown kind. Or it has what an image cannot
hold, such as a device, or a name that would delete files. Or it holds much for
its size, which "limit" behind "unpack" allows.
`, exampleBase+`
component tool {
    fetch "https://example.com/tool.tar.gz" sha256 "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" unpack to "/opt/tool"
}

app shop {
    uses tool
}
`)

const ChecksumUnchanged Code = "E0517"

var _ = document(ChecksumUnchanged, "A changed URL with an unchanged checksum", `
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
`)
