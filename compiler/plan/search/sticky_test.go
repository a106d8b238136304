package search

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestStickyMovesLittle checks that an edit changes little of a plan. Over many random edits,
// hosts pull hardly more bytes than the edit forces, and the plan costs hardly more than a new
// one.
func TestStickyMovesLittle(t *testing.T) {
	edits := seeds(200, 100, 40)
	var forced, moved, cost, fresh float64
	worst := 0.0
	for done := 0; done < edits; {
		r := rand.New(rand.NewPCG(uint64(done), 3))
		p := generate(r, shape{apps: 3 + r.IntN(25), items: 10 + r.IntN(25), bases: 1 + r.IntN(2),
			perApp: 4 + r.IntN(6), stacked: r.IntN(60), limit: 5 + r.IntN(5)})
		s, err := Solve(p, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for range 10 { // in sequence, so that drift shows
			edited, old, changed := editFleet(r, p, s, done)
			next, err := Solve(edited, Options{Previous: old})
			if err != nil {
				t.Fatal(err)
			}
			if err := Check(edited, next); err != nil {
				t.Fatalf("edit %d: %v", done, err)
			}
			must, did := pulled(edited, old, old, changed), pulled(edited, old, next, changed)
			again, err := Solve(edited, Options{Work: 500_000})
			if err != nil {
				t.Fatal(err)
			}
			ratio := float64(next.Cost.Total()) / float64(again.Cost.Total())
			worst = max(worst, ratio)
			forced, moved = forced+must, moved+did
			cost, fresh = cost+float64(next.Cost.Total()), fresh+float64(again.Cost.Total())
			p, s = edited, next
			done++
		}
	}
	t.Logf("%d edits: moved %.4f of the forced bytes at %.4f of a fresh plan's cost, %.3f at worst",
		edits, moved/forced, cost/fresh, worst)
	if moved > 1.05*forced || cost > 1.02*fresh {
		t.Errorf("not sticky enough")
	}
}

// editFleet bumps the version of an item, adds an app, or removes one. It returns the new
// problem, the old plan for the new problem, and the items with new content.
func editFleet(r *rand.Rand, p *Problem, s *Solution, n int) (*Problem, *Solution, map[int]bool) {
	q := *p
	q.Items, q.Apps = slices.Clone(p.Items), slices.Clone(p.Apps)
	old := &Solution{Layers: s.Layers, Images: slices.Clone(s.Images)}
	changed := map[int]bool{}
	switch n % 3 {
	case 0:
		i := r.IntN(len(q.Items))
		q.Items[i].Size = q.Items[i].Size * int64(90+r.IntN(21)) / 100
		changed[i] = true
	case 1:
		// Similar to one app, with some items of another one.
		like, other := p.Apps[r.IntN(len(p.Apps))], p.Apps[r.IntN(len(p.Apps))]
		set := map[int]bool{}
		for _, i := range like.Items {
			set[i] = true
		}
		var add func(i int)
		add = func(i int) {
			set[i] = true
			for _, n := range p.Items[i].Needs {
				add(n)
			}
		}
		if i := other.Items[r.IntN(len(other.Items))]; !p.Items[i].Base {
			add(i)
		}
		like.Name = fmt.Sprintf("new%04d", n)
		like.Items = slices.Sorted(maps.Keys(set))
		like.Replicas = 1 + r.IntN(20)
		q.Apps = append(q.Apps, like)
	case 2:
		a := r.IntN(len(q.Apps))
		q.Apps = slices.Delete(q.Apps, a, a+1)
		old.Images = slices.Delete(old.Images, a, a+1)
	}
	return &q, old, changed
}

// pulled counts the bytes that hosts with the old plan's layers pull for the new
// plan, when some items have new content. An app without an old image pulls all
// its items and its delta, whatever the plan.
func pulled(p *Problem, old, next *Solution, changed map[int]bool) (sum float64) {
	for a := range p.Apps {
		app := &p.Apps[a]
		if a >= len(old.Images) {
			for _, i := range app.Items {
				sum += float64(p.Items[i].Size * app.replicas())
			}
			sum += float64(app.Delta.Size * app.replicas())
			continue
		}
		had := map[string]bool{}
		for _, l := range old.Images[a] {
			had[contentOf(old, l, nil)] = true
		}
		for _, l := range next.Images[a] {
			if next.Layers[l].Kind != KindDelta && !had[contentOf(next, l, changed)] {
				size, _ := next.content(p, l)
				sum += float64(size * app.replicas())
			}
		}
	}
	return sum
}

// contentOf identifies a blob by its content and the content below it.
func contentOf(s *Solution, l int, changed map[int]bool) string {
	text := ""
	for _, b := range append(s.below(l), l) {
		items := slices.Clone(s.Layers[b].Items)
		slices.Sort(items)
		for _, i := range items {
			text += fmt.Sprint(i, changed[i], " ")
		}
		text += "/"
	}
	return text
}

// TestStickyRepairsAnything starts from unsuitable plans: of another fleet, out of range, for
// higher limits or other needs.
func TestStickyRepairsAnything(t *testing.T) {
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 7))
		sh := shape{apps: 1 + r.IntN(12), items: 3 + r.IntN(15), bases: r.IntN(3), perApp: 2 + r.IntN(6), stacked: r.IntN(101), limit: 4 + r.IntN(6)}
		old, err := Solve(generate(r, sh), Options{Work: 20_000})
		if err != nil {
			t.Fatal(err)
		}
		sh.apps, sh.items, sh.limit, sh.alone = 1+r.IntN(12), 3+r.IntN(15), 3+r.IntN(6), seed%2 == 0
		p := generate(r, sh)
		s, err := Solve(p, Options{Previous: old, Work: 20_000})
		if _, ok := err.(*LimitError); ok {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := Check(p, s); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// TestMoving checks that starting from a plan for the same fleet moves little,
// and that Moving agrees with the solution.
func TestMoving(t *testing.T) {
	p := generate(rand.New(rand.NewPCG(1, 8)), shape{apps: 20, items: 25, bases: 2, perApp: 10, stacked: 40, limit: 6})
	s, err := Solve(p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := Moving(p, s, s); got != (Move{}) {
		t.Errorf("moving nowhere costs %v", got)
	}
	first, err := Solve(p, Options{Work: -1})
	if err != nil {
		t.Fatal(err)
	}
	if got := Moving(p, first, s); got.Bytes == 0 || got.Cost == 0 {
		t.Errorf("moving to a better plan costs %v", got)
	}
	again, err := Solve(p, Options{Previous: s})
	if err != nil {
		t.Fatal(err)
	}
	if again.Moved != Moving(p, s, again) {
		t.Errorf("Moved is %v, but Moving returns %v", again.Moved, Moving(p, s, again))
	}
}
