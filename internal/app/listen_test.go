package app

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener whose connections are made of memory.
type pipes struct {
	waiting chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

func newPipes() *pipes { return &pipes{waiting: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.waiting:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error { p.once.Do(func() { close(p.closed) }); return nil }

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

func (p *pipes) dial() net.Conn {
	mine, theirs := net.Pipe()
	p.waiting <- theirs
	return mine
}

// W15: what a stranger sends before anybody looks at it is bounded in size and
// in time on every listener. The hands of the clock are the test's own.
func TestW15_SwollenAndSlowRequests(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		send   func(io.Writer) // runs beside the reading of the answer
		answer string          // the status line's beginning; "" when the line is just cut
		after  time.Duration
	}{
		{"a header of 15 KB", header(15 << 10), "HTTP/1.1 200", 0},
		{"a header of 17 KB", header(17 << 10), "HTTP/1.1 431", 0},
		{"a header of a megabyte", header(1 << 20), "HTTP/1.1 431", 0},
		{"half a header", func(w io.Writer) { io.WriteString(w, "GET / HTTP/1.1\r\nHost: bank\r\n") }, "", headerIn},
		{"a header byte by byte", func(w io.Writer) {
			io.WriteString(w, "GET / HTTP/1.1\r\n")
			for _, b := range []byte("Host: bank.example\r\n\r\n") {
				if _, err := w.Write([]byte{b}); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}, "", headerIn},
		{"a body byte by byte", func(w io.Writer) {
			io.WriteString(w, "POST / HTTP/1.1\r\nHost: bank\r\nContent-Length: 1000\r\n\r\n")
			for range 1000 {
				if _, err := w.Write([]byte{'a'}); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}, "HTTP/1.1 408", requestIn},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				l := newPipes()
				s := newServer("the door", l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if _, err := io.Copy(io.Discard, r.Body); err != nil {
						w.WriteHeader(http.StatusRequestTimeout)
					}
				}), slog.New(slog.DiscardHandler))
				ended := make(chan error)
				go func() { ended <- s.run(ctx) }()
				conn, begun := l.dial(), time.Now()
				sent := make(chan struct{})
				go func() { c.send(conn); close(sent) }()
				line, err := bufio.NewReader(conn).ReadString('\n')
				took := time.Since(begun)
				if !strings.HasPrefix(line, c.answer) || (c.answer == "") != (err != nil) || line != "" && c.answer == "" {
					t.Errorf("it answered %q, %v; want %q", line, err, c.answer)
				}
				if took != c.after {
					t.Errorf("after %v; want %v", took, c.after)
				}
				conn.Close()
				<-sent
				stop()
				if err := <-ended; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// header sends a request whose header is so many bytes long.
func header(size int) func(io.Writer) {
	return func(w io.Writer) {
		const frame = "GET / HTTP/1.1\r\nHost: bank\r\nX-Long: %s\r\n\r\n"
		fmt.Fprintf(w, frame, strings.Repeat("a", size-len(frame)+2)) //nolint:errcheck // the server may hang up in the middle
	}
}
