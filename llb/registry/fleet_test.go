package registry

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// TestPushOfMany counts the requests of pushes of a hundred images: the first one, one without
// changes, one of a changed image, and one of a new image.
func TestPushOfMany(t *testing.T) {
	const n = 100
	host, requests := serve(t, nil)
	base, apps := based(t), map[string]v1.Image{}
	push := func(n int) {
		t.Helper()
		dir := t.TempDir()
		fleet(t, dir, base, n, apps)
		pushed, err := Client{}.Push(t.Context(), dir, host+"/shop", nil, PushOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pushed[n-3:] {
			check(t, p)
		}
	}
	// The checks above send requests, too, so a push is counted alone.
	count := func(n int) map[string]int {
		t.Helper()
		dir := t.TempDir()
		fleet(t, dir, base, n, apps)
		requests()
		if _, err := (Client{}).Push(t.Context(), dir, host+"/shop", nil, PushOptions{}); err != nil {
			t.Fatal(err)
		}
		return requests()
	}
	push(n)
	want := func(what string, got, want map[string]int) {
		t.Helper()
		delete(got, "GET greeting") // once, but libraries may try it with TLS, too
		if !maps.Equal(got, want) {
			t.Errorf("%s: the requests are %v, want %v", what, got, want)
		}
	}
	greetings := count(n)
	if greetings["GET greeting"] != 1 {
		t.Errorf("there are %d greetings, want 1", greetings["GET greeting"])
	}
	want("unchanged", greetings, map[string]int{"HEAD tag": n})
	apps["app7"] = withLayer(t, base, "amd64")
	want("one image changed", count(n), map[string]int{
		"HEAD tag": n, "HEAD manifest": 1, "HEAD blob": 4, // three layers and the configuration
		"POST upload": 2, "PATCH upload": 2, "PUT upload": 2, "PUT manifest": 1, "PUT tag": 1,
	})
	push(n + 1)
}

// TestPushMounts checks that a new image's layers are mounted from the repositories of unchanged images.
func TestPushMounts(t *testing.T) {
	s := newServer(t)
	base, apps := based(t), map[string]v1.Image{}
	for _, n := range []int{3, 4} {
		dir := t.TempDir()
		fleet(t, dir, base, n, apps)
		s.puts = nil
		if _, err := (Client{}).Push(t.Context(), dir, s.host+"/shop", nil, PushOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(s.puts)
	want := []string{"blob app3", "blob app3", "digest app3", "mount app3", "mount app3", "tag app3"}
	if !slices.Equal(s.puts, want) {
		t.Errorf("the changes are %q, want %q", s.puts, want)
	}
}

// TestRefusedTag pushes to a registry with immutable tags. Equal images pass; of different ones all
// tags but the immutable are moved, and the result tells.
func TestRefusedTag(t *testing.T) {
	var immutable atomic.Bool
	host, _ := serve(t, func(w http.ResponseWriter, r *http.Request) bool {
		return immutable.Load() && r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/app1/manifests/latest") &&
			refuse(w, http.StatusBadRequest, "TAG_INVALID", "the tag latest is immutable")
	})
	base, apps := based(t), map[string]v1.Image{}
	push := func() ([]Pushed, error) {
		dir := t.TempDir()
		fleet(t, dir, base, 3, apps)
		return Client{}.Push(t.Context(), dir, host+"/shop", nil, PushOptions{})
	}
	states := func(pushed []Pushed) string {
		var all []string
		for _, p := range pushed {
			all = append(all, p.Name+" "+string(p.State))
		}
		return strings.Join(all, ", ")
	}
	if _, err := push(); err != nil {
		t.Fatal(err)
	}
	immutable.Store(true)
	if pushed, err := push(); err != nil || states(pushed) != "app0 unchanged, app1 unchanged, app2 unchanged" {
		t.Errorf("equal images: %s, %v", states(pushed), err)
	}
	apps["app1"], apps["app2"] = withLayer(t, base, "amd64"), withLayer(t, base, "amd64")
	pushed, err := push()
	if want := "app0 unchanged, app1 refused, app2 pushed"; states(pushed) != want {
		t.Errorf("the states are %s, want %s", states(pushed), want)
	}
	if err == nil || !strings.Contains(err.Error(), "the tag latest is immutable") || pushed[1].Err == nil {
		t.Errorf("the errors are %v and %v", err, pushed[1].Err)
	}
	check(t, pushed[2])
}

// TestPushWaits pushes to a registry that is busy once with each of three kinds of requests, and five
// times with the first request, and asks for a pause each time.
func TestPushWaits(t *testing.T) {
	var mu sync.Mutex
	busy := map[string]int{}
	host, _ := serve(t, func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		kind := r.Method + " " + kindOf(r)
		times := map[string]int{"HEAD tag": 1, "PATCH upload": 1, "PUT manifest": 1}
		if r.URL.Path == "/v2/" {
			kind, times["GET /v2/"] = "GET /v2/", 5
		}
		if busy[kind] >= times[kind] {
			return false
		}
		busy[kind]++
		w.Header().Set("Retry-After", "1")
		return refuse(w, http.StatusTooManyRequests, "TOOMANYREQUESTS", "slow down")
	})
	start := time.Now()
	pushed, err := Client{}.Push(t.Context(), shop(t), host+"/shop", nil, PushOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pushed {
		check(t, p)
	}
	if passed := time.Since(start); passed < 8*time.Second {
		t.Errorf("it waited %s, less than eight pauses of a second", passed)
	}
}

// TestPushToBusy checks the error for a registry that asks for a pause that is too long.
func TestPushToBusy(t *testing.T) {
	host, _ := serve(t, func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Retry-After", "7200")
		return r.URL.Path != "/v2/" && refuse(w, http.StatusTooManyRequests, "TOOMANYREQUESTS", "slow down")
	})
	_, err := Client{}.Push(t.Context(), shop(t), host+"/shop", nil, PushOptions{})
	var down *UnreachableError
	if !errors.As(err, &down) || !strings.Contains(err.Error(), "429 Too Many Requests; retry in 2h (it is busy or failing: run the command again later") {
		t.Errorf("the error is %v", err)
	}
}
