package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
)

// variant is the shop after so many changes.
type variant struct {
	tag     string
	archive uint64 // the seed of app1's archive
	liberty string
	patched bool // has the JDK of the security archive
}

// The releases of Liberty before and after the upgrade.
const (
	oldLiberty = "26.0.0.2"
	newLiberty = "26.0.0.3"
)

// variants are in the order of time; each has one change more.
var variants = []variant{
	{tag: "first", archive: 1, liberty: oldLiberty},
	{tag: "archive", archive: 2, liberty: oldLiberty},
	{tag: "liberty", archive: 2, liberty: newLiberty},
	{tag: "jdk", archive: 2, liberty: newLiberty, patched: true},
}

// archiveSize is the size of a web archive, in bytes.
const archiveSize = 5 << 20

// write writes the files of both apps to a directory.
func (v variant) write(dir string) error {
	for n, app := range []string{"app1", "app2"} {
		seed := v.archive
		if n > 0 {
			seed = 99 // never changes
		}
		archive := make([]byte, archiveSize)
		random := rand.NewChaCha8([32]byte{byte(seed)})
		_, _ = random.Read(archive) // returns no error
		files := map[string]string{
			app + ".war":   string(archive),
			"server.xml":   `<server><featureManager><feature>servlet-6.0</feature></featureManager><webApplication location="` + app + `.war"/></server>` + "\n",
			"rsyslog.conf": "# " + app + "\n*.* action(type=\"omfwd\" target=\"logs.example.com\" port=\"514\" protocol=\"tcp\")\n",
		}
		for name, text := range files {
			file := filepath.Join(dir, app, name)
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}
