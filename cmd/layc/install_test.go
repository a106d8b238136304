package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/layc-lang/layc/llb/exact"
)

// installsAbove builds testdata/postgres on two states that have its base: a database server
// whose packages find their configuration when they are installed.
func (s *shop) installsAbove(state string) {
	example := *s
	example.dir = s.TempDir()
	if err := os.CopyFS(example.dir, os.DirFS("../../testdata/postgres")); err != nil {
		s.Fatal(err)
	}
	out, again := filepath.Join(s.TempDir(), "out"), filepath.Join(s.TempDir(), "out")
	elsewhere := example.with(state).start(again)
	example.build(out)
	elsewhere()
	if a, b := read(s.T, out, "index.json"), read(s.T, again, "index.json"); a != b {
		s.Errorf("two states have different images:\n%s\n%s", a, b)
	}
	if executed := example.build(out).StepsExecuted; len(executed) > 0 {
		s.Errorf("the second time it executed %v, want nothing", executed)
	}

	root := s.TempDir()
	if err := exact.Unpack(out, "database", root); err != nil {
		s.Fatal(err)
	}
	if text := read(s.T, root, "etc/postgresql-common/createcluster.conf"); text != "create_main_cluster = false\n" {
		s.Errorf("createcluster.conf has %q", text)
	}
	for pattern, want := range map[string]int{
		"var/lib/postgresql/*":  1, // the directory of the volume
		"etc/postgresql/*":      0,
		"etc/ssl/private/*":     0,
		"var/cache/apt/*.bin":   0,
		"var/lib/dpkg/*-old":    0,
		"tmp/*":                 0,
		"usr/sbin/policy-rc.d*": 0,
	} {
		if found, err := filepath.Glob(filepath.Join(root, pattern)); err != nil || len(found) != want {
			s.Errorf("the image has %q, want %d", found, want)
		}
	}
	s.says(root, map[string]string{
		"dpkg --audit": "",
		"dpkg-query --show --showformat=${db:Status-Status}, postgresql-15 postgresql-common ssl-cert": "installed,installed,installed,",
		"dpkg --verify":                       "",
		"stat -c %U /var/lib/postgresql/data": "postgres\n",
	})
}

// installsConfigured builds an image with two components that neither need each other: one
// answers debconf and leaves out documentation, the other one brings a configuration file.
func (s *shop) installsConfigured() {
	cmd := s.module("")
	for file, text := range map[string]string{
		"layc.lock": read(s.T, "../../testdata/postgres/layc.lock"),
		"extra.layer": `import "std/debian"

fleet {
    base debian.release("12", security: false)
}

component zone {
    file    "/etc/dpkg/dpkg.cfg.d/lean" text "path-exclude=/usr/share/doc/*\n"
    file    "/tmp/answers" text """
        tzdata tzdata/Areas select Europe
        tzdata tzdata/Zones/Europe select Berlin
    """
    run     "debconf-set-selections /tmp/answers"
    install "tzdata"
    run     "rm /tmp/answers"
}

component client {
    file    "/etc/postgresql-common/user_clusters" text "# none\n"
    install "postgresql-client-common"
}

app extra {
    uses zone, client, os.packages("libxml2")
}
`,
	} {
		if err := os.WriteFile(filepath.Join(cmd.Args[3], file), []byte(text), 0o644); err != nil {
			s.Fatal(err)
		}
	}
	out, root := filepath.Join(s.TempDir(), "out"), s.TempDir()
	cmd.Args = append(cmd.Args, "-o", out)
	if text, err := cmd.CombinedOutput(); err != nil {
		s.Fatalf("%v\n%s", err, text)
	}
	if err := exact.Unpack(out, "extra", root); err != nil {
		s.Fatal(err)
	}
	s.says(root, map[string]string{
		"dpkg --audit": "",
		"dpkg-query --show --showformat=${db:Status-Status}, tzdata postgresql-client-common libxml2": "installed,installed,installed,",
		"cat /etc/timezone":                           "Europe/Berlin\n",
		"readlink /etc/localtime":                     "/usr/share/zoneinfo/Europe/Berlin\n",
		"cat /etc/postgresql-common/user_clusters":    "# none\n",
		"find /tmp /usr/share/doc/tzdata -mindepth 1": "find: '/usr/share/doc/tzdata': No such file or directory\n",
		"find /usr/share/doc/libxml2 -name copyright": "/usr/share/doc/libxml2/copyright\n",
	})
}

// numbersAccounts builds packages that add accounts: in one layer and in layers of their own,
// and in components that do not need each other. The images are the same, but for the times of
// files that components install.
func (s *shop) numbersAccounts() {
	const program = `component dump {
    install "tcpdump"
}

component ids {
    install "uuid-runtime"
}

app apart {
    uses dump, ids
}

app half {
    uses dump, os.packages("uuid-runtime")
}

app packages {
    uses os.packages("tcpdump", "uuid-runtime")
}
`
	dir := s.module(program).Args[3]
	declared := read(s.T, dir, "extra.layer")
	var first exact.Tree
	before := map[string]exact.Tree{}
	for _, layers := range []string{"6", "3"} {
		limited := strings.Replace(declared, "fleet {\n", "fleet {\n    layers "+layers+"\n", 1)
		if err := os.WriteFile(filepath.Join(dir, "extra.layer"), []byte(limited), 0o644); err != nil {
			s.Fatal(err)
		}
		s.layc("lock", "--rebalance", "-C", dir)
		out := filepath.Join(s.TempDir(), "out")
		s.layc("build", "-C", dir, "--state", s.state, "-o", out)
		for _, app := range []string{"apart", "half", "packages"} {
			root := s.TempDir()
			if err := exact.Unpack(out, app, root); err != nil {
				s.Fatal(err)
			}
			s.says(root, map[string]string{"id -u tcpdump": "964\n", "id -g uuidd": "488\n", "stat -c %U:%G:%a /var/lib/libuuid": "uuidd:uuidd:2775\n"})
			tree, err := exact.Read(root)
			if err != nil {
				s.Fatal(err)
			}
			delete(tree, "/") // its time is from here, as no layer has it
			if first == nil {
				first = tree
			}
			lines := exact.Compare(first, tree, false)
			if was, ok := before[app]; ok {
				lines = append(lines, exact.Compare(was, tree, true)...)
			}
			if before[app] = tree; len(lines) > 0 {
				s.Errorf("%s with %s layers: %s", app, layers, strings.Join(lines, "\n"))
			}
		}
	}
}

// says checks what commands print in the system at root.
func (s *shop) says(root string, commands map[string]string) {
	s.Helper()
	for command, want := range commands {
		cmd := exec.Command("chroot", append([]string{root}, strings.Fields(command)...)...)
		cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"}
		if text, _ := cmd.CombinedOutput(); string(text) != want {
			s.Errorf("%s: %q, want %q", command, text, want)
		}
	}
}
