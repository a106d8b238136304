package main

import (
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/whatif"
)

// jsonImpact is the effect of a change, for scripts. Fields are only added, never removed.
type jsonImpact struct {
	Changed []string           `json:"changed"` // instances in the question
	Assumed []jsonAssumed      `json:"assumed"` // assumed new pins
	Layers  []jsonChangedLayer `json:"layers"`
	Images  []jsonChangedImage `json:"images"`
	Totals  []jsonImpactTotal  `json:"totals"` // by platform
}

type jsonAssumed struct {
	Name string `json:"name"`
	Like string `json:"like"`
}

type jsonChangedLayer struct {
	ID         string      `json:"id"`
	Platform   string      `json:"platform"`
	Kind       string      `json:"kind"`
	Fate       string      `json:"fate"` // kept, may be equal, regrouped, rebuilt
	Components []string    `json:"components"`
	SizeBytes  int64       `json:"sizeBytes"`
	Estimated  bool        `json:"estimated"`
	Causes     []jsonCause `json:"causes"`
}

type jsonCause struct {
	Reason    string `json:"reason"`
	Component string `json:"component,omitempty"`
	Was       string `json:"was,omitempty"`
}

type jsonChangedImage struct {
	App         string   `json:"app"` // the image's name, if it is published
	Published   bool     `json:"published,omitempty"`
	Platform    string   `json:"platform"`
	New         bool     `json:"new"`
	Gone        bool     `json:"gone"`
	NewDigest   bool     `json:"newDigest"`
	NewConfig   bool     `json:"newConfig"`
	Layers      []string `json:"layers"`
	Replicas    int64    `json:"replicas"`
	PullBytes   int64    `json:"pullBytes"`
	PullAtLeast int64    `json:"pullAtLeastBytes"`
	Estimated   bool     `json:"estimated"`
}

type jsonImpactTotal struct {
	Platform    string `json:"platform"`
	NewBytes    int64  `json:"newBytes"` // in the registry
	NewAtLeast  int64  `json:"newAtLeastBytes"`
	PullBytes   int64  `json:"pullBytes"` // by all replicas
	PullAtLeast int64  `json:"pullAtLeastBytes"`
	Estimated   bool   `json:"estimated"`
}

func impactJSON(answers []whatif.Answer) jsonImpact {
	out := jsonImpact{Changed: []string{}, Assumed: []jsonAssumed{}, Layers: []jsonChangedLayer{}, Images: []jsonChangedImage{}, Totals: []jsonImpactTotal{}}
	for _, a := range answers {
		platform := a.Platform.String()
		for _, i := range a.Touched {
			out.Changed = append(out.Changed, i.ID)
		}
		for _, as := range a.Assumed {
			out.Assumed = append(out.Assumed, jsonAssumed(as))
		}
		for _, l := range a.Layers {
			j := jsonChangedLayer{
				ID: l.ID, Platform: platform, Kind: string(l.Kind), Fate: string(l.Fate),
				Components: l.Components(), SizeBytes: l.Size.Bytes, Estimated: l.Size.Estimated, Causes: []jsonCause{},
			}
			for _, c := range l.Causes {
				j.Causes = append(j.Causes, jsonCause{Reason: string(c.Reason), Component: idOf(c.Instance), Was: idOf(c.Was)})
			}
			out.Layers = append(out.Layers, j)
		}
		for _, i := range a.Images {
			j := jsonChangedImage{
				App: i.App.Name, Published: i.App.Published != nil, Platform: platform, New: i.New, Gone: i.Gone, NewDigest: i.Digest, NewConfig: i.Config,
				Layers: []string{}, Replicas: i.Replicas(), PullBytes: i.Pull.Bytes, PullAtLeast: i.AtLeast.Bytes, Estimated: i.Pull.Estimated,
			}
			for _, l := range i.Layers {
				j.Layers = append(j.Layers, l.ID)
			}
			out.Images = append(out.Images, j)
		}
		out.Totals = append(out.Totals, jsonImpactTotal{
			platform, a.NewBytes.Bytes, a.NewAtLeast.Bytes, a.Pull.Bytes, a.AtLeast.Bytes, a.NewBytes.Estimated || a.Pull.Estimated,
		})
	}
	return out
}

func idOf(i *model.Instance) string {
	if i == nil {
		return ""
	}
	return i.ID
}
