package pin

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/lang/load"
)

var (
	outer = load.Repository{URL: "https://git.example.com/outer.git", Version: "v1"}
	inner = load.Repository{URL: "https://git.example.com/inner.git", Version: "v2"}
)

var importing = "import \"git+https://git.example.com/outer.git@v1\"\n\n" + imaged[:len(imaged)-2] + "    uses outer.o\n}\n"

// repositories returns a world with a repository that imports another one.
func repositories() *world {
	return &world{modules: map[load.Repository]string{
		outer: "import \"git+https://git.example.com/inner.git@v2\"\n\ncomponent o {\n    needs inner.i\n}\n",
		inner: "component i {\n    file \"/i\" text \"i\"\n}\n",
	}}
}

// wantOnly checks the requests for repositories, and resets them.
func (w *world) wantOnly(t *testing.T, want ...string) {
	t.Helper()
	w.asked = slices.DeleteFunc(w.asked, func(q string) bool { return strings.HasPrefix(q, "image ") || strings.HasPrefix(q, "base ") })
	w.wantAsked(t, want...)
}

// TestPinRepositories checks that a repository is pinned, and then its imports.
func TestPinRepositories(t *testing.T) {
	w := repositories()
	r := request(w, importing)
	result := pinProgram(t, r)
	w.wantOnly(t, "pin "+outer.String(), "pin "+inner.String())
	if !result.Repositories || len(result.File.Modules) != 2 {
		t.Errorf("%+v:\n%s", result, result.File.Format())
	}

	// Pinned repositories are fetched and stay; unused ones are dropped.
	w.kept = nil
	old := *result.File
	old.Modules = append(old.Modules, lock.Module{URL: "https://git.example.com/unused.git", Version: "v1", Commit: strings.Repeat("0", 40), Digest: digest("u")})
	old.Sort()
	r.Before = &Before{File: &old}
	again := pinProgram(t, r)
	w.wantOnly(t, "fetch "+outer.String(), "fetch "+inner.String())
	if again.Repositories || again.Dropped != 1 || len(again.File.Modules) != 2 {
		t.Errorf("%+v:\n%s", again, again.File.Format())
	}

	// A name, in any form, resolves only that repository again.
	for _, name := range []string{inner.URL, inner.Name(), inner.String(), inner.URL + "@" + inner.Version} {
		w.kept, r.Names = nil, []string{name}
		r.Before = &Before{File: result.File}
		if again := pinProgram(t, r); !again.Repositories {
			t.Errorf("%s: %+v", name, again)
		}
		w.wantOnly(t, "fetch "+outer.String(), "pin "+inner.String())
	}
	w.kept, r.Names = nil, []string{lock.Everything}
	if again := pinProgram(t, r); !again.Repositories {
		t.Errorf("everything: %+v", again)
	}
	w.wantOnly(t, "pin "+outer.String(), "pin "+inner.String())
	r.Names = []string{"outre"}
	_, _, err := Program(t.Context(), r)
	var unknown *UnknownNameError
	if !errors.As(err, &unknown) || unknown.Near != "" {
		t.Errorf("an unknown name: %v", err)
	}
	r.Names = []string{"outer"}
	if _, _, err = Program(t.Context(), r); !errors.As(err, &unknown) || unknown.Near != outer.URL {
		t.Errorf("the end of a name: %v", err)
	}
}

// TestRepositoryFaults checks that an unknown version is a finding at its import, and an
// unreachable repository an error.
func TestRepositoryFaults(t *testing.T) {
	w := repositories()
	w.modules[inner] = ""
	result, list, err := Program(t.Context(), request(w, importing))
	if result != nil || err != nil || !list.HasErrors() || !strings.Contains(messages(list), inner.String()) {
		t.Errorf("a version that is missing: %v, %s, %v", result, messages(list), err)
	}
	w = repositories()
	pins := pinProgram(t, request(w, importing)).File
	w.down, w.kept = true, nil
	var network lock.Unreachable
	if _, _, err := Program(t.Context(), request(w, importing)); !errors.As(err, &network) {
		t.Errorf("pinned while the world is down: %v", err)
	}
	r := request(w, importing)
	r.Before = &Before{File: pins}
	if _, _, err := Program(t.Context(), r); !errors.As(err, &network) {
		t.Errorf("fetched while the world is down: %v", err)
	}
}

// TestFetch checks that Fetch reads only repositories that the program imports, and none offline.
func TestFetch(t *testing.T) {
	w := repositories()
	in := request(w, importing).Input
	pins := &lock.File{Modules: []lock.Module{moduleOf(inner), moduleOf(outer), moduleOf(load.Repository{URL: "https://git.example.com/unused.git", Version: "v1"})}}
	all, err := Fetch(t.Context(), in, pins, w, false)
	if err != nil || len(all) != 3 || !errors.Is(all[outer].Err, fs.ErrNotExist) {
		t.Errorf("offline: %v, %v", all, err)
	}
	w.wantAsked(t)
	if all, err = Fetch(t.Context(), in, pins, w, true); err != nil || all[outer].Err != nil || all[inner].Err != nil {
		t.Errorf("online: %v, %v", all, err)
	}
	w.wantAsked(t, "fetch "+outer.String(), "fetch "+inner.String())
	delete(w.kept, inner.URL)
	if _, err = Fetch(t.Context(), in, pins, w, true); err != nil {
		t.Error(err)
	}
	w.wantAsked(t, "fetch "+inner.String())
}
