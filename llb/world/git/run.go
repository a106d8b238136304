package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/layc-lang/layc/lang/load"

	"github.com/layc-lang/layc/lang/lazy"
)

// Limits for git; tests lower them.
var (
	// gitPatience is how long git may print nothing. It prints its progress while a server
	// responds, however slowly.
	gitPatience = 2 * time.Minute
	// maxOutput limits git's output: trees that contain themselves repeatedly turn a repository
	// of a few kilobytes into an endless list.
	maxOutput = 128 << 20
)

var (
	errSilent = errors.New("the server does not respond")
	errOutput = errors.New("the list of files is too long")
)

// git runs the git program. It never asks the user for input, and stops git when the context is
// done, when git prints nothing for too long, or when it prints more than any sane repository
// needs.
func git(ctx context.Context, r load.Repository, dir string, in io.Reader, args ...string) ([]byte, error) {
	program, err := exec.LookPath("git")
	if err != nil {
		return nil, &FetchError{r, "git not found", "install git, or run layc vendor on a machine that has it"}
	}
	if dir == "" {
		dir = os.TempDir() // in a repository, git would use its settings
	}
	within, end := context.WithCancelCause(ctx)
	defer end(nil)
	silence := time.AfterFunc(gitPatience, func() { end(errSilent) })
	defer silence.Stop()
	heard := func() { silence.Reset(gitPatience) }

	cmd := exec.CommandContext(within, program, append(settings(), args...)...)
	cmd.Dir, cmd.Stdin, cmd.Env = dir, in, Environment(os.Environ())
	cmd.Cancel = func() error { return endAll(cmd.Process.Pid) }
	cmd.WaitDelay = time.Second // a surviving process keeps the pipes open; do not wait for it
	out := &output{max: maxOutput, heard: heard, full: func() { end(errOutput) }}
	message := &output{max: 1 << 20, heard: heard, full: func() {}} // the end matters most
	cmd.Stdout, cmd.Stderr = out, message
	err = cmd.Run()
	switch cause := context.Cause(within); {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case cause != nil:
		return nil, &FetchError{Repository: r, Message: cause.Error()}
	case err != nil:
		return nil, &FetchError{Repository: r, Message: words(message.text.String(), err)}
	}
	return out.text.Bytes(), nil
}

// endAll stops a process and its children: git does not stop the program that talks to the
// server. The children stay in layc's process group, so that ssh may use the terminal if the
// user's settings allow it.
func endAll(pid int) error {
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	for _, child := range strings.Fields(string(children)) {
		if n, err := strconv.Atoi(child); err == nil {
			endAll(n)
		}
	}
	return syscall.Kill(pid, syscall.SIGTERM)
}

// settings limit how long a server can make git wait, and git's memory: large objects are
// unpacked in pieces.
func settings() []string {
	return []string{"-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=60", "-c", "core.bigFileThreshold=1m"}
}

// output keeps what is written to it, and signals each write. After more than max bytes it calls
// full and starts over.
type output struct {
	text  bytes.Buffer
	max   int
	heard func()
	full  func()
}

func (o *output) Write(p []byte) (int, error) {
	o.heard()
	if o.text.Len()+len(p) > o.max {
		o.full()
		o.text.Reset()
	}
	return o.text.Write(p)
}

// Environment returns the environment for git: the user's, for proxies and credentials, but
// without the variables of a git hook, which point git at another repository. Git asks the user
// for no input.
func Environment(env []string) []string {
	var kept []string
	ssh := false
	for _, v := range env {
		name, _, _ := strings.Cut(v, "=")
		switch name {
		case "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
			"GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_CEILING_DIRECTORIES", "LC_ALL", "GIT_TERMINAL_PROMPT":
			continue
		case "GIT_SSH", "GIT_SSH_COMMAND":
			ssh = true
		}
		kept = append(kept, v)
	}
	if !ssh {
		kept = append(kept, "GIT_SSH_COMMAND=ssh -o BatchMode=yes -o ConnectTimeout=30")
	}
	return append(kept, "LC_ALL=C", "GIT_TERMINAL_PROMPT=0")
}

// progress matches git's progress lines.
var progress = lazy.Regexp(`^(remote: )?[A-Z][a-z ]+: +[0-9]+[%, ]|^From |^\* |^(remote: )?(Total|Enumerating|Counting|Compressing) `)

// words returns git's message in one line, without its advice, since layc adds its own.
func words(message string, err error) string {
	advice := []string{"Could not read from remote repository.", "Please make sure you have the correct access rights", "and the repository exists."}
	var lines []string
	for line := range strings.FieldsFuncSeq(message, func(c rune) bool { return c == '\n' || c == '\r' }) {
		line = strings.TrimSpace(line)
		if progress().MatchString(line) {
			continue
		}
		line = strings.TrimPrefix(strings.TrimPrefix(line, "fatal: "), "error: ")
		if line != "" && !strings.HasPrefix(line, "warning:") && !slices.Contains(advice, line) && len(lines) < 3 {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return err.Error()
	}
	return strings.Join(lines, "; ")
}
