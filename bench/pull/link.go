package main

import (
	"context"
	"io"
	"net"
	"sync/atomic"

	"golang.org/x/time/rate"
)

// link passes connections on to a server. What the server sends passes at a limited rate, which
// all connections share.
type link struct {
	address  string
	listener net.Listener
	limit    *rate.Limiter
	bytes    atomic.Int64
}

// burst is the number of bytes that pass at once.
const burst = 16 << 10

// newLink returns a link of so many Mbit/s.
func newLink(server string, mbits int) (*link, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	l := &link{address: listener.Addr().String(), listener: listener, limit: rate.NewLimiter(rate.Limit(mbits)*1e6/8, burst)}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go l.pass(client, server)
		}
	}()
	return l, nil
}

// pass connects a client with the server until one of them closes.
func (l *link) pass(client net.Conn, server string) {
	defer client.Close()
	to, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	defer to.Close()
	go func() {
		_, _ = io.Copy(to, client)
		_ = to.(*net.TCPConn).CloseWrite()
	}()
	buffer := make([]byte, burst)
	for {
		n, err := to.Read(buffer)
		if n > 0 {
			if l.limit.WaitN(context.Background(), n) != nil {
				return
			}
			l.bytes.Add(int64(n)) // first, as a client that has read everything may ask for the sum
			if _, err := client.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// sent returns the number of bytes that were passed on to clients.
func (l *link) sent() int64 { return l.bytes.Load() }

func (l *link) close() { _ = l.listener.Close() }
