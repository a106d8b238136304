package diag

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/layc-lang/layc/lang/source"
)

var update = flag.Bool("update", false, "rewrite goldens, and fail")

// TestRender compares the display of findings in all forms with testdata/render.txtar.
func TestRender(t *testing.T) {
	a := source.New("a.layer", "one two three\n\tfour five\nsix\n\nseven\n日本 \x1b[31m eight\n")
	b := source.New("dir/b.layer", strings.Repeat("x", 300)+" target "+strings.Repeat("y", 300)+"\n")
	at := func(f *source.File, s string) source.Span {
		i := strings.Index(f.Text(), s)
		if i < 0 {
			t.Fatalf("%q is not in the file", s)
		}
		return source.Span{File: f, Start: i, End: i + len(s)}
	}
	one := func(make func(*List)) List { var l List; make(&l); return l }
	cases := map[string]List{
		"plain": one(func(l *List) { l.Errorf("E0001", at(a, "two"), "this is wrong") }),
		"no place": one(func(l *List) {
			l.Errorf("E0002", source.Span{}, "nothing is right").Note("a note").Hint("some help")
		}),
		"one line, three labels": one(func(l *List) {
			l.Warnf("E0003", at(a, "two"), "three things").At("the second").
				See(at(a, "one"), "the first").See(at(a, "three"), "the third")
		}),
		"lines apart": one(func(l *List) {
			l.Errorf("E0004", at(a, "six"), "far away").At("here").
				See(at(a, "five"), "near").See(at(a, "seven"), "one line between").See(at(a, "eight"), "after an escape")
		}),
		"across lines": one(func(l *List) { l.Errorf("E0005", at(a, "five\nsix\n\nseven"), "long").At("all of it") }),
		"empty span":   one(func(l *List) { l.Errorf("E0006", source.Span{File: a, Start: 3, End: 3}, "between").At("here") }),
		"end of file": one(func(l *List) {
			n := len(a.Text())
			l.Errorf("E0007", source.Span{File: a, Start: n, End: n}, "more is missing")
		}),
		"two files and a long line": one(func(l *List) {
			l.Errorf("E0008", at(b, "target"), "too long").At("this").See(at(a, "one"), "because of this")
		}),
		"edits": one(func(l *List) {
			l.Errorf("E0009", at(a, "two"), "misspelt").Hint("the reason").Hint("write it so").
				Fix(at(a, "two"), "2").Fix(source.Span{File: a, Start: 13, End: 13}, " more").Fix(at(a, "four"), "4")
		}),
		"order and repetition": one(func(l *List) {
			l.Errorf("E0002", at(a, "two"), "second")
			l.Errorf("E0001", at(a, "one"), "first")
			l.Errorf("E0002", at(a, "two"), "second")
		}),
		"wide characters": one(func(l *List) { l.Errorf("E0001", at(a, "本"), "a wide one").At("two columns") }),
	}
	const golden = "../../testdata/diag/render.txtar"
	archive, err := txtar.ParseFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	changed := false
	seen := map[string]bool{}
	for i, f := range archive.Files {
		var got bytes.Buffer
		if err := Render(&got, cases[f.Name], Options{Width: 80}); err != nil {
			t.Fatal(err)
		}
		seen[f.Name] = true
		if got.String() != string(f.Data) {
			t.Errorf("%s: got\n%s\nwant\n%s", f.Name, got.String(), f.Data)
			archive.Files[i].Data, changed = got.Bytes(), true
		}
	}
	for name := range cases {
		if !seen[name] {
			t.Errorf("%s has no golden", name)
		}
	}
	if *update && changed {
		if err := os.WriteFile(golden, txtar.Format(archive), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRenderColor(t *testing.T) {
	f := source.New("a.layer", "one\n")
	var l List
	l.Errorf("E0001", source.Span{File: f, Start: 0, End: 3}, "wrong").At("here")
	var plainText, colored bytes.Buffer
	if err := Render(&plainText, l, Options{}); err != nil {
		t.Fatal(err)
	}
	if err := Render(&colored, l, Options{Color: true}); err != nil {
		t.Fatal(err)
	}
	s := colored.String()
	for _, c := range []string{red, yellow, blue, green, bold, plain} {
		s = strings.ReplaceAll(s, c, "")
	}
	if s != plainText.String() || s == colored.String() {
		t.Errorf("without colours: got %q, want %q", colored.String(), plainText.String())
	}
}

// Without a terminal, remarks are wrapped like all output of layc, and source lines are shown up to the
// usual width of code.
func TestRenderWithoutTerminal(t *testing.T) {
	long := strings.TrimSpace(strings.Repeat("word ", 40))
	f := source.New("a.layer", long[:110]+"\n")
	var l List
	l.Errorf("E0001", source.Span{File: f, Start: 0, End: 4}, "wrong").Note("%s", long).Hint("%s", long).Fix(source.Span{File: f, End: 4}, "WORD")
	var out bytes.Buffer
	if err := Render(&out, l, Options{}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		line = strings.TrimRight(line, "\n")
		if isSource := strings.HasPrefix(line, "1 |"); isSource != (len(line) > 80) {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
}

func TestJSON(t *testing.T) {
	f := source.New("a.layer", "one\ntwo\n")
	at := source.Span{File: f, Start: 4, End: 7}
	var l List
	l.Errorf("E0001", at, "wrong").At("here").See(source.Span{File: f, End: 3}, "there").
		Note("why").Hint("do").Fix(at, "2")
	l.Warnf("E0002", source.Span{}, "somewhere")
	got, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	const place = `"file":"a.layer","line":2,"column":1,"endLine":2,"endColumn":4`
	want := `[{` + place + `,"code":"E0001","severity":"error","message":"wrong","label":"here",` +
		`"labels":[{"file":"a.layer","line":1,"column":1,"endLine":1,"endColumn":4,"text":"there"}],` +
		`"notes":["why"],"help":["do"],"edits":[{` + place + `,"new":"2"}]},` +
		`{"code":"E0002","severity":"warning","message":"somewhere"}]`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, d := range l {
		text, _ := json.Marshal(d)
		read, err := Read(text, func(name string) *source.File {
			if name != "a.layer" {
				return nil
			}
			return f
		})
		if err != nil || !reflect.DeepEqual(read, d) {
			t.Errorf("%s is read as %+v, %v", text, read, err)
		}
		if read, err := Read(text, func(string) *source.File { return nil }); err != nil || len(read.Labels)+len(read.Edits) > 0 || !read.Span.IsZero() || read.Message != d.Message {
			t.Errorf("without the file, %s is read as %+v, %v", text, read, err)
		}
	}
	if d, err := Read([]byte(`{"line": "x"}`), nil); err == nil {
		t.Errorf("a line that is not a number is read as %+v", d)
	}
}

// TestJSONAltered checks that edits are not written if output would alter one of them.
func TestJSONAltered(t *testing.T) {
	f := source.New("a.layer", "x\n")
	at := source.Span{File: f, End: 1}
	for text, kept := range map[string]bool{
		`fetch "https://me:secret@example.com/x"`: false, "\u202e": false, "\x7f": false, "ü <&> \t\x1b\n": true,
	} {
		var l List
		d := l.Errorf("E0001", at, "wrong").Fix(at, "fine").Fix(at, text)
		if got, err := json.Marshal(d); err != nil || strings.Contains(string(got), "edits") != kept {
			t.Errorf("%q: got %s, %v", text, got, err)
		}
	}
}

func TestNearest(t *testing.T) {
	words := []string{"copy", "command", "component", "needs", "uses", "env", "expose"}
	for name, want := range map[string]string{
		"cpoy": "copy", "COPY": "copy", "comand": "command", "componnet": "component", "need": "needs",
		"exposes": "expose", "use": "uses", "en": "env", "x": "", "zebra": "", "": "",
		strings.Repeat("copy", 100): "",
		"pp":                        "p", "qrs": "qr", "q": "qr", "r": "",
	} {
		if got := Nearest(name, append(words, "p", "qr")); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestApply(t *testing.T) {
	f := source.New("a.layer", "one two three")
	edits := []Edit{
		{source.Span{File: f, Start: 8, End: 13}, "3"},
		{source.Span{File: f, Start: 0, End: 3}, "1"},
		{source.Span{File: f, Start: 2, End: 5}, "overlaps"},
	}
	if got, want := Apply(f, edits), "1 two 3"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Rendering ends for edits at any places of a file.
func TestRenderEdits(t *testing.T) {
	f := source.New("a.layer", "one\r\n\rtwo\r\n\r")
	for start := range len(f.Text()) + 1 {
		for end := start; end <= len(f.Text()); end++ {
			var l List
			at := source.Span{File: f, Start: start, End: end}
			l.Errorf("E0001", at, "wrong").Hint("do it").Fix(at, "new").Fix(source.Span{File: f, Start: end, End: end}, "}")
			var out bytes.Buffer
			if err := Render(&out, l, Options{}); err != nil {
				t.Error(err)
			}
			if !strings.Contains(out.String(), "help: do it") {
				t.Errorf("edits %d to %d: no help in\n%s", start, end, out.String())
			}
		}
	}
}

// Edits of several whole lines are shown line by line, without blank lines.
func TestRenderWholeLines(t *testing.T) {
	for text, want := range map[string]string{
		"one\n# two\nthree\n\nfour\n":           "2 - # two\n3 - three\n",
		"one\r\n# two\r\nthree\r\n\r\nfour\r\n": "2 - # two\n3 - three\n",
		"one\n# two\nthree":                     "2 - # two\n3 - three\n",
	} {
		f := source.New("a.layer", text)
		at := source.Span{File: f, Start: f.LineStart(2), End: f.LineStart(5)}
		var l List
		l.Errorf("E0001", at, "wrong").Hint("do it").Fix(at, "")
		l.Errorf("E0001", source.Span{File: f, End: 3}, "wrong").Hint("do it").Fix(source.Span{File: f}, "zero\n\n")
		var out bytes.Buffer
		if err := Render(&out, l, Options{}); err != nil {
			t.Error(err)
		}
		for _, want := range []string{"help: do it\n  |\n" + want, "help: do it\n  |\n1 + zero\n"} {
			if !strings.Contains(out.String(), want) || strings.Contains(out.String(), "4 -") || strings.Contains(out.String(), "2 +") {
				t.Errorf("%q: no %q in\n%s", text, want, out.String())
			}
		}
	}
}

func TestSummary(t *testing.T) {
	var l List
	if got := Summary(l); got != "" {
		t.Errorf("got %q for nothing", got)
	}
	l.Errorf("E0001", source.Span{}, "a")
	l.Errorf("E0001", source.Span{}, "b")
	l.Warnf("E0001", source.Span{}, "c")
	if got, want := Summary(l), "2 errors and 1 warning"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
