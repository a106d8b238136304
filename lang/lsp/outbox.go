package lsp

import (
	"sync"

	"github.com/layc-lang/layc/lang/lsp/wire"
)

// outbox sends messages in order, without making the sender wait: an editor may write without reading
// meanwhile, and the server must not stop reading then.
type outbox struct {
	mutex sync.Mutex
	queue []*wire.Message
	ready chan struct{}
}

// mostWaiting is the number of messages at which an editor is taken for one that does not read. Then
// the older half is dropped.
const mostWaiting = 20_000

func newOutbox() *outbox { return &outbox{ready: make(chan struct{}, 1)} }

// put adds a message.
func (o *outbox) put(m *wire.Message) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if len(o.queue) >= mostWaiting {
		o.queue = o.queue[mostWaiting/2:]
	}
	o.queue = append(o.queue, m)
	select {
	case o.ready <- struct{}{}:
	default:
	}
}

// send sends what was put, until the connection fails, or done is closed and all is sent.
func (o *outbox) send(conn *wire.Conn, done <-chan struct{}) {
	for last := false; ; {
		o.mutex.Lock()
		queue := o.queue
		o.queue = nil
		o.mutex.Unlock()
		for _, m := range queue {
			if conn.Write(m) != nil {
				return
			}
		}
		if last {
			return
		}
		select {
		case <-o.ready:
		case <-done:
			last = true
		}
	}
}
