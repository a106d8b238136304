// Command sh is the shell in the root file systems of llb's tests. It is static, so they need
// nothing else. Its script has one command per line:
//
//	write FILE TEXT   writes the text, and creates missing directories
//	remove FILE       removes a file
//	removeall DIR     removes a directory with its content
//	show NAME FILE    writes the value of a variable
//	id FILE           writes the numbers of its user and group
//	hard OLD NEW      creates a hard link
//	soft TO NEW       creates a symbolic link
//	cap FILE          adds a capability to a file
//	has FILE          fails unless the file exists
//	node KIND FILE    creates a pipe (p), a socket (s), a character
//	                  device (c) or a block device (b)
//	mode MODE FILE    changes its mode (octal)
//	owner UID GID FILE
//	                  changes its owner, without following a link
//	attr NAME FILE    adds an extended attribute to a file
//	hole SIZE FILE    creates a file that is one hole
//	append FILE TEXT  appends a line to a file
//	dir DIR MODE      creates a directory
//	copy OLD NEW      copies a file's content
//	refused FILE      fails if a file can be written
//	where FILE        writes its working directory
//	kind DIR FILE     writes the type of a directory's file system
//	links FILE        writes the names of the network's interfaces
//	agent FILE        writes the number of keys of the SSH agent
//	stamp FILE        writes the time, in nanoseconds
//	cat FILE          prints a file
//	print NAME        prints the value of a variable
//	program FILE INTERPRETER LIBRARY…
//	                  writes an ELF file with these needs and no code
//	library FILE LIBRARY…
//	                  the same without an interpreter
//	whoami            prints the numbers of its user and group, and its directory
package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/layc-lang/layc/llb/testdata/elf"
)

func main() {
	for line := range strings.Lines(os.Args[2]) {
		if f := strings.Fields(line); len(f) > 0 {
			if err := do(f); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		}
	}
}

// netBind is CAP_NET_BIND_SERVICE, permitted and effective, as the kernel
// keeps it in an attribute.
var netBind = []byte{1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

func do(f []string) error {
	switch f[0] {
	case "write":
		if err := os.MkdirAll(filepath.Dir(f[1]), 0o755); err != nil {
			return err
		}
		return os.WriteFile(f[1], []byte(strings.Join(f[2:], " ")), 0o644)
	case "append":
		old, err := os.ReadFile(f[1])
		if err != nil {
			return err
		}
		return os.WriteFile(f[1], append(old, f[2]+"\n"...), 0o644)
	case "dir":
		return errors.Join(os.MkdirAll(f[1], 0o755), do([]string{"mode", f[2], f[1]}))
	case "removeall":
		return os.RemoveAll(f[1])
	case "remove":
		return os.Remove(f[1])
	case "show":
		return os.WriteFile(f[2], []byte(os.Getenv(f[1])), 0o644)
	case "id":
		return os.WriteFile(f[1], fmt.Appendf(nil, "%d:%d", os.Getuid(), os.Getgid()), 0o644)
	case "hard":
		return os.Link(f[1], f[2])
	case "soft":
		return os.Symlink(f[1], f[2])
	case "pipe":
		return unix.Mkfifo(f[1], 0o600)
	case "device":
		minor, err := strconv.Atoi(f[2])
		if err != nil {
			return err
		}
		return unix.Mknod(f[1], unix.S_IFCHR|0o666, int(unix.Mkdev(1, uint32(minor))))
	case "cap":
		return unix.Setxattr(f[1], "security.capability", netBind, 0)
	case "node":
		kind := map[string]uint32{"p": unix.S_IFIFO, "s": unix.S_IFSOCK, "c": unix.S_IFCHR, "b": unix.S_IFBLK}[f[1]]
		return unix.Mknod(f[2], kind|0o640, int(unix.Mkdev(7, 3)))
	case "mode":
		mode, err := strconv.ParseUint(f[1], 8, 12)
		if err != nil {
			return err
		}
		return unix.Chmod(f[2], uint32(mode))
	case "owner":
		uid, err1 := strconv.Atoi(f[1])
		gid, err2 := strconv.Atoi(f[2])
		return errors.Join(err1, err2, os.Lchown(f[3], uid, gid))
	case "attr":
		return unix.Setxattr(f[2], f[1], []byte("x"), 0)
	case "hole":
		size, err := strconv.ParseInt(f[1], 10, 64)
		return errors.Join(err, os.WriteFile(f[2], nil, 0o600), os.Truncate(f[2], size))
	case "copy":
		text, err := os.ReadFile(f[1])
		if err != nil {
			return err
		}
		return os.WriteFile(f[2], text, 0o644)
	case "refused":
		if err := os.WriteFile(f[1], nil, 0o644); err == nil {
			return fmt.Errorf("%s can be written", f[1])
		}
		return nil
	case "where":
		dir, err := os.Getwd()
		if err != nil {
			return err
		}
		return os.WriteFile(f[1], []byte(dir), 0o644)
	case "kind":
		var s unix.Statfs_t
		if err := unix.Statfs(f[1], &s); err != nil {
			return err
		}
		return os.WriteFile(f[2], fmt.Appendf(nil, "%x", s.Type), 0o644)
	case "links":
		return links(f[1])
	case "agent":
		return agent(f[1])
	case "has":
		_, err := os.Stat(f[1])
		return err
	case "stamp":
		return do([]string{"write", f[1], strconv.FormatInt(time.Now().UnixNano(), 10)})
	case "cat":
		text, err := os.ReadFile(f[1])
		if err == nil {
			fmt.Printf("%s\n", text)
		}
		return err
	case "program":
		return do([]string{"write", f[1], string(elf.File{Interpreter: f[2], Needed: f[3:]}.Bytes())})
	case "library":
		return do([]string{"write", f[1], string(elf.File{Needed: f[2:]}.Bytes())})
	case "print":
		fmt.Println(os.Getenv(f[1]))
		return nil
	case "whoami":
		dir, err := os.Getwd()
		fmt.Printf("%d:%d %s\n", os.Getuid(), os.Getgid(), dir)
		return err
	}
	return fmt.Errorf("no command %q", f[0])
}

func links(file string) error {
	all, err := net.Interfaces()
	if err != nil {
		return err
	}
	var names []string
	for _, i := range all {
		names = append(names, i.Name)
	}
	slices.Sort(names)
	return os.WriteFile(file, []byte(strings.Join(names, " ")), 0o644)
}

// agent asks for the agent's identities, in its protocol's messages: a length
// and a type; the answer has their number next.
func agent(file string) error {
	c, err := net.Dial("unix", os.Getenv("SSH_AUTH_SOCK"))
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.Write([]byte{0, 0, 0, 1, 11}); err != nil {
		return err
	}
	var answer struct {
		Length uint32
		Type   uint8
		Keys   uint32
	}
	if err := binary.Read(c, binary.BigEndian, &answer); err != nil {
		return err
	}
	return os.WriteFile(file, fmt.Appendf(nil, "%d", answer.Keys), 0o644)
}
