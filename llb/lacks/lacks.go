// Package lacks finds what an image lacks, in the trees that its layers are made of: libraries that its
// programs need, what its links and scripts lead to, and the user and the programs of its containers.
// Layc's helper does so inside a build step, and the built-in engine for some steps without one.
package lacks

import "errors"

// ErrUsage is the error for arguments that mean nothing.
var ErrUsage = errors.New("wrong arguments")
