package progress

import "time"

// Times are how long steps took in earlier builds, by part and text.
type Times map[string]time.Duration

func key(s *step) string { return s.part + "\n" + s.text }

// counts reports whether the time of a step is worth remembering: it does not depend on the network alone.
func (s *step) counts() bool {
	return s.part != "" && (s.kind == runs || s.kind == writes || s.kind == checks)
}

// took returns how long the steps took that ran to their end. Of several equal ones it is the longest.
func (b *board) took() Times {
	out := Times{}
	for _, s := range b.order {
		if s.counts() && !s.completed.IsZero() && !s.started.IsZero() && !s.cached && !s.failed {
			out[key(s)] = max(out[key(s)], s.lasted(s.completed))
		}
	}
	return out
}

// expected returns how long a step took in an earlier build; 0: unknown.
func (b *board) expected(s *step) time.Duration {
	if !s.counts() {
		return 0
	}
	return b.earlier[key(s)]
}

// left estimates how long the steps take that run, and what takes their results: the longest way through
// them. It is false if something on these ways has never run before. What nothing running leads to may be
// cached, and does not count.
func (b *board) left(now time.Time) (time.Duration, bool) {
	ways := map[*step]time.Duration{} // from a step that has not begun
	known := true
	var way func(s *step) time.Duration
	after := func(s *step) (longest time.Duration) {
		for _, t := range s.takers {
			if t.completed.IsZero() && !t.running() {
				longest = max(longest, way(t))
			}
		}
		return longest
	}
	way = func(s *step) time.Duration {
		if d, ok := ways[s]; ok {
			return d
		}
		e := b.expected(s)
		known = known && (e > 0 || s.kind != runs)
		ways[s] = e + after(s)
		return ways[s]
	}
	var longest time.Duration
	for _, s := range b.order {
		if !s.running() || s.kind == hidden || s.kind == downloads {
			continue
		}
		e := b.expected(s)
		known = known && (e > 0 || s.kind != runs)
		longest = max(longest, max(0, e-s.lasted(now))+after(s))
	}
	return longest, known && longest >= soon
}
