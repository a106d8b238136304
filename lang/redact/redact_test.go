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
