//go:build linux

package exact_test

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// Makers of archives: programs, from trees, and two functions that write headers in ways that no
// program does.
var makers = []maker{
	{name: "tar by hand", make: handTar, strip: true, truth: handTruth, pick: func(r *rand.Rand) []item { return someItems(r, someNames(r), "fffddshh", false) }},
	{name: "a system by hand", make: handTar, system: true, truth: inChroot, pick: func(r *rand.Rand) []item { return someItems(r, systemNames, "fffdddssshpcb", false) }},
	{name: "GNU tar", make: byGNUTar, truth: gnuTar, strip: true, pick: func(r *rand.Rand) []item { return someItems(r, someNames(r), "fffdsh", true) }},
	{name: "GNU tar, twice", make: appended, truth: gnuTar, strip: true, pick: func(r *rand.Rand) []item { return someItems(r, plainNames, "ffddsh", true) }},
	{name: "bsdtar", make: byBSDTar, truth: gnuTar, strip: true, pick: func(r *rand.Rand) []item { return someItems(r, someNames(r), "fffdsh", false) }},
	{name: "Python's tarfile", make: byTarfile, truth: gnuTar, strip: true, pick: func(r *rand.Rand) []item { return someItems(r, someNames(r), "fffdsh", false) }},
	{name: "zip by hand", make: handZip, truth: unzip, pick: func(r *rand.Rand) []item { return someItems(r, zipNames(r), "ffffd", false) }},
	{name: "Info-ZIP", make: byZip, truth: unzip, pick: func(r *rand.Rand) []item { return someItems(r, zipNames(r), "fffdsh", false) }},
	{name: "bsdtar's zip", make: byBSDZip, truth: unzip, pick: func(r *rand.Rand) []item { return someItems(r, zipNames(r), "fffds", false) }},
	{name: "Python's zipfile", make: byZipfile, truth: pythonZip, bare: true, pick: func(r *rand.Rand) []item { return someItems(r, zipNames(r), "fffd", false) }},
	{name: "jar", make: byJar, truth: jarTruth, bare: true, pick: func(r *rand.Rand) []item { return someItems(r, zipNames(r), "fffd", false) }},
}

// zipNames returns names that all zip programs handle equally. Each changes control characters
// and invalid UTF-8 in its own way.
func zipNames(r *rand.Rand) []string {
	var list []string
	for _, n := range someNames(r) {
		if utf8.ValidString(n) && !strings.ContainsAny(n, "\n\t\x01\x03\x04") {
			list = append(list, n)
		}
	}
	return list
}

func choose(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }

func (m *making) random() *rand.Rand { return rand.New(rand.NewPCG(m.seed, 1)) }

// source creates the tree to archive, and returns it with the names of its top-level entries.
func (m *making) source(items []item) (string, []string) {
	dir := m.dir + "/source"
	_ = os.Mkdir(dir, 0o755)
	plant(dir, items)
	entries, _ := os.ReadDir(dir)
	var top []string
	for _, e := range entries {
		top = append(top, e.Name())
	}
	m.random().Shuffle(len(top), func(i, j int) { top[i], top[j] = top[j], top[i] })
	return dir, top
}

func byGNUTar(m *making, items []item) error {
	r := m.random()
	dir, top := m.source(items)
	format := choose(r, "v7", "oldgnu", "gnu", "ustar", "posix", "posix")
	args := []string{"-cf", m.file, "--no-unquote", "--format=" + format}
	if format == "posix" {
		args = append(args, "--xattrs", "--xattrs-include=security.capability")
	}
	if format != "v7" && format != "ustar" && r.IntN(2) == 0 {
		args = append(args, "-S")
		if format == "posix" {
			args = append(args, "--sparse-version="+choose(r, "0.0", "0.1", "1.0"))
		}
	}
	if strings.HasSuffix(format, "gnu") && r.IntN(3) == 0 {
		args = append(args, "--listed-incremental="+m.dir+"/snapshot")
	}
	if r.IntN(6) == 0 {
		args = append(args, "--hard-dereference")
	}
	if r.IntN(6) == 0 {
		args = append(args, "--label=volume")
	}
	if m.strip == 0 && r.IntN(2) == 0 {
		top = []string{"."}
	}
	if err := runIn(dir, "tar", append(append(args, "--"), top...)...); err != nil {
		return err
	}
	return compress(m, r)
}

// appended appends the same tree to an archive again, after changes.
func appended(m *making, items []item) error {
	r := m.random()
	format := "--format=" + choose(r, "oldgnu", "gnu", "ustar", "posix")
	half := len(items) / 2
	dir, top := m.source(items[:half])
	if err := runIn(dir, "tar", append([]string{"-cf", m.file, format, "--"}, top...)...); err != nil {
		return err
	}
	if r.IntN(2) == 0 {
		_ = os.RemoveAll(dir)
	}
	dir, top = m.source(items[half:])
	if err := runIn(dir, "tar", append([]string{"-rf", m.file, format, "--"}, top...)...); err != nil {
		return err
	}
	return compress(m, r)
}

func byBSDTar(m *making, items []item) error {
	r := m.random()
	dir, top := m.source(items)
	if m.strip == 0 && r.IntN(2) == 0 {
		top = []string{"."}
	}
	if err := runIn(dir, "bsdtar", append([]string{"-cf", m.file, "--format=" + choose(r, "ustar", "pax", "gnutar", "v7tar"), "--"}, top...)...); err != nil {
		return err
	}
	return compress(m, r)
}

func byTarfile(m *making, items []item) error {
	r := m.random()
	dir, top := m.source(items)
	script := `
import os, sys, tarfile
with tarfile.open(sys.argv[1], "w", format=getattr(tarfile, sys.argv[2]+"_FORMAT"), errors="surrogateescape") as t:
    for name in sys.argv[3:]:
        t.add(name)
`
	if err := runIn(dir, "python3", append([]string{"-c", script, m.file, choose(r, "USTAR", "GNU", "PAX")}, top...)...); err != nil {
		return err
	}
	return compress(m, r)
}

func byZip(m *making, items []item) error {
	r := m.random()
	dir, top := m.source(items)
	args := []string{"-q", "-r", "-y"}
	if r.IntN(2) == 0 {
		args = append(args, choose(r, "-0", "-9", "-Zbzip2", "-X", "-D", "-fz"))
	}
	if r.IntN(3) > 0 {
		return runIn(dir, "zip", append(append(args, m.file, "--"), top...)...)
	}
	// Output to a pipe puts sizes and checksums after the content.
	cmd := exec.Command("zip", append(append(args, "-", "--"), top...)...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return err
	}
	return os.WriteFile(m.file, out, 0o644)
}

func byBSDZip(m *making, items []item) error {
	dir, top := m.source(items)
	args := []string{"-cf", m.file, "--format=zip"}
	if m.random().IntN(2) == 0 {
		args = append(args, "--options=zip:compression=store")
	}
	return runIn(dir, "bsdtar", append(append(args, "--"), top...)...)
}

func byZipfile(m *making, items []item) error {
	r := m.random()
	dir, _ := m.source(items)
	script := `
import os, sys, zipfile
out = open(sys.argv[1], "wb")
class Pipe:
    def write(self, text): return out.write(text)
    def flush(self): out.flush()
with zipfile.ZipFile(Pipe() if sys.argv[3] == "pipe" else out, "w", getattr(zipfile, "ZIP_" + sys.argv[2])) as z:
    for where, dirs, files in os.walk("."):
        for name in dirs + files:
            p = os.path.join(where, name)
            if os.path.isdir(p):
                z.write(p)
            else:
                with z.open(zipfile.ZipInfo.from_file(p), "w", force_zip64=sys.argv[4] == "zip64") as to:
                    to.write(open(p, "rb").read())
`
	script = strings.ReplaceAll(script, "zipfile.ZipInfo.from_file(p)", "info(p)")
	script = strings.Replace(script, "out = open", `
def info(p):
    i = zipfile.ZipInfo.from_file(p)
    i.compress_type = getattr(zipfile, "ZIP_" + sys.argv[2])
    return i
out = open`, 1)
	return runIn(dir, "python3", "-c", script, m.file, choose(r, "STORED", "DEFLATED", "BZIP2", "LZMA"), choose(r, "pipe", "file"), choose(r, "zip64", ""))
}

// byJar uses no names with a backslash: unlike unzip, jar does not treat it as a slash.
func byJar(m *making, items []item) error {
	items = slices.DeleteFunc(slices.Clone(items), func(i item) bool { return strings.Contains(i.name, `\`) })
	dir, _ := m.source(items)
	return runIn(dir, "jar", "-c", "-f", m.file, "-C", dir, ".")
}

// handTar writes its own headers: in any order, with repeated paths, and names with dots.
func handTar(m *making, items []item) error {
	r := m.random()
	var out bytes.Buffer
	dialect := choose(r, "v7", "ustar", "gnu", "pax")
	before := []string{"", "", "./", ".//", "/"}
	if m.dots = m.strip == 0 && r.IntN(2) == 0; m.dots {
		before = []string{"", "./", "x/../", "./x/../", "x/y/../../"}
		items = append([]item{{name: "x/y", kind: 'd', mode: 0o755}}, items...)
	}
	for _, i := range items {
		name, link, content, kind := i.name, "", i.text, byte('0')
		if m.strip == 0 {
			name = choose(r, before...) + name
		}
		switch i.kind {
		case 'd':
			kind, content = '5', ""
			if name += "/"; dialect == "v7" {
				kind = byte(choose(r, "\x00", "0", "5")[0])
			}
		case 's':
			kind, link, content = '2', i.text, ""
			if !m.dots && !m.system { // GNU tar creates links that lead outside last
				link = strings.TrimLeft(link, "./")
			}
		case 'h':
			kind, link, content = '1', i.text, ""
			if m.strip == 0 {
				link = choose(r, before...) + link
			}
		case 'f':
			kind = byte(choose(r, "0", "0", "\x00", "7")[0])
		case 'c':
			kind = '3'
		case 'b':
			kind = '4'
		case 'p':
			kind = '6'
		}
		switch {
		case len(name) <= 100 && len(link) <= 100:
		case dialect == "gnu":
			for _, long := range []struct {
				kind byte
				text string
			}{{'L', name}, {'K', link}} {
				if len(long.text) > 100 {
					out.Write(tarHeader(dialect, "././@LongLink", "", "", long.kind, 0o644, len(long.text)+1, r))
					out.WriteString(padded(long.text + "\x00"))
				}
			}
		case dialect == "pax":
			records := paxRecord("path", name)
			if link != "" {
				records += paxRecord("linkpath", link)
			}
			records += paxRecord("comment", "none")
			out.Write(tarHeader(dialect, "PaxHeaders/x", "", "", 'x', 0o644, len(records), r))
			out.WriteString(padded(records))
		default:
			continue
		}
		prefix := ""
		if dialect == "ustar" && r.IntN(2) == 0 && strings.Count(name, "/") == 1 && len(path.Base(name)) > 0 && !strings.HasSuffix(name, "/") {
			prefix, name = path.Dir(name), path.Base(name)
		}
		out.Write(tarHeader(dialect, name, prefix, link, kind, i.mode, len(content), r))
		out.WriteString(padded(content))
	}
	out.Write(make([]byte, 512*trailer(r)))
	if err := os.WriteFile(m.file, out.Bytes(), 0o644); err != nil {
		return err
	}
	return compress(m, r)
}

// trailer is the number of empty blocks at the end of an archive: two, more, or none.
func trailer(r *rand.Rand) int { return []int{2, 2, 20, 0}[r.IntN(4)] }

func padded(text string) string { return text + strings.Repeat("\x00", (512-len(text)%512)%512) }

// paxRecord returns a record of a pax header, which starts with its own length.
func paxRecord(key, value string) string {
	for n := len(key) + len(value) + 3; ; n++ {
		if s := fmt.Sprintf("%d %s=%s\n", n, key, value); len(s) == n {
			return s
		}
	}
}

func tarHeader(dialect, name, prefix, link string, kind byte, mode uint32, size int, r *rand.Rand) []byte {
	b := make([]byte, 512)
	copy(b[0:100], name)
	copy(b[100:108], fmt.Sprintf(choose(r, "%07o\x00", "%06o \x00", "%07o "), mode))
	copy(b[108:116], fmt.Sprintf("%07o\x00", r.IntN(0o777777)))
	copy(b[116:124], fmt.Sprintf("%07o\x00", r.IntN(0o777777)))
	copy(b[124:136], fmt.Sprintf("%011o ", size))
	copy(b[136:148], fmt.Sprintf("%011o ", r.IntN(1<<30)))
	if dialect == "gnu" && r.IntN(3) == 0 { // numbers in base 256
		copy(b[124:136], "\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")
		binary.BigEndian.PutUint32(b[132:136], uint32(size))
	}
	b[156] = kind
	copy(b[157:257], link)
	if dialect != "v7" && (kind == '3' || kind == '4') {
		copy(b[329:337], fmt.Sprintf("%07o\x00", r.IntN(300)))
		copy(b[337:345], fmt.Sprintf("%07o\x00", r.IntN(300)))
	}
	switch dialect {
	case "ustar", "pax":
		copy(b[257:], "ustar\x0000root")
		copy(b[345:500], prefix)
	case "gnu":
		copy(b[257:], "ustar  \x00root")
	}
	copy(b[148:156], "        ")
	sum, signed := 0, r.IntN(4) == 0
	for _, c := range b {
		if signed {
			sum += int(int8(c))
		} else {
			sum += int(c)
		}
	}
	copy(b[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return b
}

// handZip writes entries like programs on Windows, on Unix and in Java.
func handZip(m *making, items []item) error {
	r := m.random()
	host := []uint16{0, 0, 3, 3, 11}[r.IntN(5)]
	var out, list bytes.Buffer
	out.WriteString(choose(r, "", "", "#!/bin/sh\nexec java -jar \"$0\"\n"))
	count := uint16(0)
	seen := map[string]bool{}
	for _, i := range items {
		name, content := i.name, []byte(i.text)
		if i.kind == 'd' && seen[name] {
			continue // unzip does not set the mode of an existing directory
		}
		for p := name; p != "."; p = path.Dir(p) {
			seen[p] = true
		}
		if !isASCII(name) || strings.Contains(name, `\`) {
			continue
		}
		attributes := uint32(0x20)
		if i.kind == 'd' {
			name, content, attributes = name+"/", nil, 0x10
		}
		if r.IntN(5) == 0 {
			attributes |= 1 // read-only
		}
		switch {
		case host == 3:
			attributes |= (i.mode | map[byte]uint32{'f': 0o100000, 'd': 0o040000}[i.kind]) << 16
		case r.IntN(3) == 0: // Unix attributes, as written by some programs
			attributes |= i.mode << 16
		}
		if host == 0 && strings.Trim(name, "/") != "" && r.IntN(2) == 0 {
			name = strings.ReplaceAll(name, "/", `\`)
		}
		method, packed := uint16(0), content
		if r.IntN(2) == 0 {
			var b bytes.Buffer
			w, _ := flate.NewWriter(&b, 6)
			_, _ = w.Write(content)
			_ = w.Close()
			method, packed = 8, b.Bytes()
		}
		flags, later := uint16(0), r.IntN(3) == 0 && method == 8
		if later {
			flags |= 8
		}
		common := binary.LittleEndian.AppendUint16(nil, 20)
		common = binary.LittleEndian.AppendUint16(common, flags)
		common = binary.LittleEndian.AppendUint16(common, method)
		common = binary.LittleEndian.AppendUint32(common, 0x58210000) // a day in 2024
		var sizes []byte
		for _, n := range []uint32{crc32.ChecksumIEEE(content), uint32(len(packed)), uint32(len(content))} {
			sizes = binary.LittleEndian.AppendUint32(sizes, n)
		}
		at := out.Len()
		out.WriteString("PK\x03\x04")
		out.Write(common)
		if later {
			out.Write(make([]byte, 12))
		} else {
			out.Write(sizes)
		}
		out.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(name))))
		out.WriteString(name)
		out.Write(packed)
		if later {
			out.WriteString("PK\x07\x08")
			out.Write(sizes)
		}
		list.WriteString("PK\x01\x02")
		list.Write(binary.LittleEndian.AppendUint16(nil, host<<8|20))
		list.Write(common)
		list.Write(sizes)
		list.Write(binary.LittleEndian.AppendUint16(nil, uint16(len(name))))
		list.Write(make([]byte, 8))
		list.Write(binary.LittleEndian.AppendUint32(nil, attributes))
		list.Write(binary.LittleEndian.AppendUint32(nil, uint32(at)))
		list.WriteString(name)
		count++
	}
	end := []byte("PK\x05\x06\x00\x00\x00\x00")
	end = binary.LittleEndian.AppendUint16(end, count)
	end = binary.LittleEndian.AppendUint16(end, count)
	end = binary.LittleEndian.AppendUint32(end, uint32(list.Len()))
	end = binary.LittleEndian.AppendUint32(end, uint32(out.Len()))
	end = append(end, 0, 0)
	out.Write(list.Bytes())
	out.Write(end)
	return os.WriteFile(m.file, out.Bytes(), 0o644)
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c > 126 || c < 32 })
}
