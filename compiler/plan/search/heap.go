package search

// heaped is what a heap holds: values with an order, the first one first.
type heaped[T any] interface {
	*T
	before(*T) bool
}

// push adds a value to a heap, and returns it.
func push[T any, P heaped[T]](heap []T, x T) []T {
	heap = append(heap, x)
	for i := len(heap) - 1; i > 0; {
		up := (i - 1) / 2
		if !P(&heap[i]).before(&heap[up]) {
			break
		}
		heap[i], heap[up] = heap[up], heap[i]
		i = up
	}
	return heap
}

// pop removes the first value of a heap, and returns the heap.
func pop[T any, P heaped[T]](heap []T) []T {
	var zero T
	last := len(heap) - 1
	heap[0], heap[last] = heap[last], zero
	heap = heap[:last]
	sink[T, P](heap, 0)
	return heap
}

// heapify makes a heap of a list.
func heapify[T any, P heaped[T]](list []T) {
	for i := len(list)/2 - 1; i >= 0; i-- {
		sink[T, P](list, i)
	}
}

// sink restores a heap after the value at i became larger.
func sink[T any, P heaped[T]](heap []T, i int) {
	for {
		least := i
		for kid := 2*i + 1; kid <= 2*i+2 && kid < len(heap); kid++ {
			if P(&heap[kid]).before(&heap[least]) {
				least = kid
			}
		}
		if least == i {
			return
		}
		heap[i], heap[least] = heap[least], heap[i]
		i = least
	}
}
