// Package report answers questions about plans: what changes from one plan to
// another (Compare), what a component's change would touch (Touch), what a plan
// costs and who causes it (NewCost), and why a layer is as it is (Explain).
//
// Everything is computed from plans, and from the project's files where a copy's
// content matters. Nothing is built: sizes are those that the plan knows,
// measured or estimated, and whether a run that is repeated gives equal bytes
// is a question that only a build answers. So the answers give both ends.
package report
