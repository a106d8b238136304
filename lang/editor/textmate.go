package editor

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// scopes are the names of kinds in TextMate's grammars.
var scopes = map[kind]string{
	comment: "comment.line.number-sign", declaration: "storage.type", clauseWord: "keyword.other.clause",
	optionWord: "keyword.other.option", control: "keyword.control", boolean: "constant.language",
	value: "support.constant", name: "variable.other", declared: "entity.name.type", function: "entity.name.function",
	key: "variable.other.property", typeName: "support.type", number: "constant.numeric", text: "string.quoted.double",
	escape: "constant.character.escape", inserted: "punctuation.section.interpolation", operator: "keyword.operator",
	punctuation: "punctuation",
}

func scope(k kind) string { return scopes[k] + ".layer" }

// tm is a rule of a TextMate grammar.
type tm struct {
	Include       string             `json:"include,omitempty"`
	Name          string             `json:"name,omitempty"`
	ContentName   string             `json:"contentName,omitempty"`
	Match         string             `json:"match,omitempty"`
	Captures      map[string]capture `json:"captures,omitempty"`
	Begin         string             `json:"begin,omitempty"`
	BeginCaptures map[string]capture `json:"beginCaptures,omitempty"`
	End           string             `json:"end,omitempty"`
	While         string             `json:"while,omitempty"`
	EndCaptures   map[string]capture `json:"endCaptures,omitempty"`
	Patterns      []tm               `json:"patterns,omitempty"`
}

type capture struct {
	Name     string `json:"name,omitempty"`
	Patterns []tm   `json:"patterns,omitempty"`
}

// textMate returns the grammar for TextMate, VS Code and GitHub.
func textMate() string {
	all, order := sets()
	type set struct {
		Patterns []tm `json:"patterns"`
	}
	grammar := struct {
		Comment    string         `json:"comment"`
		Name       string         `json:"name"`
		ScopeName  string         `json:"scopeName"`
		FileTypes  []string       `json:"fileTypes"`
		Patterns   []tm           `json:"patterns"`
		Repository map[string]set `json:"repository"`
	}{"Made by layc's lang/editor from the table of clauses.", "Layer", "source.layer", []string{"layer"},
		[]tm{{Include: "#file"}}, map[string]set{}}
	for _, name := range order {
		s := set{[]tm{}}
		for _, r := range all[name] {
			s.Patterns = append(s.Patterns, textMateRule(r)...)
		}
		grammar.Repository[name] = s
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(grammar); err != nil {
		panic(err) // structs of strings have JSON
	}
	return b.String()
}

func textMateRule(r rule) []tm {
	switch {
	case r.include != "":
		return []tm{{Include: "#" + r.include}}
	case r.shell:
		return textMateShell()
	case r.match != "":
		t := tm{Match: r.match, Captures: captures(r.groups)}
		if r.kind != "" {
			t.Name = scope(r.kind)
		}
		return []tm{t}
	}
	t := tm{Begin: r.begin, End: r.end, BeginCaptures: captures(r.groups)}
	if r.ends != "" {
		t.EndCaptures = map[string]capture{"0": {Name: scope(r.ends)}}
	}
	if r.kind != "" {
		t.Name = scope(r.kind)
	}
	for _, inner := range r.rules {
		t.Patterns = append(t.Patterns, textMateRule(inner)...)
	}
	return []tm{t}
}

func captures(groups []kind) map[string]capture {
	if len(groups) == 0 {
		return nil
	}
	all := map[string]capture{}
	for i, k := range groups {
		if k == "" {
			continue
		}
		all[fmt.Sprint(i+1)] = capture{Name: scope(k)}
	}
	return all
}

// textMateShell returns the rules of the text of a run. The rules of the shell see either a capture
// or lines without the closing quotes (`while` ends all rules inside), so they end with the text.
func textMateShell() []tm {
	const (
		character = `(?:[^"\\\n]|\\.)`
		line      = `(?:[^"\\\n]|\\.|\\$|"(?!""))`
		shell     = "meta.embedded.block.shellscript"
	)
	quotes := map[string]capture{"0": {Name: scope(text)}}
	content := capture{Name: shell, Patterns: []tm{{Include: "source.shell"}}}
	return []tm{
		{Begin: `\G"""`, BeginCaptures: quotes, End: `"""`, EndCaptures: quotes, Patterns: []tm{
			{Begin: `(?:\G|^)(?!` + line + `*""")`, While: `^(?!` + line + `*""")`, ContentName: shell, Patterns: content.Patterns},
			{Match: `(` + line + `+)`, Captures: map[string]capture{"1": content}},
		}},
		{Match: `\G(")(` + character + `*)("|$)`, Captures: map[string]capture{"1": {Name: scope(text)}, "2": content, "3": {Name: scope(text)}}},
	}
}
