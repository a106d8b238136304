package syntax

import "strings"

// Habits from other tools, and layc's words for the same things.

// habits maps words of other tools to layc's.
var habits = map[string]string{
	"FROM":        "write `base` in the fleet or in the app",
	"from":        "write `from` after the sources of `copy`: copy \"…\" from COMPONENT to \"…\"",
	"ADD":         "use `copy` for files and `fetch` for downloads",
	"add":         "use `copy` for files and `fetch` for downloads",
	"ARG":         "write parameters after the name of the component; `param` declares parameters of the module",
	"arg":         "write parameters after the name of the component; `param` declares parameters of the module",
	"CMD":         "write `command [\"…\"]`",
	"cmd":         "write `command [\"…\"]`",
	"MAINTAINER":  "use a label: `label \"org.opencontainers.image.authors\" = \"…\"`",
	"HEALTHCHECK": "write `healthcheck [\"…\"] every 30s`",
	"SHELL":       "write the shell in the command: `command [\"/bin/bash\", \"-c\", \"…\"]`",
	"ONBUILD":     "declare a component that others `needs` instead",
	"packages":    "install packages of the distribution with `needs os.packages(\"…\")`",
	"export":      "set environment variables with `env KEY = VALUE`",
	"set":         "set environment variables with `env KEY = VALUE`",
	"environment": "set environment variables with `env KEY = VALUE`",
	"enviroment":  "set environment variables with `env KEY = VALUE`",
	"volumes":     "write `volume` for each path",
	"ports":       "write `expose` in the app",
	"port":        "write `expose` in the app",
	"tags":        "write `tag` for each tag",
	"version":     "make the version a parameter of the component, or a `let`",
	"depends":     "use `needs` for dependencies",
	"requires":    "use `needs` for dependencies",
	"mkdir":       "use `dir` to create directories",
	"symlink":     "use `link` to create symbolic links",
	"chown":       "write `owner` or `mode` on the step that writes the file",
	"chmod":       "write `owner` or `mode` on the step that writes the file",
	"exec":        "use `run` for build steps, `command` or `entrypoint` for the program of the container",
	"switch":      "use `match VALUE { … }` to choose between values",
	"while":       "use `for x in xs { … }` to loop over a list",
	"elif":        "write `else if` after the `}` of an `if`",
	"elsif":       "write `else if` after the `}` of an `if`",
}

// sameClause maps words of other tools to the clause with the same form.
var sameClause = map[string]string{"export": "env", "set": "env"}

// declarationHabits maps words that begin declarations in other languages to layc's.
var declarationHabits = map[string]string{
	"var": "define values with `let`", "const": "define values with `let`",
	"val": "define values with `let`", "def": "define values with `let`",
	"locals":   "define values with `let`",
	"variable": "declare a parameter of the module: param NAME: string = \"…\"",
	"input":    "declare a parameter of the module: param NAME: string = \"…\"",
	"func":     "layc does not have functions; declare a `component` with parameters",
	"function": "layc does not have functions; declare a `component` with parameters",
	"fn":       "layc does not have functions; declare a `component` with parameters",
	"macro":    "layc does not have functions; declare a `component` with parameters",
	"class":    "declare a `component` with parameters",
	"module":   "remove it: each directory of .layer files is a module",
	"package":  "remove it: each directory of .layer files is a module",
	"service":  "declare an `app` for each image", "services": "declare an `app` for each image: app NAME { … }",
	"target": "declare an `app` for each image", "image": "declare an `app` for each image",
	"stage": "declare a `component`, and use `copy … from` in other components",
	"use":   "import modules with `import \"std/java\"`", "include": "import modules with `import \"std/java\"`",
	"require": "import modules with `import \"std/java\"`",
}

// optionHabits maps words that users write for options to the options that they may mean.
var optionHabits = map[string][]string{
	"into": {"to"}, "dest": {"to"}, "target": {"to"}, "at": {"to", "in"},
	"chown": {"owner"}, "uid": {"owner"}, "chmod": {"mode"}, "permissions": {"mode"},
	"except": {"exclude"}, "without": {"exclude"}, "only": {"include"},
	"user": {"as", "owner"}, "dir": {"in"}, "workdir": {"in"}, "using": {"with"}, "mount": {"with"},
	"checksum": {"sha256"}, "sha": {"sha256"}, "extract": {"unpack"}, "untar": {"unpack"},
	"content": {"text"}, "contents": {"text"}, "interval": {"every"}, "outputs": {"prints"},
}

// instructions maps instructions of a Dockerfile to clauses.
var instructions = map[string]string{
	"RUN": "run", "COPY": "copy", "ENV": "env", "WORKDIR": "workdir", "USER": "user", "EXPOSE": "expose", "VOLUME": "volume",
	"LABEL": "label", "CMD": "command", "ENTRYPOINT": "entrypoint", "STOPSIGNAL": "stopsignal",
}

// flagOptions maps flags of a Dockerfile's instructions to options.
var flagOptions = map[string]string{
	"chown": "owner", "chmod": "mode", "from": "from", "mount": "with", "checksum": "sha256", "exclude": "exclude",
	"interval": "every", "timeout": "timeout", "start": "start", "retries": "retries", "user": "as", "workdir": "in",
	"network": "with network",
}

// continuations are tokens that users write after the end of a statement that begins with a
// certain text, and the correct form.
var continuations = []struct {
	with       Kind
	begins     string
	note, hint string
}{
	{Comma, "let ", "a STATEMENT ends with its line", "write several values as a list: `let NAME = [VALUE, VALUE]`"},
	{Comma, "import ", "", "write each import on its own line"},
	{Comma, "env ", "", "write each `KEY = VALUE` as a clause on its own line"},
	{Comma, "label ", "", "write each `KEY = VALUE` as a clause on its own line"},
	{Comma, "annotation ", "", "write each `KEY = VALUE` as a clause on its own line"},
	{Colon, "expose ", "`expose` declares ports of the container; map host ports when you run the container", "write only the port that the program listens on"},
	{LBrace, "", "", "write the options on the line of the clause, without braces"},
}

// operatorWords maps words that are operators in other languages to operators.
var operatorWords = map[string]string{"and": "&&", "or": "||"}

// elseIfs are words of other languages for `else if`.
var elseIfs = map[string]bool{"elif": true, "elsif": true, "elseif": true}

// inheritance are words of other languages that derive a class.
var inheritance = map[string]bool{"extends": true, "inherits": true, "from": true}

// foreignQuotes maps quotation marks of other languages to their closing marks.
var foreignQuotes = map[rune]string{
	'\'': "'", '`': "`", '“': "”", '”': "”", '„': "”", '‘': "’", '’': "’", '«': "»",
}

// strayHints maps characters that begin no token to hints.
var strayHints = map[rune]string{
	'@': "pass arguments to a component in parentheses: `NAME(\"1.0\")`; write other values with an `@` as strings",
	'?': "write `if CONDITION { VALUE } else { VALUE }`",
	';': "remove it; a statement ends with its line",
	'&': "write `&&` for and, `||` for or",
	'|': "write `&&` for and, `||` for or",
}

// otherUnits maps names of units in other tools to layc's units. Those in lower-case letters
// also match as plurals.
var otherUnits = map[string]string{
	"M": "MB", "Ki": "KiB", "Mi": "MiB", "Gi": "GiB",
	"sec": "s", "second": "s", "min": "m", "minute": "m", "hr": "h", "hour": "h", "day": "d",
	"k": "KB", "kb": "KB", "mb": "MB", "mega": "MB", "g": "GB", "gb": "GB", "byte": "B",
}

// longUnits returns the unit for another tool's name of it.
func longUnits(unit string) (string, bool) {
	short, ok := otherUnits[unit]
	if !ok {
		short, ok = otherUnits[strings.ToLower(strings.TrimSuffix(unit, "s"))]
	}
	return short, ok
}
