package importing

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/layc-lang/layc/lang/lazy"
)

// download is a curl or a wget, and what follows it.
type download struct {
	url, file string // file "": standard output
}

// downloaded translates the commands at the beginning of a RUN that download a file, check it, unpack
// it and remove it. It returns the units and the number of commands.
//
//	curl -o FILE URL [&& echo "SUM  FILE" | sha256sum -c -] [&& tar -xf FILE -C DIR [&& rm FILE]]
//	curl URL | tar -xz -C DIR
func (s *stage) downloaded(i *instruction, all []command) ([]*unit, int) {
	at := 0
	for at < len(all) && isMkdir(all[at]) {
		at++
	}
	if at == len(all) {
		return nil, 0
	}
	var units []*unit
	for _, c := range all[:at] {
		for _, w := range c.words[1:] {
			if !strings.HasPrefix(w, "-") && !s.has(absolute(s.workdir, w)) {
				dir := absolute(s.workdir, w)
				units = append(units, &unit{kind: step, text: "dir " + quote(dir), key: "dir " + dir, target: dir + "/", from: i})
			}
		}
	}
	c := all[at]
	if len(c.pipe) == 2 {
		d, ok := s.fetched(c.pipe[0])
		to, strip, whole := s.unpacked(c.pipe[1], "-")
		if !ok || d.file != "" || !whole {
			return nil, 0
		}
		return append(without(units, to), s.fetchUnit(i, d.url, "", to, strip)), at + 1
	}
	d, ok := s.fetched(c)
	if !ok {
		return nil, 0
	}
	if c.writes != nil {
		if d.file != "" {
			return nil, 0
		}
		d.file = absolute(s.workdir, c.writes.file)
	}
	if d.file == "" {
		return nil, 0
	}
	n := at + 1
	sum := ""
	if n < len(all) {
		if found, ok := checksum(all[n]); ok {
			sum = found
			n++
		}
	}
	if n < len(all) {
		if to, strip, ok := s.unpacked(all[n], d.file); ok {
			n++
			if n < len(all) && removes(all[n], d.file, s.workdir) {
				n++
			} else if !strings.HasPrefix(d.file, "/tmp/") {
				return nil, 0
			}
			return append(without(units, to), s.fetchUnit(i, d.url, sum, to, strip)), n
		}
	}
	if strings.HasPrefix(d.file, "/tmp/") || at > 0 && len(units) == 0 {
		return nil, 0 // used and removed by what follows
	}
	for _, c := range all[n:] {
		if removes(c, d.file, s.workdir) || strings.Contains(c.text, path.Base(d.file)) && len(c.words) > 0 && c.words[0] != "chmod" && c.words[0] != "chown" && c.words[0] != "ln" {
			return nil, 0
		}
	}
	text := "fetch " + quote(d.url)
	if sum != "" {
		text += " sha256 " + quote(sum)
	}
	u := &unit{kind: step, text: text + " to " + quote(d.file), target: d.file, from: i}
	u.key = u.text
	return append(units, u), n
}

// without leaves out the directory that a download is unpacked to, and the directories above it.
func without(units []*unit, to string) []*unit {
	return slices.DeleteFunc(units, func(u *unit) bool { return strings.HasPrefix(strings.TrimSuffix(to, "/")+"/", u.target) })
}

func isMkdir(c command) bool {
	if len(c.words) < 2 || c.words[0] != "mkdir" || c.writes != nil {
		return false
	}
	for _, w := range c.words[1:] {
		if strings.HasPrefix(w, "-") && w != "-p" && w != "-pv" || strings.ContainsAny(w, "{*") {
			return false
		}
	}
	return true
}

// fetchUnit is a download that is unpacked.
func (s *stage) fetchUnit(i *instruction, url, sum, to string, strip int) *unit {
	text := "fetch " + quote(url)
	if sum != "" {
		text += " sha256 " + quote(sum)
	}
	text += " unpack"
	if strip > 0 {
		text += " strip " + strconv.Itoa(strip)
	}
	if !strings.HasSuffix(to, "/") {
		to += "/"
	}
	u := &unit{kind: step, text: text + " to " + quote(to), target: to, alone: true, from: i}
	u.key = u.text
	return u
}

// fetched reads curl and wget.
func (s *stage) fetched(c command) (download, bool) {
	w := c.words
	if len(w) < 2 || w[0] != "curl" && w[0] != "wget" {
		return download{}, false
	}
	var d download
	name, wget, out := false, w[0] == "wget", false
	for n := 1; n < len(w); n++ {
		a := w[n]
		switch {
		case strings.HasPrefix(s.file.im.plainOf(a), "http://") || strings.HasPrefix(s.file.im.plainOf(a), "https://"):
			if d.url != "" {
				return d, false
			}
			d.url = a
		case !wget && (a == "-o" || a == "--output") || wget && (a == "-O" || a == "--output-document"):
			n++
			if n == len(w) {
				return d, false
			}
			d.file, out = w[n], true
		case strings.HasPrefix(a, "--output-document=") && wget, strings.HasPrefix(a, "--output=") && !wget:
			_, d.file, _ = strings.Cut(a, "=")
			out = true
		case !wget && curlFlags().MatchString(a):
			if strings.Contains(a, "O") || a == "--remote-name" {
				name = true
			}
			if strings.HasSuffix(a, "o") && !strings.HasPrefix(a, "--") {
				n++
				if n == len(w) {
					return d, false
				}
				d.file, out = w[n], true
			}
		case !wget && (a == "--retry" || a == "--retry-delay" || a == "--connect-timeout" || a == "--max-time" || a == "--retry-max-time"):
			n++
		case wget && wgetFlags().MatchString(a):
			if strings.HasSuffix(a, "O") && !strings.HasPrefix(a, "--") {
				n++
				if n == len(w) {
					return d, false
				}
				d.file, out = w[n], true
			} else if strings.HasSuffix(a, "O-") {
				d.file, out = "-", true
			}
		case wget && (a == "-P" || a == "-t" || a == "--tries" || a == "-T"):
			if n++; a == "-P" {
				return d, false
			}
		default:
			return d, false
		}
	}
	if d.url == "" || !strings.Contains(strings.TrimPrefix(strings.TrimPrefix(s.file.im.plainOf(d.url), "https://"), "http://"), "/") {
		return d, false
	}
	if wget && !out {
		name = true
	}
	if name && d.file == "" {
		d.file = path.Base(s.file.im.plainOf(d.url))
		if symbolic(d.url) {
			d.file = d.url[strings.LastIndex(d.url, "/")+1:]
		}
	}
	if d.file == "-" {
		d.file = ""
	} else if d.file != "" {
		at := usual(s, absolute(s.workdir, d.file))
		if strings.HasPrefix(at, "/dev/") {
			return d, false
		}
		d.file = at
	}
	return d, true
}

var curlFlags = lazy.Regexp(`^(-[fsSLOoJ#kg]+|--fail|--silent|--show-error|--location|--remote-name|--progress-bar|--compressed|--proto|--tlsv1\.[23]|--retry-connrefused|--no-progress-meter|--retry=\d+)$`)
var wgetFlags = lazy.Regexp(`^(-q|-nv|-qO-?|-O-|-nvO|--quiet|--no-verbose|--progress=\S+|--show-progress|--no-check-certificate|--https-only|-c|--continue|--tries=\d+|--max-redirect=\d+|--no-cache)$`)

var sums = lazy.Regexp(`^([0-9a-f]{64})\s+\*?\S+$`)

// checksum reads echo "SUM  FILE" | sha256sum -c -.
func checksum(c command) (string, bool) {
	if len(c.pipe) != 2 || len(c.pipe[0].words) < 2 || len(c.pipe[1].words) < 2 || c.pipe[1].words[0] != "sha256sum" {
		return "", false
	}
	words := c.pipe[0].words[1:]
	text := strings.Join(words, " ")
	if len(words) > 0 && strings.HasPrefix(words[0], "-") {
		text = strings.Join(words[1:], " ")
	}
	text = strings.TrimSuffix(text, `\n`)
	if m := sums().FindStringSubmatch(text); m != nil {
		return m[1], true
	}
	if sum, _, ok := strings.Cut(text, " "); ok && symbolic(sum) && references().ReplaceAllString(sum, "") == "" {
		return sum, true
	}
	return "", false
}

// unpacked reads tar and unzip of a file; "-" is standard input.
func (s *stage) unpacked(c command, file string) (to string, strip int, ok bool) {
	w := c.words
	if len(w) < 2 || c.writes != nil {
		return "", 0, false
	}
	to = s.workdir
	extract, read := false, file == "-"
	switch w[0] {
	case "tar":
		for n := 1; n < len(w); n++ {
			a := w[n]
			switch {
			case a == "-C" || a == "--directory":
				n++
				if n == len(w) {
					return "", 0, false
				}
				to = absolute(s.workdir, w[n])
			case strings.HasPrefix(a, "--directory="):
				to = absolute(s.workdir, strings.TrimPrefix(a, "--directory="))
			case strings.HasPrefix(a, "--strip-components=") || strings.HasPrefix(a, "--strip="):
				_, v, _ := strings.Cut(a, "=")
				v2, err := strconv.Atoi(v)
				if err != nil {
					return "", 0, false
				}
				strip = v2
			case a == "--strip-components" || a == "--strip":
				n++
				if n == len(w) {
					return "", 0, false
				}
				v, err := strconv.Atoi(w[n])
				if err != nil {
					return "", 0, false
				}
				strip = v
			case a == "--no-same-owner", a == "--extract", a == "-x", a == "--gzip", a == "--xz":
				extract = extract || a == "--extract" || a == "-x"
			case tarFlags().MatchString(a) && (n == 1 || strings.HasPrefix(a, "-")):
				extract = extract || strings.Contains(a, "x")
				if strings.HasSuffix(a, "f") {
					n++
					if n == len(w) || w[n] != file && absolute(s.workdir, w[n]) != file {
						return "", 0, false
					}
					read = true
				}
				if strings.HasSuffix(a, "C") {
					n++
					if n == len(w) {
						return "", 0, false
					}
					to = absolute(s.workdir, w[n])
				}
			default:
				return "", 0, false // a part of the archive, or something else
			}
		}
		return to, strip, extract && read
	case "unzip":
		for n := 1; n < len(w); n++ {
			a := w[n]
			switch {
			case a == "-q" || a == "-qq" || a == "-o" || a == "-oq" || a == "-qo":
			case a == "-d":
				n++
				if n == len(w) {
					return "", 0, false
				}
				to = absolute(s.workdir, w[n])
			case absolute(s.workdir, a) == file:
				read = true
			default:
				return "", 0, false
			}
		}
		return to, 0, read
	}
	return "", 0, false
}

var tarFlags = lazy.Regexp(`^-?[xzvjJpo]+[fC]?$`)

// removes reports whether a command removes exactly a file.
func removes(c command, file, dir string) bool {
	if len(c.words) < 2 || c.words[0] != "rm" {
		return false
	}
	n := 0
	for _, w := range c.words[1:] {
		if strings.HasPrefix(w, "-") {
			continue
		}
		if absolute(dir, w) != file {
			return false
		}
		n++
	}
	return n > 0
}
