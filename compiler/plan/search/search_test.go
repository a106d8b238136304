package search

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

// seeds is how many random fleets a test tries: all with LAYC_SEEDS=all, as make seeds does, some
// otherwise, and few with -short.
func seeds(all, some, few int) int {
	switch {
	case os.Getenv("LAYC_SEEDS") == "all":
		return all
	case testing.Short():
		return few
	}
	return some
}

func TestSolveIsValid(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		sh := shape{apps: 1 + r.IntN(12), items: 2 + r.IntN(20), bases: r.IntN(3), stacked: r.IntN(101), limit: 3 + r.IntN(6), alone: seed%3 == 0}
		sh.perApp = 1 + r.IntN(sh.items)
		p := generate(r, sh)
		s, err := Solve(p, Options{Work: 100_000})
		if err != nil {
			if _, ok := err.(*LimitError); !ok {
				t.Fatalf("seed %d: %v", seed, err)
			}
			continue
		}
		if err := Check(p, s); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// spell describes a plan by names, so that plans of permuted problems can be compared.
func spell(p *Problem, s *Solution) string {
	names := make([]string, len(s.Layers))
	for l, layer := range s.Layers {
		var items []string
		for _, i := range layer.Items {
			items = append(items, p.Items[i].Name)
		}
		names[l] = fmt.Sprintf("%s %s %d %d %d", layer.Kind, items, layer.Size, layer.Hazard, layer.Replicas)
		for _, b := range s.below(l) {
			names[l] += " on " + strings.Join(strings.Fields(names[b])[:2], " ")
		}
	}
	var lines []string
	for a, image := range s.Images {
		line := p.Apps[a].Name
		for _, l := range image {
			line += "\n  " + names[l]
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n") + fmt.Sprint("\n", s.Cost, s.Work)
}

// shuffle permutes all indices.
func shuffle(r *rand.Rand, p *Problem) *Problem {
	items, sources, apps := r.Perm(len(p.Items)), r.Perm(len(p.Sources)), r.Perm(len(p.Apps))
	through := func(perm, list []int) []int {
		list = slices.Clone(list)
		for k := range list {
			list[k] = perm[list[k]]
		}
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		return list
	}
	q := &Problem{Weights: p.Weights, Items: make([]Item, len(p.Items)), Sources: make([]Source, len(p.Sources)), Apps: make([]App, len(p.Apps))}
	for i, it := range p.Items {
		it.Sources, it.Needs = through(sources, it.Sources), through(items, it.Needs)
		q.Items[items[i]] = it
	}
	for i, s := range p.Sources {
		q.Sources[sources[i]] = s
	}
	for a, app := range p.Apps {
		app.Items, app.Delta.Sources = through(items, app.Items), through(sources, app.Delta.Sources)
		q.Apps[apps[a]] = app
	}
	return q
}

func TestOrderDoesNotMatter(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 4))
		p := generate(r, shape{apps: 2 + r.IntN(20), items: 4 + r.IntN(20), bases: 1 + r.IntN(2), perApp: 2 + r.IntN(8), stacked: r.IntN(101), limit: 5})
		o := Options{Work: 200_000}
		s, err := Solve(p, o)
		if err != nil {
			t.Fatal(err)
		}
		q := shuffle(r, p)
		u, err := Solve(q, o)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := spell(q, u), spell(p, s); got != want {
			t.Fatalf("seed %d: the plan depends on the order:\n%s\n\n%s", seed, want, got)
		}
	}
}

// packed stacks each image's items in an order, one per layer; items beyond the limit share the
// last layer.
func packed(t *testing.T, p *Problem, order func(a, b int) int) Cost {
	t.Helper()
	f, err := newFleet(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	po := newPool(f)
	plans := make([][]int32, len(f.classes))
	for c := range f.classes {
		items := slices.Clone(f.classes[c].items)
		slices.SortStableFunc(items, func(a, b int32) int { return order(f.items[a].index, f.items[b].index) })
		for k, room := 0, f.classes[c].room; k < len(items); k++ {
			if k == room-1 {
				plans[c] = append(plans[c], po.intern(items[k:]...))
				break
			}
			plans[c] = append(plans[c], po.intern(items[k]))
		}
	}
	po.load(plans)
	s := po.solution()
	if err := Check(p, s); err != nil {
		t.Fatal(err)
	}
	return Evaluate(p, s)
}

// baselines plans as people and other tools do: each app on its own in written order, one chain
// with the most shared items at the bottom, Nix's popularity packing, and a chain for each image
// as written. Only Nix's has portable layers.
func baselines(t *testing.T, p *Problem) map[string]Money {
	count := make([]int, len(p.Items))
	for _, app := range p.Apps {
		for _, i := range app.Items {
			count[i]++
		}
	}
	written := func(a, b int) int { return cmp.Compare(a, b) }
	popular := func(a, b int) int { return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b)) }
	chained := *p
	chained.Items = slices.Clone(p.Items)
	for i := range chained.Items {
		chained.Items[i].Stacked = !chained.Items[i].Base
	}
	var own Money
	for a := range p.Apps {
		one := chained
		one.Apps = p.Apps[a : a+1]
		own += packed(t, &one, written).Total()
	}
	return map[string]Money{
		"own":     own,
		"shared":  packed(t, &chained, popular).Total(),
		"nix":     packed(t, p, popular).Total(),
		"written": packed(t, &chained, written).Total(),
	}
}

func TestNeverWorseThanBaselines(t *testing.T) {
	sum := map[string]float64{}
	n := 0
	compare := func(p *Problem, o Options) {
		s, err := Solve(p, o)
		if err != nil {
			t.Fatal(err)
		}
		if bound := Bound(p, s, 0); bound > s.Cost.Total() || bound <= 0 {
			t.Errorf("bound %d above the cost %d", bound, s.Cost.Total())
		}
		for name, cost := range baselines(t, p) {
			sum[name] += float64(cost) / float64(s.Cost.Total())
			if cost < s.Cost.Total() {
				t.Errorf("fleet %d: %s costs %d, the plan %d", n, name, cost, s.Cost.Total())
			}
		}
		n++
	}
	for seed := range uint64(seeds(300, 120, 50)) {
		r := rand.New(rand.NewPCG(seed, 5))
		sh := shape{apps: 1 + r.IntN(20), items: 2 + r.IntN(30), bases: r.IntN(3), stacked: r.IntN(101), limit: 3 + r.IntN(8)}
		sh.perApp = 1 + r.IntN(min(12, sh.items))
		compare(generate(r, sh), Options{Work: 300_000, NoExact: seed%2 == 0})
	}
	for name := range sum {
		t.Logf("%-8s costs %.2f times the plan", name, sum[name]/float64(n))
	}
}

// TestSeparateApps checks that apps that share nothing are planned as if each were
// alone.
func TestSeparateApps(t *testing.T) {
	all := &Problem{Weights: DefaultWeights()}
	var apart Money
	for a := range 6 {
		one := generate(rand.New(rand.NewPCG(uint64(a), 6)), shape{apps: 1, items: 7, perApp: 7, stacked: 50, limit: 5})
		s, err := Solve(one, Options{})
		if err != nil {
			t.Fatal(err)
		}
		apart += s.Cost.Total()
		items, sources := len(all.Items), len(all.Sources)
		later := func(list []int, by int) []int {
			list = slices.Clone(list)
			for k := range list {
				list[k] += by
			}
			return list
		}
		for _, src := range one.Sources {
			src.Name = fmt.Sprint(a, src.Name)
			all.Sources = append(all.Sources, src)
		}
		for _, it := range one.Items {
			it.Name, it.Sources, it.Needs = fmt.Sprint(a, it.Name), later(it.Sources, sources), later(it.Needs, items)
			all.Items = append(all.Items, it)
		}
		app := one.Apps[0]
		app.Name, app.Items, app.Delta.Sources = fmt.Sprint(a), later(app.Items, items), later(app.Delta.Sources, sources)
		all.Apps = append(all.Apps, app)
	}
	s, err := Solve(all, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Cost.Total(); got > apart {
		t.Errorf("together %d, apart %d", got, apart)
	}
}

func TestLimitThatCannotBeKept(t *testing.T) {
	p := &Problem{
		Sources: []Source{{Name: "s", Hazard: HazardOne / 4}},
		Items: []Item{
			{Name: "base", Base: true, Size: 100, Sources: []int{0}},
			{Name: "a", Stacked: true, Alone: "a", Size: 10, Sources: []int{0}},
			{Name: "b", Stacked: true, Size: 10, Sources: []int{0}, Needs: []int{1}},
			{Name: "c", Stacked: true, Size: 10, Sources: []int{0}},
		},
		Apps: []App{{Name: "shop", Items: []int{0, 1, 2, 3}, Delta: Delta{Size: 1, Sources: []int{0}}, Limit: 3}},
	}
	_, err := Solve(p, Options{})
	var limit *LimitError
	if !errors.As(err, &limit) || *limit != (LimitError{App: "shop", Limit: 3, Least: 4}) {
		t.Fatalf("got %v", err)
	}
	p.Apps[0].Limit = 4
	s, err := Solve(p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := Check(p, s); err != nil {
		t.Fatal(err)
	}
}

// TestPortableUnderStacked checks that a portable item that a stacked one needs is below it, in a
// portable layer, and that the layers above start from it.
func TestPortableUnderStacked(t *testing.T) {
	p := &Problem{
		Sources: []Source{{Name: "slow", Hazard: HazardOne / 50}, {Name: "fast", Hazard: HazardOne}},
		Items: []Item{
			{Name: "base", Base: true, Size: 50 << 20, Sources: []int{0}},
			{Name: "java", Size: 80 << 20, Sources: []int{0}},
			{Name: "server", Stacked: true, Size: 50 << 20, Sources: []int{1}, Needs: []int{1}, Build: 9000},
			{Name: "tools", Size: 10 << 20, Sources: []int{1}},
		},
		Apps: []App{{Name: "one", Items: []int{0, 1, 2, 3}}, {Name: "two", Items: []int{0, 1}}},
	}
	s, err := Solve(p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := Check(p, s); err != nil {
		t.Fatal(err)
	}
	got := ""
	for a, image := range s.Images {
		got += p.Apps[a].Name + ":"
		for _, l := range image {
			got += fmt.Sprintf(" %s%v", s.Layers[l].Kind, s.Layers[l].Items)
			if len(s.Layers[l].On) > 0 {
				got += fmt.Sprintf(" on %v", s.Layers[s.Layers[l].On[0]].Items)
			}
		}
		got += "\n"
	}
	want := "one: base[0] portable[1] spine[2] on [1] portable[3]\ntwo: base[0] portable[1]\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestSmallestFleets(t *testing.T) {
	for _, p := range []*Problem{
		{},
		{Apps: []App{{Name: "empty"}}},
		{Apps: []App{{Name: "delta", Delta: Delta{Size: 1}, Limit: 1}}},
		{Items: []Item{{Name: "b", Base: true, Size: 1}, {Name: "unused"}}, Apps: []App{{Name: "based", Items: []int{0}, Limit: 1}}},
		{Items: []Item{{Name: "i"}}, Apps: []App{{Name: "weightless", Items: []int{0, 0}}}},
	} {
		for _, o := range []Options{{}, {NoExact: true}, {Previous: &Solution{}}} {
			s, err := Solve(p, o)
			if err != nil {
				t.Fatalf("%v: %v", p.Apps, err)
			}
			if err := Check(p, s); err != nil {
				t.Errorf("%v: %v", p.Apps, err)
			}
		}
	}
}

func TestInvalidProblems(t *testing.T) {
	for want, p := range map[string]*Problem{
		"item i is defined twice":                                 {Items: []Item{{Name: "i"}, {Name: "i"}}},
		"app a is defined twice":                                  {Apps: []App{{Name: "a"}, {Name: "a"}}},
		"item i: unknown source 0, or its hazard is out of range": {Items: []Item{{Name: "i", Sources: []int{0}}}},
		"item i needs itself":                                     {Items: []Item{{Name: "i", Needs: []int{0}}}},
		"app a: unknown item 3":                                   {Apps: []App{{Name: "a", Items: []int{3}}}},
		"app a: missing an item that i needs":                     {Items: []Item{{Name: "i", Needs: []int{1}}, {Name: "j"}}, Apps: []App{{Name: "a", Items: []int{0}}}},
		"app a has two bases":                                     {Items: []Item{{Name: "i", Base: true}, {Name: "j", Base: true}}, Apps: []App{{Name: "a", Items: []int{0, 1}}}},
		"item i: its size or build time is out of range":          {Items: []Item{{Name: "i", Size: -1}}},
		"the cost of all images is out of range":                  {Items: []Item{{Name: "i", Size: 1 << 44}}, Apps: []App{{Name: "a", Items: []int{0}, Replicas: 1 << 24}}},
		"app a needs at least 2 layers, its limit is 1":           {Items: []Item{{Name: "i", Base: true}}, Apps: []App{{Name: "a", Items: []int{0}, Delta: Delta{Size: 1}, Limit: 1}}},
	} {
		if _, err := Solve(p, Options{}); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
