// Package canon is the time that everything bears that a build makes. The helper,
// which makes files inside of steps, and layc, which describes the steps, share it.
package canon

import "time"

// Unix is 1980-01-01T00:00:00Z, the earliest that zip archives can hold, in
// seconds.
const Unix = 315532800

// Time is the same as a time.
var Time = time.Unix(Unix, 0).UTC()
