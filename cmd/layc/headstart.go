package main

import (
	"context"
	"io/fs"
	"sync"
	"time"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/llb/engine"
)

// A build in which nothing has changed needs no engine. Any other build needs one, and its start takes as long
// as compiling the program. So layc's own engine starts as soon as the compiler looks at a file that has
// changed since the engine was used last. If that is a mistake, it only takes a little more CPU time. Without a
// state that was used, it does not: a program with an error shall make no directory.

// headStart returns the input of a program during whose compilation the engine starts, if files have changed.
// The caller must call unneeded at the end: it closes an engine that no build has closed.
func (b *build) headStart(ctx context.Context, in compiler.Input) (watched compiler.Input, unneeded func()) {
	files, ok := in.Project.(dirFS)
	since := engine.LastUse(b.engine.state)
	if b.engine.address != "" || since.IsZero() || !ok {
		return in, func() {}
	}
	opened, err := b.openAll(ctx)
	e, ok := opened.(*engine.Engine)
	if err != nil || !ok {
		return in, func() {} // the build tells why
	}
	b.started = e
	in.Project = changing{files, since, sync.OnceFunc(e.Start)}
	stop := context.AfterFunc(ctx, func() {
		if b.solving != nil && !b.solving.Load() { // the process does not wait for the compiler
			_ = e.Close()
		}
	})
	return in, func() { stop(); _ = e.Close() }
}

// changing are the files of a project. It reports the first look at one that has changed since a time.
type changing struct {
	dirFS
	since   time.Time
	changed func() // may be called several times
}

func (c changing) look(info fs.FileInfo, err error) {
	if err == nil && info.ModTime().After(c.since) {
		c.changed()
	}
}

func (c changing) Open(name string) (fs.File, error) {
	f, err := c.dirFS.Open(name)
	if err == nil {
		c.look(f.Stat())
	}
	return f, err
}

func (c changing) Stat(name string) (fs.FileInfo, error) {
	info, err := c.dirFS.Stat(name)
	c.look(info, err)
	return info, err
}

func (c changing) Lstat(name string) (fs.FileInfo, error) {
	info, err := c.dirFS.Lstat(name)
	c.look(info, err)
	return info, err
}
