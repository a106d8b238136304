// Package stdlib embeds the standard modules, which a program imports as
// "std/NAME". They are ordinary .layer files.
package stdlib

import "embed"

//go:embed */*.layer
var files embed.FS

// FS has a directory for each standard module, with the name of the module.
var FS = files
