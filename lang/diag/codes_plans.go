package diag

// Codes E04xx: plans.

const TooFewLayers Code = "E0401"

var _ = document(TooFewLayers, "Too few layers", `
An image cannot be built in that many layers. Its base is one, its own steps are
one, and each run that is stacked is one. The message says how many it takes.
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

var _ = document(NumbersTooLarge, "Numbers that the planner cannot add up", `
The planner adds up what storing, pulling and building cost, in 64 bits. Sizes
of many terabytes, or billions of replicas, do not fit. Anything else that this
code reports is a fault in layc.
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

var _ = document(StalePlan, "A plan that does not fit any more", `
The plan in layc.lock is of another program: apps or components were added,
taken away or changed. It is repaired in memory, with as few changes as the
program forces, and the repair is reported; with --locked it is an error. "layc
lock" records the repaired plan.
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
layc.lock records no plan, so that each build plans afresh; with --locked that
is an error. "layc lock" records one.
`, exampleBase+`
component tool {
    file "/opt/tool/x" text "x"
}

app shop {
    uses tool
}
`)
