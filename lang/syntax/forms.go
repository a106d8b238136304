package syntax

// The clauses of the language as data. The parser reads from this table which
// clauses there are, where they stand and what follows their word; the
// formatter groups by it, completion offers it, the documentation prints it.

// Mood is what a clause's word says about it: a verb in the third person states
// a property, an imperative is a step, a noun is configuration. The formatter
// puts moods in this order.
type Mood uint8

const (
	Property      Mood = iota + 1 // true of the whole; order does not matter
	Step                          // done in order
	Configuration                 // of the image; order does not matter
)

func (m Mood) String() string {
	return [...]string{"", "property", "step", "configuration"}[m]
}

// Place is a set of kinds of declaration whose blocks a clause may stand in.
type Place uint8

const (
	InFleet Place = 1 << iota
	InComponent
	InApp
	InUser
)

// String names the places of the set: "fleet", "component or app".
func (p Place) String() string {
	s := ""
	for i, name := range [...]string{"fleet", "component", "app", "user"} {
		if p&(1<<i) == 0 {
			continue
		}
		if s != "" {
			s += " or "
		}
		s += name
	}
	return s
}

// Operand is what follows a word.
type Operand uint8

const (
	Nothing Operand = iota // repeatable
	One                    // an expression
	Many                   // expressions with commas between them
	Shell                  // text that is the shell's: neither interpolation nor escapes
	Bare                   // a name that refers to nothing, such as a secret's
	Pair                   // KEY = VALUE
	Append                 // KEY = VALUE or KEY += VALUE
	Items                  // items with commas between them, each a word with operands
)

func (o Operand) String() string {
	return [...]string{"nothing", "value", "values", "shell text", "name", "key = value", "key += value", "items"}[o]
}

// Form is the form of one clause.
type Form struct {
	Word    string
	Mood    Mood
	In      Place
	Takes   Operand
	Options []OptionForm
	// Elsewhere is the word that says in another place what this one says here:
	// an app `uses` what a component `needs`.
	Elsewhere string
	Doc       string // one line: what the clause says
}

// OptionForm is the form of one option of a clause, or of one item. Options may
// stand in any order, each at most once.
type OptionForm struct {
	Word     string
	Takes    Operand
	Required bool   // together with Choice: one of the choice is required
	Choice   string // options of equal choice exclude each other
	Instead  bool   // stands where the clause's operand would
	After    string // only where this option stands too
	Items    []OptionForm
	Options  []OptionForm // of an item
	Doc      string
}

// Option returns the form of that option, or nil.
func (f *Form) Option(word string) *OptionForm { return findOption(f.Options, word) }

func findOption(options []OptionForm, word string) *OptionForm {
	for i := range options {
		if options[i].Word == word {
			return &options[i]
		}
	}
	return nil
}

// isOption reports whether any clause has an option of that word.
func isOption(word string) bool {
	for i := range forms {
		if forms[i].Option(word) != nil {
			return true
		}
	}
	return false
}

// isItem reports whether what a command has for its run begins with that word.
func isItem(word string) bool {
	for i := range forms {
		for _, o := range forms[i].Options {
			if findOption(o.Items, word) != nil {
				return true
			}
		}
	}
	return false
}

func optionWords(forms []OptionForm) []string {
	words := make([]string, len(forms))
	for i := range forms {
		words[i] = forms[i].Word
	}
	return words
}

// Forms returns the forms of all clauses: properties, steps, configuration, and
// the parts of a user declaration. The caller must not change them.
func Forms() []Form { return forms }

// FindForm returns the form of the clause of that word in that place, or nil.
func FindForm(word string, in Place) *Form {
	for _, f := range formsByWord[word] {
		if f.In&in != 0 {
			return f
		}
	}
	return nil
}

var formsByWord = func() map[string][]*Form {
	m := make(map[string][]*Form, len(forms))
	for i := range forms {
		m[forms[i].Word] = append(m[forms[i].Word], &forms[i])
	}
	return m
}()

// places is where the clauses of a word may stand.
func places(word string) Place {
	in := Place(0)
	for _, f := range formsByWord[word] {
		in |= f.In
	}
	return in
}

// allWords are the words of all clauses.
func allWords() []string {
	all := make([]string, len(forms))
	for i := range forms {
		all[i] = forms[i].Word
	}
	return all
}

// clausesWith are the clauses of a place that have an option of that word.
func clausesWith(word string, in Place) []string {
	var all []string
	for i := range forms {
		if forms[i].In&in != 0 && forms[i].Option(word) != nil {
			all = append(all, forms[i].Word)
		}
	}
	return all
}

// docOf is what a clause or an option says, "" where that depends on the clause.
func docOf(word string) string {
	doc := ""
	if all := formsByWord[word]; len(all) > 0 {
		return all[0].Doc
	}
	for i := range forms {
		if o := forms[i].Option(word); o != nil {
			if doc != "" && doc != o.Doc {
				return ""
			}
			doc = o.Doc
		}
	}
	return doc
}

var (
	owner  = OptionForm{Word: "owner", Takes: One, Doc: "user and group: numbers, or a declared user"}
	mode   = OptionForm{Word: "mode", Takes: One, Doc: "permissions: 0644 or \"g+rw\""}
	target = OptionForm{Word: "to", Takes: One, Required: true, Doc: "the path in the image; with a final / into it"}
	sha256 = OptionForm{Word: "sha256", Takes: One, Choice: "checksum", Doc: "the content's SHA-256 in hex"}
	sha512 = OptionForm{Word: "sha512", Takes: One, Choice: "checksum", Doc: "the content's SHA-512 in hex"}
)

var forms = []Form{
	// Properties.
	{Word: "base", Mood: Property, In: InFleet | InApp, Takes: One,
		Doc: "the system that images stand on"},
	{Word: "registry", Mood: Property, In: InFleet, Takes: One,
		Doc: "where images are pushed"},
	{Word: "platforms", Mood: Property, In: InFleet, Takes: Many,
		Doc: "the platforms that images are built for, as os/arch"},
	{Word: "layers", Mood: Property, In: InFleet | InApp, Takes: One,
		Doc: "the most layers that an image may have"},
	{Word: "secret", Mood: Property, In: InFleet, Takes: Bare,
		Doc: "a secret that steps may ask for"},
	{Word: "uses", Mood: Property, In: InApp, Takes: Many, Elsewhere: "needs",
		Doc: "the components that the app chooses"},
	{Word: "tag", Mood: Property, In: InApp, Takes: One,
		Doc: "the image's tag"},
	{Word: "replicas", Mood: Property, In: InApp, Takes: One,
		Doc: "how many hosts run the app"},
	{Word: "needs", Mood: Property, In: InComponent, Takes: Many, Elsewhere: "uses",
		Doc: "what must be there, in the build and in the image"},
	{Word: "builds", Mood: Property, In: InComponent, Takes: Nothing, Options: []OptionForm{
		{Word: "with", Takes: Many, Required: true, Choice: "help", Doc: "what must be there in the build only"},
		{Word: "on", Takes: One, Required: true, Choice: "help", Doc: "the base to build on instead of the fleet's"},
	}, Doc: "what the build alone needs, or stands on"},
	{Word: "runs", Mood: Property, In: InComponent, Takes: Nothing, Options: []OptionForm{
		{Word: "with", Takes: Many, Required: true, Doc: "what must be there in the image only"},
	}, Doc: "what the image alone needs"},
	{Word: "after", Mood: Property, In: InComponent, Takes: Many,
		Doc: "what lies lower where both are in an image"},
	{Word: "fills", Mood: Property, In: InComponent, Takes: Many,
		Doc: "the slots that the component provides"},
	{Word: "replaces", Mood: Property, In: InComponent | InApp, Takes: Many,
		Doc: "the components whose place it takes; in an app, whose files its own steps may write over"},
	{Word: "repeatable", Mood: Property, In: InComponent, Takes: Nothing,
		Doc: "several instances may be in one image"},
	{Word: "owns", Mood: Property, In: InComponent | InApp, Takes: Many, Options: []OptionForm{owner, mode},
		Doc: "the paths that it writes, and nothing else does"},
	{Word: "changes", Mood: Property, In: InComponent | InApp, Takes: One, Options: []OptionForm{
		{Word: "with", Takes: One, Instead: true, Doc: "a component that is released together with this one"},
	}, Doc: "how often its content changes: monthly, 12/year"},
	{Word: "size", Mood: Property, In: InComponent | InApp, Takes: One,
		Doc: "how large its layer is, compressed"},
	{Word: "update", Mood: Property, In: InComponent, Takes: One,
		Doc: "how often unpinned content is refreshed by `layc update`"},
	{Word: "publish", Mood: Property, In: InComponent, Takes: One,
		Doc: "the name under which the base image that ends here is published"},
	{Word: "image", Mood: Property, In: InComponent, Takes: One,
		Doc: "a base system: an image reference"},
	{Word: "layout", Mood: Property, In: InComponent, Takes: One,
		Doc: "a base system: an OCI layout directory"},
	{Word: "rootfs", Mood: Property, In: InComponent, Takes: Many, Options: []OptionForm{sha256, sha512},
		Doc: "a base system: a root file system archive, with mirrors"},
	{Word: "distribution", Mood: Property, In: InComponent, Takes: One, Options: []OptionForm{
		{Word: "suite", Takes: One, Required: true, Doc: "the release"},
		{Word: "with", Takes: Many, Doc: "further archives of the release: updates, security"},
	}, Doc: "a base system: a distribution, from its packages"},

	// Steps.
	{Word: "copy", Mood: Step, In: InComponent | InApp, Takes: Many, Options: []OptionForm{
		{Word: "from", Takes: One, Doc: "the component whose content is copied, instead of the context"},
		target, owner, mode,
		{Word: "include", Takes: Many, Doc: "globs: only these"},
		{Word: "exclude", Takes: Many, Doc: "globs: not these"},
	}, Doc: "copies files and directories"},
	{Word: "fetch", Mood: Step, In: InComponent | InApp, Takes: Many, Options: []OptionForm{
		sha256, sha512,
		{Word: "unpack", Takes: Nothing, Doc: "unpacks the archive"},
		{Word: "strip", Takes: One, After: "unpack", Doc: "how many leading path elements to drop"},
		{Word: "limit", Takes: One, After: "unpack", Doc: "how much the archive may hold, if it is unusually much for its size"},
		target, owner, mode,
	}, Doc: "downloads a file from a URL or its mirrors"},
	{Word: "run", Mood: Step, In: InComponent | InApp, Takes: Shell, Options: []OptionForm{
		{Word: "as", Takes: One, Doc: "the user who runs it, instead of root"},
		{Word: "in", Takes: One, Doc: "the directory to run it in, instead of /"},
		{Word: "with", Takes: Items, Items: []OptionForm{
			{Word: "cache", Takes: One, Doc: "a directory kept between builds"},
			{Word: "bind", Takes: One, Options: []OptionForm{
				{Word: "from", Takes: One, Doc: "the component whose content is shown, instead of the context"},
				target,
			}, Doc: "files shown to the command"},
			{Word: "secret", Takes: Bare, Options: []OptionForm{
				{Word: "as", Takes: Bare, Choice: "place", Doc: "the variable that holds it"},
				{Word: "to", Takes: One, Choice: "place", Doc: "the file that holds it"},
			}, Doc: "a secret of the fleet"},
			{Word: "ssh", Takes: Nothing, Doc: "the user's SSH agent"},
			{Word: "tmpfs", Takes: One, Doc: "a directory in memory"},
			{Word: "env", Takes: Pair, Doc: "a variable for this command alone"},
			{Word: "network", Takes: One, Doc: "none: no network"},
		}, Doc: "what the command has for its run"},
	}, Doc: "runs a command in the shell"},
	{Word: "file", Mood: Step, In: InComponent | InApp, Takes: One, Options: []OptionForm{
		{Word: "text", Takes: One, Required: true, Choice: "content", Doc: "the whole content"},
		{Word: "append", Takes: One, Required: true, Choice: "content", Doc: "a fragment of content that several share"},
		owner, mode,
	}, Doc: "writes a file"},
	{Word: "dir", Mood: Step, In: InComponent | InApp, Takes: Many, Options: []OptionForm{owner, mode},
		Doc: "makes directories"},
	{Word: "link", Mood: Step, In: InComponent | InApp, Takes: One, Options: []OptionForm{
		{Word: "to", Takes: One, Required: true, Doc: "what the link points at"},
	}, Doc: "makes a symbolic link"},

	// Configuration.
	{Word: "env", Mood: Configuration, In: InComponent | InApp, Takes: Append, Options: []OptionForm{
		{Word: "by", Takes: One, Doc: "what += joins with"},
	}, Doc: "sets, or with += extends, a variable"},
	{Word: "label", Mood: Configuration, In: InComponent | InApp, Takes: Pair,
		Doc: "sets a label"},
	{Word: "user", Mood: Configuration, In: InComponent | InApp, Takes: One,
		Doc: "who runs the container"},
	{Word: "workdir", Mood: Configuration, In: InComponent | InApp, Takes: One,
		Doc: "where the container starts"},
	{Word: "expose", Mood: Configuration, In: InComponent | InApp, Takes: Many,
		Doc: "the ports that it listens on"},
	{Word: "volume", Mood: Configuration, In: InComponent | InApp, Takes: Many,
		Doc: "the paths that are volumes"},
	{Word: "entrypoint", Mood: Configuration, In: InComponent | InApp, Takes: One,
		Doc: "what the container runs"},
	{Word: "command", Mood: Configuration, In: InComponent | InApp, Takes: One,
		Doc: "the entrypoint's default arguments"},
	{Word: "stopsignal", Mood: Configuration, In: InComponent | InApp, Takes: One,
		Doc: "the signal that stops the container"},
	{Word: "shell", Mood: Configuration, In: InComponent | InApp, Takes: One,
		Doc: "the shell of commands in text form"},
	{Word: "healthcheck", Mood: Configuration, In: InComponent | InApp, Takes: One, Options: []OptionForm{
		{Word: "every", Takes: One, Doc: "the time between checks"},
		{Word: "timeout", Takes: One, Doc: "the time that a check may take"},
		{Word: "start", Takes: One, Doc: "the time that the start may take"},
		{Word: "retries", Takes: One, Doc: "how many checks may fail"},
	}, Doc: "the command that tells whether the container is well, or none"},
	{Word: "test", Mood: Configuration, In: InComponent | InApp, Takes: One, Options: []OptionForm{
		{Word: "prints", Takes: One, Required: true, Doc: "what its output contains"},
	}, Doc: "a command that shows that it works"},

	// Parts of a user declaration.
	{Word: "uid", Mood: Property, In: InUser, Takes: One, Doc: "the user's number"},
	{Word: "gid", Mood: Property, In: InUser, Takes: One, Doc: "the number of the user's own group"},
	{Word: "home", Mood: Property, In: InUser, Takes: One, Doc: "the home directory"},
	{Word: "shell", Mood: Property, In: InUser, Takes: One, Doc: "the login shell"},
	{Word: "groups", Mood: Property, In: InUser, Takes: Many, Doc: "further groups"},
}
