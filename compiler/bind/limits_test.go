package bind_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/model"
)

// TestBoundaries checks limits on both sides.
func TestBoundaries(t *testing.T) {
	// A path with that many bytes, made of short names.
	long := func(n int) string { return strings.Repeat("/"+strings.Repeat("x", 99), 50)[:n-1] + "y" }
	for _, c := range []struct{ what, fits, not string }{
		{"a path", fmt.Sprintf("dir %q", long(4095)), fmt.Sprintf("dir %q", long(4096))},
		{"a name", fmt.Sprintf("dir \"/%s/x\"", strings.Repeat("n", 255)), fmt.Sprintf("dir \"/%s/x\"", strings.Repeat("n", 256))},
		{"a link", fmt.Sprintf("link \"/l\" to %q", long(4095)), fmt.Sprintf("link \"/l\" to %q", long(4096))},
		{"an owner", `dir "/d" owner "2147483646:2147483646"`, `dir "/d" owner "2147483647"`},
		{"an owner's group", `dir "/d" owner "0:2147483646"`, `dir "/d" owner "0:2147483647"`},
		{"a user", `user "2147483646:2147483646"`, `user "2147483647"`},
		{"a user's group", `user "0:2147483646"`, `user "0:2147483647"`},
		{"a user's name", fmt.Sprintf("user %q", strings.Repeat("u", 256)), fmt.Sprintf("user %q", strings.Repeat("u", 257))},
		{"a declared user", "user high", "user higher"},
		{"a declared user's group", "user wide", "user wider"},
		{"a declared user's name", "user " + strings.Repeat("u", 32), ""},
		{"a mode", `dir "/d" mode 07777`, `dir "/d" mode 010000`},
		{"a mode in text", `dir "/d" mode "7777"`, `dir "/d" mode "10000"`},
		{"a signal", `stopsignal "64"`, `stopsignal "65"`},
		{"the first signal", `stopsignal "1"`, `stopsignal "0"`},
		{"a real-time signal", `stopsignal "RTMIN+15"`, `stopsignal "RTMIN+16"`},
		{"a real-time signal from the end", `stopsignal "RTMAX-14"`, `stopsignal "RTMAX-15"`},
		{"a port", "expose 65535", "expose 65536"},
		{"the first port", "expose 1", "expose 0"},
		{"the time between checks", `healthcheck ["x"] every 1ms`, `healthcheck ["x"] every 0.9999ms`},
		{"retries", `healthcheck ["x"] retries 1`, `healthcheck ["x"] retries 0`},
		{"many retries", `healthcheck ["x"] retries 1048576`, `healthcheck ["x"] retries 1048577`},
		{"an argument", fmt.Sprintf("command [%q]", strings.Repeat("a", 131071)), fmt.Sprintf("command [%q]", strings.Repeat("a", 131072))},
		{"a variable", fmt.Sprintf("env A = %q", strings.Repeat("a", 131069)), fmt.Sprintf("env A = %q", strings.Repeat("a", 131070))},
		{"a joined variable",
			fmt.Sprintf("env A += %q\n    env A += \"b\"", strings.Repeat("a", 131067)),
			fmt.Sprintf("env A += %q\n    env A += \"b\"", strings.Repeat("a", 131068))},
		{"replicas", "replicas 1048576", "replicas 1048577"},
		{"layers", "layers 2", "layers 0"},
	} {
		for text, fits := range map[string]bool{c.fits: true, c.not: false} {
			if text == "" {
				continue
			}
			program := `component base {
    rootfs "https://example.com/r.tar" sha256 "00000000000000000000000000000000000000000000000000000000000000aa"
}

user high {
    uid 2147483646
}

user higher {
    uid 2147483647
}

user wide {
    uid 1
    gid 2147483646
}

user wider {
    uid 1
    gid 2147483647
}

user ` + strings.Repeat("u", 32) + ` {
    uid 0
}

app one {
    base base
    ` + text + "\n}\n"
			_, list := compiler.Compile(compiler.Input{
				Project: fstest.MapFS{"a.layer": {Data: []byte(program)}}, Dir: ".", Platform: model.Platform{OS: "linux", Arch: "amd64"},
			}, compiler.Bound)
			if list.HasErrors() == fits {
				t.Errorf("%s: %.60s: fits should be %v, found %d findings", c.what, text, fits, len(list))
				for _, d := range list {
					t.Logf("%s %.200s", d.Code, d.Message)
				}
			}
		}
	}
}
