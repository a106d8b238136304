package importing

import "strings"

// Standard is an image that stays one, for which the standard library has a module. The module has other
// versions, files at other places, or no package manager, so what is on it may have to change. Bases: Library
// uses some modules where nothing has to. Who wants more images that share Debian's packages, and no registry
// for the bases, changes it by hand.
type Standard struct {
	Image  string `json:"image"`
	Module string `json:"module"`
	Has    string `json:"has"`           // what is different
	Why    string `json:"why,omitempty"` // with Bases: Library, why the image stays
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
			out = append(out, Standard{b.ref, s[0], s[1], whyKept(im.stays, b.ref)})
		}
	}
	return out
}

// whyKept says why an image stays one; "" if nothing asked.
func whyKept(stays map[string]kept, image string) string {
	for _, k := range sorted(stays) {
		if stays[k].image == image {
			return stays[k].why
		}
	}
	return ""
}
