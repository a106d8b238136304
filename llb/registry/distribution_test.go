package registry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/crypto/bcrypt"

	"github.com/layc-lang/layc/llb/registry/access"
)

// distribution starts the registry of the project distribution with a user, and returns its host.
func distribution(t *testing.T, user, password string) string {
	t.Helper()
	if os.Getenv("LAYC_REQUIRE_DISTRIBUTION") != "1" {
		t.Skip("needs the registry of the project distribution: run make distribution")
	}
	dir := t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host := l.Addr().String()
	l.Close()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf(`version: 0.1
log: {accesslog: {disabled: true}, level: error}
storage: {filesystem: {rootdirectory: %[1]s/store}}
http: {addr: %[2]s}
auth: {htpasswd: {realm: layc, path: %[1]s/htpasswd}}
`, dir, host)
	for name, text := range map[string]string{"config.yml": config, "htpasswd": fmt.Sprintf("%s:%s\n", user, hash)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	server := exec.CommandContext(ctx, "../../bin/registry", "serve", filepath.Join(dir, "config.yml"))
	server.Env = append(os.Environ(), "OTEL_TRACES_EXPORTER=none")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = server.Wait() // it is killed
	})
	for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		if response, err := http.Get("http://" + host + "/v2/"); err == nil {
			response.Body.Close()
			return host
		} else if time.Since(start) > 2*time.Minute {
			t.Fatal(err)
		}
	}
}

// TestDistribution pushes to a real registry with a password: twenty images, the same again, one
// changed and one new.
func TestDistribution(t *testing.T) {
	host := distribution(t, "bob", "secret")
	base, apps := based(t), map[string]v1.Image{}
	push := func(n int) ([]Pushed, error) {
		dir := t.TempDir()
		fleet(t, dir, base, n, apps)
		return Client{}.Push(t.Context(), dir, host+"/shop", nil, PushOptions{})
	}
	login(t, host, "bob", "wrong")
	var denied *access.DeniedError
	if err := (Client{}).CheckPush(t.Context(), []string{"app0"}, below(host+"/shop", "app0")); !errors.As(err, &denied) || !strings.Contains(err.Error(), "does not accept the login of bob") {
		t.Errorf("with a wrong password: %v", err)
	}
	login(t, host, "bob", "secret")
	if err := (Client{}).CheckPush(t.Context(), []string{"app0"}, below(host+"/shop", "app0")); err != nil {
		t.Fatal(err)
	}
	moved := func(what string, n, want int) {
		t.Helper()
		pushed, err := push(n)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		got := 0
		for _, p := range pushed {
			if p.State == Moved {
				got++
			}
		}
		if got != want || len(pushed) != n {
			t.Errorf("%s: %d of %d tags moved, want %d of %d", what, got, len(pushed), want, n)
		}
	}
	moved("first", 20, 20)
	moved("again", 20, 0)
	apps["app3"] = withLayer(t, base, "amd64")
	moved("changed", 20, 1)
	moved("new", 21, 1)
	pushed, err := push(21)
	if err != nil {
		t.Fatal(err)
	}
	check(t, pushed[3])
	check(t, pushed[20])
}
