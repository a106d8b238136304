// Package access is how layc reaches registries: over TLS, with the certificates that this machine
// has for them, or insecurely where the user allows it; and with the credentials of the user's
// other container tools. It also tells why a registry denies something.
package access

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/containerd/containerd/v2/core/remotes/docker/config"
	"github.com/containerd/errdefs"
	"github.com/containerd/log"
	"github.com/sirupsen/logrus"

	"github.com/layc-lang/layc/llb/world/transport"
)

// Options are what the user says about registries. The zero value says nothing.
type Options struct {
	// Insecure are hosts, with a port or for all ports. Their certificates are not checked, and
	// plain HTTP is used if they do not speak TLS.
	Insecure []string
	// Authorities are files with certificates of authorities, in PEM, each for one host or for all:
	// FILE or HOST=FILE.
	Authorities []string
	// Directories are searched for one named like a registry; nil: see [Directories].
	Directories []string
}

// Registries are the settings of all registries. They are safe for concurrent use. A nil pointer
// has the settings of the machine.
type Registries struct {
	given       Options
	insecure    map[string]bool
	authorities []authority
	directories []string

	mu    sync.Mutex
	known map[string]*settings
}

type authority struct {
	host string // "": all
	pem  []byte
}

// settings are the settings of one registry.
type settings struct {
	tls      *tls.Config // nil: the usual one
	insecure bool        // plain HTTP is tried if it does not speak TLS
	err      error       // why the settings cannot be read
}

// OptionError is the error for an option that is not valid.
type OptionError struct {
	Option string // "insecure" or "registry-ca", the name of its flag
	Value  string
	What   string // what is wrong
}

func (e *OptionError) Error() string { return fmt.Sprintf("--%s %s: %s", e.Option, e.Value, e.What) }

// New returns the settings of registries. It reads the files of options; directories are read when a
// registry is used. An error is an *OptionError.
func New(o Options) (*Registries, error) {
	r := &Registries{insecure: map[string]bool{}, directories: o.Directories, known: map[string]*settings{}}
	if r.directories == nil {
		r.directories = Directories()
	}
	r.given = Options{o.Insecure, o.Authorities, r.directories}
	for _, host := range o.Insecure {
		if !isHost(host) {
			return nil, &OptionError{"insecure", host, "expected the host of a registry, such as registry.example.com:5000"}
		}
		r.insecure[host] = true
	}
	for _, value := range o.Authorities {
		a := authority{}
		file := value
		if host, rest, ok := strings.Cut(value, "="); ok && isHost(host) {
			a.host, file = host, rest
		}
		var err error
		if a.pem, err = os.ReadFile(file); err != nil {
			var path *fs.PathError
			if errors.As(err, &path) {
				err = path.Err
			}
			return nil, &OptionError{"registry-ca", value, err.Error()}
		}
		if !x509.NewCertPool().AppendCertsFromPEM(a.pem) {
			return nil, &OptionError{"registry-ca", value, "the file has no certificates in PEM"}
		}
		r.authorities = append(r.authorities, a)
	}
	return r, nil
}

// isHost reports whether a text may be a host with an optional port.
func isHost(text string) bool { return text != "" && !strings.ContainsAny(text, "/ @=") }

// Directories returns where this machine has certificates for registries: the user's directories
// before the system's, and Podman's, Docker's and containerd's.
func Directories() []string {
	var all []string
	if user, err := os.UserConfigDir(); err == nil {
		all = append(all, filepath.Join(user, "containers/certs.d"), filepath.Join(user, "docker/certs.d"))
	}
	return append(all, "/etc/containers/certs.d", "/etc/docker/certs.d", "/etc/containerd/certs.d")
}

// machine has the settings of a nil *Registries.
var machine = sync.OnceValue(func() *Registries {
	r, _ := New(Options{}) // without options there is no error
	return r
})

// Given returns the options that these settings were made from, for another process on this machine.
func (r *Registries) Given() Options {
	if r == nil {
		return Options{}
	}
	return r.given
}

// FromFlags reports whether options, not only files of this machine, have settings for a registry.
func (r *Registries) FromFlags() bool {
	return r != nil && len(r.insecure)+len(r.authorities) > 0
}

// Special reports whether a registry has settings of its own.
func (r *Registries) Special(host string) bool {
	s := r.of(host)
	return s.tls != nil || s.insecure || s.err != nil
}

// of returns the settings of a registry.
func (r *Registries) of(host string) *settings {
	if r == nil {
		r = machine()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.known[host]
	if s == nil {
		s = r.find(host)
		r.known[host] = s
	}
	return s
}

// find merges the settings of options with those of the first directory that has the registry.
func (r *Registries) find(host string) *settings {
	s, err := r.read(Display(host))
	if err != nil {
		return &settings{err: err}
	}
	names := []string{host, Display(host)}
	if name, _, err := net.SplitHostPort(host); err == nil {
		names = append(names, name)
	}
	is := func(other string) bool {
		for _, n := range names {
			if n == other {
				return true
			}
		}
		return false
	}
	for _, a := range r.authorities {
		if a.host == "" || is(a.host) {
			s.trust(a.pem)
		}
	}
	for insecure := range r.insecure {
		if is(insecure) {
			s.insecure = true
			s.change().InsecureSkipVerify = true
		}
	}
	return s
}

// change returns the TLS configuration, to be changed.
func (s *settings) change() *tls.Config {
	if s.tls == nil {
		s.tls = &tls.Config{}
	}
	return s.tls
}

// trust adds authorities.
func (s *settings) trust(pem []byte) {
	c := s.change()
	if c.RootCAs == nil {
		if c.RootCAs, _ = x509.SystemCertPool(); c.RootCAs == nil {
			c.RootCAs = x509.NewCertPool()
		}
	}
	c.RootCAs.AppendCertsFromPEM(pem)
}

// read reads the first directory that has the registry: a hosts.toml as containerd knows it, or
// certificates and keys as Docker and Podman know them. Mirrors of a hosts.toml are not used.
func (r *Registries) read(host string) (*settings, error) {
	for _, root := range r.directories {
		dir, err := config.HostDirFromRoot(root)(host)
		if errdefs.IsNotFound(err) || errors.Is(err, fs.ErrPermission) {
			continue
		}
		if err == nil {
			var s *settings
			if s, err = readDirectory(dir, host); err == nil {
				return s, nil
			}
		}
		return nil, fmt.Errorf("reading the certificates of the registry %s in %s: %w", host, root, err)
	}
	return &settings{}, nil
}

func readDirectory(dir, host string) (*settings, error) {
	// The library has no access to the configurations that it reads, but it makes a client of each.
	configs := map[*http.Client]*tls.Config{}
	problems := &problems{}
	hosts, err := config.ConfigureHosts(log.WithLogger(context.Background(), problems.logger()), config.HostOptions{
		HostDir:       func(string) (string, error) { return dir, nil },
		DefaultScheme: "https",
		UpdateClient: func(c *http.Client) error {
			if t, ok := c.Transport.(*http.Transport); ok {
				configs[c] = t.TLSClientConfig
			}
			return nil
		},
	})(host)
	if err != nil {
		return nil, err
	}
	if problems.first != nil {
		return nil, problems.first
	}
	s := &settings{}
	for _, h := range hosts {
		if Display(h.Host) != host {
			continue // a mirror
		}
		if s.tls == nil {
			s.tls = configs[h.Client]
		}
		_, plain := h.Client.Transport.(*http.Transport)
		// The library changes http to https with a fallback, where TLS is configured, too.
		s.insecure = s.insecure || h.Scheme == "http" || !plain
	}
	return s, nil
}

// problems keeps the first error that the library only logs: it ignores a hosts.toml that it cannot read.
type problems struct{ first error }

func (p *problems) logger() *log.Entry {
	l := logrus.New()
	l.SetOutput(io.Discard)
	l.AddHook(p)
	return logrus.NewEntry(l)
}

// Levels and Fire make it a logrus.Hook.
func (p *problems) Levels() []logrus.Level { return []logrus.Level{logrus.ErrorLevel} }

func (p *problems) Fire(e *logrus.Entry) error {
	if p.first == nil {
		why, _ := e.Data[logrus.ErrorKey].(error)
		p.first = fmt.Errorf("%s: %w", e.Message, why)
	}
	return nil
}

// Transport returns a transport to registries and to the servers of their tokens.
func (r *Registries) Transport(p transport.Patience) http.RoundTripper {
	return &perHost{registries: r, patience: p, usual: transport.New(p), special: map[string]http.RoundTripper{}}
}

// perHost has a transport of its own for each host with settings.
type perHost struct {
	registries *Registries
	patience   transport.Patience
	usual      http.RoundTripper

	mu      sync.Mutex
	special map[string]http.RoundTripper
}

func (p *perHost) RoundTrip(request *http.Request) (*http.Response, error) {
	t, err := p.choose(request.URL.Host)
	if err != nil {
		return nil, err
	}
	return t.RoundTrip(request)
}

func (p *perHost) choose(host string) (http.RoundTripper, error) {
	s := p.registries.of(host)
	if s.err != nil || s.tls == nil && !s.insecure {
		return p.usual, s.err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.special[host]
	if t == nil {
		if t = transport.NewTLS(p.patience, s.tls); s.insecure {
			t = docker.NewHTTPFallback(t)
		}
		p.special[host] = t
	}
	return t, nil
}
