package evaluate

import (
	"cmp"
	"errors"
	"io/fs"
	"reflect"
	"slices"
	"strings"

	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"

	"github.com/layc-lang/layc/lang/lazy"
)

// Package repositories of third parties. The base declares them, next to its distribution: they
// are made for one suite of it, and all packages of a system are resolved together.

// repository is a declared package repository, and the place of its clause.
type repository struct {
	lock.PackageRepository
	at source.Span
}

// repositoryName matches the name of a repository. It is also an archive's name, for mirrors.
var repositoryName = lazy.Regexp(`^[a-z][a-z0-9_-]*$`)

// ownNames are names that mean other archives, and additions to a distribution.
var ownNames = append(lock.DistributionArchives(), "updates", "security", "maven", "npm", "go", "http", "https")

// repository evaluates a package repository. It reports what is wrong with it.
func (c *clause) repository() {
	r := repository{at: c.At}
	var fine [5]bool
	r.Name, fine[0] = c.repositoryName()
	r.URL, fine[1] = c.repositoryURL()
	fine[2] = c.suiteOf(&r)
	fine[3] = c.priorityOf(&r)
	fine[4] = c.keyOf(&r)
	if slices.Contains(fine[:], false) {
		c.to.unfit = true
		return
	}
	c.to.repositories = append(c.to.repositories, r)
}

func (c *clause) repositoryName() (string, bool) {
	name, _ := c.operand().(string)
	if name == "" && len(c.Args) == 0 {
		return "", false
	}
	at := c.Args[0].Span()
	if slices.Contains(ownNames, name) {
		c.Found.Errorf(diag.InvalidRepository, at, "%q cannot be the name of a repository", name).
			Note("layc uses this name itself").Hint("write another name, such as `repository \"vendor\"`")
		return "", false
	}
	if !repositoryName().MatchString(name) {
		c.Found.Errorf(diag.InvalidRepository, at, "not a valid name of a repository: %q", name).
			Note("a name has lower-case letters, digits, `-` and `_`; layc.lock and `--mirror NAME=URL` use it").
			Hint("write a name such as `repository \"vendor\"`, and the URL after `from`")
		return "", false
	}
	return name, true
}

func (c *clause) repositoryURL() (string, bool) {
	o := c.Option("from")
	url := c.option("from")
	if url == "" {
		return "", false
	}
	if at, err := lock.Locate(url); err != nil || at.URL == "" {
		c.Found.Errorf(diag.InvalidURL, o.Args[0].Span(), "not a valid URL of a repository: %q", url).
			Hint("write the first part of a line in apt's sources, such as `\"https://packages.example.com/debian\"`")
		return "", false
	}
	return strings.TrimRight(url, "/"), true
}

// suitePart matches a suite, and apt's component of a suite.
var suitePart = lazy.Regexp(`^[A-Za-z0-9./~_+-]+$`)

// suiteOf evaluates the suite and its components.
func (c *clause) suiteOf(r *repository) bool {
	r.Suite = c.option("suite")
	if r.Suite == "" {
		return false
	}
	at := c.Option("suite").Args[0].Span()
	if !suitePart().MatchString(r.Suite) || slices.Contains(strings.Split(r.Suite, "/"), "..") {
		c.Found.Errorf(diag.InvalidRepository, at, "not a valid suite: %q", r.Suite).
			Hint("write the suite as in apt's sources, such as `\"stable\"`; for a repository without suites, its directory with a final slash, such as `\"./\"`")
		return false
	}
	flat := strings.HasSuffix(r.Suite, "/")
	o := c.Option("components")
	if o == nil {
		if !flat {
			r.Components = []string{"main"}
		}
		return true
	}
	if flat {
		c.Found.Errorf(diag.InvalidRepository, o.At, "a suite that ends with `/` has no components").
			Note("%q is a directory of packages without suites and components", r.Suite).
			Hint("remove `components`, or the final slash")
		return false
	}
	for _, a := range o.Args {
		for _, name := range c.texts(a, c.env) {
			if !suitePart().MatchString(name) {
				c.Found.Errorf(diag.InvalidRepository, a.Span(), "not a valid component of a suite: %q", name).
					Hint("write the components separately, as in apt's sources: `components \"main\", \"contrib\"`")
				return false
			}
			if !slices.Contains(r.Components, name) {
				r.Components = append(r.Components, name)
			}
		}
	}
	return len(r.Components) > 0
}

// maxPriority is the highest priority.
const maxPriority = 1000

func (c *clause) priorityOf(r *repository) bool {
	o := c.Option("priority")
	if o == nil {
		return true
	}
	n, ok := c.optional("priority").(int64)
	if ok && (n < 1 || n > maxPriority) {
		c.Found.Errorf(diag.OutOfRange, o.Args[0].Span(), "`priority` cannot be %d", n).
			Note("a repository without a priority has 500, like the distribution").
			Hint("write a number from 1 to %d", maxPriority)
		return false
	}
	r.Priority = int(n)
	return ok
}

// keyOf evaluates the key: a file of the project, whose content it reads, or a URL with a checksum.
func (c *clause) keyOf(r *repository) bool {
	o := c.Option("key")
	if o == nil || len(o.Args) == 0 {
		return false
	}
	at := o.Args[0].Span()
	sum := c.Option("sha256")
	if url, ok := c.optional("key").(string); ok && strings.Contains(url, "://") {
		return c.keyURL(r, url, o, sum)
	}
	if sum != nil {
		c.Found.Errorf(diag.InvalidRepository, sum.At, "a key in the project needs no checksum").
			Hint("remove `sha256`")
		return false
	}
	names := c.paths(o.Args[0], c.env)
	if len(names) != 1 || names[0] == "" {
		return false
	}
	file, _, ok := c.projectSource(names[0], at, c.env.module)
	if !ok {
		return false
	}
	text, err := c.keyFile(file)
	if err != nil {
		c.Found.Errorf(diag.NoSuchFile, at, "cannot read the key %s: %s", file, cause(err)).
			Hint("write the path of the file with the repository's public key, such as `\"keys/vendor.asc\"`")
		return false
	}
	r.Key = text
	return true
}

func (c *clause) keyURL(r *repository, url string, o, sum *syntax.Option) bool {
	at := o.Args[0].Span()
	if where, err := lock.Locate(url); err != nil || where.URL == "" {
		c.Found.Errorf(diag.InvalidURL, at, "not a valid URL: %q", url).
			Hint("write `\"https://…\"`, or the path of a file in the project")
		return false
	}
	if sum == nil {
		c.Found.Errorf(diag.InvalidRepository, at, "a key with a URL needs a checksum").
			Note("whoever can change the key can sign other packages").
			Hint("write `sha256 \"…\"` after it, or keep the key in the project")
		return false
	}
	r.KeyURL = url
	r.KeyDigest = c.checksum()
	return len(r.KeyDigest) == len("sha256:")+64
}

// maxKey is the maximum size of a keyring.
const maxKey = 1 << 20

func (x *tree) keyFile(name string) ([]byte, error) {
	info, err := fs.Stat(x.Files, name)
	if err != nil {
		return nil, err
	}
	switch {
	case !info.Mode().IsRegular():
		return nil, errors.New("not a file")
	case info.Size() > maxKey:
		return nil, errors.New("larger than 1 MiB")
	}
	return fs.ReadFile(x.Files, name)
}

// packagesOf pins the packages of a base from a distribution, when its whole block is evaluated.
// The ID of a distribution ends with the names of its repositories, so that bases with other
// repositories have packages of their own.
func (x *Evaluator) packagesOf(b *Block) {
	s := b.System
	if s == nil || s.Distribution == "" {
		if len(b.repositories) > 0 && s == nil {
			x.Found.Errorf(diag.InvalidBase, b.repositories[0].at, "`repository` without `distribution`").
				Note("packages of a repository are resolved together with a distribution").
				Hint("write it in the base, next to `distribution \"debian\" suite …`")
		} else if len(b.repositories) > 0 {
			x.Found.Errorf(diag.InvalidBase, b.repositories[0].at, "a repository needs a base from a distribution").
				Hint("remove `repository`, or make the base with `distribution \"debian\" suite …`")
		}
		return
	}
	if x.DebianArch() == "" {
		x.OnceAt(diag.InvalidBase, b.systemAt, func() *diag.Diagnostic {
			return x.Found.Errorf(diag.InvalidBase, b.systemAt, "no Debian packages for %s", x.platform).
				Note("layc takes Debian packages for %s", strings.Join(model.CompletePlatforms(), " and ")).
				Hint("name another platform, or use a base that is not made from packages")
		})
		return
	}
	var repositories []lock.PackageRepository
	b.repositories = x.differing(b.repositories)
	for _, r := range b.repositories {
		s.Distribution += "+" + r.Name
		repositories = append(repositories, r.PackageRepository)
	}
	for _, r := range b.repositories {
		x.defined(s.Distribution, r)
	}
	x.WantDistribution(s.Distribution)
	x.repositories[s.Distribution] = repositories
	s.Packages = x.Lock.Minimal(s.Distribution, x.DebianArch())
	if b.unfit {
		return // what it needs is unknown
	}
	if len(s.Packages) == 0 || slices.ContainsFunc(repositories, func(r lock.PackageRepository) bool {
		return !x.Lock.Resolved(s.Distribution, x.DebianArch(), r)
	}) {
		x.Unpinned(b.systemAt, "the packages of %s", s.Distribution)
	}
}

// differing returns the repositories of a base by name. It reports names that occur twice.
func (x *Findings) differing(list []repository) []repository {
	slices.SortStableFunc(list, func(a, b repository) int { return cmp.Compare(a.Name, b.Name) })
	return slices.CompactFunc(list, func(first, r repository) bool {
		if first.Name != r.Name {
			return false
		}
		x.Found.Errorf(diag.InvalidRepository, r.at, "repository %q is defined twice", r.Name).
			See(first.at, "first defined here").Hint("keep one of them, or rename one")
		return true
	})
}

// defined reports a repository that differs from another one with its name. A name stands for one
// URL in the whole program, since mirrors and the lock file use it; and for one repository in the
// packages of a distribution.
func (x *pins) defined(distribution string, r repository) {
	for _, key := range []string{r.Name, distribution + " " + r.Name} {
		first, again := x.knownRepositories[key]
		switch {
		case !again:
			x.knownRepositories[key] = r
			continue
		case key == r.Name && first.URL == r.URL, key != r.Name && reflect.DeepEqual(first.PackageRepository, r.PackageRepository):
			continue
		}
		x.Found.Errorf(diag.InvalidRepository, r.at, "repository %q is defined twice, differently", r.Name).
			See(first.at, "first defined here").
			Note("bases with the same suite and the same names of repositories share their packages; a name has one URL").
			Hint("rename one of them, or make them equal")
		return
	}
}
