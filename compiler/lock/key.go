package lock

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// UpdateKey records when a component with an `update` clause was refreshed. The component's runs
// depend on the key, so they run again with a new key.
type UpdateKey struct {
	Component string // its path without arguments: "std/node.modules"
	Key       string // a day, "2026-11-23"; for a second refresh on that day, "2026-11-23.2"
}

// UpdateRef is a component with an `update` clause.
type UpdateRef struct {
	Component string
	Every     time.Duration // 0: only by name
	// Names are the pins that are refreshed together with the component: URLs, image
	// references, IDs of distributions.
	Names []string
}

// UpdateKey returns a component's key, "" if there is none.
func (f *File) UpdateKey(component string) string {
	k, _ := find(f.Updates, compareUpdates, UpdateKey{Component: component})
	return k.Key
}

// Due reports whether a component must be refreshed at a time: its interval has passed since the
// day of its key, or it has no key.
func (f *File) Due(ref UpdateRef, now time.Time) bool {
	day, _, ok := parseKey(f.UpdateKey(ref.Component))
	return !ok || ref.Every > 0 && !now.Before(day.Add(ref.Every))
}

const dayForm = "2006-01-02"

// parseKey parses a key: its day, and its number among the keys of that day.
func parseKey(key string) (day time.Time, number int, ok bool) {
	date, rest, more := strings.Cut(key, ".")
	day, err := time.Parse(dayForm, date)
	if err != nil || !more {
		return day, 1, err == nil
	}
	number, err = strconv.Atoi(rest)
	return day, number, err == nil && number > 1 && strconv.Itoa(number) == rest
}

// nextKey returns the key of a refresh at a time. It is always later than the old key, even if the
// clock went back.
func nextKey(old string, now time.Time) string {
	today := now.UTC().Format(dayForm)
	if day, n, ok := parseKey(old); ok && day.Format(dayForm) >= today {
		return fmt.Sprintf("%s.%d", day.Format(dayForm), n+1)
	}
	return today
}

func compareUpdates(a, b UpdateKey) int { return cmp.Compare(a.Component, b.Component) }

// laterKey reports whether a is a later key than b.
func laterKey(a, b string) bool {
	dayA, a1, _ := parseKey(a)
	dayB, b1, _ := parseKey(b)
	return cmp.Or(dayA.Compare(dayB), cmp.Compare(a1, b1)) > 0
}
