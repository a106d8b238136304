package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	servicePolicy = "usr/sbin/policy-rc.d"
	asidePolicy   = "usr/sbin/policy-rc.d.layc"
)

// forbidServices keeps maintainer scripts of the system at root from starting services:
// invoke-rc.d asks the script that this writes. It returns a function that reverts this. A policy
// of the system is put aside meanwhile, unless an installed package brings another one.
func forbidServices(root string) (restore func() error, err error) {
	policy, aside := filepath.Join(root, servicePolicy), filepath.Join(root, asidePolicy)
	if _, err := os.Lstat(aside); !errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(err, fmt.Errorf("/%s exists", asidePolicy))
	}
	err = os.Rename(policy, aside)
	kept := err == nil
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(policy, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return nil, err
	}
	_, err = f.WriteString("#!/bin/sh\nexit 101\n")
	ours, err1 := f.Stat()
	// The umask may have taken the right to execute it.
	if err := errors.Join(err, err1, f.Chmod(0o755), f.Close()); err != nil {
		return nil, err
	}
	return func() error {
		now, err := os.Lstat(policy)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case !os.SameFile(now, ours): // a package has brought its own
			if kept {
				return os.RemoveAll(aside)
			}
			return nil
		default:
			if err := os.Remove(policy); err != nil {
				return err
			}
		}
		if kept {
			return os.Rename(aside, policy)
		}
		return nil
	}, nil
}
