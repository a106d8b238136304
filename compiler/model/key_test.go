package model

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/layc-lang/layc/compiler/lock"
)

// unkeyed lists the fields that change no bytes of an instance: positions in the
// program, where to download a file, and what digests in the same value already cover.
var unkeyed = []string{
	"Copy.Span", "Copy.Taken", "Copy.Size", "Copy.Tops", "Fetch.Pinned", "Fetch.URLs", "Fetch.Size", "Fetch.Span", "Run.Span", "Bind.Taken", "File.Span",
	"Append.Span", "Dir.Span", "Link.Span", "Own.Span",
	"System.Layers", "System.Users", "System.Groups", "System.Links", "System.Dirs",
	"Package.Distribution", "Package.Arch", "Package.URL", "Package.Size", "Package.Installed", "Package.Minimal", "Package.Needs",
	"PackageGroup.Account", // changed separately
}

// TestRecipe changes the fields of an instance one by one. Each change must change the
// key: the engine's states, layers and contents are shared by key, so if the key missed
// a field, an image would get the content of another instance.
func TestRecipe(t *testing.T) {
	owner := func() *Owner { return &Owner{UID: 1, GID: 2} }
	stage := func() *Instance { return &Instance{Kind: Stacked, Key: Key{7}} }
	packages := []lock.Package{{Name: "bash", Version: "1", Arch: "amd64", Digest: "sha256:aa"}}
	rootfs := &Fetch{Digest: "sha256:aa", SHA512: "bb", Unpack: true, Strip: 1, Limit: 2, Place: Place{"/", owner(), "0700"}}
	for name, i := range map[string]*Instance{
		"copy": {Kind: Portable, Steps: []Step{&Copy{
			Sources: []string{"/a", "/b"}, From: stage(), Place: Place{"/x", owner(), "0700"}, Include: []string{"i"}, Exclude: []string{"e"},
		}}},
		"fetch": {Kind: Portable, Steps: []Step{rootfs}},
		"run": {Kind: Portable, Steps: []Step{&Run{
			Script: "true", User: "u", Dir: "/d", Vars: []EnvVar{{"A", "1"}}, Caches: []string{"/c"}, Tmpfs: []string{"/t"},
			Binds: []Bind{{Source: "/s", From: stage(), To: "/b"}}, Secrets: []Secret{{Name: "n", Env: "E", File: "/f"}}, SSH: true, NoNetwork: true,
		}}},
		"file":    {Kind: Portable, Steps: []Step{&File{Place: Place{"/f", owner(), "0600"}, Text: "x"}}},
		"append":  {Kind: Stacked, Steps: []Step{&Append{Place: Place{"/f", owner(), "0600"}, Text: "x"}}},
		"dir":     {Kind: Portable, Steps: []Step{&Dir{Place: Place{"/d", owner(), "0700"}}}},
		"link":    {Kind: Portable, Steps: []Step{&Link{Path: "/l", To: "/d"}}},
		"owns":    {Kind: Portable, Owns: []Own{{Place: Place{"/o", owner(), "0700"}}}},
		"parents": {Kind: Portable, Parents: []Place{{"/p", owner(), "0700"}}},
		"env":     {Kind: Portable, Env: []EnvVar{{"A", "1"}}},
		"base":    {Kind: Base, System: &System{Distribution: "debian/x", Packages: packages, Image: "i", Digest: "sha256:aa", Layout: "l"}},
		"package": {Kind: Stacked, Package: &PackageGroup{Distribution: "debian/x", Packages: packages}},
		"account": {Kind: Stacked, Package: &PackageGroup{Account: &Account{Name: "n", UID: 1, GID: 2, Home: "/h", Shell: "/s", Groups: []string{"g"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			before := Recipe(i)
			keyed := func(what string) {
				if Recipe(i) == before {
					t.Errorf("a change of %s does not change the key", what)
				}
			}
			parts := []any{&i.Steps, &i.Owns, &i.Parents, &i.Env, &i.System, &i.Package}
			if i.Package != nil && i.Package.Account != nil {
				parts = []any{&i.Package.Account}
			}
			for _, part := range parts {
				changeEach(reflect.ValueOf(part).Elem(), name, keyed)
			}
			if Recipe(i) != before {
				t.Error("the key differs after all changes are undone")
			}
		})
	}
}

// TestRecipeBelow changes what an instance is built on.
func TestRecipeBelow(t *testing.T) {
	below := &Instance{Kind: Stacked, Key: Key{1}}
	base := &Instance{Kind: Base, Key: Key{2}}
	list := []*Instance{below}
	// A portable stage that does not fill the path is copied from its whole root file system.
	stage := &Instance{Kind: Portable, Key: Key{3}, Stage: []*Instance{base}}
	for name, c := range map[string]struct {
		instance *Instance
		of       *Instance // the instance with the key
	}{
		"what it runs on":           {&Instance{Kind: Portable, Root: list}, below},
		"what it follows":           {&Instance{Kind: Stacked, After: list}, below},
		"what it appends to":        {&Instance{Kind: Stacked, Needs: list, sortedNeeds: list}, below},
		"a base's archive":          {&Instance{Kind: Base, System: &System{Rootfs: &Fetch{Digest: "sha256:aa"}}}, nil},
		"what a stage is built on":  {&Instance{Kind: Portable, Steps: []Step{&Copy{Sources: []string{"/x"}, From: stage, Place: Place{Path: "/x"}}}}, base},
		"what a bind's stage is on": {&Instance{Kind: Portable, Steps: []Step{&Run{Binds: []Bind{{Source: "/x", From: stage, To: "/x"}}}}}, base},
		"names of one file":         {&Instance{Kind: Portable, Steps: []Step{&Copy{Sources: []string{"x"}, Taken: &Selection{}, Place: Place{Path: "/x"}}}}, nil},
	} {
		before := Recipe(c.instance)
		switch {
		case c.of != nil:
			c.of.Key[31]++
		case c.instance.System != nil:
			c.instance.System.Rootfs.Digest = "sha256:bb"
		default:
			c.instance.Steps[0].(*Copy).Taken.Links = "1"
		}
		if Recipe(c.instance) == before {
			t.Errorf("%s does not change the key", name)
		}
	}
}

// changeEach changes each field of a value, one at a time, and calls changed with its
// name while it is changed. A list also loses its last element.
func changeEach(v reflect.Value, name string, changed func(what string)) {
	set := func(to reflect.Value) {
		old := reflect.New(v.Type()).Elem()
		old.Set(v)
		v.Set(to)
		changed(name)
		v.Set(old)
	}
	switch v.Kind() {
	case reflect.Interface:
		changeEach(v.Elem(), name, changed)
	case reflect.Pointer:
		switch {
		case v.IsNil():
		case v.Type() == reflect.TypeFor[*Instance]():
			set(reflect.ValueOf(&Instance{Kind: Stacked, Key: Key{8}}))
		default:
			changeEach(v.Elem(), name, changed)
			if v.CanSet() {
				set(reflect.Zero(v.Type()))
			}
		}
	case reflect.Slice:
		if v.Len() == 0 {
			return
		}
		for n := range v.Len() {
			changeEach(v.Index(n), fmt.Sprintf("%s[%d]", name, n), changed)
		}
		set(v.Slice(0, v.Len()-1))
	case reflect.Struct:
		for n := range v.NumField() {
			f := v.Type().Field(n)
			if of := v.Type().Name() + "." + f.Name; f.IsExported() && !slices.Contains(unkeyed, of) {
				changeEach(v.Field(n), name+" "+of, changed)
			}
		}
	case reflect.String:
		set(reflect.ValueOf(v.String() + "x"))
	case reflect.Int, reflect.Int64:
		to := reflect.New(v.Type()).Elem()
		to.SetInt(v.Int() + 1)
		set(to)
	case reflect.Bool:
		set(reflect.ValueOf(!v.Bool()))
	default:
		panic("unsupported kind of field: " + name)
	}
}
