package llb

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"

	"github.com/layc-lang/layc/compiler/model"
)

// Dump formats the definitions as text, for people and for goldens. It has each vertex once,
// after its inputs. It has the platform of an execution if the images have another one. Vertices are numbered in this order, so no digest appears. The vertex of each
// image follows.
func Dump(g *Graph) (string, error) {
	d := &dumper{selections: g.Selections, numbers: map[digest.Digest]int{}}
	for _, i := range g.Images {
		d.platform = model.Platform{OS: i.Platform.OS, Arch: i.Platform.Architecture, Variant: i.Platform.Variant}
		n, err := "scratch", error(nil)
		if i.output != nil {
			n, err = d.input(i.vertices, i.output)
		}
		if err != nil {
			return "", fmt.Errorf("image %s: %w", i.App.Name, err)
		}
		d.images = append(d.images, fmt.Sprintf("image %s = %s", i.App.Name, n))
	}
	return d.numbered(d.out.String()) + strings.Join(d.images, "\n") + "\n", nil
}

// numbered returns the text with numbers for the directories of selections, which have digests.
func (d *dumper) numbered(text string) string {
	var pairs []string
	for n, dir := range d.dirs() {
		pairs = append(pairs, "/"+dir+"/", fmt.Sprintf("/%d/", n+1))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// dirs returns the directories of selections by position, then as people read selections.
func (d *dumper) dirs() []string {
	return slices.SortedFunc(maps.Keys(d.selections), func(a, b string) int {
		before := func(dir string) string { position, _, _ := strings.Cut(dir, "-"); return position }
		return cmp.Or(cmp.Compare(before(a), before(b)), cmp.Compare(d.selections[a].String(), d.selections[b].String()), cmp.Compare(a, b))
	})
}

type dumper struct {
	selections map[string]*model.Selection
	platform   model.Platform // of the images
	numbers    map[digest.Digest]int
	out        strings.Builder
	images     []string
}

// input writes a vertex, after its own inputs, if it is new, and returns the name of its output.
func (d *dumper) input(vertices map[digest.Digest]*vertex, in *pb.Input) (string, error) {
	at := digest.Digest(in.Digest)
	if _, ok := d.numbers[at]; !ok {
		v, op := vertices[at], &pb.Op{}
		if err := op.UnmarshalVT(v.op); err != nil {
			return "", err
		}
		var inputs []string
		for _, i := range op.Inputs {
			n, err := d.input(vertices, i)
			if err != nil {
				return "", err
			}
			inputs = append(inputs, n)
		}
		d.numbers[at] = len(d.numbers)
		d.vertex(d.numbers[at], op, inputs, v.metadata.GetDescription()["llb.customname"])
	}
	return fmt.Sprintf("v%d.%d", d.numbers[at], in.Index), nil
}

func (d *dumper) vertex(n int, op *pb.Op, inputs []string, name string) {
	fmt.Fprintf(&d.out, "v%d", n)
	switch o := op.Op.(type) {
	case *pb.Op_Source:
		fmt.Fprintf(&d.out, " source %s", o.Source.Identifier)
		for _, k := range slices.Sorted(maps.Keys(o.Source.Attrs)) {
			if k != pb.AttrLocalUniqueID { // where the files are, not what they are
				fmt.Fprintf(&d.out, " %s=%s", strings.TrimPrefix(strings.TrimPrefix(k, "http."), "local."), o.Source.Attrs[k])
			}
		}
		if o.Source.Identifier == "local://"+ProjectSource {
			for _, dir := range d.dirs() {
				fmt.Fprintf(&d.out, "\n    /%s/ takes %s", dir, d.selections[dir])
			}
		}
	case *pb.Op_Exec:
		d.exec(o.Exec, platformOf(op), inputs)
	case *pb.Op_File:
		d.out.WriteString(" file")
		for _, a := range o.File.Actions {
			fmt.Fprintf(&d.out, "\n    %s", action(a, inputs))
		}
	case *pb.Op_Merge:
		fmt.Fprintf(&d.out, " merge %s", strings.Join(inputs, " "))
	case *pb.Op_Diff:
		fmt.Fprintf(&d.out, " diff %s", strings.Join(inputs, " "))
	}
	if name != "" {
		fmt.Fprintf(&d.out, "\n    # %s", name)
	}
	d.out.WriteString("\n")
}

// platformOf returns the platform that a vertex executes on.
func platformOf(op *pb.Op) model.Platform {
	p := op.GetPlatform()
	return model.Platform{OS: p.GetOS(), Arch: p.GetArchitecture(), Variant: p.GetVariant()}
}

func (d *dumper) exec(e *pb.ExecOp, p model.Platform, inputs []string) {
	fmt.Fprintf(&d.out, " exec %q", e.Meta.Args)
	if p != d.platform {
		fmt.Fprintf(&d.out, " on %s", p)
	}
	if e.Meta.Cwd != "/" {
		fmt.Fprintf(&d.out, " in %s", e.Meta.Cwd)
	}
	if e.Meta.User != "" {
		fmt.Fprintf(&d.out, " as %s", e.Meta.User)
	}
	if e.Network == pb.NetMode_NONE {
		d.out.WriteString(" network none")
	}
	for _, v := range e.Meta.Env {
		fmt.Fprintf(&d.out, "\n    env %s", v)
	}
	for _, m := range e.Mounts {
		if m.SecretOpt != nil && strings.HasPrefix(m.SecretOpt.ID, secretPrefix) {
			d.out.WriteString("\n    the host's network") // the same in all steps
			continue
		}
		from := "scratch"
		if m.Input >= 0 && int(m.Input) < len(inputs) {
			from = inputs[m.Input]
		}
		fmt.Fprintf(&d.out, "\n    mount %s", m.Dest)
		switch m.MountType {
		case pb.MountType_BIND:
			fmt.Fprintf(&d.out, " %s%s", from, m.Selector)
		case pb.MountType_CACHE:
			fmt.Fprintf(&d.out, " cache %s %s from %s%s", m.CacheOpt.ID, strings.ToLower(m.CacheOpt.Sharing.String()), from, m.Selector)
		case pb.MountType_SECRET:
			fmt.Fprintf(&d.out, " secret %s mode %#o owner %d:%d", m.SecretOpt.ID, m.SecretOpt.Mode, m.SecretOpt.Uid, m.SecretOpt.Gid)
			if m.SecretOpt.Optional {
				d.out.WriteString(" optional")
			}
		default:
			fmt.Fprintf(&d.out, " %s", strings.ToLower(m.MountType.String()))
		}
		if m.Readonly {
			d.out.WriteString(" read-only")
		}
	}
	for _, s := range e.Secretenv {
		if strings.HasPrefix(s.ID, secretPrefix) {
			continue
		}
		fmt.Fprintf(&d.out, "\n    secret %s as %s", s.ID, s.Name)
	}
}

// action formats one action of a file vertex.
func action(a *pb.FileAction, inputs []string) string {
	ref := func(i int64) string {
		switch {
		case i < 0:
			return "scratch"
		case int(i) < len(inputs):
			return inputs[i]
		}
		return fmt.Sprintf("action %d", int(i)-len(inputs))
	}
	on := "on " + ref(a.Input) + ": "
	switch x := a.Action.(type) {
	case *pb.FileAction_Copy:
		c := x.Copy
		s := on + fmt.Sprintf("copy %s %s to %s", ref(a.SecondaryInput), c.Src, c.Dest)
		if c.DirCopyContents {
			s += " contents"
		}
		if c.FollowSymlink {
			s += " followed"
		}
		if c.ModeStr != "" {
			s += " mode " + c.ModeStr
		} else if c.Mode >= 0 {
			s += fmt.Sprintf(" mode %#o of parents too", c.Mode)
		}
		for _, p := range c.IncludePatterns {
			s += " include " + p
		}
		for _, p := range c.ExcludePatterns {
			s += " exclude " + p
		}
		return s + chown(c.Owner) + at(c.Timestamp)
	case *pb.FileAction_Mkfile:
		f := x.Mkfile
		return on + fmt.Sprintf("file %s mode %#o %q", f.Path, f.Mode, f.Data) + chown(f.Owner) + at(f.Timestamp)
	case *pb.FileAction_Mkdir:
		f := x.Mkdir
		return on + fmt.Sprintf("dir %s mode %#o", f.Path, f.Mode) + chown(f.Owner) + at(f.Timestamp)
	case *pb.FileAction_Symlink:
		f := x.Symlink
		return on + fmt.Sprintf("link %s to %s", f.Newpath, f.Oldpath) + chown(f.Owner) + at(f.Timestamp)
	case *pb.FileAction_Rm:
		return on + "remove " + x.Rm.Path
	}
	return on + "unknown action"
}

func chown(o *pb.ChownOpt) string {
	if o == nil {
		return ""
	}
	id := func(u *pb.UserOpt) string {
		if n, ok := u.GetUser().(*pb.UserOpt_ByID); ok {
			return fmt.Sprint(n.ByID)
		}
		return "?"
	}
	return fmt.Sprintf(" owner %s:%s", id(o.User), id(o.Group))
}

// at formats a timestamp, in nanoseconds since the epoch; "" for the canonical time. BuildKit
// writes -1 for none.
func at(ns int64) string {
	switch ns {
	case epoch.UnixNano():
		return ""
	case -1:
		return " times kept"
	}
	return " at " + time.Unix(0, ns).UTC().Format(time.RFC3339)
}
