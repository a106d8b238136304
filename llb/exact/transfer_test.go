//go:build linux

package exact_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
	"golang.org/x/sync/errgroup"

	"github.com/layc-lang/layc/compiler/model"
	"github.com/layc-lang/layc/llb/exact"
	"github.com/layc-lang/layc/llb/project"
)

// TestTransfer sends edited directories in the engine's protocol, on top of what was sent before.
// The engine then has the project's files, and sending again changes nothing. LAYC_EXACT_N sets
// the number of histories, LAYC_EXACT_SEED the first seed.
func TestTransfer(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: what is sent belongs to it")
	}
	seed, count := fromEnv(t, "LAYC_EXACT_SEED", 1), fromEnv(t, "LAYC_EXACT_N", 30)
	p := &projects{T: t, dir: t.TempDir()}
	for n := range count {
		r := rand.New(rand.NewPCG(seed+n, 5))
		from, to := filepath.Join(p.dir, fmt.Sprint("from", n)), filepath.Join(p.dir, fmt.Sprint("to", n))
		p.ok(sow(r, from, 2))
		p.ok(os.Mkdir(to, 0o755))
		var log []string
		for range 5 {
			for range r.IntN(3) {
				log = append(log, p.edit(r, from))
			}
			edited := time.Now()
			p.send(from, to)
			if lines := exact.Compare(p.sent(from), p.received(to), false); len(lines) > 0 {
				t.Fatalf("seed %d, after %q:\n%s", seed+n, log, strings.Join(lines, "\n"))
			}
			// Each file may be sent once more when its change is two seconds old.
			before, again := edited, p.send(from, to)
			for len(again) > 0 && before.Sub(edited) < 3*time.Second {
				before, again = time.Now(), p.send(from, to)
			}
			if len(again) > 0 {
				t.Fatalf("seed %d, after %q: sent again: %q", seed+n, log, again)
			}
		}
	}
	t.Logf("%d histories from seed %d", count, seed)
}

// sent returns a directory as it should be received.
func (p *projects) sent(dir string) exact.Tree {
	tree, err := exact.Read(dir)
	p.ok(err)
	for at, e := range tree {
		c := asCopied(e)
		c.Same = e.Same
		tree[at] = c
	}
	return tree
}

func (p *projects) received(dir string) exact.Tree {
	tree, err := exact.Read(filepath.Join(dir, "0", "files-links"))
	p.ok(err)
	return tree
}

// send sends a directory and returns the changes on the engine's side.
func (p *projects) send(from, to string) (changed []string) {
	p.Helper()
	s := &model.Selection{Sources: []model.Source{{Path: ".", Contents: true}}, Links: "links"}
	var mu sync.Mutex // guards changed
	work, ctx := errgroup.WithContext(p.Context())
	there, back := make(chan []byte, 10), make(chan []byte, 10)
	work.Go(func() error {
		defer close(there)
		return fsutil.Send(ctx, &stream{ctx, back, there}, project.Source(os.DirFS(from), map[string]*model.Selection{"0": s}), nil)
	})
	work.Go(func() error {
		defer close(back)
		return fsutil.Receive(ctx, &stream{ctx, there, back}, to, fsutil.ReceiveOpt{
			Filter: func(_ string, s *types.Stat) bool {
				s.Uid, s.Gid = 0, 0
				return true
			},
			NotifyHashed: func(_ fsutil.ChangeKind, name string, _ os.FileInfo, _ error) error {
				mu.Lock()
				defer mu.Unlock()
				changed = append(changed, name)
				return nil
			},
			ContentHasher: func(*types.Stat) (hash.Hash, error) { return sha256.New(), nil },
		})
	})
	p.ok(work.Wait())
	return changed
}

// stream is one end of a connection.
type stream struct {
	ctx     context.Context
	in, out chan []byte
}

func (s *stream) Context() context.Context { return s.ctx }

func (s *stream) SendMsg(m any) error {
	text, err := m.(*types.Packet).MarshalVT()
	if err != nil {
		return err
	}
	select {
	case s.out <- text:
		return nil
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}

func (s *stream) RecvMsg(m any) error {
	select {
	case text, ok := <-s.in:
		if !ok {
			return io.EOF
		}
		return m.(*types.Packet).UnmarshalVT(text)
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}
