package access

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
)

// DeniedError is the error for a registry that denies something to the user.
type DeniedError struct {
	Registry string
	To       string // what is denied: "push to shop/app1", "pull library/debian"
	Status   int    // 401 or 403
	Said     string // what the registry said about it; may be empty
	Login    Login
}

// Denied returns the error for a registry that responded with 401 or 403.
func Denied(registry, to string, status int, said string) *DeniedError {
	return &DeniedError{Display(registry), to, status, said, FindLogin(registry)}
}

func (e *DeniedError) Error() string { return e.What() + "\n" + e.Help() }

// What tells in one line what is denied, to whom.
func (e *DeniedError) What() string {
	text := fmt.Sprintf("%s wants a login to %s", e.Registry, e.To)
	switch {
	case e.Status == http.StatusForbidden && e.Login.User == "":
		text = fmt.Sprintf("%s does not allow you to %s without a login", e.Registry, e.To)
	case e.Status == http.StatusForbidden:
		text = fmt.Sprintf("%s does not allow %s to %s", e.Registry, e.Login.User, e.To)
	case e.Login.User != "":
		text = fmt.Sprintf("%s does not accept the login of %s to %s", e.Registry, e.Login.User, e.To)
	}
	text += fmt.Sprintf(" (%d %s)", e.Status, http.StatusText(e.Status))
	if e.Said != "" {
		text += ": " + strings.Join(strings.Fields(e.Said), " ")
	}
	return text
}

// Help tells which credentials were used, and what to do.
func (e *DeniedError) Help() string {
	login := LoginWith(e.Registry)
	switch {
	case e.Login.User == "":
		return e.Login.String() + "\nlog in with " + login
	case e.Status == http.StatusForbidden:
		return e.Login.String() + "\nask for that permission, or log in as another user with " + login
	}
	return e.Login.String() + "\nlog in again with " + login
}

// Advice returns the reason, with the credentials that were used, and what to do next.
func (e *DeniedError) Advice() (note, help string) {
	text := e.Error()
	last := strings.LastIndexByte(text, '\n')
	return text[:last], text[last+1:]
}

// LoginWith returns the commands that log in at a registry.
func LoginWith(registry string) string {
	at := Display(registry)
	if at == dockerHub {
		return "docker login or podman login " + dockerHub
	}
	return "docker login " + at + " or podman login " + at
}

// Login is the user's login at a registry.
type Login struct {
	Registry string
	User     string   // "": there is none
	File     string   // the file with the credentials, or the file that has none
	Sought   []string // without a File: the places where none was found
	Err      error    // why the file cannot be read
}

// FindLogin returns the login that layc uses at a registry.
func FindLogin(registry string) Login {
	l := Login{Registry: Display(registry)}
	for _, file := range credentialFiles() {
		if info, err := os.Stat(file); err == nil && !info.IsDir() {
			l.File = file
			break
		}
		l.Sought = append(l.Sought, file)
	}
	if l.File == "" {
		return l
	}
	l.Sought = nil
	at, err := name.NewRegistry(registry)
	if err != nil {
		l.Err = err
		return l
	}
	who, err := authn.Resolve(context.Background(), authn.DefaultKeychain, at)
	if err != nil {
		l.Err = err
		return l
	}
	c, err := who.Authorization()
	switch {
	case err != nil:
		l.Err = err
	case *c != authn.AuthConfig{}:
		l.User = cmp.Or(c.Username, "the token")
	}
	return l
}

func (l Login) String() string {
	switch {
	case l.File == "":
		return fmt.Sprintf("no credentials were found: neither %s exists", strings.Join(l.Sought, " nor "))
	case l.Err != nil:
		return fmt.Sprintf("the credentials in %s cannot be read: %v", l.File, l.Err)
	case l.User == "":
		return fmt.Sprintf("%s has no credentials for %s", l.File, l.Registry)
	}
	return fmt.Sprintf("the credentials are those in %s", l.File)
}

// credentialFiles returns the files that may have the credentials, in the order in which
// [authn.DefaultKeychain] looks for them: the first that exists is used.
func credentialFiles() []string {
	var files []string
	home, _ := os.UserHomeDir()
	docker := os.Getenv("DOCKER_CONFIG")
	switch {
	case docker != "":
		files = append(files, filepath.Join(docker, "config.json"))
	case home != "":
		files = append(files, filepath.Join(home, ".docker/config.json"))
	}
	if file := os.Getenv("REGISTRY_AUTH_FILE"); file != "" {
		files = append(files, file)
	}
	if run := os.Getenv("XDG_RUNTIME_DIR"); run != "" {
		files = append(files, filepath.Join(run, "containers/auth.json"))
	}
	if dir := cmp.Or(os.Getenv("XDG_CONFIG_HOME"), filepath.Join(home, ".config")); dir != "" {
		files = append(files, filepath.Join(dir, "containers/auth.json"))
	}
	return files
}

// dockerHub is the name that users know.
const dockerHub = "docker.io"

// Display returns the name of a registry that users know.
func Display(host string) string {
	switch host {
	case name.DefaultRegistry, "registry-1.docker.io":
		return dockerHub
	}
	return host
}
