package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
)

// install installs packages into the running system, all that they need being
// among them or there already, which dpkg checks.
//
// dpkg takes any number of packages at once and finds the order in which to
// configure them, but it will not unpack a package before its pre-dependencies
// are configured. So they are installed in as few waves as these ask for,
// mostly one.
func install(debs []string) error {
	restore, err := forbidServices()
	if err != nil {
		return err
	}
	defer restore()
	list, err := waves(debs)
	if err != nil {
		return err
	}
	for _, wave := range list {
		if err := dpkg(append([]string{"--install"}, wave...)...); err != nil {
			return err
		}
	}
	return audit()
}

// waves splits packages into sets to be installed one after the other: each
// package comes after the sets that hold its pre-dependencies and all that
// these need.
func waves(debs []string) ([][]string, error) {
	type pkg struct {
		file       string
		before     []string // must be configured before this is unpacked
		needs      []string // must be there when this is configured
		wave       int
		considered bool
	}
	packages := map[string]*pkg{} // by name, and by names that they provide
	var list []*pkg
	for _, deb := range debs {
		c, err := readControl(deb)
		if err != nil {
			return nil, err
		}
		p := &pkg{file: deb, before: c.names("pre-depends"), needs: c.names("pre-depends", "depends")}
		list = append(list, p)
		packages[c["package"]] = p
		for _, name := range c.names("provides") {
			if packages[name] == nil {
				packages[name] = p
			}
		}
	}
	// last is the last wave that holds name or something that it needs.
	var last func(name string) int
	last = func(name string) int {
		p := packages[name]
		if p == nil || p.considered {
			return -1
		}
		p.considered = true
		wave := p.wave
		for _, need := range p.needs {
			wave = max(wave, last(need))
		}
		return wave
	}
	// Waves only grow, and no valid set of packages has more of them than
	// packages; beyond that, dpkg says what is wrong.
	for changed, round := true, 0; changed && round <= len(list); round++ {
		changed = false
		for _, p := range list {
			for _, name := range p.before {
				for _, q := range list {
					q.considered = q == p // p itself is no reason to wait
				}
				if wave := last(name) + 1; wave > p.wave {
					p.wave, changed = wave, true
				}
			}
		}
	}
	var result [][]string
	for _, p := range list {
		for len(result) <= p.wave {
			result = append(result, nil)
		}
		result[p.wave] = append(result[p.wave], p.file)
	}
	return slices.DeleteFunc(result, func(wave []string) bool { return len(wave) == 0 }), nil
}

// environment is all that maintainer scripts see. The canonical time goes
// into what they generate; a fixed hash seed keeps Python's byte code equal.
var environment = []string{
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"HOME=/root",
	"LC_ALL=C.UTF-8",
	"TERM=dumb",
	"DEBIAN_FRONTEND=noninteractive",
	"DEBCONF_NONINTERACTIVE_SEEN=true",
	"PYTHONHASHSEED=0",
	fmt.Sprintf("SOURCE_DATE_EPOCH=%d", epoch.Unix()),
}

// dpkg runs dpkg on the system. Configuration files that are there already
// stay as they are; syncing to disk is the engine's matter.
func dpkg(args ...string) error {
	options := []string{"--no-pager", "--log=/dev/null", "--force-unsafe-io", "--force-confdef", "--force-confold"}
	cmd := exec.Command("/usr/bin/dpkg", append(options, args...)...)
	cmd.Env = environment
	// It is wordy, and warns of each order that was forced; its words are
	// for whom it fails.
	if out, err := cmd.CombinedOutput(); err != nil {
		os.Stdout.Write(out)
		return fmt.Errorf("dpkg failed: %w (its own words are above)", err)
	}
	return nil
}

// audit fails if a package is left half installed or without its needs.
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

// forbidServices keeps maintainer scripts from starting services (invoke-rc.d
// asks this script) and returns what undoes it. A policy of the system's own
// stays.
func forbidServices() (restore func(), err error) {
	const policy = "/usr/sbin/policy-rc.d"
	f, err := os.OpenFile(policy, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if errors.Is(err, fs.ErrExist) {
		return func() {}, nil
	}
	if err != nil {
		return nil, err
	}
	_, err = f.WriteString("#!/bin/sh\nexit 101\n")
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	return func() { os.Remove(policy) }, nil
}
