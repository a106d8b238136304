package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/bind"
	"github.com/layc-lang/layc/compiler/plan"
	"github.com/layc-lang/layc/compiler/plan/show"
	"github.com/layc-lang/layc/lang/diag"
	"github.com/layc-lang/layc/llb/engine"
	"github.com/layc-lang/layc/llb/images"
	"github.com/layc-lang/layc/llb/progress"
	"github.com/layc-lang/layc/llb/registry"
)

func (c *cli) buildCommand() *cobra.Command {
	b := &build{cli: c}
	cmd := &cobra.Command{
		Use:        "build [APP… | --select EXPR] [--since REV]",
		SuggestFor: []string{"make"},
		Short:      "Build images",
		Long: `build plans all apps together and builds the images of the named apps, or of
all. It writes them to an OCI layout (-o DIR) or in another form (-o), pushes
them (--push) or loads them (--load). Without these the images stay in the
engine's cache. Other images in the layout stay; --prune removes images from it
that the fleet no longer has. It knows them by the identity of the fleet.

-o takes the words of docker buildx, and can be repeated:
  type=oci,dest=FILE      an OCI layout as an archive; with tar=false, as DIR
  type=docker,dest=FILE   an archive for docker load and podman load; without
                          dest, loaded into Docker
  type=tar,dest=FILE      the root file system of one app
  type=local,dest=DIR     the same as a new directory
  type=registry           the same as --push; also type=image,push=true
  type=image              into the image store of an engine docker://
FILE may be - for the standard output. {app} and {platform} in it write several.
Also: oci-mediatypes=false for Docker's media types; compression=gzip, zstd,
estargz or uncompressed; compression-level=N; force-compression=true for layers
of bases, too; name=TEMPLATE as --name. Archives of Docker and root file systems
have one platform: this machine's, if the app is built for it.

Names of images are REGISTRY/APP:TAG, where the tag is latest if the app has
none. The fleet changes them with naming, and --name for one build: {registry},
{app}, {tag} and {revision}, the git commit; or it is a prefix. --git-labels
sets the labels source, revision and created of org.opencontainers.image from
the commit. Then each commit changes the digests of all images. --label and
--annotation set what the clauses of the same names do, in all images.

The image of a published component is built with each app that contains it, or
by its own name. --since REV builds the apps that changes since a git revision
affect, as layc affected lists them. If it or --select matches no app, nothing
is built, and the exit code is 0.

--verify also proves what the plan relies on, and writes nothing if a proof
fails. It runs tests, builds stacked components on their needs alone, repeats
runs and compares the results. It looks for the libraries that programs need,
and for the programs that links and scripts lead to.

If a step fails, --debug opens a shell in its place: with the files, variables,
caches and secrets that it has. See layc shell, too.

--digests writes the digests of the pushed images to a file: a map in JSON
(NAME.json), values for Helm (NAME.yaml), or the images of kustomize
(kustomization.yaml). If a build pushes to several places, the file names the
first. Entries of apps that are not built, and everything else in the file,
stay. --quiet prints only the references of the images, and errors.

--sbom and --provenance attach statements to images: what they are made of (see
layc sbom) and built from. The name of an image then is an index of the image,
whose digest stays the same, and its statements. --attest does the same in the
words of docker buildx. --sign signs what is pushed, as cosign sign --key does;
the password of an encrypted key is in COSIGN_PASSWORD.

--push first asks the registry whether you may push, before anything is built.
Then all blobs go first, then all manifests, then the tags, to all registries
together. Tags that name the image already stay as they are. Credentials come
from docker login or podman login. Certificates come from --registry-ca, or from
the certs.d directories of Docker, Podman and containerd. All this holds for
image bases, too.

With --json, or --json-file for a file, the result is JSON, whatever the exit
code, unless the command line is wrong or layc is interrupted. Its "findings"
are the errors and warnings of the build, in the form of layc check --json;
"error" is an error that concerns no file, "pushes" what happened to each tag,
and "enginesLost" which engines were lost, and who has built their images.
"files" has the digests of the files that they name, so that an editor notices
which ones have changed.

--progress chooses how progress is shown. auto is github in a job of GitHub
Actions and gitlab in one of GitLab, whose logs fold the output of each step;
else tty on a terminal, and plain elsewhere. github also shows errors at the
lines of a change. json prints lines of JSON: "event" is started, output,
finished, failed, stopped, cached or, each second, progress. rawjson has the
reports of BuildKit.

The engine is built into layc and keeps its cache in the state directory.
Builds at the same time share one engine. To use another BuildKit, pass
--engine or set BUILDKIT_HOST: unix:///PATH, tcp://HOST:PORT (with --tlsdir),
ssh://USER@HOST, docker:// (the one in the Docker daemon), buildx:NAME (a
builder of docker buildx), docker-container://NAME, podman-container://NAME,
nerdctl-container://NAME, kube-pod://NAME or kube-deployment://NAME. Steps then
have the network of that engine. Several addresses, a builder with several
nodes, or a deployment with several pods share the build: each engine builds a
part of the images, and each common step is built once. They pass results on
through the registry of --cache. If an engine is lost, the others build its
part.

Machines of CI begin with an empty engine. With a cache they pull the layers
that others have built, and execute only what has changed: --cache REPOSITORY
reads and writes a repository of a registry. --cache-from and --cache-to take
places in the words of docker buildx, and may be repeated:
  type=registry,ref=REPOSITORY[:PREFIX]
  type=local,src=DIR, and dest=DIR for --cache-to
  type=gha, GitHub's service in a workflow: see docs/ci.md; also for --cache
The cache has a name for each step, so builds of several branches only add to
it. layc asks first whether you may write to a registry. A cache that fails
later is an error after the images are delivered, or with ignore-error=true a
warning. More attributes of --cache-to: mode (max, with the results of all
steps, or min, with the images' layers), compression, compression-level,
force-compression; and registry.insecure for both.`,
		Example: `  layc build -o out                        write all images to the directory out
  layc build app1 -o out                   write one image, and keep the others
  layc build -o out --prune                remove images of deleted apps, too
  layc build --load                        load into Docker or another store
  layc build app1 -o type=docker,dest=- | ssh host docker load
  layc build -o type=local,dest=root/{app}
  layc build --push --since origin/main    build and push what a change affects
  layc build --push --select 'has package("openssl") < "3.0.15"'
  layc build --push                        push to the fleet's registry
  layc build --push --digests deploy/values.yaml
  layc build --push --name '{registry}/{app}:{revision}'
  layc build --push --registry-ca ca.crt   trust a private authority
  layc build --push --insecure registry.local:5000
  layc build --secret npm_token=token.txt
  layc build --verify                      build, test and prove
  layc build --debug app1                  open a shell where a step fails
  layc build --push --sbom --provenance=mode=min
  layc build --push --sign cosign.key
  layc build --json -o out                 print the result as JSON
  layc build --json-file result.json       show progress and plan, too
  layc build --engine buildx:ci            build on a builder of docker buildx
  layc build --engine tcp://build.example.com:1234 --tlsdir certs
  layc build --cache registry.example.com/ci/cache
  layc build --engine tcp://a:1234,tcp://b:1234 --cache registry.example.com/ci
  layc build --cache-from type=local,src=cache --cache-to type=local,dest=cache`,
		RunE: b.run,
	}
	b.program.flags(cmd)
	b.mirrors.flags(cmd)
	b.selection.flag(cmd, "build the apps")
	f := cmd.Flags()
	f.StringVar(&b.since, "since", "", "build the apps that changes since the git revision `REV` affect")
	b.destination.flags(cmd)
	b.labels.flags(cmd)
	b.digests.flag(cmd)
	f.BoolVarP(&b.quiet, "quiet", "q", false, "print only the references of the images, and errors")
	b.attests.flags(cmd)
	b.signs.flag(cmd)
	f.StringVar(&b.progress, "progress", "auto", "show progress as `MODE`: auto, tty, plain, quiet, json, github, gitlab, rawjson")
	b.engine.flags(cmd)
	b.caches.flags(cmd)
	b.registries.flags(cmd)
	b.secrets.flag(cmd)
	f.BoolVar(&b.verify, "verify", false, "run tests and prove what the plan relies on")
	f.BoolVar(&b.debug, "debug", false, "if a step fails, open a shell in its place")
	f.BoolVar(&b.json, "json", false, "print the result as JSON")
	f.StringVar(&b.jsonFile, "json-file", "", "also write the result as JSON to `FILE`")
	return cmd
}

// build is one invocation of layc build.
type build struct {
	*cli
	program     program
	selection   selection
	since       string // a git revision; "": none
	mirrors     mirrorFlags
	destination destination
	labels      labelFlags
	digests     digestFiles
	attests     attestFlags
	signs       signFlag
	engine      engineFlags
	caches      cacheFlags
	reached     *images.Result // the steps of a build that failed; may be nil
	missing     []engine.Lost  // engines that did not respond
	unmoved     []jsonPush     // the tags that are to be pushed, before any of them is
	secrets     secretFlags
	registries  registryFlags
	client      registry.Client // with these
	progress    string
	verify      bool
	json        bool
	jsonFile    string
	debug       bool     // open a shell where a step fails
	command     []string // that the shell runs; none: it is interactive
	told        bool     // the result is printed
	took        time.Duration
	slowest     progress.Part
	display     *progress.Display // of the build that was started last; nil: none
	started     *engine.Engine    // that started while the program was compiled; nil: none
	early       *early            // the errors that this build found while it went on; nil: none
}

func (b *build) run(cmd *cobra.Command, apps []string) error {
	if err := b.selection.take(cmd, apps); err != nil {
		return err
	}
	b.wants(cmd, apps)
	if err := b.check(cmd); err != nil {
		return err
	}
	return b.end(cmd.Context(), b.make(cmd))
}

// end tells the result of a build that ended with an error before there was one, so that a script
// always has one, except if the command line is wrong.
func (b *build) end(ctx context.Context, err error) error {
	code, text := exitOf(ctx, err)
	if err == nil || b.told || code == exitUsage || code == exitInterrupted {
		return err
	}
	result := emptyJSON()
	var pins *lockError
	if result.Error = text; errors.As(err, &pins) {
		result.Error, result.Findings = "", pins.findings
	}
	if telling := b.tell(code, result); telling != nil {
		return telling
	}
	return err
}

// make builds, and writes or pushes the images.
func (b *build) make(cmd *cobra.Command) error {
	if err := b.ready(b.engine.options(b.notice)); err != nil {
		return err
	}
	in, err := b.input(cmd, b.program)
	if err != nil {
		return err
	}
	if in, err = b.hideOutputs(cmd, in); err != nil {
		return err
	}
	in, unneeded := b.headStart(cmd.Context(), in)
	defer unneeded()
	out, err := b.compiled(in, compiler.Planned)
	if err != nil {
		return err
	}
	if err := b.mirrors.check(cmd, out.Targets); err != nil {
		return err
	}
	secrets, err := b.secrets.read(cmd, out.Targets[0].Graph.Fleet.Secrets)
	if err != nil {
		return err
	}
	if err := b.looked(out.Targets); err != nil {
		return err
	}
	plans, err := b.choose(cmd, out)
	if err != nil || len(plans) == 0 {
		return err
	}
	delivery, err := b.deliver(cmd, out.Targets, plans)
	if err != nil {
		return err
	}
	b.present(out, plans)
	mirrors, err := b.mirrors.find(cmd)
	if err != nil {
		return err
	}
	if err := b.mayPush(cmd, plans, delivery); err != nil {
		return err
	}
	layout, temporary, clean, err := b.layout()
	if err != nil {
		return err
	}
	defer clean()
	if delivery.output.Attest, err = b.attester(out, plans, delivery); err != nil {
		return err
	}
	delivery.output.Dir, delivery.output.Temporary = layout, temporary
	result, err := b.solve(cmd.Context(), images.Input{
		Plans: plans, Files: out.Files, Dir: b.dir, Mirrors: mirrors, Copies: b.vendored(), Secrets: secrets, Host: images.ThisHost(b.engine.address == "" || b.engine.passProxies),
		Visit:  b.debugging(),
		Verify: b.verify, Output: delivery.output, Labels: delivery.labels, Foreign: b.engine.address != "", CacheFrom: b.caches.from, CacheTo: b.caches.to, Notice: b.notice,
	})
	if err != nil {
		b.reached = result
		return b.failed(err)
	}
	for _, t := range result.Taken {
		b.notice(fmt.Sprintf("%s in %s was an image of another fleet (%s) and is now this one's", t.Name, b.destination.dir, t.Fleet))
	}
	if !b.json {
		if err := b.showOutcomes(result.Outcomes); err != nil {
			return err
		}
	}
	done, err := b.send(cmd.Context(), layout, delivery)
	var failed *pushError
	if errors.As(err, &failed) {
		return b.partlyPushed(cmd.Context(), plans, result, delivery, done, failed)
	}
	if err == nil {
		err = b.writeDigests(plans, done.pushed)
	}
	return b.finish(cmd.Context(), plans, result, delivery, done, err)
}

// check checks the flags before anything is read.
func (b *build) check(cmd *cobra.Command) error {
	if err := canWrite(cmd, "json-file", b.jsonFile); err != nil {
		return err
	}
	if err := b.forget(); err != nil {
		return err
	}
	if !slices.Contains(progress.Modes[:], b.progress) {
		return usage(cmd, "--progress %s: expected one of %s", b.progress, strings.Join(progress.Modes[:], ", "))
	}
	b.quiet = b.quiet || b.progress == "quiet"
	b.annotates = b.progressMode() == "github"
	if b.quiet && b.progress != "auto" && b.progress != "quiet" {
		return usage(cmd, "--quiet and --progress %s exclude each other", b.progress)
	}
	if err := b.engine.check(cmd); err != nil {
		return err
	}
	if err := b.caches.check(cmd); err != nil {
		return err
	}
	if len(b.engine.more) > 0 && !b.caches.shared() {
		return usage(cmd, "several engines pass results on through a registry: name a repository with --cache")
	}
	if err := b.destination.check(cmd, b.engine.address); err != nil {
		return err
	}
	if err := b.attests.check(cmd, &b.destination); err != nil {
		return err
	}
	if err := b.signs.check(cmd, len(b.destination.pushes) > 0); err != nil {
		return err
	}
	if err := b.digests.check(cmd, len(b.destination.pushes) > 0); err != nil {
		return err
	}
	if err := b.divert(cmd); err != nil {
		return err
	}
	for _, name := range slices.Concat(b.destination.files(), []string{b.engine.state, b.jsonFile}, b.digests.files, b.caches.dirs()) {
		if err := b.writes(cmd, name); err != nil {
			return err
		}
	}
	var err error
	b.client, err = b.registries.client(cmd)
	b.engine.registries = b.client.Access
	b.caches.reach(b.client)
	b.caches.readable(b.notice)
	return err
}

// forget removes the result of an earlier build, so that nobody takes it for this build's if this one
// is interrupted or its command line is wrong. It leaves a file of a program, which check refuses.
func (b *build) forget() error {
	if info, err := os.Lstat(b.jsonFile); err != nil || !info.Mode().IsRegular() || strings.HasSuffix(b.jsonFile, ".layer") {
		return nil
	}
	if err := os.Remove(b.jsonFile); err != nil {
		return cannot("replace", b.jsonFile, err)
	}
	return nil
}

// choose reduces the plans of all platforms to the chosen apps. There are none if there is nothing to
// build, which it tells.
func (b *build) choose(cmd *cobra.Command, out *compiler.Output) ([]*plan.Plan, error) {
	sets, err := b.chosenSince(cmd, out)
	if err != nil {
		return nil, err
	}
	_, plans := selected(out, sets)
	if len(plans) > 0 {
		return plans, nil
	}
	if !b.json && !b.quiet {
		fmt.Fprintln(b.out, "nothing to build")
	}
	return nil, b.tell(exitOK, emptyJSON())
}

// present shows the plans before a build.
func (b *build) present(out *compiler.Output, plans []*plan.Plan) {
	b.warnHealth(plans)
	b.warnAnnotations(plans)
	if b.json || b.quiet {
		return
	}
	for _, p := range plans {
		fmt.Fprintf(b.out, "%s\n%s;\n%s\n\n", show.Tree(p, show.Terminal), p.Storage(), p.Quality())
	}
	const quick = plan.WorkPerSecond / 8
	b.better(out.Plan, quick, "%s\n\n")
}

// looked fails if an app is based on an archive with unknown links.
func (b *build) looked(targets []*compiler.Target) error {
	var found diag.List
	for _, t := range targets {
		if found = bind.Unlooked(t.Graph); len(found) > 0 {
			break
		}
	}
	return b.findings(found)
}

// failed prints why a build failed, and returns the error that ends the command.
func (b *build) failed(err error) error {
	var step *images.StepError
	var machine *images.MachineError
	var unproven *images.UnprovenError
	var secret *images.SecretError
	if err := b.showEarly(err); err != nil {
		return err
	}
	switch {
	case errors.As(err, &step):
		result := failedJSON(step.Finding)
		result.StepFailed = step.Step
		code := exitFor(step.Diagnostic)
		if step.Full {
			code = exitUnavailable
		}
		return b.ended(code, b.show(step.Finding), result)
	case errors.As(err, &machine):
		return b.ended(exitUnavailable, b.show(machine.Finding), failedJSON(machine.Finding))
	case errors.As(err, &unproven):
		return b.ended(unprovenCode(unproven.Outcomes), b.unproven(unproven.Outcomes), resultJSON(&images.Result{Result: &engine.Result{}, Outcomes: unproven.Outcomes}, delivered{}, ""))
	case errors.As(err, &secret):
		return &usageError{fmt.Sprintf("%s; pass it with --secret %s=FILE", secret, secret.Name), "layc build"}
	case errors.Is(err, images.ErrNoAgent):
		return &usageError{err.Error() + "; start one, which sets SSH_AUTH_SOCK", "layc build"}
	}
	return err
}

// showEarly shows the errors that were found before the one that ended a build.
func (b *build) showEarly(err error) error {
	var step *images.StepError
	var unproven *images.UnprovenError
	if b.early == nil || errors.As(err, &unproven) { // which has them all
		return nil
	}
	for _, f := range b.early.end() {
		if errors.As(err, &step) && sameFinding(f, step.Finding) {
			continue
		}
		if err := b.show(f); err != nil {
			return err
		}
		fmt.Fprintln(b.err)
		b.found = append(b.found, f.Diagnostic)
	}
	return nil
}

// exitFor returns the exit code for an error that a build found. It depends on what is wrong, and not
// on when that was found: some codes are found before a build, too.
func exitFor(d *diag.Diagnostic) int {
	if slices.Contains([]diag.Code{diag.StepFailed, diag.TestFailed, diag.NotRepeatable}, d.Code) {
		return exitBuild
	}
	return exitInput
}

// unprovenCode returns the exit code for failed proofs.
func unprovenCode(outcomes []images.Outcome) int {
	for _, v := range outcomes {
		for _, f := range v.Findings {
			if f.Severity == diag.Error && exitFor(f.Diagnostic) == exitBuild {
				return exitBuild
			}
		}
	}
	return exitInput
}

// ended ends the command with an exit code, after it has printed the error, and tells the result.
func (b *build) ended(code int, err error, result jsonResult) error {
	if err == nil {
		err = b.tell(code, result)
	}
	if err != nil {
		return err
	}
	return &codeError{code}
}

// tell prints or writes the result as JSON, as the flags say, with the errors that were printed.
func (b *build) tell(code int, result jsonResult) error {
	b.told = true
	result.ExitCode = code
	result.Findings = append(result.Findings, b.found...)
	if b.reached != nil {
		result.StepsExecuted, result.StepsCached = names(b.reached.Steps.Executed), names(b.reached.Steps.Cached)
		result.EnginesLost = lostJSON(b.reached.Lost)
	}
	result.EnginesLost = append(lostJSON(b.missing), result.EnginesLost...)
	if len(result.Pushes) == 0 {
		result.Pushes = b.unmoved
	}
	if b.json {
		if err := b.printJSON(result); err != nil {
			return err
		}
	}
	if b.jsonFile == "" {
		return nil
	}
	var text bytes.Buffer
	if err := (&cli{out: &printed{to: &text}}).printJSON(result); err != nil {
		return err
	}
	return replaceFile(b.jsonFile, text.Bytes())
}

// unproven prints the failed proofs.
func (b *build) unproven(outcomes []images.Outcome) error {
	err := b.showOutcomes(outcomes)
	if b.verify {
		fmt.Fprintf(b.err, "%s; ", unverified(outcomes))
	}
	fmt.Fprintln(b.err, "nothing was written")
	return err
}
