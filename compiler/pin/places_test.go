package pin

import (
	"errors"
	"fmt"
	"testing"

	"github.com/layc-lang/layc/compiler/debian"
	"github.com/layc-lang/layc/compiler/lock"
)

// TestPlaced checks that an error about packages names all that want these, and where: also if a
// name is computed, or comes from a component of the standard library.
func TestPlaced(t *testing.T) {
	const program = `import "std/debian"
import "std/java"

fleet {
    base debian.release("12", security: false)
}

let mail = "postfix"

component tool(version: string) {
    needs os.packages("exim4", "jq-${version}")
    file "/opt/tool" text "on"
}

component mailer {
    install "${mail}"
}

app one {
    uses tool("2"), java.jdk("17")
}

app "${n}" for n in ["two", "three"] {
    uses mailer
}
`
	conflict := &debian.PackageError{Names: []string{"exim4", "postfix"}, Message: "exim4 conflicts with postfix"}
	unknown := &debian.PackageError{Names: []string{"jq-2"}, Message: "there is no jq-2"}
	foreign := &debian.PackageError{Names: []string{"openjdk-17-jdk-headless", "base-files"}, Message: "no Java"}
	for _, c := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("resolving: %w", errors.Join(conflict, errors.New("no luck"), unknown)), "resolving: exim4 conflicts with postfix\nno luck\nthere is no jq-2\n" +
			"a.layer:11:23: component tool wants exim4\na.layer:16:5: component mailer wants postfix\na.layer:11:11: component tool wants jq-2"},
		{foreign, "no Java\na.layer:20:21: app one wants openjdk-17-jdk-headless"},
		{errors.New("down"), "down"},
	} {
		w := &world{packages: func(lock.Distribution) error { return c.err }}
		_, list, err := Program(t.Context(), request(w, program))
		if len(list) > 0 || err == nil || err.Error() != "resolving packages of debian/bookworm for amd64: "+c.want || !errors.Is(err, c.err) {
			t.Errorf("%v got:\n%v\nwant:\n%s", list, err, c.want)
		}
	}
}
