package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/layc-lang/layc/bench/servers"
)

// dockerfiles are the shop as Dockerfiles.
type dockerfiles struct {
	daemon        *servers.BuildKit
	layc          *layc // whose base and versions they have
	dir, registry string
	linked        bool // they share what can be shared
}

func (d *dockerfiles) name() string {
	if d.linked {
		return "dockerfiles-one-order"
	}
	return "dockerfiles-own-order"
}

// stage unpacks Liberty.
const stage = `FROM %[1]s/debian:latest AS liberty
COPY liberty-%[3]s.zip /tmp/liberty.zip
RUN unzip -q /tmp/liberty.zip -d /opt/ol && mkdir -p /opt/ol/wlp/usr/servers/defaultServer/apps /opt/ol/wlp/usr/servers/defaultServer/configDropins/overrides && chmod -R ug=rwX,o=rX /opt/ol

FROM %[1]s/debian:latest
`

// install is a line that installs packages. /etc/apt and the certificates are this machine's.
func install(packages string) string {
	const apt = "apt-get -o Acquire::https::CaInfo=/run/ca.crt "
	return "RUN --mount=type=bind,from=apt,target=/etc/apt --mount=type=secret,id=ca,target=/run/ca.crt " +
		apt + "update && " + apt + "install --yes --no-install-recommends " + packages + " && apt-get clean && rm -rf /var/lib/apt/lists/*\n"
}

// The lines of a Dockerfile, which a team puts in its order. Verbs: registry, version of the JDK,
// version of Liberty, app, "--link" or "".
var (
	java    = install("openjdk-17-jdk-headless=%[2]s openjdk-17-jre-headless=%[2]s")
	rsyslog = install("rsyslog")
)

const (
	liberty = "COPY %[5]s --chown=1001:0 --from=liberty /opt/ol /opt/ol\n"
	path    = "ENV JAVA_HOME=/usr/lib/jvm/java-17-openjdk-amd64 PATH=/opt/ol/wlp/bin:$PATH\n"
	files   = `COPY %[5]s %[4]s/rsyslog.conf /etc/rsyslog.d/%[4]s.conf
COPY %[5]s --chown=1001:0 %[4]s/server.xml /opt/ol/wlp/usr/servers/defaultServer/configDropins/overrides/
COPY %[5]s --chown=1001:0 %[4]s/%[4]s.war /opt/ol/wlp/usr/servers/defaultServer/apps/
USER 1001
CMD ["server", "run", "defaultServer"]
`
)

// text returns the Dockerfile of an app.
func (d *dockerfiles) text(app string, v variant) string {
	lines, link := []string{stage, java, rsyslog, liberty, path, files}, ""
	switch {
	case d.linked:
		lines, link = []string{stage, path, rsyslog, java, liberty, files}, "--link"
	case app == "app2":
		lines = []string{stage, liberty, rsyslog, java, path, files}
	}
	jdk := d.layc.oldJDK
	if v.patched {
		jdk = d.layc.newJDK
	}
	text := fmt.Sprintf(strings.Join(lines, "")+"# %[1]s %[2]s %[3]s %[4]s %[5]s\n", d.registry, jdk, v.liberty, app, link)
	return text
}

func (d *dockerfiles) push(ctx context.Context, v variant) error {
	if err := v.write(d.dir); err != nil {
		return err
	}
	zip := filepath.Join(d.dir, "liberty-"+v.liberty+".zip")
	if _, err := os.Stat(zip); err != nil {
		if err := command(ctx, d.dir, "mvn", "--quiet", "--batch-mode", "dependency:copy", "-Dartifact=io.openliberty:openliberty-runtime:"+v.liberty+":zip", "-DoutputDirectory="+d.dir); err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(d.dir, "openliberty-runtime-"+v.liberty+".zip"), zip); err != nil {
			return err
		}
	}
	for _, app := range []string{"app1", "app2"} {
		if err := os.WriteFile(filepath.Join(d.dir, "Dockerfile."+app), []byte(d.text(app, v)), 0o644); err != nil {
			return err
		}
		err := command(ctx, d.dir, append(d.daemon.Ctl, "build", "--frontend=dockerfile.v0", "--local=context=.", "--local=dockerfile=.", "--local=apt=/etc/apt",
			"--opt=context:apt=local:apt", "--opt=filename=Dockerfile."+app, "--secret=id=ca,src=/etc/ssl/certs/ca-certificates.crt",
			fmt.Sprintf("--output=type=image,push=true,name=%s/%s/%s/%s", d.registry, d.name(), v.tag, app))...)
		if err != nil {
			return err
		}
	}
	return nil
}
