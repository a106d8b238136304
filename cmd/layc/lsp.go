package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/layc-lang/layc/compiler"
	"github.com/layc-lang/layc/compiler/lock"
	"github.com/layc-lang/layc/compiler/pin"
	"github.com/layc-lang/layc/lang/load"
	"github.com/layc-lang/layc/lang/lsp"
	"github.com/layc-lang/layc/lang/lsp/workspace"
	"github.com/layc-lang/layc/llb/replace"
	"github.com/layc-lang/layc/llb/world"
	"github.com/layc-lang/layc/llb/world/git"
	"github.com/layc-lang/layc/stdlib"
)

func (c *cli) lspCommand() *cobra.Command {
	var mirrors mirrorFlags
	cmd := &cobra.Command{
		Use:        "lsp",
		SuggestFor: []string{"language-server", "languageserver", "server", "ls"},
		Short:      "Serve an editor: errors while typing, completion, definitions",
		Long: `lsp is the language server. An editor starts it, and speaks the Language Server
Protocol with it over standard input and output. It builds nothing, and asks
the network for nothing unless you choose that.

The command layc.plan serves the page of a plan on this machine only, and
refreshes it when a file is saved.

A fetch or rootfs without a checksum has the action to declare one: the one that
layc.lock pins or, if there is none, the one of the file, which the server
downloads when you choose the action. Your editor shows the progress, and can
cancel it. Let it start layc lsp --mirror NAME=URL if a download needs a mirror
that your package clients do not know.

The command layc.built shows the errors and warnings of a build until the files
concerned change, with their fixes. It takes the URI of the module's directory
and the JSON of layc build --json there.

An editor's settings, below layc:
  codeLens     show layers and sizes above declarations (default false)
  inlayHints   show them at the ends of lines (default false)`,
		Example: `  Neovim, in init.lua:
    vim.filetype.add({ extension = { layer = "layer" } })
    vim.lsp.config("layc", { cmd = { "layc", "lsp" }, filetypes = { "layer" } })
    vim.lsp.enable("layc")

  Emacs, with eglot:
    (define-derived-mode layer-mode prog-mode "Layer")
    (add-to-list 'auto-mode-alist '("\\.layer\\'" . layer-mode))
    (add-to-list 'eglot-server-programs '(layer-mode "layc" "lsp"))

  Helix, in languages.toml:
    [language-server.layc]
    command = "layc"
    args = ["lsp"]
    [[language]]
    name = "layer"
    scope = "source.layer"
    file-types = ["layer"]
    language-servers = ["layc"]`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			found, err := mirrors.find(cmd)
			if err != nil {
				return err
			}
			checksum := func(ctx context.Context, urls []string, report func(done, total int64)) (string, error) {
				return checksum(ctx, found, urls, report)
			}
			err = lsp.Serve(cmd.Context(), os.Stdin, os.Stdout, lsp.Options{Version: versions(), Source: c.editorSource(), Page: new(pages).show, Checksum: checksum})
			if errors.Is(err, context.Canceled) {
				return cmd.Context().Err()
			}
			return err
		},
	}
	mirrors.flags(cmd)
	cmd.Flags().Bool("stdio", true, "use standard input and output, as always")
	return cmd
}

// checksum downloads a file and returns its digest.
func checksum(ctx context.Context, mirrors world.Mirrors, urls []string, report func(done, total int64)) (string, error) {
	resolver := world.NewResolver(world.Options{
		Mirrors: mirrors, Now: time.Now(), Progress: func(_ string, done, total int64) { report(done, total) },
	})
	refs := lock.Refs{URLs: urls[:1], Mirrors: map[string][]string{urls[0]: urls[1:]}}
	pins, err := lock.Update(ctx, &lock.File{}, refs, resolver)
	if err != nil {
		return "", err
	}
	return pins.URLs[0].Digest, nil
}

// editorSource returns where the language server finds what the editor does not have open.
func (c *cli) editorSource() workspace.Source {
	quiet := func(string) {}
	return workspace.Source{
		Files: func(dir string) fs.FS { return files(dir) },
		Modules: func(ctx context.Context, dir string, pins *lock.File) map[load.Repository]load.Fetched {
			store, err := git.Of(dir, quiet)
			if err != nil {
				return nil
			}
			in := compiler.Input{Project: files(dir), Dir: ".", Name: dir}
			fetched, _ := pin.Fetch(ctx, in, pins, store, false) // offline, it does not fail
			return fetched
		},
		Repository: func(dir string, pin lock.Module) (string, bool) {
			store, err := git.Of(dir, quiet)
			if err != nil {
				return "", false
			}
			return store.Dir(pin)
		},
		Std:      sync.OnceValues(stdDir),
		Platform: here,
	}
}

// stdDir returns a directory with the files of the standard library, to show them in an editor. Its
// name depends on the files, so that each version of layc shows its own.
func stdDir() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	names, err := fs.Glob(stdlib.FS, "*/*.layer")
	if err != nil {
		return "", err
	}
	for _, name := range names {
		text, err := fs.ReadFile(stdlib.FS, name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %d\n%s", name, len(text), text)
	}
	dir := filepath.Join(cache, "layc-std", hex.EncodeToString(sum.Sum(nil))[:16])
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", err
	}
	return dir, replace.Dir(dir, func(fresh string) error {
		for _, name := range names {
			text, err := fs.ReadFile(stdlib.FS, name)
			if err != nil {
				return err
			}
			if err := os.MkdirAll(filepath.Join(fresh, filepath.Dir(name)), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(fresh, name), text, 0o444); err != nil {
				return err
			}
		}
		return nil
	})
}
