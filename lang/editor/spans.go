package editor

import (
	"strings"

	"github.com/layc-lang/layc/lang/source"
	"github.com/layc-lang/layc/lang/syntax"
)

// Kind is what a piece of text is to someone who colours it.
type Kind uint8

const (
	Space Kind = iota
	Comment
	Keyword // a word of the language: of a declaration, statement, clause or option; true and false
	Name
	Number
	String // with quotes and escapes
	Shell  // the text of `run`, without its quotes
	Mark   // operators, brackets and other punctuation, also of interpolations
)

func (k Kind) String() string {
	return [...]string{"space", "comment", "keyword", "name", "number", "string", "shell", "mark"}[k]
}

// Span is a piece of text of one kind.
type Span struct {
	Start, End int
	Kind       Kind
}

// Spans returns the tokens of a file, in order. Strings with interpolations have several spans. In
// a file with errors, words that layc could not read are names.
func Spans(tree *syntax.File) []Span {
	w := words{tree: tree, keywords: map[int]bool{}, keys: map[int]bool{}, texts: map[int]*syntax.String{}, shell: map[int]bool{}}
	for _, i := range tree.Imports {
		w.keywords[i.At.Start] = true
		if i.Alias != nil {
			w.before(i.Alias.At.Start)
		}
	}
	for _, d := range tree.Decls {
		syntax.Inspect(d, w.visit)
	}
	text := tree.Source.Text()
	var all []Span
	for _, t := range tree.Tokens {
		start, end := int(t.Start), int(t.End)
		switch t.Kind {
		case syntax.EOF:
		case syntax.Text, syntax.BlockText:
			all = w.text(all, t)
		case syntax.Word:
			word := text[start:end]
			kind := Name
			if w.keywords[start] || syntax.Reserved(word) && !w.keys[start] {
				kind = Keyword
			}
			all = append(all, Span{start, end, kind})
		default:
			all = append(all, Span{start, end, kinds[t.Kind]})
		}
	}
	return all
}

// kinds has the kinds of tokens whose kind does not depend on the tree; of all others, Mark.
var kinds = func() (all [256]Kind) {
	for i := range all {
		all[i] = Mark
	}
	all[syntax.Comment], all[syntax.Numeral], all[syntax.Bad] = Comment, Number, Name
	return all
}()

// words is what the tree knows about words and strings, by their offsets.
type words struct {
	tree     *syntax.File
	keywords map[int]bool
	keys     map[int]bool // words that are keys, even reserved ones
	texts    map[int]*syntax.String
	shell    map[int]bool
}

// before marks the word before an offset as a keyword.
func (w *words) before(offset int) {
	last := -1
	for _, t := range w.tree.Tokens {
		if int(t.Start) >= offset {
			break
		}
		if t.Kind == syntax.Word {
			last = int(t.Start)
		}
	}
	w.keywords[last] = true
}

func (w *words) visit(n syntax.Node) bool {
	switch n := n.(type) {
	case *syntax.Let, *syntax.Slot, *syntax.Fleet, *syntax.User, *syntax.Component:
		w.keywords[n.Span().Start] = true
	case *syntax.Param:
		if n.At.Start != n.Name.At.Start {
			w.keywords[n.At.Start] = true
		}
	case *syntax.App:
		w.keywords[n.At.Start] = true
		if n.Where != nil {
			w.before(n.Where.Span().Start)
		}
	case *syntax.Generator:
		w.before(n.In.Span().Start)
	case *syntax.Clause:
		w.keywords[n.Word.At.Start] = true
		if f := syntax.FindForm(n.Word.Name, syntax.InComponent); f != nil && f.Takes == syntax.Shell {
			for _, x := range n.Args {
				w.shell[x.Span().Start] = true
			}
		}
	case *syntax.Option:
		w.keywords[n.Word.At.Start] = true
	case *syntax.Assign:
		w.keys[n.Key.At.Start] = true
	case *syntax.Entry:
		w.keys[n.Key.At.Start] = true
	case *syntax.String:
		w.texts[n.At.Start] = n
	}
	return true
}

// text appends the spans of a string: one, or around its interpolations.
func (w *words) text(all []Span, t syntax.Token) []Span {
	start, end := int(t.Start), int(t.End)
	if w.shell[start] {
		quotes := 1
		if t.Kind == syntax.BlockText {
			quotes = 3
		}
		last := end
		if !t.Open {
			last -= quotes
		}
		all = append(all, Span{start, start + quotes, String})
		if last > start+quotes {
			all = append(all, Span{start + quotes, last, Shell})
		}
		if !t.Open {
			all = append(all, Span{last, end, String})
		}
		return all
	}
	if s := w.texts[start]; s != nil {
		for _, p := range s.Parts {
			if p.Expr == nil {
				continue
			}
			all = append(all, Span{start, p.At.Start, String}, Span{p.At.Start, p.At.Start + len("${"), Mark})
			const before = "let x = "
			inner, _ := syntax.Parse(source.New("", before+strings.TrimSuffix(p.At.Text()[len("${"):], "}")))
			for _, s := range Spans(inner)[3:] {
				by := p.At.Start + len("${") - len(before)
				all = append(all, Span{s.Start + by, s.End + by, s.Kind})
			}
			all = append(all, Span{p.At.End - 1, p.At.End, Mark})
			start = p.At.End
		}
	}
	return append(all, Span{start, end, String})
}
