package syntax_test

import (
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
		"COPY bin lib etc/ /opt/":                `copy "bin", "lib", "etc/" to "/opt/"`,
		`COPY "a" /b`:                            `copy "a" to "/b"`,
		`COPY "a b" /c`:                          "",
		`COPY "a" to "/b"`:                       `copy "a" to "/b"`,
		"COPY --chown=33:33 a /b":                `copy "a" to "/b" owner "33:33"`,
		"COPY --chmod=0755 --chown=root a b /c/": `copy "a", "b" to "/c/" mode 0755 owner "root"`,
		"COPY --chmod=u+x a /b":                  "",
		"COPY --from=build /src /dst":            "",
		"COPY --link a /b":                       "",
		"COPY one":                               "",
		`COPY ["a", "/b"]`:                       "",
		"COPY <<EOF /x":                          "",
		"ENV A=b c=d":                            "",
		`ENV GREETING "good day"`:                `env GREETING = "good day"`,
		"ENV GREETING good day":                  `env GREETING = "good day"`,
		`ENV OPTS="-a -b=c"`:                     `env OPTS = "-a -b=c"`,
		"ENV OPTS=-Da=b":                         `env OPTS = "-Da=b"`,
		"ENV OPTS a=b":                           `env OPTS = "a=b"`,
		"ENV EMPTY=":                             `env EMPTY = ""`,
		`ENV A="b" C="d"`:                        "",
		"ENV PATH=/opt/bin:$PATH":                "",
		"ENV 1A=b":                               "",
		"ENV ALONE":                              "",
		`LABEL "org.x"="y z"`:                    `label "org.x" = "y z"`,
		"WORKDIR /srv/my files":                  `workdir "/srv/my files"`,
		`WORKDIR "/srv"`:                         `workdir "/srv"`,
		`WORKDIR "/srv" x`:                       "",
		"WORKDIR $HOME":                          "",
		"VOLUME /a /b":                           `volume "/a", "/b"`,
		"USER www-data":                          `user "www-data"`,
		"ENTRYPOINT exec java -jar x.jar":        `entrypoint ["/bin/sh", "-c", "exec java -jar x.jar"]`,
		"CMD cd /app && run":                     `command ["/bin/sh", "-c", "cd /app && run"]`,
		"CMD MODE=fast serve":                    `command ["/bin/sh", "-c", "MODE=fast serve"]`,
		"CMD serve --port=80":                    `command ["serve", "--port=80"]`,
		`CMD ["serve", "-x"]`:                    `command ["serve", "-x"]`,
		`CMD ["serve" "-x"]`:                     "",
		"RUN make -j4 all":                       `run "make -j4 all"`,
		"RUN --mount=type=cache,target=/c make":  "",
		"EXPOSE 80 443/udp":                      `expose 80, "443/udp"`,
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
