// Package redact replaces secrets in text.
package redact

import (
	"io"
	"strings"
)

// authorityEnds are the characters that end the authority of a URL: its user, password and host.
const authorityEnds = " \t\r\n\f\v/?#\"`"

// Text replaces the users and passwords of all URLs in a text with asterisks. For ssh, it replaces only
// passwords.
func Text(text string) string {
	return replace(text, func(string) string { return "***" })
}

// SameLength is like Text, but keeps the number of bytes, so that places in the text remain valid.
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
		// A user alone may be a token. Only ssh has well-known users, such as git.
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

// Writer returns a writer that applies [Text]. Each URL must be written with one call.
func Writer(to io.Writer) io.Writer { return writer{to} }

type writer struct{ to io.Writer }

func (w writer) Write(p []byte) (int, error) {
	if _, err := io.WriteString(w.to, Text(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}
