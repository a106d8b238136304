// Package report answers questions about plans: what changes from one plan to another (Compare),
// what a component's change affects (Touch), what a plan costs and why (NewCost), and why a layer
// is planned as it is (Explain).
//
// Everything is computed from plans, and from the project's files if a copy's content matters.
// Nothing is built: sizes are the plan's, measured or estimated. Whether a repeated run produces
// equal bytes, only a build can show, so answers have a lower and an upper bound.
package report
