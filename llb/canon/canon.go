// Package canon defines the times of all files that a build creates. It is shared by the helper,
// which creates files in steps, and layc, which describes the steps.
package canon

import (
	"encoding/binary"
	"time"
)

// Unix is 1980-01-01T00:00:00Z in seconds, the earliest time that zip archives can store.
const Unix = 315532800

// Time is Unix as a time.Time.
var Time = time.Unix(Unix, 0).UTC()

// last is 2020-01-01T00:00:00Z: a time after now would be one that no web server may send.
const last = 1577836800

// Of returns the time of a file whose time depends on its content, by the SHA-256 of the content: whole
// seconds from the one after Time until 2020. Two contents have one time with a probability of less
// than one in a billion.
func Of(sum [32]byte) time.Time {
	return time.Unix(Unix+1+int64(binary.BigEndian.Uint64(sum[:8])%(last-Unix)), 0).UTC()
}
