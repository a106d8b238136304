package component

import (
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/syntax"
)

// Downloads: their URLs, names and checksums.

func (x *expander) fetch(s *syntax.Clause, v *env, to *body) {
	step := &Fetch{Span: s.At, URLs: x.allTexts(s.Args, v), Unpack: s.Option("unpack") != nil}
	step.Owner, step.Mode = x.ownership(s, v, to)
	var ok bool
	if step.To, ok = x.targetOf(s, "to", v); !ok || len(step.URLs) == 0 {
		return
	}
	if !x.urls(step, s) {
		return
	}
	if !step.Unpack && strings.HasSuffix(step.To, "/") {
		name := fileName(step.URLs[0])
		if name == "" {
			x.found.Errorf("E0325", s.Args[0].Span(), "%q ends without the name of a file", step.URLs[0]).
				Note("a target that ends in `/` takes the name from the URL").
				Hint("write the name behind it: `to \"%s…\"`", step.To)
			return
		}
		step.To += name
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
	return url[strings.LastIndexAny(url, "/:")+1:]
}

// checked gives a download its checksum: the SHA-256 that is declared, else
// the lock file's. Engines verify no other kind, so that a declared SHA-512 is
// verified beside the pinned SHA-256.
func (x *expander) checked(step *Fetch, s *syntax.Clause, v *env) {
	sum := x.checksum(s, v)
	if strings.HasPrefix(sum, "sha256:") {
		step.Digest = sum
		return
	}
	step.SHA512 = strings.TrimPrefix(sum, "sha512:")
	x.pinURL(step, s)
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
