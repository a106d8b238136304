package plan_test

import (
	"testing"

	"github.com/layc-lang/layc/compiler/plan"
)

// TestSizes checks the texts of sizes, and that no sum hides an estimate.
func TestSizes(t *testing.T) {
	known := func(n int64) plan.Size { return plan.Size{Bytes: n} }
	guess := func(n int64) plan.Size { return plan.Size{Bytes: n, Estimated: true} }
	for got, want := range map[string]string{
		known(36_712_345).String():                               "36.7MB",
		guess(36_712_345).String():                               "~37MB",
		known(999_600).String():                                  "1MB",
		guess(996_000).String():                                  "~1MB",
		guess(352_000_000).String():                              "~350MB",
		known(352_400_000).String():                              "352MB",
		guess(7).String():                                        "~7B",
		known(0).String():                                        "0B",
		guess(0).Signed():                                        "0B",
		guess(485_000_000).Signed():                              "+~480MB",
		known(-1234).Signed():                                    "-1.23kB",
		known(30).Plus(guess(1000)).String():                     "~1kB",
		guess(1000).Plus(known(30)).String():                     "~1kB",
		known(30).Plus(known(1000)).String():                     "1.03kB",
		guess(50).Minus(known(80)).String():                      "-~30B",
		guess(1_500_000).Times(3).String():                       "~4.5MB",
		guess(9).Of(1_230_000).String():                          "~1.2MB",
		plan.Range(known(5_000_000), guess(99_000_000)):          "5MB to ~99MB",
		plan.Range(guess(5_010_000), guess(5_020_000)):           "~5MB",
		plan.Range(known(5_010_000), known(5_020_000)):           "5.01MB to 5.02MB",
		plan.Range(known(5_000_000), guess(5_000_000).Times(2)):  "5MB to ~10MB",
		plan.Range(known(0), known(1_000_000_000_000).Times(10)): "0B to 10TB",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
