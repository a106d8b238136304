//go:build linux

package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// kubectl puts a stand-in for kubectl into PATH. It knows a deployment "builders" in the namespace "ci"
// with the pods of a list in the form of Kubernetes, and dials BuildKits by the name of their pod.
func kubectl(t *testing.T, pods string, addresses map[string]string) (calls func() []string) {
	t.Helper()
	buildctl, err := filepath.Abs("../../bin/buildctl")
	if err != nil {
		t.Fatal(err)
	}
	bin, dials := t.TempDir(), ""
	for pod, address := range addresses {
		dials += fmt.Sprintf("*' -i %s -- buildctl dial-stdio') exec %s --addr %s dial-stdio;;\n", pod, buildctl, address)
	}
	program(t, bin, "kubectl", fmt.Sprintf(`echo "$*" >> %s/calls
case "$*" in
'--context= --namespace=ci get --output=json deployment builders') cat <<END
{"spec": {"selector": {"matchLabels": {"app": "builders", "a": "1"}, "matchExpressions": [{"key": "tier", "operator": "In", "values": ["x", "y"]}, {"key": "old", "operator": "DoesNotExist"}]}}}
END
exit;;
'--context= --namespace=ci get --output=json pods --selector=!old,a=1,app=builders,tier in (x,y)') echo '%s'; exit;;
%sesac
echo 'E1127 memcache.go: something else' >&2
echo 'Error from server (NotFound): deployments.apps "x" not found' >&2
exit 1
`, bin, pods, dials))
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	return func() []string {
		text, _ := os.ReadFile(filepath.Join(bin, "calls"))
		return strings.Split(strings.TrimSpace(string(text)), "\n")
	}
}

// pod is a pod as kubectl prints it.
func pod(name, ready, more string) string {
	return fmt.Sprintf(`{"metadata": {"name": "%s"%s}, "status": {"conditions": [{"type": "Initialized", "status": "True"}, {"type": "Ready", "status": "%s"}]}}`, name, more, ready)
}

const somePods = `{"items": [%s]}`

// TestDeployment checks that the pods of a deployment that are ready are engines, and that one builds.
func TestDeployment(t *testing.T) {
	_, address := buildkitd(t)
	calls := kubectl(t, fmt.Sprintf(somePods, strings.Join([]string{
		pod("b-2", "True", ""), pod("b-1", "True", ""), pod("b-0", "False", ""), pod("a-9", "True", `, "deletionTimestamp": "2026-01-01T00:00:00Z"`),
	}, ", ")), map[string]string{"b-1": address})
	t.Setenv("BUILDX_CONFIG", t.TempDir())
	t.Setenv("KUBECONFIG", "")
	builder(t, Builder{Name: "pods", Driver: "kubernetes", Nodes: []Node{
		{Name: "pods0", Endpoint: "kubernetes:///pods?deployment=builders&kubeconfig=", DriverOpts: map[string]string{"namespace": "ci"}},
		{Name: "gone", DriverOpts: map[string]string{"namespace": "ci"}},
	}})
	both := []string{"kube-pod://b-1?namespace=ci", "kube-pod://b-2?namespace=ci"}
	for from, want := range map[string][]string{
		"kube-deployment://builders?namespace=ci": both,
		"kube-deployment://other":                 {"kube-deployment://other"},
		"buildx:pods":                             append(slices.Clone(both), "buildx:pods/gone"),
		"buildx:pods/pods0":                       both,
	} {
		if got := Nodes(t.Context(), from); !slices.Equal(got, want) {
			t.Errorf("%s stands for %v, want %v", from, got, want)
		}
	}
	for _, address := range []string{"kube-deployment://builders?namespace=ci", "kube-deployment://builders?namespace=ci&container=buildkitd", "buildx:pods/pods0"} {
		builds(t, Options{Address: address})
	}
	for _, want := range []string{"--context= --namespace=ci exec --container= -i b-1 -- buildctl dial-stdio", "--context= --namespace=ci exec --container=buildkitd -i b-1 -- buildctl dial-stdio"} {
		if !slices.Contains(calls(), want) {
			t.Errorf("kubectl was not called with %q, but with\n%s", want, strings.Join(calls(), "\n"))
		}
	}
}

// TestDeploymentErrors pins what is told if a deployment cannot be used.
func TestDeploymentErrors(t *testing.T) {
	const or = "; or omit the address to use the built-in engine"
	kubectl(t, fmt.Sprintf(somePods, pod("b-0", "False", "")), nil)
	_, err := Open(t.Context(), Options{Address: "kube-deployment://builders?namespace=ci"})
	wantUnavailable(t, err, "the deployment builders has no pod that is ready (1 is not)", "see kubectl --namespace=ci get pods --selector='!old,a=1,app=builders,tier in (x,y)'"+or)
	_, err = Open(t.Context(), Options{Address: "kube-deployment://x?namespace=ci&context=c"})
	wantUnavailable(t, err, "cannot read the deployment x", "check that kubectl --context=c --namespace=ci get deployment x works"+or)
	if text := fmt.Sprint(err); !strings.Contains(text, `deployments.apps "x" not found`) || strings.Contains(text, "memcache") {
		t.Errorf("the error lacks what kubectl says: %v", err)
	}
	t.Setenv("BUILDX_CONFIG", t.TempDir())
	builder(t, Builder{Name: "far", Driver: "kubernetes", Nodes: []Node{{Name: "far0", Endpoint: "kubernetes:///far?deployment=d&kubeconfig=/etc/far.yaml"}}})
	_, err = Open(t.Context(), Options{Address: "buildx:far"})
	wantUnavailable(t, err, "the node far0 has a configuration of its own for kubectl", "set KUBECONFIG=/etc/far.yaml")
	t.Setenv("PATH", t.TempDir())
	_, err = Open(t.Context(), Options{Address: "kube-deployment://builders"})
	wantUnavailable(t, err, "cannot read the deployment builders", "install the program kubectl, and put it into PATH"+or)
	for address, want := range map[string]string{
		"kube-deployment://":    "expected kube-deployment://NAME",
		"kube-deployment:b":     "expected kube-deployment://NAME",
		"kube-deployment://B_1": "expected kube-deployment://NAME?namespace=NAMESPACE, with names of Kubernetes (a-z, 0-9, - and .)",
		"kube-deploymnet://b":   "did you mean kube-deployment://b?",
	} {
		if err := CheckAddress(address); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", address, err, want)
		}
	}
}
