package diag

import "embed"

// rendered holds, for each code, what the terminal shows for its example, in
// 80 columns. The test of the examples writes these files.
//
//go:embed rendered
var rendered embed.FS

// Rendered returns what the example of a code, or, where it has none, the
// input that its documentation describes, looks like on the terminal.
func Rendered(code Code) string {
	text, err := rendered.ReadFile("rendered/" + string(code) + ".txt")
	if err != nil {
		return ""
	}
	return string(text)
}
