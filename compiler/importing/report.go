package importing

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Class says how an instruction was translated.
type Class string

// The classes, from the best to the worst.
const (
	Exact      Class = "exact"      // a clause that means the same
	Idiom      Class = "idiom"      // clauses that do the same in layc's way
	Run        Class = "run"        // a command, as it was
	Repository Class = "repository" // a third party's packages
	Guess      Class = "guess"      // a translation that somebody should look at
	Question   Class = "question"   // not translated
)

// Classes are all classes in order.
var Classes = []Class{Exact, Idiom, Run, Repository, Guess, Question}

// Report says what became of each instruction.
type Report struct {
	Images       []Image        `json:"images"`
	Skipped      []Skipped      `json:"skipped,omitempty"`
	Instructions []*instruction `json:"instructions"`
	Counts       map[Class]int  `json:"counts"`
	Components   int            `json:"components"`
	Shared       int            `json:"shared"` // components that several images have
	Standard     []Standard     `json:"standard,omitempty"`
	Saved        *Saved         `json:"saved,omitempty"` // if images were measured

	seen map[place]*instruction
}

// Image is an image of the import.
type Image struct {
	Name string `json:"name"`
	File string `json:"file"`
	Base string `json:"base"` // as in the module
	Why  string `json:"guess,omitempty"`

	Tags []string `json:"tags,omitempty"` // of the app

	// Siblings are the builds whose images the Dockerfile refers to, by the references.
	Siblings map[string]string `json:"-"`

	base *base
}

// Skipped is a file that was not imported.
type Skipped struct {
	Name string `json:"name"` // of the image; "": the whole file
	File string `json:"file"`
	Why  string `json:"why"`
	// Image is what a service only runs; "": it builds one, or it is a file.
	Image string `json:"image,omitempty"`
}

func (s Skipped) String() string {
	if s.Name == "" || isDockerfile(path.Base(s.File)) {
		return s.File + ": " + s.Why
	}
	return s.Name + " of " + s.File + ": " + s.Why
}

// instruction is one instruction of a Dockerfile, and what became of it.
type instruction struct {
	File  string `json:"file"`
	Line  int    `json:"line"`
	Text  string `json:"text"`
	Class Class  `json:"class"`
	Why   string `json:"why,omitempty"`

	class Class
	build string
}

type place struct {
	file string
	line int
}

func (i *instruction) guess(format string, args ...any) {
	if i.class == Question {
		return
	}
	i.class = Guess
	why := fmt.Sprintf(format, args...)
	if i.Why == "" {
		i.Why = why
	} else if !strings.Contains(i.Why, why) {
		i.Why += "; " + why
	}
}

// atLeast sets a class unless the instruction has a worse one.
func (i *instruction) atLeast(c Class) {
	if slices.Index(Classes, c) > slices.Index(Classes, i.class) {
		i.class = c
	}
}

func (r *Report) skip(b *Build, why string) {
	r.Skipped = append(r.Skipped, Skipped{Name: b.Name, File: b.File, Why: why})
}

// image adds an image and the instructions that it is made of, each once.
func (r *Report) image(b *Build, s *stage) {
	r.Images = append(r.Images, Image{Name: b.Name, File: b.File, Why: b.Guess, Tags: b.Tags, Siblings: s.file.siblings, base: s.base})
	r.history(s)
}

func (r *Report) history(s *stage) {
	if r.seen == nil {
		r.seen = map[place]*instruction{}
	}
	for _, i := range s.history {
		if i.class == "" {
			i.class = Exact
		}
		at := place{i.File, i.Line}
		if old := r.seen[at]; old != nil {
			if old.atLeast(i.class); old.Why == "" {
				old.Why = i.Why
			}
			continue
		}
		r.seen[at] = i
		r.Instructions = append(r.Instructions, i)
	}
}

func (r *Report) finish() {
	r.Counts = map[Class]int{}
	slices.SortStableFunc(r.Instructions, func(a, b *instruction) int {
		if n := strings.Compare(a.File, b.File); n != 0 {
			return n
		}
		return a.Line - b.Line
	})
	for _, i := range r.Instructions {
		i.Class = i.class
		r.Counts[i.class]++
	}
	for n := range r.Images {
		r.Images[n].Base = r.Images[n].base.shown()
	}
}

// shown is the base as the module names it.
func (b *base) shown() string {
	switch {
	case b.name != "":
		return b.name
	case symbolic(b.text):
		return b.ref
	}
	return b.text
}
