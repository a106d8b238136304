package audit

import (
	_ "embed"
	"html/template"
	"strings"
	"sync"

	"github.com/docker/go-units"

	"github.com/layc-lang/layc/lang/term"
)

//go:embed page.html
var pageHTML string

// page returns the page's template. It names no other host.
var page = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("audit").Funcs(template.FuncMap{
		"size":  Size,
		"share": func(part, whole int64) float64 { return 100 * float64(part) / float64(max(whole, 1)) },
		"count": term.Count,
		"whole": func(i Image) (sum int64) {
			for _, l := range i.Layers {
				sum += l.Size
			}
			return sum
		},
		"first": func(n int, rs []Repeated) []Repeated { return rs[:min(n, len(rs))] },
	}).Parse(pageHTML))
})

// Page returns the report as an HTML page.
func (r *Report) Page() (string, error) {
	var b strings.Builder
	err := page().Execute(&b, r)
	return b.String(), err
}

// Size formats bytes for people.
func Size(bytes int64) string { return units.HumanSizeWithPrecision(float64(bytes), 3) }
