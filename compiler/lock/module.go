package lock

import "cmp"

// Module pins a git repository of modules at a version.
type Module struct {
	URL     string // as in the program, without git+: "https://git.example.com/team/layers.git"
	Version string // a tag, or a commit
	Commit  string // 40 hex digits: the commit of the version when it was pinned
	Digest  string // "sha256:…" of the repository's .layer files; see package llb/world/git
}

// Module returns the pin of a repository at a version.
func (f *File) Module(url, version string) (Module, bool) {
	return find(f.Modules, compareModules, Module{URL: url, Version: version})
}

func compareModules(a, b Module) int {
	return cmp.Or(cmp.Compare(a.URL, b.URL), cmp.Compare(a.Version, b.Version))
}
