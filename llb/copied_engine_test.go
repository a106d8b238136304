//go:build linux

package llb_test

import (
	"archive/tar"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/layc-lang/layc/llb/engine"
)

// everything is a script that creates each kind of file that an image can hold, in /out/d.
const everything = `
        write /out/d/file x
        hard /out/d/file /out/d/hard
        owner 5 6 /out/d/file
        mode 4751 /out/d/file
        write /out/d/cap x
        cap /out/d/cap
        soft ../gone /out/d/soft
        owner 7 8 /out/d/soft
        node p /out/d/pipe
        node c /out/d/char
        hole 100000 /out/d/hole
        write /out/d/dir/.odd\name" x
        owner 9 10 /out/d/dir
        mode 3770 /out/d/dir
`

func stageProgram(owns, script, clause string) string {
	return `
fleet {
    base base
}

component base {
    rootfs "$URL/rootfs.tar" sha256 "$SUM"
}

component made {
    ` + owns + `
    run """
` + script + `
    """
}

app a {
    ` + clause + `
}
`
}

// kinds describes the files below a directory of an image, one per line.
func kinds(files map[string]file, dir string) string {
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		rest, ok := strings.CutPrefix(name, dir+"/")
		if !ok {
			continue
		}
		f := files[name]
		fmt.Fprintf(&out, "%s %c %o %d:%d", rest, f.Typeflag, f.Mode, f.Uid, f.Gid)
		switch {
		case f.Linkname != "":
			fmt.Fprintf(&out, " %s", strings.TrimPrefix(f.Linkname, dir[1:]+"/"))
		case f.Typeflag == tar.TypeChar:
			fmt.Fprintf(&out, " %d:%d", f.Devmajor, f.Devminor)
		case f.Size > 1:
			fmt.Fprintf(&out, " %d", f.Size)
		}
		if f.PAXRecords["SCHILY.xattr.security.capability"] != "" {
			out.WriteString(" capability")
		}
		out.WriteString("\n")
	}
	return out.String()
}

// TestCopiedFromStage copies every kind of file from build stages, in every form of copy, and
// loses nothing.
func TestCopiedFromStage(t *testing.T) {
	b := newBuilder(t)
	const all = `cap 0 644 0:0 capability
char 3 640 0:0 7:3
dir 5 3770 9:10
dir/.odd\name" 0 644 0:0
file 0 4751 5:6
hard 1 4751 5:6 file
hole 0 600 0:0 100000
pipe 6 640 0:0
soft 2 777 7:8 ../gone
`
	const given = `cap 0 664 3:4 capability
char 3 660 3:4 7:3
dir 5 3770 3:4
dir/.odd\name" 0 664 3:4
file 0 4771 3:4
hard 1 4771 3:4 file
hole 0 620 3:4 100000
pipe 6 660 3:4
soft 2 777 3:4 ../gone
`
	for _, c := range []struct{ clause, dir, want string }{
		{`copy "/out/d" from made to "/srv"`, "/srv", all},
		{`copy "/out/d" from made to "/srv/"`, "/srv/d", all},
		{`copy "/out/d/" from made to "/srv/"`, "/srv", all},
		{`copy "/out/d/*" from made to "/srv/"`, "/srv", all},
		{`copy "/out/d/" from made to "/srv" exclude "nothing"`, "/srv", all},
		{`copy "/out/d" from made to "/srv" owner "3:4" mode "g+w"`, "/srv", given},
		{`copy "/out/d/*" from made to "/srv/" owner "3:4" mode "g+w"`, "/srv", given},
		{`copy "/out/d/file", "/out/d/hard" from made to "/srv/"`, "/srv", "file 0 4751 5:6\nhard 1 4751 5:6 file\n"},
		{`copy "/out/d/soft" from made to "/srv/x"`, "/srv", "x 2 777 7:8 ../gone\n"},
		{`copy "/out/d/pipe" from made to "/srv/x" mode 0600`, "/srv", "x 6 600 0:0\n"},
	} {
		for _, owns := range []string{"", `owns "/out"`} {
			// An image cannot hold a socket.
			files, _, err := b.build(stageProgram(owns, everything+"node s /out/d/socket", c.clause), nil)
			if err != nil {
				t.Errorf("%s, %s: %v", owns, c.clause, err)
				continue
			}
			if got := kinds(files, c.dir); got != c.want {
				t.Errorf("%s, %s:\ngot\n%swant\n%s", owns, c.clause, got, c.want)
			}
		}
	}
}

// TestNotCopiedFromStage checks that copies fail for files that an image cannot hold, and for
// sources of another type than declared.
func TestNotCopiedFromStage(t *testing.T) {
	b := newBuilder(t)
	const block = `not copied: "/out/d/block" is a block device, which copies would turn into a character device`
	for _, c := range []struct{ owns, script, clause, want string }{
		{"", "node b /out/d/block", `copy "/out/d" from made to "/srv"`, block},
		{"", "node b /out/d/block", `copy "/out/d/" from made to "/srv"`, block},
		{"", "node b /out/d/block", `copy "/out/d/*" from made to "/srv/"`, block},
		{"", "node b /out/d/block", `copy "/out/d/block" from made to "/srv/x"`, block},
		{"", "", `copy "/out/d/file/" from made to "/srv/"`, "/out/d/file is a file"},
		{`owns "/out"`, "", `copy "/out/d/file/" from made to "/srv/"`, "/out/d/file is a file"},
		{`owns "/out/d/file", "/out"`, "", `copy "/out/d/file/", "/out/d/hard" from made to "/srv/"`, "/out/d/file is a file"},
		{"", "write /out/d/.wh.x x", `copy "/out/d" from made to "/srv"`, "  /out/d/.wh.x has a name that begins with .wh."},
		{`owns "/out"`, "write /out/d/.wh.x x", `copy "/out/d" from made to "/srv"`, `not kept: unfit 1 "/out/d/.wh.x has a name that begins with .wh.`},
		{`owns "/out"`, "node b /out/d/block", `copy "/out/d" from made to "/srv"`, `not kept: unfit 1 "/out/d/block is a block device`},
		{"", "attr user.x /out/d/file", `copy "/out/d" from made to "/srv"`, "  /out/d/file has the attribute user.x"},
	} {
		_, _, err := b.build(stageProgram(c.owns, everything+c.script, c.clause), nil)
		var step *engine.StepError
		if !errors.As(err, &step) || !slices.ContainsFunc(step.Log, func(line string) bool {
			return strings.HasPrefix(strings.TrimPrefix(line, "layc-helper: "), c.want)
		}) {
			t.Errorf("%s, %s, %s: %v", c.owns, c.script, c.clause, err)
			if step != nil {
				t.Logf("%q", step.Log)
			}
		}
	}
	// Excluded files are not checked.
	files, _, err := b.build(stageProgram("", everything+"node b /out/d/block", `copy "/out/d" from made to "/srv" exclude "block"`), nil)
	if err != nil || files["/srv/file"].Mode != 0o4751 {
		t.Error(err, files["/srv/file"])
	}
}
