package importing

import "testing"

// TestNotices knows which runs are different with a variable that a later line sets.
func TestNotices(t *testing.T) {
	for _, c := range []struct {
		run, name      string
		addition, want bool
	}{
		{"npm ci", "NODE_ENV", false, true},
		{"./build.sh", "VERSION", false, true},
		{"curl -fsSL https://example.com | sh", "VERSION", false, true},
		{"mkdir -p /srv && chown 1:1 /srv", "LANG", false, false},
		{"mkdir -p /srv", "PATH", false, true},
		{"mkdir -p /srv", "PATH", true, false},
		{"python3 -m venv /venv", "PATH", true, true},
		{"mkdir /x", "LD_PRELOAD", false, true},
		{"curl -O https://example.com/x", "https_proxy", false, true},
		{"curl -O https://example.com/x", "NODE_ENV", false, false},
		{"pip install flask", "PIP_NO_CACHE_DIR", false, true},
		{"pip install flask", "PORT", false, false},
		{"echo $PORT > /x", "PORT", false, true},
		{"say() { echo hi; }; say > /x", "PORT", false, false},
		{"if x", "PORT", false, true},
		{"FOO=1 /usr/bin/touch /x", "FOO", false, false},
		{"for f in a; do sudo rm $f; done", "PORT", false, false},
	} {
		u := &unit{kind: run, mentions: variables(c.run), reader: readerOf(c.run)}
		if got := u.notices(c.name, c.addition); got != c.want {
			t.Errorf("%s notices %s: %v, want %v", c.run, c.name, got, c.want)
		}
	}
}
