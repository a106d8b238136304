package transport

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestPersistent sends requests to servers that fail in different ways, in sequence. "later" sends a
// Retry-After of a second, "most" one of half a minute, "never" one of an hour.
func TestPersistent(t *testing.T) {
	for _, test := range []struct {
		method, answers string
		want            int // the status; 0: an error
		asked           int
		pause           time.Duration // at least
	}{
		{"GET", "200", 200, 1, 0},
		{"GET", "404", 404, 1, 0},
		{"GET", "drop 200", 200, 2, 0},
		{"HEAD", "503 502 200", 200, 3, 0},
		{"GET", "429later 200", 200, 2, time.Second},
		{"PUT", "429later 201", 201, 2, time.Second},
		{"POST", "503 202", 202, 2, 0},
		{"POST", "drop 202", 0, 1, 0},
		{"PATCH", "503 202", 503, 1, 0},
		{"PATCH", "429later 202", 429, 1, time.Second},
		{"PUT", "503 503 503 503 201", 503, 4, 0},
		{"GET", "429never 200", 0, 1, 0},
		{"PUT", "429later 503later 429later 429later 429later 201", 201, 6, 5 * time.Second},
		{"GET", "429later 503 503 429later 503 200", 200, 6, 2 * time.Second},
		{"GET", "429later 503 503 503 503 200", 503, 5, time.Second},
		{"GET", "429most 429most 200", 429, 2, 31 * time.Second},
	} {
		t.Run(test.method+" "+test.answers, func(t *testing.T) {
			t.Parallel()
			answers := strings.Fields(test.answers)
			var requests atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked := int(requests.Add(1))
				answer := answers[asked-1]
				if body, _ := io.ReadAll(r.Body); r.Method == "PUT" && string(body) != "a body" {
					t.Errorf("request %d has the body %q", asked, body)
				}
				if answer == "drop" {
					panic(http.ErrAbortHandler)
				}
				switch answer[3:] {
				case "later":
					w.Header().Set("Retry-After", "1")
				case "most":
					w.Header().Set("Retry-After", "31")
				case "never":
					w.Header().Set("Retry-After", "3600")
				}
				var code int
				_, _ = fmt.Sscan(answer[:3], &code)
				w.WriteHeader(code)
				fmt.Fprint(w, answer)
			}))
			defer server.Close()
			var body io.Reader
			if test.method == "PUT" || test.method == "PATCH" {
				body = strings.NewReader("a body")
			}
			request, err := http.NewRequestWithContext(t.Context(), test.method, server.URL, body)
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			response, err := (&http.Client{Transport: &persistent{next: &http.Transport{}, pause: time.Millisecond}}).Do(request)
			got, text := 0, ""
			if err == nil {
				raw, _ := io.ReadAll(response.Body)
				response.Body.Close()
				got, text = response.StatusCode, string(raw)
			}
			if asked := int(requests.Load()); got != test.want || asked != test.asked {
				t.Errorf("got %d after %d requests, %v; want %d after %d", got, asked, err, test.want, test.asked)
			}
			if passed := time.Since(start); passed < test.pause {
				t.Errorf("it waited %s, less than %s", passed, test.pause)
			}
			if last := answers[test.asked-1]; got != 0 && test.method != "HEAD" && text != last {
				t.Errorf("the body of the last response is %q, want %q", text, last)
			}
			var status *StatusError
			if strings.Contains(test.answers, "never") && (!errors.As(err, &status) || status.After != time.Hour) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// TestPersistentReads checks that requests that write are sent once.
func TestPersistentReads(t *testing.T) {
	for method, want := range map[string]int{"GET": 3, "HEAD": 3, "POST": 1, "PUT": 1} {
		asked := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if asked++; asked < 3 {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}))
		defer server.Close()
		request, err := http.NewRequestWithContext(t.Context(), method, server.URL, strings.NewReader("a body"))
		if err != nil {
			t.Fatal(err)
		}
		response, err := PersistentReads(&http.Transport{}).RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if asked != want || (response.StatusCode == http.StatusOK) != (want == 3) {
			t.Errorf("%s: %d requests, and the last response is %d", method, asked, response.StatusCode)
		}
	}
}
