// Package redact makes text fit to be shown: what is a secret in it is replaced.
package redact

import (
	"io"
	"regexp"
	"strings"
)

// user matches the user and password of a URL, and what stands before them. A user
// alone may be a token. Only ssh has users that everybody shares, such as git.
var user = regexp.MustCompile(`(?i)\b([a-z][a-z0-9+.-]*)(://)([^\s/?#"` + "`" + `]*)@`)

// Text replaces the users and passwords of all URLs in a text by asterisks, of ssh
// the passwords alone.
func Text(text string) string {
	return replace(text, func(string) string { return "***" })
}

// SameLength is Text but for the number of bytes, which stays, so that places in the
// text stay what they are.
func SameLength(text string) string {
	return replace(text, func(secret string) string { return strings.Repeat("*", len(secret)) })
}

func replace(text string, with func(string) string) string {
	if !strings.Contains(text, "://") {
		return text
	}
	return user.ReplaceAllStringFunc(text, func(found string) string {
		m := user.FindStringSubmatch(found)
		scheme, sep, secret := m[1], m[2], m[3]
		if strings.HasSuffix(strings.ToLower(scheme), "ssh") {
			name, password, ok := strings.Cut(secret, ":")
			if !ok {
				return found
			}
			return scheme + sep + name + ":" + with(password) + "@"
		}
		return scheme + sep + with(secret) + "@"
	})
}

// Writer returns a writer that passes text on as [Text] makes it. A URL must come
// in one write.
func Writer(to io.Writer) io.Writer { return writer{to} }

type writer struct{ to io.Writer }

func (w writer) Write(p []byte) (int, error) {
	if _, err := io.WriteString(w.to, Text(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}
