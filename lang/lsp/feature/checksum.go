package feature

import (
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/check"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/format"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// Download is a `fetch` or `rootfs` that declares no checksum.
type Download struct {
	At   source.Span
	URLs []string // mirrors of each other
	// Pinned is the digest in the lock file; "" if there is none.
	Pinned string

	after int // where the checksum belongs
}

// DownloadAt returns the download at a place that could declare its checksum; nil if there is none.
// One whose URLs depend on the platform, a parameter or a variable has no single checksum.
func DownloadAt(p *Place) *Download {
	for _, n := range slices.Backward(p.File.Enclosing(p.Offset)) {
		if c, ok := n.(*syntax.Clause); ok {
			return download(p, c)
		}
	}
	return nil
}

// DownloadOf returns the download from a URL that is nearest to a place of its file; nil if none is
// left.
func DownloadOf(p *Place, url string) *Download {
	var nearest *Download
	distance := func(d *Download) int { return max(d.At.Start-p.Offset, p.Offset-d.At.Start) }
	for _, d := range p.File.Decls {
		syntax.Inspect(d, func(n syntax.Node) bool {
			if c, ok := n.(*syntax.Clause); ok {
				if d := download(p, c); d != nil && d.URLs[0] == url && (nearest == nil || distance(d) < distance(nearest)) {
					nearest = d
				}
			}
			return true
		})
	}
	return nearest
}

func download(p *Place, c *syntax.Clause) *Download {
	word := c.Word.Name
	if word != "fetch" && word != "rootfs" || len(c.Args) == 0 || c.Option("sha256") != nil || c.Option("sha512") != nil {
		return nil
	}
	urls := literals(c.Args)
	if urls == nil {
		urls = evaluated(p, c)
	}
	if len(urls) == 0 || !strings.Contains(urls[0], ":") {
		return nil
	}
	d := &Download{At: c.At, URLs: urls, after: c.Args[len(c.Args)-1].Span().End}
	if pin, ok := p.Analysis.Lock().URL(urls[0]); ok {
		d.Pinned = pin.Digest
	}
	return d
}

// literals returns operands that are strings without interpolation; nil if another one is there.
func literals(args []syntax.Expr) []string {
	var all []string
	for _, a := range args {
		s, ok := a.(*syntax.String)
		if !ok {
			return nil
		}
		text, ok := s.Literal()
		if !ok {
			return nil
		}
		all = append(all, text)
	}
	return all
}

// evaluated returns the URLs of a download that is part of an image, if they are constants of the program.
func evaluated(p *Place, c *syntax.Clause) []string {
	for _, a := range c.Args {
		if !constant(p, a, map[*check.Let]bool{}) {
			return nil
		}
	}
	out, list := p.Analysis.Bound()
	if slices.ContainsFunc(list, func(d *diag.Diagnostic) bool { return d.Severity == diag.Error && d.Code != diag.NotPinned }) {
		return nil // not all of them are known
	}
	for _, t := range out.Targets {
		for _, i := range t.Graph.Instances {
			if i.System != nil && i.System.Rootfs != nil && i.System.Rootfs.Span == c.At {
				return i.System.Rootfs.URLs
			}
			for _, s := range i.Steps {
				if f, ok := s.(*model.Fetch); ok && f.Span == c.At {
					return f.URLs
				}
			}
		}
	}
	return nil
}

// constant reports whether an expression depends on nothing but literals: all its names are lets of such
// expressions. Those in seen are known to be.
func constant(p *Place, e syntax.Expr, seen map[*check.Let]bool) bool {
	yes := true
	let := func(o check.Object) {
		l, ok := o.(*check.Let)
		if yes = yes && ok; yes && !seen[l] {
			seen[l] = true
			yes = constant(p, l.Decl.Value, seen)
		}
	}
	syntax.Inspect(e, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Select:
			if member := p.Out.Checked.Members[n]; member != nil {
				let(member)
				return false
			}
		case *syntax.Name:
			let(p.Out.Checked.Objects[n])
		}
		return yes
	})
	return yes
}

// Declare returns the edits that make the program declare a digest, "sha256:…". A file in canonical
// form keeps that.
func (d *Download) Declare(digest string) []Edit {
	file := d.At.File
	at := source.Span{File: file, Start: d.after, End: d.after}
	return format.Keep(file, []Edit{{Span: at, New: ` sha256 "` + strings.TrimPrefix(digest, "sha256:") + `"`}})
}
