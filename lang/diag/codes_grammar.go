package diag

import "strings"

// Codes E00xx: text and grammar.

const UnexpectedCharacter Code = "E0001"

var _ = document(UnexpectedCharacter, "Unexpected character", `
The character begins nothing that the language has. Text stands in double
quotes, comments begin with #, and names are made of ASCII letters, digits and
underscores. Control characters are written as escapes: what a file looks like
is what it is.
`, `
let greeting = 'hello'
`)

const UnterminatedString Code = "E0002"

var _ = document(UnterminatedString, "Text without an end", `
Text that begins with a quote ends at the next one, on the same line. Text of
several lines stands between three quotes and three quotes.
`, `
let greeting = "hello
`)

const UnknownEscape Code = "E0003"

var _ = document(UnknownEscape, "Unknown escape", `
In text a backslash begins one of the escapes \n \t \\ \" and \u{…}. A backslash
itself is written twice. The text of "run" is the shell's: nothing but \" is an
escape there.
`, `
let pattern = "[0-9]\.jar"
`)

const BrokenInterpolation Code = "E0004"

var _ = document(BrokenInterpolation, "Broken interpolation", `
${…} in text holds one value, ends on its line and has no quotes in it. A value
that needs text in it gets a name with "let" first. The characters ${ themselves
are written $${.
`, `
let place = "/opt/${name/bin"
`)

const MalformedNumber Code = "E0005"

var _ = document(MalformedNumber, "Malformed number", `
Numbers are digits: 8080; with a leading zero, octal digits of a mode: 0755;
with a unit, durations (ms s m h d) and sizes (B KB MB GB KiB MiB GiB): 30s,
29.8MB. Versions are text: "17.0.2".
`, `
let version = 17.0.2
`)

const NotUTF8 Code = "E0006"

var _ = document(NotUTF8, "The file is not UTF-8", `
Files are UTF-8 text. Another encoding has to be converted, and binary content
belongs in a file of its own that a "copy" step names.
`, "\nlet name = \"\xff\"\n")

const FileTooLarge Code = "E0007"

var _ = document(FileTooLarge, "The file is too large", `
A file may have up to 16 MiB. Content belongs in files of its own that "copy" or
"file" steps name; generated fleets are better written with "for".
`, ``)

const UnexpectedToken Code = "E0010"

var _ = document(UnexpectedToken, "Something else was expected", `
The grammar allows something else at this place; the message says what.
`, `
component jdk(version string) {
}
`)

const UnclosedBracket Code = "E0011"

var _ = document(UnclosedBracket, "A bracket is not closed", `
The bracket that the message points at has no partner. The place where it is
missed at the latest is shown too; the mistake lies between the two.
`, `
component jdk {
    repeatable

app shop {
    uses jdk
}
`)

const ExtraBrace Code = "E0012"

var _ = document(ExtraBrace, "A closing brace too many", `
The brace closes nothing, or closes a declaration whose content goes on after
it.
`, `
component jdk {
    repeatable
}
}
`)

const MissingValue Code = "E0013"

var _ = document(MissingValue, "A value is missing", `
The word needs a value after it, on the same line.
`, `
component jdk {
    copy "jdk" to
}
`)

const MissingComma Code = "E0014"

var _ = document(MissingComma, "A comma is missing", `
Values that belong together stand with commas between them.
`, `
let ports = [80 443]
`)

const NestedTooDeeply Code = "E0015"

var _ = document(NestedTooDeeply, "Nested too deeply", `
Blocks, brackets, operators and branches may be 200 levels deep. That is far
more than a person can follow; parts can be named with "let", and long
alternatives are shorter as a "match".
`, "\nlet x = "+strings.Repeat("(", 250)+"1"+strings.Repeat(")", 250)+"\n")

const SeveralOnOneLine Code = "E0016"

var _ = document(SeveralOnOneLine, "More than one statement on a line", `
A clause, like every statement, ends with its line.
`, `
app shop {
    expose 9080 user "1001"
}
`)

const UnknownDeclaration Code = "E0020"

var _ = document(UnknownDeclaration, "Unknown declaration", `
A file holds imports, then declarations: fleet, component, app, slot, user, let,
param.
`, `
componnet jdk {
}
`)

const UnknownClause Code = "E0021"

var _ = document(UnknownClause, "Unknown clause", `
The block has no clause of that word. "layc doc clauses" lists them.
`, `
app shop {
    exposes 9080
}
`)

const MisplacedClause Code = "E0022"

var _ = document(MisplacedClause, "A clause in the wrong place", `
The clause exists, but belongs in the block of another declaration. In
particular, the app chooses what it "uses"; a component states what it "needs".
`, `
component jdk {
    repeatable
}

component liberty {
    uses jdk
}
`)

const UnknownOption Code = "E0023"

var _ = document(UnknownOption, "Unknown option", `
The clause has no option of that word.
`, `
component jdk {
    copy "jdk" into "/opt/jdk"
}
`)

const RepeatedOption Code = "E0024"

var _ = document(RepeatedOption, "An option given twice", `
Each option of a clause is given at most once.
`, `
component jdk {
    copy "jdk" to "/opt/jdk" to "/opt/java"
}
`)

const MissingOption Code = "E0025"

var _ = document(MissingOption, "A required option is missing", `
The clause says nothing without the option: a "copy" needs to know where to.
`, `
component jdk {
    copy "jdk"
}
`)

const ConflictingOptions Code = "E0026"

var _ = document(ConflictingOptions, "Options that do not go together", `
Some options exclude each other, such as two checksums of one file; some stand
only beside another, such as "strip" beside "unpack".
`, `
component motd {
    file "/etc/motd" text "hello" append "again"
}
`)

const TooManyValues Code = "E0027"

var _ = document(TooManyValues, "Too many values", `
The clause takes one value. Where several are meant, it is written once for
each, or the value is a list.
`, `
app shop {
    user "1001", "1002"
}
`)

const InvalidName Code = "E0028"

var _ = document(InvalidName, "Not a name", `
Names have ASCII letters, digits and underscores, do not begin with a digit and
are none of the reserved words if, else, for, match, let, true and false. Where
a name from outside is needed, such as an app's or a label's, it is written as
text.
`, `
app web-shop {
}
`)

const ComputedImport Code = "E0029"

var _ = document(ComputedImport, "An import that is computed", `
Which modules a module imports is known before anything is evaluated, so the
path is plain text.
`, `
import "std/${name}"
`)

const MisplacedBranch Code = "E0030"

var _ = document(MisplacedBranch, "A branch out of place", `
An "else" belongs directly behind the block of its "if", comes last in a
"match", and is required where the "if" is a value.
`, `
let memory = if platform.arch == "arm" { 1GB }
`)

const LateImport Code = "E0031"

var _ = document(LateImport, "An import after a declaration", `
Imports stand at the top of the file, so that a reader sees at once what the
names in it refer to.
`, `
let x = 1
import "std/java"

slot runtime = java
`)

const MisplacedEquals Code = "E0032"

var _ = document(MisplacedEquals, "An equals sign out of place", `
The sign = stands where there is a key: in "env" and "label", in "let", and
before defaults. Elsewhere a word is followed by its value.
`, `
app shop {
    user = "1001"
}
`)
