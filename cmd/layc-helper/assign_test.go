package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/layc-lang/layc/llb/testdata/tree"
)

// usual are names of accounts that Debian's packages add.
var usual = strings.Fields(`
	_apt _chrony _flatpak _rpc _runit-log _ssh sshd messagebus systemd-network systemd-resolve systemd-timesync
	systemd-journal systemd-journal-remote systemd-coredump systemd-oom polkitd tcpdump uuidd postgres redis mysql
	rabbitmq mongodb memcache ssl-cert crontab ntp ntpsec ntpd avahi avahi-autoipd colord geoclue kvm render
	input sgx rdma netdev bluetooth scanner saned lpadmin tss dnsmasq bind unbound nsd postfix postdrop Debian-exim
	Debian-snmp dovecot dovenull opendkim opendmarc spamd debian-spamd clamav amavis vnstat munin nagios icinga zabbix
	prometheus grafana influxdb elasticsearch logstash kibana tomcat tomcat9 tomcat10 jetty jenkins haproxy vcache
	varnish varnishlog debian-tor stunnel4 openvpn ftp proftpd tftp nslcd sssd freerad mosquitto docker
	containerd libvirt libvirt-qemu libvirt-dnsmasq ceph gluster etcd consul vault nomad caddy statd rtkit pulse
	pulse-access usbmux lightdm gdm sddm xrdp couchdb cassandra kafka zookeeper syslog logcheck fwupd-refresh plocate
	mlocate slocate gitlab-runner gitea redmine wireshark nm-openvpn nm-openconnect puppet uwsgi gunicorn barman
	pgbouncer nginx nm-iodine`)

func TestUsualAccountsPreferDifferentNumbers(t *testing.T) {
	has := map[uint32]string{}
	for _, name := range usual {
		n := preferred(name)
		if n < firstChosen || n > lastChosen {
			t.Errorf("%s prefers %d", name, n)
		}
		if other, ok := has[n]; ok {
			t.Errorf("%s and %s prefer %d", other, name, n)
		}
		has[n] = name
	}
}

// same returns two names that prefer one number, which the following numbers' names do not.
func same(t *testing.T) (one, two string, number uint32) {
	t.Helper()
	has := map[uint32]string{}
	for n := range 2000 {
		name := fmt.Sprintf("name%04d", n)
		number := preferred(name)
		if other, ok := has[number]; ok && number < lastChosen {
			return other, name, number
		}
		has[number] = name
	}
	t.Fatal("no two names prefer one number")
	return
}

// TestAssign checks the files of accounts after packages have added some.
func TestAssign(t *testing.T) {
	const base = "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n"
	const groups = "root:x:0:\nusers:x:100:\nnogroup:x:65534:\n"
	one, two, number := same(t)
	tcpdump, uuidd := preferred("tcpdump"), preferred("uuidd")
	for name, c := range map[string]struct {
		passwd, group         string // before
		addUsers, addGroups   string
		wantUsers, wantGroups string // unless they are the added lines, among the others by their numbers
	}{
		"a user with its group": {
			addUsers: "tcpdump:x:101:102::/:\n", addGroups: "tcpdump:x:102:\n",
			wantUsers: fmt.Sprintf("tcpdump:x:%d:%[1]d::/:\n", tcpdump), wantGroups: fmt.Sprintf("tcpdump:x:%d:\n", tcpdump)},
		"a user of an old group": {
			addUsers: "tcpdump:x:101:65534::/:\n", wantUsers: fmt.Sprintf("tcpdump:x:%d:65534::/:\n", tcpdump)},
		"a group without a user, and members in order": {
			addGroups: "tcpdump:x:999:z,a\n", wantGroups: fmt.Sprintf("tcpdump:x:%d:a,z\n", tcpdump)},
		"a user of another new group": {
			addUsers: "tcpdump:x:101:101::/:\n", addGroups: "uuidd:x:101:\n",
			wantUsers: fmt.Sprintf("tcpdump:x:%d:%d::/:\n", tcpdump, uuidd), wantGroups: fmt.Sprintf("uuidd:x:%d:\n", uuidd)},
		"fixed numbers": {
			addUsers: "low:x:99:0::/:\nhigh:x:1000:1000::/:\n", addGroups: "high:x:1000:\n",
			wantUsers: "low:x:99:0::/:\nhigh:x:1000:1000::/:\n", wantGroups: "high:x:1000:\n"},
		"an account that is there": {
			passwd: "tcpdump:x:500:500::/:\n", group: "tcpdump:x:500:\n",
			wantUsers: "tcpdump:x:500:500::/:\n", wantGroups: "tcpdump:x:500:\n"},
		"a group that gets a user": {
			group: "tcpdump:x:500:\n", addUsers: "tcpdump:x:101:500::/:\n",
			wantUsers: fmt.Sprintf("tcpdump:x:%d:500::/:\n", tcpdump), wantGroups: "tcpdump:x:500:\n"},
		"two that prefer one number": {
			addUsers: two + ":x:101:101::/:\n" + one + ":x:102:102::/:\n", addGroups: two + ":x:101:\n" + one + ":x:102:\n",
			wantUsers:  fmt.Sprintf("%s:x:%d:%[2]d::/:\n%s:x:%d:%[4]d::/:\n", one, number, two, number+1),
			wantGroups: fmt.Sprintf("%s:x:%d:\n%s:x:%d:\n", one, number, two, number+1)},
		"a number that a group has": {
			group: fmt.Sprintf("other:x:%d:\n", tcpdump), addUsers: "tcpdump:x:101:101::/:\n", addGroups: "tcpdump:x:101:\n",
			wantUsers:  fmt.Sprintf("tcpdump:x:%d:%[1]d::/:\n", tcpdump+1),
			wantGroups: fmt.Sprintf("other:x:%d:\ntcpdump:x:%d:\n", tcpdump, tcpdump+1)},
		"two names of one user": {
			addUsers:  "tcpdump:x:101:65534::/:\nalias:x:101:65534::/:\n",
			wantUsers: fmt.Sprintf("tcpdump:x:%d:65534::/:\nalias:x:%[1]d:65534::/:\n", tcpdump)},
		"another name of a user that is there": {
			passwd: "old:x:500:500::/:\n", addUsers: "alias:x:500:500::/:\n",
			wantUsers: "old:x:500:500::/:\nalias:x:500:500::/:\n"},
	} {
		root := tree.New(t, map[string]string{"etc/passwd": base + c.passwd, "etc/group": groups + c.group})
		if err := assigning(root, func() error {
			write := func(file, text string) {
				if err := os.WriteFile(filepath.Join(root, file), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			write("etc/passwd", base+c.passwd+c.addUsers)
			write("etc/group", groups+c.group+c.addGroups)
			return nil
		}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		wantUsers := strings.Replace(base, "nobody", c.wantUsers+"nobody", 1)
		wantGroups := strings.Replace(groups, "nogroup", c.wantGroups+"nogroup", 1)
		if c.addUsers == "" {
			wantUsers = base + c.passwd // as it was
		}
		if c.addGroups == "" {
			wantGroups = groups + c.group
		}
		for file, want := range map[string]string{"etc/passwd": wantUsers, "etc/group": wantGroups} {
			if got, err := os.ReadFile(filepath.Join(root, file)); err != nil || string(got) != want {
				t.Errorf("%s: %s holds\n%s%v, want\n%s", name, file, got, err, want)
			}
		}
	}
}

// TestAssignOwners checks that files get the new numbers of their owners, and stay the same
// otherwise. The old number of each account is the new one of the other.
func TestAssignOwners(t *testing.T) {
	needsMounts(t)
	a, b := preferred("a"), preferred("b")
	root := lowerTree(t, fmt.Sprintf("mkdir -p etc var; echo root:x:0:0::/: > etc/passwd; echo root:x:0: > etc/group; echo 1 > stays; chown %d:%d stays", a, b))
	if err := assigning(root, func() error {
		sh(t, root, fmt.Sprintf(`A=%d B=%d
			printf "a:x:$B:$B::/:\nb:x:$A:$A::/:\n" >> etc/passwd; printf "a:x:$B:\nb:x:$A:\n" >> etc/group
			mkdir var/a; echo 1 > var/a/file; ln var/a/file var/other; ln -s file var/a/link; mkfifo var/a/pipe; chown -hR $B:$B var/a
			echo 1 > var/program; chown $A:$B var/program; chmod 6755 var/program; echo 1 > var/capable; chown $A:0 var/capable
			mkdir var/shared; chown 0:$A var/shared; chmod 3775 var/shared`, a, b))
		return unix.Setxattr(root+"/var/capable", capability, []byte("\x01\x00\x00\x02\x00\x04"+strings.Repeat("\x00", 14)), 0)
	}); err != nil {
		t.Fatal(err)
	}
	got := listing(t, root)
	want := listing(t, lowerTree(t, fmt.Sprintf(`A=%d B=%d; mkdir -p etc var
		printf "root:x:0:0::/:\n" > etc/passwd; printf "root:x:0:\n" > etc/group
		printf "a:x:$A:$A::/:\nb:x:$B:$B::/:\n" | sort -t: -nk3 >> etc/passwd; printf "a:x:$A:\nb:x:$B:\n" | sort -t: -nk3 >> etc/group
		echo 1 > stays; chown $A:$B stays
		mkdir var/a; echo 1 > var/a/file; ln var/a/file var/other; ln -s file var/a/link; mkfifo var/a/pipe; chown -hR $A:$A var/a
		echo 1 > var/program; chown $B:$A var/program; chmod 6755 var/program; echo 1 > var/capable; chown $B:0 var/capable
		mkdir var/shared; chown 0:$B var/shared; chmod 3775 var/shared`, a, b)))
	capable := make([]byte, 64)
	if n, err := unix.Getxattr(root+"/var/capable", capability, capable); err != nil || n != 20 || capable[5] != 4 {
		t.Errorf("the capabilities are %q, %v", capable[:max(n, 0)], err)
	}
	if err := unix.Removexattr(root+"/var/capable", capability); err != nil {
		t.Error(err)
	}
	got["/var/capable"] = listing(t, root)["/var/capable"]
	if d := unequal(want, got); d != "" {
		t.Error(d)
	}
}

// TestAssignInAnyOrder installs random packages with accounts, in random orders and groups, by
// scripts that choose the lowest or the highest free numbers: the result is the same.
func TestAssignInAnyOrder(t *testing.T) {
	needsMounts(t)
	r := rand.New(rand.NewPCG(1, 0))
	const start = `mkdir -p etc srv; echo root:x:0:0::/: > etc/passwd; printf "root:x:0:\nall:x:50:\n" > etc/group
		echo 'root:*:::::::' > etc/shadow; printf 'root:*::\nall:*::\n' > etc/gshadow`
	for trial := range 15 {
		packages := slices.Clone(usual)
		r.Shuffle(len(packages), func(i, k int) { packages[i], packages[k] = packages[k], packages[i] })
		packages = packages[:2+r.IntN(6)]
		what := map[string]int{}
		for _, p := range packages {
			what[p] = r.IntN(4)
		}
		var first map[string]string
		for range 3 {
			r.Shuffle(len(packages), func(i, k int) { packages[i], packages[k] = packages[k], packages[i] })
			root := lowerTree(t, start)
			for rest := packages; len(rest) > 0; {
				n := 1 + r.IntN(len(rest))
				if err := assigning(root, func() error {
					for _, p := range rest[:n] {
						addPackage(t, root, p, what[p], r.IntN(2) == 0)
					}
					return nil
				}); err != nil {
					t.Fatal(err)
				}
				rest = rest[n:]
			}
			got := listing(t, root)
			if first == nil {
				first = got
			}
			if d := unequal(first, got); d != "" {
				t.Fatalf("trial %d, %q:\n%s", trial, packages, d)
			}
		}
		for _, p := range packages {
			id := preferred(p)
			want := []string{fmt.Sprintf("%d:%d", id, id), fmt.Sprintf("%d:50", id), fmt.Sprintf("0:%d", id), "0:0"}[what[p]]
			if got := first["/srv/"+p]; got != "40755 "+want {
				t.Errorf("the directory of %s is %s, want owner %s", p, got, want)
			}
		}
	}
}

// addPackage does what the scripts of a package do: it adds a user with its group, a user of the
// group all, a group, or nothing, and a directory.
func addPackage(t *testing.T, root, name string, what int, lowest bool) {
	t.Helper()
	free := "seq 999 -1 100"
	if lowest {
		free = "seq 100 999"
	}
	sh(t, root, fmt.Sprintf(`
		free() { for n in $(%[3]s); do grep -q "^[^:]*:x:$n:" "$@" || { echo $n; return; }; done; }
		user=0 group=0
		group() { group=$(free etc/group); echo "%[1]s:x:$group:" >> etc/group; echo "%[1]s:!::" >> etc/gshadow; }
		user() { user=$(free etc/passwd); echo "%[1]s:x:$user:$group::/:" >> etc/passwd; echo "%[1]s:!:::::::" >> etc/shadow; }
		case %[2]d in
		0) group; user;;
		1) group=50; user; sed -i 's/^\(all:.*:\)$/\1%[1]s/; t; s/^all:.*/&,%[1]s/' etc/group etc/gshadow;;
		2) group;;
		esac
		mkdir srv/%[1]s; chown $user:$group srv/%[1]s`, name, what, free))
}
