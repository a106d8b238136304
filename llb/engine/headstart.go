//go:build unix

package engine

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// To open the state takes as long as to compile a program of some dozen apps. A command that expects to need
// the engine has it start meanwhile.

// headStart is a start of an engine in the background.
type headStart struct {
	cancel context.CancelFunc
	done   chan struct{} // closed when the engine is open, or cannot be opened

	mu      sync.Mutex
	notices []string     // for the user, who gets them only if a build needs the engine
	tell    func(string) // of a build that waits; nil: none does
	err     error        // why it could not be opened, for the first build that needs it
}

// Start starts an engine with the option Later in the background, so that the first build waits less for it.
// If that fails, the first build fails, too, and the next one tries again. It does nothing for other engines, and
// if it is called again.
func (e *Engine) Start() {
	if !e.opts.Later || e.opts.Address != "" {
		return
	}
	ctx, cancel := context.WithCancel(e.ctx)
	s := &headStart{cancel: cancel, done: make(chan struct{})}
	if !e.starting.CompareAndSwap(nil, s) {
		cancel()
		return
	}
	go func() {
		defer close(s.done)
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.closed || e.client != nil {
			return
		}
		err := e.openState(ctx, s.notice)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.err = err
	}()
}

// notice passes a sentence to a build that waits, or keeps it for one.
func (s *headStart) notice(sentence string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tell == nil {
		s.notices = append(s.notices, sentence)
	} else {
		s.tell(sentence)
	}
}

// wait returns when the engine is open, or cannot be opened, and passes on what there is to tell. The error is why
// it cannot be opened: only once, since another attempt may have another result, and may take as long.
func (s *headStart) wait(notice func(string)) error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	for _, sentence := range s.notices {
		notice(sentence)
	}
	s.notices, s.tell = nil, notice
	s.mu.Unlock()
	<-s.done
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.err
	s.err = nil
	return err
}

// end interrupts a start that nobody needs, and waits until it has ended.
func (s *headStart) end() {
	if s == nil {
		return
	}
	select {
	case <-s.done: // an open engine is to be closed in order
	default:
		s.cancel()
		<-s.done
	}
}

// LastUse returns when the last engine on a state directory was closed. It is zero if there was none.
func LastUse(state string) time.Time {
	info, err := os.Stat(filepath.Join(state, closedName))
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
