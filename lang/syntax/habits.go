package syntax

import "strings"

// What people write out of the habit of other tools, and what says the same here.

// habits are words of other tools, with what says the same here.
var habits = map[string]string{
	"FROM":        "the system below is the fleet's or the app's `base`",
	"from":        "`from` follows the sources of a `copy`: copy \"…\" from COMPONENT to \"…\"",
	"ADD":         "files come by `copy`, downloads by `fetch`",
	"add":         "files come by `copy`, downloads by `fetch`",
	"ARG":         "parameters stand after the component's name; `param` declares the module's",
	"arg":         "parameters stand after the component's name; `param` declares the module's",
	"CMD":         "the default command is `command [\"…\"]`",
	"cmd":         "the default command is `command [\"…\"]`",
	"MAINTAINER":  "say it with a label: `label \"org.opencontainers.image.authors\" = \"…\"`",
	"HEALTHCHECK": "a check is `healthcheck [\"…\"] every 30s`",
	"SHELL":       "the shell of a command is its own: `command [\"/bin/bash\", \"-c\", \"…\"]`",
	"ONBUILD":     "a component that others need takes its place",
	"install":     "packages come from the distribution: `needs os.packages(\"…\")`",
	"packages":    "packages come from the distribution: `needs os.packages(\"…\")`",
	"export":      "variables are set by `env KEY = VALUE`",
	"set":         "variables are set by `env KEY = VALUE`",
	"environment": "variables are set by `env KEY = VALUE`",
	"enviroment":  "variables are set by `env KEY = VALUE`",
	"volumes":     "each path is a `volume`",
	"ports":       "ports are what the app's `expose` says",
	"port":        "ports are what the app's `expose` says",
	"tags":        "each tag is a `tag`",
	"version":     "a version is a parameter of the component, or a `let`",
	"depends":     "what a component stands on is what it `needs`",
	"requires":    "what a component stands on is what it `needs`",
	"mkdir":       "`dir` makes directories",
	"symlink":     "`link` makes links",
	"chown":       "`owner` and `mode` belong to the step that writes the file",
	"chmod":       "`owner` and `mode` belong to the step that writes the file",
	"exec":        "`run` is a step, `command` and `entrypoint` are what the container runs",
	"switch":      "`match VALUE { … }` chooses among values",
	"while":       "`for x in xs { … }` goes through a list",
	"elif":        "`else if` stands behind the `}` of an `if`",
	"elsif":       "`else if` stands behind the `}` of an `if`",
}

// sameClause are words of other tools that are one of layc's.
var sameClause = map[string]string{"export": "env", "set": "env"}

// declarationHabits are words with which other languages begin what is declared.
var declarationHabits = map[string]string{
	"var": "a name for a value begins with `let`", "const": "a name for a value begins with `let`",
	"val": "a name for a value begins with `let`", "def": "a name for a value begins with `let`",
	"locals":   "a name for a value begins with `let`",
	"variable": "a value from outside is a `param`: param NAME: string = \"…\"",
	"input":    "a value from outside is a `param`: param NAME: string = \"…\"",
	"func":     "what has parameters is a `component`; there are no functions",
	"function": "what has parameters is a `component`; there are no functions",
	"fn":       "what has parameters is a `component`; there are no functions",
	"macro":    "what has parameters is a `component`; there are no functions",
	"class":    "what has parameters is a `component`",
	"module":   "a directory is a module; its files declare a `component`, an `app`, …",
	"package":  "a directory is a module; its files declare a `component`, an `app`, …",
	"service":  "an image is an `app`", "services": "each image is an `app`: app NAME { … }",
	"target": "an image is an `app`", "image": "an image is an `app`",
	"stage": "a stage is a `component`, which others `copy … from`",
	"use":   "modules are imported: `import \"std/java\"`", "include": "modules are imported: `import \"std/java\"`",
	"require": "modules are imported: `import \"std/java\"`",
}

// optionHabits are words that people write for options, with what they mean.
var optionHabits = map[string][]string{
	"into": {"to"}, "dest": {"to"}, "target": {"to"}, "at": {"to", "in"},
	"chown": {"owner"}, "uid": {"owner"}, "chmod": {"mode"}, "permissions": {"mode"},
	"except": {"exclude"}, "without": {"exclude"}, "only": {"include"},
	"user": {"as", "owner"}, "dir": {"in"}, "workdir": {"in"}, "using": {"with"}, "mount": {"with"},
	"checksum": {"sha256"}, "sha": {"sha256"}, "extract": {"unpack"}, "untar": {"unpack"},
	"content": {"text"}, "contents": {"text"}, "interval": {"every"}, "outputs": {"prints"},
}

// instructions are those of a Dockerfile that have a clause here.
var instructions = map[string]string{
	"RUN": "run", "COPY": "copy", "ENV": "env", "WORKDIR": "workdir", "USER": "user", "EXPOSE": "expose", "VOLUME": "volume",
	"LABEL": "label", "CMD": "command", "ENTRYPOINT": "entrypoint", "STOPSIGNAL": "stopsignal",
}

// flagOptions are flags of a Dockerfile's instructions, with the options that
// say the same.
var flagOptions = map[string]string{
	"chown": "owner", "chmod": "mode", "from": "from", "mount": "with", "checksum": "sha256", "exclude": "exclude",
	"interval": "every", "timeout": "timeout", "start": "start", "retries": "retries", "user": "as", "workdir": "in",
	"network": "with network",
}

// continuations are tokens with which people go on after the end of a statement
// that begins with a text, and what to write instead.
var continuations = []struct {
	with       Kind
	begins     string
	note, hint string
}{
	{Comma, "let ", "a STATEMENT ends with its line", "several values are a list: `let NAME = [VALUE, VALUE]`"},
	{Comma, "import ", "", "each import stands on a line of its own"},
	{Comma, "env ", "", "each has a clause of its own: `KEY = VALUE`, on a line of its own"},
	{Comma, "label ", "", "each has a clause of its own: `KEY = VALUE`, on a line of its own"},
	{Colon, "expose ", "`expose` names the ports of the container; which of the host lead to them, is said where it runs", "write the port that the program listens on"},
	{LBrace, "", "", "what belongs to a clause stands on its line, without braces"},
}

// operatorWords are operators that other languages write as words.
var operatorWords = map[string]string{"and": "&&", "or": "||"}

// elseIfs are other languages' words for `else if`.
var elseIfs = map[string]bool{"elif": true, "elsif": true, "elseif": true}

// inheritance are the words with which other languages derive a class.
var inheritance = map[string]bool{"extends": true, "inherits": true, "from": true}

// foreignQuotes are the quotation marks of other languages, with what closes them.
var foreignQuotes = map[rune]string{
	'\'': "'", '`': "`", '“': "”", '”': "”", '„': "”", '‘': "’", '’': "’", '«': "»",
}

// strayHints are characters that begin nothing here, with what is written instead.
var strayHints = map[rune]string{
	'@': "the arguments of a component stand in parentheses: `NAME(\"1.0\")`; anything else with an `@` is text",
	'?': "a choice is written `if CONDITION { VALUE } else { VALUE }`",
	';': "a statement ends with its line",
	'&': "`and` is `&&`, `or` is `||`",
	'|': "`and` is `&&`, `or` is `||`",
}

// otherUnits are units by the names that other tools have for them, and those
// with lower-case letters also by their plurals.
var otherUnits = map[string]string{
	"M": "MB", "Ki": "KiB", "Mi": "MiB", "Gi": "GiB",
	"sec": "s", "second": "s", "min": "m", "minute": "m", "hr": "h", "hour": "h", "day": "d",
	"k": "KB", "kb": "KB", "mb": "MB", "mega": "MB", "g": "GB", "gb": "GB", "byte": "B",
}

// longUnits returns the unit that other tools call so.
func longUnits(unit string) (string, bool) {
	short, ok := otherUnits[unit]
	if !ok {
		short, ok = otherUnits[strings.ToLower(strings.TrimSuffix(unit, "s"))]
	}
	return short, ok
}
