package redact

import "testing"

func TestText(t *testing.T) {
	for text, want := range map[string]string{
		"nothing":                               "nothing",
		"me@example.com":                        "me@example.com",
		"https://example.com/a@b?c=d@e":         "https://example.com/a@b?c=d@e",
		"git+https://h.example:8443/l.git@v1":   "git+https://h.example:8443/l.git@v1",
		"https://user:secret@example.com/a":     "https://***@example.com/a",
		"https://token@example.com":             "https://***@example.com",
		"HTTP://user:s@cr@t@example.com":        "HTTP://***@example.com",
		`"git+https://u:p@h/l.git//d@v1"`:       `"git+https://***@h/l.git//d@v1"`,
		"http://u:p@a, https://u:p@b":           "http://***@a, https://***@b",
		"ssh://git@example.com/l":               "ssh://git@example.com/l",
		"git+ssh://git:secret@example.com/l":    "git+ssh://git:***@example.com/l",
		`parse "https://u:p%zz@h": invalid`:     `parse "https://***@h": invalid`,
		"https://:secret@h and https://@h":      "https://***@h and https://***@h",
		`{"url":"https://u:p\u0026q@h/\u003c"}`: `{"url":"https://***@h/\u003c"}`,
	} {
		if got := Text(text); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", text, got, want)
		}
	}
	if got, want := SameLength("a https://u:pä@h b"), "a https://*****@h b"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestStream cuts a text at any two places and expects the same result.
func TestStream(t *testing.T) {
	for _, text := range []string{
		"a https://user:se@cret@h/x:// git+ssh://git:pw@h and ssh://git@h:22/x http://t@h",
		"x:\nhttps://u:p@h\r\nhttps://u:p@h", "://u:p@h ::://u:p@h", "https://token@", "done: https:/", "ssh://git:",
	} {
		want := Text(text)
		for i := range len(text) + 1 {
			for j := i; j <= len(text); j++ {
				var s Stream
				got := s.Text(text[:i]) + s.Text(text[i:j]) + s.Text(text[j:]) + s.End()
				if got != want {
					t.Fatalf("%q cut at %d and %d:\ngot  %q\nwant %q", text, i, j, got, want)
				}
			}
		}
		var s Stream
		got := ""
		for n := range len(text) {
			got += s.Text(text[n : n+1])
		}
		if got += s.End(); got != want {
			t.Errorf("%q byte by byte:\ngot  %q\nwant %q", text, got, want)
		}
	}
	var s Stream
	if got := s.Text("50 % at https://h/x, then: "); got != "50 % at https://h/x, then: " {
		t.Errorf("text without a URL is held: %q", got)
	}
}
