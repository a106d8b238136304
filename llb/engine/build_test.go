//go:build linux

package engine

import (
	"testing"
)

func TestBuildSharesLayersAndRebuildsNothing(t *testing.T) {
	needEngine(t)
	e := open(t, t.TempDir())
	dir := t.TempDir()
	first := build(t, e, request(t, dir, two(t, "2")...))
	t.Log("executed:", names(first.Steps.Executed))
	t.Log("cached:", names(first.Steps.Cached))
	if got := first.Images[0].Layers[0]; got != first.Images[1].Layers[0] || got.Size == 0 {
		t.Errorf("first layers are %v and %v, want the same", got, first.Images[1].Layers[0])
	}
	again := build(t, e, request(t, dir, two(t, "2")...))
	t.Log("executed:", names(again.Steps.Executed))
	t.Log("cached:", names(again.Steps.Cached))
	third := build(t, e, request(t, dir, two(t, "3")...))
	t.Log("executed:", names(third.Steps.Executed))
	t.Log("cached:", names(third.Steps.Cached))
}
