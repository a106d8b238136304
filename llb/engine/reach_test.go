//go:build linux

package engine

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certificates writes ca.pem, cert.pem and key.pem of an authority for 127.0.0.1 into a directory.
func certificates(t *testing.T, dir string, authority *x509.Certificate, by *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "buildkit"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	signed, err := x509.CreateCertificate(rand.Reader, leaf, authority, &key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"ca.pem": {Type: "CERTIFICATE", Bytes: authority.Raw}, "cert.pem": {Type: "CERTIFICATE", Bytes: signed}, "key.pem": {Type: "EC PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// authority returns a new certificate authority.
func authority(t *testing.T) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return made, key
}

// freePort returns a port of this machine that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// builder registers a builder of docker buildx.
func builder(t *testing.T, b Builder) {
	t.Helper()
	text, err := json.Marshal(b)
	if err == nil {
		err = os.MkdirAll(filepath.Join(os.Getenv("BUILDX_CONFIG"), "instances"), 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(os.Getenv("BUILDX_CONFIG"), "instances", b.Name), text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// builds checks that an engine builds.
func builds(t *testing.T, o Options) {
	t.Helper()
	e, err := Open(t.Context(), o)
	if err != nil {
		t.Errorf("%s: %v", o.Address, err)
		return
	}
	defer e.Close()
	if _, err := e.Build(t.Context(), request(t, t.TempDir(), image(t, "app", file("/x", o.Address)))); err != nil {
		t.Errorf("%s: %v", o.Address, err)
	}
}

// TestTLS checks connections with certificates, and the errors without them or with others.
func TestTLS(t *testing.T) {
	good, bad, ours := t.TempDir(), t.TempDir(), "tcp://127.0.0.1:"+freePort(t)
	ca, key := authority(t)
	certificates(t, good, ca, key)
	otherCA, otherKey := authority(t)
	certificates(t, bad, otherCA, otherKey)
	buildkitd(t, "--addr", ours, "--tlscacert", good+"/ca.pem", "--tlscert", good+"/cert.pem", "--tlskey", good+"/key.pem")
	builds(t, Options{Address: ours, Certificates: good})

	t.Setenv("BUILDX_CONFIG", t.TempDir())
	remote := func(name string, opts map[string]string) {
		builder(t, Builder{Name: name, Driver: "remote", Nodes: []Node{{Name: name + "0", Endpoint: ours, DriverOpts: opts}, {Name: "other", Endpoint: "tcp://127.0.0.1:1"}}})
	}
	remote("ci", map[string]string{"cacert": good + "/ca.pem", "cert": good + "/cert.pem", "key": good + "/key.pem", "servername": "127.0.0.1"})
	builds(t, Options{Address: "buildx:ci"})

	const or = "; or omit the address to use the built-in engine"
	_, err := Open(t.Context(), Options{Address: ours})
	wantUnavailable(t, err, "no BuildKit responds at "+ours, "if it wants TLS, name a directory with ca.pem, cert.pem and key.pem with --tlsdir"+or)
	_, err = Open(t.Context(), Options{Address: ours, Certificates: bad})
	wantUnavailable(t, err, "no BuildKit responds at "+ours, "its certificate is not for this name, or not by the authority in ca.pem: check the directory of --tlsdir"+or)
	none := t.TempDir()
	_, err = Open(t.Context(), Options{Address: ours, Certificates: none})
	wantUnavailable(t, err, "cannot read the certificates for "+ours, "name a directory with ca.pem, cert.pem and key.pem with --tlsdir")
	for _, file := range []string{"ca.pem", "cert.pem", "key.pem"} {
		if missing := filepath.Join(none, file) + ": no such file or directory"; !strings.Contains(err.Error(), missing) {
			t.Errorf("%v\ndoes not say %s", err, missing)
		}
	}
	remote("anonymous", map[string]string{"cacert": good + "/ca.pem"})
	_, err = Open(t.Context(), Options{Address: "buildx:anonymous"})
	wantUnavailable(t, err, "no BuildKit responds at buildx:anonymous", "it wants a certificate of yours: name a directory with ca.pem, cert.pem and key.pem with --tlsdir"+or)
}

// program puts a shell script with the name of a program into a directory.
func program(t *testing.T, dir, name, script string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
}

// TestPrograms checks the addresses that are dialed with a program: the arguments that docker, podman,
// nerdctl and kubectl get, and what is told if they fail.
func TestPrograms(t *testing.T) {
	_, address := buildkitd(t)
	buildctl, err := filepath.Abs("../../bin/buildctl")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	for _, name := range []string{"docker", "podman", "nerdctl", "kubectl"} {
		program(t, bin, name, fmt.Sprintf(`echo "%s $*" >> %s/calls
case "$*" in
*gone*) echo "no such container: gone" >&2; exit 1;;
*"buildctl dial-stdio") exec %s --addr %s dial-stdio;;
esac
exit 2
`, name, bin, buildctl, address))
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Setenv("BUILDX_CONFIG", t.TempDir())
	builder(t, Builder{Name: "team", Driver: "docker-container", Nodes: []Node{{Name: "team0", Endpoint: "far"}, {Name: "team1", Endpoint: "near"}}})
	builder(t, Builder{Name: "local", Driver: "docker-container", Nodes: []Node{{Name: "local0", Endpoint: "unix:///var/run/docker.sock"}}})
	for address, want := range map[string]string{
		"docker-container://b":           "docker exec -i b buildctl dial-stdio",
		"docker-container://b?context=c": "docker --context=c exec -i b buildctl dial-stdio",
		"podman-container://b":           "podman exec -i b buildctl dial-stdio",
		"nerdctl-container://b":          "nerdctl exec -i b buildctl dial-stdio",
		"kube-pod://b?namespace=ci":      "kubectl --context= --namespace=ci exec --container= -i b -- buildctl dial-stdio",
		"buildx:team":                    "docker --context=far exec -i buildx_buildkit_team0 buildctl dial-stdio",
		"buildx:local":                   "docker exec -i buildx_buildkit_local0 buildctl dial-stdio",
	} {
		_ = os.Remove(bin + "/calls")
		builds(t, Options{Address: address})
		if calls, err := os.ReadFile(bin + "/calls"); err != nil || !strings.HasPrefix(string(calls), want+"\n") {
			t.Errorf("%s: called %q, %v, want %q", address, calls, err, want)
		}
	}
	_, err = Open(t.Context(), Options{Address: "docker-container://gone"})
	wantUnavailable(t, err, "no BuildKit responds at docker-container://gone", "see docker info, and docker buildx ls; or omit the address to use the built-in engine")
	if !strings.Contains(fmt.Sprint(err), "no such container: gone") {
		t.Errorf("the error lacks what docker says: %v", err)
	}
	_, err = Open(t.Context(), Options{Address: "buildx:taem"})
	wantUnavailable(t, err, "docker buildx has no builder taem", "did you mean buildx:team?")
}

// TestDocker checks that a build uses the BuildKit of a Docker daemon, through the API of which it
// takes over the connection.
func TestDocker(t *testing.T) {
	_, address := buildkitd(t)
	dir, err := os.MkdirTemp(temp, "dk")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	old := false
	l, err := net.Listen("unix", dir+"/s")
	if err != nil {
		t.Fatal(err)
	}
	daemon := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if old || r.Method != http.MethodPost || r.URL.Path != "/grpc" || r.Header.Get("Upgrade") != "h2c" {
			http.NotFound(w, r)
			return
		}
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		to, err := net.Dial("unix", strings.TrimPrefix(address, "unix://"))
		if err != nil {
			return
		}
		defer to.Close()
		fmt.Fprint(conn, "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
		go io.Copy(to, conn)
		io.Copy(conn, to)
	})}
	go daemon.Serve(l)
	t.Cleanup(func() { daemon.Close() })
	buildctl, err := filepath.Abs("../../bin/buildctl")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	program(t, bin, "docker", fmt.Sprintf(`[ "$*" = "system dial-stdio" ] && exec %s --addr unix://%s/s dial-stdio`, buildctl, dir))
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	for _, address := range []string{"docker://", "docker", "buildx:default"} {
		builds(t, Options{Address: address})
	}
	old = true
	_, err = Open(t.Context(), Options{Address: "docker://"})
	wantUnavailable(t, err, "no BuildKit responds at docker://", "see docker info, and docker buildx ls; or omit the address to use the built-in engine")
	if !strings.Contains(fmt.Sprint(err), "this Docker has no BuildKit (404 Not Found)") {
		t.Errorf("the error lacks the reason: %v", err)
	}
}

// TestSSH checks that a build uses the BuildKit of a machine that ssh reaches.
func TestSSH(t *testing.T) {
	_, address := buildkitd(t)
	dir := t.TempDir()
	for _, key := range []string{"host", "user"} {
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, key)).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	buildctl, err := filepath.Abs("../../bin/buildctl")
	if err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	public, err := os.ReadFile(dir + "/user.pub")
	if err != nil {
		t.Fatal(err)
	}
	// A forced command stands for a buildctl in the PATH of that machine.
	forced := fmt.Sprintf(`command="echo \"$SSH_ORIGINAL_COMMAND\" > %s/call; exec %s --addr %s dial-stdio" %s`, dir, buildctl, address, public)
	config := fmt.Sprintf("ListenAddress 127.0.0.1\nPort %s\nHostKey %s/host\nAuthorizedKeysFile %s/keys\nStrictModes no\nUsePAM no\nPidFile none\nPermitRootLogin yes\n", port, dir, dir)
	for name, text := range map[string]string{"keys": forced, "sshd": config} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		t.Fatal(err)
	}
	sshd := exec.Command("/usr/sbin/sshd", "-D", "-e", "-f", dir+"/sshd")
	if err := sshd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sshd.Process.Kill(); _ = sshd.Wait() })
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			c.Close()
			break
		}
	}
	// ssh takes no options from the address, so a program in PATH adds them.
	bin := t.TempDir()
	program(t, bin, "ssh", fmt.Sprintf(`exec /usr/bin/ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -i %s/user "$@"`, dir))
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	builds(t, Options{Address: fmt.Sprintf("ssh://%s@127.0.0.1:%s", me.Username, port)})
	if call, err := os.ReadFile(dir + "/call"); err != nil || string(call) != "buildctl dial-stdio\n" {
		t.Errorf("ssh called %q, %v", call, err)
	}
	nobody := fmt.Sprintf("ssh://nobody-of-layc@127.0.0.1:%s", port)
	_, err = Open(t.Context(), Options{Address: nobody})
	wantUnavailable(t, err, "no BuildKit responds at "+nobody,
		fmt.Sprintf("check that ssh nobody-of-layc@127.0.0.1:%s buildctl debug info works; or omit the address to use the built-in engine", port))
	if !strings.Contains(fmt.Sprint(err), "Permission denied") {
		t.Errorf("the error lacks what ssh says: %v", err)
	}
}
