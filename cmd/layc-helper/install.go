package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// install installs packages into the running system, at root. All their needs must be among them
// or in the system; dpkg checks that.
func install(root string, debs []string) (err error) {
	restore, err := forbidServices(root)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, restore()) }()
	steps, err := order(debs)
	if err != nil {
		return err
	}
	return assigning(root, func() error {
		telling := newInstallation(len(debs))
		for _, s := range steps {
			if err := telling.dpkg(append([]string{s.verb}, s.operands...)...); err != nil {
				return err
			}
		}
		telling.end()
		return audit()
	})
}

// step is one call of dpkg.
type step struct {
	verb     string   // "--unpack" or "--configure"
	operands []string // files or names
}

// order returns the calls of dpkg that install packages. dpkg takes any number of packages at
// once and finds the order to configure them itself. But it refuses to unpack a package before
// all its pre-dependencies are configured. So packages are unpacked in as few rounds as that
// allows, usually one. Between two rounds, only what the next round needs is configured, since
// the needs of the others may come later.
func order(debs []string) ([]step, error) {
	type pkg struct {
		name, file string
		before     []string // must be configured before this is unpacked
		needs      []string // must exist when this is configured
	}
	var waiting []*pkg
	packages := map[string]*pkg{} // by name, and by names that they provide
	for _, deb := range debs {
		c, err := readControl(deb)
		if err != nil {
			return nil, err
		}
		before, err1 := c.names("pre-depends")
		after, err2 := c.names("depends")
		provides, err3 := c.names("provides")
		if err := errors.Join(err1, err2, err3); err != nil {
			return nil, err
		}
		p := &pkg{name: c["package"], file: deb, before: before, needs: slices.Concat(before, after)}
		waiting = append(waiting, p)
		packages[p.name] = p
		for _, name := range provides {
			if packages[name] == nil {
				packages[name] = p
			}
		}
	}
	var closure func(name string, into map[*pkg]bool)
	closure = func(name string, into map[*pkg]bool) {
		p := packages[name]
		if p == nil || into[p] { // not to be installed, so it exists already
			return
		}
		into[p] = true
		for _, need := range p.needs {
			closure(need, into)
		}
	}

	var steps []step
	unpacked, configured := map[*pkg]bool{}, map[*pkg]bool{}
	for len(waiting) > 0 {
		var ready, rest []*pkg
		for _, p := range waiting {
			blocked := slices.ContainsFunc(p.before, func(name string) bool {
				q := packages[name]
				return q != nil && q != p && !configured[q]
			})
			if blocked {
				rest = append(rest, p)
			} else {
				ready = append(ready, p)
			}
		}
		var names []string
		for _, p := range ready {
			unpacked[p] = true
		}
		for _, p := range rest {
			for _, name := range p.before {
				all := map[*pkg]bool{}
				closure(name, all)
				for q := range all {
					if !unpacked[q] {
						clear(all) // this one must wait for another round
					}
				}
				for q := range all {
					if !configured[q] {
						configured[q] = true
						names = append(names, q.name)
					}
				}
			}
		}
		if len(ready) == 0 && len(names) == 0 {
			ready, rest = waiting, nil // a cycle, which dpkg reports
		}
		var files []string
		for _, p := range ready {
			files = append(files, p.file)
		}
		if len(files) > 0 {
			steps = append(steps, step{"--unpack", files})
		}
		if len(names) > 0 {
			slices.Sort(names)
			steps = append(steps, step{"--configure", names})
		}
		waiting = rest
	}
	return append(steps, step{"--configure", []string{"--pending"}}), nil
}

// environment is the complete environment of programs of the system, such as maintainer scripts.
// They use the canonical time in generated files; a fixed hash seed makes Python's byte code
// reproducible.
var environment = environmentWith(nil)

// environmentWith returns the environment of programs, with variables of the program, NAME=VALUE.
// These replace the defaults, but not what makes an installation silent and reproducible. Unless
// they choose a language, it is C.UTF-8.
func environmentWith(more []string) []string {
	out := []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/root",
		"TERM=dumb",
	}
	if !slices.ContainsFunc(more, func(v string) bool { return strings.HasPrefix(v, "LANG=") || strings.HasPrefix(v, "LC_") }) {
		out = append(out, "LC_ALL=C.UTF-8")
	}
	// The last one of a name counts.
	out = append(out, more...)
	return append(out,
		"DEBIAN_FRONTEND=noninteractive",
		"DEBCONF_NONINTERACTIVE_SEEN=true",
		"PYTHONHASHSEED=0",
		fmt.Sprintf("SOURCE_DATE_EPOCH=%d", epoch.Unix()))
}

// dpkg runs dpkg on the system. Existing configuration files stay unchanged. The engine syncs to
// disk.
func (i *installation) dpkg(args ...string) error {
	status, to, err := os.Pipe()
	if err != nil {
		return err
	}
	options := []string{"--no-pager", "--log=/dev/null", "--force-unsafe-io", "--force-confdef", "--force-confold", "--status-fd=3"}
	cmd := exec.Command("/usr/bin/dpkg", append(options, args...)...)
	cmd.Env, cmd.ExtraFiles = environment, []*os.File{to}
	// Its output is shown only after a failure.
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Start()
	to.Close()
	if err == nil {
		followed := make(chan struct{})
		go func() {
			defer close(followed)
			i.follow(status)
		}()
		err = cmd.Wait()
		// A daemon that a package leaves may keep the pipe open.
		_ = status.SetReadDeadline(time.Now().Add(time.Second))
		<-followed
	}
	status.Close()
	if err != nil {
		i.broken()
		os.Stdout.Write(out.Bytes())
		return fmt.Errorf("dpkg failed: %w (see its output above)", err)
	}
	return nil
}

// audit fails if a package is half installed or lacks a dependency.
func audit() error {
	cmd := exec.Command("/usr/bin/dpkg", "--audit")
	cmd.Env, cmd.Stderr = environment, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("dpkg --audit: %w", err)
	}
	if len(bytes.TrimSpace(out)) > 0 {
		return fmt.Errorf("packages are not completely installed:\n%s", out)
	}
	return nil
}
