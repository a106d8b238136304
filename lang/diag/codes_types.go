package diag

// Codes E02xx: names, types and values.

const DeclaredTwice Code = "E0201"

var _ = document(DeclaredTwice, "Name defined twice", `
Names must be unique in their module, block or parameter list. All files of a
module share one namespace.
`, `
let port = 8080
let port = 8081
`)

const UnusedImport Code = "E0202"

var _ = document(UnusedImport, "Unused import", `
Nothing in the file uses the module. This is a warning. Remove the import.
`, `
import "std/java"

let port = 8080
`)

const MisplacedDeclaration Code = "E0203"

var _ = document(MisplacedDeclaration, "Misplaced fleet or app", `
Only the main module, where you run layc, declares apps and one fleet. Move apps
and the fleet there, and all clauses into one fleet. Imported modules declare
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

var _ = document(UnusedParameter, "Unused parameter", `
Nothing in the component uses the parameter. This is a warning. Remove it, or
use it: the command of "run" refers to a parameter as $name.
`, `
component jdk(version: string) {
    env JAVA_HOME = "/opt/jdk"
}
`)

const NotIterable Code = "E0205"

var _ = document(NotIterable, "Cannot loop over the value", `
"in" takes a list, or a map with a variable for the key and another for the
value. All values of the map must have the same type.
`, `
app "shop-${x}" for x in 8080 {
}
`)

const WrongType Code = "E0206"

var _ = document(WrongType, "Mismatched types", `
The value does not have the expected type. Strings, versions and paths are
interchangeable; layc converts nothing else. Use ${…} to insert a number into a
string.
`, `
component jdk {
    size "90MB"
}
`)

const UnknownName Code = "E0207"

var _ = document(UnknownName, "Unknown name", `
Neither the module, an enclosing block nor the module before the dot declares
the name. Check the spelling, or import the module that declares it.
`, `
component jdk {
    needs os_packages
}
`)

const NotAValue Code = "E0208"

var _ = document(NotAValue, "Name is not a value", `
The name of a module stands for a component or slot with the same name in it.
Other modules are not values: write one of their components, such as
rsyslog.agent.
`, `
import "std/rsyslog"

component shop {
    needs rsyslog
}
`)

const PrivateName Code = "E0209"

var _ = document(PrivateName, "Private name", `
Names that begin with _ are private to their module. "layc doc" with the path of
the module lists its public names.
`, `
import "std/debian"

let suites = debian._suites
`)

const WrongArguments Code = "E0210"

var _ = document(WrongArguments, "Wrong arguments", `
A component takes one argument for each parameter, by position or by name.
Parameters with a default can be omitted.
`, `
component jdk(version: string) {
    env JAVA_VERSION = version
}

component shop {
    needs jdk()
}
`)

const RecursiveValue Code = "E0211"

var _ = document(RecursiveValue, "Value depends on itself", `
A "let" cannot refer to itself, neither directly nor through other values. The
error shows the cycle: remove one of the references.
`, `
let a = b
let b = a
`)

const UnknownType Code = "E0212"

var _ = document(UnknownType, "Unknown type", `
A parameter has the type after its colon, or the type of its default. The types
are string, int, bool, version, path, size, duration, component, list(…) and
map(…).
`, `
component jdk(version: text) {
    env JAVA_VERSION = version
}
`)

const InvalidRate Code = "E0213"

var _ = document(InvalidRate, "Not a valid rate of change", `
A rate is one of never, yearly, quarterly, monthly, weekly, daily and hourly, or
a number of times such as 12/year. "update" takes a word from never to daily, or
a duration such as 10d.
`, `
component jdk {
    changes often
}
`)

const RecursiveVariable Code = "E0214"

var _ = document(RecursiveVariable, "Variable refers to itself", `
No shell expands the values of "env", so a dollar sign is literal. Use += to
append to the previous value.
`, `
component tool {
    env PATH = "$PATH:/opt/tool/bin"
}
`)
