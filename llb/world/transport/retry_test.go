package transport

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestRetrying sends requests to servers that fail in different ways, in sequence. An answer is a
// status and a suffix: "cut" breaks the connection within the body, "part" serves ranges, "later"
// sends a Retry-After of an hour.
func TestRetrying(t *testing.T) {
	text := strings.Repeat("0123456789", 1000)
	for _, test := range []struct {
		answers string
		want    string // "" for the whole text
		asked   int
	}{
		{"200", "", 1},
		{"404", "the server responded with 404 Not Found", 1},
		{"410", "the server responded with 410 Gone", 1},
		{"403", "the server responded with 403 Forbidden", 1},
		{"204", "the server responded with 204 No Content", 1},
		{"206", "the server responded with 206 Partial Content", 1},
		{"300", "the server responded with 300 Multiple Choices", 1},
		{"302", "the server responded with 302 Found", 1},
		{"304", "the server responded with 304 Not Modified", 1},
		{"part 204", "the server responded with 204 No Content, 2 times", 2},
		{"503 503 200", "", 3},
		{"429 500 502 200", "", 4},
		{"504 504 504 504 200", "the server responded with 504 Gateway Timeout, 4 times", 4},
		{"429later 200", "the server responded with 429 Too Many Requests; retry in 1h", 1},
		{"drop 200", "", 2},
		{"200cut 200", "", 2},
		{"200cut 503 200cut 200", "", 4},
		{"part part", "", 2},
		{"part 503 200", "", 3},
		{"200cut 200cut 200cut 200cut 200", "unexpected EOF", 4},
		{"200cut 404", "the server responded with 404 Not Found, 2 times", 2},
	} {
		t.Run(test.answers, func(t *testing.T) {
			answers, asked := strings.Fields(test.answers), 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				answer := answers[asked]
				asked++
				switch {
				case answer == "drop":
					panic(http.ErrAbortHandler)
				case answer == "part" && r.Header.Get("Range") == "bytes=4000-" && r.Header.Get("If-Range") == `"tag"`:
					w.Header().Set("Content-Range", fmt.Sprintf("bytes 4000-%d/%d", len(text)-1, len(text)))
					w.WriteHeader(http.StatusPartialContent)
					fmt.Fprint(w, text[4000:])
				case answer == "200":
					fmt.Fprint(w, text)
				case answer == "200cut" || answer == "part":
					if answer == "part" {
						w.Header().Set("ETag", `"tag"`)
					}
					w.Header().Set("Content-Length", fmt.Sprint(len(text)))
					fmt.Fprint(w, text[:4000])
					w.(http.Flusher).Flush()
					panic(http.ErrAbortHandler)
				default:
					if strings.HasSuffix(answer, "later") {
						w.Header().Set("Retry-After", "3600")
					}
					var code int
					_, _ = fmt.Sscan(answer[:3], &code)
					w.WriteHeader(code)
					if code != 204 && code != 304 {
						fmt.Fprint(w, "an error page")
					}
				}
			}))
			defer server.Close()
			server.Config.ErrorLog = nil
			client := &http.Client{Transport: &retrying{next: &http.Transport{}, pause: time.Millisecond}}
			got, err := "", error(nil)
			response, err := client.Get(server.URL)
			if err == nil {
				var body []byte
				body, err = io.ReadAll(response.Body)
				got = string(body)
				response.Body.Close()
			}
			switch {
			case test.want == "" && (err != nil || got != text):
				t.Errorf("got %d bytes, %v", len(got), err)
			case test.want != "" && (err == nil || !strings.HasSuffix(err.Error(), test.want)):
				t.Errorf("got %v, want %s", err, test.want)
			}
			if asked != test.asked {
				t.Errorf("the server received %d requests, want %d", asked, test.asked)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, " 7 ": 7 * time.Second, "-7": 0, "soon": 0,
		"Mon, 01 Jan 2024 00:00:30 GMT": 30 * time.Second, "Mon, 01 Jan 2023 00:00:30 GMT": 0,
	} {
		if got := retryAfter(text, now); got != want {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
}

func TestInWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		2 * time.Hour: "2h", 90 * time.Minute: "1h30m", 130 * time.Second: "2m10s", 10*time.Minute + 300*time.Millisecond: "10m", 20*time.Hour + 5*time.Second: "20h5s",
	} {
		if got := inWords(d); got != want {
			t.Errorf("%s is %s, want %s", d, got, want)
		}
	}
}

// TestSilent waits for a server that accepts connections and never answers: twice, not four times.
func TestSilent(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		<-r.Context().Done()
	}))
	defer server.Close()
	for name, next := range map[string]func(http.RoundTripper) http.RoundTripper{
		"a download": func(next http.RoundTripper) http.RoundTripper { return &retrying{next: next, pause: time.Millisecond} },
		"a registry": func(next http.RoundTripper) http.RoundTripper {
			return &persistent{next: next, pause: time.Millisecond}
		},
	} {
		asked.Store(0)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		patience := Usual
		patience.Header = 100 * time.Millisecond
		response, err := next(New(patience)).RoundTrip(request)
		if err == nil {
			response.Body.Close()
		}
		if err == nil || asked.Load() != 2 {
			t.Errorf("%s: %d requests, %v", name, asked.Load(), err)
		}
	}
}
