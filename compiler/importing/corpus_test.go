package importing_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/layc-lang/layc/compiler/importing"
)

// TestCorpus measures the import of other people's Dockerfiles, one by one: the classes of their
// instructions, and how many modules have no errors when images, packages and downloads are pinned. It
// runs with -corpus DIR -v, where DIR has a checkout for each repository.
func TestCorpus(t *testing.T) {
	if *corpus == "" {
		t.Skip("without -corpus")
	}
	dirs, err := os.ReadDir(*corpus)
	if err != nil {
		t.Fatal(err)
	}
	total := tally{classes: map[importing.Class]int{}}
	for _, d := range dirs {
		one := tally{classes: map[importing.Class]int{}}
		files := os.DirFS(filepath.Join(*corpus, d.Name()))
		found, err := importing.Find(files, []string{"."})
		if err != nil {
			t.Errorf("%s: %v", d.Name(), err)
			continue
		}
		seen := map[string]bool{}
		for _, b := range found.Builds {
			if seen[b.File] {
				continue
			}
			seen[b.File] = true
			one.files++
			r, err := importing.Import(importing.Input{Files: files, Builds: []importing.Build{b}})
			switch {
			case err != nil && strings.Contains(err.Error(), "Windows"):
				one.windows++
			case err != nil:
				t.Logf("%s: %s: %v", d.Name(), b.File, err)
			default:
				for c, n := range r.Report.Counts {
					one.classes[c] += n
				}
				if found := check(files, r); found.HasErrors() {
					t.Logf("%s: %s: %s", d.Name(), b.File, found[0].Message)
				} else {
					one.good++
				}
			}
		}
		whole, err := importing.Import(importing.Input{Files: files, Builds: found.Builds, Skipped: found.Skipped, Registry: found.Registry})
		if err != nil {
			t.Logf("%s as a whole: %v", d.Name(), err)
		} else if found := check(files, whole); found.HasErrors() {
			t.Logf("%s as a whole: %s", d.Name(), found[0].Message)
		} else {
			t.Logf("%s as a whole: %d images, %d components, %d shared", d.Name(), len(whole.Report.Images), whole.Report.Components, whole.Report.Shared)
		}
		one.log(t, d.Name())
		total.add(one)
	}
	total.log(t, "all")
}

type tally struct {
	files, windows, good int
	classes              map[importing.Class]int
}

func (c *tally) add(o tally) {
	c.files, c.windows, c.good = c.files+o.files, c.windows+o.windows, c.good+o.good
	for k, n := range o.classes {
		c.classes[k] += n
	}
}

func (c *tally) log(t *testing.T, name string) {
	n := 0
	for _, k := range importing.Classes {
		n += c.classes[k]
	}
	t.Logf("%s: %d files, %d of Windows, %d without errors; %d instructions: %v", name, c.files, c.windows, c.good, n, c.classes)
}
