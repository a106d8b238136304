package feature_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/lang/lsp/feature"
)

func TestExtract(t *testing.T) {
	text := `fleet {
    base scratch
}

component shared {
    file "/s" text "s"
}

# The first.
app a {
    uses shared

    file "/x"   text "x"
    file "/own" text "a"
    link "/l" to "/x"
    run  "true"
}

app b for v in ["1"] {
    file "/x" text "x"
    file "/v" text v
    link "/l" to "/x"
}

app c {
    file "/own" text "c"
    file "/v" text v
}
`
	want := `fleet {
    base scratch
}

component shared {
    file "/s" text "s"
}

component shared2 {
    file "/x"   text "x"
    link "/l" to "/x"
}

# The first.
app a {
    uses shared, shared2

    file "/own" text "a"
    run  "true"
}

app b for v in ["1"] {
    uses shared2
    file "/v" text v
}

app c {
    file "/own" text "c"
    file "/v" text v
}
`
	files := fstest.MapFS{"a.layer": {Data: []byte(text)}}
	x := feature.Extract(placeIn(opened(files, "a.layer", text), "a.layer", strings.Index(text, "link")))
	if x == nil || x.Name != "shared2" || x.Apps != 2 || x.Steps != 2 {
		t.Fatalf("got %+v", x)
	}
	if got := string(applied(files, x.Edits)["a.layer"].Data); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	for _, at := range []string{"run", "file \"/own\"", "file \"/v\"", "uses", "base", "text \"s\""} {
		if x := feature.Extract(placeIn(opened(files, "a.layer", text), "a.layer", strings.Index(text, at))); x != nil {
			t.Errorf("%s: got %+v", at, x)
		}
	}
}
