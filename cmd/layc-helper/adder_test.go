package main

import (
	"testing"

	"github.com/layc-lang/layc/llb/testdata/tree"
)

// TestAdder checks which package is named for an account that its scripts or its configuration add.
func TestAdder(t *testing.T) {
	root := tree.New(t, map[string]string{
		"var/lib/dpkg/info/tcpdump.postinst":    "#!/bin/sh\nadduser --quiet --system --group \\\n    --no-create-home --home /nonexistent tcpdump || true\n",
		"var/lib/dpkg/info/exim:amd64.postinst": "#!/bin/sh\nEX=\"Debian-exim\"\nNAME=mail-relay\naddgroup --system \"$NAME\"\n",
		"var/lib/dpkg/info/cron.preinst":        "#!/bin/sh\nif ! getent group crontab; then groupadd -r crontab; fi\n",
		"var/lib/dpkg/info/reader.postinst":     "#!/bin/sh\nchown crontab: /x\nadduser --system reader\nchown tcpdump /y\n",
		"var/lib/dpkg/info/namer.postinst":      "#!/bin/sh\nNAME=named\n",
		"usr/lib/sysusers.d/dbus.conf":          "# comment\nu messagebus - \"D-Bus\"\n\ng dbus-group -\nr - 1-2\n",
		"var/lib/dpkg/info/dbus-system.list":    "/.\n/usr/lib/sysusers.d/dbus.conf\n",
	})
	for how, want := range map[string]string{
		`"tcpdump" is defined twice, differently`:             "tcpdump",
		`has "own" and "mail-relay" with the same number 105`: "exim",
		`has "crontab" and "own" with the same number 105`:    "cron",
		`has "messagebus" and "own" with the same number 105`: "dbus-system",
		`has "dbus-group" and "own" with the same number 105`: "dbus-system",
		`has "reader" and "own" with the same number 105`:     "reader",
		`has "named" and "own" with the same number 105`:      "", // nothing there adds it
		`has "tcp" and "own" with the same number 105`:        "",
		`has mode 0644, then 0755`:                            "",
		`becomes a name of different files`:                   "",
	} {
		if got := adder(root, how); got != want {
			t.Errorf("%s: %q, want %q", how, got, want)
		}
	}
}

// TestDisputedAccount checks that a conflict of accounts names the package that adds one, on either
// side.
func TestDisputedAccount(t *testing.T) {
	with := tree.New(t, map[string]string{"var/lib/dpkg/info/ntp.postinst": "adduser --system ntp\n"})
	all := []dispute{{"/etc/group", -1, `has "ntp" and "own" with the same number 105`}}
	const want = `conflict: 3 -1 "ntp" "has \"ntp\" and \"own\" with the same number 105" "/etc/group"`
	for _, c := range []struct {
		root string
		e    effect
	}{
		{with, effect{word: changes, after: t.TempDir()}},
		{t.TempDir(), effect{word: installs, after: with}},
	} {
		if got := disputeError(c.root, 3, c.e, all).Error(); got != want {
			t.Errorf("%s: %s, want %s", c.e.word, got, want)
		}
	}
}
