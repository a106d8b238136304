package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/time/rate"
)

// TestLink checks that a link passes a response on unchanged, in parts that the limit allows, and
// counts its bytes.
func TestLink(t *testing.T) {
	text := strings.Repeat("0123456789abcdef", 10*burst/16)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, text) }))
	defer server.Close()
	l, err := newLink(strings.TrimPrefix(server.URL, "http://"), 400)
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	if got, want := l.limit.Limit(), rate.Limit(50e6); got != want {
		t.Errorf("the link passes %v bytes a second, want %v", got, want)
	}
	response, err := http.Get("http://" + l.address)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil || string(got) != text {
		t.Errorf("received %d bytes, %v", len(got), err)
	}
	if n := l.sent(); n < int64(len(text)) || n > int64(len(text))+1000 {
		t.Errorf("counted %d bytes, of %d and a header", n, len(text))
	}
}
