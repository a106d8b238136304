package main

import (
	"errors"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/layc-lang/layc/llb/engine"
)

// prove returns the fake engine's results of proofs: they hold; with FAKE_ENGINE=warn they have
// warnings; with FAKE_ENGINE=unproven all of them fail.
func (f fake) prove(proofs []engine.Proof) ([]engine.Proven, error) {
	out := make([]engine.Proven, len(proofs))
	fails := false
	for n, p := range proofs {
		id, name := proves(p)
		switch {
		case f.mode == "nobody" && strings.Contains(name, "] look for user "):
			out[n].Failed = &engine.StepError{Vertex: id, Name: name, ExitCode: 1, Log: []string{"layc-helper: no user www-data: root nobody"}, Err: errors.New("exit code: 1")}
		case f.mode != "warn" && f.mode != "unproven":
		case name == "[tool] look for libraries":
			out[n].Report = []byte("on-demand\t/opt/x/plugin.so\tlibgone.so\t\npath\t/opt/x/tool\tlibhidden.so\t/usr/lib/hidden/libhidden.so\n")
			if f.mode == "unproven" {
				out[n].Report = append(out[n].Report, "interpreter\t/opt/x/musl\t/lib/ld-musl.so\t\nlibrary\t/opt/x/tool\tlibgone.so\t\n"...)
			}
		case name == "[tool] compare with a second build":
			out[n].Report = []byte(strings.Repeat("/opt/x/time differs from byte 0\n", 7))
		case f.mode == "unproven" && p.Report == "":
			step := &engine.StepError{Vertex: id, Name: name, ExitCode: 1, Log: []string{"it says why"}, Err: errors.New("exit code: 1")}
			if strings.Contains(name, "] test: ") {
				step.Log = []string{"layc-helper: it should print:", "  two", "it printed:", "  one"}
			}
			out[n].Failed = step
		}
		fails = fails || out[n].Failed != nil || p.Holds != nil && !p.Holds(out[n].Report)
	}
	if fails {
		return nil, &engine.UnprovenError{Proven: out}
	}
	return out, nil
}

// proves returns the last vertex of a proof, and its name.
func proves(p engine.Proof) (digest.Digest, string) {
	def := p.Definition.Def
	id := digest.FromBytes(def[len(def)-2]) // the last one only selects the output
	return id, p.Definition.Metadata[string(id)].Description["llb.customname"]
}
