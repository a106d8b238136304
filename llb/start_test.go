package llb

import (
	"slices"
	"testing"
)

// TestPrograms finds the programs that commands start, as far as they are certain.
func TestPrograms(t *testing.T) {
	for _, c := range []struct {
		words []string
		want  []program
	}{
		{nil, nil},
		{[]string{""}, nil},
		{[]string{"node", "server.js"}, []program{{"node", ""}}},
		{[]string{"/bin/sh", "-c", "exec java -jar x"}, []program{{"/bin/sh", ""}, {"java", "/bin/sh"}}},
		{[]string{"bash", "-ec", "curl -f http://localhost/ || exit 1"}, []program{{"bash", ""}, {"curl", "bash"}}},
		{[]string{"sh", "-c", "cd /srv && node x"}, []program{{"sh", ""}}},
		{[]string{"sh", "-c", "$JAVA_HOME/bin/java"}, []program{{"sh", ""}}},
		{[]string{"sh", "-c", "A=b node"}, []program{{"sh", ""}}},
		{[]string{"sh", "-c", "f() { :; }; f"}, []program{{"sh", ""}}},
		{[]string{"sh", "-c", "if true; then node; fi"}, []program{{"sh", ""}}},
		{[]string{"sh", "-c", "node; exit 1"}, []program{{"sh", ""}, {"node", "sh"}}},
		{[]string{"sh", "-c", ""}, []program{{"sh", ""}}},
		{[]string{"sh", "start.sh"}, []program{{"sh", ""}}},
		{[]string{"/usr/bin/tini", "-g", "--", "node", "x"}, []program{{"/usr/bin/tini", ""}, {"node", ""}}},
		{[]string{"tini", "node"}, []program{{"tini", ""}, {"node", ""}}},
		{[]string{"tini", "-p", "SIGTERM", "node"}, []program{{"tini", ""}}},
		{[]string{"dumb-init", "sh", "-c", "node x"}, []program{{"dumb-init", ""}, {"sh", ""}, {"node", "sh"}}},
	} {
		if got := programs(c.words); !slices.Equal(got, c.want) {
			t.Errorf("%q: got %q, want %q", c.words, got, c.want)
		}
	}
}
