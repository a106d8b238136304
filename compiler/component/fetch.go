package component

import (
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// Downloads: their URLs, names and checksums.

func (x *expander) fetch(s *syntax.Clause, v *env, to *body) {
	step := &Fetch{Span: s.At, URLs: x.allTexts(s.Args, v), Unpack: s.Option("unpack") != nil}
	step.Owner, step.Mode = x.ownership(s, v, to)
	var ok bool
	if step.Path, ok = x.targetOf(s, "to", v); !ok || len(step.URLs) == 0 {
		return
	}
	if !x.urls(step, s) {
		return
	}
	if !step.Unpack && strings.HasSuffix(step.Path, "/") {
		name := fileName(step.URLs[0])
		if name == "" {
			x.found.Errorf("E0325", s.Args[0].Span(), "%q ends without the name of a file", step.URLs[0]).
				Note("a target that ends in `/` takes the name from the URL").
				Hint("write the name behind it: `to \"%s…\"`", step.Path)
			return
		}
		var ok bool
		if step.Path, ok = x.target(step.Path+name, s.Args[0].Span()); !ok {
			return
		}
	}
	x.unpacking(step, s, v)
	x.checked(step, s, v)
	to.steps = append(to.steps, step)
}

// unpacking evaluates the options of unpack.
func (x *expander) unpacking(step *Fetch, s *syntax.Clause, v *env) {
	if o := s.Option("strip"); o != nil && len(o.Args) > 0 {
		n, _ := x.eval(o.Args[0], v).(int64)
		if n < 0 || n > maxStrip {
			x.found.Errorf("E0306", o.Args[0].Span(), "`strip` cannot be %d", n).
				Hint("write a number from 0 to %d", maxStrip)
		}
		step.Strip = int(n)
	}
	if o := s.Option("limit"); o != nil && len(o.Args) > 0 {
		n, ok := x.eval(o.Args[0], v).(size)
		if ok && n <= 0 {
			x.found.Errorf("E0306", o.Args[0].Span(), "`limit` cannot be %d", n).
				Hint("write how much the archive holds at most, such as `100GB`")
		}
		step.Limit = int64(n)
	}
}

// maxStrip is how many elements a path of an archive has at most.
const maxStrip = 256

// urls checks the URLs of a download.
func (x *expander) urls(step *Fetch, s *syntax.Clause) bool {
	for i, u := range step.URLs {
		if !strings.Contains(u, ":") || strings.ContainsAny(u, " \t\n") {
			x.found.Errorf("E0325", s.Args[min(i, len(s.Args)-1)].Span(), "%q is no URL", u).
				Note("`fetch` downloads; files of the project come by `copy`").
				Hint("write `\"https://…\"` or `\"maven:GROUP:ARTIFACT:VERSION\"`")
			return false
		}
	}
	return len(step.URLs) > 0
}

// fileName is the name of the file that a URL downloads, as Maven and browsers
// give it; "" if it has none.
func fileName(url string) string {
	if name, ok := strings.CutPrefix(url, "maven:"); ok {
		parts := strings.Split(name, ":")
		if len(parts) < 3 {
			return ""
		}
		name, extension := parts[1]+"-"+parts[2], "jar"
		if len(parts) > 3 {
			extension = parts[3]
		}
		if len(parts) > 4 {
			name += "-" + parts[4]
		}
		return name + "." + extension
	}
	if n := strings.IndexAny(url, "?#"); n >= 0 {
		url = url[:n]
	}
	if _, rest, ok := strings.Cut(url, "://"); ok && !strings.Contains(rest, "/") {
		return "" // a host alone
	}
	name := url[strings.LastIndexAny(url, "/:")+1:]
	if name == "." || name == ".." {
		return ""
	}
	return name
}

// checked gives a download its checksum: the SHA-256 that is declared, else
// the lock file's. Engines verify no other kind, so that a declared SHA-512 is
// verified beside the pinned SHA-256.
func (x *expander) checked(step *Fetch, s *syntax.Clause, v *env) {
	sum := x.checksum(s, v)
	if strings.HasPrefix(sum, "sha256:") {
		step.Digest = sum
		x.renamed(step, s)
		return
	}
	step.SHA512 = strings.TrimPrefix(sum, "sha512:")
	x.pinURL(step, s)
}

// Renamed is the code of downloads whose declared checksum the lock file knows by
// another name. `layc lock` asks the server whether the file is the same.
const Renamed diag.Code = "E0517"

// renamed reports a download whose URL has changed while its declared checksum has
// not: it comes from the engine's cache, and fails where there is none.
func (x *expander) renamed(step *Fetch, s *syntax.Clause) {
	known := x.lock.Names(step.Digest)
	for _, u := range step.URLs {
		name := lock.DownloadName(u)
		if name == "" {
			continue
		}
		x.graph.Refs.Downloads = append(x.graph.Refs.Downloads, lock.DownloadRef{Digest: step.Digest, URL: u})
		if len(known) == 0 || slices.Contains(known, name) || x.unlocked[s.At] {
			continue
		}
		x.unlocked[s.At] = true
		x.found.Errorf(Renamed, operandOf(s, u), "%s has the checksum of %s", name, listed(known, 3)).
			Note("a machine with the old file in its cache builds with that file, and all others fail").
			Hint("run `%s`, which asks the server: it tells the new checksum, or notes that the file is the same", x.lockCommand())
	}
}

// operandOf is where a clause names a URL.
func operandOf(s *syntax.Clause, url string) source.Span {
	for _, a := range s.Args {
		if strings.Contains(a.Span().Text(), url) {
			return a.Span()
		}
	}
	return s.Args[0].Span()
}

// OtherFile finds the downloads that declare a checksum of which the server says
// that it is of another file.
func (g *Graph) OtherFile(e *lock.OtherFileError) diag.List {
	var found diag.List
	seen := map[source.Span]bool{}
	for _, i := range g.Instances {
		for _, f := range i.downloads() {
			if seen[f.Span] || f.Digest != e.Digest || !slices.Contains(f.URLs, e.URL) {
				continue
			}
			seen[f.Span] = true
			old, sum := strings.TrimPrefix(e.Digest, "sha256:"), strings.TrimPrefix(e.Got, "sha256:")
			d := found.Errorf(Renamed, f.Span, "%s is another file than its checksum says", e.URL).
				Note("the server has a file with the checksum %s", sum).
				Hint("write that checksum, if you trust the server; or write the URL of the file with the old one")
			if at, ok := literally(f.Span, old); ok {
				d.Fix(at, sum)
			}
		}
	}
	return found
}

// downloads are what an instance downloads.
func (i *Instance) downloads() []*Fetch {
	var all []*Fetch
	if i.System != nil && i.System.Rootfs != nil {
		all = append(all, i.System.Rootfs)
	}
	for _, s := range i.Steps {
		if f, ok := s.(*Fetch); ok {
			all = append(all, f)
		}
	}
	return all
}

// checksum is the digest that a fetch declares, or "".
func (x *expander) checksum(s *syntax.Clause, v *env) string {
	for algorithm, length := range map[string]int{"sha256": 64, "sha512": 128} {
		o := s.Option(algorithm)
		if o == nil || len(o.Args) == 0 {
			continue
		}
		sum := strings.ToLower(x.option(s, algorithm, v))
		if digits, prefixed := strings.CutPrefix(sum, algorithm+":"); prefixed {
			replace(x.found.Errorf("E0326", o.Args[0].Span(), "a checksum is its hexadecimal digits alone").
				Hint("leave off `%s:`", algorithm), sum, digits)
			return sum
		}
		if len(sum) != length || strings.Trim(sum, "0123456789abcdef") != "" {
			x.found.Errorf("E0326", o.Args[0].Span(), "this is no %s checksum", strings.ToUpper(algorithm[:3])+"-"+algorithm[3:]).
				Note("it has %d hexadecimal digits; this has %d characters", length, len(sum)).
				Hint("leave it out, and `layc lock` pins what the URL serves")
		}
		return algorithm + ":" + sum
	}
	return ""
}

// mirrored notes where else the first of some URLs is served.
func (x *expander) mirrored(urls []string) {
	for _, mirror := range urls[1:] {
		if known := x.graph.Refs.Mirrors[urls[0]]; !slices.Contains(known, mirror) {
			x.graph.Refs.Mirrors[urls[0]] = append(known, mirror)
		}
	}
}

// pinURL takes the checksum of a fetch from the lock file.
func (x *expander) pinURL(step *Fetch, s *syntax.Clause) {
	step.pinned = true
	u := step.URLs[0]
	x.graph.Refs.URLs = append(x.graph.Refs.URLs, u)
	x.mirrored(step.URLs)
	pin, ok := x.lock.URL(u)
	if !ok {
		if x.unlocked[s.At] {
			return // by a loop, or with other arguments
		}
		x.unlocked[s.At] = true
		x.found.Errorf(Unpinned, s.At, "%s is not pinned", u).
			Note("a download without a checksum is pinned by layc.lock, so that every build gets the same bytes").
			Hint("run `%s`, or write its checksum: `sha256 \"…\"`", x.lockCommand())
		return
	}
	step.Digest, step.Size = pin.Digest, pin.Size
}
