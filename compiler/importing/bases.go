package importing

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/layc-lang/layc/lang/lazy"
)

// base is what a FROM names.
type base struct {
	id      string
	text    string // the expression
	clause  string // of its component; "" if it needs none
	stem    string // of the component's name
	name    string
	vars    []string // of the family of its apps that it has
	used    bool
	release string          // of Debian, if it is made of packages
	ref     string          // of an image
	dirs    map[string]bool // see has
	names   []string        // of the images that it stands for
	system  string          // the expression of the release; "" of an image
	// repositories are the clauses of third parties' packages.
	repositories []string
}

// debians are the releases that layc makes from packages, by their names and numbers.
var debians = map[string]string{
	"11": "11", "bullseye": "11", "12": "12", "bookworm": "12", "13": "13", "trixie": "13", "stable": "13", "latest": "13",
}

var debianTag = lazy.Regexp(`^(?:docker\.io/)?(?:library/)?debian(?::([a-z0-9.]+?)(?:-\d{8})?(?:-slim)?)?(?:@sha256:[0-9a-f]+)?$`)

// base returns what a FROM names.
func (im *importer) base(ref string, i *instruction) *base {
	plain := im.plainOf(ref)
	if plain == "scratch" {
		return im.known(&base{id: "scratch", text: "scratch"})
	}
	if m := debianTag().FindStringSubmatch(plain); m != nil && im.in.Bases != Images && !im.plain[plain] {
		tag := m[1]
		if tag == "" {
			tag = "latest"
		}
		major, _, _ := strings.Cut(tag, ".")
		if release := debians[major]; release != "" {
			i.guess("%s is made of Debian's packages, with fewer of them than the image", plain)
			b := im.debian(release)
			b.ref = plain
			if !slices.Contains(b.names, plain) {
				b.names = append(b.names, plain)
			}
			return b
		}
	}
	if im.plain[plain] && debianTag().MatchString(plain) {
		i.Why = "stays an image, since a command on it uses apt in a way that has no translation"
	}
	id := fmt.Sprintf("image %s %.8x", plain, sha256.Sum256([]byte(ref)))
	return im.known(&base{id: id, text: reference('b', id), clause: "image " + quote(ref), stem: stem(plain), ref: plain})
}

// debian returns a release of Debian that is made of packages.
func (im *importer) debian(release string) *base {
	text := `debian.release("` + release + `")`
	return im.known(&base{id: "debian " + release, text: text, system: text, release: release, ref: "debian:" + release})
}

// known returns the base with the same identity.
func (im *importer) known(b *base) *base {
	if old := im.bases[b.id]; old != nil {
		return old
	}
	im.bases[b.id] = b
	return b
}

// stem returns a name for the component of an image: debian_12 of docker.io/library/debian:12-slim.
func stem(ref string) string {
	ref, _, _ = strings.Cut(ref, "@")
	ref = ref[strings.LastIndex(ref, "/")+1:]
	return identifier(ref)
}

// shell reports whether a base certainly has a shell and the usual commands.
func (b *base) shell() bool {
	name := hubName(b.ref)
	return b.release != "" || official(name) && name != "scratch" && name != "nats"
}

// image returns a name like an image's, without its registry and tag; "" if the base is none.
func (b *base) image() string {
	if b.release != "" || b.stem == "" {
		return ""
	}
	name := hubName(b.ref)
	return identifier(name[strings.LastIndex(name, "/")+1:])
}

// official reports whether Docker Hub has an image of this name without an owner, as far as known.
func official(name string) bool { return officials[name] }

var officials = func() map[string]bool {
	m := map[string]bool{}
	for _, n := range strings.Fields(`adminer alpine almalinux amazoncorretto amazonlinux archlinux bash buildpack-deps busybox caddy cassandra
		centos clojure composer consul couchdb debian docker dart drupal eclipse-mosquitto eclipse-temurin elasticsearch elixir erlang fedora
		flink fluentd ghost golang gradle groovy haproxy haskell httpd ibmjava influxdb jenkins jetty joomla julia kibana kong logstash mariadb
		maven memcached mongo mysql nats neo4j nextcloud nginx node odoo openjdk open-liberty oraclelinux percona perl photon php postgres pypy
		python r-base rabbitmq redis redmine registry rethinkdb rockylinux ruby rust sapmachine scratch solr sonarqube spark storm swift swipl
		telegraf tomcat tomee traefik ubuntu varnish vault websphere-liberty wordpress zookeeper`) {
		m[n] = true
	}
	return m
}()

// workdirs are the working directories of official images that have another one than the root.
var workdirs = map[string]string{
	"caddy": "/srv", "composer": "/app", "elasticsearch": "/usr/share/elasticsearch", "flink": "/opt/flink", "ghost": "/var/lib/ghost",
	"golang": "/go", "gradle": "/home/gradle", "httpd": "/usr/local/apache2", "jetty": "/var/lib/jetty", "joomla": "/var/www/html",
	"kibana": "/usr/share/kibana", "logstash": "/usr/share/logstash", "nextcloud": "/var/www/html", "perl": "/usr/src/app",
	"redis": "/data", "tomcat": "/usr/local/tomcat", "tomee": "/usr/local/tomee", "wordpress": "/var/www/html",
}

// workdir returns the working directory of a base. For an image which is not official it is not known, and
// most have the root.
func (b *base) workdir() (dir string, known bool) {
	name := hubName(b.ref)
	if name == "php" && (strings.Contains(b.ref, "apache") || strings.Contains(b.ref, "fpm")) {
		return "/var/www/html", true
	}
	if dir := workdirs[name]; dir != "" && b.release == "" {
		return dir, true
	}
	return "/", b.id == "scratch" || b.release != "" || official(name)
}

// accounts returns the users and groups of a base whose numbers are known.
func (b *base) accounts() []*account {
	out := []*account{{login: "root"}}
	name, tag, _ := strings.Cut(b.ref[strings.LastIndex(b.ref, "/")+1:], ":")
	alpine := strings.Contains(tag, "alpine") || name == "alpine"
	for _, r := range []struct {
		of     string
		alpine bool
		a      account
	}{
		{"", false, account{login: "www-data", uid: 33, gid: 33}}, {"", true, account{login: "www-data", uid: 82, gid: 82}},
		{"", false, account{login: "nobody", uid: 65534, gid: 65534, groups: []string{"nogroup"}}},
		{"", true, account{login: "nobody", uid: 65534, gid: 65534}},
		{"", false, account{login: "daemon", uid: 1, gid: 1}}, {"", false, account{login: "mail", uid: 8, gid: 8}},
		{"", false, account{login: "users", uid: 100, gid: 100}}, {"", false, account{login: "staff", uid: 50, gid: 50}},
		{"node", false, account{login: "node", uid: 1000, gid: 1000}}, {"node", true, account{login: "node", uid: 1000, gid: 1000}},
		{"nginx", false, account{login: "nginx", uid: 101, gid: 101}}, {"nginx", true, account{login: "nginx", uid: 101, gid: 101}},
		{"nginx-unprivileged", false, account{login: "nginx", uid: 101, gid: 101}}, {"nginx-unprivileged", true, account{login: "nginx", uid: 101, gid: 101}},
		{"postgres", false, account{login: "postgres", uid: 999, gid: 999}}, {"postgres", true, account{login: "postgres", uid: 70, gid: 70}},
		{"redis", false, account{login: "redis", uid: 999, gid: 999}}, {"redis", true, account{login: "redis", uid: 999, gid: 1000}},
		{"mysql", false, account{login: "mysql", uid: 999, gid: 999}}, {"mongo", false, account{login: "mongodb", uid: 999, gid: 999}},
		{"ubuntu", false, account{login: "ubuntu", uid: 1000, gid: 1000}},
	} {
		if r.alpine == alpine && (r.of == "" || r.of == name) {
			out = append(out, &r.a)
		}
	}
	return out
}
