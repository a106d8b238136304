package main

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestInterrupts types Ctrl-C to programs that ignore it. A step is what is typed, then what the program
// prints, then how long nothing happens.
func TestInterrupts(t *testing.T) {
	type step struct {
		typed, printed string
		pause          time.Duration
	}
	const short, long = time.Second, 3 * time.Second
	for name, c := range map[string]struct {
		steps       []step
		told, ended bool
	}{
		"one, and an answer":         {[]step{{"\x03", "^C\r\n>>> ", long}}, false, false},
		"one, and silence":           {[]step{{"\x03", "^C", long}}, true, false},
		"one, and typing":            {[]step{{"\x03", "^C", short}, {"ls", "", long}}, false, false},
		"two":                        {[]step{{"\x03", "^C", short}, {"\x03", "log\n", short}}, true, false},
		"three":                      {[]step{{"\x03", "log\n", short}, {"\x03", "log\n", short}, {"\x03", "", short}}, true, true},
		"three at once":              {[]step{{"\x03\x03\x03", "", short}}, true, true},
		"three, with others between": {[]step{{"\x03\x03a", "", short}, {"\x03", "a", short}}, true, false},
		"none":                       {[]step{{"exit\n", "", long}}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				told, ended := make(chan bool, 9), make(chan bool, 9)
				var typed string
				i := &interrupts{tell: func() { told <- true }, end: func() { ended <- true }}
				for _, s := range c.steps {
					i.typed = strings.NewReader(s.typed)
					got, err := io.ReadAll(i)
					if err != nil {
						t.Fatal(err)
					}
					typed += string(got)
					if s.printed != "" {
						if _, err := (heard{unclosed{io.Discard}, i}).Write([]byte(s.printed)); err != nil {
							t.Fatal(err)
						}
					}
					time.Sleep(s.pause)
				}
				var want string
				for _, s := range c.steps {
					want += s.typed
				}
				if typed != want {
					t.Errorf("the program gets %q, want %q", typed, want)
				}
				if (len(told) > 0) != c.told || len(told) > 1 || (len(ended) > 0) != c.ended || len(ended) > 1 {
					t.Errorf("told %d times, ended %d times; want %v, %v", len(told), len(ended), c.told, c.ended)
				}
				i.calm()
			})
		})
	}
}
