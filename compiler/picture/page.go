package picture

import (
	_ "embed"
	"encoding/json"
	"html"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
)

// The page's parts. They name no other host: the page works without a network, and forbids itself
// to use one.
var (
	//go:embed page/page.html
	pageHTML string
	//go:embed page/page.css
	pageCSS string
	//go:embed page/words.js
	wordsJS string
	//go:embed page/plan.js
	planJS string
	//go:embed page/draw.js
	drawJS string
	//go:embed page/details.js
	detailsJS string
	//go:embed page/input.js
	inputJS string
)

// pageJS is the page's script: its parts share one scope.
func pageJS() string {
	return "\"use strict\";\n(() => {\n" + wordsJS + planJS + drawJS + detailsJS + inputJS + "})();\n"
}

// Choice is a plan that the page can show.
type Choice struct {
	Name string // "4", or another short name
	Plan *plan.Plan
}

// Page returns an HTML page for exploring a fleet's layers. All choices are for the same fleet,
// in the order of the page's slider; shown is the first to show.
func Page(title string, choices []Choice, shown int) (string, error) {
	d := pageData{Title: title, Platform: choices[0].Plan.Graph.Platform.String(), Shown: shown, index: map[*model.Instance]int{}}
	for _, s := range scale {
		d.Scale = append(d.Scale, pageStop{s.rate, Colour(s.rate)})
	}
	apps := map[string]int{}
	var names []string
	for _, i := range choices[0].Plan.Images {
		apps[i.App.Name] = len(d.Apps)
		a := pageApp{Name: i.App.Name, Replicas: max(1, i.App.Replicas)}
		for _, l := range i.Layers {
			if l.Kind == plan.Delta {
				a.Size, a.Estimated, a.Rate, a.Colour = l.Size.Bytes, l.Size.Estimated, l.Rate, Colour(l.Rate)
			}
		}
		d.Apps = append(d.Apps, a)
		names = append(names, a.Name)
	}
	d.End = endOf(names)
	for _, c := range choices {
		d.Plans = append(d.Plans, d.plan(c, apps))
	}
	text, err := json.Marshal(d) // escapes <, so that no string ends the script
	if err != nil {
		return "", err
	}
	return strings.NewReplacer(
		"{{title}}", html.EscapeString(title),
		"{{style}}", pageCSS,
		"{{data}}", string(text),
		"{{script}}", pageJS(),
	).Replace(pageHTML), nil
}

// pageData is the input of the page's script.
type pageData struct {
	Title    string     `json:"title"`
	Platform string     `json:"platform"`
	End      string     `json:"end,omitempty"` // of the names of all apps, which is shown once
	Scale    []pageStop `json:"scale"`
	Items    []pageItem `json:"items"`
	Apps     []pageApp  `json:"apps"`
	Plans    []pagePlan `json:"plans"`
	Shown    int        `json:"shown"`

	index map[*model.Instance]int // of Items
}

type pageStop struct {
	Rate   float64 `json:"rate"`
	Colour string  `json:"colour"`
}

// pageItem is a component.
type pageItem struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

// pageApp is an app with its own layer; without one the colour is empty.
type pageApp struct {
	Name      string  `json:"name"`
	Replicas  int     `json:"replicas"`
	Size      int64   `json:"size"`
	Estimated bool    `json:"estimated,omitempty"`
	Rate      float64 `json:"rate"`
	Colour    string  `json:"colour"`
}

// pagePlan is a plan with its layout. Costs are per year, in the unit of the weights.
type pagePlan struct {
	Name    string      `json:"name"`
	Store   float64     `json:"store"`
	Pull    float64     `json:"pull"`
	Build   float64     `json:"build"`
	Bound   float64     `json:"bound"`
	Height  float64     `json:"height"`
	Columns int         `json:"columns"`
	Layers  []pageLayer `json:"layers"`
	Stacks  []pageStack `json:"stacks"`
}

type pageLayer struct {
	ID        string  `json:"id"`
	Kind      string  `json:"kind"`
	Title     string  `json:"title"`
	Items     []int   `json:"items"`
	Size      int64   `json:"size"`
	Estimated bool    `json:"estimated,omitempty"`
	Rate      float64 `json:"rate"`
	Colour    string  `json:"colour"`
	Replicas  int64   `json:"replicas"`
	Column    int     `json:"column"`
	Top       float64 `json:"top"`
	Height    float64 `json:"height"`
	On        []int   `json:"on"` // layers that its content depends on
}

type pageStack struct {
	Apps   []int   `json:"apps"`
	Layers []int   `json:"layers"`
	Top    float64 `json:"top"`
}

func (d *pageData) plan(c Choice, apps map[string]int) pagePlan {
	pic := New(c.Plan, PerApp)
	out := pagePlan{
		Name: c.Name, Height: round(pic.Height), Columns: pic.Columns, Bound: plan.PerYear(c.Plan.Bound()),
		Store: plan.PerYear(c.Plan.Cost.Store), Pull: plan.PerYear(c.Plan.Cost.Pull), Build: plan.PerYear(c.Plan.Cost.Build),
	}
	number := map[*plan.Layer]int{}
	for n := range pic.Layers {
		number[pic.Layers[n].Layer] = n
	}
	for n := range pic.Layers {
		l := &pic.Layers[n]
		p := pageLayer{
			ID: l.ID, Kind: string(l.Kind), Title: l.Title(), Items: []int{}, Size: l.Size.Bytes, Estimated: l.Size.Estimated, Rate: round(l.Rate), Colour: Colour(l.Rate),
			Replicas: l.Replicas, Column: l.Column, Top: round(l.Top), Height: l.Height, On: []int{},
		}
		for _, i := range slices.Concat(l.Marks, l.Members) {
			p.Items = append(p.Items, d.item(i))
		}
		for _, o := range append(l.On[:len(l.On):len(l.On)], l.Parent) {
			if k, ok := number[o]; ok {
				p.On = append(p.On, k)
			}
		}
		out.Layers = append(out.Layers, p)
	}
	for n := range pic.Stacks {
		s := &pic.Stacks[n]
		p := pageStack{Layers: s.Layers, Top: round(s.Top)}
		for _, a := range s.Apps {
			p.Apps = append(p.Apps, apps[a.Name])
		}
		out.Stacks = append(out.Stacks, p)
	}
	return out
}

// item returns the index of a component.
func (d *pageData) item(i *model.Instance) int {
	n, ok := d.index[i]
	if !ok {
		n = len(d.Items)
		d.index[i] = n
		d.Items = append(d.Items, pageItem{i.ID, i.Title})
	}
	return n
}

// round keeps three decimals, which is precise to less than a pixel.
func round(f float64) float64 { return float64(int64(f*1000+0.5)) / 1000 }
