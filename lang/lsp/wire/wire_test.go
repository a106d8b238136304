package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func framed(body string) string { return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body) }

func TestRead(t *testing.T) {
	for in, want := range map[string]string{
		"": "EOF",
		framed(`{"jsonrpc":"2.0","id":1,"method":"a","params":{}}`):                                   "1 a {}; EOF",
		framed(`{"jsonrpc":"2.0","method":"a"}`) + framed(`{"jsonrpc":"2.0","id":"x","result":null}`): ` a ; "x"  ; EOF`,
		"content-length:2\nX: y\n\n{}":                                                                "error -32600: not a JSON-RPC 2.0 message; EOF",
		framed(`{"jsonrpc":"2.0","id":[1],"method":"a"}`):                                             "error -32600: the id of a message must be a number or a string; EOF",
		framed(`{"jsonrpc":"2.0","id":1}`):                                                            "error -32600: the message has no method; EOF",
		framed(`[`) + framed(`{"jsonrpc":"2.0","method":"a"}`):                                        "error -32700: not valid JSON;  a ; EOF",
		framed(`[]`):                           "error -32600: not a JSON-RPC 2.0 message; EOF",
		"Content-Length: 99999999999\r\n\r\nx": "unexpected EOF",
		"Content-Length: -1\r\n\r\n":           `not a valid Content-Length: " -1"`,
		"GET / HTTP/1.1\r\n":                   `not the header of a message: "GET / HTTP/1.1"`,
		"\r\n":                                 `not the header of a message: ""`,
		"Content-Length: 5\r\n\r\n{}":          "unexpected EOF",
		"A: " + strings.Repeat("b", maxHeader): "the header of a message is too long",
		strings.Repeat("A: b\r\n", maxHeader):  "the header of a message is too long",
	} {
		c := New(strings.NewReader(in), io.Discard)
		var got []string
		for {
			m, err := c.Read()
			var one *Error
			if errors.As(err, &one) {
				got = append(got, fmt.Sprintf("error %d: %s", one.Code, one))
				continue
			}
			if err != nil {
				got = append(got, err.Error())
				break
			}
			got = append(got, fmt.Sprintf("%s %s %s", m.ID, m.Method, m.Params))
		}
		if s := strings.Join(got, "; "); s != want {
			t.Errorf("%.60q:\n got %s\nwant %s", in, s, want)
		}
	}
}

func TestWrite(t *testing.T) {
	for want, m := range map[string]Message{
		`{"jsonrpc":"2.0","method":"a","params":[1]}`:                                    {Method: "a", Params: []byte("[1]")},
		`{"jsonrpc":"2.0","id":7,"result":null}`:                                         {ID: []byte("7")},
		`{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"not valid JSON"}}`: {Error: Errorf(ParseError, "not valid JSON")},
	} {
		var out bytes.Buffer
		if err := New(nil, &out).Write(&m); err != nil || out.String() != framed(want) {
			t.Errorf("got %q, %v; want %q", out.String(), err, framed(want))
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(framed(`{"jsonrpc":"2.0","id":1,"method":"a","params":{}}`)))
	f.Add([]byte("Content-Length: 999999999999\r\n\r\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		c := New(bytes.NewReader(in), io.Discard)
		for {
			m, err := c.Read()
			var one *Error
			if errors.As(err, &one) {
				continue
			}
			if err != nil {
				return
			}
			if err := c.Write(m); err != nil {
				t.Fatal(err)
			}
		}
	})
}
