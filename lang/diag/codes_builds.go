package diag

// Codes E05xx: builds.

const StepFailed Code = "E0501"

var _ = document(StepFailed, "Step failed", `
A command of the program or a check by layc failed. The error shows the end of
its output. The exit code is 3, or 4 if the engine's disk is full.
`, exampleBase+`
component tool {
    owns "/opt/tool"
    run  "make install"
}

app shop {
    uses tool
}
`)

const TestFailed Code = "E0503"

var _ = document(TestFailed, "Test failed", `
With --verify, layc runs all tests. It tests a component on its base, with what
it needs and runs with, and an app in its image. The command must succeed. Its
standard output or standard error must contain the string of "prints".
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

var _ = document(NotRepeatable, "Run is not repeatable", `
With --verify, layc runs the commands of a component twice. The second run
failed, or it created different files, which is a warning. The engine caches the
first build, so the component works. But a build on another machine creates a
different layer, and every host pulls it again. Usual causes are timestamps (use
SOURCE_DATE_EPOCH), the order of directory entries, random names and logs.
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

var _ = document(MissingLibrary, "Missing library", `
With --verify, layc checks that all shared libraries and program interpreters of
a component exist. It looks in the component, in what it needs and runs with,
and in the base. A program without one of its libraries cannot start. An
incomplete library that no program loads is a warning, since other images may
complete it.
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

const LeadsNowhere Code = "E0506"

var _ = document(LeadsNowhere, "Link or script leads nowhere", `
With --verify, layc looks for the targets of links, and for the interpreters in
the first lines of scripts. A program that the build had and the image lacks is
an error: a virtual environment links to the Python that made it. Add what
provides the program, or build the files at the paths that they have in the
image. Links to other files, and scripts for a shell or an interpreter of the
system that the image lacks, are warnings. So are scripts that begin with
"#!/usr/bin/env NAME" if the image's PATH has no such program.
`, exampleBase+`
component python {
    owns "/opt/python"
    run  "make install"
}

component tool {
    builds with python
    owns        "/opt/tool"

    run "/opt/python/bin/python3 -m venv /opt/tool"
}

app shop {
    uses tool
}
`)

const PlatformNotRun Code = "E0507"

var _ = document(PlatformNotRun, "Platform cannot be run", `
Packages, runs and tests execute as programs of the image's platform. An engine
runs programs of its own platform, and of platforms for which an emulator is
registered on its machine. Files, copies and downloads need neither. A component
that "builds cross" runs programs of the fleet's builder instead, such as a
cross compiler. The exit code is 4, as the program itself may be correct.
`, exampleBase+`
component tool {
    owns "/opt/tool"
    run  "make install"
}

app shop {
    uses tool
}
`)

const DownloadFailed Code = "E0515"

var _ = document(DownloadFailed, "Download failed", `
layc cannot reach a server, or the server responds with an error. layc tries a
server with temporary errors four times, and resumes interrupted downloads.
Check the URL and the network. For packages, Maven artifacts and other archives,
--mirror sets another server. If a registry does not serve an image that is a
base, check its name and tag, and your login: registries hide images from those
who may not read them. The exit code is 4, as the program itself may be correct.
`, exampleBase+`
component tool {
    fetch "https://example.com/tool.tar.gz" sha256 "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" unpack to "/opt/tool"
}

app shop {
    uses tool
}
`)

const InvalidArchive Code = "E0516"

var _ = document(InvalidArchive, "Archive cannot be unpacked", `
The archive is corrupt or has an unknown format. Or it contains what an image
cannot: a device, or a name that would delete files. Or its unpacked size is
suspiciously large; "limit" after "unpack" allows a larger size.
`, exampleBase+`
component tool {
    fetch "https://example.com/tool.tar.gz" sha256 "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" unpack to "/opt/tool"
}

app shop {
    uses tool
}
`)

const ChecksumUnchanged Code = "E0517"

var _ = document(ChecksumUnchanged, "URL changed, checksum unchanged", `
The file name or the version in a URL changed, but the declared checksum did
not. Either the checksum is out of date, or the same file has a new name. "layc
lock" downloads the file, and records the new name if the checksum matches.
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

const ConflictingChanges Code = "E0518"

var _ = document(ConflictingChanges, "Conflicting changes", `
The runs of two components change the same path differently, and neither
component needs the other. Or a run changes a file that a package, which the
component does not need, brings in another form. Which change comes last would
depend on the order of layers. If one of them should build on the other, write
"needs" in it. Otherwise let them write separate files, for example in a
directory like /etc/profile.d. Equal changes do not conflict. Entries that both
add to /etc/passwd and similar files are merged.
`, exampleBase+`
component one {
    run "echo one >> /etc/motd"
}

component two {
    run "echo two >> /etc/motd"
}

app shop {
    uses one, two
}
`)

const ChangesNotKept Code = "E0519"

var _ = document(ChangesNotKept, "Changes are not kept", `
From the runs of a component or app with "owns", an image only gets the paths
that it owns. Its runs changed or created others, or deleted files of layers
below, so these changes would be lost. The error shows the "owns" clause that
keeps what is new. Editors offer to write it after a build that they began:
"Build the Images" in VS Code, :LaycBuild in Neovim, layer-build in Emacs. If
only the build needs the files, use /tmp or a mount. A component without "owns"
may change everything; it is stacked on the files that it changes, so fewer
images can share its layer.
`, exampleBase+`
component tool {
    owns "/opt/tool"

    run "make install"
}

app shop {
    uses tool
}
`)

const OwnedPathMissing Code = "E0520"

var _ = document(OwnedPathMissing, "Owned path is missing", `
A component or app owns a path that none of its steps creates. Correct the path
in "owns", or create the file or directory in a "run".
`, exampleBase+`
component tool {
    owns "/opt/tool", "/var/lib/tool"

    run "make install"
}

app shop {
    uses tool
}
`)

const PushFailed Code = "E0521"

var _ = document(PushFailed, "Push failed", `
A registry refuses an image or a tag, or cannot be reached. Before the build,
layc asks each registry whether you may push. Tags move only after all images
are in the registry, and a refused tag does not hold back the others. Run the
command again when the cause is removed: it pushes only what is missing. The
exit code is 4, as the program itself may be correct.
`, `
component base {
    distribution "debian" suite "bookworm"
}

fleet {
    base     base
    registry "registry.example.com/team"
}

app shop {
    tag "1.0"
}
`)
