//go:build unix

package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	gatewayerrors "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/grpcerrors"
	"github.com/opencontainers/go-digest"
	"google.golang.org/grpc/codes"

	"github.com/layc-lang/layc/llb/registry/access"

	"github.com/layc-lang/layc/lang/lazy"
)

// StepError is the error for a failed vertex of a definition.
type StepError struct {
	Vertex   digest.Digest // as in the definition
	Name     string        // the vertex's name in the progress output
	Remote   string        // the URL that it fetches; else empty
	Log      []string      // the last lines of its output, at most 20
	ExitCode int           // of the step's process; 0 if there is none or it never started
	Engine   string        // the address of the engine, of several; else empty
	Full     string        // help for the engine's full disk, if that is the cause; else empty
	Limit    string        // what an ordinary user's engine cannot do, if that is the cause; else empty
	Err      error
}

func (e *StepError) Error() string {
	if e.ExitCode != 0 {
		return fmt.Sprintf("%s: exit code %d", e.Name, e.ExitCode)
	}
	return fmt.Sprintf("%s: %v", e.Name, e.Err)
}

func (e *StepError) Unwrap() error { return e.Err }

// UnavailableError is the error for an engine, or a host on the network, that cannot be used. The
// program is not the cause.
type UnavailableError struct {
	What   string        // one sentence
	Help   string        // what to do about it; may be empty
	Vertex digest.Digest // the vertex that needed the host; empty if none did
	Err    error         // may be nil

	full bool // the engine's disk is full
}

func (e *UnavailableError) Error() string {
	var b strings.Builder
	b.WriteString(e.What)
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", plain(e.Err))
	}
	if e.Help != "" {
		fmt.Fprintf(&b, "\n%s", e.Help)
	}
	return b.String()
}

func (e *UnavailableError) Unwrap() error { return e.Err }

// Gone reports whether the engine itself is lost, and not something that it needs.
func (e *UnavailableError) Gone() bool { return errors.Is(e.Err, errLost) }

// plain shortens an error by the wording of the libraries that passed it on: for a file, it keeps
// the cause; for a connection, why it failed.
func plain(err error) error {
	var file *fs.PathError
	if errors.As(err, &file) {
		return file.Err
	}
	s := err.Error()
	if _, quoted, ok := strings.Cut(s, "desc = "); ok {
		if text, err := strconv.Unquote(quoted); err == nil {
			s = text
		} else {
			s = quoted
		}
		s = strings.TrimPrefix(s, "transport: Error while dialing: ")
		s = strings.TrimPrefix(s, "error reading server preface: ")
		return &plainError{strings.TrimSpace(s), err}
	}
	return err
}

// errLost is the error for a connection that broke during a build.
var errLost = errors.New("the engine is gone")

// classify converts BuildKit's error for the definitions to an error of this package.
func classify(ctx context.Context, err error, t *tracker, definitions ...*pb.Definition) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if strings.Contains(err.Error(), releasedTwice) {
		err = t.lost(err, definitions)
	}
	var exit *gatewayerrors.ExitError
	exited := errors.As(err, &exit) && exit.ExitCode != gatewayerrors.UnknownExitStatus
	if cause := rootCause(err); !exited && saysFull(cause.Error()) {
		return &UnavailableError{What: "the engine's disk is full", Err: cause, full: true}
	}
	var vertex *errdefs.VertexError
	if !errors.As(err, &vertex) {
		if code := grpcerrors.Code(err); code == codes.Unavailable {
			return &UnavailableError{What: "lost the connection to the engine", Help: "run the command again", Err: errLost}
		}
		return err
	}
	id := digest.Digest(vertex.Digest)
	name, log := t.describe(id)
	remote := t.remote(id)
	if answer := serverSays().FindStringSubmatch(err.Error()); remote != "" && answer != nil {
		return Unserved(id, remote, &plainError{answer[0], err})
	}
	if to, status, ok := denied(remote, err); ok {
		no := access.Denied(registryOf(to), "pull "+to, status, "")
		return &UnavailableError{What: no.What(), Help: no.Help(), Vertex: id}
	}
	// A pull only fails because of a registry, or of the machine.
	if _, image := strings.CutPrefix(remote, imageScheme); remote != "" && (image || isNetworkFailure(err)) {
		return &UnavailableError{
			What:   fetching(remote),
			Help:   reachHelp(remote, err, t.foreign),
			Vertex: id,
			Err:    pullCause(err),
		}
	}
	step := &StepError{Vertex: id, Name: name, Remote: remote, Log: log, Err: rootCause(err)}
	if exit != nil {
		step.ExitCode = int(exit.ExitCode)
	}
	return step
}

// releasedTwice is BuildKit's error in place of a failed step's, if the step mounts a state twice,
// or a state that another failed step of the build mounts: BuildKit's gateway keeps each state of
// the failed steps once, and releases the second reference both as an input and as a mount.
const releasedTwice = "releasing already released reference"

// exitCode matches the end of BuildKit's error for a process that failed.
var exitCode = lazy.Regexp(` did not complete successfully: exit code: ([0-9]+)$`)

// lost returns the error of the step that failed, as reported by the progress; err if none did.
func (t *tracker) lost(err error, definitions []*pb.Definition) error {
	for _, def := range definitions {
		id, why := t.failure(def)
		if id == "" {
			continue
		}
		step := errors.New(why)
		if m := exitCode().FindStringSubmatch(why); m != nil {
			if code, err := strconv.ParseUint(m[1], 10, 32); err == nil {
				step = &gatewayerrors.ExitError{ExitCode: uint32(code), Err: step}
			}
		}
		return errdefs.WrapVertex(step, id)
	}
	return err
}

// serverSays matches the text of a [transport.StatusError], since only the text passes the
// engine's API.
var serverSays = lazy.Regexp(`the server responded with ([0-9]{3})[^:;"\n]*(; retry in [0-9hms]+)?`)

// Unserved returns the error for a download that a server refused with a status. err is a
// [transport.StatusError] or has its text.
func Unserved(vertex digest.Digest, url string, err error) *UnavailableError {
	help := "use another URL or mirror, or ask the administrator of the server"
	answer := serverSays().FindStringSubmatch(err.Error())
	switch {
	case answer == nil:
	case strings.HasSuffix(url, ".deb") && (answer[1] == "404" || answer[1] == "410"):
		help = "the archive has a newer version now: run `layc update`, or name a mirror that keeps old versions, such as a snapshot, with --mirror"
	case answer[1] == "404" || answer[1] == "410":
		help = "the file is gone or the URL is wrong: correct the URL; if layc.lock pins it, run `layc update`"
	case answer[1] == "401" || answer[1] == "403" || answer[1] == "407":
		help = "the server or a proxy denies access: check credentials and proxy settings"
	case answer[1] == "408" || answer[1] == "429" || answer[1][0] == '5':
		help = "the server is busy or failing: run the command again later, or use a mirror"
		if strings.HasPrefix(url, imageScheme) {
			help = "the registry is busy or failing: run the command again later"
		}
	}
	return &UnavailableError{What: fetching(url), Help: help, Vertex: vertex, Err: err}
}

// fetching returns the message for a URL, or an image, that cannot be fetched.
func fetching(url string) string {
	if image, ok := strings.CutPrefix(url, imageScheme); ok {
		return "cannot pull " + image
	}
	return "cannot fetch " + url
}

// pullCause returns why a download failed, without the words of the libraries that report the response.
func pullCause(err error) error {
	cause := rootCause(err)
	text := cause.Error()
	if at := responseOf().FindStringSubmatchIndex(text); at != nil && at[0] == 0 {
		return &plainError{"the server responded with " + strings.TrimSpace(text[at[2]:]), err}
	}
	return cause
}

// denials are messages of BuildKit and containerd for a registry that denies a pull. A registry may
// deny what it does not have.
var denials = []string{"401 Unauthorized", "pull access denied", "insufficient_scope", "authorization failed", "no basic auth credentials"}

// denied returns the image that a registry denied to an engine.
func denied(remote string, err error) (image string, status int, ok bool) {
	image, ok = strings.CutPrefix(remote, imageScheme)
	text := err.Error()
	switch {
	case !ok:
	case strings.Contains(text, "403 Forbidden"):
		status = 403
	case slices.ContainsFunc(denials, func(part string) bool { return strings.Contains(text, part) }):
		status = 401
	}
	return image, status, status != 0
}

// imageScheme begins the URL of an image that is pulled.
const imageScheme = "docker-image://"

// responseOf matches the text of containerd for a registry's response that is not the content.
var responseOf = lazy.Regexp(`unexpected status from [A-Z]+ request to [^ ]+: ([0-9]{3}) `)

// reachHelp tells what to do about a server from which an engine, here or elsewhere, does not get what
// it wants. What an engine elsewhere knows of registries is in settings of its own.
func reachHelp(remote string, err error, elsewhere bool) string {
	const again = "check the network and proxy settings, and run the command again"
	image, ok := strings.CutPrefix(remote, imageScheme)
	if !ok {
		return again
	}
	text, own := rootCause(err).Error(), "that BuildKit has settings of its own for registries: "
	has := func(part string) bool { return strings.Contains(text, part) }
	answer := responseOf().FindStringSubmatch(text)
	switch {
	case has("x509:") && elsewhere:
		return own + "name the certificate of the authority in its buildkitd.toml, as ca of the registry " + registryOf(image)
	case has("x509:"):
		return "pass the certificate of its authority with --registry-ca, or put it into a directory of certs.d"
	case has("HTTP response to HTTPS client") && elsewhere:
		return own + "if the registry has no TLS, write http = true in its buildkitd.toml, for the registry " + registryOf(image)
	case has("HTTP response to HTTPS client"):
		return "it does not speak TLS: if that is right, pass --insecure " + registryOf(image)
	case answer != nil && (answer[1] == "429" || answer[1][0] == '5'):
		return "the registry is busy or failing: run the command again later"
	case strings.HasSuffix(text, image+": not found"):
		return "the registry does not have the image any more: correct its name, or run `layc update`"
	case has("unexpected commit digest"), has("unexpected media type"), has("read past expected size"):
		return "the server sends something else than the image: check its name, and whether a proxy answers for it"
	case isNetworkFailure(err):
		return again
	}
	return "check that " + registryOf(image) + " is a registry that has the image, and run the command again"
}

// registryOf returns the registry of an image.
func registryOf(image string) string {
	ref, err := name.ParseReference(image)
	if err != nil {
		return image
	}
	return ref.Context().RegistryStr()
}

// networkFailures are messages of the operating system, Go's net packages and BuildKit for a host
// that is unreachable or has problems. Only the message passes the engine's API. A wrong checksum
// is not among them, since it is an error of the input.
var networkFailures = []string{
	"no such host", "server misbehaving", "connection refused", "connection reset", "network is unreachable",
	"no route to host", "timeout", "no data for", "too slow:", "deadline exceeded", "unexpected EOF", "x509:", "tls:", "proxyconnect",
	"invalid response status", ": EOF", "stopped after 10 redirects", "malformed HTTP", "HTTP response to HTTPS client",
}

func isNetworkFailure(err error) bool {
	s := err.Error()
	return slices.ContainsFunc(networkFailures, func(part string) bool { return strings.Contains(s, part) })
}

// rootCause removes the prefixes that BuildKit's layers add to a message.
func rootCause(err error) error {
	s := err.Error()
	for _, prefix := range []string{"failed to run Build function: ", "failed to solve: ", "failed to compute cache key: ", "failed to load cache key: "} {
		s = strings.TrimPrefix(s, prefix)
	}
	s = strings.TrimPrefix(s, "ResourceExhausted: ")
	// The step is named elsewhere, and its command may be long.
	if _, why, ok := strings.Cut(s, " did not complete successfully: "); ok && strings.HasPrefix(s, `process "`) {
		s = why
	}
	if s == err.Error() {
		return err
	}
	return &plainError{s, err}
}

// plainError is an error with a better message.
type plainError struct {
	message string
	err     error
}

func (e *plainError) Error() string { return e.message }
func (e *plainError) Unwrap() error { return e.err }
