//go:build unix

package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/moby/buildkit/client/connhelper/kubepod"
)

// deployment is a deployment of Kubernetes whose pods run BuildKit. A Pod in it is the deployment's name.
type deployment struct{ kubepod.Spec }

// parseDeployment returns the deployment of an address kube-deployment://NAME.
func parseDeployment(address string) (deployment, error) {
	u, err := url.Parse(address)
	if err != nil {
		return deployment{}, err
	}
	spec, err := kubepod.SpecFromURL(u) // which has the same options for pods
	if err != nil {
		return deployment{}, errors.New("expected kube-deployment://NAME?namespace=NAMESPACE, with names of Kubernetes (a-z, 0-9, - and .)")
	}
	return deployment{*spec}, nil
}

// pods returns the addresses of the pods that are ready, by name; at least one. The error is an
// *UnavailableError, or the cause of ctx's end.
func (d deployment) pods(ctx context.Context) ([]string, error) {
	var deployed struct {
		Spec struct {
			Selector struct {
				MatchLabels      map[string]string
				MatchExpressions []struct {
					Key, Operator string
					Values        []string
				}
			}
		}
	}
	if err := d.get(ctx, &deployed, "deployment", d.Pod); err != nil {
		return nil, err
	}
	var selector []string
	for name, value := range deployed.Spec.Selector.MatchLabels {
		selector = append(selector, name+"="+value)
	}
	for _, e := range deployed.Spec.Selector.MatchExpressions {
		switch e.Operator {
		case "In", "NotIn":
			selector = append(selector, fmt.Sprintf("%s %s (%s)", e.Key, strings.ToLower(e.Operator), strings.Join(e.Values, ",")))
		case "Exists":
			selector = append(selector, e.Key)
		case "DoesNotExist":
			selector = append(selector, "!"+e.Key)
		}
	}
	slices.Sort(selector)
	var list struct {
		Items []struct {
			Metadata struct {
				Name              string
				DeletionTimestamp string
			}
			Status struct {
				Conditions []struct{ Type, Status string }
			}
		}
	}
	if err := d.get(ctx, &list, "pods", "--selector="+strings.Join(selector, ",")); err != nil {
		return nil, err
	}
	var all []string
	for _, pod := range list.Items {
		ready := false
		for _, c := range pod.Status.Conditions {
			ready = ready || c.Type == "Ready" && c.Status == "True"
		}
		if ready && pod.Metadata.DeletionTimestamp == "" {
			all = append(all, d.pod(pod.Metadata.Name))
		}
	}
	if len(all) == 0 {
		return nil, &UnavailableError{
			What: fmt.Sprintf("the deployment %s has no pod that is ready%s", d.Pod, notReady(len(list.Items))),
			Help: fmt.Sprintf("see %s get pods --selector='%s'; or %s", d.kubectl(), strings.Join(selector, ","), builtIn),
		}
	}
	slices.Sort(all)
	return all, nil
}

// notReady tells how many pods are not ready.
func notReady(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return " (1 is not)"
	}
	return fmt.Sprintf(" (%d are not)", n)
}

// kubectl is the command that a user enters for what is with the deployment.
func (d deployment) kubectl() string {
	command := "kubectl"
	if d.Context != "" {
		command += " --context=" + d.Context
	}
	if d.Namespace != "" {
		command += " --namespace=" + d.Namespace
	}
	return command
}

// nodes returns the addresses of the pods; if they cannot be read, the deployment's own.
func (d deployment) nodes(ctx context.Context, address string) []string {
	if pods, err := d.pods(ctx); err == nil {
		return pods
	}
	return []string{address}
}

// way returns the way to the first pod.
func (d deployment) way(ctx context.Context) (way, error) {
	pods, err := d.pods(ctx)
	if err != nil {
		return way{}, err
	}
	return way{address: pods[0]}, nil
}

// pod returns the address of a pod.
func (d deployment) pod(name string) string {
	options := url.Values{}
	for option, value := range map[string]string{"context": d.Context, "namespace": d.Namespace, "container": d.Container} {
		if value != "" {
			options.Set(option, value)
		}
	}
	u := url.URL{Scheme: "kube-pod", Host: name, RawQuery: options.Encode()}
	return u.String()
}

// get reads what kubectl gets.
func (d deployment) get(ctx context.Context, into any, what ...string) error {
	limited, cancel := context.WithTimeout(ctx, foreignPatience)
	defer cancel()
	args := append([]string{"--context=" + d.Context, "--namespace=" + d.Namespace, "get", "--output=json"}, what...)
	kubectl := exec.CommandContext(limited, "kubectl", args...)
	kubectl.WaitDelay = time.Second
	text, err := kubectl.Output()
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err == nil {
		return nil
	}
	help := fmt.Sprintf("check that %s get deployment %s works", d.kubectl(), d.Pod)
	var exited *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case limited.Err() != nil:
		err = fmt.Errorf("no response for %s", foreignPatience)
	case errors.Is(err, exec.ErrNotFound):
		help = "install the program kubectl, and put it into PATH"
	case errors.As(err, &exited) && len(exited.Stderr) > 0:
		lines := strings.Split(strings.TrimSpace(string(exited.Stderr)), "\n") // the last one says it
		err = errors.New(lines[len(lines)-1])
	}
	return &UnavailableError{What: "cannot read the deployment " + d.Pod, Help: help + "; or " + builtIn, Err: err}
}

// deployment returns the deployment of a node of a builder with the driver kubernetes.
func (n Node) deployment() (deployment, error) {
	u, err := url.Parse(n.Endpoint)
	if err != nil {
		return deployment{}, &UnavailableError{What: "cannot read the node " + n.Name, Help: "create the builder again with docker buildx create", Err: err}
	}
	if file := u.Query().Get("kubeconfig"); file != "" && file != os.Getenv("KUBECONFIG") {
		return deployment{}, &UnavailableError{What: fmt.Sprintf("the node %s has a configuration of its own for kubectl", n.Name), Help: "set KUBECONFIG=" + file}
	}
	return deployment{kubepod.Spec{Pod: cmp.Or(u.Query().Get("deployment"), n.Name), Namespace: n.DriverOpts["namespace"]}}, nil
}
