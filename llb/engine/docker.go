//go:build unix

package engine

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/docker/cli/cli/connhelper/commandconn"
)

// dialDocker connects to the BuildKit in the Docker daemon. The program docker knows where that is:
// it reads DOCKER_HOST, DOCKER_CONTEXT and the contexts of its user.
func dialDocker(ctx context.Context, _ string) (net.Conn, error) {
	// The program runs as long as the connection, beyond ctx.
	conn, err := commandconn.New(context.WithoutCancel(ctx), "docker", "system", "dial-stdio")
	if err != nil {
		return nil, err
	}
	upgraded, err := upgrade(conn)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return upgraded, nil
}

// upgrade turns a connection to Docker's API into one to its BuildKit.
func upgrade(conn net.Conn) (net.Conn, error) {
	request, err := http.NewRequest(http.MethodPost, "http://docker/grpc", nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Connection", "Upgrade")
	request.Header.Set("Upgrade", "h2c")
	if err := request.Write(conn); err != nil {
		return nil, err
	}
	reader := bufio.NewReader(conn)
	response, err := http.ReadResponse(reader, request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusSwitchingProtocols {
		return nil, fmt.Errorf("this Docker has no BuildKit (%s)", response.Status)
	}
	return buffered{conn, reader}, nil
}

// buffered is a connection whose first bytes have been read.
type buffered struct {
	net.Conn
	reader *bufio.Reader
}

func (b buffered) Read(p []byte) (int, error) { return b.reader.Read(p) }
