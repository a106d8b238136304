package main

import (
	"cmp"
	"strings"

	"github.com/containerd/platforms"

	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/images"
)

// jsonResult is the result of a build, for scripts. Fields are only added, never removed.
type jsonResult struct {
	ExitCode      int         `json:"exitCode"`
	Error         string      `json:"error,omitempty"` // what ended the command, if none of the findings did
	Images        []jsonBuilt `json:"images"`
	Output        string      `json:"output,omitempty"`
	Written       []string    `json:"written,omitempty"` // files and directories, besides the output
	Loaded        []string    `json:"loaded,omitempty"`  // the names of loaded images
	Pruned        []string    `json:"pruned,omitempty"`  // the images that --prune removed from the output
	StepsExecuted []string    `json:"stepsExecuted"`
	StepsCached   []string    `json:"stepsCached"`
	StepFailed    string      `json:"stepFailed,omitempty"`
	EnginesLost   []jsonLost  `json:"enginesLost,omitempty"`
	Verified      []jsonProof `json:"verified,omitempty"` // results of --verify
	Pushes        []jsonPush  `json:"pushes,omitempty"`   // the tags of all images
	// Findings are the errors and warnings of the build, in the form of layc check --json.
	Findings   diag.List         `json:"findings,omitempty"`
	LastOutput []string          `json:"lastOutput,omitempty"` // of the failed step
	Files      map[string]string `json:"files,omitempty"`      // the digests of the files that the findings name
}

type jsonBuilt struct {
	Name      string     `json:"name"`
	Platform  string     `json:"platform"`
	Digest    string     `json:"digest"`
	SizeBytes int64      `json:"sizeBytes"`
	Layers    []jsonBlob `json:"layers"`
	Pushed    string     `json:"pushed,omitempty"`   // its first reference
	PushedTo  []string   `json:"pushedTo,omitempty"` // all references of the app, with all tags
}

// jsonPush is what a push did to a tag.
type jsonPush struct {
	Image     string `json:"image"` // its name, one of the app's
	Reference string `json:"reference"`
	Digest    string `json:"digest,omitempty"`    // "": the build failed before there was one
	State     string `json:"state"`               // "pushed", "unchanged", "refused", "not pushed"
	Signature string `json:"signature,omitempty"` // the reference of its signature
}

// jsonLost is an engine that was lost during the build, or did not respond before.
type jsonLost struct {
	Engine        string          `json:"engine"` // its address; "": the built-in engine
	Error         string          `json:"error"`
	Images        []jsonLostImage `json:"images"`        // that it had to build
	StepsExecuted []string        `json:"stepsExecuted"` // what it had executed
}

type jsonLostImage struct {
	Name     string `json:"name"`
	Platform string `json:"platform"`
	BuiltOn  string `json:"builtOn,omitempty"` // another engine; "": it is not built
}

type jsonBlob struct {
	Digest    string `json:"digest"`
	DiffID    string `json:"diffID"`
	SizeBytes int64  `json:"sizeBytes"`
}

func resultJSON(r *images.Result, done delivered, output string) jsonResult {
	out := jsonResult{Images: []jsonBuilt{}, Output: output, Written: done.written, Loaded: done.loaded, Pruned: r.Pruned, EnginesLost: lostJSON(r.Lost), Verified: proofsJSON(r.Outcomes), StepsExecuted: names(r.Steps.Executed), StepsCached: names(r.Steps.Cached)}
	for _, o := range r.Outcomes {
		for _, f := range o.Findings {
			out.find(f)
		}
	}
	first, all := map[string]string{}, map[string][]string{} // by image, and by app
	for _, p := range done.pushed {
		if p.There() {
			app, reference := appOf(p.Name), p.Reference+"@"+p.Digest
			first[p.Name] = cmp.Or(first[p.Name], reference)
			all[app] = append(all[app], reference)
		}
		out.Pushes = append(out.Pushes, jsonPush{p.Name, p.Reference, p.Digest, string(p.State), p.Signature})
	}
	for _, i := range r.Images {
		j := jsonBuilt{
			Name: i.Name, Platform: platforms.Format(i.Platform), Digest: i.Manifest.String(), SizeBytes: i.Size,
			Layers: []jsonBlob{}, Pushed: first[i.Name], PushedTo: all[appOf(i.Name)],
		}
		for _, l := range i.Layers {
			j.Layers = append(j.Layers, jsonBlob{l.Digest.String(), l.DiffID.String(), l.Size})
		}
		out.Images = append(out.Images, j)
	}
	return out
}

func lostJSON(all []engine.Lost) []jsonLost {
	var out []jsonLost
	for _, l := range all {
		why, _, _ := strings.Cut(l.Err.Error(), "\n")
		j := jsonLost{Engine: l.Engine, Error: why, Images: []jsonLostImage{}, StepsExecuted: names(l.Steps)}
		for _, i := range l.Images {
			j.Images = append(j.Images, jsonLostImage{i.Name, platforms.Format(i.Platform), i.On})
		}
		out = append(out, j)
	}
	return out
}

// appOf returns the app of an image's name in a layout.
func appOf(image string) string {
	app, _, _ := strings.Cut(image, ":")
	return app
}

// emptyJSON returns the result of a build that built nothing.
func emptyJSON() jsonResult {
	return resultJSON(&images.Result{Result: &engine.Result{}}, delivered{}, "")
}

// failedJSON returns the result of a build that failed.
func failedJSON(f images.Finding) jsonResult {
	out := emptyJSON()
	out.LastOutput = f.Output
	out.find(f)
	return out
}

// find adds an error or a warning.
func (j *jsonResult) find(f images.Finding) {
	j.Findings = append(j.Findings, f.Diagnostic)
	for _, file := range f.Files() {
		if j.Files == nil {
			j.Files = map[string]string{}
		}
		j.Files[file.Name()] = file.Digest()
	}
}

func names(steps []engine.Step) []string {
	out := []string{}
	for _, s := range steps {
		out = append(out, s.Name)
	}
	return out
}
