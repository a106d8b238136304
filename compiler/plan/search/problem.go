package search

import "fmt"

// Problem is a fleet as the search sees it. The order of Items, Sources, Apps
// and of every index list means nothing: ties are broken by names.
type Problem struct {
	Items   []Item
	Sources []Source
	Apps    []App
	Weights Weights // zero value: DefaultWeights
}

// Item is one instance that layers are made of.
type Item struct {
	Name    string // unique among the items
	Size    int64  // compressed bytes
	Sources []int  // indices of all that changes it, inherited ones included
	Build   int64  // milliseconds its recipe runs; 0 for a portable item that only copies
	Base    bool   // the base system: always a layer of its own, at the bottom
	Stacked bool   // its layer depends on all content below; otherwise it is portable
	Needs   []int  // items a stacked one must come after; inherited through portable ones
	Alone   string // items share a layer only if their Alone is equal
}

// Source is one thing that changes by itself: a pin, an update key, a file set.
// Items that list the same source change together, and count once.
type Source struct {
	Name   string // unique among the sources
	Hazard int64  // expected changes a cycle, in units of 1/HazardOne
}

// HazardOne is the hazard of a source that changes once a cycle on average.
const HazardOne = 1 << 32

// App is one image: items, and a delta that is the app's own.
type App struct {
	Name     string // unique among the apps
	Items    []int  // closed under Needs; at most one Base
	Delta    Delta
	Replicas int // containers that run; less than 1 counts as 1
	Limit    int // layers at most, base and delta included; 0 is DefaultLimit
}

// DefaultLimit is the number of layers an image may have when nobody says.
const DefaultLimit = 10

// Delta is what an app adds to its items, always a layer of its own on top.
// The zero value means that there is none, and no layer.
type Delta struct {
	Size    int64
	Sources []int
	Build   int64 // milliseconds
}

func (d Delta) empty() bool { return d.Size == 0 && len(d.Sources) == 0 && d.Build == 0 }

// Weights turn bytes and seconds into money. The unit of money is the caller's
// (the defaults are in dollars); prices are integers in small fractions of it.
type Weights struct {
	Store    int64 // price of keeping one byte for a cycle, in 1e-15
	Pull     int64 // price of one host pulling one byte, in 1e-15
	Build    int64 // price of building for one millisecond, in 1e-12
	Retained int64 // R: old versions that a registry keeps of a changed layer
	Replaced int64 // ν: hosts replaced a cycle, per mille; they pull everything
	Cold     int64 // φ₀: builds a cycle that find an empty cache, per mille
	Layer    int64 // ε: what pulling one more layer costs, in bytes
	Hosts    int64 // hosts that replicas are spread over; 0: each has its own
}

// DefaultWeights are for a cycle of one week, in dollars: registry storage at
// 0.10 a gigabyte and month, pulls at 0.02 a gigabyte, a builder at 0.008 a
// minute, four old versions kept, a tenth of the hosts replaced, one cold build
// in ten weeks, and 256 KiB for the round trips of a layer.
func DefaultWeights() Weights {
	return Weights{
		Store: 23_000, Pull: 20_000, Build: 133_000,
		Retained: 4, Replaced: 100, Cold: 100, Layer: 256 << 10,
	}
}

// Options steer Solve. The zero value is what production uses for a new fleet.
type Options struct {
	Work     int64     // limit in app-layer incidences; 0: by the fleet's size, less than 0: no polish
	Previous *Solution // plan to stay close to; indices are those of the new problem
	Payback  int64     // cycles within which a move must pay back; 0: DefaultPayback
	NoExact  bool      // never search exhaustively, however small the problem (for tests)
}

// Kind says what a layer's identity depends on.
type Kind uint8

const (
	KindBase     Kind = iota // one base item, at the bottom of its images
	KindSpine                // has a stacked item: all content below is part of it
	KindPortable             // its items alone, wherever it lies
	KindDelta                // an app's own, on top
)

func (k Kind) String() string {
	return [...]string{"base", "spine", "portable", "delta"}[k]
}

// Layer is one distinct blob.
type Layer struct {
	Kind  Kind
	Items []int // what is needed first, then by name; empty for a delta
	// Parent is the base or spine layer below, for KindSpine only; otherwise -1,
	// as for a spine that starts on nothing.
	Parent int
	// On are the portable layers between Parent and this layer, for KindSpine only:
	// those that it needs and that nothing further down needed.
	On       []int
	App      int   // owner of a delta; otherwise -1
	Size     int64 // bytes
	Hazard   int64 // in 1/HazardOne; for a spine over all content below, too
	Replicas int64 // of the apps that have it
}

// Solution is a plan. Layers has every blob once, parents before children.
type Solution struct {
	Layers []Layer
	Images [][]int // for each app of the problem its layers, bottom up
	Cost   Cost
	Exact  bool  // proven to be a cheapest plan
	Work   int64 // spent of Options.Work
	Moved  Move  // from Options.Previous
}

// Move is what going from one plan to another makes hosts pull, once.
type Move struct {
	Bytes int64
	Cost  Money
}

// Money counts 1e-12 of the unit of Weights.
type Money int64

// Cost is what a plan costs a cycle on average.
type Cost struct{ Store, Pull, Build Money }

// Total is the sum, which Solve minimises.
func (c Cost) Total() Money { return c.Store + c.Pull + c.Build }

func (c Cost) plus(d Cost) Cost {
	return Cost{c.Store + d.Store, c.Pull + d.Pull, c.Build + d.Build}
}

// LimitError says that an app can't be built in so few layers.
type LimitError struct {
	App   string
	Limit int // asked for
	Least int // smallest limit that works
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("app %s needs at least %d layers, its limit is %d", e.App, e.Least, e.Limit)
}
