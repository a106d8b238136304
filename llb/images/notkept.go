package images

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/lang/format"
	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
	"github.com/layc-lang/layc/llb"
	"github.com/layc-lang/layc/llb/engine"
)

// What a component with `owns` has done that its layer cannot hold, and the clause that would keep it.

// listing is lines about paths: the first ones, and how many there are.
type listing struct {
	total int
	first []string
}

// readParts reads the words of the helper's line, each with its paths: ` lacks 1 "/a" changes 2 "/b is
// new" "/c is new"`. It returns nil if the text is something else.
func readParts(text string) map[string]listing {
	parts := map[string]listing{}
	for text != "" {
		var word string
		var l listing
		if n, _ := fmt.Sscanf(text, " %s %d", &word, &l.total); n < 2 {
			return nil
		}
		_, text, _ = strings.Cut(text, fmt.Sprintf(" %s %d", word, l.total))
		for strings.HasPrefix(text, ` "`) {
			quoted, err := strconv.QuotedPrefix(text[1:])
			if err != nil {
				return nil
			}
			line, _ := strconv.Unquote(quoted)
			l.first, text = append(l.first, line), text[1+len(quoted):]
		}
		if parts[word] = l; len(l.first) == 0 || len(l.first) > l.total {
			return nil
		}
	}
	return parts
}

// notKept explains a component whose steps do not create what it owns, or change what its layer
// cannot hold.
func notKept(step *engine.StepError, origin llb.Origin) *Finding {
	text, _ := said(step)
	text, ok := strings.CutPrefix(text, "not kept:")
	i := origin.Verified
	if !ok || i == nil {
		return nil
	}
	parts := readParts(text)
	var list diag.List
	var d *diag.Diagnostic
	// The first fault names the finding, others become notes.
	fault := func(code diag.Code, at source.Span, message string, lines listing, note string) {
		if lines.total == 0 {
			return
		}
		if d == nil {
			d = list.Errorf(code, at, "%s", message)
		} else {
			d.Note("%s", message)
		}
		some(d, lines.total, lines.first)
		if note != "" {
			d.Note("%s", note)
		}
	}
	changes, lacks, deletes, makes := parts["changes"], parts["lacks"], parts["deletes"], parts["makes"]
	fault(diag.ChangesNotKept, i.Span, i.Title+" changes paths that it does not own", changes,
		"images only get the paths that a component owns, so these changes would be lost")
	at := i.Span
	if n := slices.IndexFunc(i.Owns, func(o model.Own) bool { return slices.Contains(lacks.first, o.Path) }); n >= 0 {
		at = i.Owns[n].Span
	}
	fault(diag.OwnedPathMissing, at, i.Title+" owns paths that its steps do not create", lacks, "")
	fault(diag.ChangesNotKept, i.Span, i.Title+" deletes files of layers below", deletes,
		"the layer of a component with `owns` only adds files, so the image would still have them")
	fault(diag.UncopyableFiles, i.Span, "images cannot store files of "+i.Title, parts["unfit"], "")
	if d == nil {
		return nil
	}
	k := keeping(i, lacks, makes)
	if lacks.total > 0 && !k.instead {
		d.Hint("create them in a `run`, such as `mkdir -p %s`, or remove them from `owns`", lacks.first[0])
	}
	if changes.total > 0 {
		d.Hint("for files that only the build needs, use /tmp or a mount: `with cache` or `with tmpfs`")
	}
	if changes.total > makes.total || deletes.total > 0 {
		d.Hint("to change or delete files of other components, remove `owns`: %s is then stacked on them", i.Title)
	}
	if parts["unfit"].total > 0 {
		d.Hint("remove these files at the end of the `run`")
	}
	switch {
	case makes.total > len(makes.first):
		d.Hint("to keep so many paths, install them below one directory and write `owns` for that; or remove `owns`")
	case makes.total > 0:
		d.Hint("to keep what is new, write `owns %s`", strings.Join(k.shown, ", "))
		d.Edits = k.edits
	}
	return &Finding{Diagnostic: d}
}

// kept is how a declaration can own paths.
type kept struct {
	shown   []string // the strings of the paths, up to a number that people read
	edits   []diag.Edit
	instead bool // of the only path that it lacks
}

// keeping returns how an instance's declaration can own the paths that it makes. There are no edits if
// the paths cannot be written in it, or are not all known.
func keeping(i *model.Instance, lacks, makes listing) (k kept) {
	body, params := declared(i)
	var args []string
	writable := body != nil && makes.total > 0 && makes.total == len(makes.first)
	for _, p := range makes.first {
		arg := written(i, params, p)
		writable = writable && arg != ""
		args = append(args, cmp.Or(arg, strconv.Quote(p)))
	}
	if k.shown = args; len(args) > shown {
		k.shown = append(slices.Clip(args[:shown]), "…")
	}
	if !writable {
		return k
	}
	file, text := i.Span.File, strings.Join(args, ", ")
	at := body.At.Start + 1
	edit := diag.Edit{Span: source.Span{File: file, Start: at, End: at}, New: syntax.LineEnd(file) + "    owns " + text}
	extends := false
	for _, s := range body.Stmts {
		c, ok := s.(*syntax.Clause)
		if !ok || c.Word.Name != "owns" || len(c.Args) == 0 {
			continue
		}
		if a := lackedArgument(i, c, lacks); a != nil {
			edit, k.instead = diag.Edit{Span: a.At, New: text}, true
			break
		}
		switch end := c.Args[len(c.Args)-1].Span().End; {
		case len(c.Options) == 0: // an owner or a mode may not fit
			edit, extends = diag.Edit{Span: source.Span{File: file, Start: end, End: end}, New: ", " + text}, true
		case !extends:
			edit.Span = source.Span{File: file, Start: c.At.End, End: c.At.End}
		}
	}
	k.edits = format.Keep(file, []diag.Edit{edit})
	return k
}

// declared returns the body of an instance's declaration, and its parameters; nil if it has none.
func declared(i *model.Instance) (*syntax.Block, []*syntax.Param) {
	if i.Span.IsZero() {
		return nil, nil
	}
	tree, _ := syntax.Parse(i.Span.File)
	for _, d := range tree.Decls {
		switch d := d.(type) {
		case *syntax.Component:
			if d.Name.At == i.Span {
				return d.Body, d.Params
			}
		case *syntax.App:
			if d.Name.At == i.Span {
				return d.Body, nil
			}
		}
	}
	return nil, nil
}

// lackedArgument is the string of a clause that names the only path that an instance lacks; nil if
// another clause does.
func lackedArgument(i *model.Instance, c *syntax.Clause, lacks listing) *syntax.String {
	if lacks.total != 1 {
		return nil
	}
	for _, a := range c.Args {
		s, ok := a.(*syntax.String)
		if ok && slices.ContainsFunc(i.Owns, func(o model.Own) bool { return o.Span == s.At && o.Path == lacks.first[0] }) {
			return s
		}
	}
	return nil
}

// written is the string of a path, with the parameters whose values it contains as whole words; "" if
// the program cannot contain the path.
func written(i *model.Instance, params []*syntax.Param, p string) string {
	for n, param := range params {
		if n >= len(i.Args) {
			break
		}
		value, err := strconv.Unquote(i.Args[n])
		if err != nil || value == "" {
			continue
		}
		for start := 0; ; {
			k := strings.Index(p[start:], value)
			if k < 0 {
				break
			}
			k += start
			if start = k + len(value); wordEnds(p[:k], p[start:]) {
				before, after := written(i, params, p[:k]), written(i, params, p[start:])
				if before == "" || after == "" {
					return ""
				}
				return strings.TrimSuffix(before, `"`) + "${" + param.Name.Name + "}" + strings.TrimPrefix(after, `"`)
			}
		}
	}
	literal, _ := syntax.Quote(p)
	return literal
}

// wordEnds reports whether no word or dollar sign goes on from one text into what follows it.
func wordEnds(before, after string) bool {
	last, _ := utf8.DecodeLastRuneInString(before)
	next, _ := utf8.DecodeRuneInString(after)
	in := func(r rune) bool { return r == '_' || r == '$' || unicode.IsLetter(r) || unicode.IsDigit(r) }
	return !in(last) && !in(next)
}
