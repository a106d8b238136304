package diag

import "embed"

// rendered has the terminal output in 80 columns for the example of each code. The test of the examples
// writes these files.
//
//go:embed rendered
var rendered embed.FS

// Rendered returns the terminal output for the example of a code or, without an example, for the input
// that its documentation describes.
func Rendered(code Code) string {
	text, err := rendered.ReadFile("rendered/" + string(code) + ".txt")
	if err != nil {
		return ""
	}
	return string(text)
}
