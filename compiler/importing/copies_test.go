package importing_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

// TestCopies has instructions that copy files, and what becomes of them: clauses with single spaces, and what
// the report says.
func TestCopies(t *testing.T) {
	context := fstest.MapFS{
		"packages/a/f": {}, "packages/b/[g]": {}, "packages/[top]": {}, "packages/link": {Data: []byte("a/f"), Mode: fs.ModeSymlink},
		"packages/out": {Data: []byte("b"), Mode: fs.ModeSymlink}, "abs": {Data: []byte("/packages/a"), Mode: fs.ModeSymlink},
		"many/1.txt": {}, "many/2.txt": {}, "one/app-1.jar": {}, "site.conf": {}, "a": {}, "b": {},
		"app-1.0.tar.gz": {Data: archived(t, "x")}, "app.bin": {Data: archived(t, "x")}, "dump.sql.gz": {Data: compressed(t, []byte("select"))},
		"plain.tar": {Data: tarOf(t, "x")}, "named.tar.xz": {}, "x.tar.xz": {Data: []byte("\xfd7zXZ\x00…")}, "x.bin": {Data: []byte("\xfd7zXZ\x00…")},
		"more/l.tgz": {Data: archived(t, "l")}, "more/l.txt": {},
	}
	const build = "FROM debian:12 AS b\nWORKDIR /src\nCOPY packages /src/packages\nRUN make -o /out/tool && mkdir -p bin/net8.0/publish && echo > /opt/tool-1.2/lib\nRUN dotnet publish -o /app\n"
	for _, c := range []struct{ text, want, why string }{
		// Patterns.
		{"FROM debian:12\nCOPY packages/* /p/", `copy "packages/\\[top]", "packages/a/", "packages/b/", "packages/b/" to "/p/"`, ""},
		{"FROM debian:12\nCOPY packages/* /p/", `copy "packages/a/f" to "/p/link"`, ""},
		{"FROM debian:12\nCOPY many/*.txt /m/", `copy "many/*.txt" to "/m/"`, ""},
		{"FROM debian:12\nCOPY one/*.jar /app.jar", `copy "one/app-1.jar" to "/app.jar"`, ""},
		{"FROM debian:12\nCOPY pack*s /p", `copy "packages/" to "/p/"`, ""},
		{"FROM debian:12\nARG D=pack\nCOPY ${D}ages /p/", `copy "${D}ages/" to "/p/"`, ""},
		{"FROM debian:12\nCOPY abs /p/", `copy "packages/a/" to "/p/"`, ""},
		// Other stages.
		{build + "FROM debian:12\nCOPY --from=b /src/bin/net8.0/publish /x/", `copy "/src/bin/net8.0/publish/" from b to "/x/"`, ""},
		{build + "FROM debian:12\nCOPY --from=b /opt/tool-1.2 /x/", `copy "/opt/tool-1.2/" from b to "/x/"`, ""},
		{build + "FROM debian:12\nCOPY --from=b /opt/jdk-17.0 /x/", `copy "/opt/jdk-17.0/" from b to "/x/"`, "/opt/jdk-17.0 is a directory, whose content is copied, not a file"},
		{build + "FROM debian:12\nCOPY --from=b /usr/lib/libx.so.1.2 /x/", `copy "/usr/lib/libx.so.1.2" from b to "/x/"`, ""},
		{build + "FROM debian:12\nCOPY --from=b /root/.local /root/", `copy "/root/.local/" from b to "/root/"`, ""},
		{build + "FROM debian:12\nCOPY --from=b /root/.bashrc /root/", `copy "/root/.bashrc" from b to "/root/"`, ""},
		{build + "FROM debian:12\nCOPY --from=b /src/packages/a /x/", `copy "/src/packages/a/" from b to "/x/"`, ""},
		{build + "FROM debian:12\nCOPY --from=b /out/tool /x/", `copy "/out/tool" from b to "/x/"`, ""},
		{build + "FROM debian:12\nCOPY --from=b /app /x/", `copy "/app/" from b to "/x/"`, ""},
		{build + "FROM debian:12\nCOPY --from=b /opt/server /x/", `copy "/opt/server" from b to "/x/"`, "/opt/server is a file, not a directory whose content is copied"},
		{build + "FROM debian:12\nCOPY --from=b /opt/server /server/", `copy "/opt/server/" from b to "/server/"`, "/opt/server is a directory, whose content is copied, not a file"},
		{build + "FROM debian:12\nCOPY --from=b /opt/* /x/", `if [ -d "$f" ]; then cp -a "$f/." /x/; else cp -aH "$f" /x/; fi done """ with bind "/opt" from b to "/run/source"`, ""},
		{build + "FROM alpine:3\nCOPY --from=b /opt/tool-* /x/", `-name 'tool-*' | while`, ""},
		{build + "FROM scratch\nCOPY a /a\nCOPY --from=b /opt/* /x/", `# copy "/opt/*" from`, "the content of directories that match is copied, not the directories; name them with a final /, if there are any"},
		{build + "FROM debian:12\nCOPY --from=b --chown=5 /opt/* /x/", `# copy "/opt/*" from`, "the content of directories that match is copied, not the directories; name them with a final /, if there are any"},
		{"FROM scratch AS s\nCOPY a b /opt/\nFROM scratch\nCOPY --from=s /opt/* /x/", `copy "/opt/*" from s to "/x/"`, ""},
		{"FROM scratch AS s\nCOPY packages /opt/\nFROM scratch\nCOPY a /a\nCOPY --from=s /opt/* /x/", `# copy "/opt/*" from`, "the content of directories that match is copied, not the directories; name them with a final /, if there are any"},
		{"FROM scratch AS s\nCOPY a /opt/a\nCOPY b /opt/b\nFROM scratch\nCOPY --from=s /opt/* /x/", `copy "/opt/*" from s to "/x/"`, ""},
		{build + "FROM debian:12\nCOPY --from=b /opt/*.whl /x/", `copy "/opt/*.whl" from b to "/x/"`, ""},
		// Directories of bases.
		{"FROM debian:12\nCOPY a /etc/default", `copy "a" to "/etc/default/"`, ""},
		{"FROM nginx:1.27\nCOPY site.conf /etc/nginx/conf.d", `copy "site.conf" to "/etc/nginx/conf.d/"`, ""},
		{"FROM debian:12\nCOPY site.conf /etc/nginx/conf.d", `copy "site.conf" to "/etc/nginx/conf.d/"`, "/etc/nginx/conf.d/ is a directory"},
		{"FROM scratch\nCOPY a /etc", `copy "a" to "/etc"`, ""},
		{"FROM scratch\nWORKDIR /srv", `dir "/srv"`, ""},
		{"FROM scratch\nUSER 5\nWORKDIR /var/lib/x", `dir "/var" owner "5"`, ""},
		{"FROM debian:12\nCOPY --chmod=640 a b /opt/mode/", `dir "/opt/mode" mode 0640`, ""},
		{"FROM debian:12\nCOPY --link --chown=33 a /opt/b/", `copy "a" to "/opt/b/" owner "33"`, "--link gives its owner and mode to /opt, too"},
		// Archives.
		{"FROM debian:12\nARG V=1.0\nADD app-${V}.tar.gz /a/", `with bind "app-${V}.tar.gz" to "/run/archive"`, ""},
		{"FROM debian:12\nADD app.bin /a/", `copy "/unpacked/" from`, ""},
		{"FROM debian:12\nADD plain.tar /a", `copy "/unpacked/" from`, ""},
		{"FROM debian:12\nADD more/* /a/", `copy "more/l.txt" to "/a/"`, ""},
		{"FROM debian:12\nADD more/*.tgz /a/", `copy "/unpacked/" from`, ""},
		{"FROM alpine\nADD x.tar.xz /a/", `builds with os.packages("xz-utils")`, ""},
		{"FROM debian:12\nADD x.bin named.tar.xz dump.sql.gz /a/", `copy "x.bin", "named.tar.xz", "dump.sql.gz" to "/a/"`, ""},
		{"FROM debian:12\nCOPY app-1.0.tar.gz /a/", `copy "app-1.0.tar.gz" to "/a/"`, ""},
		{"FROM scratch\nADD --chown=5 app.bin /", `copy "/unpacked/" from unpacked to "/" owner "5"`, ""},
		// Users of another stage.
		{"FROM debian:12 AS b\nRUN useradd -u 70 -m u\nFROM scratch\nCOPY --from=b /etc/passwd /etc/\nCOPY --chown=u a /a", `copy "a" to "/a" owner "70:70"`, ""},
		{"FROM debian:12\nRUN groupadd --system --gid 1001 g\nRUN useradd --system --uid 1002 -g g u\nWORKDIR /x\nCOPY --chown=u:g a /x/", `copy "a" to "/x/" owner "1002:1001"`, ""},
		{"FROM debian:12\nRUN make user\nWORKDIR /x\nCOPY b /x/b\nCOPY --chown=someone many /x/", `run "chown -R someone: /x"`, "the number of someone is not known, so a command gives it all of /x, not only what is copied"},
		{"FROM scratch\nCOPY --chown=u a /a", `copy "a" to "/a"`, `the owner "u" is not known, so it is root`},
		// Commands.
		{"FROM debian:12\nCMD [\"a\"]\nENTRYPOINT [\"b\"]", `entrypoint ["b"] command ["a"]`, ""},
		// The app places the file again.
		{build + "FROM debian:12\nCOPY a /y\nCOPY --from=b /out/x.txt /x\nCOPY b /x", `copy "a" to "/y" copy "/out/x.txt" from b to "/x" copy "b" to "/x"`, ""},
	} {
		files := fstest.MapFS{"Dockerfile": {Data: []byte(c.text + "\n")}}
		for name, f := range context {
			files[name] = f
		}
		result := imported(t, files)
		if module := strings.Join(strings.Fields(result.Module), " "); !strings.Contains(module, c.want) {
			t.Errorf("%s:\nno %s in\n%s", c.text, c.want, result.Module)
		}
		why := ""
		for _, i := range result.Report.Instructions {
			if !strings.Contains(i.Why, "made of Debian's packages") {
				why += i.Why
			}
		}
		if why != c.why {
			t.Errorf("%s:\nthe report says %q, want %q", c.text, why, c.why)
		}
		for _, d := range check(files, result) {
			t.Errorf("%s:\n%s: %s\n%s", c.text, d.Code, d.Message, result.Module)
		}
	}
}

func tarOf(t *testing.T, name string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func compressed(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func archived(t *testing.T, name string) []byte { return compressed(t, tarOf(t, name)) }
