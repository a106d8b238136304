// Command sh is the shell of a base system that has nothing else. It executes commands that are
// separated by semicolons:
//
//	sleep DURATION
//	mkdir DIR        with its parents
//	write FILE TEXT
//	fill FILE N      writes N megabytes
//	fail CODE
package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

func main() {
	for command := range strings.SplitSeq(os.Args[len(os.Args)-1], ";") {
		if err := do(strings.Fields(command)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func do(words []string) error {
	switch words[0] {
	case "sleep":
		d, err := time.ParseDuration(words[1])
		time.Sleep(d)
		return err
	case "mkdir":
		return os.MkdirAll(words[1], 0o755)
	case "write":
		return os.WriteFile(words[1], []byte(words[2]), 0o644)
	case "fill":
		return fill(words[1], words[2])
	case "fail":
		code, err := strconv.Atoi(words[1])
		if err == nil {
			os.Exit(code)
		}
		return err
	}
	return fmt.Errorf("unknown command %s", words[0])
}

func fill(path, megabytes string) error {
	n, err := strconv.Atoi(megabytes)
	if err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	for i := range n {
		if _, err := f.Write(bytes.Repeat([]byte{byte(i)}, 1<<20)); err != nil {
			return err
		}
	}
	return f.Close()
}
