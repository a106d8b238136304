package picture

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/term"
)

// Dimensions of the SVG, in pixels.
const (
	row       = 20.0  // a lane
	pitch     = 220.0 // from one column to the next
	widest    = 56.0  // width of the largest layer's box
	thinnest  = 4.0   // width of a box of a few bytes
	margin    = 16.0
	topMargin = 44.0
	appsWidth = 260.0
	letter    = 6.1 // width of an average letter of the labels
)

// SVG returns the picture as a document, light or dark like the reader's theme.
func (pic *Picture) SVG() string {
	width := 2*margin + float64(pic.Columns)*pitch + appsWidth
	height := topMargin + pic.Height*row + margin
	d := &svg{}
	for n := range pic.Layers {
		d.texts = append(d.texts, pic.Layers[n].Title())
	}
	d.end = pic.end()
	for n := range pic.Stacks {
		d.texts = append(d.texts, term.WithoutEnd(pic.Stacks[n].Apps[0].Name, d.end))
	}
	d.printf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img" font-family="system-ui, sans-serif" font-size="12">`+"\n", width, height, width, height)
	d.printf(`<title>%s</title>`+"\n", escape(pic.summary()))
	d.printf("<style>%s</style>\n", svgStyle)
	d.printf(`<rect class="paper" width="%.0f" height="%.0f"/>`+"\n", width, height)
	d.legend()
	pic.ribbons(d)
	largest := pic.largest()
	for n := range pic.Layers {
		l := &pic.Layers[n]
		x, y := margin+float64(l.Column)*pitch, topMargin+l.Top*row
		w := boxWidth(l.Size.Bytes, largest)
		d.printf(`<g><title>%s</title>`, escape(l.Title()+"\n"+l.facts()+"\n"+term.Count(l.Images, "image")))
		d.printf(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="2" fill="%s"/>`, x, y, w, l.Height*row, Colour(l.Rate))
		d.label(x+w+5, y, l.Height, pitch-w-12, l.Title(), l.Size.String())
		d.printf("</g>\n")
	}
	for n := range pic.Stacks {
		s := &pic.Stacks[n]
		size, rate := s.deltas()
		x, y := margin+float64(pic.Columns)*pitch, topMargin+s.Top*row
		w := boxWidth(size.Bytes, largest)
		d.printf(`<g><title>%s</title>`, escape(s.Names(50)+"\n"+s.facts()))
		d.printf(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="2" fill="%s"/>`, x, y, w, s.Height*row, Colour(rate))
		d.label(x+w+5, y, s.Height, appsWidth-w-12, s.names(int((appsWidth-w-12)/letter), d.end, d.texts), "")
		d.printf("</g>\n")
	}
	d.printf("</svg>\n")
	return d.String()
}

// svgStyle has no colours of layers: they are the same on light and dark.
const svgStyle = `text{fill:#1b1f24}.faint{fill:#5b6570}.paper{fill:#fff}.ribbon{fill:#8b96a5;opacity:.22}` +
	`@media(prefers-color-scheme:dark){text{fill:#e8ebef}.faint{fill:#9aa5b1}.paper{fill:#14171b}}`

func (pic *Picture) summary() string {
	apps := 0
	for _, s := range pic.Stacks {
		apps += len(s.Apps)
	}
	return fmt.Sprintf("%s on %d shared layers", term.Count(apps, "image"), len(pic.Layers))
}

// ribbons draws the ribbons between the boxes.
func (pic *Picture) ribbons(d *svg) {
	largest := pic.largest()
	ribbons, tails := pic.Ribbons()
	right := func(l *Layer) float64 { return margin + float64(l.Column)*pitch + boxWidth(l.Size.Bytes, largest) }
	for _, r := range ribbons {
		from, to := &pic.Layers[r.From], &pic.Layers[r.To]
		d.ribbon(right(from), topMargin+r.Left*row, margin+float64(to.Column)*pitch, topMargin+r.Right*row, r.Height*row)
	}
	for n := range pic.Stacks {
		s := &pic.Stacks[n]
		if len(s.Layers) > 0 {
			last := &pic.Layers[s.Layers[len(s.Layers)-1]]
			d.ribbon(right(last), topMargin+tails[n]*row, margin+float64(pic.Columns)*pitch, topMargin+s.Top*row, s.Height*row)
		}
	}
}

// largest returns the size of the largest layer, at least 1.
func (pic *Picture) largest() int64 {
	largest := int64(1)
	for n := range pic.Layers {
		largest = max(largest, pic.Layers[n].Size.Bytes)
	}
	for n := range pic.Stacks {
		size, _ := pic.Stacks[n].deltas()
		largest = max(largest, size.Bytes)
	}
	return largest
}

func boxWidth(size, largest int64) float64 {
	return max(thinnest, widest*float64(size)/float64(largest))
}

// svg is an SVG document under construction.
type svg struct {
	strings.Builder
	texts []string // of all boxes
	end   string   // of the names of all apps; "…" stands for it
}

func (d *svg) printf(format string, args ...any) { fmt.Fprintf(d, format, args...) }

// ribbon draws a band of height h from one point to another.
func (d *svg) ribbon(x1, y1, x2, y2, h float64) {
	bend := min(40, (x2-x1)/2) // near its ends, so that labels are on level ribbons
	d.printf(`<path class="ribbon" d="M%.1f %.1fH%.1fC%.1f %.1f %.1f %.1f %.1f %.1fv%.1fC%.1f %.1f %.1f %.1f %.1f %.1fH%.1fz"/>`+"\n",
		x1, y1, x2-2*bend, x2-bend, y1, x2-bend, y2, x2, y2, h, x2-bend, y2+h, x2-bend, y1+h, x2-2*bend, y1+h, x1)
}

// label writes what fits into a box with that many lanes: a line, and a fainter one below or next
// to it.
func (d *svg) label(x, y, lanes, width float64, text, faint string) {
	middle := y + lanes*row/2 + 4
	room := int(width / letter)
	if lanes < 2 || faint == "" {
		d.printf(`<text x="%.1f" y="%.1f">%s`, x, middle, escape(shorten(text, room-term.Columns(faint)-1, d.texts)))
		if faint != "" {
			d.printf(` <tspan class="faint">%s</tspan>`, escape(faint))
		}
		d.printf(`</text>`)
		return
	}
	d.printf(`<text x="%.1f" y="%.1f">%s</text><text class="faint" x="%.1f" y="%.1f">%s</text>`,
		x, middle-7, escape(shorten(text, room, d.texts)), x, middle+8, escape(faint))
}

// legend explains width and colour.
func (d *svg) legend() {
	d.printf(`<text class="faint" x="%.0f" y="24">width: bytes; colour: changes a year</text>`+"\n", margin)
	x := margin + 230
	for _, s := range scale {
		d.printf(`<rect x="%.0f" y="14" width="12" height="12" rx="2" fill="%s"/><text class="faint" x="%.0f" y="24">%.0f</text>`+"\n", x, Colour(s.rate), x+16, s.rate)
		x += 48
	}
	if d.end != "" {
		d.printf(`<text class="faint" x="%.0f" y="24">%s</text>`+"\n", x+10, escape(term.EndNote(d.end)))
	}
}

// names lists as many of the stack's apps as fit.
func (s *Stack) names(letters int, end string, others []string) string {
	if end != "" {
		short := &Stack{}
		for _, a := range s.Apps {
			a.Name = term.WithoutEnd(a.Name, end)
			short.Apps = append(short.Apps, a)
		}
		s = short
	}
	for most := min(len(s.Apps), 8); most > 1; most-- {
		if t := s.Names(most); term.Columns(t) <= letters {
			return t
		}
	}
	if len(s.Apps) == 1 {
		return shorten(s.Apps[0].Name, letters, others)
	}
	more := fmt.Sprintf(" and %d more", len(s.Apps)-1)
	return shorten(s.Apps[0].Name, letters-len(more), others) + more
}

// end returns what the names of all apps end with, if one of them is too long.
func (pic *Picture) end() string {
	var names []string
	for n := range pic.Stacks {
		for _, a := range pic.Stacks[n].Apps {
			names = append(names, a.Name)
		}
	}
	return endOf(names)
}

func endOf(names []string) string {
	if !slices.ContainsFunc(names, func(n string) bool { return float64(term.Columns(n))*letter > appsWidth/2 }) {
		return ""
	}
	return term.End(names)
}

// shorten cuts text to that many letters, or two, so that it differs from other texts.
func shorten(text string, letters int, others []string) string {
	short := term.CutAmong(text, max(2, letters), others)
	if short == text || !strings.HasSuffix(short, "…") {
		return short
	}
	return strings.TrimRight(strings.TrimSuffix(short, "…"), " +") + "…"
}

func escape(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s)) // a Builder does not fail
	return b.String()
}
