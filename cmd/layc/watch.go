package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"

	"github.com/layc-lang/layc/lang/lazy"
)

func (c *cli) watchCommand() *cobra.Command {
	w := &watching{cli: c}
	cmd := &cobra.Command{
		Use:        "watch [APP…] [--run]",
		SuggestFor: []string{"dev", "develop"},
		Short:      "Build or run again whenever a file changes",
		Long: `watch builds the apps, and builds them again whenever a file of the project
changes, until Ctrl-C. With --run it runs one app. After a change it builds the
image while the app still runs, and then starts the app again; if the build
fails, the app runs on as it is.

It takes the flags of layc build, and with --run the flags of layc run. Errors
are shown, and it waits for the next change. Changes of the lock file, in .git,
in the directories of outputs and of what .layerignore matches do not count.`,
		Example: `  layc watch
  layc watch app1 -o out
  layc watch app1 --run -p 8080:80`,
		RunE: w.watch,
	}
	cmd.Flags().BoolVar(&w.run, "run", false, "run the app, and start it again after a change")
	cmd.Flags().AddFlagSet(c.buildCommand().Flags())
	cmd.Flags().AddFlagSet(c.runCommand().Flags())
	return cmd
}

// watching is one invocation of layc watch.
type watching struct {
	*cli
	run     bool
	ignored *patternmatcher.PatternMatcher // nil: nothing
}

// ignoredIn returns what the ignore file of a project matches. The build says if the file has errors.
func ignoredIn(dir string) *patternmatcher.PatternMatcher {
	f, err := os.Open(filepath.Join(dir, model.IgnoreFile))
	if err != nil {
		return nil
	}
	defer f.Close()
	lines, err := ignorefile.ReadAll(f)
	if err != nil || len(lines) == 0 {
		return nil
	}
	m, err := patternmatcher.New(lines)
	if err != nil {
		return nil
	}
	return m
}

// ignores reports whether the ignore file matches a path. Modules and the file itself always count: no copy
// takes them, but they decide what is built.
func (w *watching) ignores(name string) bool {
	rel, err := filepath.Rel(w.dir, name)
	if w.ignored == nil || err != nil || rel == model.IgnoreFile || filepath.Ext(rel) == ".layer" {
		return false
	}
	matches, err := w.ignored.MatchesOrParentMatches(rel)
	return err == nil && matches
}

// barren reports whether nothing in a directory counts, as far as the ignore file says.
func (w *watching) barren(dir string) bool {
	if !w.ignores(dir) || w.ignored.Exclusions() {
		return false
	}
	modules, err := filepath.Glob(filepath.Join(escapeGlob(dir), "*.layer"))
	return err == nil && len(modules) == 0
}

// calm is how long no file must change before a build begins: an editor writes several files.
const calm = 200 * time.Millisecond

func (w *watching) watch(cmd *cobra.Command, apps []string) error {
	args, err := w.arguments(cmd, apps)
	if err != nil {
		return err
	}
	if w.run && len(apps) != 1 {
		return usage(cmd, "--run requires one APP")
	}
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return cannot("watch", w.dir, err)
	}
	defer watcher.Close()
	skip := w.skipped(cmd)
	for {
		// A change of .layerignore may have made other files count.
		w.ignored = ignoredIn(w.dir)
		if err := w.add(watcher, w.dir, skip); err != nil {
			return err
		}
		ctx, cancel := context.WithCancel(cmd.Context())
		done := make(chan int, 1)
		go func() {
			done <- (&cli{out: w.out, err: w.err, ready: w.ready, open: w.open, solving: w.solving}).execute(ctx, args)
		}()
		changed, code := w.wait(cmd.Context(), watcher, skip, done)
		for w.run && code < 0 && cmd.Context().Err() == nil && !w.rebuilds(cmd, apps, changed) {
			changed, code = w.wait(cmd.Context(), watcher, skip, done)
		}
		cancel()
		if code < 0 {
			<-done
		}
		switch {
		case cmd.Context().Err() != nil:
			return cmd.Context().Err()
		case code == exitUsage:
			return &codeError{code}
		case !w.run || code >= 0: // rebuilds told it
			w.announce(fmt.Sprintf("\n%s has changed", changed))
		}
	}
}

// rebuilds builds the image of an app that runs, after a file has changed. It reports whether the app can be
// started again: a build that fails leaves the app as it is. It reports true, too, if there is nothing left to
// do, since the command is interrupted.
func (w *watching) rebuilds(cmd *cobra.Command, apps []string, changed string) bool {
	inner := &cli{out: io.Discard, err: w.err, ready: w.ready, open: w.open, solving: w.solving, sharesEngine: true}
	if term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stdout.Fd())) { // it is the app's, and raw
		inner.err = returning{screen(w.err)}
	}
	inner.announce(fmt.Sprintf("\n%s has changed; %s runs until the new image is built", changed, apps[0]))
	code := inner.execute(cmd.Context(), w.buildArguments(cmd, apps))
	if cmd.Context().Err() != nil || code == exitOK {
		return true
	}
	inner.announce(fmt.Sprintf("%s still runs as it was before; waiting for a change", apps[0]))
	return false
}

// returning writes lines for a terminal that is raw.
type returning struct{ to io.Writer }

func (r returning) Write(text []byte) (int, error) {
	_, err := r.to.Write(bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")))
	return len(text), err
}

// buildArguments are the arguments of a build with those flags of a run that concern it, too.
func (w *watching) buildArguments(cmd *cobra.Command, apps []string) []string {
	build, run := w.buildCommand().Flags(), w.runCommand().Flags()
	args, _ := w.repeated(cmd, "build", func(name string) bool { return build.Lookup(name) != nil && run.Lookup(name) != nil }, true)
	return append(args, apps...)
}

// arguments are the arguments of the command that watch repeats.
func (w *watching) arguments(cmd *cobra.Command, apps []string) ([]string, error) {
	command, known := "build", w.buildCommand().Flags()
	if w.run {
		command, known = "run", w.runCommand().Flags()
	}
	args, err := w.repeated(cmd, command, func(name string) bool { return known.Lookup(name) != nil }, false)
	return append(args, apps...), err
}

// repeated returns a command with the flags that were given. It is an error if the command does not know one,
// unless others are to be left out.
func (w *watching) repeated(cmd *cobra.Command, command string, knows func(flag string) bool, leave bool) ([]string, error) {
	args := []string{command, "-C", w.dir}
	var wrong error
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch {
		case f.Name == "run" || f.Name == "dir":
		case !knows(f.Name) && leave:
		case !knows(f.Name):
			wrong = usage(cmd, "--%s is not a flag of layc %s, which watch repeats", f.Name, command)
		default:
			values := []string{f.Value.String()}
			if list, ok := f.Value.(pflag.SliceValue); ok {
				values = list.GetSlice()
			}
			for _, v := range values {
				args = append(args, "--"+f.Name+"="+v)
			}
		}
	})
	return args, wrong
}

// skipped returns the directories whose changes do not count.
func (w *watching) skipped(cmd *cobra.Command) []string {
	skip := []string{filepath.Join(w.dir, ".git")}
	for _, name := range []string{"output", "state", "json-file", "digests"} {
		f := cmd.Flags().Lookup(name)
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		for _, v := range values {
			for part := range strings.SplitSeq(v, ",") {
				if at, ok := strings.CutPrefix(part, "dest="); ok || part == v {
					skip = append(skip, at)
				}
			}
		}
	}
	var out []string
	for _, s := range skip {
		if abs, err := filepath.Abs(s); err == nil && s != "" {
			out = append(out, abs)
		}
	}
	return out
}

// editors matches the names of files that editors make beside a file that they write: Vim, Emacs, JetBrains,
// GNOME and sed -i.
var editors = lazy.Regexp(`~$|^\.#|^#.*#$|^\..*\.sw[a-z]$|^4913$|___jb_(tmp|old)___$|^\.goutputstream-|^sed[A-Za-z0-9]{6}$`)

// counts reports whether a change of a file counts.
func (w *watching) counts(name string, skip []string) bool {
	abs, err := filepath.Abs(name)
	base := filepath.Base(name)
	return err == nil && !w.ignores(name) && !editors().MatchString(base) && base != lock.Name &&
		!slices.ContainsFunc(skip, func(s string) bool { return abs == s || strings.HasPrefix(abs, s+"/") })
}

// add watches a directory and everything below it.
func (w *watching) add(watcher *fsnotify.Watcher, dir string, skip []string) error {
	return filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return cannot("watch", name, err)
		case !d.IsDir():
			return nil
		case name != dir && (!w.counts(name, skip) && !w.ignores(name) || w.barren(name)):
			return filepath.SkipDir
		}
		err = watcher.Add(name)
		if errors.Is(err, syscall.ENOSPC) {
			return fmt.Errorf("the project has more directories than this machine can watch; raise fs.inotify.max_user_watches with sysctl")
		}
		return err
	})
}

// wait waits until the command has ended and a file has changed, or for a change alone if the command runs
// an app. It returns the changed file, and the exit code of the command; -1: it has not ended.
func (w *watching) wait(ctx context.Context, watcher *fsnotify.Watcher, skip []string, done <-chan int) (changed string, code int) {
	code = -1
	var quiet <-chan time.Time
	exists := func(name string) bool {
		_, err := os.Lstat(name)
		return err == nil
	}
	for {
		select {
		case <-ctx.Done():
			return changed, code
		case code = <-done:
			done = nil
			switch {
			case code == exitUsage:
				return changed, code
			case changed == "":
				w.announce("waiting for a change; Ctrl-C ends")
			}
		case e, ok := <-watcher.Events:
			if !ok || e.Op == fsnotify.Chmod || !w.counts(e.Name, skip) {
				continue
			}
			if info, err := os.Lstat(e.Name); err == nil && info.IsDir() {
				_ = w.add(watcher, e.Name, skip) // a directory that vanishes again is not watched
			}
			if changed == "" || !exists(changed) && exists(e.Name) { // a file that was only written to take another's place is gone
				changed = e.Name
			}
			quiet = time.After(calm)
		case <-watcher.Errors: // events were lost
			if changed == "" {
				changed = w.dir
			}
			quiet = time.After(calm)
		case <-quiet:
			return changed, code
		}
	}
}
