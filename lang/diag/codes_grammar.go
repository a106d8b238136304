package diag

import "strings"

// Codes E00xx: text and grammar.

const UnexpectedCharacter Code = "E0001"

var _ = document(UnexpectedCharacter, "Unexpected character", `
The character does not begin anything in the language. Strings use double
quotes, comments begin with #, and names contain ASCII letters, digits and
underscores. Write control characters as escapes: a file must not look different
from its content.
`, `
let greeting = 'hello'
`)

const UnterminatedString Code = "E0002"

var _ = document(UnterminatedString, "Unterminated string", `
A string that begins with " ends at the next " on the same line. For a string of
several lines, write """ before and after it.
`, `
let greeting = "hello
`)

const UnknownEscape Code = "E0003"

var _ = document(UnknownEscape, "Unknown escape", `
In a string, a backslash begins one of the escapes \n \t \\ \" and \u{…}. Write
\\ for a backslash. Only \" is an escape in the string of "run"; the shell
interprets everything else.
`, `
let pattern = "[0-9]\.jar"
`)

const BrokenInterpolation Code = "E0004"

var _ = document(BrokenInterpolation, "Malformed interpolation", `
${…} in a string takes one value. It must end on the same line and cannot
contain quotes. To insert an expression with a string in it, name the value with
"let" and insert the name. Write $${ for a literal ${.
`, `
let place = "/opt/${name/bin"
`)

const MalformedNumber Code = "E0005"

var _ = document(MalformedNumber, "Malformed number", `
Numbers are digits, such as 8080. A leading zero means octal, as in the mode
0755. Durations have a unit (ms s m h d), as in 30s. So do sizes (B KB MB GB KiB
MiB GiB), as in 29.8MB. Versions are strings: "17.0.2".
`, `
let version = 17.0.2
`)

const NotUTF8 Code = "E0006"

var _ = document(NotUTF8, "File is not UTF-8", `
.layer files must be UTF-8 text. Convert a file that has another encoding. Move
binary content into a separate file and "copy" it.
`, "\nlet name = \"\xff\"\n")

const FileTooLarge Code = "E0007"

var _ = document(FileTooLarge, "File too large", `
A .layer file can have at most 16 MiB. Move content into separate files for
"copy" or "file", and generate apps with "for".
`, ``)

const UnexpectedToken Code = "E0010"

var _ = document(UnexpectedToken, "Unexpected token", `
The text does not follow the grammar here. The message shows what is expected.
The mistake can also be directly before this place, such as a missing bracket.
`, `
component jdk(version string) {
}
`)

const UnclosedBracket Code = "E0011"

var _ = document(UnclosedBracket, "Unclosed bracket", `
The bracket has no matching bracket. The error also shows the last place where
the match could be; the mistake is between the two places.
`, `
component jdk {
    repeatable

app shop {
    uses jdk
}
`)

const ExtraBrace Code = "E0012"

var _ = document(ExtraBrace, "Unmatched closing brace", `
The brace has no matching opening brace, or it closes a declaration too early.
Remove it, or the extra closing brace above it.
`, `
component jdk {
    repeatable
}
}
`)

const MissingValue Code = "E0013"

var _ = document(MissingValue, "Missing value", `
The word must be followed by a value on the same line. Write the value, or
remove the word.
`, `
component jdk {
    copy "jdk" to
}
`)

const MissingComma Code = "E0014"

var _ = document(MissingComma, "Missing comma", `
Separate the values of a list with commas.
`, `
let ports = [80 443]
`)

const NestedTooDeeply Code = "E0015"

var _ = document(NestedTooDeeply, "Nested too deeply", `
Blocks, brackets, operators and branches can be nested at most 200 levels deep.
Name parts of the expression with "let", or replace a long chain of "if" with a
"match".
`, "\nlet x = "+strings.Repeat("(", 250)+"1"+strings.Repeat(")", 250)+"\n")

const SeveralOnOneLine Code = "E0016"

var _ = document(SeveralOnOneLine, "Several statements on one line", `
A statement ends with its line. Write each clause on its own line.
`, `
app shop {
    expose 9080 user "1001"
}
`)

const UnknownDeclaration Code = "E0020"

var _ = document(UnknownDeclaration, "Unknown declaration", `
A file has imports, followed by declarations: fleet, component, app, slot, user,
let, param. Check the spelling, and that clauses are inside the braces of a
declaration.
`, `
componnet jdk {
}
`)

const UnknownClause Code = "E0021"

var _ = document(UnknownClause, "Unknown clause", `
The block has no clause with this name. Run "layc doc clauses" to list all
clauses.
`, `
app shop {
    exposes 9080
}
`)

const MisplacedClause Code = "E0022"

var _ = document(MisplacedClause, "Misplaced clause", `
The clause exists, but it belongs in another kind of declaration. For example,
"uses" belongs in apps, "needs" in components.
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
The clause has no option with this name. "layc doc" with the name of the clause
lists its options.
`, `
component jdk {
    copy "jdk" into "/opt/jdk"
}
`)

const RepeatedOption Code = "E0024"

var _ = document(RepeatedOption, "Option defined twice", `
A clause can have each option only once. Remove one of them, or write the clause
twice.
`, `
component jdk {
    copy "jdk" to "/opt/jdk" to "/opt/java"
}
`)

const MissingOption Code = "E0025"

var _ = document(MissingOption, "Missing option", `
The clause is incomplete without the option. For example, "copy" needs a target
in "to".
`, `
component jdk {
    copy "jdk"
}
`)

const ConflictingOptions Code = "E0026"

var _ = document(ConflictingOptions, "Conflicting options", `
Some options exclude each other, such as two checksums of one file: keep one of
them. Other options require another option, as "strip" requires "unpack": add
it.
`, `
component motd {
    file "/etc/motd" text "hello" append "again"
}
`)

const TooManyValues Code = "E0027"

var _ = document(TooManyValues, "Too many values", `
The clause takes one value. Write the clause once for each value, or write a
list if the value is a list.
`, `
app shop {
    user "1001", "1002"
}
`)

const InvalidName Code = "E0028"

var _ = document(InvalidName, "Not a valid name", `
Names contain ASCII letters, digits and underscores, and do not begin with a
digit. Write an underscore instead of a dash. The reserved words if, else, for,
match, let, true and false cannot be names. The names of apps and labels can be
strings, which have no such limits.
`, `
app web-shop {
}
`)

const ComputedImport Code = "E0029"

var _ = document(ComputedImport, "Computed import", `
layc loads all modules before it evaluates anything, so an import path cannot
contain ${…}. Write each path in full.
`, `
import "std/${name}"
`)

const MisplacedBranch Code = "E0030"

var _ = document(MisplacedBranch, "Misplaced branch", `
"else" must follow the "}" of an "if" on the same line, and must be the last arm
of a "match". An "if" that is a value requires an "else".
`, `
let memory = if platform.arch == "arm" { 1GB }
`)

const LateImport Code = "E0031"

var _ = document(LateImport, "Import after a declaration", `
Imports must be at the top of the file, before all declarations.
`, `
let x = 1
import "std/java"

slot runtime = java
`)

const MisplacedEquals Code = "E0032"

var _ = document(MisplacedEquals, "Misplaced equals sign", `
"=" separates a key from its value, in "env" and "label", in "let", and before
default values. Other clauses take their value without "=": remove it.
`, `
app shop {
    user = "1001"
}
`)
