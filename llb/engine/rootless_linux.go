package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/gofrs/flock"
	"github.com/moby/buildkit/client"
	"golang.org/x/sys/unix"

	"github.com/layc-lang/layc/llb/registry/access"
)

// An ordinary user's engine is a process of its own: this program again, as the root of a user
// namespace. Its IDs are the user's own, which is root there, and the user's subordinate ones. So
// the files, credentials and network of a build are still read as the user, and only steps and
// snapshots are in the namespace. The two processes are connected by a socket. When the first one
// dies, the engine sees the end of the socket, and closes. The engine is also the first process of
// a pid namespace: when it dies, the kernel kills its steps.

// childName is the name of the engine's process, by which [Child] knows it.
const childName = "layc-engine"

// link is the descriptor of the socket in the engine's process.
const link = 3

// message is what the two processes send to each other.
type message struct {
	// To the engine: the state to open, first of all, the process to interrupt, and how registries
	// are reached; then what the
	// builds did; then to close it, and not to wait for attached processes.
	State, Runc    string
	Owner          int
	Registries     access.Options
	Failed, Worked bool
	Close, Abandon bool

	// From the engine: that it serves, that another process owns the state, or why it cannot; then
	// sentences for the user; then that it has closed.
	Serves, Emptied bool
	Busy            bool
	Unavailable     *fault
	Notice          string
	Closed          bool
	Err             string // why it did not close well
}

// fault is an [UnavailableError] for the other process.
type fault struct{ What, Help, Err string }

// child is an engine in a process of its own.
type child struct {
	cmd     *exec.Cmd
	conn    net.Conn
	send    *json.Encoder
	receive *json.Decoder
	sending sync.Mutex
	stderr  bytes.Buffer // what the process prints when it crashes
	lock    *os.File     // open for others, who look for the engine's process
	cleared bool
}

// startChild starts an engine on a state directory as an ordinary user, and connects to it. The
// error is errBusy if another process came first.
func startChild(ctx context.Context, state string, opts Options) (*child, *client.Client, error) {
	uids, gids, err := subordinates()
	if err != nil {
		return nil, nil, err
	}
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, unusable(state, err)
	}
	here, there := os.NewFile(uintptr(ends[0]), "engine"), os.NewFile(uintptr(ends[1]), "layc")
	defer there.Close()
	c := &child{cmd: exec.Command("/proc/self/exe")}
	c.conn, err = net.FileConn(here)
	if err = errors.Join(err, here.Close()); err != nil {
		return nil, nil, unusable(state, err)
	}
	c.send, c.receive = json.NewEncoder(c.conn), json.NewDecoder(c.conn)
	c.cmd.Args = []string{childName, "wait"}
	c.cmd.Stderr = &c.stderr
	c.cmd.ExtraFiles = []*os.File{there}
	// It is in a process group of its own, since Ctrl-C is for this process, which then ends it.
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID, Setpgid: true}
	if err := c.cmd.Start(); err != nil {
		return nil, nil, errors.Join(noNamespaces(err), c.conn.Close())
	}
	there.Close()                   // so that the end of the engine is the end of the socket
	fail := func(err error) error { // what else fails then does not matter
		_ = c.conn.Close() // then the process ends
		_ = c.cmd.Wait()
		return err
	}
	if err := mapIDs(c.cmd.Process.Pid, uids, gids); err != nil {
		return nil, nil, fail(err)
	}
	stop := context.AfterFunc(ctx, func() { c.conn.Close() })
	defer stop()
	if _, err := c.conn.Write([]byte{0}); err != nil {
		return nil, nil, fail(c.crashed(ctx))
	}
	if err := c.send.Encode(message{State: state, Runc: opts.Runc, Owner: os.Getpid(), Registries: opts.Registries.Given()}); err != nil {
		return nil, nil, fail(c.crashed(ctx))
	}
	for {
		m, err := c.next(opts.Notice)
		switch {
		case err != nil:
			return nil, nil, fail(c.crashed(ctx))
		case m.Busy:
			return nil, nil, fail(errBusy)
		case m.Unavailable != nil:
			return nil, nil, fail(m.Unavailable.error())
		case m.Serves:
			c.cleared = m.Emptied
			if c.lock, err = os.Open(filepath.Join(state, lockName)); err != nil {
				return nil, nil, fail(noState("cannot be locked", err))
			}
			connected, err := attach(ctx, state)
			if err != nil {
				return nil, nil, fail(errors.Join(c.crashed(ctx), c.lock.Close()))
			}
			return c, connected, nil
		}
	}
}

// next returns the next message from the engine. Sentences for the user go to the user.
func (c *child) next(notice func(string)) (message, error) {
	for {
		var m message
		if err := c.receive.Decode(&m); err != nil || m.Notice == "" {
			return m, err
		}
		if notice != nil {
			notice(m.Notice)
		}
	}
}

// crashed is the error for an engine whose process ended by itself.
func (c *child) crashed(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	_ = c.conn.Close()
	err := c.cmd.Wait()
	if said := strings.TrimSpace(c.stderr.String()); said != "" {
		err = errors.New(said)
	}
	return &UnavailableError{What: "the engine's process ended", Help: "run the command again", Err: err}
}

func (f *fault) error() error {
	e := &UnavailableError{What: f.What, Help: f.Help}
	if f.Err != "" {
		e.Err = errors.New(f.Err)
	}
	return e
}

func (c *child) tell(m message) {
	c.sending.Lock()
	defer c.sending.Unlock()
	_ = c.send.Encode(m) // to one that has ended, nothing is to be told
}

func (c *child) note(failed bool) { c.tell(message{Failed: failed, Worked: !failed}) }

func (c *child) emptied() bool { return c.cleared }

func (c *child) close(ctx context.Context, notice func(string)) error {
	c.tell(message{Close: true})
	stop := context.AfterFunc(ctx, func() { c.tell(message{Abandon: true}) })
	defer stop()
	m, err := c.next(notice)
	if err == nil && m.Err != "" {
		err = errors.New(m.Err)
	}
	ended := c.cmd.Wait()
	return errors.Join(err, ended, c.conn.Close(), c.lock.Close())
}

// Child is what a program that opens engines calls first. If an ordinary user's engine started the
// program, it is the engine's process, and Child does not return.
func Child() {
	if os.Args[0] != childName {
		return
	}
	if len(os.Args) > 1 {
		// The process started before its IDs were mapped, and so lost its capabilities. It gets
		// them when it starts again as root.
		if n, err := unix.Read(link, make([]byte, 1)); n != 1 || err != nil {
			os.Exit(1)
		}
		err := unix.Exec("/proc/self/exe", os.Args[:1], os.Environ())
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// Signals are for the first process. They are not ignored, as steps would then ignore them, too.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	if err := serveLink(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// serveLink runs the engine that the process at the other end of the socket asks for.
func serveLink() error {
	unix.CloseOnExec(link)
	file := os.NewFile(link, "layc")
	conn, err := net.FileConn(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	defer conn.Close()
	send, receive := json.NewEncoder(conn), json.NewDecoder(conn)
	var sending sync.Mutex
	tell := func(m message) error {
		sending.Lock()
		defer sending.Unlock()
		return send.Encode(m)
	}
	notice := func(sentence string) { _ = tell(message{Notice: sentence}) }
	var first message
	if err := receive.Decode(&first); err != nil {
		return err
	}
	ctx, abandon := context.WithCancel(context.Background())
	defer abandon()
	e, err := first.open(ctx, notice)
	if err == errBusy {
		return tell(message{Busy: true})
	}
	if err != nil {
		f := fault{What: err.Error()}
		if u := (*UnavailableError)(nil); errors.As(err, &u) {
			f = fault{What: u.What, Help: u.Help}
			if u.Err != nil {
				f.Err = plain(u.Err).Error()
			}
		}
		return tell(message{Unavailable: &f})
	}
	_ = tell(message{Serves: true, Emptied: e.emptied()}) // if nobody listens any more, the next line knows
	var closing atomic.Bool
	closed := make(chan error, 1)
	end := func() {
		if !closing.Swap(true) {
			go func() { closed <- e.close(ctx, notice) }()
		}
	}
	go func() {
		for {
			var m message
			switch err := receive.Decode(&m); {
			case err != nil, m.Abandon:
				abandon()
				end()
			case m.Close:
				end()
			default:
				e.note(m.Failed)
			}
			if ctx.Err() != nil {
				return
			}
		}
	}()
	last := message{Closed: true}
	if err := <-closed; err != nil {
		last.Err = err.Error()
	}
	_ = tell(last)
	return nil
}

// open opens the engine in the user namespace.
func (m message) open(ctx context.Context, notice func(string)) (*embedded, error) {
	// Mounts of the machine appear in the namespace, but not the other way around.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, ""); err != nil {
		return nil, noMounts(err)
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return nil, noProc(err)
	}
	if err := checkMachine(m.Runc); err != nil {
		return nil, err
	}
	if err := cannotMount(m.State); err != nil {
		return nil, err
	}
	// runc keeps its own state there.
	run := filepath.Join(m.State, runName)
	if err := os.MkdirAll(run, 0o700); err != nil {
		return nil, unusable(m.State, err)
	}
	for name, value := range map[string]string{"XDG_RUNTIME_DIR": run, "USER": childName} {
		if err := os.Setenv(name, value); err != nil {
			return nil, unusable(m.State, err)
		}
	}
	lock := flock.New(filepath.Join(m.State, lockName), flock.SetPermissions(0o600))
	got, err := lock.TryLock()
	if err != nil {
		return nil, noState("cannot be locked", err)
	}
	if !got {
		return nil, errBusy
	}
	registries, err := access.New(m.Registries)
	if err != nil {
		return nil, errors.Join(unusable(m.State, err), lock.Close())
	}
	e, c, err := startEmbedded(ctx, m.State, Options{Runc: m.Runc, Registries: registries, Notice: notice}, m.Owner, lock)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return e, c.Close()
}

// runName is the directory in the state of an ordinary user where runc keeps its state.
const runName = "run"
