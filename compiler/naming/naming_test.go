package naming

import "testing"

// TestNames makes names of images.
func TestNames(t *testing.T) {
	shop := Values{Registry: "registry.example.com/shop", Revision: "4f2a"}
	for _, c := range []struct {
		template Template
		image    string
		values   Values
		want     string
	}{
		{"", "app", Values{}, "docker.io/library/app:latest"},
		{"", "app:1", shop, "registry.example.com/shop/app:1"},
		{"", "app:1", Values{Registry: "localhost:5000/"}, "localhost:5000/app:1"},
		{"team", "app", Values{}, "docker.io/team/app:latest"},
		{"localhost:5000", "app", shop, "localhost:5000/app:latest"},
		{"{registry}/x", "app", shop, "registry.example.com/shop/x/app:latest"},
		{"{registry}/{app}:{tag}-{revision}", "app:17", shop, "registry.example.com/shop/app:17-4f2a"},
		{"{app}", "team/app", shop, "docker.io/team/app:latest"},
	} {
		if got, err := c.template.Name(c.image, c.values); err != nil || got != c.want {
			t.Errorf("%s of %s: got %s, %v, want %s", c.template, c.image, got, err, c.want)
		}
	}
	for template, want := range map[Template]string{
		"{registry}":    `the fleet has no registry for {registry}; write registry "…" in fleet { … }`,
		"x.com/Team":    "not a valid name of an image: x.com/Team/app:latest: invalid reference format: repository name (Team/app) must be lowercase",
		"{app}@{tag}":   "not a valid name of an image: app@latest: invalid reference format",
		"{app}:{tag}:x": "not a valid name of an image: app:latest:x: invalid reference format",
	} {
		if _, err := template.Name("app", Values{}); err == nil || err.Error() != want {
			t.Errorf("%s: got the error %v, want %s", template, err, want)
		}
	}
	matrix := [][]string{{"tomcat:10", "tomcat:lts"}, {"tomcat:11"}}
	if names, err := Template("r/{app}:x-{tag}").Names(matrix, shop); err != nil || len(names) != 3 {
		t.Errorf("got %v, %v", names, err)
	}
	_, err := Template("r/{app}:{revision}").Names(matrix, shop)
	if want := "tomcat:10 and tomcat:11 both get the name r/tomcat:4f2a; write {app}:{tag} in the template"; err == nil || err.Error() != want {
		t.Errorf("got the error %v, want %s", err, want)
	}
	if names, err := Template("r/{app}:{revision}").Names(matrix[:1], shop); err != nil || names["tomcat:lts"] != "docker.io/r/tomcat:4f2a" {
		t.Errorf("got %v, %v", names, err)
	}
}
