package diag

// Codes E01xx: modules.

const NoModule Code = "E0100"

var _ = document(NoModule, "No module found", `
A module is a directory with .layer files. Commands use the module in the
current directory, or in the directory after -C.
`, `
-- notes.txt --
Nothing here yet.
`)

const UnreadableFile Code = "E0101"

var _ = document(UnreadableFile, "Unreadable file", `
The file exists, but layc cannot open it. Check its permissions, and whether it
is a broken link.
`, ``)

const UnknownImport Code = "E0102"

var _ = document(UnknownImport, "Unknown import", `
An import is one of these: "std/NAME" for a module of the standard library; a
relative directory of the project, such as "./web"; or a git repository at a
version, such as "git+https://git.example.com/team/layers.git//web@v1.2.0". Run
"layc doc std" to list the standard library.
`, `
import "std/jaav"
`)

const ImportOutsideProject Code = "E0103"

var _ = document(ImportOutsideProject, "Import outside the project", `
Relative imports must stay inside the project, or inside the repository of their
module. Import modules from other places as git repositories, which are pinned.
`, `
import "../shared"
`)

const ImportCycle Code = "E0104"

var _ = document(ImportCycle, "Import cycle", `
layc evaluates a module after its imports, so imports cannot form a cycle. Move
what two modules share into a third module.
`, `
-- shop.layer --
import "./web"

component shop {
    needs web.server
}
-- web/web.layer --
import "../db"

component server {
    needs db.server
}
-- db/db.layer --
import "../web"

component server {
    needs web.server
}
`)

const TooManyModules Code = "E0105"

var _ = document(TooManyModules, "Too many modules", `
A program can have at most 1000 modules and 100 git repositories, so that no
import can exhaust the machine. A module can have any number of files.
`, ``)

const MalformedGitImport Code = "E0106"

var _ = document(MalformedGitImport, "Malformed git import", `
The path consists of the protocol, host and path of the repository, then // and
the directory of the module, then @ and a tag or full commit. The protocol is
https, ssh or file. Passwords belong in a git credential helper.
`, `
import "git+https://git.example.com/team/layers.git//web"
`)

const UnpinnedImport Code = "E0107"

var _ = document(UnpinnedImport, "Import is not pinned", `
The lock file pins the commit and the digest of each repository, so that it
cannot change unnoticed. Run "layc lock".
`, `
import "git+https://git.example.com/team/layers.git//web@v1.2.0"
`)

const UnusableRepository Code = "E0108"

var _ = document(UnusableRepository, "Repository cannot be used", `
The repository does not have the version, cannot be read, or its content does
not match the digest in the lock file. Do not edit vendored copies: change the
repository, and run "layc vendor". If the commit of a tag changed in the
repository itself, find out why before you run "layc update".
`, `
import "git+https://git.example.com/team/layers.git//web@v1.2.0"

slot server = web.server
`)

const ConflictingVersions Code = "E0109"

var _ = document(ConflictingVersions, "Conflicting versions of a repository", `
A program uses one version of each repository, under one address, so that equal
names mean equal components. Use the same version in all imports, also in
imported modules.
`, `
import "git+https://git.example.com/team/layers.git//web@v1.2.0"
import "git+https://git.example.com/team/layers.git//db@v1.3.0"

slot server = web.server

slot store = db.server
`)

const ProgramTooLarge Code = "E0110"

var _ = document(ProgramTooLarge, "Program too large", `
All .layer files of a program together can have at most 8 MiB, about 200,000
lines. Move content into files for "copy", and replace repetition with "for".
`, ``)
