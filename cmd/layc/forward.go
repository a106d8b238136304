package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/llb"
	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/helper"
)

// forward is a port of a container that is reachable on this machine.
type forward struct {
	listener net.Listener
	port     string // of the container
}

// published is a value of --publish.
type published struct{ host, port string }

// publishes parses the values of --publish: [ADDRESS:][PORT:]PORT[/tcp].
func publishes(cmd *cobra.Command, values []string) ([]published, error) {
	var out []published
	for _, value := range values {
		text := strings.TrimSuffix(value, "/tcp")
		parts := strings.Split(text, ":")
		host, port := "127.0.0.1:"+parts[0], parts[len(parts)-1]
		if len(parts) == 3 {
			host = parts[0] + ":" + parts[1]
		}
		noAddress := len(parts) == 3 && parts[0] != "localhost" && net.ParseIP(parts[0]) == nil
		for _, p := range []string{parts[max(0, len(parts)-2)], port} {
			if n, err := strconv.ParseUint(p, 10, 16); err != nil || n == 0 && p == port || len(parts) > 3 || noAddress {
				return nil, usage(cmd, "--publish %s: expected PORT, PORT:PORT or ADDRESS:PORT:PORT, of TCP", value)
			}
		}
		out = append(out, published{host, port})
	}
	return out, nil
}

// binds parses the values of --volume.
func binds(cmd *cobra.Command, values []string) ([]engine.Bind, error) {
	var out []engine.Bind
	for _, value := range values {
		parts := strings.Split(value, ":")
		if len(parts) == 3 && parts[2] == "rw" {
			parts = parts[:2]
		}
		if len(parts) < 2 || len(parts) > 3 || len(parts) == 3 && parts[2] != "ro" || !filepath.IsAbs(parts[1]) || filepath.Clean(parts[1]) == "/" {
			return nil, usage(cmd, "--volume %s: expected PATH:PATH or PATH:PATH:ro, where the second path is absolute", value)
		}
		from, err := filepath.Abs(parts[0])
		if err == nil {
			_, err = os.Stat(from)
		}
		if err != nil {
			return nil, usage(cmd, "--volume %s: %s", value, plainError(err))
		}
		out = append(out, engine.Bind{From: from, To: filepath.Clean(parts[1]), ReadOnly: len(parts) == 3})
	}
	return out, nil
}

// helperOf returns the file systems that a container with forwarded ports has.
func helperOf(t *compiler.Target) (engine.Tools, error) {
	def, err := llb.Tool(t.Platform)
	return engine.Tools{helper.Dir: def}, err
}

// listen listens on the ports that are published, and on those that the app exposes: on the same port
// if it is free.
func listen(ports []published, exposed []string) (all []forward, err error) {
	defer func() {
		if err != nil {
			for _, f := range all {
				f.listener.Close()
			}
		}
	}()
	for _, p := range ports {
		l, err := net.Listen("tcp", p.host)
		if err != nil {
			return all, cannot("listen on", p.host, plainListen(err))
		}
		all = append(all, forward{l, p.port})
	}
	for _, e := range exposed {
		port, protocol, _ := strings.Cut(e, "/")
		if protocol != "" && protocol != "tcp" || strings.Contains(port, "-") || slices.ContainsFunc(all, func(f forward) bool { return f.port == port }) {
			continue
		}
		l, err := net.Listen("tcp", "127.0.0.1:"+port)
		if err != nil {
			l, err = net.Listen("tcp", "127.0.0.1:0")
		}
		if err != nil {
			return all, cannot("listen on", "127.0.0.1", plainListen(err))
		}
		all = append(all, forward{l, port})
	}
	return all, nil
}

// plainListen returns the cause of an error of net.Listen.
func plainListen(err error) error {
	var sys *os.SyscallError
	if errors.As(err, &sys) {
		return sys.Err
	}
	return err
}

// stop closes the ports.
func (r *running) stop() {
	for _, f := range r.forward {
		f.listener.Close()
	}
}

// tellPorts says where the ports of the container are.
func (r *running) tellPorts() {
	for _, f := range r.forward {
		r.announce(fmt.Sprintf("port %s of %s: http://%s", f.port, r.app.Name, f.listener.Addr()))
	}
}

// serve forwards connections, each through a process in the container.
func (f forward) serve(ctx context.Context, c *engine.Container) {
	for {
		conn, err := f.listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			p, err := c.Start(ctx, engine.Process{
				Args: []string{helper.Dir + "/" + helper.File, "connect", f.port}, User: "0", Dir: "/",
				Stdin: io.NopCloser(conn), Stdout: halfClosed{conn}, Stderr: unclosed{io.Discard},
			})
			if err == nil {
				_ = p.Wait()
			}
		}()
	}
}

// halfClosed is a connection whose other side may still send when this one has ended.
type halfClosed struct{ net.Conn }

func (h halfClosed) Close() error {
	if tcp, ok := h.Conn.(*net.TCPConn); ok {
		return tcp.CloseWrite()
	}
	return h.Conn.Close()
}
