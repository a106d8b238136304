package diag

// Codes E04xx: plans.

const TooFewLayers Code = "E0401"

var _ = document(TooFewLayers, "Too few layers", `
The image needs more layers than "layers" allows. It needs one for its base, but
none for base scratch; one for its own steps; and one for all its components. If
components append to a file that is below them, the appended files have another
layer of their own. The message shows the smallest limit that works: for all
apps, if it is the fleet's.
`, exampleBase+`
component a {
    run "one"
}

component b {
    run "two"
}

app shop {
    layers 2
    uses a, b
    file "/etc/x" text "x"
}
`)

const NumbersTooLarge Code = "E0402"

var _ = document(NumbersTooLarge, "Planner overflow", `
The planner computes the costs of storage, pulls and builds with 64 bits. Sizes
of many terabytes or billions of replicas overflow. Any other cause is a bug in
layc.
`, exampleBase+`
component tool {
    size 4000000000GB
    file "/opt/tool/x" text "x"
}

app shop {
    uses tool
}
`)

const StalePlan Code = "E0410"

var _ = document(StalePlan, "Outdated plan", `
The plan in layc.lock does not match the program: apps or components were added,
removed or changed. layc repairs the plan in memory, with as few changes as
possible, and reports the repair. With --locked, this is an error. Run "layc
lock" to record the repaired plan.
`, `
-- example.layer --
let pin = "00000000000000000000000000000000000000000000000000000000000000aa"

component base {
    rootfs "https://example.com/base.tar" sha256 pin
}

component tool {
    file "/opt/tool/x" text "x"
}

app shop {
    base base
    uses tool
}
-- layc.lock --
layc-lock 1

layer tool-da17bc portable

member tool-da17bc instrument
`)

const NoPlan Code = "E0411"

var _ = document(NoPlan, "No plan in the lock file", `
layc.lock does not contain a plan, so each build plans again. With --locked,
this is an error. Run "layc lock" to record a plan.
`, exampleBase+`
component tool {
    file "/opt/tool/x" text "x"
}

app shop {
    uses tool
}
`)
