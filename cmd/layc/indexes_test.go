package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// TestIndexes updates a project from a mirror that serves signed indexes in sequence, and checks
// what each flag allows.
func TestIndexes(t *testing.T) {
	config := &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA, Time: func() time.Time { return time.Now().Add(-time.Hour) }}
	key, err := openpgp.NewEntity("archive", "", "archive@example.com", config)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var public bytes.Buffer
	if err := key.Serialize(&public); err != nil {
		t.Fatal(err)
	}
	program := "component base {\n    distribution \"debian\" suite \"bookworm\"\n}\n\nfleet {\n    base base\n}\n\napp a {\n    file \"/srv/a\" text \"a\"\n}\n"
	for name, text := range map[string]string{"key.gpg": public.String(), "a.layer": program} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	files := map[string]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := files[strings.TrimPrefix(r.URL.Path, "/dists/bookworm/")]
		if !ok {
			http.NotFound(w, r)
		}
		fmt.Fprint(w, text)
	}))
	defer server.Close()
	serve := func(date, until time.Time, version string) {
		t.Helper()
		var packages string
		for _, name := range []string{"bash", "dpkg", "apt"} {
			packages += fmt.Sprintf("Package: %s\nVersion: %s\nArchitecture: amd64\nEssential: yes\nFilename: pool/%s.deb\nSize: 1\nSHA256: %064x\n\n", name, version, name, 1)
		}
		const form = "Mon, 02 Jan 2006 15:04:05 UTC"
		release := fmt.Sprintf("Codename: bookworm\nDate: %s\nValid-Until: %s\nSHA256:\n %x %d main/binary-amd64/Packages\n",
			date.UTC().Format(form), until.UTC().Format(form), sha256.Sum256([]byte(packages)), len(packages))
		var signed bytes.Buffer
		w, err := clearsign.Encode(&signed, key.PrivateKey, nil)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(w, release)
		w.Close()
		files["InRelease"], files["main/binary-amd64/Packages"] = signed.String(), packages
	}
	layc := func(want int, says string, args ...string) {
		t.Helper()
		var out bytes.Buffer
		args = append(args, "-C", dir, "--platform", "linux/amd64", "--keyring", filepath.Join(dir, "key.gpg"), "--mirror", "debian="+server.URL)
		if code := (&cli{out: &out, err: &out}).run(context.Background(), args); code != want || !strings.Contains(out.String(), says) {
			t.Errorf("layc %v: exit code %d, want %d and %q\n%s", args, code, want, says, &out)
		}
	}
	now := time.Now()
	day := 24 * time.Hour
	serve(now.Add(-2*day), now.Add(day), "5.2")
	layc(exitOK, "wrote", "lock")
	if text := readFile(t, filepath.Join(dir, "layc.lock")); !strings.Contains(text, now.Add(-2*day).UTC().Format(" 2006-01-02T")) {
		t.Errorf("the lock file has no date:\n%s", text)
	}
	before := readFile(t, filepath.Join(dir, "layc.lock"))
	serve(now.AddDate(-9, 0, 0), now.Add(day), "5.2")
	layc(exitInput, "--allow-downgrade", "update")
	serve(now.Add(-day), now.Add(day), "5.1")
	layc(exitInput, "bash 5.2 → 5.1", "update")
	serve(now.Add(-day), now.Add(-time.Hour), "5.3")
	layc(exitInput, "--allow-expired", "update")
	serve(now.AddDate(50, 0, 0), now.AddDate(51, 0, 0), "5.3")
	layc(exitInput, "in the future", "update", "--allow-expired", "--allow-downgrade")
	if text := readFile(t, filepath.Join(dir, "layc.lock")); text != before {
		t.Errorf("the refused index is written:\n%s", text)
	}
	serve(now.Add(-day), now.Add(-time.Hour), "5.3")
	layc(exitOK, "wrote", "update", "--allow-expired")
	serve(now.AddDate(-9, 0, 0), now.Add(day), "5.1")
	layc(exitOK, "wrote", "update", "--allow-downgrade")
}
