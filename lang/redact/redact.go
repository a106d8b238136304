// Package redact makes text fit to be shown: what is a secret in it is replaced.
package redact

import (
	"io"
	"strings"
)

// authorityEnds are the characters that end the part of a URL that names its user,
// password and host.
const authorityEnds = " \t\r\n\f\v/?#\"`"

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
	var out strings.Builder
	for {
		scheme, rest, ok := strings.Cut(text, "://")
		out.WriteString(scheme)
		if !ok {
			return out.String()
		}
		out.WriteString("://")
		text = rest
		authority := rest
		if end := strings.IndexAny(rest, authorityEnds); end >= 0 {
			authority = rest[:end]
		}
		at := strings.LastIndexByte(authority, '@')
		if at < 0 {
			continue
		}
		secret := authority[:at]
		// A user alone may be a token. Only ssh has users that everybody shares, such
		// as git.
		if len(scheme) >= 3 && strings.EqualFold(scheme[len(scheme)-3:], "ssh") {
			user, password, ok := strings.Cut(secret, ":")
			if !ok {
				continue
			}
			out.WriteString(user + ":")
			secret = password
		}
		out.WriteString(with(secret))
		text = rest[at:]
	}
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
