//go:build unix

package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"
)

func TestPlain(t *testing.T) {
	for in, want := range map[error]string{
		errors.New("anything else"): "anything else",
		fmt.Errorf("making it: %w", &fs.PathError{Op: "mkdir", Path: "/x", Err: fs.ErrPermission}):                                                                   "permission denied",
		errors.New(`failed to call info: Unavailable: connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:9: connect: connection refused"`): "dial tcp 127.0.0.1:9: connect: connection refused",
		errors.New(`rpc error: code = Unavailable desc = error reading server preface: EOF`):                                                                         "EOF",
	} {
		if got := plain(in).Error(); got != want {
			t.Errorf("%v: got %q, want %q", in, got, want)
		}
	}
}
