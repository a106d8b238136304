package main

import (
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/lang/diag"
)

// secretFlags are the values of --secret.
type secretFlags []string

func (s *secretFlags) flag(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar((*[]string)(s), "secret", nil, "pass a secret of the fleet to steps: `NAME=FILE`, or id=NAME,src=FILE")
}

// read returns the content of the files, by the secrets' names.
func (s secretFlags) read(cmd *cobra.Command, declared []string) (map[string][]byte, error) {
	secrets := map[string][]byte{}
	for _, value := range s {
		name, file, variable, err := parseSecret(value)
		if err != nil {
			return nil, usage(cmd, "--secret %s: %s", value, err)
		}
		if !slices.Contains(declared, name) {
			if near := diag.Nearest(name, declared); near != "" {
				return nil, usage(cmd, "--secret %s: unknown secret; did you mean %s?", name, near)
			}
			return nil, usage(cmd, "--secret %s: unknown secret; declare it with secret %[1]s in fleet { … }", name)
		}
		if variable != "" {
			text, ok := os.LookupEnv(variable)
			if !ok {
				return nil, usage(cmd, "--secret %s: the environment has no variable %s", name, variable)
			}
			secrets[name] = []byte(text)
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, usage(cmd, "--secret %s: %s: %s", name, file, plainError(err))
		}
		secrets[name] = text
	}
	return secrets, nil
}

// parseSecret parses NAME=FILE, or the words of docker build: id=NAME,src=FILE and id=NAME,env=VARIABLE.
// Without both, the value is in the variable NAME.
func parseSecret(value string) (name, file, variable string, err error) {
	wrong := errors.New("expected NAME=FILE, id=NAME,src=FILE or id=NAME,env=VARIABLE")
	name, file, ok := strings.Cut(value, "=")
	if !ok || name == "" || file == "" {
		return "", "", "", wrong
	}
	if name != "id" && name != "type" || !strings.Contains(value, ",") && name == "type" {
		return name, file, "", nil
	}
	name, file = "", ""
	for _, word := range strings.Split(value, ",") {
		key, text, _ := strings.Cut(word, "=")
		switch strings.TrimSpace(key) {
		case "id":
			name = text
		case "src", "source":
			file = text
		case "env":
			variable = text
		case "type":
			if text != "file" && text != "env" {
				return "", "", "", wrong
			}
		default:
			return "", "", "", wrong
		}
	}
	if name == "" || file != "" && variable != "" {
		return "", "", "", wrong
	}
	if file == "" && variable == "" {
		if _, ok := os.LookupEnv(name); ok {
			return name, "", name, nil
		}
		return "", "", "", errors.New("add src=FILE or env=VARIABLE")
	}
	return name, file, variable, nil
}
