package main

import (
	"github.com/containerd/platforms"

	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/images"
	"github.com/layc-lang/layc/llb/registry"
)

// jsonResult is the result of a build, for scripts. Fields are only added, never removed.
type jsonResult struct {
	Images        []jsonBuilt `json:"images"`
	Output        string      `json:"output,omitempty"`
	StepsExecuted []string    `json:"stepsExecuted"`
	StepsCached   []string    `json:"stepsCached"`
	Verified      []jsonProof `json:"verified,omitempty"` // results of --verify
}

type jsonBuilt struct {
	Name      string     `json:"name"`
	Platform  string     `json:"platform"`
	Digest    string     `json:"digest"`
	SizeBytes int64      `json:"sizeBytes"`
	Layers    []jsonBlob `json:"layers"`
	Pushed    string     `json:"pushed,omitempty"`
}

type jsonBlob struct {
	Digest    string `json:"digest"`
	DiffID    string `json:"diffID"`
	SizeBytes int64  `json:"sizeBytes"`
}

func resultJSON(r *images.Result, pushed []registry.Pushed, output string) jsonResult {
	out := jsonResult{Images: []jsonBuilt{}, Output: output, Verified: proofsJSON(r.Outcomes), StepsExecuted: names(r.Steps.Executed), StepsCached: names(r.Steps.Cached)}
	references := map[string]string{}
	for _, p := range pushed {
		references[p.Name] = p.Reference + "@" + p.Digest
	}
	for _, i := range r.Images {
		j := jsonBuilt{
			Name: i.Name, Platform: platforms.Format(i.Platform), Digest: i.Manifest.String(), SizeBytes: i.Size,
			Layers: []jsonBlob{}, Pushed: references[i.Name],
		}
		for _, l := range i.Layers {
			j.Layers = append(j.Layers, jsonBlob{l.Digest.String(), l.DiffID.String(), l.Size})
		}
		out.Images = append(out.Images, j)
	}
	return out
}

func names(steps []engine.Step) []string {
	out := []string{}
	for _, s := range steps {
		out = append(out, s.Name)
	}
	return out
}
