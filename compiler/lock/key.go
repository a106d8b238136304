package lock

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// UpdateKey pins when the content of a component that says `update` was
// refreshed. The key enters what the component's runs depend on, so a
// new key runs them again.
type UpdateKey struct {
	Component string // its path without arguments: "std/node.modules"
	Key       string // a day, "2026-11-23"; its second refresh on that day is "2026-11-23.2"
}

// UpdateRef is a component that says `update`.
type UpdateRef struct {
	Component string
	Every     time.Duration // 0: only when it is named
	// Names are the pins that are refreshed together with it: URLs, image
	// references, distributions' IDs.
	Names []string
}

// UpdateKey returns a component's key, "" if there is none.
func (f *File) UpdateKey(component string) string {
	k, _ := find(f.Updates, compareUpdates, UpdateKey{Component: component})
	return k.Key
}

// Due says whether a component is to be refreshed at a time: that is so if
// its interval has passed since the day of its key, or it has no key.
func (f *File) Due(ref UpdateRef, now time.Time) bool {
	day, _, ok := parseKey(f.UpdateKey(ref.Component))
	return !ok || ref.Every > 0 && !now.Before(day.Add(ref.Every))
}

const dayForm = "2006-01-02"

// parseKey reads a key: its day, and its number among the keys of that day.
func parseKey(key string) (day time.Time, number int, ok bool) {
	date, rest, more := strings.Cut(key, ".")
	day, err := time.Parse(dayForm, date)
	if err != nil || !more {
		return day, 1, err == nil
	}
	number, err = strconv.Atoi(rest)
	return day, number, err == nil && number > 1 && strconv.Itoa(number) == rest
}

// nextKey is the key of a refresh at a time. It differs from the old one, and
// comes after it, whatever the clock says.
func nextKey(old string, now time.Time) string {
	today := now.UTC().Format(dayForm)
	if day, n, ok := parseKey(old); ok && day.Format(dayForm) >= today {
		return fmt.Sprintf("%s.%d", day.Format(dayForm), n+1)
	}
	return today
}

func compareUpdates(a, b UpdateKey) int { return cmp.Compare(a.Component, b.Component) }

// laterKey says whether a key comes after another one.
func laterKey(a, b string) bool {
	dayA, a1, _ := parseKey(a)
	dayB, b1, _ := parseKey(b)
	return cmp.Or(dayA.Compare(dayB), cmp.Compare(a1, b1)) > 0
}
