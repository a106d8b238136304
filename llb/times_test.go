package llb_test

import (
	"testing"

	"github.com/layc-lang/layc/llb"
)

// TestTimes checks for each kind of step that a layer of only this step has the canonical time
// everywhere, including the directories that lead to its content.
func TestTimes(t *testing.T) {
	b := newBuilder(t)
	const program = `
fleet {
    base base
}

component base {
    rootfs "$URL/rootfs.tar" sha256 "$SUM"
    dir    "/etc/site.d"
}

component stage {
    owns "/opt/stage"
    run  "write /opt/stage/deep/er/file 1"
}

app file {
    file "/deep/er/file" text "1"
}

app dir {
    dir "/deep/er/file"
}

app link {
    link "/deep/er/file" to "/etc"
}

app copy {
    copy "a.layer" to "/deep/er/file"
}

app tree {
    copy "/opt/" from stage to "/deep/er/"
    file "/deep/er/file" text "1"
}

app fetch {
    fetch "$URL/hello" to "/deep/er/file"
}

app ran {
    owns "/deep/er"
    run  "write /deep/er/file 1"
}

app several {
    uses a, b
    file "/deep/er/file" text "1"
}

component a {
    file "/opt/deep/er/a" text "1"
}

component b {
    file "/opt/deep/er/b" text "1"
}

app appended {
    layers 2
    file   "/deep/er/file" append "1"
    file   "/etc/profile"  append "1"
}
`
	out := t.TempDir()
	result, err := b.solve(b.write(map[string]string{"a.layer": program}), out, sources{})
	if err != nil {
		t.Fatal(err)
	}
	for _, image := range result.Images {
		files := extract(t, out, image)
		if _, ok := files["/deep/er/file"]; !ok {
			t.Errorf("%s: /deep/er/file is missing", image.Name)
		}
		for name, f := range files {
			if f.ModTime.Unix() != llb.Epoch {
				t.Errorf("%s: %s has the time %v", image.Name, name, f.ModTime)
			}
		}
		if n := len(image.Layers); image.Name == "appended" && n != 2 {
			t.Errorf("%s has %d layers, want the base and one with all appended text", image.Name, n)
		}
	}
}
