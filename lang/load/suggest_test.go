package load

import "testing"

func TestMeant(t *testing.T) {
	for text, want := range map[string]string{
		"git@git.example.com:team/layers.git//web@v1":       "git+ssh://git@git.example.com/team/layers.git//web@v1",
		"ssh://git@git.example.com:team/layers.git//web@v1": "git+ssh://git@git.example.com/team/layers.git//web@v1",
		"git.example.com:team/layers.git@v1":                "git+ssh://git.example.com/team/layers.git@v1",
		"git.example.com/team/layers@v1.2.0":                "git+https://git.example.com/team/layers@v1.2.0",
		"http://git.example.com/team/layers@v1":             "git+https://git.example.com/team/layers@v1",
		"https://git.example.com:8443/team/layers/@v1":      "git+https://git.example.com:8443/team/layers@v1",
		"https://git.example.com/team/layers/web/@v1":       "git+https://git.example.com/team/layers/web@v1",
		"https://git.example.com/team/layers//web/@v1":      "git+https://git.example.com/team/layers//web@v1",
		"https://git.example.com/team/layers//@v1":          "git+https://git.example.com/team/layers@v1",
		"ssh://git@git.example.com/team/layers@v1":          "git+ssh://git@git.example.com/team/layers@v1",
		"https://git.example.com/team/layers":               "", // no version
		"https://u:p@git.example.com/team/layers@v1":        "",
		"https://git.example.com/x//../y@v1":                "",
		"":                                                  "",
	} {
		if got := meant(text); got != want {
			t.Errorf("meant(%q) = %q, want %q", text, got, want)
		}
	}
}
