package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/layc-lang/layc/lang/term"
)

// TestAnswersAreReadable asks about the shop and the example fleet. Lines of text have at most 80
// columns, unless they are a single word, and --json prints JSON.
func TestAnswersAreReadable(t *testing.T) {
	for _, question := range []string{
		"-C shop cost", "-C shop impact jdk", "-C shop impact jdk(17) --to 21", "-C shop impact liberty.server --to 26.0.0.4",
		"-C shop impact app1", "-C shop explain-layer rsyslog.agent",
		"-C fleet cost", "-C fleet cost --all", "-C fleet impact openssl", "-C fleet impact libc6", "-C fleet impact nodejs",
		"-C fleet impact tomcat(11.0.2) --to 11.0.3", "-C fleet impact jre(17)", "-C fleet explain-layer jdk",
		"-C fleet explain-layer databases", "-C fleet explain-layer delta-site-docs",
		"-C fleet query components", "-C fleet query packages size > 10MB", "-C fleet query layers", "-C fleet query tomcat",
	} {
		if testing.Short() && strings.HasPrefix(question, "-C fleet") {
			continue // the same code as for the shop, with longer searches
		}
		args := strings.Fields(question)
		args[1] = "../../testdata/" + args[1]
		args = append(args, "--platform", "linux/amd64")
		var out, problem bytes.Buffer
		c := &cli{out: &out, err: &problem}
		if code := c.run(context.Background(), args); code != exitOK {
			t.Errorf("layc %s: exit code %d\n%s", question, code, &problem)
			continue
		}
		for line := range strings.Lines(out.String()) {
			line = strings.TrimRight(line, "\n")
			alone := len(strings.Fields(line)) == 1 || strings.HasSuffix(line, " is not pinned:") || strings.HasPrefix(line, "  assumed ")
			if term.Columns(line) > term.Width && !alone || strings.TrimRight(line, " ") != line {
				t.Errorf("layc %s: the line has %d columns, or spaces at its end:\n%s", question, term.Columns(line), line)
			}
		}
		out.Reset()
		if code := c.run(context.Background(), append(args, "--json")); code != exitOK {
			t.Errorf("layc %s --json: exit code %d\n%s", question, code, &problem)
		}
		var v map[string]any
		if err := json.Unmarshal(out.Bytes(), &v); err != nil {
			t.Errorf("layc %s --json: %v", question, err)
		}
	}
}
