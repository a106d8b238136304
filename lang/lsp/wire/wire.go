// Package wire reads and writes the messages of the Language Server Protocol: JSON-RPC 2.0 with
// headers.
//
// creachadair/jrpc2 has such a framing and a server, but its server starts the handler of a request
// while it handles the notifications after it, and a header decides how much memory it takes. Here a
// caller reads messages one by one, so that a request sees the text as it was when the request came.
package wire

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
)

// Limits of a message.
const (
	maxHeader  = 4 << 10
	MaxMessage = 64 << 20
)

// Message is a request, a notification (without ID), or a response (without Method).
type Message struct {
	ID     json.RawMessage
	Method string
	Params json.RawMessage
	Result json.RawMessage
	Error  *Error
}

// Error is the error of a response.
type Error struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (e *Error) Error() string { return e.Message }

// Codes of errors, as JSON-RPC and the Language Server Protocol define them.
const (
	ParseError       = -32700
	InvalidRequest   = -32600
	MethodNotFound   = -32601
	InvalidParams    = -32602
	InternalError    = -32603
	NotInitialized   = -32002
	RequestFailed    = -32803
	RequestCancelled = -32800
)

// Errorf returns an error with a code.
func Errorf(code int, format string, args ...any) *Error {
	return &Error{code, fmt.Sprintf(format, args...)}
}

// Conn is a stream of messages in each direction. Read must not be called concurrently; Write can be.
type Conn struct {
	in    *bufio.Reader
	mutex sync.Mutex
	out   io.Writer
}

// New returns a connection that reads from in and writes to out.
func New(in io.Reader, out io.Writer) *Conn {
	return &Conn{in: bufio.NewReader(in), out: out}
}

// Read reads the next message. An *Error is about one message, and the next one can be read. After
// any other error, nothing can be read; it is io.EOF if the stream ended between messages.
func (c *Conn) Read() (*Message, error) {
	size, err := c.header()
	if err != nil {
		return nil, err
	}
	if size > MaxMessage {
		if _, err := io.CopyN(io.Discard, c.in, size); err != nil {
			return nil, io.ErrUnexpectedEOF
		}
		return nil, Errorf(InvalidRequest, "the message is larger than %d MiB", MaxMessage>>20)
	}
	var body bytes.Buffer // grows with what comes, not with what the header promises
	if _, err := io.CopyN(&body, c.in, size); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	return decode(body.Bytes())
}

// header reads the header of a message, and returns the size of its content.
func (c *Conn) header() (int64, error) {
	size, read := int64(-1), 0
	for {
		line, err := c.in.ReadSlice('\n')
		read += len(line)
		switch {
		case errors.Is(err, io.EOF) && read == 0:
			return 0, io.EOF
		case errors.Is(err, bufio.ErrBufferFull) || read > maxHeader:
			return 0, errors.New("the header of a message is too long")
		case err != nil:
			return 0, io.ErrUnexpectedEOF
		}
		text := strings.TrimRight(string(line), "\r\n")
		if text == "" && size >= 0 {
			return size, nil
		}
		name, value, ok := strings.Cut(text, ":")
		if !ok {
			return 0, fmt.Errorf("not the header of a message: %.40q", text)
		}
		if strings.EqualFold(name, "Content-Length") {
			if size, err = strconv.ParseInt(strings.TrimSpace(value), 10, 64); err != nil || size < 0 {
				return 0, fmt.Errorf("not a valid Content-Length: %.40q", value)
			}
		}
	}
}

func decode(text []byte) (*Message, error) {
	if !json.Valid(text) {
		return nil, Errorf(ParseError, "not valid JSON")
	}
	var m struct {
		Version string          `json:"jsonrpc"`
		ID      json.RawMessage `json:"id"`
		Method  *string         `json:"method"`
		Params  json.RawMessage `json:"params"`
		Result  json.RawMessage `json:"result"`
		Error   *Error          `json:"error"`
	}
	if err := json.Unmarshal(text, &m); err != nil || m.Version != "2.0" {
		return nil, Errorf(InvalidRequest, "not a JSON-RPC 2.0 message")
	}
	if string(m.ID) == "null" {
		m.ID = nil
	}
	if len(m.ID) > 0 && (m.ID[0] == '{' || m.ID[0] == '[') {
		return nil, Errorf(InvalidRequest, "the id of a message must be a number or a string")
	}
	out := &Message{ID: m.ID, Params: m.Params, Result: m.Result, Error: m.Error}
	switch {
	case m.Method != nil && *m.Method != "":
		out.Method = *m.Method
	case m.Method != nil || m.Result == nil && m.Error == nil:
		return nil, Errorf(InvalidRequest, "the message has no method")
	}
	return out, nil
}

// Write writes a message.
func (c *Conn) Write(m *Message) error {
	out := struct {
		Version string           `json:"jsonrpc"`
		ID      *json.RawMessage `json:"id,omitempty"`
		Method  string           `json:"method,omitempty"`
		Params  json.RawMessage  `json:"params,omitempty"`
		Result  *json.RawMessage `json:"result,omitempty"`
		Error   *Error           `json:"error,omitempty"`
	}{Version: "2.0", Method: m.Method, Params: m.Params, Error: m.Error}
	null := json.RawMessage("null")
	switch {
	case len(m.ID) > 0:
		out.ID = &m.ID
	case m.Method == "":
		out.ID = &null // an error about a message whose id is unknown
	}
	if m.Method == "" && m.Error == nil {
		out.Result = &null
		if len(m.Result) > 0 {
			out.Result = &m.Result
		}
	}
	body, err := json.Marshal(out)
	if err != nil {
		return err
	}
	text := append(fmt.Appendf(nil, "Content-Length: %d\r\n\r\n", len(body)), body...)
	c.mutex.Lock()
	defer c.mutex.Unlock()
	_, err = c.out.Write(text)
	return err
}
