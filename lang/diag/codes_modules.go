package diag

// Codes E01xx: modules.

const NoModule Code = "E0100"

var _ = document(NoModule, "No module", `
A module is a directory with files that end in .layer. Commands work on the one
in the current directory, or in the one that -C names.
`, `
-- notes.txt --
Nothing here yet.
`)

const UnreadableFile Code = "E0101"

var _ = document(UnreadableFile, "A file cannot be read", `
The file is there, but cannot be opened: check its permissions, and that it is
no link to nowhere.
`, ``)

const UnknownImport Code = "E0102"

var _ = document(UnknownImport, "An import of nothing", `
An import is "std/NAME" for a module that comes with layc, a relative directory
such as "./web" for one of the project, or a git repository at a version:
"git+https://git.example.com/team/layers.git//web@v1.2.0". "layc doc std" lists
the modules that come with layc.
`, `
import "std/jaav"
`)

const ImportOutsideProject Code = "E0103"

var _ = document(ImportOutsideProject, "An import from outside the project", `
Relative imports stay within the project, and within the repository of the
module that has them: what a program is made of is in one place, or pinned.
`, `
import "../shared"
`)

const ImportCycle Code = "E0104"

var _ = document(ImportCycle, "An import cycle", `
A module is evaluated after the modules that it imports, so imports cannot go
round. What two modules need of each other belongs in a third.
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
A program may have 1000 modules and 100 git repositories, so that no import can
exhaust a machine. A module may have any number of files.
`, ``)

const MalformedGitImport Code = "E0106"

var _ = document(MalformedGitImport, "A malformed import of a git repository", `
The path names protocol, host and path of the repository, after two slashes the
module's directory in it, and after an @ the version, a tag or a full commit.
The protocol is https, ssh or file. Passwords belong to git's credential
helpers.
`, `
import "git+https://git.example.com/team/layers.git//web"
`)

const UnpinnedImport Code = "E0107"

var _ = document(UnpinnedImport, "An import that is not pinned", `
The lock file says which commit and which content a version of a repository is,
so that nobody can change it unnoticed. "layc lock" writes it.
`, `
import "git+https://git.example.com/team/layers.git//web@v1.2.0"
`)

const UnusableRepository Code = "E0108"

var _ = document(UnusableRepository, "A repository that cannot be used", `
It has no such version; or its content, vendored, cached or fetched, is not the
content whose digest the lock file holds, or cannot be read. Vendored copies are
changed at their source, not in place; "layc vendor" restores them. If the
repository itself has changed its commit, find out why before you run "layc
update".
`, `
import "git+https://git.example.com/team/layers.git//web@v1.2.0"

slot server = web.server
`)

const ConflictingVersions Code = "E0109"

var _ = document(ConflictingVersions, "Two versions of one repository", `
A program has one version of a repository, under one address, so that a
component is the same wherever it is named. Imports of all its modules, and of
what they import, name the same version.
`, `
import "git+https://git.example.com/team/layers.git//web@v1.2.0"
import "git+https://git.example.com/team/layers.git//db@v1.3.0"

slot server = web.server

slot store = db.server
`)

const ProgramTooLarge Code = "E0110"

var _ = document(ProgramTooLarge, "A program too large", `
All files of a program together may have 8 MiB: some 200,000 lines. Content
belongs in files that "copy" steps name; what repeats is better written with
"for".
`, ``)
