package diag

import (
	"slices"
	"strings"
)

// Entry documents a code: what `layc explain CODE` prints.
type Entry struct {
	Code  Code
	Title string // what kind of finding it is, as a heading
	Doc   string // why it is one, and what to do; paragraphs apart by an empty line
	// Example produces the code: a .layer file, or a txtar archive of several
	// files where it begins with "-- ".
	Example string
}

// Entries returns the documentation of all codes, sorted. The caller must not
// change it.
func Entries() []Entry { return entries }

// Explain returns the documentation of a code.
func Explain(code Code) (Entry, bool) {
	i, ok := slices.BinarySearchFunc(entries, code, func(e Entry, c Code) int {
		return strings.Compare(string(e.Code), string(c))
	})
	if !ok {
		return Entry{}, false
	}
	return entries[i], true
}

// entries has all codes, sorted: E00xx text and grammar, E01xx modules, E02xx
// names, types and values, E03xx components, E04xx plans. A code keeps its
// meaning for good; one that is no longer found is not given again.
var entries = slices.Concat(grammarEntries, programEntries)

var grammarEntries = []Entry{
	{"E0001", "Unexpected character", `
The character begins nothing that the language has. Text stands in double
quotes, comments begin with #, and names are made of ASCII letters, digits and
underscores. Control characters are written as escapes: what a file looks like
is what it is.
`, `
let greeting = 'hello'
`},
	{"E0002", "Text without an end", `
Text that begins with a quote ends at the next one, on the same line. Text of
several lines stands between three quotes and three quotes.
`, `
let greeting = "hello
`},
	{"E0003", "Unknown escape", `
In text a backslash begins one of the escapes \n \t \\ \" and \u{…}. A backslash
itself is written twice. The text of "run" is the shell's: nothing but \" is an
escape there.
`, `
let pattern = "[0-9]\.jar"
`},
	{"E0004", "Broken interpolation", `
${…} in text holds one value, ends on its line and has no quotes in it. A value
that needs text in it gets a name with "let" first. The characters ${ themselves
are written $${.
`, `
let place = "/opt/${name/bin"
`},
	{"E0005", "Malformed number", `
Numbers are digits: 8080; with a leading zero, octal digits of a mode: 0755;
with a unit, durations (ms s m h d) and sizes (B KB MB GB KiB MiB GiB): 30s,
29.8MB. Versions are text: "17.0.2".
`, `
let version = 17.0.2
`},
	{"E0006", "The file is not UTF-8", `
Files are UTF-8 text. Another encoding has to be converted, and binary content
belongs in a file of its own that a "copy" step names.
`, "\nlet name = \"\xff\"\n"},
	{"E0007", "The file is too large", `
A file may have up to 16 MiB. Content belongs in files of its own that "copy" or
"file" steps name; generated fleets are better written with "for".
`, ``},
	{"E0010", "Something else was expected", `
The grammar allows something else at this place; the message says what.
`, `
component jdk(version string) {
}
`},
	{"E0011", "A bracket is not closed", `
The bracket that the message points at has no partner. The place where it is
missed at the latest is shown too; the mistake lies between the two.
`, `
component jdk {
    repeatable

app shop {
    uses jdk
}
`},
	{"E0012", "A closing brace too many", `
The brace closes nothing, or closes a declaration whose content goes on after
it.
`, `
component jdk {
    repeatable
}
}
`},
	{"E0013", "A value is missing", `
The word needs a value after it, on the same line.
`, `
component jdk {
    copy "jdk" to
}
`},
	{"E0014", "A comma is missing", `
Values that belong together stand with commas between them.
`, `
let ports = [80 443]
`},
	{"E0015", "Nested too deeply", `
Blocks, brackets, operators and branches may be 200 levels deep. That is far
more than a person can follow; parts can be named with "let", and long
alternatives are shorter as a "match".
`, "\nlet x = " + strings.Repeat("(", 250) + "1" + strings.Repeat(")", 250) + "\n"},
	{"E0016", "More than one statement on a line", `
A clause, like every statement, ends with its line.
`, `
app shop {
    expose 9080 user "1001"
}
`},
	{"E0020", "Unknown declaration", `
A file holds imports, then declarations: fleet, component, app, slot, user, let,
param.
`, `
componnet jdk {
}
`},
	{"E0021", "Unknown clause", `
The block has no clause of that word. "layc doc clauses" lists them.
`, `
app shop {
    exposes 9080
}
`},
	{"E0022", "A clause in the wrong place", `
The clause exists, but belongs in the block of another declaration. In
particular, the app chooses what it "uses"; a component states what it "needs".
`, `
component jdk {
    repeatable
}

component liberty {
    uses jdk
}
`},
	{"E0023", "Unknown option", `
The clause has no option of that word.
`, `
component jdk {
    copy "jdk" into "/opt/jdk"
}
`},
	{"E0024", "An option given twice", `
Each option of a clause is given at most once.
`, `
component jdk {
    copy "jdk" to "/opt/jdk" to "/opt/java"
}
`},
	{"E0025", "A required option is missing", `
The clause says nothing without the option: a "copy" needs to know where to.
`, `
component jdk {
    copy "jdk"
}
`},
	{"E0026", "Options that do not go together", `
Some options exclude each other, such as two checksums of one file; some stand
only beside another, such as "strip" beside "unpack".
`, `
component motd {
    file "/etc/motd" text "hello" append "again"
}
`},
	{"E0027", "Too many values", `
The clause takes one value. Where several are meant, it is written once for
each, or the value is a list.
`, `
app shop {
    user "1001", "1002"
}
`},
	{"E0028", "Not a name", `
Names have ASCII letters, digits and underscores, do not begin with a digit and
are none of the reserved words if, else, for, match, let, true and false. Where
a name from outside is needed, such as an app's or a label's, it is written as
text.
`, `
app web-shop {
}
`},
	{"E0029", "An import that is computed", `
Which modules a module imports is known before anything is evaluated, so the
path is plain text.
`, `
import "std/${name}"
`},
	{"E0030", "A branch out of place", `
An "else" belongs directly behind the block of its "if", comes last in a
"match", and is required where the "if" is a value.
`, `
let memory = if platform.arch == "arm" { 1GB }
`},
	{"E0031", "An import after a declaration", `
Imports stand at the top of the file, so that a reader sees at once what the
names in it refer to.
`, `
let x = 1
import "std/java"

slot runtime = java
`},
	{"E0032", "An equals sign out of place", `
The sign = stands where there is a key: in "env" and "label", in "let", and
before defaults. Elsewhere a word is followed by its value.
`, `
app shop {
    user = "1001"
}
`},
	{"E0100", "No module", `
A module is a directory with files that end in .layer. Commands work on the one
in the current directory, or in the one that -C names.
`, `
-- notes.txt --
Nothing here yet.
`},
	{"E0101", "A file cannot be read", `
The file is there, but cannot be opened: check its permissions, and that it is
no link to nowhere.
`, ``},
	{"E0102", "An import of nothing", `
An import is "std/NAME" for a module that comes with layc, a relative directory
such as "./web" for one of the project, or a git repository at a version:
"git+https://git.example.com/team/layers.git//web@v1.2.0". "layc doc std" lists
the modules that come with layc.
`, `
import "std/jaav"
`},
	{"E0103", "An import from outside the project", `
Relative imports stay within the project, and within the repository of the
module that has them: what a program is made of is in one place, or pinned.
`, `
import "../shared"
`},
	{"E0104", "An import cycle", `
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
`},
	{"E0105", "Too many modules", `
A program may have 1000 modules and 100 git repositories, so that no import can
exhaust a machine. A module may have any number of files.
`, ``},
	{"E0106", "A malformed import of a git repository", `
The path names protocol, host and path of the repository, after two slashes the
module's directory in it, and after an @ the version, a tag or a full commit.
The protocol is https, ssh or file. Passwords belong to git's credential
helpers.
`, `
import "git+https://git.example.com/team/layers.git//web"
`},
	{"E0107", "An import that is not pinned", `
The lock file says which commit and which content a version of a repository is,
so that nobody can change it unnoticed. "layc lock" writes it.
`, `
import "git+https://git.example.com/team/layers.git//web@v1.2.0"
`},
	{"E0108", "A repository that cannot be used", `
It has no such version; or its content, vendored, cached or fetched, is not the
content whose digest the lock file holds, or cannot be read. Vendored copies are
changed at their source, not in place; "layc vendor" restores them. If the
repository itself has changed its commit, find out why before you run "layc
update".
`, `
import "git+https://git.example.com/team/layers.git//web@v1.2.0"

slot server = web.server
`},
	{"E0109", "Two versions of one repository", `
A program has one version of a repository, under one address, so that a
component is the same wherever it is named. Imports of all its modules, and of
what they import, name the same version.
`, `
import "git+https://git.example.com/team/layers.git//web@v1.2.0"
import "git+https://git.example.com/team/layers.git//db@v1.3.0"

slot server = web.server

slot store = db.server
`},
	{"E0110", "A program too large", `
All files of a program together may have 8 MiB: some 200,000 lines. Content
belongs in files that "copy" steps name; what repeats is better written with
"for".
`, ``},
}
