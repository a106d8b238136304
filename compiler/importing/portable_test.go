package importing

import "testing"

// TestPortable knows what another shell does as Bash does.
func TestPortable(t *testing.T) {
	for text, want := range map[string]bool{
		`apt-get update && rm -rf /x`:                      true,
		`if [ "$MODE" = prod ]; then echo a > /b; fi`:      true,
		`for f in /a/*; do cp "$f" /b; done`:               true,
		`export A=1 B="$C"; cd /x && ./configure`:          true,
		`echo hi 2>&1 > /dev/null; x=${y:-z}; echo ${#x}`:  true,
		`printf '%s\n' a > /b`:                             true,
		`set -eux; trap 'rm /x' EXIT`:                      true,
		`f() { local a=1; echo $((a + 1)); }; f`:           true,
		`awk '{print $1, $2}' /a; find / -exec echo {} \;`: true,
		`if [ "$MODE" == "prod" ]; then echo a; fi`:        false,
		`for i in {1..3}; do echo $i; done`:                false,
		`mkdir -p /data/{a,b}`:                             false,
		`ls /x &> /y`:                                      false,
		`ls /x >& /y`:                                      false,
		`echo -e "hi"`:                                     false,
		`echo "a\tb"`:                                      false,
		`echo $UID`:                                        false,
		`echo ${RANDOM}`:                                   false,
		`function f { echo; }`:                             false,
		`function f() { echo; }`:                           false,
		`source /etc/profile`:                              false,
		`. profile`:                                        false,
		`[[ -e /x ]] && echo`:                              false,
		`a=(1 2); echo ${a[1]}`:                            false,
		`cat <<< hi`:                                       false,
		`diff <(ls /a) <(ls /b)`:                           false,
		`echo ${x//a/b}`:                                   false,
		`echo ${x^^} ${y:0:2} ${!z}`:                       false,
		`read -a words < /x`:                               false,
		`pushd /x && make && popd`:                         false,
		`export A=$(ls)`:                                   false,
		`declare -A m`:                                     false,
		`A+=x`:                                             false,
		`echo $'a\tb'`:                                     false,
		`((x++))`:                                          false,
		`for ((i=0; i<3; i++)); do echo $i; done`:          false,
		`ls /usr/share/[^a]*`:                              false,
		`make |& tee /log`:                                 false,
		`cat /a | sort`:                                    false,
		`case a in a) echo;;& *) echo;; esac`:              false,
		`trap 'echo' ERR`:                                  false,
		`printf -v x %s a`:                                 false,
		`shopt -s globstar; rm -r **/x`:                    false,
		`set -o pipefail; curl a`:                          false,
		`if [ -v X ]; then echo; fi`:                       false,
		`rm !(a)`:                                          false,
		`while read -r -d '' f; do echo; done < /x`:        false,
		`while read -r f; do echo "$f"; done < /x`:         true,
	} {
		if got := portable([]string{"/bin/bash", "-o", "pipefail", "-c"}, text); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

// TestJoined joins lines where only a Dockerfile does, and tells of those that it would join to a comment.
func TestJoined(t *testing.T) {
	for text, want := range map[string]string{
		"echo 'a \\\n  b' \\\n  c":    "echo 'a   b' \\\n  c",
		"echo \"a \\\n  b\"":          "echo \"a   b\"",
		"a \\\n && b":                 "a \\\n && b",
		"echo \"$(x 'a\\\nb')\" \\\n": "echo \"$(x 'ab')\" \\\n",
		"a # why \\\n && b":           "",
	} {
		if got, ok := joinedQuotes(text); ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q, %v, want %q", text, got, ok, want)
		}
	}
}

// TestParts divides the last list of commands, and those that only prepare a system.
func TestParts(t *testing.T) {
	for text, want := range map[string]int{
		"a && b && c":                               3,
		"[ -d /x ] && rm -r /x; echo":               2,
		"set -e; [ -d /x ] && rm -r /x; a && b":     4,
		"apt-get update && apt-get install -y a; b": 3,
		"mkdir /a && ./configure; make":             2,
		"a || b && c":                               2,
	} {
		s := &stage{scope: scope{values: map[string]string{}, args: map[string]*param{}}}
		if got, _, ok := s.split(text); !ok || len(got) != want {
			t.Errorf("%s: %d commands, want %d", text, len(got), want)
		}
	}
}
