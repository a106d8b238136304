//go:build unix

package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/connhelper"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"
	"github.com/moby/buildkit/util/grpcerrors"
	"github.com/moby/buildkit/worker/label"
	"google.golang.org/grpc/codes"

	"github.com/layc-lang/layc/lang/lazy"
)

// foreignPatience is how long an engine elsewhere may take to respond at first.
const foreignPatience = 10 * time.Second

// triedVersion is the version of BuildKit that layc is tested with.
const triedVersion = "0.34"

// builtIn is the help that is always possible.
const builtIn = "omit the address to use the built-in engine"

// openForeign connects e to the BuildKit at its address.
func (e *Engine) openForeign(ctx context.Context) error {
	w, err := find(ctx, e.opts.Address, e.opts.Certificates)
	if err != nil {
		return err
	}
	c, err := client.New(ctx, w.address, w.options...)
	if err != nil {
		return e.unreachable(ctx, w, err)
	}
	limited, cancel := context.WithTimeout(ctx, foreignPatience)
	defer cancel()
	info, err := c.Info(limited)
	switch {
	case err == nil:
		if e.foreign = info.BuildkitVersion.Version; strings.HasSuffix(e.foreign, "+unknown") {
			e.foreign = "" // built without one
		}
	case grpcerrors.Code(err) == codes.Unimplemented:
		e.foreign = "older than 0.11"
	case ctx.Err() != nil:
		return errors.Join(context.Cause(ctx), c.Close())
	default:
		_ = c.Close() // it was never open
		return e.unreachable(ctx, w, err)
	}
	e.client = c
	if workers, err := c.ListWorkers(limited); err == nil && len(workers) > 0 && workers[0].Labels[label.Snapshotter] == "fuse-overlayfs" {
		e.notice("the BuildKit at " + e.named() + " has the snapshotter fuse-overlayfs, with which it cannot start steps that mount several layers; " +
			"overlayfs and native can")
	}
	return nil
}

// unreachable returns the error for an address at which no BuildKit responds.
func (e *Engine) unreachable(ctx context.Context, w way, err error) error {
	if failed := w.program(ctx); failed != nil {
		err = failed
	}
	kind, rest, _ := splitAddress(cmp.Or(w.address, "docker:")) // it is valid
	help, text := "check the address", err.Error()
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
	}
	// A server that refuses a connection may close it before the reason is read.
	closed := kind == "tcp" && has("EOF", "connection reset", "broken pipe", "preface")
	switch {
	case has("certificate required", "bad certificate", "unknown certificate authority"), closed && w.anonymous:
		help = "it wants a certificate of yours: name a directory with ca.pem, cert.pem and key.pem with --tlsdir"
	case has("x509:"):
		help = "its certificate is not for this name, or not by the authority in ca.pem: check the directory of --tlsdir"
	case closed && !w.secured:
		help = "if it wants TLS, name a directory with ca.pem, cert.pem and key.pem with --tlsdir"
	case has("executable file not found"):
		help = fmt.Sprintf("install the program that %s: addresses need, and put it into PATH", kind)
	case has("permission denied") && kind == "unix":
		help = "run layc as a user who may open that socket"
	case kind == "unix" || kind == "tcp":
		help = "start buildkitd there, or check the address"
	case kind == "docker" || kind == "docker-container":
		help = "see docker info, and docker buildx ls"
	case kind == "kube-pod":
		help = "see kubectl get pods"
	case kind == "ssh":
		help = fmt.Sprintf("check that ssh %s buildctl debug info works", rest)
	}
	return &UnavailableError{What: "no BuildKit responds at " + e.opts.Address, Help: help + "; or " + builtIn, Err: &plainError{said(err), err}}
}

// program returns why the program that dials an address ends; nil if none does, or if it works. What
// it prints is lost if the connection fails while it is written to.
func (w way) program(ctx context.Context) error {
	dial, err := connhelper.GetConnectionHelper(w.address)
	if dial == nil || err != nil {
		return err
	}
	conn, err := dial.ContextDialer(ctx, "")
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, conn)
		ended <- err
	}()
	select {
	case err = <-ended:
	case <-time.After(foreignPatience):
	case <-ctx.Done():
	}
	conn.Close() // also a program that works
	return err
}

// said returns the cause of a failed connection in one line: what a program like ssh printed, or why
// the connection was not made.
func said(err error) string {
	text := plain(err).Error()
	if _, after, ok := strings.Cut(text, "stderr="); ok {
		text = withoutLog(after)
	}
	if errors.Is(err, context.DeadlineExceeded) || grpcerrors.Code(err) == codes.DeadlineExceeded {
		if !strings.Contains(text, ": ") {
			text = fmt.Sprintf("no response for %s", foreignPatience)
		}
	}
	for _, prefix := range []string{"failed to call info: ", "connection error: ", "Unavailable: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	return strings.Join(strings.Fields(text), " ")
}

// logLine matches a line that kubectl logs before it says in a line of its own what is wrong.
var logLine = lazy.Regexp(`(?m)^[EFIW][0-9]{4} [0-9:.]+ .*$`)

// withoutLog returns what a program printed, without its log if there is anything else.
func withoutLog(text string) string {
	return cmp.Or(strings.TrimSpace(logLine().ReplaceAllString(text, "")), strings.TrimSpace(text))
}

// abilities are the names of what an engine may lack, by BuildKit's ids.
var abilities = map[apicaps.CapID]string{
	pb.CapMergeOp:                        "merging layers",
	pb.CapDiffOp:                         "the difference of two layers",
	pb.CapExecSecretEnv:                  "secrets as variables",
	pb.CapExecMountSecret:                "secrets as files",
	pb.CapExecMountSSH:                   "SSH agents",
	pb.CapExecMountCache:                 "cache mounts",
	pb.CapExecMountTmpfs:                 "tmpfs mounts",
	pb.CapExecMetaNetwork:                "steps without a network",
	pb.CapSourceLocalUnique:              "local files",
	pb.CapSourceHTTPChecksum:             "downloads with checksums",
	pb.CapSourceOCILayout:                "OCI layouts",
	pb.CapFileBase:                       "copying files",
	pb.CapFileCopyIncludeExcludePatterns: "copying files by patterns",
}

// lacks returns an error that tells what an engine elsewhere lacks for definitions; nil if nothing.
func (e *Engine) lacks(has gateway.BuildOpts, definitions []*pb.Definition) error {
	if e.opts.Address == "" {
		return nil
	}
	return lacking("the BuildKit at "+e.named(), builtIn, has, definitions)
}

// lacking is like lacks, with the name of the engine, and what to do instead of using it.
func lacking(named, instead string, has gateway.BuildOpts, definitions []*pb.Definition) error {
	missing, disabled := map[string]bool{}, ""
	for _, def := range definitions {
		for _, of := range def.Metadata {
			for id := range of.Caps {
				err := has.LLBCaps.Supports(apicaps.CapID(id))
				if err == nil {
					continue
				}
				missing[cmp.Or(abilities[apicaps.CapID(id)], id)] = true
				var why *apicaps.CapError
				if errors.As(err, &why) && why.State != nil {
					disabled = cmp.Or(disabled, why.State.DisabledReasonMsg)
				}
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	help := fmt.Sprintf("update it (layc is tested with BuildKit %s), or %s", triedVersion, instead)
	if strings.Contains(disabled, "containerd") {
		help = "turn on the containerd image store of that Docker, create a builder (docker buildx create), or " + instead
	}
	err := &UnavailableError{
		What: fmt.Sprintf("%s lacks what this build needs: %s", named, strings.Join(slices.Sorted(maps.Keys(missing)), ", ")),
		Help: help,
	}
	if disabled != "" {
		err.Err = errors.New(disabled)
	}
	return err
}

// named is the address of an engine elsewhere, with its version if that is known.
func (e *Engine) named() string {
	if e.foreign == "" {
		return e.opts.Address
	}
	return fmt.Sprintf("%s (%s)", e.opts.Address, e.foreign)
}

// toldForeign returns the error of a build on an engine elsewhere in layc's words.
func (e *Engine) toldForeign(ctx context.Context, err error) error {
	var step *StepError
	var unavailable *UnavailableError
	switch {
	case e.opts.Address == "" || ctx.Err() != nil || errors.As(err, &step):
		return err
	case errors.As(err, &unavailable):
		if errors.Is(err, errLost) {
			unavailable.What = "lost the connection to the BuildKit at " + e.opts.Address
			unavailable.Help = "see whether it still runs, and run the command again: what it has built is in its cache"
		}
		return err
	}
	cause := rootCause(err)
	text := cause.Error()
	help := "see the log of that BuildKit, or " + builtIn
	if strings.Contains(text, "exporter") && strings.Contains(text, "could not be found") {
		help = "turn on the containerd image store of that Docker, create a builder (docker buildx create), or " + builtIn
	}
	return &UnavailableError{What: fmt.Sprintf("the BuildKit at %s failed", e.named()), Help: help, Err: cause}
}
