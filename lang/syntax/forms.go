package syntax

// The clauses of the language as data. This table defines the clauses, where they are
// allowed and what follows their word. The parser, the formatter's groups, completion and
// the documentation use it.

// Mood is the grammatical mood of a clause's word: a verb in the third person states a
// property, an imperative is a step, a noun is configuration. The formatter puts clauses in
// this order.
type Mood uint8

const (
	Property      Mood = iota + 1 // describes the whole; order does not matter
	Step                          // done in order
	Configuration                 // of the image; order does not matter
)

func (m Mood) String() string {
	return [...]string{"", "property", "step", "configuration"}[m]
}

// Place is a set of the kinds of declarations that allow a clause in their blocks.
type Place uint8

const (
	InFleet Place = 1 << iota
	InComponent
	InApp
	InUser
)

// String lists the kinds of the set: "fleet", "component or app".
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

// Operand is the kind of operand that follows a word.
type Operand uint8

const (
	Nothing Operand = iota // repeatable
	One                    // an expression
	Many                   // expressions, separated by commas
	Shell                  // a string for the shell: without interpolation and escapes
	Bare                   // a name without a declaration, such as a secret's
	Pair                   // KEY = VALUE
	Append                 // KEY = VALUE or KEY += VALUE
	Items                  // items with commas between them, each a word with operands
)

func (o Operand) String() string {
	return [...]string{"nothing", "value", "values", "shell text", "name", "key = value", "key += value", "items"}[o]
}

// Form is the form of a clause.
type Form struct {
	Word    string
	Mood    Mood
	In      Place
	Takes   Operand
	Options []OptionForm
	// Elsewhere is the word for the same thing in another place: an app `uses` what a
	// component `needs`.
	Elsewhere string
	// Misplaced is what to write where the clause is not allowed; "" means to move it.
	Misplaced string
	Words     []string // words that it takes as its value
	Periods   []string // it takes a number of times per one of these: 12/year
	Doc       string   // one line: what the clause does
}

// OptionForm is the form of an option of a clause or of an item. Options may be in any order,
// each at most once.
type OptionForm struct {
	Word     string
	Takes    Operand
	Required bool   // with Choice: one option of the choice is required
	Choice   string // options of the same choice exclude each other
	Instead  bool   // replaces the clause's operand
	After    string // requires this option
	Items    []OptionForm
	Options  []OptionForm // of an item
	Words    []string     // words that it takes as its value
	Doc      string
}

// Option returns the form of the option with that word, or nil.
func (f *Form) Option(word string) *OptionForm { return findOption(f.Options, word) }

func findOption(options []OptionForm, word string) *OptionForm {
	for i := range options {
		if options[i].Word == word {
			return &options[i]
		}
	}
	return nil
}

// isOption reports whether any clause has an option with that word.
func isOption(word string) bool {
	for i := range forms {
		if forms[i].Option(word) != nil {
			return true
		}
	}
	return false
}

// isItem reports whether any item of a run begins with that word.
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

// Forms returns the forms of all clauses: properties, steps, configuration, and the parts of
// a user declaration. The caller must not modify them.
func Forms() []Form { return forms }

// FindForm returns the form of a clause by its word and place, or nil.
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

// places returns the places that allow the clauses of a word.
func places(word string) Place {
	in := Place(0)
	for _, f := range formsByWord[word] {
		in |= f.In
	}
	return in
}

// allWords returns the words of all clauses.
func allWords() []string {
	all := make([]string, len(forms))
	for i := range forms {
		all[i] = forms[i].Word
	}
	return all
}

// clausesWith returns the clauses of a place that have an option with that word.
func clausesWith(word string, in Place) []string {
	var all []string
	for i := range forms {
		if forms[i].In&in != 0 && forms[i].Option(word) != nil {
			all = append(all, forms[i].Word)
		}
	}
	return all
}

// docOf returns the documentation of a clause or an option, "" if it depends on the clause.
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
	owner  = OptionForm{Word: "owner", Takes: One, Doc: "the user and group: numbers, or a declared user"}
	mode   = OptionForm{Word: "mode", Takes: One, Doc: "the permissions: 0644 or \"g+rw\""}
	target = OptionForm{Word: "to", Takes: One, Required: true, Doc: "the path in the image; a final / means a directory"}
	sha256 = OptionForm{Word: "sha256", Takes: One, Choice: "checksum", Doc: "the content's SHA-256 in hex"}
	sha512 = OptionForm{Word: "sha512", Takes: One, Choice: "checksum", Doc: "the content's SHA-512 in hex"}
)

var forms = []Form{
	// Properties.
	{Word: "base", Mood: Property, In: InFleet | InApp, Takes: One,
		Doc: "the base of the images"},
	{Word: "identity", Mood: Property, In: InFleet, Takes: One,
		Doc: "the name of the fleet, which tells its images from others in an OCI layout"},
	{Word: "registry", Mood: Property, In: InFleet, Takes: One,
		Doc: "the registry to push images to"},
	{Word: "naming", Mood: Property, In: InFleet, Takes: One,
		Doc: "how images are named, instead of {registry}/{app}:{tag}"},
	{Word: "platforms", Mood: Property, In: InFleet, Takes: Many,
		Doc: "the platforms to build images for, as os/arch"},
	{Word: "builder", Mood: Property, In: InFleet, Takes: One,
		Doc: "the platform that `builds cross` builds on, as os/arch"},
	{Word: "layers", Mood: Property, In: InFleet | InApp, Takes: One,
		Doc: "the maximum number of layers of an image"},
	{Word: "secret", Mood: Property, In: InFleet, Takes: Bare,
		Doc: "a secret that steps can use"},
	{Word: "uses", Mood: Property, In: InApp, Takes: Many, Elsewhere: "needs",
		Doc: "the components that the app chooses"},
	{Word: "tag", Mood: Property, In: InApp, Takes: One,
		Doc: "the image's tag"},
	{Word: "replicas", Mood: Property, In: InApp, Takes: One,
		Doc: "how many hosts run the app"},
	{Word: "needs", Mood: Property, In: InComponent, Takes: Many, Elsewhere: "uses",
		Doc: "components needed in the build and in the image"},
	{Word: "builds", Mood: Property, In: InComponent, Takes: Nothing, Options: []OptionForm{
		{Word: "with", Takes: Many, Required: true, Choice: "help", Doc: "components needed only in the build"},
		{Word: "on", Takes: One, Required: true, Choice: "help", Doc: "the base to build on, instead of the base of the fleet"},
		{Word: "cross", Takes: Nothing, Required: true, Choice: "help", Doc: "builds on the fleet's builder, for the platform of the image"},
	}, Doc: "components, a base or a platform for the build only"},
	{Word: "runs", Mood: Property, In: InComponent, Takes: Nothing, Options: []OptionForm{
		{Word: "with", Takes: Many, Required: true, Doc: "components needed only in the image"},
	}, Doc: "components needed only in the image"},
	{Word: "after", Mood: Property, In: InComponent, Takes: Many,
		Doc: "the components whose layers are below, if an image has both"},
	{Word: "fills", Mood: Property, In: InComponent, Takes: Many,
		Doc: "slots that the component fills"},
	{Word: "replaces", Mood: Property, In: InComponent | InApp, Takes: Many,
		Doc: "the components that it replaces; in an app, the components whose files its steps can overwrite"},
	{Word: "repeatable", Mood: Property, In: InComponent, Takes: Nothing,
		Doc: "allows several instances in one image"},
	{Word: "owns", Mood: Property, In: InComponent | InApp, Takes: Many, Options: []OptionForm{owner, mode},
		Doc: "paths that nothing else writes"},
	{Word: "changes", Mood: Property, In: InComponent | InApp, Takes: One, Words: Rates, Periods: Periods, Options: []OptionForm{
		{Word: "with", Takes: One, Instead: true, Doc: "a component that is released together with this one"},
	}, Doc: "how often its content changes: monthly, 12/year"},
	{Word: "size", Mood: Property, In: InComponent | InApp, Takes: One,
		Doc: "the compressed size of its layer"},
	{Word: "update", Mood: Property, In: InComponent, Takes: One, Words: Intervals,
		Doc: "how often `layc update` refreshes its content"},
	{Word: "publish", Mood: Property, In: InComponent, Takes: One,
		Doc: "the name for publishing it as a base image"},
	{Word: "image", Mood: Property, In: InComponent, Takes: One,
		Doc: "a base from an image reference"},
	{Word: "layout", Mood: Property, In: InComponent, Takes: One,
		Doc: "a base from an OCI layout directory"},
	{Word: "rootfs", Mood: Property, In: InComponent, Takes: Many, Options: []OptionForm{sha256, sha512},
		Doc: "a base from an archive of a root file system, with mirrors"},
	{Word: "distribution", Mood: Property, In: InComponent, Takes: One, Options: []OptionForm{
		{Word: "suite", Takes: One, Required: true, Doc: "the release"},
		{Word: "with", Takes: Many, Doc: "additional archives of the release: updates, security"},
	}, Doc: "a base from the packages of a distribution"},
	{Word: "repository", Mood: Property, In: InComponent, Takes: One, Options: []OptionForm{
		{Word: "from", Takes: One, Required: true, Doc: "the URL of the repository's root"},
		{Word: "suite", Takes: One, Required: true, Doc: "the suite; with a final /, a directory without suites"},
		{Word: "components", Takes: Many, Doc: "apt's components of the suite, instead of main"},
		{Word: "key", Takes: One, Required: true, Doc: "the public key of its signatures: a file of the project, or a URL"},
		{Word: "sha256", Takes: One, After: "key", Doc: "the SHA-256 of a key with a URL, in hex"},
		{Word: "priority", Takes: One, Doc: "apt's priority, instead of 500: the highest one with a package wins"},
	}, Doc: "a third party's packages for a base from a distribution"},

	// Steps.
	{Word: "copy", Mood: Step, In: InComponent | InApp, Takes: Many, Options: []OptionForm{
		{Word: "from", Takes: One, Doc: "the component to copy from, instead of the project"},
		target, owner, mode,
		{Word: "include", Takes: Many, Doc: "patterns of the files to copy"},
		{Word: "exclude", Takes: Many, Doc: "patterns of the files to skip"},
	}, Doc: "copies files and directories"},
	{Word: "fetch", Mood: Step, In: InComponent | InApp, Takes: Many, Options: []OptionForm{
		sha256, sha512,
		{Word: "unpack", Takes: Nothing, Doc: "unpacks the archive"},
		{Word: "strip", Takes: One, After: "unpack", Doc: "how many leading path elements to drop"},
		{Word: "limit", Takes: One, After: "unpack", Doc: "the maximum unpacked size, for archives with extreme compression"},
		target, owner, mode,
	}, Doc: "downloads a file from a URL or its mirrors"},
	{Word: "run", Mood: Step, In: InComponent | InApp, Takes: Shell, Options: []OptionForm{
		{Word: "as", Takes: One, Doc: "the user to run it as, instead of root"},
		{Word: "in", Takes: One, Doc: "the directory to run it in, instead of /"},
		{Word: "with", Takes: Items, Items: []OptionForm{
			{Word: "cache", Takes: One, Doc: "a directory that is kept between builds"},
			{Word: "bind", Takes: One, Options: []OptionForm{
				{Word: "from", Takes: One, Doc: "the component to bind from, instead of the project"},
				target,
			}, Doc: "files that the command can read"},
			{Word: "secret", Takes: Bare, Options: []OptionForm{
				{Word: "as", Takes: Bare, Choice: "place", Doc: "the environment variable for the secret"},
				{Word: "to", Takes: One, Choice: "place", Doc: "the file for the secret"},
			}, Doc: "a secret of the fleet"},
			{Word: "ssh", Takes: Nothing, Doc: "the SSH agent of the user"},
			{Word: "tmpfs", Takes: One, Doc: "a directory in memory"},
			{Word: "env", Takes: Pair, Doc: "an environment variable for this command only"},
			{Word: "network", Takes: One, Words: []string{"none"}, Doc: "none disables the network"},
		}, Doc: "caches, files, secrets and variables for the command"},
	}, Doc: "runs a command in the shell"},
	{Word: "install", Mood: Step, In: InComponent, Takes: Many,
		Misplaced: "write `uses os.packages(\"…\")`; to place files below the packages, declare a component with `file` and `install` and write `uses` for it",
		Doc:       "installs packages of the distribution, after the steps before it"},
	{Word: "file", Mood: Step, In: InComponent | InApp, Takes: One, Options: []OptionForm{
		{Word: "text", Takes: One, Required: true, Choice: "content", Doc: "the whole content"},
		{Word: "append", Takes: One, Required: true, Choice: "content", Doc: "a fragment of a file that several components write"},
		owner, mode,
	}, Doc: "writes a file"},
	{Word: "dir", Mood: Step, In: InComponent | InApp, Takes: Many, Options: []OptionForm{owner, mode,
		{Word: "times", Takes: One, Words: []string{"content"}, Doc: "content gives each file below the directories a time that depends on its content"},
	}, Doc: "creates directories"},
	{Word: "link", Mood: Step, In: InComponent | InApp, Takes: One, Options: []OptionForm{
		{Word: "to", Takes: One, Required: true, Doc: "the target of the link"},
	}, Doc: "creates a symbolic link"},

	// Configuration.
	{Word: "env", Mood: Configuration, In: InComponent | InApp, Takes: Append, Options: []OptionForm{
		{Word: "by", Takes: One, Doc: "the separator for +="},
	}, Doc: "sets an environment variable, or appends to it with +="},
	{Word: "label", Mood: Configuration, In: InComponent | InApp, Takes: Pair,
		Doc: "sets a label"},
	{Word: "annotation", Mood: Configuration, In: InComponent | InApp, Takes: Pair,
		Doc: "sets an annotation of the image's manifest"},
	{Word: "user", Mood: Configuration, In: InComponent | InApp, Takes: One,
		Doc: "the user that runs the container"},
	{Word: "workdir", Mood: Configuration, In: InComponent | InApp, Takes: One,
		Doc: "the working directory of the container"},
	{Word: "expose", Mood: Configuration, In: InComponent | InApp, Takes: Many,
		Doc: "the ports that the container listens on"},
	{Word: "volume", Mood: Configuration, In: InComponent | InApp, Takes: Many,
		Doc: "the paths that are volumes"},
	{Word: "entrypoint", Mood: Configuration, In: InComponent | InApp, Takes: One,
		Doc: "the program that the container runs"},
	{Word: "command", Mood: Configuration, In: InComponent | InApp, Takes: One,
		Doc: "the default arguments of the entrypoint"},
	{Word: "stopsignal", Mood: Configuration, In: InComponent | InApp, Takes: One,
		Doc: "the signal that stops the container"},
	{Word: "shell", Mood: Configuration, In: InComponent | InApp, Takes: One,
		Doc: "the shell for commands that are strings"},
	{Word: "healthcheck", Mood: Configuration, In: InComponent | InApp, Takes: One, Words: []string{"none"}, Options: []OptionForm{
		{Word: "every", Takes: One, Doc: "the time between checks"},
		{Word: "timeout", Takes: One, Doc: "the maximum time of a check"},
		{Word: "start", Takes: One, Doc: "the maximum time until the container is healthy"},
		{Word: "retries", Takes: One, Doc: "the number of failed checks that make it unhealthy"},
	}, Doc: "a command that checks whether the container is healthy, or none"},
	{Word: "test", Mood: Configuration, In: InComponent | InApp, Takes: One, Options: []OptionForm{
		{Word: "prints", Takes: One, Required: true, Doc: "a string that the output contains"},
	}, Doc: "a command that tests the result"},

	// Parts of a user declaration.
	{Word: "uid", Mood: Property, In: InUser, Takes: One, Doc: "the numeric user ID"},
	{Word: "gid", Mood: Property, In: InUser, Takes: One, Doc: "the numeric ID of the user's group"},
	{Word: "home", Mood: Property, In: InUser, Takes: One, Doc: "the home directory"},
	{Word: "shell", Mood: Property, In: InUser, Takes: One, Doc: "the login shell"},
	{Word: "groups", Mood: Property, In: InUser, Takes: Many, Doc: "additional groups"},
}
