package diag

// Codes E06xx: expressions of layc query and of --select.

// exampleQuery is the fleet that examples ask about; the expression follows.
const exampleQuery = `
-- fleet.layer --
component base {
    distribution "debian" suite "bookworm"
}

component jdk(version: string) {
    owns "/opt/jdk"
    file "/opt/jdk/release" text version
}

fleet {
    base base
}

app shop {
    uses jdk("17")
    tag  "17-jdk"
}
-- query --
`

const QuerySyntax Code = "E0601"

var _ = document(QuerySyntax, "Invalid expression", `
The expression of "layc query" or "--select" is not complete, or has a word
where the language expects another. Sets and conditions are joined with "and",
"or" and "except", and negated with "not". Comparisons use "==", "!=", "<",
"<=", ">" and ">=". docs/query.md defines the language.
`, exampleQuery+`apps and uses
`)

const UnknownInQuery Code = "E0602"

var _ = document(UnknownInQuery, "Unknown name in an expression", `
A name without quotes must be the name of an app, a component, a package or a
layer of the fleet, so that a misspelled name does not select nothing. A pattern
in quotes, such as package("log4j*"), may match nothing: that is a warning.
`, exampleQuery+`uses jkd
`)

const QueryKinds Code = "E0603"

var _ = document(QueryKinds, "Conflicting kinds in an expression", `
An expression is about apps, components, packages or layers. Both sides of
"and", "or" and "except" must be about the same kind, and a condition must have
a meaning for it: only apps have tags, for example. Relate different kinds with
"has", "in", "uses", "needs" or "depends on".
`, exampleQuery+`packages and tag == "17-*"
`)

const QueryValue Code = "E0604"

var _ = document(QueryValue, "Invalid value in an expression", `
A property is compared with a value of its own type: a size such as 100MB, a
rate such as weekly or 12/year, a number, or a string. Versions, tags and
platforms are strings. Patterns, tags and platforms have no order, so only "=="
and "!=" compare them.
`, exampleQuery+`jdk < 21
`)

const QueryMatchesNothing Code = "E0605"

var _ = document(QueryMatchesNothing, "Pattern matches nothing", `
No app, component, package or layer of the fleet has a name that the pattern
matches. The expression is valid, and the pattern selects nothing. If the
pattern is misspelled, so is the answer: "no image has the package" may be
wrong.
`, exampleQuery+`apps has component("jkd")
`)
