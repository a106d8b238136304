package search

import "slices"

// offers is a heap of merges about one loose layer, or about several if about is -1. It is never
// empty. Most lists are dropped unused, so a list is a heap only once its first merge is taken;
// until then, only the first one is in its place.
type offers struct {
	first int64 // ratio of the first
	about int32
	taken bool
	list  []merge
}

// offered adds the batch to the heap. All its merges are about one loose layer, or about several
// (-1).
func (x *fit) offered(about int32) {
	if len(x.batch) == 0 {
		return
	}
	list := slices.Clone(x.batch)
	x.batch = x.batch[:0]
	least := 0
	for i := range list {
		if list[i].before(&list[least]) {
			least = i
		}
	}
	list[0], list[least] = list[least], list[0]
	x.heap = push(x.heap, offers{first: list[0].ratio, about: about, list: list})
}

// merge takes merges from the heap until it is empty.
func (x *fit) merge() {
	for len(x.heap) > 0 {
		top := &x.heap[0]
		if top.about >= 0 && x.loose[top.about].dead {
			x.heap = pop(x.heap)
			continue
		}
		m := top.list[0]
		old := m.ratio
		gone := x.gone(&m)
		ok := !gone && x.price(&m)
		switch {
		case gone:
			top.list = slices.DeleteFunc(top.list, func(m merge) bool { return x.gone(&m) })
		case ok && m.ratio > old:
			top.list[0] = m
		default:
			last := len(top.list) - 1
			top.list[0] = top.list[last]
			top.list = top.list[:last]
		}
		if len(top.list) == 0 {
			x.heap = pop(x.heap)
		} else {
			if gone || !top.taken {
				heapify(top.list)
				top.taken = true
			} else {
				sink(top.list, 0)
			}
			top.first = top.list[0].ratio
			sink(x.heap, 0)
		}
		if ok && m.ratio <= old {
			x.apply(m)
		}
	}
}

func (o *offers) before(other *offers) bool {
	return o.first < other.first || o.first == other.first && o.list[0].before(&other.list[0])
}

// before orders merges: cheap ones first, else by what they are.
func (m *merge) before(o *merge) bool {
	switch {
	case m.ratio != o.ratio:
		return m.ratio < o.ratio
	case m.kind != o.kind:
		return m.kind < o.kind
	case m.a != o.a:
		return m.a < o.a
	}
	return m.b < o.b
}
