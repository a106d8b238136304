package compiler_test

import (
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/layc-lang/layc"

// policy is the architecture: the packages of layc that each package of layc may import. A
// change of the architecture changes this table and CONTRIBUTING.md first.
var policy = map[string]string{
	"lang/source":  "",
	"lang/lazy":    "",
	"lang/paths":   "",
	"lang/redact":  "",
	"lang/visible": "",
	"lang/term":    "",
	"lang/diag":    "lang/source lang/redact lang/term lang/visible",
	"lang/syntax":  "lang/source lang/diag lang/term",
	"lang/format":  "lang/source lang/diag lang/syntax",
	"lang/load":    "lang/lazy lang/source lang/diag lang/syntax",
	"lang/check":   "lang/lazy lang/source lang/diag lang/syntax lang/load lang/term",
	"lang/doc":     "lang/source lang/diag lang/syntax lang/load lang/check lang/term",
	"stdlib":       "",

	"lang/editor":                       "lang/source lang/syntax",
	"lang/editor/tree-sitter-layer/src": "",
	// The server sees no engine: nothing of llb, which builds and reads the network.
	"lang/lsp":           "lang/source lang/redact lang/visible lang/term lang/diag compiler lang/lsp/feature lang/lsp/protocol lang/lsp/wire lang/lsp/workspace",
	"lang/lsp/feature":   "lang/source lang/diag lang/format lang/syntax lang/load lang/check lang/doc lang/term compiler compiler/evaluate compiler/lock compiler/model compiler/plan compiler/report lang/lsp/workspace stdlib",
	"lang/lsp/protocol":  "",
	"lang/lsp/wire":      "",
	"lang/lsp/workspace": "lang/source lang/diag lang/syntax lang/load lang/check compiler compiler/lock compiler/model stdlib",

	"compiler/lock":        "lang/lazy",
	"compiler/deb822":      "",
	"compiler/debian":      "lang/diag compiler/deb822 compiler/lock",
	"compiler/model":       "lang/source lang/paths compiler/lock",
	"compiler/naming":      "lang/lazy lang/diag lang/redact",
	"compiler/evaluate":    "lang/lazy lang/source lang/paths lang/diag lang/syntax lang/load lang/check compiler/lock compiler/model compiler/naming",
	"compiler/bind":        "lang/lazy lang/source lang/redact lang/paths lang/diag lang/syntax lang/check compiler/lock compiler/model compiler/naming compiler/evaluate",
	"compiler/placement":   "",
	"compiler/plan/search": "",
	"compiler/plan":        "lang/source lang/diag lang/term compiler/model compiler/lock compiler/plan/search",
	"compiler/plan/show":   "lang/term compiler/model compiler/plan",
	"compiler/picture":     "lang/term compiler/model compiler/plan compiler/plan/search",
	"compiler/query":       "lang/source lang/diag lang/syntax compiler/debian compiler/lock compiler/model compiler/plan",
	"compiler/simulate":    "lang/term compiler/placement compiler/model compiler/plan compiler/plan/search",
	"compiler/sbom":        "lang/redact compiler/model compiler/lock",
	"compiler/report":      "compiler/model compiler/lock compiler/plan compiler/plan/search",
	"compiler/importing":   "lang/lazy lang/source lang/syntax lang/format lang/load",
	"compiler/pin":         "lang/source lang/diag lang/syntax lang/load compiler compiler/model compiler/bind compiler/debian compiler/lock compiler/plan",
	"compiler/whatif":      "lang/diag compiler compiler/model compiler/evaluate compiler/lock compiler/pin compiler/plan compiler/plan/search compiler/report",
	"compiler":             "lang/source lang/diag lang/syntax lang/load lang/check stdlib compiler/model compiler/evaluate compiler/bind compiler/lock compiler/plan",

	"llb":                 "lang/source lang/paths lang/term compiler/model compiler/lock compiler/plan llb/canon llb/helper",
	"llb/archive":         "lang/paths",
	"llb/cache":           "lang/lazy llb/registry llb/registry/access llb/replace llb/world/transport",
	"llb/canon":           "",
	"llb/helper":          "",
	"llb/kept":            "",
	"llb/lacks":           "",
	"llb/replace":         "",
	"llb/docker":          "",
	"llb/progress":        "lang/lazy lang/redact lang/term lang/visible llb",
	"llb/cluster":         "compiler/placement llb/engine",
	"llb/digests":         "",
	"llb/attest":          "lang/redact",
	"llb/audit":           "lang/lazy lang/term",
	"llb/engine":          "lang/lazy llb/attest lang/diag lang/redact lang/visible llb/docker llb/registry/access llb/replace llb/world/transport llb/cache llb/helper llb/kept llb/lacks",
	"llb/exact":           "", // the judge shares nothing with what it judges
	"llb/images":          "lang/lazy lang/source lang/diag lang/syntax lang/format lang/term compiler/model compiler/plan llb llb/engine llb/helper llb/world llb/project llb/registry llb/world/transport llb/cache",
	"llb/frontend":        "lang/diag lang/load compiler compiler/bind compiler/lock compiler/model compiler/pin compiler/plan llb/canon llb/engine llb/helper llb/images llb/world llb/world/git",
	"llb/lockfile":        "lang/diag compiler compiler/lock compiler/pin llb/replace",
	"llb/sign":            "",
	"llb/outputs":         "lang/lazy compiler/naming llb/attest lang/diag lang/redact lang/visible llb/docker llb/replace",
	"llb/revision":        "lang/lazy llb/world/git",
	"llb/world/git":       "lang/lazy llb/replace lang/paths lang/diag lang/load compiler/lock",
	"llb/world":           "lang/lazy compiler/lock compiler/deb822 compiler/debian llb/archive llb/world/rootfs llb/world/transport",
	"llb/project":         "compiler/model",
	"llb/registry":        "compiler/lock llb/archive llb/replace llb/registry/access llb/world/rootfs llb/world/transport",
	"llb/registry/access": "llb/world/transport",
	"llb/world/transport": "",
	"llb/world/vendored":  "lang/lazy lang/redact llb/replace",
	"llb/world/rootfs":    "lang/paths compiler/lock llb/archive",

	// Benchmarks run programs, and may use any library.
	"bench/build":   "bench/servers",
	"bench/pull":    "bench/servers",
	"bench/servers": "",

	"cmd/layc-helper":   "lang/paths compiler/deb822 llb/archive llb/canon llb/kept llb/lacks",
	"cmd/layc":          "any",
	"cmd/layc-frontend": "llb/frontend",
}

// outside lists libraries that only some packages may import.
var outside = map[string]string{
	"github.com/moby/buildkit/client/llb":          "llb llb/frontend",
	"github.com/moby/buildkit":                     "llb llb/attest llb/engine cmd/layc llb/frontend cmd/layc-frontend llb/cache llb/cluster llb/progress",
	"github.com/google/go-containerregistry":       "llb/registry llb/registry/access llb/engine cmd/layc",
	"github.com/alecthomas/participle":             "compiler/query",
	"github.com/spdx/tools-golang":                 "compiler/sbom",
	"github.com/CycloneDX/cyclonedx-go":            "compiler/sbom",
	"github.com/in-toto/attestation":               "llb/attest",
	"github.com/sigstore/sigstore":                 "llb/sign llb/registry",
	"net/http":                                     "llb/cache llb/engine llb/world llb/registry llb/registry/access llb/world/transport cmd/layc",
	"math/rand":                                    "compiler/simulate",
	"os":                                           "llb llb/exact llb/helper llb/kept llb/lacks llb/images llb/lockfile llb/replace llb/engine llb/outputs llb/world/git llb/revision llb/world llb/world/vendored llb/registry llb/registry/access cmd/layc cmd/layc-helper llb/frontend cmd/layc-frontend llb/cache",
	"time":                                         "lang/lsp lang/lsp/workspace compiler/model compiler/evaluate compiler/lock compiler/pin llb llb/cache llb/canon llb/world/transport llb/exact llb/helper llb/engine llb/outputs llb/lockfile llb/world/git llb/world llb/project llb/registry cmd/layc cmd/layc-helper compiler/debian llb/progress",
	"github.com/moby/buildkit/frontend/dockerfile": "compiler/importing cmd/layc llb/engine",
	"mvdan.cc/sh":                                  "compiler/importing",
	"github.com/hashicorp/hcl":                     "compiler/importing",
}

func TestImports(t *testing.T) {
	list := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, module+"/...")
	list.Env = append(os.Environ(), "CGO_ENABLED=1") // with the package whose code is in C
	text, err := list.CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, text)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		pkg := strings.TrimPrefix(strings.TrimPrefix(fields[0], module), "/")
		seen[pkg] = true
		allowed, ok := policy[pkg]
		if !ok {
			t.Errorf("package %s is not in the policy", pkg)
			continue
		}
		for _, i := range fields[1:] {
			if own, ok := strings.CutPrefix(i, module+"/"); ok && allowed != "any" && !slices.Contains(strings.Fields(allowed), own) {
				t.Errorf("%s imports %s, which the policy does not allow", pkg, own)
			}
			if who, ok := restricted(i); ok && !strings.HasPrefix(pkg, "bench/") && !slices.Contains(strings.Fields(who), pkg) {
				t.Errorf("%s imports %s, which only these may: %s", pkg, i, who)
			}
		}
	}
	for pkg := range policy {
		if !seen[pkg] {
			t.Errorf("the policy lists %s, which does not exist", pkg)
		}
	}
}

// restricted returns the packages that may import a library, by its longest prefix in outside.
func restricted(i string) (string, bool) {
	for p := i; p != "."; p = path.Dir(p) {
		if who, ok := outside[p]; ok {
			return who, true
		}
	}
	return "", false
}
