package outputs

import (
	"net"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// TestParse reads values of --output.
func TestParse(t *testing.T) {
	for value, want := range map[string]Output{
		"out":                          {Type: OCI, Dest: "out"},
		"./a=b":                        {Type: OCI, Dest: "./a=b"},
		"a,b=c":                        {Type: OCI, Dest: "a,b=c"},
		"-":                            {Type: OCI, Dest: "-", Archive: true},
		"type=oci":                     {Type: OCI, Dest: "-", Archive: true},
		"type=oci,dest=x.tar":          {Type: OCI, Dest: "x.tar", Archive: true},
		"dest=x,tar=false,type=oci":    {Type: OCI, Dest: "x"},
		"type=docker":                  {Type: Docker, Archive: true},
		`type=docker,"dest=a,b.tar"`:   {Type: Docker, Archive: true, Dest: "a,b.tar"},
		"type=image,push=true,name=r":  {Type: Registry, Name: "r"},
		"type=registry":                {Type: Registry},
		"type=image":                   {Type: Image},
		"type=tar,dest={app}.tar":      {Type: Tar, Dest: "{app}.tar", Archive: true},
		"type=local,dest=r":            {Type: Local, Dest: "r"},
		"type=oci,oci-mediatypes=0":    {Type: OCI, Dest: "-", Archive: true, MediaTypes: "docker"},
		"type=oci,oci-mediatypes=true": {Type: OCI, Dest: "-", Archive: true, MediaTypes: "oci"},
		"type=registry,compression=zstd,compression-level=22,force-compression=true": {Type: Registry, Compression: "zstd", Level: 22, Force: true},
		"type=registry,compression-level=9":                                          {Type: Registry, Level: 9},
	} {
		if got, err := Parse(value); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v, want %+v", value, got, err, want)
		}
	}
	for value, want := range map[string]string{
		"out.tar":                         "the name of an archive, but without options it is a directory; write type=oci,dest=out.tar",
		"dir,type=tar":                    "options after a directory; write dest=dir,type=tar",
		"a,b/c, compression=zstd":         "options after a directory; write dest=a,b/c, compression=zstd",
		"{app}":                           "one OCI layout has the images of all apps; remove {app} from its name",
		"type=oci,tar=false,dest=l-{tag}": "one OCI layout has the images of all apps; remove {tag} from its name",
		"dest=x":                          "no type; write type=oci, or one of docker, image, registry, tar, local",
		"type=dokcer":                     "unknown type: dokcer; did you mean docker?",
		"type=zip":                        "unknown type: zip; expected one of oci, docker, image, registry, tar, local",
		"type=oci,dst=x":                  "unknown option of type=oci: dst; did you mean dest?",
		"type=tar,name=x":                 "unknown option of type=tar: name; expected one of dest",
		"type=oci,dest":                   `expected KEY=VALUE, not "dest"`,
		"type=oci,type=tar":               "type is set twice",
		"type=oci,\"x":                    "expected options like type=oci,dest=images.tar, with commas between them",
		"type=oci,tar=maybe":              "tar=maybe: expected true or false",
		"type=oci,tar=false":              "no directory; write dest=DIR",
		"type=local":                      "no directory; write dest=DIR",
		"type=local,dest=-":               "no directory; write dest=DIR",
		"type=docker,tar=false,dest=x":    "type=docker is an archive; for a directory write type=oci,tar=false,oci-mediatypes=false",
		"type=registry,push=false":        "type=registry pushes; remove push=false, or write type=image",
		"type=oci,dest={ap}":              "dest={ap}: unknown placeholder: {ap}; did you mean {app}?",
		"type=oci,name={tag":              "name={tag: unbalanced braces",
		"type=oci,name=team/app:1":        "name=team/app:1: one name for all apps; write {app} in it, or a prefix without a tag",
		"type=oci,name=app:latest":        "name=app:latest: one name for all apps; write {app} in it, or a prefix without a tag",
		"type=oci,compression-level=fast": "compression-level=fast: expected a number from 1",
		"type=oci,compression=zstd,oci-mediatypes=false": "compression=zstd requires OCI media types; remove oci-mediatypes=false, or write compression=gzip",
	} {
		if _, err := Parse(value); err == nil || err.Error() != want {
			t.Errorf("%s: got the error %v, want %s", value, err, want)
		}
	}
}

// TestCheck refuses outputs before a build.
func TestCheck(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, dir := range []string{"full/x", "empty"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile("file", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	one := []App{{Name: "api", Images: []string{"api"}, Platforms: []string{"linux/s390x"}}}
	both := []App{{Name: "api", Images: []string{"api"}, Platforms: []string{"linux/s390x", "linux/mips"}}}
	two := append(one, App{Name: "team/web:1", Images: []string{"team/web:1"}, Platforms: []string{"linux/s390x"}})
	jdk := append(one, App{Name: "jdk", Images: []string{"jdk"}, Platforms: []string{"linux/s390x"}, Contained: true})
	socket, err := net.Listen("unix", "socket")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	for _, c := range []struct {
		value string
		apps  []App
		want  string
	}{
		{"type=tar,dest=x.tar", one, ""},
		{"type=tar,dest=x.tar", both, ""},
		{"type=tar,dest=x.tar", two, "x.tar is one place for 2 root file systems; name one app, or write dest=x-{app}.tar"},
		{"type=tar", two, "the standard output is one place for 2 root file systems; name one app, or write dest={app}.tar"},
		{"type=tar,dest={app}.tar", two, ""},
		{"type=local,dest=empty", one, ""},
		{"type=local,dest=root", two, "root is one place for 2 root file systems; name one app, or write dest=root/{app}"},
		{"type=local,dest=full", one, "full is not empty; remove it, or name another directory"},
		{"type=local,dest=file", one, "file is a file; name a directory"},
		{"type=oci,dest=full", two, "full is a directory; name a file"},
		{"type=oci,dest=file/x", two, "file/x cannot be written: file is a file"},
		{"type=docker,dest=file", two, ""},
		{"type=docker,dest=socket", two, "socket is a socket; name a file"},
		{"type=tar,dest=x.tar", jdk, ""},
		{"type=local,dest=empty", jdk, ""},
	} {
		o, err := Parse(c.value)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := o.Check(c.apps); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: got the error %q, want %q", c.value, got, c.want)
		}
	}
	o, err := Parse("type=oci,dest=" + filepath.Join("{platform}", "{app}.tar"))
	if err != nil {
		t.Fatal(err)
	}
	places, err := o.places(append(both, two[1]))
	var got []string
	for _, p := range places {
		got = append(got, p.dest)
	}
	if want := []string{"linux-s390x/api.tar", "linux-mips/api.tar", "linux-s390x/team-web-1.tar"}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}
