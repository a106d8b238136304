package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/moby/sys/user"
	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// container is an image of a layout that runs with runc, as its configuration says.
type container struct {
	*testing.T
	app, bundle string
	hosts       []string // names that are on its network
	config      v1.Config
	output      transcript
	done        chan error // has the end of the process, once
}

// transcript is what a process prints, while it prints.
type transcript struct {
	sync.Mutex
	text bytes.Buffer
}

func (p *transcript) Write(text []byte) (int, error) {
	p.Lock()
	defer p.Unlock()
	return p.text.Write(text)
}

func (p *transcript) String() string {
	p.Lock()
	defer p.Unlock()
	return p.text.String()
}

// newContainer unpacks the image of an app.
func newContainer(t *testing.T, layout, app string) *container {
	t.Helper()
	c := &container{T: t, app: app, bundle: t.TempDir(), done: make(chan error, 1)}
	c.config = unpack(t, layout, app, c.root()).Config
	return c
}

// root is the directory of its files.
func (c *container) root() string { return filepath.Join(c.bundle, "rootfs") }

// start runs the container until the test ends, on the network of another one; nil: on one of its
// own, since the host may use the port. Variables are added to those of the image.
func (c *container) start(beside *container, variables ...string) {
	c.Helper()
	network := ""
	if beside != nil {
		beside.until(func() bool {
			number, _ := os.ReadFile(filepath.Join(beside.bundle, "pid"))
			network = "/proc/" + string(number) + "/ns/net"
			return len(number) > 0
		}, func() string { return "it does not start" })
	}
	c.writeSpec(network, variables)
	runc, err := filepath.Abs("../../bin/layc-runc")
	if err != nil {
		c.Fatal(err)
	}
	id := fmt.Sprintf("layc-test-%s-%d", strings.ReplaceAll(c.app, "/", "-"), os.Getpid())
	cmd := exec.Command(runc, "--root", c.TempDir(), "run", "--bundle", c.bundle, "--pid-file", filepath.Join(c.bundle, "pid"), id)
	cmd.Stdout, cmd.Stderr = &c.output, &c.output
	if err := cmd.Start(); err != nil {
		c.Fatal(err)
	}
	go func() { c.done <- cmd.Wait() }()
	c.Cleanup(c.kill)
}

// kill ends the container. Its first process ignores signals that it does not handle, and may have printed
// before runc writes its number.
func (c *container) kill() {
	for {
		number, _ := os.ReadFile(filepath.Join(c.bundle, "pid"))
		if len(number) > 0 {
			exec.Command("kill", "-9", string(number)).Run()
			<-c.done
			return
		}
		select {
		case <-c.done:
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// until waits for minutes until something holds.
func (c *container) until(holds func() bool, failure func() string) {
	c.Helper()
	for deadline := time.Now().Add(5 * time.Minute); !holds(); time.Sleep(100 * time.Millisecond) {
		select {
		case err := <-c.done:
			c.done <- err
			c.Fatalf("%s ended: %v\n%s", c.app, err, &c.output)
		default:
		}
		if time.Now().After(deadline) {
			c.Fatalf("%s: %s\n%s", c.app, failure(), &c.output)
		}
	}
}

// serves waits until an address has a page.
func (c *container) serves(url, page string) {
	c.Helper()
	pid, got := filepath.Join(c.bundle, "pid"), ""
	c.until(func() bool {
		_, text := getIn(pid, url, nil)
		got = strings.TrimSpace(text)
		return got == page
	}, func() string { return fmt.Sprintf("%s answers %q, want %q", url, got, page) })
}

// prints waits until the container has transcript something.
func (c *container) prints(text string) {
	c.Helper()
	c.until(func() bool { return strings.Contains(c.output.String(), text) }, func() string { return fmt.Sprintf("it does not print %q", text) })
}

// asks returns the response to a request with headers.
func (c *container) asks(url string, headers http.Header) (response *http.Response) {
	c.Helper()
	c.until(func() bool {
		response, _ = getIn(filepath.Join(c.bundle, "pid"), url, headers)
		return response != nil
	}, func() string { return url + " does not answer" })
	return response
}

// getIn gets a page in the network of the process whose number is in a file; nil: there is none.
func getIn(pid, url string, headers http.Header) (*http.Response, string) {
	number, err := os.ReadFile(pid)
	if err != nil {
		return nil, ""
	}
	dial := func(ctx context.Context, network, address string) (connection net.Conn, err error) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
			space, failed := os.Open("/proc/" + string(number) + "/ns/net")
			if err = failed; err != nil {
				return
			}
			defer space.Close()
			if err = unix.Setns(int(space.Fd()), unix.CLONE_NEWNET); err == nil {
				connection, err = (&net.Dialer{}).DialContext(ctx, network, address)
			}
		}()
		<-done
		return connection, err
	}
	client := &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return nil, ""
	}
	for name, values := range headers {
		request.Header[name] = values
	}
	r, err := client.Do(request)
	if err != nil {
		return nil, ""
	}
	defer r.Body.Close()
	text, _ := io.ReadAll(r.Body)
	return r, string(text)
}

// unpack extracts an image of a layout and returns its configuration.
func unpack(t *testing.T, dir, app, to string) *v1.ConfigFile {
	t.Helper()
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range manifest.Manifests {
		if m.Annotations["org.opencontainers.image.ref.name"] != app {
			continue
		}
		image, err := index.Image(m.Digest)
		if err != nil {
			t.Fatal(err)
		}
		config, err := image.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(to, 0o755); err != nil {
			t.Fatal(err)
		}
		files := mutate.Extract(image)
		defer files.Close()
		tar := exec.Command("tar", "--extract", "--preserve-permissions", "--numeric-owner", "--directory", to)
		tar.Stdin = files
		if text, err := tar.CombinedOutput(); err != nil {
			t.Fatalf("tar: %v\n%s", err, text)
		}
		return config
	}
	t.Fatalf("the layout has no image %s", app)
	return nil
}

// writeSpec writes the runtime's configuration: the image's, with the capabilities that Docker
// leaves to root.
func (c *container) writeSpec(network string, variables []string) {
	c.Helper()
	var capabilities []string
	for _, name := range strings.Fields("CHOWN DAC_OVERRIDE FOWNER FSETID KILL NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT") {
		capabilities = append(capabilities, "CAP_"+name)
	}
	id, err := user.GetExecUserPath(c.config.User, nil, filepath.Join(c.root(), "etc/passwd"), filepath.Join(c.root(), "etc/group"))
	if err != nil {
		c.Fatal(err)
	}
	kept := &specs.LinuxCapabilities{Bounding: capabilities}
	if id.Uid == 0 {
		kept.Effective, kept.Permitted = capabilities, capabilities
	}
	groups := []uint32{}
	for _, g := range id.Sgids {
		groups = append(groups, uint32(g))
	}
	hosts := filepath.Join(c.bundle, "hosts")
	if err := os.WriteFile(hosts, []byte("127.0.0.1 localhost "+strings.Join(c.hosts, " ")+"\n"), 0o644); err != nil {
		c.Fatal(err)
	}
	cwd := c.config.WorkingDir
	if cwd == "" {
		cwd = "/"
	}
	spec := specs.Spec{
		Version: specs.Version,
		Root:    &specs.Root{Path: "rootfs"},
		Process: &specs.Process{
			Args: append(c.config.Entrypoint, c.config.Cmd...), Env: append(c.config.Env, variables...), Cwd: cwd,
			User:         specs.User{UID: uint32(id.Uid), GID: uint32(id.Gid), AdditionalGids: groups},
			Capabilities: kept,
		},
		Mounts: []specs.Mount{
			{Destination: "/proc", Type: "proc", Source: "proc"},
			{Destination: "/dev", Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "mode=755"}},
			{Destination: "/dev/shm", Type: "tmpfs", Source: "shm", Options: []string{"nosuid", "noexec", "nodev", "mode=1777"}},
			{Destination: "/etc/hosts", Type: "bind", Source: hosts, Options: []string{"bind", "ro"}},
			{Destination: "/sys", Type: "bind", Source: "/sys", Options: []string{"rbind", "ro"}},
		},
		Linux: &specs.Linux{Namespaces: []specs.LinuxNamespace{
			{Type: specs.PIDNamespace}, {Type: specs.MountNamespace}, {Type: specs.IPCNamespace}, {Type: specs.UTSNamespace}, {Type: specs.NetworkNamespace, Path: network},
		}},
	}
	text, err := json.Marshal(spec)
	if err != nil {
		c.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.bundle, "config.json"), text, 0o644); err != nil {
		c.Fatal(err)
	}
}
