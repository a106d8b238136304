package sbom

import (
	"path"
	"strings"

	purl "github.com/package-url/packageurl-go"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/redact"
)

// identify returns a package URL.
func identify(kind, namespace, name, version string, qualifiers map[string]string) string {
	for key, value := range qualifiers {
		if value == "" {
			delete(qualifiers, key)
		}
	}
	u := purl.NewPackageURL(kind, namespace, name, version, purl.QualifiersFromMap(qualifiers), "")
	if u.Normalize() != nil { // the type does not allow these parts; they still name the package
		u = purl.NewPackageURL(purl.TypeGeneric, namespace, name, version, purl.QualifiersFromMap(qualifiers), "")
	}
	return u.ToString()
}

// debian returns a package of a distribution.
func debian(pin lock.Package, pins *lock.File) Package {
	vendor, release, _ := strings.Cut(pin.Distribution, "/")
	release, _, _ = strings.Cut(release, "+")
	archive, file, _ := strings.Cut(pin.URL, ":")
	p := Package{
		Kind: purl.TypeDebian, Name: pin.Name, Version: pin.Version, SHA256: hexOf(pin.Digest),
		Origin: pin.URL, Source: sourceOf(file),
	}
	arch := pin.Arch
	if strings.HasSuffix(file, "_all.deb") {
		arch = "all"
	}
	qualifiers := map[string]string{"arch": arch, "distro": release}
	if p.Source != p.Name {
		qualifiers["upstream"] = p.Source
	}
	if lock.FamilyOf(archive) == nil {
		vendor = archive
		for _, x := range pins.Indexes {
			if x.Distribution == pin.Distribution && x.URL != "" && strings.HasPrefix(x.Suite, archive+":") {
				qualifiers["repository_url"] = x.URL
				p.URL = strings.TrimRight(x.URL, "/") + "/" + file
			}
		}
	}
	p.ID = identify(p.Kind, vendor, p.Name, p.Version, qualifiers)
	return p
}

// sourceOf returns the source package of a file in an archive's pool, whose directories have the
// names of sources: pool/main/u/util-linux/bsdutils_2.38.1-5_amd64.deb. It is "" elsewhere.
func sourceOf(file string) string {
	parts := strings.Split(file, "/")
	n := len(parts)
	if n < 5 || parts[0] != "pool" {
		return ""
	}
	source, shelf := parts[n-2], parts[n-3]
	if shelf == source[:min(1, len(source))] || strings.HasPrefix(source, "lib") && shelf == source[:min(4, len(source))] {
		return source
	}
	return ""
}

// download returns what a program downloads.
func download(f *model.Fetch) Package {
	url := redact.Text(lock.WithoutUser(f.URLs[0]))
	p := Package{Origin: url, SHA256: hexOf(f.Digest), SHA512: f.SHA512}
	at, _ := lock.Locate(url)
	p.URL = at.URL
	file := path.Base(at.Path)
	if at.URL != "" {
		file, _, _ = strings.Cut(at.URL, "?")
		file, _, _ = strings.Cut(file, "#")
		file = path.Base(file)
	}
	if coordinates, ok := strings.CutPrefix(url, "maven:"); ok {
		parts := append(strings.Split(coordinates, ":"), "", "")
		p.Kind, p.Name, p.Version = purl.TypeMaven, parts[1], parts[2]
		p.ID = identify(p.Kind, parts[0], p.Name, p.Version, map[string]string{"type": parts[3], "classifier": parts[4], "checksum": f.Digest})
		return p
	}
	if name, version, ok := wheel(file); ok {
		p.Kind, p.Name, p.Version = purl.TypePyPi, name, version
		p.ID = identify(p.Kind, "", name, version, map[string]string{"file_name": file, "checksum": f.Digest})
		return p
	}
	if scope, name, version, ok := tarball(url); ok {
		p.Kind, p.Name, p.Version = purl.TypeNPM, path.Join(scope, name), version
		p.ID = identify(p.Kind, scope, name, version, map[string]string{"checksum": f.Digest})
		return p
	}
	p.Kind, p.Name = purl.TypeGeneric, file
	p.ID = identify(p.Kind, "", p.Name, "", map[string]string{"download_url": url, "checksum": f.Digest})
	return p
}

// wheel returns the project and the version of a wheel for Python, whose file name has them:
// NAME-VERSION(-BUILD)-PYTHON-ABI-PLATFORM.whl.
func wheel(file string) (name, version string, ok bool) {
	stem, ok := strings.CutSuffix(file, ".whl")
	parts := strings.Split(stem, "-")
	if !ok || len(parts) != 5 && len(parts) != 6 {
		return "", "", false
	}
	return strings.ToLower(strings.ReplaceAll(parts[0], "_", "-")), parts[1], true
}

// tarball returns the package and the version of a tarball in an npm registry:
// …/@SCOPE/NAME/-/NAME-VERSION.tgz.
func tarball(url string) (scope, name, version string, ok bool) {
	dir, file, ok := strings.Cut(url, "/-/")
	if !ok {
		return "", "", "", false
	}
	name = dir[strings.LastIndexAny(dir, "/:")+1:]
	if above := strings.TrimSuffix(dir, name); strings.Contains(above, "@") {
		scope = strings.Trim(above[strings.LastIndexByte(above, '@'):], "/")
	}
	stem, packed := strings.CutSuffix(file, ".tgz")
	version, ok = strings.CutPrefix(stem, name+"-")
	return scope, name, version, ok && packed && name != "" && version != ""
}

// image returns the image that a base is.
func image(s *model.System) Package {
	p := Package{SHA256: hexOf(s.Digest), Version: s.Digest}
	if s.Layout != "" {
		p.Kind, p.Name, p.Origin = purl.TypeGeneric, path.Base(s.Layout), s.Layout
		p.ID = identify(p.Kind, "", p.Name, s.Digest, nil)
		return p
	}
	reference, _, _ := strings.Cut(s.Image, "@")
	repository, tag := reference, ""
	if at := strings.LastIndexByte(reference, ':'); at > strings.LastIndexByte(reference, '/') {
		repository, tag = reference[:at], reference[at+1:]
	}
	p.Kind, p.Name, p.Origin = purl.TypeOCI, path.Base(repository), s.Image
	p.ID = identify(p.Kind, "", p.Name, s.Digest, map[string]string{"repository_url": repository, "tag": tag})
	return p
}

// hexOf returns the hexadecimal part of a digest.
func hexOf(digest string) string { return strings.TrimPrefix(digest, "sha256:") }
