// Package feature answers what an editor asks about a place in a program: what is meant, what can be
// written there, what else should change. Its answers are pure functions of an analysis, in terms of
// the compiler; package lsp converts them for the protocol.
package feature

import (
	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/lsp/workspace"
	"github.com/layc-lang/layc/lang/syntax"
)

// Place is a place in a module.
type Place struct {
	Analysis *workspace.Analysis
	Out      *compiler.Output // checked
	Module   *check.Module
	File     *syntax.File
	Offset   int
	Done     <-chan struct{} // once it is closed, an answer does without a plan
}

// Edit replaces the text of a span.
type Edit = diag.Edit
