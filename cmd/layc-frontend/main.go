// Layc-frontend is layc as a frontend of BuildKit. Its image has the program and layc's helpers;
// BuildKit runs it for a file that begins with "# syntax=IMAGE".
package main

import (
	"fmt"
	"os"

	"github.com/moby/buildkit/frontend/gateway/grpcclient"
	"github.com/moby/buildkit/util/appcontext"

	"github.com/layc-lang/layc/llb/frontend"
)

func main() {
	if os.Getenv("BUILDKIT_SESSION_ID") == "" {
		fmt.Fprintln(os.Stderr, `layc-frontend: BuildKit runs this program; it does nothing by itself
write "# syntax=IMAGE" as the first line of a .layer file, with the name of this image,
and run: docker build -f FILE.layer .`)
		os.Exit(2)
	}
	if err := grpcclient.RunFromEnvironment(appcontext.Context(), frontend.Build); err != nil {
		fmt.Fprintf(os.Stderr, "layc-frontend: %s\n", err)
		os.Exit(1)
	}
}
