package progress

import (
	"bytes"
	"strings"
	"testing"

	"github.com/layc-lang/layc/lang/term"
)

// TestLongNames leaves room for what a component does, and tells components apart.
func TestLongNames(t *testing.T) {
	var out bytes.Buffer
	long := `libraries("//web", "web.jar", ".", "/app", "-DskipTests", std/java.jdk("17"), std/maven.toolchain("`
	b := &board{}
	for _, part := range []string{long + `3.9.16"))`, long + `3.8.8"))`, "app"} {
		b.order = append(b.order, &step{part: part, text: "run mvn package", kind: runs})
	}
	show := &lines{w: &out}
	show.init(b)
	for range 2 {
		for _, s := range b.order {
			show.print(s.part, "%s", s.text)
		}
	}
	told := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(told) != 6 || told[0] == told[1] || told[0] != told[3] || told[2] != "app: run mvn package" {
		t.Errorf("got:\n%s", &out)
	}
	for _, line := range told {
		if name, _, _ := strings.Cut(line, ": run mvn"); term.Columns(name) > widest {
			t.Errorf("%s has %d columns", name, term.Columns(name))
		}
	}
}
