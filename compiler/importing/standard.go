package importing

import "strings"

// Standard is an image for which the standard library has a module. The import keeps the image: the module
// has other versions, files at other places, or no package manager, so what is on it has to change. Who wants
// images that share Debian's packages, and no registry for the bases, changes it by hand.
type Standard struct {
	Image  string `json:"image"`
	Module string `json:"module"`
	Has    string `json:"has"` // what is different
}

// standards are the modules for images, by their names on Docker Hub.
var standards = map[string][2]string{
	"node":               {"std/node", "Node as npm publishes it, without npm; node.modules installs what a lock file has"},
	"python":             {"std/python", "Debian's Python; python.venv installs a requirements.txt"},
	"golang":             {"std/golang", "golang.binary compiles a static program, with any version of Go"},
	"rust":               {"std/rust", "rust.binary compiles a static program with Debian's Rust"},
	"openjdk":            {"std/java", "Debian's OpenJDK, as java.jre or java.jdk"},
	"eclipse-temurin":    {"std/java", "Debian's OpenJDK, as java.jre or java.jdk"},
	"amazoncorretto":     {"std/java", "Debian's OpenJDK, as java.jre or java.jdk"},
	"nginx":              {"std/nginx", "Debian's nginx, which serves /srv/www"},
	"nginx-unprivileged": {"std/nginx", "Debian's nginx, which serves /srv/www, as nginx.unprivileged"},
	"postgres":           {"std/postgres", "Debian's PostgreSQL"},
	"redis":              {"std/redis", "Debian's Redis"},
	"open-liberty":       {"std/liberty", "Open Liberty from Maven Central"},
	"logstash":           {"std/logstash", "Logstash from its archive"},
}

// standard returns what the standard library has for the bases that stay images.
func (im *importer) standard() []Standard {
	var out []Standard
	for _, id := range sorted(im.bases) {
		b := im.bases[id]
		if b.release != "" || !b.used && b != im.fleetBase() {
			continue
		}
		name := b.ref[strings.LastIndex(b.ref, "/")+1:]
		name, _, _ = strings.Cut(name, "@")
		name, _, _ = strings.Cut(name, ":")
		if s, ok := standards[name]; ok {
			out = append(out, Standard{b.ref, s[0], s[1]})
		}
	}
	return out
}
