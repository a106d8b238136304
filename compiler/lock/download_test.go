package lock

import (
	"slices"
	"testing"
)

func TestDownloadName(t *testing.T) {
	for url, want := range map[string]string{
		"https://example.com/a/tool-1.0.tar.gz":           "tool-1.0.tar.gz",
		"https://1.2.3.4/a/tool":                          "tool",
		"https://example.com/a/tool.tar.gz?token=1#x":     "tool.tar.gz",
		"https://example.com/v1.30.0/bin/linux/amd64/ctl": "v1.30.0/bin/linux/amd64/ctl",
		"https://example.com/v1.0/tool-1.0.1.zip":         "tool-1.0.1.zip",
		"https://user:pass@example.com//v1.0/./tool":      "v1.0/tool",
		"https://example.com/a/":                          "a",
		"https://example.com":                             "",
		"https://example.com/?v=1":                        "",
		"maven:org.example:tool:1.0:zip":                  "org.example:tool:1.0:zip",
		"mirror:pool/t/tool_1.0.deb":                      "tool_1.0.deb",
	} {
		if got := DownloadName(url); got != want {
			t.Errorf("%s: got %q, want %q", url, got, want)
		}
	}
}

// A merge of two branches leaves the names of both, which do not conflict.
func TestDownloadsMerge(t *testing.T) {
	aa, bb := digest("a"), digest("b")
	text := "layc-lock 1\n<<<<<<< ours\ndownload " + aa + " tool-1.0\ndownload " + bb + " x\n=======\ndownload " + aa + " \"a tool\"\ndownload " + bb + " x\n>>>>>>> theirs\n"
	f, disputed, err := Merged(Name, []byte(text))
	if err != nil || len(disputed) > 0 {
		t.Fatalf("%v, disputed %v", err, disputed)
	}
	if got := f.Names(aa); !slices.Equal(got, []string{"a tool", "tool-1.0"}) || len(f.Names(bb)) != 1 {
		t.Errorf("the file has %v and %v", got, f.Names(bb))
	}
}
