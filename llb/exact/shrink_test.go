//go:build linux

package exact_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
)

// shrink reduces a failing program as long as it fails in the same way: it removes components,
// steps and operations, one after the other.
func (w *workshop) shrink(m made, layers int, lines []string) (made, []string) {
	tries := 80
	for again := true; again; {
		again = false
		for n := 0; ; n++ {
			p := without(m.program, n)
			if p == nil || tries == 0 {
				break
			}
			tries--
			next := made{program: p, base: m.base}
			if now := w.failure(&next, layers); alike(lines, now) {
				m, lines, again = next, now, true
				n--
			}
		}
	}
	return m, lines
}

// failure describes how a program fails. It is nil if the program passes or is invalid.
func (w *workshop) failure(m *made, layers int) []string {
	if err := w.withTruth(m.base, func(t *truth) (err error) {
		if err = replay(m.program, t); err == nil {
			m.want, err = t.result()
		}
		return err
	}); err != nil {
		return nil
	}
	out, err := w.build([]made{*m}, layers)
	if err != nil {
		return []string{err.Error()}
	}
	lines, err := w.differences(*m, out)
	if err != nil {
		return []string{err.Error()}
	}
	return lines
}

// replay computes the truth of an existing program.
func replay(p *program, t *truth) error {
	for _, c := range p.parts {
		b, err := t.begin(c)
		if err != nil {
			return err
		}
		if err := b.prepare(); err != nil {
			return err
		}
		for _, s := range c.steps {
			n := len(s.run)
			if ok, err := b.step(s); err != nil || !ok || len(s.run) != n {
				return errors.Join(err, errDropped)
			}
		}
		if err := b.end(); err != nil {
			return err
		}
	}
	return nil
}

// alike reports whether two failures have a common line, apart from names.
func alike(a, b []string) bool {
	kind := func(lines []string) (out []string) {
		for _, l := range lines {
			if _, after, ok := strings.Cut(l, "error["); ok { // a failed build
				l = after[:5]
			}
			out = append(out, name.ReplaceAllString(l, ""))
		}
		return out
	}
	return slices.ContainsFunc(kind(a), func(l string) bool { return slices.Contains(kind(b), l) })
}

var name = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|\b[0-9a-f]{12}\b`)

// without returns a program without its nth part, counting components, then steps, then
// operations. It is nil if there is no such part.
func without(p *program, n int) *program {
	q := clone(p)
	for i, c := range q.parts {
		if c.app {
			continue
		}
		if n--; n < 0 {
			q.parts = slices.Delete(q.parts, i, i+1)
			for _, o := range q.parts {
				o.needs = slices.DeleteFunc(o.needs, func(x *component) bool { return x == c })
			}
			return q
		}
	}
	for _, c := range q.parts {
		for i := range c.steps {
			if n--; n < 0 {
				c.steps = slices.Delete(c.steps, i, i+1)
				return q
			}
		}
	}
	for _, c := range q.parts {
		for _, s := range c.steps {
			for i := range s.run {
				if n--; n < 0 {
					s.run = slices.Delete(s.run, i, i+1)
					return q
				}
			}
		}
	}
	return nil
}

func clone(p *program) *program {
	q := &program{name: p.name, seed: p.seed}
	twin := map[*component]*component{}
	for _, c := range p.parts {
		d := *c
		twin[c] = &d
		d.needs, d.steps = nil, nil
		for _, n := range c.needs {
			d.needs = append(d.needs, twin[n])
		}
		for _, s := range c.steps {
			t := *s
			t.run = slices.Clone(s.run)
			d.steps = append(d.steps, &t)
		}
		q.parts = append(q.parts, twin[c])
	}
	return q
}
