package bind

import (
	"strings"

	"github.com/layc-lang/layc/compiler/evaluate"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
)

// config merges the configuration of an app's image.
func (x *binder) config(a *model.App, own []model.Setting) model.Config {
	m := model.Merge(a.Closure, own, x.dispute)
	c := model.Config{Env: m.Env(), Labels: m.Pairs("label"), Annotations: m.Pairs("annotation")}
	if p := m.Single["user"]; p.Setting != nil {
		c.User, a.UserAt = p.Value.Text, p.Span
	}
	c.Workdir = m.Text("workdir")
	c.StopSignal = m.Text("stopsignal")
	c.Entrypoint = m.Texts("entrypoint")
	c.Command = m.Texts("command")
	if m.Single["entrypoint"].Over(m.Single["command"]) {
		c.Command = nil // an entrypoint clears an inherited command
	}
	x.runnable(a, &c, m)
	for _, name := range []string{"command", "entrypoint"} {
		if p := m.Single[name]; p.Setting != nil && len(m.Texts(name)) > 0 {
			a.StartAt = p.Span
		}
	}
	c.Shell = m.Texts("shell")
	c.Expose = m.Union("expose")
	c.Volumes = m.Union("volume")
	if h := m.Single["healthcheck"]; h.Setting != nil {
		c.Healthcheck, a.HealthAt = h.Health, h.Span
	}
	return c
}

// runnable checks what depends on all proposals together: that the program has a name, and
// that Linux accepts the length of joined values.
func (x *binder) runnable(a *model.App, c *model.Config, m *model.Merged) {
	if len(c.Entrypoint) == 0 && len(c.Command) > 0 && c.Command[0] == "" {
		x.NothingToRun(m.Single["command"].Span, "the program name is empty in app %s", a.Name).
			Hint("write the program, such as `command [\"/opt/tool/run\"]`, or an `entrypoint`")
	}
	for _, e := range c.Env {
		if joined := m.Appended[e.Name]; joined != nil {
			x.Passable(e.Name+"="+e.Value, joined[0].Span)
		}
	}
}

// stepEnv returns the environment of an instance's runs and installations: the environment of its
// root, then its own.
func (x *binder) stepEnv(i *model.Instance) []model.EnvVar {
	m := model.Merge(i.Root, i.Settings, x.dispute)
	m.Of = i
	return m.Env()
}

// dispute reports two components that propose different values.
func (x *binder) dispute(a, b model.Proposal, what string) {
	first, second := a, b
	if first.Span.Compare(second.Span) > 0 {
		first, second = second, first
	}
	if a.From == b.From {
		x.Found.Errorf(diag.ConflictingConfiguration, second.Span, "`%s` is defined twice", what).
			See(first.Span, "first defined here").Hint("remove one of them")
		return
	}
	if first.Span == second.Span {
		x.Found.Errorf(diag.ConflictingConfiguration, second.Span, "conflicting values of `%s` in two instances of one component", what).
			Note("%s sets %s, %s sets %s", evaluate.Shortened(first.From.Title), first.Value, evaluate.Shortened(second.From.Title), second.Value).
			Hint("set `%s` in the app, which overrides both", what)
		return
	}
	d := x.Found.Errorf(diag.ConflictingConfiguration, second.Span, "conflicting values of `%s` in %s and %s", what, evaluate.Shortened(first.From.Title), evaluate.Shortened(second.From.Title)).
		At("%s here", second.Value).
		See(first.Span, "%s here", first.Value).
		Note("a value in the app overrides the values of its components").
		Hint("set it in the app, such as `%s`, or change one of them", strings.Join(strings.Fields(second.Span.Text()), " "))
	x.involve(d, second.From, first.From)
}
