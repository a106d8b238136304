package pin

import (
	"errors"
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/compiler/debian"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/stdlib"
)

// TestPlaced checks that an unknown package is reported with all its places.
func TestPlaced(t *testing.T) {
	text := "component tool {\n    needs os.packages(\"curll\", \"jq\")\n}\n\napp shop {\n    uses tool, os.packages(\"curll\")\n}\n"
	program, list := load.Load(load.Input{Project: fstest.MapFS{"shop.layer": {Data: []byte(text)}}, Dir: ".", Std: stdlib.FS})
	if len(list) > 0 {
		t.Fatal(list[0].Message)
	}
	unknown := &debian.UnknownPackageError{Name: "curll", Message: "there is no curll"}
	err := fmt.Errorf("resolving: %w", errors.Join(unknown, errors.New("no luck"), &debian.UnknownPackageError{Name: "computed", Message: "there is no computed"}))
	const want = "resolving: there is no curll\nno luck\nthere is no computed\n" +
		"shop.layer:2:23: \"curll\" is used here\nshop.layer:6:28: \"curll\" is used here"
	if got := placed(err, program); got.Error() != want || !errors.Is(got, unknown) {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if got := placed(errors.New("down"), program); got.Error() != "down" {
		t.Errorf("another error changes to %s", got)
	}
}
