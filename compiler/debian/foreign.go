package debian

import "strings"

// foreign are packages of Alpine, Fedora and Red Hat, and what Debian calls them, where no rule
// gives the name. Several names are in the order of preference.
var foreign = map[string][]string{
	"apache":            {"apache2"},
	"bind-tools":        {"bind9-dnsutils"},
	"bind-utils":        {"bind9-dnsutils"},
	"build-base":        {"build-essential"},
	"chromium-browser":  {"chromium"},
	"cronie":            {"cron"},
	"docker":            {"docker.io"},
	"fd":                {"fd-find"},
	"gcc-c++":           {"g++"},
	"gcompat":           {"libc6"},
	"glibc":             {"libc6"},
	"glibc-devel":       {"libc6-dev"},
	"glibc-langpack-en": {"locales"},
	"gnupg2":            {"gnupg"},
	"httpd":             {"apache2"},
	"iproute":           {"iproute2"},
	"java":              {"default-jre-headless"},
	"libc6-compat":      {"libc6"},
	"libgcc":            {"libgcc-s1"},
	"libstdc++":         {"libstdc++6"},
	"libstdc++-devel":   {"libstdc++-12-dev", "libstdc++-14-dev"},
	"linux-headers":     {"linux-libc-dev"},
	"kernel-headers":    {"linux-libc-dev"},
	"mariadb":           {"mariadb-server"},
	"musl-dev":          {"libc6-dev"},
	"mysql":             {"default-mysql-server"},
	"mysql-client":      {"default-mysql-client"},
	"nodejs-npm":        {"npm"},
	"nmap-ncat":         {"ncat"},
	"openssh":           {"openssh-client"},
	"openssh-clients":   {"openssh-client"},
	"openssl-dev":       {"libssl-dev"},
	"openssl-devel":     {"libssl-dev"},
	"perl-interpreter":  {"perl"},
	"pip":               {"python3-pip"},
	"pkgconf":           {"pkgconf", "pkg-config"},
	"pkgconfig":         {"pkgconf", "pkg-config"},
	"postgresql-dev":    {"libpq-dev"},
	"postgresql-devel":  {"libpq-dev"},
	"procps-ng":         {"procps"},
	"python":            {"python3"},
	"redis":             {"redis-server"},
	"redhat-lsb-core":   {"lsb-release"},
	"shadow":            {"passwd"},
	"shadow-utils":      {"passwd"},
	"sqlite":            {"sqlite3"},
	"sqlite-dev":        {"libsqlite3-dev"},
	"sqlite-devel":      {"libsqlite3-dev"},
	"su-exec":           {"gosu"},
	"vim-enhanced":      {"vim"},
	"vim-minimal":       {"vim-tiny"},
	"which":             {"debianutils"},
	"xz":                {"xz-utils"},
	"yarn":              {"yarnpkg"},
	"zlib":              {"zlib1g"},
	"zlib-dev":          {"zlib1g-dev"},
	"zlib-devel":        {"zlib1g-dev"},
}

// translate returns what Debian calls a package of another distribution; "" if it does not know
// the name, or if the universe does not have that package.
func (u *Universe) translate(name string) string {
	for _, own := range append(foreign[name], renamed(name)...) {
		if len(u.byName[own]) > 0 {
			return own
		}
	}
	return ""
}

// renamed returns the names that the rules of distributions give a package in Debian.
func renamed(name string) []string {
	if module, ok := strings.CutPrefix(name, "py3-"); ok { // Alpine
		return []string{"python3-" + module}
	}
	if version, ok := strings.CutPrefix(name, "openjdk"); ok && version != "" && version[0] != '-' { // openjdk17-jre, Alpine
		release, kind, _ := strings.Cut(version, "-")
		return java(release, kind)
	}
	if version, ok := strings.CutPrefix(name, "java-"); ok { // java-17-openjdk-devel, Fedora
		release, kind, _ := strings.Cut(version, "-openjdk")
		return java(release, strings.TrimPrefix(kind, "-"))
	}
	if base, ok := strings.CutSuffix(name, "-devel"); ok { // Fedora
		return headers(base)
	}
	if base, ok := strings.CutSuffix(name, "-dev"); ok { // Alpine
		return headers(base)
	}
	if base, ok := strings.CutSuffix(name, "-libs"); ok { // Fedora
		return []string{"lib" + base}
	}
	return nil
}

// headers returns the names that the development files of a library may have.
func headers(base string) []string {
	return []string{base + "-dev", "lib" + base + "-dev", "lib" + strings.TrimPrefix(base, "lib") + "4-openssl-dev", "lib" + base + "1-dev", "lib" + base + "2-dev"}
}

// java returns the name of a Java of a release. In other distributions the package without a
// suffix has a compiler, or only a runtime.
func java(release, kind string) []string {
	if strings.HasPrefix(kind, "jre") || kind == "" || kind == "headless" {
		return []string{"openjdk-" + release + "-jre-headless"}
	}
	return []string{"openjdk-" + release + "-jdk-headless"}
}
