package query

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"strconv"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/compiler/plan"
)

// kinds is a set of kinds.
type kinds uint8

func of(list ...Kind) (s kinds) {
	for _, k := range list {
		s |= 1 << k
	}
	return s
}

func (s kinds) has(k Kind) bool { return s&(1<<k) != 0 }

// each are the kinds of the set, in order.
func (s kinds) each() iter.Seq[Kind] {
	return func(yield func(Kind) bool) {
		for k := Apps; k <= Layers; k++ {
			if s.has(k) && !yield(k) {
				return
			}
		}
	}
}

// first is the first kind of a set that is not empty.
func (s kinds) first() Kind {
	for k := range s.each() {
		return k
	}
	return Apps
}

// verb is a relation between items.
type verb uint8

const (
	uses    verb = iota // as an app writes it
	needs               // as a component writes it, or a package declares it
	has                 // what is in an image or in a layer
	in                  // the other way round
	depends             // what the content depends on
)

var verbNames = [...]string{"uses", "needs", "has", "in", "depends on"}

func (v verb) String() string { return verbNames[v] }

// relations are the kinds that each verb relates.
var relations = [...][4]kinds{
	uses:    {Apps: of(Components, Packages)},
	needs:   {Components: of(Components, Packages), Packages: of(Packages)},
	has:     {Apps: of(Components, Packages, Layers), Layers: of(Components, Packages)},
	in:      {Components: of(Apps, Layers), Packages: of(Apps, Layers), Layers: of(Apps)},
	depends: {Apps: of(Components, Packages), Components: of(Components, Packages)},
}

// counted are the kinds of which an item of a kind has a number.
func counted(k Kind) kinds { return relations[has][k] | relations[in][k] }

// world is the fleet on one platform.
type world struct {
	items [4][]*Item               // by kind; each by name
	links [depends][4][4][][]int32 // by verb, kind and kind of the other one

	graph      *model.Graph
	components map[*model.Instance]*Item
	packages   map[*model.Instance][]*Item
}

// newWorld lists what a plan consists of, and links it.
func newWorld(p *plan.Plan) *world {
	w := &world{graph: p.Graph, components: map[*model.Instance]*Item{}, packages: map[*model.Instance][]*Item{}}
	sizes := map[model.Key]plan.Size{}
	_, instances := p.Problem()
	for _, i := range instances {
		sizes[i.Key] = p.Size(i)
	}
	w.instances(sizes, plan.Rates(p.Graph))
	images := w.images(p)
	w.layers(p)
	for k := range w.items {
		slices.SortStableFunc(w.items[k], func(a, b *Item) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
		})
		for n, i := range w.items[k] {
			i.place = n
		}
	}
	w.link(images)
	return w
}

// add enters an item.
func (w *world) add(i *Item) *Item {
	i.Platform = w.graph.Platform
	w.items[i.Kind] = append(w.items[i.Kind], i)
	return i
}

// instances enters components and packages.
func (w *world) instances(sizes map[model.Key]plan.Size, rate func(*model.Instance) float64) {
	byID := map[string]*Item{}
	type version struct{ distribution, name, version string }
	byVersion := map[version]*Item{}
	for _, i := range w.graph.Instances {
		list := i.Consists()
		for n := range list {
			p := &list[n]
			key := version{p.Distribution, p.Name, p.Version}
			item := byVersion[key]
			if item == nil {
				item = w.add(&Item{Kind: Packages, Name: p.Name, Package: p, Version: p.Version, Size: plan.Size{Bytes: p.Size}, names: []string{p.Name}})
				byVersion[key] = item
			}
			item.Instances = append(item.Instances, i)
			item.Rate = max(item.Rate, rate(i))
			w.packages[i] = append(w.packages[i], item)
		}
		if i.IsApp() || i.Package != nil && len(list) > 0 {
			continue
		}
		item := byID[i.ID]
		if item == nil {
			item = w.add(&Item{Kind: Components, Name: i.ID, Version: argument(i), Size: plan.Size{Bytes: -1}, Rate: -1, names: i.Called()})
			if n, ok := sizes[i.Key]; ok {
				item.Size = n
			}
			if i.Kind != model.Empty || i.Rate.Set {
				item.Rate = rate(i)
			}
			byID[i.ID] = item
		}
		item.Instances = append(item.Instances, i)
		w.components[i] = item
	}
}

// argument is an instance's first argument, without quotes.
func argument(i *model.Instance) string {
	if len(i.Args) == 0 {
		return ""
	}
	if text, err := strconv.Unquote(i.Args[0]); err == nil {
		return text
	}
	return i.Args[0]
}

// images enters apps, and returns the image of each.
func (w *world) images(p *plan.Plan) map[*Item]*plan.Image {
	out := map[*Item]*plan.Image{}
	for _, image := range p.Images {
		a := image.App
		item := &Item{Kind: Apps, Name: a.Name, App: a, Rate: -1, names: append([]string{a.Name, a.Repository}, a.References()...)}
		for _, l := range image.Layers {
			item.Size = item.Size.Plus(l.Size)
		}
		if a.Delta != nil {
			item.Instances = []*model.Instance{a.Delta}
		}
		out[w.add(item)] = image
	}
	return out
}

// layers enters layers.
func (w *world) layers(p *plan.Plan) {
	for _, l := range p.Layers {
		// The planner's rates are fractions of a week.
		rate := math.Round(l.Rate*1000) / 1000
		w.add(&Item{Kind: Layers, Name: l.ID, Layer: l, Instances: l.Members, Size: l.Size, Rate: rate, names: []string{l.ID}})
	}
}

// link links all items, once they have their places.
func (w *world) link(images map[*Item]*plan.Image) {
	for v := range w.links {
		for k := range w.links[v] {
			for t := range relations[v][k].each() {
				w.links[v][k][t] = make([][]int32, len(w.items[k]))
			}
		}
	}
	layers := map[*plan.Layer]*Item{}
	for _, i := range w.items[Layers] {
		layers[i.Layer] = i
		w.connect(has, i, i.Layer.Members)
		w.connect(has, i, i.Layer.Marks)
	}
	for _, i := range w.items[Apps] {
		w.connect(uses, i, i.App.Uses)
		w.connect(has, i, i.App.Closure)
		for _, l := range images[i].Layers {
			w.tie(has, i, layers[l])
		}
	}
	for _, i := range w.items[Components] {
		for _, n := range i.Instances {
			w.connect(needs, i, n.Needs)
			if model.Installs(n.Steps) {
				for _, p := range w.packages[n] {
					w.tie(needs, i, p)
				}
			}
		}
	}
	w.packageNeeds()
	w.reverse()
	for _, k := range []Kind{Components, Packages, Layers} {
		for _, i := range w.items[k] {
			for _, n := range w.links[in][k][Apps][i.place] {
				i.In = append(i.In, w.items[Apps][n])
			}
		}
	}
}

// connect relates an item to instances. What a component installs is in layers and images, but
// those who name the component do not name it.
func (w *world) connect(v verb, from *Item, to []*model.Instance) {
	for _, i := range to {
		if c := w.components[i]; c != nil {
			w.tie(v, from, c)
		}
		if v != has && i.Package == nil {
			continue
		}
		for _, p := range w.packages[i] {
			w.tie(v, from, p)
		}
	}
}

// tie relates two items.
func (w *world) tie(v verb, from, to *Item) {
	at := &w.links[v][from.Kind][to.Kind][from.place]
	*at = append(*at, int32(to.place))
}

// packageNeeds relates packages to those that they need in their distribution.
func (w *world) packageNeeds() {
	type name struct{ distribution, name string }
	byName := map[name][]*Item{}
	for _, i := range w.items[Packages] {
		key := name{i.Package.Distribution, i.Package.Name}
		byName[key] = append(byName[key], i)
	}
	for _, i := range w.items[Packages] {
		for _, n := range i.Package.Needs {
			for _, to := range byName[name{i.Package.Distribution, n}] {
				w.tie(needs, i, to)
			}
		}
	}
}

// reverse makes each list of links a sorted one without repetitions, and `in` of
// `has`.
func (w *world) reverse() {
	for v := range w.links {
		for k := range w.links[v] {
			for t := range w.links[v][k] {
				for n, list := range w.links[v][k][t] {
					slices.Sort(list)
					w.links[v][k][t][n] = slices.Compact(list)
				}
			}
		}
	}
	for k := range relations[has] {
		for t := range relations[has][k].each() {
			for n, list := range w.links[has][k][t] {
				for _, to := range list {
					at := &w.links[in][t][k][to]
					*at = append(*at, int32(n))
				}
			}
		}
	}
}

// dependent returns the items of a kind whose content depends on an instance that
// is wanted, directly or not: through what it needs, what its runs are built on, and
// what it copies from. An app depends on all that is in its image, too.
func (w *world) dependent(k Kind, wanted map[*model.Instance]bool) []bool {
	on := map[*model.Instance]bool{}
	leads := func(i *model.Instance) bool { return wanted[i] || on[i] }
	for _, i := range w.graph.Instances { // each after all that it refers to
		on[i] = slices.ContainsFunc(i.Needs, leads) || slices.ContainsFunc(i.Root, leads) ||
			slices.ContainsFunc(i.Stages(), func(s model.Stage) bool { return leads(s.Instance) || slices.ContainsFunc(s.Below, leads) })
	}
	out := make([]bool, len(w.items[k]))
	for n, i := range w.items[k] {
		out[n] = slices.ContainsFunc(i.Instances, func(i *model.Instance) bool { return on[i] }) ||
			i.App != nil && slices.ContainsFunc(i.App.Closure, leads)
	}
	return out
}

// pick returns the items of a set.
func (w *world) pick(k Kind, s []bool) []*Item {
	var out []*Item
	for n, i := range w.items[k] {
		if s[n] {
			out = append(out, i)
		}
	}
	return out
}
