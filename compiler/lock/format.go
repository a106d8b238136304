package lock

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Empty reports whether the file has no facts.
func (f *File) Empty() bool { return len(f.Format()) == len((&File{}).Format()) }

// Format writes the file as text, which Parse reads as an equal value. The text depends only on the
// facts, not on their order. It is sorted, with an empty line between facts of different kinds.
func (f *File) Format() []byte {
	var lines []string
	add := func(fields ...string) { lines = append(lines, join(fields)) }
	for _, x := range f.Indexes {
		fields := []string{"index", x.Distribution, x.Arch, x.Suite, x.Digest}
		if !x.Date.IsZero() {
			fields = append(fields, x.Date.UTC().Format(time.RFC3339))
		}
		if x.URL != "" {
			fields = append(fields, "url="+WithoutUser(x.URL))
		}
		if len(x.Components) > 0 {
			fields = append(fields, "components="+strings.Join(x.Components, ","))
		}
		if x.Priority > 0 {
			fields = append(fields, fmt.Sprintf("priority=%d", x.Priority))
		}
		add(fields...)
	}
	for _, x := range f.Packages {
		fields := []string{"package", x.Distribution, x.Arch, x.Name, x.Version, x.URL, x.Digest,
			fmt.Sprintf("size=%d", x.Size), fmt.Sprintf("installed=%d", x.Installed)}
		if x.Minimal {
			fields = append(fields, "minimal")
		}
		if len(x.Needs) > 0 {
			fields = append(fields, "needs="+strings.Join(slices.Sorted(slices.Values(x.Needs)), ","))
		}
		add(fields...)
	}
	for _, x := range f.URLs {
		add("url", WithoutUser(x.URL), x.Digest, strconv.FormatInt(x.Size, 10))
	}
	for _, x := range f.Downloads {
		add("download", x.Digest, x.Name)
	}
	for _, x := range f.Images {
		add("image", x.Reference, x.Platform, x.Digest)
	}
	for _, x := range f.Bases {
		fields := []string{"base", x.Digest, strconv.Itoa(x.Layers)}
		if x.Configured {
			fields = append(fields, "configured")
		}
		add(fields...)
		for _, s := range x.Config {
			add("config", x.Digest, s.Name, s.value())
		}
		for _, u := range x.Users {
			add("user", x.Digest, u.Name, fmt.Sprintf("%d:%d", u.UID, u.GID))
		}
		for _, g := range x.Groups {
			add("group", x.Digest, g.Name, strconv.Itoa(g.GID))
		}
		for _, l := range x.Links {
			add("link", x.Digest, l.Path, l.To)
		}
		for _, d := range x.Dirs {
			add("dir", x.Digest, d.Path, fmt.Sprintf("%d:%d", d.UID, d.GID), d.Mode)
		}
	}
	for _, x := range f.Modules {
		add("module", x.URL, x.Version, x.Commit, x.Digest)
	}
	for _, x := range f.Layers {
		fields := []string{"layer", x.Name, x.Kind}
		if x.Parent != "" {
			fields = append(fields, "parent="+x.Parent)
		}
		add(fields...)
		for _, m := range x.Members {
			add("member", x.Name, m)
		}
	}
	for _, x := range f.Stacks {
		add("stack", x.App, x.Layer)
	}
	for _, x := range f.Sizes {
		add("size", x.Instance, strconv.FormatInt(x.Bytes, 10))
	}
	for _, x := range f.Updates {
		add("update", x.Component, x.Key)
	}
	slices.Sort(lines)
	lines = slices.Compact(lines)

	var out bytes.Buffer
	fmt.Fprintf(&out, "# Pinned by layc lock and layc update. Merge it line by line; don't edit it by hand.\nlayc-lock %s\n", version)
	kind := ""
	for _, line := range lines {
		k, _, _ := strings.Cut(line, " ")
		if k != kind {
			out.WriteByte('\n')
			kind = k
		}
		out.WriteString(line)
		out.WriteByte('\n')
	}
	return out.Bytes()
}
