// Package stdlib holds the standard modules, which a program imports as
// "std/NAME". They are .layer files like any other, embedded.
package stdlib

import "embed"

//go:embed */*.layer
var files embed.FS

// FS holds each standard module as a directory of its name.
var FS = files
