package registry

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	hub "github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/layc-lang/layc/llb/registry/access"
	"github.com/layc-lang/layc/llb/world/transport"
)

// Client reads from registries and pushes to them. The zero value has the settings and the
// credentials of the machine's other container tools.
type Client struct {
	Access *access.Registries
	// options of tests, after the usual ones
	options []remote.Option
}

// UnreachableError is the error for a registry that cannot be reached or does not respond. Trying
// again later may help; changing the program does not.
type UnreachableError struct {
	Registry string
	Err      error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("%v (%s %s)", e.Err, e.help(), e.Registry)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// Unreachable implements lock.Unreachable.
func (e *UnreachableError) Unreachable() {}

// Advice returns the reason, and what to do next.
func (e *UnreachableError) Advice() (note, help string) {
	return access.Display(e.Registry) + ": " + Cause(e.Err), e.help() + " " + access.Display(e.Registry)
}

// help tells what to check; the name of the registry follows.
func (e *UnreachableError) help() string {
	var status *transport.StatusError
	var answer *hub.Error
	switch text := e.Err.Error(); {
	case errors.Is(e.Err, errWebPage):
		return "check the registry name, and whether a proxy with a login page answers for"
	case strings.HasSuffix(text, http.ErrSchemeMismatch.Error()):
		return "it does not speak TLS: if that is right, pass --insecure"
	case strings.Contains(text, "x509:"):
		return "pass the certificate of its authority with --registry-ca, or put it into a directory of certs.d; or check the registry name"
	case errors.As(e.Err, &status), errors.As(e.Err, &answer):
		return "it is busy or failing: run the command again later, or check the registry name"
	}
	return "check the network, the proxy settings, and the registry name"
}

// errWebPage is the error for a server that answers a registry's first request with a web page.
var errWebPage = errors.New("not a registry: the server answers with a web page")

// patient has a long timeout for responses, since a registry reads a whole blob before it
// responds.
var patient = transport.Patience{Connect: transport.Usual.Connect, Header: 5 * time.Minute, Idle: transport.Usual.Idle, Rate: transport.Usual.Rate}

// usual returns the options of all requests.
func (c Client) usual(ctx context.Context) []remote.Option {
	return append([]remote.Option{
		remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain), remote.WithTransport(c.transport(ctx)),
		// The transport retries already.
		remote.WithRetryStatusCodes(), remote.WithRetryPredicate(func(error) bool { return false }),
	}, c.options...)
}

// transport returns the transport of all requests until ctx ends.
func (c Client) transport(ctx context.Context) http.RoundTripper {
	return &greeted{next: transport.Persistent(&byMethod{reads: c.Access.Transport(transport.Usual), writes: c.Access.Transport(patient)}), ctx: ctx}
}

// byMethod is more patient with writes.
type byMethod struct{ reads, writes http.RoundTripper }

func (b *byMethod) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Method == http.MethodGet || request.Method == http.MethodHead {
		return b.reads.RoundTrip(request)
	}
	return b.writes.RoundTrip(request)
}

// greeted sends the first request of each session, GET /v2/, once to each registry.
// go-containerregistry sends it for each repository, though the answer, whether and where a client
// logs in, is the registry's. It ends endless redirections. It also ends requests with a context, since go-containerregistry
// does not pass one on everywhere.
type greeted struct {
	next http.RoundTripper
	ctx  context.Context
	said sync.Map // by URL: func() (answer, error)
}

// answer is a response, with the beginning of its body.
type answer struct {
	status int
	header http.Header
	body   []byte
	final  *http.Request
}

func (g *greeted) RoundTrip(request *http.Request) (*http.Response, error) {
	if redirections(request) > maxRedirections {
		return nil, errRedirected
	}
	ctx, cancel := context.WithCancelCause(request.Context())
	stop := context.AfterFunc(g.ctx, func() { cancel(context.Cause(g.ctx)) })
	response, err := g.ask(request.WithContext(ctx))
	if err != nil {
		stop()
		cancel(nil)
		return nil, err
	}
	response.Body = &ended{response.Body, func() { stop(); cancel(nil) }}
	return response, nil
}

// ended is a body that calls a function when it is closed.
type ended struct {
	io.ReadCloser
	closed func()
}

func (e *ended) Close() error {
	defer e.closed()
	return e.ReadCloser.Close()
}

func (g *greeted) ask(request *http.Request) (*http.Response, error) {
	if request.Method != http.MethodGet || request.URL.Path != "/v2/" {
		response, err := g.next.RoundTrip(request)
		if err == nil && redirectedGreeting(request) && isWebPage(response.StatusCode, response.Header) {
			_ = response.Body.Close()
			return nil, errWebPage
		}
		return response, err
	}
	once, _ := g.said.LoadOrStore(request.URL.String(), sync.OnceValues(func() (answer, error) {
		// Another session may wait for the answer, too.
		response, err := g.next.RoundTrip(request.WithContext(g.ctx))
		if err != nil {
			return answer{}, err
		}
		body, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
		return answer{response.StatusCode, response.Header, body, response.Request}, errors.Join(err, response.Body.Close())
	}))
	a, err := once.(func() (answer, error))()
	if err != nil {
		return nil, greeting(request, err)
	}
	if isWebPage(a.status, a.header) {
		return nil, greeting(request, errWebPage)
	}
	return &http.Response{
		Status: http.StatusText(a.status), StatusCode: a.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.header.Clone(), Body: io.NopCloser(bytes.NewReader(a.body)), Request: a.final,
	}, nil
}

// greetingError is the error for the first request of a session. go-containerregistry tells it in words
// of its own and, of a registry on loopback, together with the one of another scheme: see [telling].
type greetingError struct {
	url string
	err error
}

// plainError is a [*greetingError] of a server that does not speak TLS.
type plainError struct{ greetingError }

func (e *greetingError) Error() string { return e.err.Error() }
func (e *greetingError) Unwrap() error { return e.err }

// request returns the error as net/http tells it.
func (e *greetingError) request() error { return &url.Error{Op: "Get", URL: e.url, Err: e.err} }

func greeting(of *http.Request, err error) error {
	// http.Client does the same, but only if the transport returns the error itself.
	if record := (tls.RecordHeaderError{}); errors.As(err, &record) && string(record.RecordHeader[:]) == "HTTP/" {
		err = http.ErrSchemeMismatch
	}
	e := greetingError{of.URL.String(), err}
	if errors.Is(err, http.ErrSchemeMismatch) {
		return &plainError{e}
	}
	return &e
}

// telling returns the part of an error that tells why a session did not begin, or the error itself if it
// is another one. If TLS failed, but not because the server does not speak it, then a response to plain
// HTTP tells nothing.
func telling(err error) error {
	var g *greetingError
	var plain *plainError
	var response *hub.Error
	switch {
	case errors.As(err, &g):
		return g.request()
	case errors.As(err, &response) && response.Request != nil && response.Request.URL.Path == "/v2/":
		return response
	case errors.As(err, &plain):
		return plain.request()
	}
	return err
}

// redirectedGreeting reports whether a server redirected the first request of a session to this one.
func redirectedGreeting(request *http.Request) bool {
	for request.Response != nil && request.Response.Request != nil {
		if request = request.Response.Request; request.URL.Path == "/v2/" {
			return true
		}
	}
	return false
}

// maxRedirections limits how often registries redirect one request. go-containerregistry follows them
// without an end.
const maxRedirections = 10

// errRedirected is the error for a request that is redirected too often. net/http has the same text.
var errRedirected = errors.New("stopped after 10 redirects")

// redirections returns how often servers have redirected a request.
func redirections(request *http.Request) int {
	n := 0
	for ; n <= maxRedirections && request.Response != nil && request.Response.Request != nil; n++ {
		request = request.Response.Request
	}
	return n
}

// isWebPage reports whether an answer to the first request is a page for people. Some registries call
// their answer HTML, too, and say that they are registries.
func isWebPage(status int, header http.Header) bool {
	return (status == http.StatusOK || status == http.StatusNotFound) && strings.HasPrefix(header.Get("Content-Type"), "text/html") && header.Get("Docker-Distribution-API-Version") == ""
}

// failed turns an error of a request into a [*access.DeniedError] or an [*UnreachableError], unless
// it is another response of the registry. to tells what the request was for: "pull NAME".
func failed(at name.Registry, to string, err error) error {
	var response *hub.Error
	var status *transport.StatusError
	host := at.RegistryStr()
	if host == "" || err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	switch err = telling(err); {
	case errors.As(err, &response) && (response.StatusCode == http.StatusUnauthorized || response.StatusCode == http.StatusForbidden):
		return access.Denied(host, to, response.StatusCode, said(response))
	case errors.As(err, &response) && (response.StatusCode >= 500 || response.StatusCode == http.StatusTooManyRequests),
		errors.As(err, &status),
		response == nil && isNetwork(err):
		return &UnreachableError{host, err}
	}
	return err
}

// isNetwork reports whether a request failed on its way.
func isNetwork(err error) bool {
	var request *url.Error
	var network net.Error
	return errors.As(err, &request) || errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF)
}

// said returns what a registry says about an error in words.
func said(e *hub.Error) string {
	var all []string
	for _, d := range e.Errors {
		if d.Message != "" {
			all = append(all, d.Message)
		}
	}
	return strings.Join(all, "; ")
}
