package importing

import (
	"archive/tar"
	"bufio"
	"compress/bzip2"
	"compress/gzip"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/layc-lang/layc/lang/lazy"
)

// ADD unpacks an archive of the context, whatever its name is. A copy takes what a component has unpacked, on a
// system of its own: the image may have no shell, no tar, or none that knows the format.

// compressions are the programs' packages for the formats of archives, by how files of a format start.
var compressions = []struct{ magic, program string }{
	{"\x1f\x8b", ""}, {"BZh", "bzip2"}, {"\xfd7zXZ\x00", "xz-utils"}, {"\x28\xb5\x2f\xfd", "zstd"},
}

// unpacks reports whether an instruction unpacks a file of the project.
func (c copying) unpacks(files fs.FS, name string) bool {
	if !c.add || c.unpack != nil && !*c.unpack {
		return false
	}
	_, ok := archiveOf(files, name)
	return ok
}

// archiveOf reports whether a file is a tar archive, and returns the package of a program that tar needs for it.
// What is compressed with xz or zstd is one by its name.
func archiveOf(files fs.FS, name string) (program string, ok bool) {
	f, err := files.Open(name)
	if err != nil {
		return "", false
	}
	defer f.Close()
	in := bufio.NewReader(f)
	for _, c := range compressions {
		if start, _ := in.Peek(len(c.magic)); string(start) != c.magic {
			continue
		}
		switch c.program {
		case "":
			plain, err := gzip.NewReader(in)
			return "", err == nil && isTar(plain)
		case "bzip2":
			return c.program, isTar(bzip2.NewReader(in))
		}
		return c.program, compressedTar().MatchString(name)
	}
	return "", isTar(in)
}

var compressedTar = lazy.Regexp(`(?i)\.(tar\.[a-z]+|t[a-z]*z[a-z]*)$`)

func isTar(r io.Reader) bool {
	_, err := tar.NewReader(r).Next()
	return err == nil
}

// unpackLocal is ADD of an archive of the context.
func (s *stage) unpackLocal(i *instruction, c copying, full, to string) {
	im := s.file.im
	if c.chmod != "" {
		i.guess("--chmod does not apply to what is unpacked")
		c.chmod = ""
	}
	release := s.base.release
	if release == "" {
		release = "12"
	}
	of := &stage{file: s.file, number: -1, name: "unpacked", base: im.debian(release), workdir: "/", known: map[string]bool{"/": true}}
	if program, _ := archiveOf(im.in.Files, im.plainOf(full)); program != "" {
		of.add(&unit{kind: needs, building: []string{program}, from: i})
	}
	of.runText(i, "mkdir /unpacked\ntar --numeric-owner -xf /run/archive -C /unpacked", runOptions{user: "root", items: []string{"bind " + quote(full) + " to \"/run/archive\""}})
	t, err := im.target(of)
	if err != nil {
		s.ask(i, "", "%s", err)
		return
	}
	t.from = true
	options, _ := s.copyOptions(i, c)
	to = strings.TrimSuffix(to, "/") + "/"
	s.above(i, to, options)
	component := reference('s', t.id)
	s.placed(i, "copy \"/unpacked/\" from "+component+" to "+quote(to)+rootOwner(s, i, c)+options, to, nil)
	s.units[len(s.units)-1].taken = component
	i.atLeast(Idiom)
}

// addURL is ADD of a URL.
func (s *stage) addURL(i *instruction, url, to, options string, c copying) {
	plain := s.file.im.plainOf(url)
	if strings.HasPrefix(plain, "git@") || strings.Contains(plain, ".git#") || strings.HasSuffix(plain, ".git") {
		s.ask(i, "", "a repository of git; clone it in a run, or fetch an archive of the commit")
		return
	}
	text := "fetch " + quote(url)
	if sum, ok := strings.CutPrefix(s.word(i, c.checksum), "sha256:"); ok {
		text += " sha256 " + quote(sum)
	}
	if c.unpack != nil && *c.unpack {
		s.add(&unit{kind: step, text: text + " unpack to " + quote(to) + options, target: to, alone: true, from: i})
		return
	}
	if !strings.Contains(options, " mode ") {
		options += " mode 0600"
	}
	target := to
	if strings.HasSuffix(to, "/") {
		target += path.Base(plain)
	}
	s.add(&unit{kind: step, text: text + " to " + quote(to) + options, target: target, from: i})
}
