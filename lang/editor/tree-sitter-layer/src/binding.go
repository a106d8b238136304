// Package layer is the tree-sitter grammar of .layer files for Go programs. It is in the directory
// of the parser because Go builds the C files beside it.
package layer

// #cgo CFLAGS: -std=c11 -I.
// typedef struct TSLanguage TSLanguage;
// const TSLanguage *tree_sitter_layer(void);
import "C"

import "unsafe"

// Language returns the grammar.
func Language() unsafe.Pointer { return unsafe.Pointer(C.tree_sitter_layer()) }
