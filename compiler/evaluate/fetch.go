package evaluate

import (
	"errors"
	"fmt"
	"strings"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/paths"
	"github.com/layc-lang/layc/lang/source"
)

// Downloads: their URLs, names and checksums.

func (c *clause) fetch() {
	step := &model.Fetch{Span: c.At, Unpack: c.Option("unpack") != nil}
	step.Owner, step.Mode = c.ownership()
	target, fine := c.targetOf("to")
	var ok bool
	if step.URLs, ok = c.urls(); !ok || !fine {
		return
	}
	step.Path = target
	if !step.Unpack && strings.HasSuffix(step.Path, "/") && !c.named(step, c.Args[0].Span()) {
		return
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
				Hint("write the maximum size of the unpacked archive, such as `100GB`")
		}
		step.Limit = int64(n)
	}
}

// maxStrip is the maximum number of elements of a path in an archive.
const maxStrip = 256

// urls evaluates the URLs of a download. It reports URLs that nothing can be downloaded
// from, and returns false if there is one.
func (c *clause) urls() ([]string, bool) {
	var urls []string
	ok := true
	for _, a := range c.Args {
		for _, u := range c.texts(a, c.env) {
			urls = append(urls, u)
			var wrong *lock.URLError
			if _, err := lock.Locate(u); !errors.As(err, &wrong) {
				continue
			}
			ok = false
			d := c.Found.Errorf(diag.InvalidURL, a.Span(), "%s", wrong).Hint("%s", wrong.Help)
			if wrong.File {
				d.Note("`%s` downloads URLs; %s", c.Word.Name, filesOfProject[c.Word.Name])
			}
		}
	}
	return urls, ok && len(urls) > 0
}

// filesOfProject maps clauses that download to the clause that uses files of the project.
var filesOfProject = map[string]string{
	"fetch":  "`copy` takes files of the project",
	"rootfs": "`layout` takes an OCI layout of the project",
}

// named names a download into a directory after the end of its URL. It returns false if
// that is not a valid file name, which it reports.
func (x *Findings) named(step *model.Fetch, at source.Span) bool {
	wrong := ""
	name := fileName(step.URLs[0])
	switch {
	case name == "":
		wrong = fmt.Sprintf("URL %q has no file name", step.URLs[0])
	case len(name) > maxNameLength:
		wrong = fmt.Sprintf("file name in the URL too long: %d bytes, limit %d", len(name), maxNameLength)
	case paths.DeletesFile(name):
		wrong = fmt.Sprintf("not a valid file name in an image: %q", name)
	case len(step.Path)+len(name) > maxPathLength:
		wrong = fmt.Sprintf("path too long: %s and the file name in the URL have %d bytes, limit %d", step.Path, len(step.Path)+len(name), maxPathLength)
	default:
		step.Path += name
		return true
	}
	x.Found.Errorf(diag.InvalidURL, at, "%s", wrong).
		Note("a target that ends with `/` takes its file name from the URL").
		Hint("add a file name to the target: `to \"%s…\"`", step.Path)
	return false
}

// fileName returns the file name that Maven and browsers derive from a URL; "" if there is
// none.
func fileName(url string) string {
	at, err := lock.Locate(url)
	if err != nil {
		return ""
	}
	p := at.Path
	if at.URL != "" {
		p, _, _ = strings.Cut(at.URL, "?")
		p, _, _ = strings.Cut(p, "#")
		_, p, _ = strings.Cut(p, "://")
		_, p, _ = strings.Cut(p, "/")
	}
	name := p[strings.LastIndex(p, "/")+1:]
	if name == "." || name == ".." {
		return ""
	}
	return name
}

// checked sets the checksum of a download: the declared SHA-256, else the one in the lock
// file. Engines verify only SHA-256, so a declared SHA-512 is verified in addition to the
// pinned SHA-256.
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

// checksum returns the digest that a fetch declares, or "".
func (c *clause) checksum() string {
	for algorithm, length := range map[string]int{"sha256": 64, "sha512": 128} {
		o := c.Option(algorithm)
		if o == nil || len(o.Args) == 0 {
			continue
		}
		sum := strings.ToLower(c.option(algorithm))
		if digits, prefixed := strings.CutPrefix(sum, algorithm+":"); prefixed {
			replace(c.Found.Errorf(diag.InvalidChecksum, o.Args[0].Span(), "unexpected `%s:` in a checksum", algorithm).
				Hint("remove `%s:`", algorithm), sum, digits)
			return sum
		}
		if len(sum) != length || strings.Trim(sum, "0123456789abcdef") != "" {
			d := c.Found.Errorf(diag.InvalidChecksum, o.Args[0].Span(), "not a valid %s checksum", strings.ToUpper(algorithm[:3])+"-"+algorithm[3:]).
				Note("expected %d hexadecimal digits, found %d characters", length, len(sum))
			if c.Word.Name == "repository" {
				d.Hint("write the output of `sha256sum` for the key's file")
			} else {
				d.Hint("omit the checksum, and `layc lock` pins what the URL serves")
			}
		}
		return algorithm + ":" + sum
	}
	return ""
}
