// Package canon defines the time of all files that a build creates. It is shared by the helper,
// which creates files in steps, and layc, which describes the steps.
package canon

import "time"

// Unix is 1980-01-01T00:00:00Z in seconds, the earliest time that zip archives can store.
const Unix = 315532800

// Time is Unix as a time.Time.
var Time = time.Unix(Unix, 0).UTC()
