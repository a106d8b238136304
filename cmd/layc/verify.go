package main

import (
	"fmt"
	"strings"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/term"
	"github.com/layc-lang/layc/llb"
	"github.com/layc-lang/layc/llb/images"
)

// The results of proofs in layc build, with --verify and without, for people and scripts.

// showOutcomes prints the findings of proofs.
func (c *cli) showOutcomes(outcomes []images.Outcome) error {
	for _, v := range outcomes {
		for _, f := range v.Findings {
			if c.quiet && f.Severity != diag.Error {
				continue
			}
			if err := c.show(f); err != nil {
				return err
			}
			fmt.Fprintln(c.err)
		}
	}
	return nil
}

// show prints a finding, and then the last output of the step.
func (c *cli) show(f images.Finding) error {
	if err := diag.Render(screen(c.err), diag.List{f.Diagnostic}, rendering(c.err)); err != nil {
		return err
	}
	defer c.annotate(diag.List{f.Diagnostic})
	if len(f.Output) == 0 {
		return nil
	}
	fmt.Fprintln(c.err)
	if f.Code != diag.TestFailed { // the helper prints the output of a test
		fmt.Fprintln(c.err, "last output:")
	}
	for _, line := range f.Output {
		fmt.Fprintf(c.err, "  %s\n", line)
	}
	return nil
}

// kinds describe kinds of proofs for people: singular and plural.
var kinds = []struct {
	kind      llb.ProofKind
	one, many string
}{
	{llb.Start, "start of %d image", "start of %d images"},
	{llb.Kept, "layers of %d image", "layers of %d images"},
	{llb.Test, "%d test", "%d tests"},
	{llb.Again, "%d component built again", "%d components built again"},
	{llb.Libraries, "libraries of %d layer", "libraries of %d layers"},
}

// counted counts proofs by their kinds: "2 tests, libraries of 1 layer".
func counted(outcomes []images.Outcome) string {
	var parts []string
	for _, k := range kinds {
		n, what := 0, k.many
		for _, v := range outcomes {
			if v.Kind == k.kind {
				n++
			}
		}
		if n == 1 {
			what = k.one
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf(what, n))
		}
	}
	if len(parts) == 0 {
		return "nothing to verify"
	}
	return strings.Join(parts, ", ")
}

// verified is one line about proofs if all of them succeeded.
func verified(outcomes []images.Outcome) string {
	warnings := 0
	for _, v := range outcomes {
		warnings += len(v.Findings)
	}
	if warnings > 0 {
		return "verified: " + counted(outcomes) + "; " + term.Count(warnings, "warning")
	}
	return "verified: " + counted(outcomes)
}

// unverified is one line about proofs if some of them failed.
func unverified(outcomes []images.Outcome) string {
	failed := 0
	for _, v := range outcomes {
		if !v.Holds() {
			failed++
		}
	}
	return fmt.Sprintf("not verified: %d of %s (%s)", failed, term.Count(len(outcomes), "proof"), counted(outcomes))
}

// jsonProof is the result of a proof, for scripts. Fields are only added, never removed.
type jsonProof struct {
	Kind      string `json:"kind"` // start, kept, alone, again, libraries, test
	Component string `json:"component"`
	On        string `json:"on,omitempty"`       // the base, if there are several
	Platform  string `json:"platform,omitempty"` // if there are several
	Place     string `json:"place,omitempty"`
	Test      string `json:"test,omitempty"` // the command
	Holds     bool   `json:"holds"`
	// Findings are in the form of layc check --json; none if the proof holds.
	Findings diag.List `json:"findings,omitempty"`
	Output   []string  `json:"output,omitempty"` // the last output of a failed step
}

func proofsJSON(outcomes []images.Outcome) []jsonProof {
	var out []jsonProof
	for _, v := range outcomes {
		j := jsonProof{Kind: string(v.Kind), Component: v.Component, On: v.On, Platform: v.Platform, Place: placeOf(v.Span), Holds: v.Holds()}
		if v.Test != nil {
			j.Test = v.Test.Command
		}
		for _, f := range v.Findings {
			j.Findings = append(j.Findings, f.Diagnostic)
			j.Output = append(j.Output, f.Output...)
		}
		out = append(out, j)
	}
	return out
}

// placeOf formats a place in the program: FILE:LINE.
func placeOf(at source.Span) string {
	if at.IsZero() {
		return ""
	}
	return fmt.Sprintf("%s:%d", at.File.Name(), at.Position().Line)
}
