package evaluate

import (
	"time"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// Refreshing on purpose. Nothing can pin what a run downloads: it stays unchanged as long
// as its step does. A component with `update weekly` has a key in the lock file, the day
// of its last refresh, which its runs see as a variable. So a new key makes a new step.
// Compiling never asks for the time. Only `layc update` makes keys: for components with an
// expired interval, and for those that it is called with.

// UpdateVar is the variable that makes a component's runs depend on its key.
const UpdateVar = "LAYC_UPDATE"

// Update is an `update` clause.
type Update struct {
	Every time.Duration // 0: only on request
	Rate  model.Rate    // the rate of change that it implies
	Span  source.Span
}

const day = 24 * time.Hour

func (c *clause) update() {
	if len(c.Args) != 1 {
		return
	}
	if n, ok := c.Args[0].(*syntax.Name); ok {
		if r := syntax.FindRate(n.Name); r != nil {
			every := time.Duration(r.Days) * day
			c.to.Update = &Update{Every: every, Rate: model.Rate{Micros: r.Yearly * model.OnceAYear, Set: every > 0}, Span: c.At}
			return
		}
	}
	every, ok := c.operand().(time.Duration)
	if !ok {
		return
	}
	if every < day || every > 100*365*day {
		c.Found.Errorf(diag.OutOfRange, c.Args[0].Span(), "`update` cannot be %s", text(every)).
			Note("the update key in %s is a day", lock.Name).Hint("write a duration of at least `1d`")
		return
	}
	c.to.Update = &Update{Every: every, Rate: model.Rate{Micros: max(1, int64(365*day/every)) * model.OnceAYear, Set: true}, Span: c.At}
}
