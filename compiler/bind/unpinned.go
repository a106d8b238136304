package bind

import (
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
)

// OtherFile finds the downloads whose declared checksum differs from the checksum of
// the file on the server.
func OtherFile(g *model.Graph, e *lock.OtherFileError) diag.List {
	var found diag.List
	seen := map[source.Span]bool{}
	for _, i := range g.Instances {
		for _, f := range i.Downloads() {
			if seen[f.Span] || f.Digest != e.Digest || !slices.Contains(f.URLs, e.URL) {
				continue
			}
			seen[f.Span] = true
			old, sum := strings.TrimPrefix(e.Digest, "sha256:"), strings.TrimPrefix(e.Got, "sha256:")
			d := found.Errorf(diag.ChecksumUnchanged, f.Span, "checksum mismatch: %s", e.URL).
				Note("the file on the server has the checksum %s", sum).
				Hint("if you trust the server, write that checksum; otherwise, write the URL of the old file")
			if at, ok := literally(f.Span, old); ok {
				d.Fix(at, sum)
			}
		}
	}
	return found
}

// Unlooked finds the archives that apps are built on and that `layc lock` has not examined: a
// layer could replace their links with directories.
func Unlooked(g *model.Graph) diag.List {
	var found diag.List
	seen := map[*model.System]bool{}
	for _, a := range g.Apps {
		s := a.Base.System
		if s.Rootfs == nil || s.Layers > 0 || seen[s] {
			continue
		}
		seen[s] = true
		found.Errorf(diag.NotPinned, s.Rootfs.Span, "the links and directories of %s are not pinned", s.Rootfs.URLs[0]).
			Note("a directory in a layer would replace a link of the base").
			Hint("run `layc lock`, which reads the archive")
	}
	return found
}
