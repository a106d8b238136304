package world

import (
	"archive/zip"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/lock"
)

// mavenMirror finds the repository from which Maven would download releases: a mirror of the
// central repository in the user's or the installation's settings.xml, else the central
// repository in the configuration of the installed Maven; "" if there is none.
func (h Host) mavenMirror() string {
	homes := h.mavenHomes()
	var settings []string
	if h.Home != "" {
		settings = append(settings, filepath.Join(h.Home, ".m2/settings.xml"))
	}
	for _, home := range homes {
		settings = append(settings, filepath.Join(home, "conf/settings.xml"))
	}
	for _, file := range settings {
		if text, err := os.ReadFile(file); err == nil {
			if root := mirrorOfCentral(text); root != "" {
				return root
			}
		}
	}
	for _, home := range homes {
		jars, _ := filepath.Glob(filepath.Join(home, "lib/maven-model-builder-*.jar"))
		for _, jar := range jars {
			if root := centralOfJar(jar); root != "" {
				return root
			}
		}
	}
	return ""
}

// mavenHomes lists the possible installation directories of Maven.
func (h Host) mavenHomes() []string {
	var homes []string
	if h.MavenHome != "" {
		homes = append(homes, h.MavenHome)
	}
	for _, pattern := range []string{"usr/share/maven", "usr/local/share/maven", "opt/maven", "opt/apache-maven-*"} {
		found, _ := filepath.Glob(filepath.Join(h.Root, pattern))
		homes = append(homes, found...)
	}
	return homes
}

// mirrorOfCentral returns the URL of the first mirror in a settings.xml that mirrors the central
// repository by name, else by pattern. These are Maven's rules.
func mirrorOfCentral(text []byte) string {
	var settings struct {
		Mirrors []struct {
			MirrorOf string `xml:"mirrorOf"`
			URL      string `xml:"url"`
			Blocked  bool   `xml:"blocked"`
		} `xml:"mirrors>mirror"`
	}
	if xml.Unmarshal(text, &settings) != nil {
		return ""
	}
	for _, byName := range []bool{true, false} {
		for _, m := range settings.Mirrors {
			url := strings.TrimSpace(m.URL)
			if at, err := lock.Locate(url); m.Blocked || err != nil || at.URL == "" {
				continue
			}
			var patterns []string
			for pattern := range strings.SplitSeq(m.MirrorOf, ",") {
				patterns = append(patterns, strings.TrimSpace(pattern))
			}
			if byName && len(patterns) == 1 && patterns[0] == "central" || !byName && matchesCentral(patterns) {
				return url
			}
		}
	}
	return ""
}

func matchesCentral(patterns []string) bool {
	if slices.Contains(patterns, "!central") {
		return false
	}
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		return pattern == "central" || pattern == "*" || pattern == "external:*"
	})
}

// centralOfJar reads the central repository from the model that all Maven projects inherit.
func centralOfJar(jar string) string {
	archive, err := zip.OpenReader(jar)
	if err != nil {
		return ""
	}
	defer archive.Close()
	file, err := archive.Open("org/apache/maven/model/pom-4.0.0.xml")
	if err != nil {
		return ""
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, 1<<20))
	if err != nil {
		return ""
	}
	var model struct {
		Repositories []struct {
			ID  string `xml:"id"`
			URL string `xml:"url"`
		} `xml:"repositories>repository"`
	}
	if xml.Unmarshal(text, &model) != nil {
		return ""
	}
	for _, r := range model.Repositories {
		if r.ID == "central" {
			return strings.TrimSpace(r.URL)
		}
	}
	return ""
}
