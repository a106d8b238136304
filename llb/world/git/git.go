package git

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/lang/paths"

	"github.com/layc-lang/layc/lang/lazy"
)

// FetchError is the error for a repository that cannot be fetched or read.
type FetchError struct {
	Repository load.Repository
	Message    string // git's message
	Help       string // what to do; empty: the most common advice
}

func (e *FetchError) Error() string {
	note, help := e.Advice()
	return fmt.Sprintf("cannot fetch %s: %s (%s)", e.Repository, note, help)
}

// Advice implements [load.Advised].
func (e *FetchError) Advice() (note, help string) {
	return e.Message, cmp.Or(e.Help, "check the network, the address and your access; to keep a copy in the project, run `layc vendor`")
}

// Unreachable implements lock.Unreachable.
func (e *FetchError) Unreachable() {}

// VersionError is the error for an unknown version of a repository.
type VersionError struct {
	Repository load.Repository
	Near       string   // a similar tag; "" if there is none
	Commit     string   // the commit that the version names as a branch or by a prefix; "" if there is none
	Tags       []string // existing tags, sorted
}

func (e *VersionError) Error() string {
	return e.Repository.URL + " has no tag " + e.Repository.Version
}

// Advice implements [load.Advised].
func (e *VersionError) Advice() (note, help string) {
	note = "a version must be a tag or a full commit, because branches move"
	const most = 8
	switch {
	case e.Commit != "":
		return note, "write its current commit, `@" + e.Commit + "`, or a tag"
	case e.Near != "":
		return note, "did you mean `@" + e.Near + "`?"
	case len(e.Tags) == 0:
		return note, "the repository has no tags; write a commit"
	case len(e.Tags) > most:
		return note, "use one of its tags, such as " + strings.Join(e.Tags[len(e.Tags)-most:], ", ")
	}
	return note, "use one of its tags: " + strings.Join(e.Tags, ", ")
}

var (
	fullCommit  = lazy.Regexp(`^[0-9a-f]{40}$`)
	shortCommit = lazy.Regexp(`^[0-9a-f]{7,39}$`)
)

// resolve requests the commit of a version from a repository.
func resolve(ctx context.Context, r load.Repository) (string, error) {
	if fullCommit().MatchString(r.Version) {
		return r.Version, nil
	}
	out, err := git(ctx, r, "", nil, "ls-remote", "--heads", "--tags", "--", r.URL)
	if err != nil {
		return "", err
	}
	commit := ""
	missing := &VersionError{Repository: r}
	for line := range strings.Lines(string(out)) {
		hash, ref, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok || !fullCommit().MatchString(hash) {
			continue
		}
		if ref == "refs/heads/"+r.Version || shortCommit().MatchString(r.Version) && strings.HasPrefix(hash, r.Version) {
			missing.Commit = hash
		}
		name, isTag := strings.CutPrefix(ref, "refs/tags/")
		if !isTag {
			continue
		}
		// An annotated tag has two lines; the line with ^{} has the commit.
		peeled, isPeeled := strings.CutSuffix(name, "^{}")
		if peeled == r.Version && (isPeeled || commit == "") {
			commit = hash
		}
		missing.Tags = append(missing.Tags, peeled)
	}
	if commit == "" {
		slices.Sort(missing.Tags)
		missing.Tags = slices.Compact(missing.Tags)
		missing.Near = diag.Nearest(r.Version, missing.Tags)
		return "", missing
	}
	return commit, nil
}

// fetch returns the relevant files of a commit of a repository, sorted.
func fetch(ctx context.Context, r load.Repository, commit string) ([]File, error) {
	dir, err := os.MkdirTemp("", "layc-git-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if _, err := git(ctx, r, dir, nil, "init", "--quiet", "--bare"); err != nil {
		return nil, err
	}
	if err := obtain(ctx, r, dir, commit); err != nil {
		return nil, err
	}
	tree, err := git(ctx, r, dir, nil, "ls-tree", "-r", "-z", "-l", "--full-tree", commit)
	if err != nil {
		return nil, err
	}
	files, hashes, err := entries(r, string(tree))
	if err != nil {
		return nil, err
	}
	blobs, err := git(ctx, r, dir, strings.NewReader(strings.Join(hashes, "")), "cat-file", "--batch")
	if err != nil {
		return nil, err
	}
	in := bufio.NewReader(bytes.NewReader(blobs))
	for i := range files {
		if files[i].Data, err = blob(in); err != nil {
			return nil, &FetchError{Repository: r, Message: fmt.Sprintf("%s: %s", files[i].Name, err)}
		}
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return files, nil
}

// obtain fetches a commit into the repository in dir: by its hash; if the server does not support
// that, by its tag; else with all branches and tags.
func obtain(ctx context.Context, r load.Repository, dir, commit string) error {
	attempts := [][]string{
		{"--depth=1", "--", r.URL, commit},
		{"--depth=1", "--", r.URL, "refs/tags/" + r.Version},
		{"--", r.URL, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"},
	}
	var failed error
	for _, a := range attempts {
		_, err := git(ctx, r, dir, nil, append([]string{"fetch", "--progress", "--no-tags"}, a...)...)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			failed = err // the last attempt's message is about the repository itself
			continue
		}
		if _, err := git(ctx, r, dir, nil, "cat-file", "-e", commit+"^{commit}"); err == nil {
			return nil
		}
		failed = &FetchError{r, "no commit " + commit, "its tag may have moved; to pin it again, run `layc update " + r.URL + "`"}
	}
	return failed
}

// linkMode is git's mode of a link.
const linkMode = "120000"

// entries parses the output of ls-tree -z -l. It returns the relevant files, without content, and
// for each the request line for cat-file.
func entries(r load.Repository, tree string) (files []File, ask []string, err error) {
	type item struct {
		fields []string // mode, type, hash, size
		name   string
	}
	var items []item
	var names []string
	for _, entry := range strings.Split(strings.TrimSuffix(tree, "\x00"), "\x00") {
		head, name, _ := strings.Cut(entry, "\t")
		fields := strings.Fields(head)
		isLink := len(fields) == 4 && fields[0] == linkMode
		// Files outside of modules are not written, but git itself would check out nothing.
		if foreign(name, isLink) != "" {
			return nil, nil, checkName(r.String(), name, isLink)
		}
		if len(fields) != 4 || !isLink && !strings.HasPrefix(fields[0], "100") || isLink && strings.HasSuffix(name, ".layer") {
			continue // submodules are not followed
		}
		items, names = append(items, item{fields, name}), append(names, name)
	}
	modules := modulesOf(names)
	links := map[string]bool{}
	for _, i := range items {
		links[i.name] = i.fields[0] == linkMode
	}
	var size extent
	for _, i := range items {
		if !beside(i.name, modules) {
			continue
		}
		// git would not create a file below a link either, since it would be written elsewhere.
		for dir := range paths.Above(i.name) {
			if links[dir] {
				return nil, nil, fmt.Errorf("%s has a file below the symbolic link %q, which is not allowed", r, dir)
			}
		}
		if err := checkName(r.String(), i.name, links[i.name]); err != nil {
			return nil, nil, err
		}
		n, err := strconv.Atoi(i.fields[3])
		if err != nil {
			return nil, nil, &FetchError{Repository: r, Message: "invalid tree object"}
		}
		if err := size.add(r.String(), i.name, n); err != nil {
			return nil, nil, err
		}
		files = append(files, File{Name: i.name, Executable: i.fields[0] == "100755", Link: i.fields[0] == linkMode})
		ask = append(ask, i.fields[2]+"\n")
	}
	return files, ask, nil
}

// blob reads one object from the output of cat-file --batch.
func blob(in *bufio.Reader) ([]byte, error) {
	head, err := in.ReadString('\n')
	if err != nil {
		return nil, err
	}
	fields := strings.Fields(head) // hash, type, size
	if len(fields) != 3 || fields[1] != "blob" {
		return nil, errors.New("invalid object: " + strings.TrimSpace(head))
	}
	n, err := strconv.Atoi(fields[2])
	if err != nil || n < 0 || n > maxAllBytes {
		return nil, fmt.Errorf("object of invalid size %s", fields[2])
	}
	data := make([]byte, n+1) // with the line feed after it
	if _, err := io.ReadFull(in, data); err != nil {
		return nil, err
	}
	return data[:n], nil
}
