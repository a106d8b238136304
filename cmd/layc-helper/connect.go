package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"syscall"
)

// connect connects an input and an output to a TCP port of this container: layc run forwards each
// connection to a port through a process of its own, as nothing else leads into the container. It uses
// system calls, since Go's package net would make the helper larger by a tenth.
func connect(port string, in io.Reader, out io.Writer) error {
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return fmt.Errorf("not a port: %s", port)
	}
	conn, err := dial(syscall.AF_INET, &syscall.SockaddrInet4{Port: int(n), Addr: [4]byte{127, 0, 0, 1}})
	if err != nil {
		var other error
		if conn, other = dial(syscall.AF_INET6, &syscall.SockaddrInet6{Port: int(n), Addr: [16]byte{15: 1}}); other != nil {
			return errors.Join(err, other)
		}
	}
	defer conn.Close()
	go func() {
		_, _ = io.Copy(conn, in)
		_ = syscall.Shutdown(int(conn.Fd()), syscall.SHUT_WR)
	}()
	_, err = io.Copy(out, conn)
	return err
}

// dial returns a connection to an address.
func dial(family int, to syscall.Sockaddr) (*os.File, error) {
	fd, err := syscall.Socket(family, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	if err := syscall.Connect(fd, to); err != nil {
		return nil, errors.Join(os.NewSyscallError("connect", err), syscall.Close(fd))
	}
	return os.NewFile(uintptr(fd), "connection"), nil
}
