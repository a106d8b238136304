package importing

import (
	"maps"
	"path"
	"strings"

	"github.com/layc-lang/layc/lang/lazy"
)

// Docker copies the content of a directory into a target, and a file by its name. What a stage has is known
// only in a build, so an import finds out what it can: from the base, from the instructions of the stage, from
// the files of the project that they copy, and otherwise from names.

// standard are directories that every system has.
var standard = set(`/ /bin /dev /etc /home /lib /media /mnt /opt /proc /root /run /sbin /srv /sys /tmp /usr /usr/bin /usr/lib /usr/local
	/usr/local/bin /usr/local/etc /usr/local/lib /usr/local/sbin /usr/local/share /usr/sbin /usr/share /usr/src /var /var/cache /var/lib
	/var/log /var/tmp`)

// debianDirectories are more directories of a Debian system with nothing but its essential packages.
var debianDirectories = set(`/boot /etc/alternatives /etc/apt /etc/apt/apt.conf.d /etc/apt/auth.conf.d /etc/apt/keyrings
	/etc/apt/preferences.d /etc/apt/sources.list.d /etc/apt/trusted.gpg.d /etc/cron.daily /etc/default /etc/dpkg /etc/dpkg/dpkg.cfg.d
	/etc/dpkg/origins /etc/init.d /etc/kernel /etc/ld.so.conf.d /etc/logrotate.d /etc/opt /etc/pam.d /etc/profile.d /etc/security
	/etc/security/limits.d /etc/selinux /etc/skel /etc/systemd /etc/systemd/system /etc/systemd/user /etc/terminfo /etc/update-motd.d
	/run/lock /usr/games /usr/include /usr/lib/apt /usr/lib/dpkg /usr/lib/locale /usr/lib/systemd /usr/lib/systemd/system
	/usr/lib/tmpfiles.d /usr/lib/udev /usr/libexec /usr/local/games /usr/local/include /usr/local/src /usr/share/bash-completion
	/usr/share/bash-completion/completions /usr/share/common-licenses /usr/share/debconf /usr/share/dict /usr/share/doc /usr/share/info
	/usr/share/keyrings /usr/share/locale /usr/share/man /usr/share/man/man1 /usr/share/menu /usr/share/misc /usr/share/perl5
	/usr/share/pixmaps /usr/share/terminfo /var/backups /var/cache/apt /var/cache/debconf /var/lib/apt /var/lib/dpkg /var/lib/misc
	/var/lib/systemd /var/local /var/log/apt /var/mail /var/opt /var/spool`)

// alpineDirectories are more directories of an Alpine system.
var alpineDirectories = set(`/etc/apk /etc/apk/keys /etc/conf.d /etc/crontabs /etc/init.d /etc/logrotate.d /etc/modprobe.d
	/etc/modules-load.d /etc/network /etc/opt /etc/periodic /etc/profile.d /etc/ssl /etc/ssl/certs /etc/sysctl.d /usr/share/man
	/usr/share/misc /var/local /var/mail /var/opt /var/spool /var/spool/cron`)

// imageDirectories are more directories of images, by their names on Docker Hub.
var imageDirectories = map[string]map[string]bool{
	"caddy":   set("/config /data /etc/caddy /usr/share/caddy"),
	"httpd":   set("/usr/local/apache2 /usr/local/apache2/conf /usr/local/apache2/conf/extra /usr/local/apache2/htdocs /usr/local/apache2/cgi-bin"),
	"mariadb": set("/docker-entrypoint-initdb.d /etc/mysql /etc/mysql/conf.d /etc/mysql/mariadb.conf.d"), "mongo": set("/docker-entrypoint-initdb.d"),
	"mysql": set("/docker-entrypoint-initdb.d /etc/mysql /etc/mysql/conf.d"), "postgres": set("/docker-entrypoint-initdb.d"),
	"nginx":              set("/docker-entrypoint.d /etc/nginx /etc/nginx/conf.d /etc/nginx/modules /usr/share/nginx /usr/share/nginx/html"),
	"nginx-unprivileged": set("/docker-entrypoint.d /etc/nginx /etc/nginx/conf.d /usr/share/nginx /usr/share/nginx/html"),
	"php":                set("/usr/local/etc/php /usr/local/etc/php/conf.d /var/www /var/www/html"),
	"tomcat":             set("/usr/local/tomcat /usr/local/tomcat/bin /usr/local/tomcat/conf /usr/local/tomcat/lib /usr/local/tomcat/webapps"),
}

// set returns the words of a text as a set.
func set(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

// directories returns the directories that a base has, as far as they are known.
func (b *base) directories() map[string]bool {
	if b.id == "scratch" {
		return map[string]bool{"/": true}
	}
	out := maps.Clone(standard)
	name := hubName(b.ref)
	switch last := name[strings.LastIndex(name, "/")+1:]; {
	case strings.Contains(b.ref, "alpine"):
		maps.Copy(out, alpineDirectories)
		maps.Copy(out, imageDirectories[last])
	case b.release != "", official(name) && name != "busybox" && name != "bash":
		maps.Copy(out, debianDirectories)
		maps.Copy(out, imageDirectories[last])
	default:
		maps.Copy(out, imageDirectories[last])
	}
	return out
}

// has reports whether the stage certainly has a directory.
func (s *stage) has(dir string) bool {
	return s.known[dir] || s.base.has(dir)
}

// has reports whether the base certainly has a directory.
func (b *base) has(dir string) bool {
	if b.dirs == nil {
		b.dirs = b.directories()
	}
	return b.dirs[dir]
}

// isDirectory reports whether a path of a stage is a directory. It is not sure if only names say so, and they
// may be of either.
func (s *stage) isDirectory(p string) (dir, sure bool) {
	if s.has(p) {
		return true, true
	}
	if d, ok := placedKind(s, p); ok {
		return d, true
	}
	return looksLikeDirectory(s.base, p)
}

// placedKind reports whether a path is a directory, as the instructions of the stage tell; ok is false if they
// do not.
func placedKind(s *stage, p string) (dir, ok bool) {
	for _, u := range s.units {
		at := strings.TrimSuffix(u.target, "/")
		switch {
		case u.kind == run && madeBy(u.text, s.workdir, p) != "":
			dir, ok = madeBy(u.text, s.workdir, p) == "directory", true
		case u.target == "":
		case at == p:
			dir, ok = strings.HasSuffix(u.target, "/"), true
		case strings.HasSuffix(u.target, "/") && strings.HasPrefix(p, at+"/"):
			m := copiedPaths().FindStringSubmatch(u.text)
			if m == nil || symbolic(m[1]) {
				continue
			}
			for _, src := range strings.Split(m[1], ", ") {
				if src = strings.Trim(src, `"`); strings.HasSuffix(src, "/") {
					if d, there := s.stat(path.Join(src, strings.TrimPrefix(p, at+"/"))); there {
						dir, ok = d, true
					}
				}
			}
		}
	}
	return dir, ok
}

// madeBy returns what a run makes at a path, as its text tells: "directory", if it mentions something below the
// path or makes the directory, "file", if it is the output of a compiler or a download, or "".
func madeBy(text, workdir, p string) string {
	found := ""
	for line := range strings.Lines(text) {
		for _, name := range []string{p, strings.TrimPrefix(p, strings.TrimSuffix(workdir, "/")+"/")} {
			for rest := line; ; {
				n := strings.Index(rest, name)
				if n < 0 {
					break
				}
				before, after := line[:len(line)-len(rest)+n], rest[n+len(name):]
				rest = after
				if before != "" && pathByte(before[len(before)-1]) {
					continue
				}
				switch {
				case len(after) > 1 && after[0] == '/' && pathByte(after[1]) && after[1] != '/', making().MatchString(before):
					return "directory"
				case after != "" && pathByte(after[0]):
				case output().MatchString(before):
					found = "file"
					if publishing().MatchString(before) {
						return "directory"
					}
				}
			}
		}
	}
	return found
}

func pathByte(c byte) bool { return wordByte(c) || strings.IndexByte("./-+~@", c) >= 0 }

var (
	making     = lazy.Regexp(`\b(mkdir|install -d)( [^;&|]*)? "?$`)
	output     = lazy.Regexp(`((^|\s)(-o|--output|-O|--out)[ =]|[^0-9&]> *)"?$`)
	publishing = lazy.Regexp(`\b(dotnet|npm|npx|yarn|pnpm|tsc|vite|hugo|webpack|esbuild --outdir)\b`)
)

// looksLikeDirectory is isDirectory for a path of which only the name is known.
func looksLikeDirectory(b *base, p string) (dir, sure bool) {
	name, in := path.Base(p), path.Base(path.Dir(p))
	ext := path.Ext(name)
	switch {
	case directoryNames[name] && in != "bin" && in != "sbin":
		return true, true
	case systemFiles[p]:
		return false, true
	case in == "bin" || in == "sbin" || hubName(b.ref) == "ghcr.io/astral-sh/uv":
		return false, true
	case ext == name: // .local, but .bashrc
		return !hiddenFile().MatchString(name), true
	case ext == ".d" || ext == ".dist-info" || ext == ".egg-info":
		return true, true
	case ext == "":
		return false, false
	case versionEnd().MatchString(name) && !strings.Contains(name, ".so."):
		return true, false
	}
	return false, true
}

var (
	hiddenFile = lazy.Regexp(`rc$|^\.(env|profile|bash_profile|netrc|pgpass|gitconfig|gitmodules|htaccess|htpasswd|[a-z]+ignore)$`)
	versionEnd = lazy.Regexp(`\d\.\d+$`)
)

// systemFiles are files of systems whose names do not look like it.
var systemFiles = set(`/etc/passwd /etc/group /etc/shadow /etc/gshadow /etc/hosts /etc/localtime /etc/timezone /etc/mtab /etc/services /etc/protocols`)

// directoryNames are names that the tools of languages, and systems, give to directories.
var directoryNames = set(`dist build public node_modules site-packages dist-packages lib static html www assets venv vendor publish standalone wheels bundle
	conf config src classes BOOT-INF META-INF WEB-INF certs zoneinfo cargo templates locale migrations views scripts plugins extensions`)
