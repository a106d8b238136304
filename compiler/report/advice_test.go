package report_test

import (
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/compiler/report"
)

// TestAdvise checks that the component is named whose owned paths would save something, and that a
// higher limit is not advised where it saves nothing.
func TestAdvise(t *testing.T) {
	program := `
fleet {
    base   base
    layers 5
}

component base {
    rootfs "https://example.com/root.tar" sha256 "00000000000000000000000000000000000000000000000000000000000000aa"
}

component often {
    run     "often"
    size    100MB
    changes weekly
}

component seldom {
    needs   often
    run     "seldom"
    size    400MB
    changes yearly
}

app one {
    uses     seldom
    replicas 10
}

app two {
    uses     seldom
    replicas 10
    file     "/x" text "x"
}
`
	p := planned(t, fstest.MapFS{"a.layer": {Data: []byte(program)}})
	got := report.Advise(p)
	if len(got) != 1 || got[0].What != "owns in seldom" || got[0].Saves <= 0 {
		t.Errorf("got %v, want owned paths of seldom, which then does not change with often", got)
	}
}
