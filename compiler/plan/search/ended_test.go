package search

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"
)

// TestEnded ends searches before they begin, and while they have work for minutes.
func TestEnded(t *testing.T) {
	const hangs = time.Minute
	p := generate(rand.New(rand.NewPCG(7, 7)), shape{apps: 40, items: 60, bases: 2, perApp: 12, stacked: 50, limit: 10, hosts: 10})
	before, err := Solve(p, Options{Work: -1})
	if err != nil {
		t.Fatal(err)
	}
	for _, previous := range []*Solution{nil, before} {
		for _, after := range []time.Duration{0, 50 * time.Millisecond} {
			done := make(chan struct{})
			time.AfterFunc(after, func() { close(done) })
			if after == 0 {
				<-done
			}
			start := time.Now()
			s, err := Solve(p, Options{Work: 1 << 50, Previous: previous, Done: done})
			if s != nil || !errors.Is(err, ErrEnded) || time.Since(start) > hangs {
				t.Errorf("ended after %v: %v, %v", after, err, time.Since(start))
			}
		}
	}
}
