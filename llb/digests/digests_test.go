package digests

import (
	"strings"
	"testing"
)

const (
	one = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	two = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
)

var images = []Image{{"shop", "registry.example.com/shop", two}, {"cart", "registry.example.com/cart", one}}

// TestUpdate checks new and existing files of each format: other entries and comments stay, and a
// second update changes nothing.
func TestUpdate(t *testing.T) {
	for _, c := range []struct{ file, before, want string }{
		{"a.json", "", `{
  "cart": "registry.example.com/cart@` + one + `",
  "shop": "registry.example.com/shop@` + two + `"
}
`},
		{"a.json", `{"shop": "old@` + one + `", "other": "x@` + one + `"}`, `{
  "cart": "registry.example.com/cart@` + one + `",
  "other": "x@` + one + `",
  "shop": "registry.example.com/shop@` + two + `"
}
`},
		{"values.yaml", "", `images:
  cart:
    repository: registry.example.com/cart
    digest: ` + one + `
  shop:
    repository: registry.example.com/shop
    digest: ` + two + `
`},
		{"values.yml", `# values
replicas: 3 # a few
images:
  # the shop
  shop: {pullPolicy: Always, digest: "` + one + `"}
  other:
    digest: ` + one + `
`, `# values
replicas: 3 # a few
images:
  # the shop
  shop: {pullPolicy: Always, digest: '` + two + `', repository: registry.example.com/shop}
  other:
    digest: ` + one + `
  cart:
    repository: registry.example.com/cart
    digest: ` + one + `
`},
		{"values.yaml", "a: &a {b: c}\r\nd:\r\n  <<: *a\r\nimages:\r\n  cart: &c\r\n    digest: x\r\n  shop:\r\n    <<: *c\r\n", strings.ReplaceAll(`a: &a {b: c}
d:
  <<: *a
images:
  cart: &c
    digest: `+one+`
    repository: registry.example.com/cart
  shop:
    <<: *c
    repository: registry.example.com/shop
    digest: `+two+`
`, "\n", "\r\n")},
		{"values.yaml", "images: {}\n", `images:
  cart:
    repository: registry.example.com/cart
    digest: ` + one + `
  shop:
    repository: registry.example.com/shop
    digest: ` + two + `
`},
		{"x/kustomization.yaml", `resources:
  - deployment.yaml
images:
  - name: shop
    newTag: "17"
  - name: registry.example.com/cart
`, `resources:
  - deployment.yaml
images:
  - name: shop
    newName: registry.example.com/shop
    digest: ` + two + `
  - name: registry.example.com/cart
    digest: ` + one + `
`},
		{"Kustomization", "", `images:
  - name: cart
    newName: registry.example.com/cart
    digest: ` + one + `
  - name: shop
    newName: registry.example.com/shop
    digest: ` + two + `
`},
	} {
		got, err := Update(c.file, []byte(c.before), images)
		if err != nil || string(got) != c.want {
			t.Errorf("%s becomes\n%s\nwant\n%s\n%v", c.file, got, c.want, err)
		}
		if again, err := Update(c.file, got, images); err != nil || string(again) != string(got) {
			t.Errorf("%s changes again:\n%s\n%v", c.file, again, err)
		}
	}
}

// TestUnfit checks the errors for files that cannot be updated.
func TestUnfit(t *testing.T) {
	for _, c := range []struct{ file, text, want string }{
		{"a.json", "[]", "not a JSON object with strings"},
		{"a.json", `{"shop": 1}`, "not a JSON object with strings"},
		{"a.yaml", "a: [", "not valid YAML"},
		{"a.yaml", "- a", "not a mapping"},
		{"a.yaml", "a: 1\n---\nb: 2\n", "it has several YAML documents"},
		{"a.yaml", "images: 1\n", "line 1: `images` is not a mapping"},
		{"a.yaml", "images:\n  shop: text\n", "line 2: `shop` is not a mapping"},
		{"kustomization.yml", "images: {}\n", "line 1: `images` is not a list"},
	} {
		if _, err := Update(c.file, []byte(c.text), images); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %q: the error is %v, want %s", c.file, c.text, err, c.want)
		}
	}
	for file, known := range map[string]bool{"a.json": true, "A.YAML": true, "kustomization": true, "a.txt": false, "digests": false} {
		if Known(file) != known {
			t.Errorf("Known(%q) is %v", file, !known)
		}
	}
}
