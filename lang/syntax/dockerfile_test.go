package syntax_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// TestInstructions applies the fixes of Dockerfile instructions in a component. A want of "" is an
// instruction without a fix. Each fixed text must parse.
func TestInstructions(t *testing.T) {
	for line, want := range map[string]string{
		"COPY bin/ lib/. etc/ /opt/":            `copy "bin/", "lib/", "etc/" to "/opt/"`,
		`COPY "a/" /b`:                          `copy "a/" to "/b"`,
		"COPY . /app":                           `copy "./" to "/app"`,
		"COPY / /app":                           `copy "./" to "/app"`,
		"COPY /etc/ /etc":                       `copy "etc/" to "/etc"`,
		`COPY "a b" /c`:                         "",
		`COPY "a" to "/b"`:                      `copy "a" to "/b"`,
		"COPY --chown=33:33 a/ /b":              `copy "a/" to "/b" owner "33:33"`,
		"COPY --chmod=0755 --chown=0 a/ b/ /c/": `copy "a/", "b/" to "/c/" mode 0755 owner "0"`,
		"COPY --chmod=u+x a /b":                 "",
		"COPY --from=build /src /dst":           "",
		"COPY --link a /b":                      "",
		"COPY one":                              "",
		`COPY ["a", "/b"]`:                      "",
		"COPY <<EOF /x":                         "",
		"ENV A=b c=d":                           "",
		`ENV GREETING "good day"`:               `env GREETING = "good day"`,
		"ENV GREETING good day":                 `env GREETING = "good day"`,
		`ENV OPTS="-a -b=c"`:                    `env OPTS = "-a -b=c"`,
		"ENV OPTS=-Da=b":                        `env OPTS = "-Da=b"`,
		"ENV OPTS a=b":                          `env OPTS = "a=b"`,
		"ENV EMPTY=":                            `env EMPTY = ""`,
		`ENV A="b" C="d"`:                       "",
		"ENV PATH=/opt/bin:$PATH":               "",
		"ENV 1A=b":                              "",
		"ENV ALONE":                             "",
		`LABEL "org.x"="y z"`:                   `label "org.x" = "y z"`,
		"WORKDIR /srv/my files":                 `workdir "/srv/my files"`,
		`WORKDIR "/srv"`:                        `workdir "/srv"`,
		`WORKDIR "/srv" x`:                      "",
		"WORKDIR $HOME":                         "",
		"VOLUME /a /b":                          `volume "/a", "/b"`,
		"USER www-data":                         `user "www-data"`,
		"ENTRYPOINT java -jar x.jar":            `entrypoint ["/bin/sh", "-c", "java -jar x.jar"]`,
		"ENTRYPOINT exec java -jar x.jar":       `entrypoint ["/bin/sh", "-c", "exec java -jar x.jar"]`,
		"CMD cd /app && run":                    `command ["/bin/sh", "-c", "cd /app && run"]`,
		"CMD MODE=fast serve":                   `command ["/bin/sh", "-c", "MODE=fast serve"]`,
		"CMD serve --port=80":                   `command ["/bin/sh", "-c", "serve --port=80"]`,
		`CMD ["serve", "-x"]`:                   `command ["serve", "-x"]`,
		`CMD ["serve" "-x"]`:                    "",
		"RUN apt-get install -y nginx":          `needs os.packages("nginx")`,
		"RUN apt-get update && apt-get install -y --no-install-recommends nginx libstdc++6 && rm -rf /var/lib/apt/lists/*": `needs os.packages("nginx", "libstdc++6")`,
		"RUN DEBIAN_FRONTEND=noninteractive apt install -y \\\n    curl \\\n    git && apt-get clean":                      `needs os.packages("curl", "git")`,
		"RUN apt-get install -y curl && make":   `run "apt-get install -y curl && make"`,
		"RUN apt-get install -y nginx=1.22":     `run "apt-get install -y nginx=1.22"`,
		"RUN apt-get update":                    `run "apt-get update"`,
		"RUN make -j4 all":                      `run "make -j4 all"`,
		"RUN --mount=type=cache,target=/c make": "",
		"EXPOSE 80 443/udp":                     `expose 80, "443/udp"`,
		"EXPOSE 80/TCP 53/Udp":                  `expose "80/tcp", "53/udp"`,
		"EXPOSE 8000-8010":                      `expose "8000-8010"`,
		"EXPOSE 80, 81":                         `expose 80, 81`,
		`EXPOSE "81/SCTP"`:                      `expose "81/sctp"`,
	} {
		head := "component c {\n"
		f := source.New("a.layer", head+line+"\n}\n")
		_, list := syntax.Parse(f)
		if len(list) == 0 {
			t.Errorf("%s: no error", line)
			continue
		}
		got := ""
		if len(list[0].Edits) > 0 {
			text := diag.Apply(f, list[0].Edits)
			if _, list := syntax.Parse(source.New("a.layer", text)); list.HasErrors() {
				t.Errorf("%s: the fix does not parse: %s", line, text)
			}
			got = strings.TrimSuffix(strings.TrimPrefix(text, head), "\n}\n")
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", line, got, want)
		}
	}
}

// TestInstructionsInWords reads the help for instructions without a fix: their clause depends on
// files, or there is none.
func TestInstructionsInWords(t *testing.T) {
	const (
		directory = ", with a `/` at the end of each path of a directory"
		matched   = ", which copies directories that the pattern matches with their names, unlike COPY"
		ports     = "write `expose 8080`, `\"53/udp\"` for another protocol, or `\"8000-8010\"`"
		target    = "write `copy … to` with an absolute path, such as `\"/srv/\"`"
	)
	for line, want := range map[string]string{
		"COPY src /app/":             "write `copy \"src\" to \"/app/\"`" + directory,
		"COPY --chown=0 a.conf /etc": "write `copy \"a.conf\" to \"/etc\" owner \"0\"`" + directory,
		"COPY src/ a.txt /app/":      "write `copy \"src/\", \"a.txt\" to \"/app/\"`" + directory,
		"COPY src/* /app/":           "write `copy \"src/*\" to \"/app/\"`" + matched,
		"COPY a/ conf.? /app/":       "write `copy \"a/\", \"conf.?\" to \"/app/\"`" + matched,
		"COPY a/ b/ /app":            "write a `/` at the end of the target: it is a directory",
		"COPY *.conf /etc":           "write a `/` at the end of the target: it is a directory",
		"COPY x .":                   target,
		"COPY . .":                   target,
		"COPY a/ b/c/":               target,
		"COPY a/ /b/../c":            target,
		"COPY ../a/ /b":              "move the files into the project: `copy` takes no others",
		"WORKDIR app":                "write `workdir` with an absolute path, such as `workdir \"/srv\"`",
		`WORKDIR "../app"`:           "write `workdir` with an absolute path, such as `workdir \"/srv\"`",
		"VOLUME /a data":             "write `volume` with absolute paths, such as `volume \"/data\"`",
		"EXPOSE 80/http":             ports,
		"EXPOSE 0":                   ports,
		"EXPOSE 70000":               ports,
		"EXPOSE 90-80":               ports,
		"EXPOSE http":                ports,
	} {
		_, list := syntax.Parse(source.New("a.layer", "component c {\n"+line+"\n}\n"))
		if len(list) != 1 || len(list[0].Edits) > 0 || !slices.Equal(list[0].Help, []string{want}) {
			t.Errorf("%s: got %+v, want %s", line, list[0], want)
		}
	}
}
