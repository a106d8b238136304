package diag

// Codes E02xx: names, types and values.

const DeclaredTwice Code = "E0201"

var _ = document(DeclaredTwice, "Declared twice", `
A name is declared once in its module, block or list of parameters. All files of
a module share its names.
`, `
let port = 8080
let port = 8081
`)

const UnusedImport Code = "E0202"

var _ = document(UnusedImport, "An unused import", `
Nothing in the file refers to the module. This is a warning.
`, `
import "std/java"

let port = 8080
`)

const MisplacedDeclaration Code = "E0203"

var _ = document(MisplacedDeclaration, "A fleet or an app out of place", `
The module that is compiled has one fleet, and the apps. Imported modules have
components, slots, users and values.
`, `
fleet {
    layers 4
}

fleet {
    layers 5
}
`)

const UnusedParameter Code = "E0204"

var _ = document(UnusedParameter, "An unused parameter", `
Nothing in the component mentions the parameter. This is a warning. The text of
a run mentions a parameter as $name.
`, `
component jdk(version: string) {
    env JAVA_HOME = "/opt/jdk"
}
`)

const NotIterable Code = "E0205"

var _ = document(NotIterable, "Nothing to walk", `
After "in" stands a list, or a map, which is walked by key and value. All values
of a map that is walked have one type.
`, `
app "shop-${x}" for x in 8080 {
}
`)

const WrongType Code = "E0206"

var _ = document(WrongType, "A wrong type", `
The value has a type that does not fit its place. Strings, versions and paths
stand for each other; nothing else is converted. Numbers are put into text with
${…}.
`, `
component jdk {
    size "90MB"
}
`)

const UnknownName Code = "E0207"

var _ = document(UnknownName, "An unknown name", `
Nothing of that name is declared in the file's module, in a block around it or
in the module that is asked for it.
`, `
component jdk {
    needs os_packages
}
`)

const NotAValue Code = "E0208"

var _ = document(NotAValue, "A name that is no value", `
The name of a module stands for the component or slot of the same name in it; a
module that has none is no value by itself.
`, `
import "std/liberty"

component shop {
    needs liberty
}
`)

const PrivateName Code = "E0209"

var _ = document(PrivateName, "A private name", `
Names that begin with _ are visible in their own module only.
`, `
import "std/debian"

let suites = debian._suites
`)

const WrongArguments Code = "E0210"

var _ = document(WrongArguments, "Arguments that do not fit", `
A component gets an argument for each parameter that has no default, by position
or by name, and no others.
`, `
component jdk(version: string) {
    env JAVA_VERSION = version
}

component shop {
    needs jdk()
}
`)

const RecursiveValue Code = "E0211"

var _ = document(RecursiveValue, "A value that defines itself", `
A let cannot refer to itself, directly or by way of others.
`, `
let a = b
let b = a
`)

const UnknownType Code = "E0212"

var _ = document(UnknownType, "Not a type", `
The type of a parameter is written after it, or is that of its default. The
types are string, int, bool, version, path, size, duration, component, list(…)
and map(…).
`, `
component jdk(version: text) {
    env JAVA_VERSION = version
}
`)

const InvalidRate Code = "E0213"

var _ = document(InvalidRate, "Not a rate of change", `
How often something changes is a word (never, yearly, quarterly, monthly,
weekly, daily, hourly) or a number of times: 12/year. How often it is updated is
a word (never to daily) or a time: 10d.
`, `
component jdk {
    changes often
}
`)

const RecursiveVariable Code = "E0214"

var _ = document(RecursiveVariable, "A variable that refers to itself", `
The value of a variable is taken as it is: no shell reads it, and a dollar sign
stays one. To add to what the variable has already, "env" takes +=.
`, `
component tool {
    env PATH = "$PATH:/opt/tool/bin"
}
`)
