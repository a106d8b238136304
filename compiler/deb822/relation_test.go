package deb822

import (
	"reflect"
	"testing"
)

func TestParseRelations(t *testing.T) {
	for field, want := range map[string][]Group{
		"":                       nil,
		"a":                      {{{Name: "a"}}},
		"a, b,":                  {{{Name: "a"}}, {{Name: "b"}}},
		"a (>= 1.0) | b:any":     {{{Name: "a", Op: ">=", Version: "1.0"}, {Name: "b", Arch: "any"}}},
		"a(<<1:2~rc1-3), c++":    {{{Name: "a", Op: "<<", Version: "1:2~rc1-3"}}, {{Name: "c++"}}},
		"python3:any (= 3.11-1)": {{{Name: "python3", Arch: "any", Op: "=", Version: "3.11-1"}}},
		"a (< 1), b (> 2)":       {{{Name: "a", Op: "<", Version: "1"}}, {{Name: "b", Op: ">", Version: "2"}}},
	} {
		got, err := ParseRelations(field)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, %v, want %v", field, got, err, want)
		}
	}
}

func TestParseRelationsErrors(t *testing.T) {
	for field, want := range map[string]string{
		"a (1.0)":           "\"a (1.0)\": missing operator before the version",
		"x, a (>= 1.0":      "\"a (>= 1.0\": missing `)`",
		"a (>= )":           "\"a (>= )\": missing version",
		"a (=> 1)":          "\"a (=> 1)\": unknown operator =>",
		"a (>= 1 2)":        "\"a (>= 1 2)\": not a valid version: 1 2",
		"a (>= 1) (<< 2)":   "\"a (>= 1) (<< 2)\": not a valid version: 1) (<< 2",
		"a b":               "\"a b\": not a valid package name: a b",
		"a [amd64]":         "\"a [amd64]\": not a valid package name: a [amd64]",
		"${shlibs:Depends}": "\"${shlibs:Depends}\": not a valid package name: ${shlibs",
		"a | ":              "\"a |\": missing package name",
		"(>= 1)":            "\"(>= 1)\": missing package name",
	} {
		got, err := ParseRelations(field)
		if err == nil || err.Error() != want || got != nil {
			t.Errorf("%q: %v, %v, want %s", field, got, err, want)
		}
	}
}

func FuzzParseRelations(f *testing.F) {
	f.Add("a (>= 1) | b:any, c")
	f.Fuzz(func(t *testing.T, field string) {
		groups, err := ParseRelations(field)
		for _, g := range groups {
			again, err2 := ParseRelations(g.String())
			if err != nil || err2 != nil || len(again) != 1 || again[0].String() != g.String() {
				t.Fatalf("%q: %s is read again as %v, %v", field, g, again, err2)
			}
		}
	})
}
