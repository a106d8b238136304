package debian

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/layc-lang/layc/compiler/lock"
)

// maxSkew is the maximum time that an index may be ahead of this machine's clock, as in apt.
const maxSkew = 10 * time.Second

// CheckTime refuses an index that is not valid at the time now: one with a date in the future,
// and one that has expired unless that is allowed. An old index hides the security updates
// since then.
func (r *Release) CheckTime(now time.Time, allowExpired bool) error {
	if r.Date.After(now.Add(maxSkew)) {
		return fmt.Errorf("it is dated %s, which is in the future: check this machine's clock, now at %s", clock(r.Date), clock(now))
	}
	if !r.ValidUntil.IsZero() && now.After(r.ValidUntil) && !allowExpired {
		return fmt.Errorf("it expired on %s: the mirror is out of date, or this machine's clock is wrong (now at %s). Use another mirror with --mirror, or accept this index with --allow-expired", clock(r.ValidUntil), clock(now))
	}
	return nil
}

// CheckRollback refuses an index that is older than the pinned index of the same suite and
// architecture, if there is one with a known date.
func (r *Release) CheckRollback(suite Suite, arch string, pinned []lock.Index) error {
	for _, p := range pinned {
		if p.Suite != suite.String() || p.Arch != arch || !r.Date.Before(p.Date) {
			continue
		}
		date := "has no date"
		if !r.Date.IsZero() {
			date = "is from " + clock(r.Date)
		}
		return fmt.Errorf("it %s, but %s pins the index from %s: the mirror is out of date, or somebody serves an old index. Try again later, use another mirror with --mirror, or accept older packages with --allow-downgrade", date, lock.Name, clock(p.Date))
	}
	return nil
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// DowngradeError reports packages that would get older versions than are pinned.
type DowngradeError struct {
	Packages []string // "bash 5.2-1 → 5.1-1", sorted
}

func (e *DowngradeError) Error() string {
	const most = 8
	list := e.Packages
	more := ""
	if len(list) > most {
		list, more = list[:most], fmt.Sprintf(" and %d more", len(list)-most)
	}
	return fmt.Sprintf("the indexes have older versions than %s pins: %s%s. Use another mirror with --mirror, or accept them with --allow-downgrade", lock.Name, strings.Join(list, ", "), more)
}

// CheckDowngrades returns a [*DowngradeError] if a package of after is older than the pinned
// package of that name.
func CheckDowngrades(pinned, after []lock.Package) error {
	versions := map[string]string{}
	for _, p := range pinned {
		versions[p.Name] = p.Version
	}
	var older []string
	for _, p := range after {
		if was, ok := versions[p.Name]; ok && CompareVersions(p.Version, was) < 0 {
			older = append(older, p.Name+" "+was+" → "+p.Version)
		}
	}
	if len(older) == 0 {
		return nil
	}
	slices.Sort(older)
	return &DowngradeError{older}
}
