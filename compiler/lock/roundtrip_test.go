package lock

import (
	"fmt"
	"math/rand"
	"reflect"
	"testing"
	"time"
)

// Parse returns what Format writes, whatever names a program has: spaces, quotes, line ends, conflict
// markers and comments in names have no meaning.
func TestRoundTripOfNames(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	pieces := []string{"a", "é", " ", "\t", "\n", "\r", `"`, `\`, "#", "=", ",", "<<<<<<<", "=======", "layc-lock 1", "\u2028", "\u00a0", "needs=", "parent="}
	name := func() string {
		s := fmt.Sprint(random.Intn(1e9)) // so that all names differ
		for range random.Intn(5) {
			s = pieces[random.Intn(len(pieces))] + s
		}
		return s
	}
	for range 500 {
		f := &File{
			Indexes: []Index{
				{Distribution: name(), Arch: "amd64", Suite: name(), Digest: digest("e"), URL: WithoutUser(name()), Components: []string{"main", "a.b"}, Priority: 1 + random.Intn(1000)},
				{Distribution: name(), Arch: "amd64", Suite: name(), Digest: digest("e"), Date: time.Date(2026, 11, 14, 9, 30, 0, 0, time.UTC), URL: WithoutUser(name())},
			},
			URLs:      []URL{{name(), digest("a"), random.Int63()}},
			Downloads: []Download{{digest("a"), name()}},
			Images:    []Image{{name(), name(), digest("b")}},
			Modules:   []Module{{name(), name(), "0123456789012345678901234567890123456789", digest("c")}},
			Layers:    []PlanLayer{{Name: name(), Kind: name(), Members: []string{name(), name()}}, {Name: name(), Kind: "spine", Parent: name()}},
			Stacks:    []Stack{{name(), name()}},
			Sizes:     []Size{NewSize(name(), random.Int63n(1e12))},
			Updates:   []UpdateKey{{name(), "2026-11-23"}},
		}
		f.Sort()
		text := f.Format()
		got, err := Parse(Name, text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if !reflect.DeepEqual(got, f) {
			t.Fatalf("%+v is parsed as\n%+v", f, got)
		}
	}
}
