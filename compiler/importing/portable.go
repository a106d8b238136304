package importing

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/layc-lang/layc/lang/lazy"
)

// portable reports whether a command means the same to a shell and to the shell of runs: it has nothing that
// POSIX does not define or that these shells do differently, and no pipeline if the shell has pipefail.
func portable(shell []string, text string) bool {
	name := path.Base(shell[0])
	if name != "bash" && name != "sh" && name != "ash" && name != "dash" {
		return false
	}
	pipefail := false
	for _, w := range shell[1:] {
		switch {
		case w == "pipefail":
			pipefail = true
		case w == "errexit", strings.Trim(w, "-eocx") == "":
		default:
			return false
		}
	}
	if _, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(text), ""); err != nil {
		return false
	}
	f, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), "")
	if err != nil {
		return false
	}
	same := true
	syntax.Walk(f, func(n syntax.Node) bool {
		if b, ok := n.(*syntax.BinaryCmd); ok && b.Op == syntax.Pipe {
			same = same && !pipefail
		}
		same = same && (name != "bash" || !bashOnly(n))
		return same
	})
	return same
}

// bashOnly reports whether a part of a command is Bash's, or means something else to another shell.
func bashOnly(n syntax.Node) bool {
	switch n := n.(type) {
	case *syntax.TestClause, *syntax.ArithmCmd, *syntax.LetClause, *syntax.CoprocClause, *syntax.TimeClause, *syntax.ProcSubst, *syntax.ExtGlob, *syntax.ArrayExpr, *syntax.CStyleLoop:
		return true
	case *syntax.BinaryCmd:
		return n.Op == syntax.PipeAll
	case *syntax.FuncDecl:
		return n.RsrvWord
	case *syntax.ForClause:
		return n.Select
	case *syntax.CaseItem:
		return n.Op != syntax.Break
	case *syntax.DeclClause:
		return declares(n)
	case *syntax.Assign:
		return n.Append || n.Index != nil
	case *syntax.Redirect:
		return n.Op == syntax.WordHdoc || n.Op == syntax.RdrAll || n.Op == syntax.AppAll || n.N != nil && strings.HasPrefix(n.N.Value, "{") ||
			n.Op == syntax.DplOut && !descriptor().MatchString(n.Word.Lit())
	case *syntax.SglQuoted:
		return n.Dollar
	case *syntax.DblQuoted:
		return n.Dollar
	case *syntax.ArithmExp:
		return n.Bracket
	case *syntax.BinaryArithm:
		return n.Op == syntax.Pow || n.Op == syntax.Comma
	case *syntax.UnaryArithm:
		return n.Op == syntax.Inc || n.Op == syntax.Dec
	case *syntax.ParamExp:
		return n.Excl || n.Index != nil || n.Slice != nil || n.Repl != nil || n.Names != 0 || n.Param != nil && bashVariable().MatchString(n.Param.Value) ||
			n.Exp != nil && slices.Contains([]syntax.ParExpOperator{syntax.UpperFirst, syntax.UpperAll, syntax.LowerFirst, syntax.LowerAll, syntax.OtherParamOps}, n.Exp.Op)
	case *syntax.Word:
		copied := *n
		copied.Parts = slices.Clone(n.Parts)
		for _, p := range n.Parts {
			if l, ok := p.(*syntax.Lit); ok && strings.Contains(l.Value, "[^") {
				return true
			}
		}
		return syntax.SplitBraces(&copied) && slices.ContainsFunc(copied.Parts, func(p syntax.WordPart) bool {
			_, braces := p.(*syntax.BraceExp)
			return braces
		})
	case *syntax.CallExpr:
		return len(n.Args) > 0 && bashCall(n.Args)
	}
	return false
}

// declares reports whether export or readonly is like Bash's: other shells split what is not quoted.
func declares(n *syntax.DeclClause) bool {
	if n.Variant.Value != "export" && n.Variant.Value != "readonly" && n.Variant.Value != "local" {
		return true
	}
	for _, a := range n.Args {
		if a.Name == nil || a.Array != nil { // an option, or a list
			return true
		}
		if a.Value != nil && slices.ContainsFunc(a.Value.Parts, func(p syntax.WordPart) bool {
			switch p.(type) {
			case *syntax.Lit, *syntax.SglQuoted, *syntax.DblQuoted:
				return false
			}
			return true
		}) {
			return true
		}
	}
	return false
}

var (
	descriptor   = lazy.Regexp(`^([0-9]+|-)$`)
	bashVariable = lazy.Regexp(`^(BASH.*|E?UID|S?RANDOM|SECONDS|EPOCH.*|HOSTNAME|HOSTTYPE|OSTYPE|MACHTYPE|PIPESTATUS|FUNCNAME|DIRSTACK|GROUPS|SHELLOPTS|SHLVL|REPLY|COPROC)$`)
	bashBuiltins = lazy.Regexp(`^(source|declare|typeset|shopt|pushd|popd|dirs|mapfile|readarray|let|caller|builtin|enable|help|history|disown|suspend|complete|compgen|compopt|logout|bind|function|select|\[\[)$`)
)

// bashCall reports whether a call is of a builtin of Bash, or of one that other shells have with other
// operands.
func bashCall(args []*syntax.Word) bool {
	name := args[0].Lit()
	if bashBuiltins().MatchString(name) {
		return true
	}
	operand := func(pattern string) bool {
		whole := regexp.MustCompile(`^(?:` + pattern + `)$`)
		return slices.ContainsFunc(args[1:], func(w *syntax.Word) bool { return whole.MatchString(printed(w)) })
	}
	switch name {
	case "echo":
		return operand(`(?s).*\\.*|-[eE].*|-n[eE].*`)
	case "printf":
		return operand(`(?s)-v|.*%\(.*|.*%[0-9.-]*q.*|.*\\[xuUeE].*`)
	case "[", "test":
		return operand(`==|=~|-v|-R|-o|<|>`)
	case "read":
		return operand(`-.*[^r-].*`)
	case "set":
		return operand(`[-+][a-zA-Z]*[^-+abCefhmnuvxo][a-zA-Z]*|pipefail|posix|errtrace|functrace|history|histexpand|braceexpand`)
	case "trap":
		return operand(`ERR|DEBUG|RETURN|SIG.*`)
	case "export", "readonly", "unset", "type", "hash", "wait", "exec", "kill":
		return operand(`-[a-zA-Z]*[afgnptPSA].*`)
	case "ulimit":
		return true
	case ".":
		return len(args) != 2 || !strings.Contains(printed(args[1]), "/")
	}
	return false
}

// printed prints a word.
func printed(w *syntax.Word) string {
	var b strings.Builder
	if err := syntax.NewPrinter().Print(&b, w); err != nil {
		return ""
	}
	return strings.Trim(b.String(), `"'`)
}
