package main

import (
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/report"
)

// jsonCost is the cost of a fleet on one platform, for scripts. Fields are only added, never
// removed.
type jsonCost struct {
	Platform   string              `json:"platform"`
	Plan       jsonSum             `json:"plan"`
	Alone      jsonSum             `json:"alone"` // each app planned on its own
	Bound      float64             `json:"boundPerYear"`
	Apps       []jsonAppCost       `json:"apps"`
	Components []jsonComponentCost `json:"components"`
	Advice     []jsonAdvice        `json:"advice"` // what would lower the cost
}

type jsonAdvice struct {
	What    string  `json:"what"`
	PerYear float64 `json:"savesPerYear"`
}

type jsonSum struct {
	StoredBytes   int64   `json:"storedBytes"`
	RetainedBytes int64   `json:"retainedBytes"` // including old versions
	PulledBytes   int64   `json:"pulledBytesPerWeek"`
	Estimated     bool    `json:"estimated"` // the bytes
	PerYear       float64 `json:"costPerYear"`
}

type jsonAppCost struct {
	App         string `json:"app"`
	SizeBytes   int64  `json:"sizeBytes"`
	OwnBytes    int64  `json:"ownBytes"`
	Layers      int    `json:"layers"`
	PulledBytes int64  `json:"pulledBytesPerWeek"`
	Estimated   bool   `json:"estimated"`
}

type jsonComponentCost struct {
	Component   string `json:"component"`
	SizeBytes   int64  `json:"sizeBytes"`
	StoredBytes int64  `json:"storedBytes"`
	Layers      int    `json:"layers"`
	Images      int    `json:"images"`
	PulledBytes int64  `json:"pulledBytesPerWeek"`
	Estimated   bool   `json:"estimated"`
}

func costJSON(platform string, c *report.Cost, advice []report.Advice) jsonCost {
	out := jsonCost{
		Platform: platform, Plan: sumJSON(c.Plan), Alone: sumJSON(c.Alone), Bound: plan.PerYear(c.Bound),
		Apps: []jsonAppCost{}, Components: []jsonComponentCost{}, Advice: []jsonAdvice{},
	}
	for _, a := range c.Apps {
		out.Apps = append(out.Apps, jsonAppCost{a.App.Name, a.Size.Bytes, a.Own.Bytes, a.Layers, a.Pulled.Bytes, a.Size.Estimated})
	}
	for _, n := range c.Components {
		out.Components = append(out.Components, jsonComponentCost{n.Name, n.Size.Bytes, n.Stored.Bytes, n.Layers, n.Images, n.Pulled.Bytes, n.Size.Estimated})
	}
	for _, a := range advice {
		out.Advice = append(out.Advice, jsonAdvice{a.What, plan.PerYear(a.Saves)})
	}
	return out
}

func sumJSON(s report.Sum) jsonSum {
	return jsonSum{s.Stored.Bytes, s.Retained.Bytes, s.Pulled.Bytes, s.Stored.Estimated, plan.PerYear(s.Money)}
}

// jsonGrowth is what is new since a revision on one platform.
type jsonGrowth struct {
	Platform   string          `json:"platform"`
	NewBytes   int64           `json:"newBytes"`
	NewAtLeast int64           `json:"newAtLeastBytes"`
	Estimated  bool            `json:"estimated"`
	Components []jsonGrowthRow `json:"components"`
}

type jsonGrowthRow struct {
	Component string `json:"component"`
	Place     string `json:"place"` // file:line
	Reason    string `json:"reason"`
	Bytes     int64  `json:"bytes"`
	Estimated bool   `json:"estimated"`
	Layers    int    `json:"layers"`
}

func growthJSON(platform string, d *report.Difference) jsonGrowth {
	out := jsonGrowth{Platform: platform, NewBytes: d.NewBytes.Bytes, NewAtLeast: d.NewAtLeast.Bytes, Estimated: d.NewBytes.Estimated, Components: []jsonGrowthRow{}}
	for _, g := range d.Growths() {
		out.Components = append(out.Components, jsonGrowthRow{g.Name, place(g), string(g.Reason), g.Size.Bytes, g.Size.Estimated, g.Layers})
	}
	return out
}
