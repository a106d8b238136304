package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// maxDifferences is the maximal number of differences in a report.
const maxDifferences = 20

// again compares the results of two executions of the same steps at some paths. It writes the
// differences into a file, one line for each path. The file is empty if there are none.
func again(first, second, report string, paths []string) error {
	t, err := compareTrees(first, second)
	if err != nil {
		return err
	}
	c := &comparison{trees: t}
	for _, p := range paths {
		if err := c.entry(p); err != nil {
			return err
		}
	}
	return os.WriteFile(report, []byte(listed(c.found, "")), 0o644)
}

// listed formats a list for people, one line each, cut at maxDifferences.
func listed(lines []string, indent string) string {
	var b strings.Builder
	for i, line := range lines {
		if i == maxDifferences {
			fmt.Fprintf(&b, "%s… and %d more\n", indent, len(lines)-i)
			break
		}
		b.WriteString(indent + line + "\n")
	}
	return b.String()
}

type comparison struct {
	trees
	found []string
}

// entry compares a path and everything below it.
func (c *comparison) entry(p string) error {
	var a, b unix.Stat_t
	errA, errB := lstat(c.old+p, &a), lstat(c.now+p, &b)
	switch {
	case missing(errA) && missing(errB):
		return nil
	case missing(errA):
		c.found = append(c.found, p+" exists only the second time")
		return nil
	case missing(errB):
		c.found = append(c.found, p+" exists only the first time")
		return nil
	case errA != nil || errB != nil:
		return errors.Join(errA, errB)
	}
	how, err := c.differ(p, &a, &b)
	if err != nil {
		return err
	}
	if how != "" {
		c.found = append(c.found, p+" "+how)
	}
	if kind(&a) == unix.S_IFDIR && kind(&b) == unix.S_IFDIR {
		return c.directory(p)
	}
	return nil
}

func (c *comparison) directory(dir string) error {
	a, err1 := names(c.old + dir)
	b, err2 := names(c.now + dir)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	all := slices.Concat(a, b)
	slices.Sort(all)
	for _, name := range slices.Compact(all) {
		if err := c.entry(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}
