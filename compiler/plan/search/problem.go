package search

import (
	"errors"
	"fmt"
)

// Problem is a fleet in the search's terms. The order of Items, Sources, Apps and index lists
// does not matter: names break ties.
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
	Sources []int  // indices of the sources that change it, including inherited ones
	Build   int64  // milliseconds that its recipe runs; 0 for a portable item that only copies
	Base    bool   // the base system: always a layer of its own, at the bottom
	Stacked bool   // its layer depends on all content below; otherwise it is portable
	Needs   []int  // items that must be below a stacked one; inherited through portable ones
	Alone   string // items share a layer only if their Alone is equal
}

// Source is something that changes independently: a pin, an update key, a file set. Items with
// the same source change together, and it counts once.
type Source struct {
	Name   string // unique among the sources
	Hazard int64  // expected changes per cycle, in units of 1/HazardOne
}

// HazardOne is the hazard of a source that changes once per cycle on average.
const HazardOne = 1 << 32

// App is one image: items, and the app's own delta.
type App struct {
	Name     string // unique among the apps
	Items    []int  // closed under Needs; at most one Base
	Delta    Delta
	Replicas int  // number of running containers; less than 1 counts as 1
	Limit    int  // maximal number of layers, including base and delta; 0 is DefaultLimit
	Own      bool // Limit is the app's own; otherwise it is the fleet's, and equal for all
}

// DefaultLimit is the default for the maximal number of layers of an image.
const DefaultLimit = 10

// Delta is what an app adds to its items, always a layer of its own on top. The zero value means
// that the app has no delta.
type Delta struct {
	Size    int64
	Sources []int
	Build   int64 // milliseconds
}

func (d Delta) empty() bool { return d.Size == 0 && len(d.Sources) == 0 && d.Build == 0 }

// Weights turn bytes and seconds into money. The caller chooses the unit of money (dollars for
// the defaults). Prices are integers in small fractions of it.
type Weights struct {
	Store    int64 // price of keeping one byte for a cycle, in 1e-15
	Pull     int64 // price of one host pulling one byte, in 1e-15
	Build    int64 // price of building for one millisecond, in 1e-12
	Retained int64 // R: old versions of a changed layer that a registry keeps
	Replaced int64 // ν: hosts replaced per cycle, per mille; they pull everything
	Cold     int64 // φ₀: builds per cycle that find an empty cache, per mille
	Layer    int64 // ε: the cost of pulling one more layer, in bytes
	Hosts    int64 // hosts that replicas are spread over; 0: each has its own
}

// DefaultWeights are for a cycle of one week, in dollars. Registry storage costs 0.10 per
// gigabyte and month, pulls 0.02 per gigabyte, a builder 0.008 per minute. A registry keeps four
// old versions. A tenth of the hosts are replaced per week, one build in ten weeks is cold, and
// the round trips of a layer count as 256 KiB.
func DefaultWeights() Weights {
	return Weights{
		Store: 23_000, Pull: 20_000, Build: 133_000,
		Retained: 4, Replaced: 100, Cold: 100, Layer: 256 << 10,
	}
}

// Options configure Solve. The zero value is the default for a new fleet.
type Options struct {
	Work     int64     // limit in app-layer incidences; 0: by the fleet's size, less than 0: no polish
	Previous *Solution // plan to stay close to; its indices refer to the new problem
	Payback  int64     // cycles within which a move must pay back; 0: DefaultPayback
	NoExact  bool      // never search exhaustively, however small the problem (for tests)
	// Done, if not nil, is closed when nobody needs the plan any more. Then Solve soon returns ErrEnded.
	Done <-chan struct{}
}

// ErrEnded is the error of a search that was ended before it had a plan.
var ErrEnded = errors.New("the search was ended")

func (o Options) ended() bool {
	select {
	case <-o.Done:
		return true
	default:
		return false
	}
}

// Kind says what a layer's identity depends on.
type Kind uint8

const (
	KindBase     Kind = iota // one base item, at the bottom of its images
	KindSpine                // has a stacked item: all content below is part of it
	KindPortable             // only its items, wherever it is
	KindDelta                // of one app, on top
)

func (k Kind) String() string {
	return [...]string{"base", "spine", "portable", "delta"}[k]
}

// Layer is one distinct blob.
type Layer struct {
	Kind  Kind
	Items []int // what is needed first, then by name; empty for a delta
	// Parent is the base or spine layer below, for KindSpine only. It is -1 for other kinds and
	// for a spine layer at the bottom.
	Parent int
	// On lists the portable layers between Parent and this layer, for KindSpine only: the layers
	// that it needs and that no lower spine layer needed.
	On       []int
	App      int   // owner of a delta; otherwise -1
	Size     int64 // bytes
	Hazard   int64 // in 1/HazardOne; for a spine including all content below
	Replicas int64 // of the apps that use it
}

// Solution is a plan. Layers lists every blob once, parents before children.
type Solution struct {
	Layers []Layer
	Images [][]int // for each app of the problem the indices of its layers, bottom up
	Cost   Cost
	Exact  bool  // proven to be a cheapest plan
	Work   int64 // spent of Options.Work
	Moved  Move  // from Options.Previous
}

// Move is what hosts pull, once, when one plan replaces another.
type Move struct {
	Bytes int64
	Cost  Money
}

// Money counts 1e-12 of the unit of Weights.
type Money int64

// Cost is the average cost of a plan per cycle.
type Cost struct{ Store, Pull, Build Money }

// Total is the sum, which Solve minimizes.
func (c Cost) Total() Money { return c.Store + c.Pull + c.Build }

func (c Cost) plus(d Cost) Cost {
	return Cost{c.Store + d.Store, c.Pull + d.Pull, c.Build + d.Build}
}

// LimitError means that an app does not fit into its limit of layers. If the limit is the fleet's,
// App is the app that needs most layers, so Least is enough for all apps with that limit.
type LimitError struct {
	App   string
	Limit int // asked for
	Least int // smallest limit that works
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("app %s needs at least %d layers, its limit is %d", e.App, e.Least, e.Limit)
}
