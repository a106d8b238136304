package evaluate

import (
	"strings"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
)

// Downloads: their URLs, names and checksums.

func (c *clause) fetch() {
	step := &model.Fetch{Span: c.At, URLs: c.allTexts(c.Args, c.env), Unpack: c.Option("unpack") != nil}
	step.Owner, step.Mode = c.ownership()
	var ok bool
	if step.Path, ok = c.targetOf("to"); !ok || len(step.URLs) == 0 {
		return
	}
	if !c.urls(step) {
		return
	}
	if !step.Unpack && strings.HasSuffix(step.Path, "/") {
		name := fileName(step.URLs[0])
		if name == "" {
			c.Found.Errorf(diag.InvalidURL, c.Args[0].Span(), "%q ends without the name of a file", step.URLs[0]).
				Note("a target that ends in `/` takes the name from the URL").
				Hint("write the name behind it: `to \"%s…\"`", step.Path)
			return
		}
		var ok bool
		if step.Path, ok = c.target(step.Path+name, c.Args[0].Span()); !ok {
			return
		}
	}
	c.unpacking(step)
	c.checked(step)
	c.to.Steps = append(c.to.Steps, step)
}

// unpacking evaluates the options of unpack.
func (c *clause) unpacking(step *model.Fetch) {
	if o := c.Option("strip"); o != nil && len(o.Args) > 0 {
		n, _ := c.eval(o.Args[0], c.env).(int64)
		if n < 0 || n > maxStrip {
			c.Found.Errorf(diag.OutOfRange, o.Args[0].Span(), "`strip` cannot be %d", n).
				Hint("write a number from 0 to %d", maxStrip)
		}
		step.Strip = int(n)
	}
	if o := c.Option("limit"); o != nil && len(o.Args) > 0 {
		n, ok := c.eval(o.Args[0], c.env).(size)
		if ok && n <= 0 {
			c.Found.Errorf(diag.OutOfRange, o.Args[0].Span(), "`limit` cannot be %d", n).
				Hint("write how much the archive holds at most, such as `100GB`")
		}
		step.Limit = int64(n)
	}
}

// maxStrip is how many elements a path of an archive has at most.
const maxStrip = 256

// urls checks the URLs of a download.
func (c *clause) urls(step *model.Fetch) bool {
	for i, u := range step.URLs {
		if !strings.Contains(u, ":") || strings.ContainsAny(u, " \t\n") {
			c.Found.Errorf(diag.InvalidURL, c.Args[min(i, len(c.Args)-1)].Span(), "%q is no URL", u).
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
func (c *clause) checked(step *model.Fetch) {
	sum := c.checksum()
	if strings.HasPrefix(sum, "sha256:") {
		step.Digest = sum
		c.renamed(step, c.Clause)
		return
	}
	step.SHA512 = strings.TrimPrefix(sum, "sha512:")
	c.pinURL(step, c.Clause)
}

// checksum is the digest that a fetch declares, or "".
func (c *clause) checksum() string {
	for algorithm, length := range map[string]int{"sha256": 64, "sha512": 128} {
		o := c.Option(algorithm)
		if o == nil || len(o.Args) == 0 {
			continue
		}
		sum := strings.ToLower(c.option(algorithm))
		if digits, prefixed := strings.CutPrefix(sum, algorithm+":"); prefixed {
			replace(c.Found.Errorf(diag.InvalidChecksum, o.Args[0].Span(), "a checksum is its hexadecimal digits alone").
				Hint("leave off `%s:`", algorithm), sum, digits)
			return sum
		}
		if len(sum) != length || strings.Trim(sum, "0123456789abcdef") != "" {
			c.Found.Errorf(diag.InvalidChecksum, o.Args[0].Span(), "this is no %s checksum", strings.ToUpper(algorithm[:3])+"-"+algorithm[3:]).
				Note("it has %d hexadecimal digits; this has %d characters", length, len(sum)).
				Hint("leave it out, and `layc lock` pins what the URL serves")
		}
		return algorithm + ":" + sum
	}
	return ""
}
