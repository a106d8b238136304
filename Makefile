# layc is built, shown and tested from here. `make help` lists the targets.
#
# On a fresh machine this needs root, Go, a C compiler and make; what else a
# target needs it installs with apt-get, or says what to install.

# What is built, tested and checked has the same flags, so everything is compiled once.
export CGO_ENABLED = 0
export GOFLAGS    := $(GOFLAGS) -trimpath

GO      ?= go
INSTALL  = apt-get install --yes --no-install-recommends
HELPERS  = llb/helper/bin/layc-helper-linux-amd64.gz llb/helper/bin/layc-helper-linux-arm64.gz

.PHONY: help build frontend-image demo test copies cosign tools fuzz exact seeds bench bench-build bench-pull lint clean helpers maven seccomp engines archivers editors vscode code-server tree-sitter
.DELETE_ON_ERROR:

## help: list the targets
help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## build: make bin/layc, and bin/layc-runc, which runs the steps of a build
build: bin/layc-runc helpers
	$(GO) build -ldflags '-s -w' -o bin/layc ./cmd/layc

# The helper runs inside build steps and its bytes are in their cache keys:
# equal source gives equal bytes, whatever the commit and the directory.
helpers: $(HELPERS)

bin/layc-helper-linux-%: FORCE
	@GOOS=linux GOARCH=$* $(GO) build -buildvcs=false -ldflags '-s -w -buildid=' -o $@ ./cmd/layc-helper

# layc embeds it compressed, with its digest, which plans need.
llb/helper/bin/layc-helper-linux-%.gz: bin/layc-helper-linux-%
	@sha256sum < $< | cut -d ' ' -f 1 > $(@:.gz=.sha256)
	@gzip -9nc $< > $@
	@rm -f $(@:.gz=) # which a build of an earlier layc has left

.PRECIOUS: bin/layc-helper-linux-%

.PHONY: FORCE
FORCE:

# Static, so that it needs nothing of the host. Without seccomp it could not
# run BuildKit's steps.
bin/layc-runc: go.mod go.sum | seccomp
	CGO_ENABLED=1 $(GO) build -tags 'netgo osusergo seccomp' -ldflags '-s -w -extldflags -static' -o $@ github.com/opencontainers/runc

# Both are looked for first: nothing is installed that is there.
seccomp:
	@pkg-config --exists libseccomp 2>/dev/null || $(call install,libseccomp-dev pkg-config,the headers of libseccomp and pkg-config)

## frontend-image: make out/frontend, an OCI layout with layc as a frontend of BuildKit
# FRONTEND_ARCH is the architecture of the builders that run it. The image is built with layc.
FRONTEND_ARCH ?= $(shell $(GO) env GOARCH)
frontend-image: build
	@rm -rf out/frontend-files && mkdir -p out/frontend-files
	GOOS=linux GOARCH=$(FRONTEND_ARCH) $(GO) build -ldflags '-s -w' -o out/frontend-files/layc-frontend ./cmd/layc-frontend
	@cp cmd/layc-frontend/image.layer $(HELPERS:llb/helper/bin/%.gz=bin/%) out/frontend-files/
	bin/layc build -C out/frontend-files --platform linux/$(FRONTEND_ARCH) -o out/frontend

# Tests connect to engines through ssh, build on one with fuse-overlayfs, and as an ordinary user.
engines:
	@for p in ssh ssh-keygen /usr/sbin/sshd fuse-overlayfs newuidmap /usr/sbin/useradd; do command -v $$p >/dev/null || missing=1; done; \
		[ -z "$$missing" ] || $(call install,openssh-client openssh-server fuse-overlayfs uidmap passwd,OpenSSH and fuse-overlayfs and newuidmap)

# Tests use a BuildKit of its own. It is a module of its own, since it needs far more than layc.
BUILDKITD = bin/buildkitd bin/buildctl
$(BUILDKITD) &: llb/engine/testdata/buildkitd/go.mod llb/engine/testdata/buildkitd/go.sum
	CGO_ENABLED=0 $(GO) build -C llb/engine/testdata/buildkitd -trimpath -ldflags "-s -w -X github.com/moby/buildkit/version.Version=$$($(GO) list -m -f '{{.Version}}' github.com/moby/buildkit)" -o $(CURDIR)/bin/ github.com/moby/buildkit/cmd/buildkitd github.com/moby/buildkit/cmd/buildctl
	@touch $(BUILDKITD)

## distribution: push to the registry of the project distribution
# It is a module of its own, as it needs far more than layc, and not part of `test`, as it takes
# minutes to compile.
.PHONY: distribution
distribution: bin/registry
	LAYC_REQUIRE_DISTRIBUTION=1 $(GO) test -count=1 -run Distribution -v ./llb/registry

bin/registry: llb/registry/testdata/distribution/go.mod llb/registry/testdata/distribution/go.sum
	CGO_ENABLED=0 $(GO) build -C llb/registry/testdata/distribution -trimpath -ldflags '-s -w' -o $(CURDIR)/$@ github.com/distribution/distribution/v3/cmd/registry
	@touch $@

maven:
	@command -v mvn >/dev/null || $(call install,maven,Maven)

# Tests compare what layc unpacks with what these do.
archivers:
	@for p in tar bsdtar zip unzip jar python3 gzip bzip2 xz zstd; do command -v $$p >/dev/null || missing=1; done; \
		[ -z "$$missing" ] || $(call install,libarchive-tools zip unzip default-jdk-headless python3 xz-utils zstd bzip2 gzip tar,the programs that make and unpack archives)

# install PACKAGES,WHAT: with apt-get as root, otherwise say what is missing.
define install
{ if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	export DEBIAN_FRONTEND=noninteractive; \
	apt-get update --quiet=2 && $(INSTALL) --quiet=2 $(1) >/dev/null; \
else \
	echo 'make: this needs $(2): install $(1) (as they are called in Debian), then run make again' >&2; exit 1; \
fi; }
endef

## demo: build the shop of testdata/shop into out/shop
# Maven's own settings say where published Java archives come from.
demo: build maven
	bin/layc build -C testdata/shop -o out/shop

## test: check and test everything, on the real engine too
# All tests run once as they are. Tests of the engine often wait for it, so four run at
# once. The race detector then watches the tests again without the engine, since
# BuildKit and bbolt have races of their own, and without the long searches that share
# nothing between goroutines (-short). `lint` has vetted the code before.
test: build $(BUILDKITD) engines maven archivers editors lint
	LAYC_REQUIRE_ENGINE=1 LAYC_REQUIRE_EDITORS=1 $(GO) test -count=1 -vet=off -parallel 4 -timeout 60m ./...
	CGO_ENABLED=1 $(GO) test -count=1 -vet=off -run TreeSitter $(WITH_C)
	$(MAKE) --jobs=2 --output-sync copied race
	$(MAKE) fuzz

# Only the colours of tree-sitter, whose parser is in C.
WITH_C = ./lang/editor/...

.PHONY: copied race
copied:
	LAYC_SNAPSHOTTER=native LAYC_REQUIRE_ENGINE=1 $(GO) test -count=1 -vet=off -timeout 30m ./llb/engine
race:
	CGO_ENABLED=1 $(GO) test -race -short -vet=off -timeout 30m $$($(CONCURRENT))

# The packages where anything runs concurrently, in the code or in the tests: a go statement,
# a timer, a server, a lock, or parallel tests. In the others nothing can race.
CONCURRENT = grep -rlE '(^|[^[:alnum:]_])go (func|[[:alpha:]_.]+\()|\.Go\(|\.AfterFunc\(|\.Parallel\(|"sync(/atomic)?"|"net/http(/httptest)?"' \
	--include='*.go' --exclude-dir=testdata cmd compiler lang llb stdlib | xargs -n1 dirname | sort -u | sed 's,^,./,'

## copies: test the engine with copied layers, as where overlay mounts are not available; SNAPSHOTTER=fuse-overlayfs for that one
# `test` does this for llb/engine alone.
SNAPSHOTTER = native
copies: build $(BUILDKITD) engines archivers
	LAYC_SNAPSHOTTER=$(SNAPSHOTTER) LAYC_REQUIRE_ENGINE=1 $(GO) test -count=1 -vet=off -parallel 2 -timeout 90m ./llb/engine ./llb ./llb/images ./llb/exact ./cmd/layc

.PHONY: test-stdlib
## test-stdlib: build, verify and boot apps that use the whole standard library
test-stdlib: build
	LAYC_REQUIRE_ENGINE=1 LAYC_REQUIRE_STDLIB=1 $(GO) test -count=1 -vet=off -timeout 1h ./cmd/layc -run '^TestStdlib(Templates)?$$' -v

.PHONY: contained
## contained: build Debian images in a container and in a chroot, where layers are copied, and compare; SHOP=1 for the demo
contained: build $(if $(SHOP),maven)
	LAYC_REQUIRE_CONTAINED=1 LAYC_CONTAINED_SHOP=$(SHOP) $(GO) test -count=1 -vet=off -timeout 1h -v ./cmd/layc -run Contained

.PHONY: emulated
## emulated: run a step for linux/arm64 with an emulator, in a user namespace of its own
emulated: build
	@command -v qemu-aarch64-static >/dev/null || $(call install,qemu-user-static,the emulator qemu-aarch64-static)
	LAYC_REQUIRE_EMULATOR=1 $(GO) test -count=1 -vet=off ./llb/engine -run Emulator

.PHONY: rootless
## rootless: build the demo as an ordinary user, who is made for it, and compare it with root's
rootless: demo engines
	@user=layc-$$$$; useradd --create-home $$user && trap "userdel --remove $$user 2>/dev/null" EXIT && home=$$(eval echo ~$$user) && \
	cp -r bin/layc bin/layc-runc testdata/shop $$home/ && chown -R $$user $$home && \
	{ [ ! -e ~/.m2/settings.xml ] || install -D -o $$user ~/.m2/settings.xml $$home/.m2/settings.xml; } && \
	runuser -u $$user -- env HOME=$$home $$home/layc build -C $$home/shop -o $$home/out && \
	cmp $$home/out/index.json out/shop/index.json && echo "the images of $$user are equal to root's"

## tools: read and load what layc writes with skopeo, umoci, Podman, containerd and Docker
# Docker and containerd run beside those of the machine, with stores of their own.
tools: build
	@for p in skopeo umoci podman ctr containerd docker dockerd; do command -v $$p >/dev/null || missing=1; done; \
		[ -z "$$missing" ] || $(call install,skopeo umoci podman containerd docker.io,skopeo and umoci and Podman and containerd and Docker)
	LAYC_REQUIRE_TOOLS=1 LAYC_REQUIRE_ENGINE=1 $(GO) test -count=1 -run '^TestTools$$' -v ./cmd/layc

## cosign: sign an image and have cosign verify it
cosign:
	CGO_ENABLED=0 $(GO) build -C llb/registry/testdata/cosign -trimpath -ldflags '-s -w' -o $(CURDIR)/bin/layc-cosign .
	LAYC_REQUIRE_COSIGN=1 $(GO) test -count=1 ./llb/registry -run TestCosign

.PHONY: schemas
## schemas: check bills of materials and provenance with the libraries of SPDX, CycloneDX and in-toto
schemas: build
	@command -v python3 >/dev/null && python3 -c 'import ensurepip' || $(call install,python3-venv,Python and its venv)
	@[ -x out/.schemas/bin/python ] || { mkdir -p out && python3 -m venv out/.schemas; } # hidden from go list ./...
	out/.schemas/bin/pip install --quiet --disable-pip-version-check -r cmd/layc/testdata/schemas/requirements.txt
	LAYC_SCHEMAS_PYTHON=$(CURDIR)/out/.schemas/bin/python LAYC_REQUIRE_ENGINE=1 $(GO) test -count=1 -run '^TestSchemas$$' -v ./cmd/layc

## fuzz: look for inputs that break a stage; FUZZTIME=10m for ten minutes each
# Inputs are counted, as Go's fuzzing fails where a short time is over before it
# has tried the inputs that it knows.
FUZZTIME = 5000x
fuzz: helpers
	@for target in lang/syntax:FuzzParse lang/format:FuzzFormat lang/load:FuzzLoad lang/check:FuzzCheck compiler:FuzzCompile compiler/lock:FuzzParse compiler/query:FuzzAsk compiler/importing:FuzzImport; do \
		echo "fuzz $$target"; \
		$(GO) test "./$${target%:*}" -run '^$$' -fuzz "^$${target#*:}$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5x || exit 1; \
	done

## exact: compare N random programs, from SEED on, with what the same steps make without layc
N    = 100
SEED = 1
exact: build archivers
	LAYC_REQUIRE_ENGINE=1 LAYC_EXACT_N=$(N) LAYC_EXACT_SEED=$(SEED) $(GO) test -count=1 -timeout 24h -v ./llb/exact

## seeds: the searches for bugs with all their random fleets and mistakes; `make test` tries a part
seeds: helpers
	LAYC_SEEDS=all $(GO) test -count=1 -timeout 1h ./compiler ./compiler/plan ./compiler/plan/search

## bench: measure the stages; the table in README.md is made of these
bench: helpers
	$(GO) test -run '^$$' -bench . -benchtime 3x ./lang/syntax ./compiler ./compiler/plan/search
	$(GO) test -run '^$$' -bench Repeated -benchtime 1x -timeout 20m ./lang/lsp

## bench-build: compare builds of a fleet with Dockerfiles on BuildKit; CHEAP=1 for apps without steps
# It takes about ten minutes for 20 apps. The sides are explained in bench/build.
APPS   = 20
ROUNDS = 5
SIDES  = layc,dockerfiles,stages,layc-push,bake
bench-build: build $(BUILDKITD) bin/buildx
	$(GO) run ./bench/build -apps $(APPS) -rounds $(ROUNDS) -sides $(SIDES) $(if $(CHEAP),-cheap)

## bench-scale: builds of 100, 300 and 1,000 apps without steps, and how their times grow
.PHONY: bench-scale
bench-scale: build
	$(GO) run ./bench/build -cheap -apps 100,300,1000 -rounds 3 -sides layc,layc-push

# docker buildx without docker: a client of BuildKit. It is a module of its own, as it needs far more than layc.
bin/buildx: bench/build/testdata/buildx/go.mod bench/build/testdata/buildx/go.sum
	CGO_ENABLED=0 $(GO) build -C bench/build/testdata/buildx -trimpath -ldflags '-s -w' -o $(CURDIR)/$@ github.com/docker/buildx/cmd/buildx
	@touch $@

## bench-pull: measure what hosts pull over a slow link; a table in README.md is made of this
# It needs skopeo as the host, and 30 GB of disk.
bench-pull: build $(BUILDKITD) maven
	@command -v skopeo >/dev/null || $(call install,skopeo,skopeo)
	$(GO) run ./bench/pull

## lint: check format, vet and staticcheck
lint: helpers
	@unformatted=$$(gofmt -l bench cmd compiler lang llb stdlib); \
	if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./... && CGO_ENABLED=1 $(GO) vet $(WITH_C)
	$(GO) tool staticcheck ./... && CGO_ENABLED=1 $$($(GO) tool -n staticcheck) $(WITH_C)

# Tests colour and edit with these. An editor starts `layc lsp`.
editors:
	@for p in vim nvim emacs node npm; do command -v $$p >/dev/null || missing=1; done; \
		{ [ -z "$$missing" ] && dpkg -s vim-ale elpa-eglot >/dev/null 2>&1; } || \
		$(call install,vim-nox vim-ale neovim emacs-nox elpa-eglot $$(command -v npm >/dev/null || echo nodejs npm),the editors)
	@cd lang/editor/vscode && [ node_modules -nt package-lock.json ] || { npm ci --silent && touch node_modules; }

## vscode: pack the extension for VS Code as out/layer.vsix
vscode: editors
	@mkdir -p out && cp LICENSE lang/editor/vscode/
	cd lang/editor/vscode && npx --yes @vscode/vsce@3.9.2 package --no-dependencies --allow-missing-repository --out ../../../out/layer.vsix
	@size=$$(stat -c %s out/layer.vsix); [ $$size -lt 200000 ] || { echo "make: the extension has $$size bytes, more than 200 KB" >&2; exit 1; }

## code-server: use the extension for VS Code in a browser; screenshots go to out/vscode
# It is not part of `test`, as code-server takes minutes to install.
code-server: build vscode
	@{ command -v chromium && pkg-config --exists krb5 libsecret-1; } >/dev/null 2>&1 || $(call install,chromium libkrb5-dev libsecret-1-dev pkg-config,Chromium and the headers that code-server is compiled with)
	lang/editor/vscode/test/browser.sh

## tree-sitter: make the parser that editors use from lang/editor/tree-sitter-layer/grammar.js
# Its source is checked in, so that only who changes the grammar needs the command.
tree-sitter:
	@command -v tree-sitter >/dev/null || { echo 'make: this needs tree-sitter: run cargo install tree-sitter-cli, then run make again' >&2; exit 1; }
	cd lang/editor/tree-sitter-layer && tree-sitter generate && rm src/grammar.json src/node-types.json && \
		cat grammar.js clauses.json | sha256sum | cut -d ' ' -f 1 > src/grammar.sha256

## clean: remove what was built
clean:
	rm -rf bin out $(HELPERS)
