package main

import (
	"os"
	"path/filepath"
)

// copiesLayers checks that an engine that copies layers makes the same bytes as one that mounts
// them, as far as packages, a component and an edit of the system go.
func (s *shop) copiesLayers() {
	const program = `component logger {
    needs os.packages("rsyslog")
}

component made {
    owns "/made"

    run "mkdir -p /made/a/b /made/empty; echo 1 > /made/a/b/file; ln /made/a/b/file /made/name"
}

component edits {
    run "mkdir -p /srv/x; echo 1 > /srv/x/y; rm /etc/issue; chmod 700 /var/mail"
}

app extra {
    uses logger, made, edits

    owns "/srv/extra"

    run "mkdir -p /srv/extra/d; echo 1 > /srv/extra/file"
}
`
	dir := s.TempDir()
	mounts, copies := filepath.Join(dir, "mounts"), filepath.Join(dir, "copies")
	for out, more := range map[string][]string{mounts: nil, copies: {"--state", filepath.Join(dir, "state")}} {
		cmd := s.module(program, append([]string{"-o", out}, more...)...)
		if more != nil {
			cmd.Env = append(os.Environ(), "LAYC_SNAPSHOTTER=native")
		}
		if text, err := cmd.CombinedOutput(); err != nil {
			s.Fatalf("%v\n%s", err, text)
		}
	}
	if read(s.T, mounts, "index.json") != read(s.T, copies, "index.json") {
		s.Errorf("the images differ:\n%s\nand\n%s", read(s.T, mounts, "index.json"), read(s.T, copies, "index.json"))
	}
	if _, err := os.Stat(filepath.Join(dir, "state", "runc-native")); err != nil {
		s.Errorf("the second engine does not copy: %v", err)
	}
}
