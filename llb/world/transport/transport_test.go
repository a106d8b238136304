package transport

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"
)

// short is a time-out that is to be reached. All others of a test are endless: on a busy machine
// a server that does not hang may take longer than short. No test looks at the clock.
const (
	short   = 200 * time.Millisecond
	endless = 24 * time.Hour
)

// TestHangs sends requests to servers that hang at different points.
func TestHangs(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	done := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			<-done // never reads the request
			return
		}
		w.Write([]byte("half of it"))
		w.(http.Flusher).Flush()
		select {
		case <-done:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(done)
	for name, test := range map[string]struct {
		method, url string
		patience    Patience
		want        string
	}{
		"connection": {"GET", "http://" + full(t), Patience{Connect: short, Header: endless, Idle: endless}, "i/o timeout"},
		// The connection is there before anyone accepts it, so a second is enough for that.
		"TLS":    {"GET", "https://" + silent.Addr().String(), Patience{Connect: time.Second, Header: endless, Idle: endless}, "TLS handshake timeout"},
		"header": {"GET", "http://" + silent.Addr().String(), Patience{Connect: endless, Header: short, Idle: endless}, "timeout awaiting response headers"},
		"body":   {"GET", server.URL, Patience{Connect: endless, Header: endless, Idle: short}, "no data for 200ms"},
		"upload": {"POST", server.URL, Patience{Connect: endless, Header: endless, Idle: short}, "no data for 200ms"},
	} {
		t.Run(name, func(t *testing.T) {
			var upload io.Reader
			if test.method == http.MethodPost {
				upload = io.LimitReader(zeros{}, 1<<30) // more than the system's buffers
			}
			request, err := http.NewRequest(test.method, test.url, upload)
			if err != nil {
				t.Fatal(err)
			}
			response, err := (&http.Client{Transport: New(test.patience)}).Do(request)
			if err == nil {
				_, err = io.ReadAll(response.Body)
				response.Body.Close()
			}
			var timeout net.Error
			if err == nil || !strings.Contains(err.Error(), test.want) || !errors.As(err, &timeout) || !timeout.Timeout() {
				t.Errorf("got %v, want a time-out: %s", err, test.want)
			}
		})
	}
}

// TestVerbatim checks that a file arrives unchanged, even if the server declares it as
// compressed.
func TestVerbatim(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write([]byte("\x1f\x8b\x08 and so on " + r.Header.Get("Accept-Encoding")))
	}))
	defer server.Close()
	response, err := (&http.Client{Transport: New(Usual)}).Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if text, err := io.ReadAll(response.Body); string(text) != "\x1f\x8b\x08 and so on " || err != nil {
		t.Errorf("got %q, %v", text, err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// full returns an address with a full queue of connections, so that connecting blocks.
func full(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := errors.Join(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: name.(*syscall.SockaddrInet4).Port}).String()
	for {
		connection, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return address
		}
		t.Cleanup(func() { connection.Close() })
	}
}

// TestTrickle reads from a server that never ends and is never silent.
func TestTrickle(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write([]byte(".")); err != nil {
				return
			}
			w.(http.Flusher).Flush()
			time.Sleep(20 * time.Millisecond)
		}
	}))
	defer server.Close()
	response, err := (&http.Client{Transport: New(Patience{Connect: endless, Header: endless, Idle: 2 * time.Second, Rate: 1000})}).Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	_, err = io.ReadAll(response.Body)
	var slow *SlowError
	var timeout net.Error
	if !errors.As(err, &slow) || slow.Least != 2000 || slow.Bytes >= slow.Least || !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("got %v", err)
	}
}

// TestBusy reads slowly what a server sends at once, which is not the server's fault.
func TestBusy(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("0123456789", 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(text)) }))
	defer server.Close()
	const pause = 600 * time.Millisecond // six of them are more than Idle
	response, err := (&http.Client{Transport: New(Patience{Connect: endless, Header: endless, Idle: 3 * time.Second, Rate: 1000})}).Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var got []byte
	for err == nil {
		var n int
		piece := make([]byte, 20)
		n, err = response.Body.Read(piece)
		got = append(got, piece[:n]...)
		time.Sleep(pause)
	}
	if err != io.EOF || string(got) != text {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestSlow checks that a slow server is not interrupted if there is no minimal rate.
func TestSlow(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for range 10 {
			w.Write([]byte("."))
			w.(http.Flusher).Flush()
			time.Sleep(400 * time.Millisecond)
		}
	}))
	defer server.Close()
	// The whole response takes longer than Idle.
	response, err := (&http.Client{Transport: New(Patience{Connect: endless, Header: endless, Idle: 3 * time.Second})}).Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if text, err := io.ReadAll(response.Body); string(text) != ".........." || err != nil {
		t.Errorf("got %q, %v", text, err)
	}
}
