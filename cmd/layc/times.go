package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"github.com/layc-lang/layc/llb/progress"
	"github.com/layc-lang/layc/llb/replace"
)

// Builds remember how long their steps took, next to the engine's state, so that the progress of the next
// one can tell how long it takes. Nothing depends on it: without the file there are no estimates.

// timesFile has the times in seconds: by project, and then by part and step.
const timesFile = "times.json"

// mostTimes is how many projects and how many steps the file has at most. What is forgotten is only an
// estimate.
const mostTimes = 2000

type times map[string]map[string]float64

func readTimes(state string) times {
	all := times{}
	text, err := os.ReadFile(filepath.Join(state, timesFile))
	if state == "" || err != nil || json.Unmarshal(text, &all) != nil || all == nil {
		return times{}
	}
	return all
}

// project is the name of the build's project in the file.
func (b *build) project() string {
	if dir, err := filepath.Abs(b.dir); err == nil {
		return dir
	}
	return b.dir
}

// earlier returns how long the steps took in earlier builds.
func (b *build) earlier() progress.Times {
	out := progress.Times{}
	for k, seconds := range readTimes(b.engine.state)[b.project()] {
		out[k] = time.Duration(seconds * float64(time.Second))
	}
	return out
}

// remember adds what a build took.
func (b *build) remember(took progress.Times) {
	if info, err := os.Stat(b.engine.state); len(took) == 0 || err != nil || !info.IsDir() {
		return
	}
	all := readTimes(b.engine.state)
	of := all[b.project()]
	if of == nil || len(of) > mostTimes {
		of = map[string]float64{}
	}
	for k, d := range took {
		of[k] = d.Seconds()
	}
	if len(all) > mostTimes {
		clear(all)
	}
	all[b.project()] = of
	if text, err := json.Marshal(all); err == nil {
		// Of two builds at once, one is forgotten. A disk that is full is the build's error to tell.
		_ = replace.Unsynced(filepath.Join(b.engine.state, timesFile), text)
	}
}
