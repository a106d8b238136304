package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// layc is the side of layc.
type layc struct {
	bin, dir, registry string
	oldJDK, newJDK     string // versions of Debian's packages
}

func (l *layc) name() string { return "layc" }

const program = `import "std/debian"
import "std/java"
import "std/liberty"
import "std/rsyslog"

fleet {
    base   debian.release("12", security: %t)
    layers 4
}

app app1 {
    uses java.jdk("17"), rsyslog.agent, liberty.server("%[2]s")

    copy "app1/rsyslog.conf" to "/etc/rsyslog.d/app1.conf"
    copy "app1/server.xml"   to "/config/configDropins/overrides/"
    copy "app1/app1.war"     to "/config/apps/"

    user    "1001"
    command ["server", "run", "defaultServer"]
}

app app2 {
    uses java.jdk("17"), rsyslog.agent, liberty.server("%[2]s")

    copy "app2/rsyslog.conf" to "/etc/rsyslog.d/app2.conf"
    copy "app2/server.xml"   to "/config/configDropins/overrides/"
    copy "app2/app2.war"     to "/config/apps/"

    user    "1001"
    command ["server", "run", "defaultServer"]
}
`

// debian is the base of the Dockerfiles, from the same packages.
const debian = `import "std/debian"

fleet {
    base debian.release("12", security: true)
}

app debian {
    uses os.packages("apt", "unzip")
}
`

// jdkPin matches the lock file's line of a package of the JDK: before its version, the version, and
// the rest.
var jdkPin = regexp.MustCompile(`(?m)^package \S+ \S+ (openjdk-17-\S+) (\S+) (.*)$`)

// newLayc pins the shop, with the JDK of Debian's release, and pushes the base of the Dockerfiles
// as debian:latest.
func newLayc(ctx context.Context, bin, dir, registry string) (*layc, error) {
	l := &layc{bin: bin, dir: dir, registry: registry}
	released, base, shop := filepath.Join(dir, "released"), filepath.Join(dir, "base"), filepath.Join(dir, "shop")
	for where, text := range map[string]string{
		released: fmt.Sprintf(program, false, oldLiberty), shop: fmt.Sprintf(program, true, oldLiberty), base: debian,
	} {
		if err := os.RemoveAll(where); err != nil { // pins of an earlier run
			return nil, err
		}
		if err := variants[0].write(where); err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(where, "shop.layer"), []byte(text), 0o644); err != nil {
			return nil, err
		}
		if err := l.run(ctx, where, "lock"); err != nil {
			return nil, err
		}
	}
	old, err := os.ReadFile(filepath.Join(released, "layc.lock"))
	if err != nil {
		return nil, err
	}
	lock := filepath.Join(shop, "layc.lock")
	pinned, err := os.ReadFile(lock)
	if err != nil {
		return nil, err
	}
	before := map[string]string{}
	for _, m := range jdkPin.FindAllStringSubmatch(string(old), -1) {
		l.oldJDK, before[m[1]] = m[2], m[2]+" "+m[3]
	}
	text := jdkPin.ReplaceAllStringFunc(string(pinned), func(line string) string {
		m := jdkPin.FindStringSubmatch(line)
		l.newJDK = m[2]
		return strings.TrimSuffix(line, m[2]+" "+m[3]) + before[m[1]]
	})
	if l.oldJDK == l.newJDK {
		return nil, fmt.Errorf("the security archive has no patch of the JDK %s: this cannot be measured today", l.oldJDK)
	}
	if err := os.WriteFile(lock, []byte(text), 0o644); err != nil {
		return nil, err
	}
	return l, l.run(ctx, base, "build", "--push", "--registry", registry, "--state", filepath.Join(dir, "state"))
}

func (l *layc) push(ctx context.Context, v variant) error {
	dir := filepath.Join(l.dir, "shop")
	if err := v.write(dir); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "shop.layer"), []byte(fmt.Sprintf(program, true, v.liberty)), 0o644); err != nil {
		return err
	}
	if err := l.run(ctx, dir, "lock"); err != nil {
		return err
	}
	if v.patched {
		if err := l.run(ctx, dir, "update", "openjdk-17-jdk-headless", "openjdk-17-jre-headless"); err != nil {
			return err
		}
	}
	return l.run(ctx, dir, "build", "--push", "--registry", l.registry+"/layc/"+v.tag, "--state", filepath.Join(l.dir, "state"))
}

// run runs layc in a directory.
func (l *layc) run(ctx context.Context, dir string, args ...string) error {
	return command(ctx, dir, append([]string{filepath.Join(l.bin, "layc")}, args...)...)
}
