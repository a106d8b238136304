package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// maxTest is the maximal duration of a test.
const maxTest = 5 * time.Minute

// test runs a program with arguments in the helper's environment, directory and user. It fails
// unless the command succeeds in time and prints a text to standard output or standard error.
func test(command []string, prints string, within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	// Processes that the command started end with it, and it does not wait for them.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	var out output
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("it did not end within %s\n%s", within, out.said())
	case errors.As(err, &exit):
		return fmt.Errorf("it ended with %s\n%s", exit.ProcessState, out.said())
	case errors.Is(err, os.ErrNotExist), errors.Is(err, exec.ErrNotFound):
		return notThere(command[0])
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		return err
	case !out.has(prints):
		return fmt.Errorf("it should print:\n%s\n%s", indented([]byte(prints)), out.said())
	}
	return nil
}

// notThere returns the error for a program that the image does not have, or that the kernel
// cannot load.
func notThere(program string) error {
	if _, err := os.Stat(program); err == nil {
		return fmt.Errorf("the image has %s, but not what loads it (its interpreter)", program)
	}
	if program == "/bin/sh" {
		return errors.New("the image has no /bin/sh; write the test as a list, such as [\"/server\", \"--version\"]")
	}
	return fmt.Errorf("the image has no program %s", program)
}

// output keeps what a command prints, up to a limit.
type output struct {
	mu   sync.Mutex
	text []byte
}

// maxOutput limits the searched part of a test's output.
const maxOutput = 16 << 20

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, p[:min(len(p), maxOutput-len(o.text))]...)
	return len(p), nil
}

func (o *output) has(text string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return bytes.Contains(o.text, []byte(text))
}

// said returns the end of the output, for people.
func (o *output) said() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	text := bytes.TrimRight(o.text, "\n")
	if len(bytes.TrimSpace(text)) == 0 {
		return "it printed nothing"
	}
	return "it printed:\n" + indented(text)
}

// indented returns the last lines of a text, indented and cut to a readable width.
func indented(text []byte) string {
	const count, width = 12, 300
	lines := strings.Split(strings.ToValidUTF8(strings.TrimRight(string(text), "\n"), "�"), "\n")
	if extra := len(lines) - count; extra > 0 {
		lines = append([]string{fmt.Sprintf("… %d earlier lines", extra)}, lines[extra:]...)
	}
	for i, line := range lines {
		line = strings.TrimRight(line, "\r")
		if r := []rune(line); len(r) > width {
			line = string(r[:width]) + "…"
		}
		lines[i] = "  " + line
	}
	return strings.Join(lines, "\n")
}
