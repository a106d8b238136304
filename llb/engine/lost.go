//go:build unix

package engine

import ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

// Lost is an engine whose connection broke during a build, or that did not respond before.
type Lost struct {
	Engine string // its address; "": the built-in engine
	Err    error
	Images []LostImage // that it had to build, in the request's order
	Steps  []Step      // that it had executed
}

// LostImage is an image that an engine did not build.
type LostImage struct {
	Name     string
	Platform ocispecs.Platform
	On       string // the address of the engine that has built it; "": none has
}

// lostWith returns an engine that is lost with a request.
func lostWith(address string, err error, req Request, steps Steps) Lost {
	l := Lost{Engine: address, Err: err, Steps: steps.Executed}
	for _, i := range req.Images {
		l.Images = append(l.Images, LostImage{Name: i.Name, Platform: i.Platform})
	}
	return l
}
