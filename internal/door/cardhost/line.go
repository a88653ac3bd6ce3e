package cardhost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"rocketbank/internal/rail/iso8583"
)

// writeIn is how long the other side may take to read an answer.
const writeIn = 10 * time.Second

// line is one connection of the network.
type line struct {
	*Server
	conn   net.Conn
	in     *iso8583.Reader
	out    chan []byte // frames to write: one writer, so that none is torn
	signed atomic.Bool
	missed int // echoes of ours that were not answered
	echoes int // trace numbers of our echoes
}

func newLine(s *Server, c net.Conn) *line {
	return &line{Server: s, conn: c, in: iso8583.NewReader(c, s.o.Header, s.o.MaxBody), out: make(chan []byte, s.o.InFlight)}
}

// run reads until the line ends, and answers what is under way before it leaves.
func (l *line) run(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() { _ = l.conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	var writing, working sync.WaitGroup
	writing.Go(l.write)
	under := make(chan struct{}, l.o.InFlight)
	err := l.read(ctx, func(m *iso8583.Message) {
		under <- struct{}{} // a full line waits: the network sees it in its own queue
		working.Go(func() {
			defer func() { <-under }()
			l.send(l.work(ctx, m))
		})
	})
	working.Wait()
	close(l.out)
	writing.Wait()
	_ = l.conn.Close()
	if err != nil && ctx.Err() == nil {
		l.o.Log.Info("cardhost: line closed", "from", l.conn.RemoteAddr().String(), "why", err)
	}
}

// read takes frames until the stream ends.
func (l *line) read(ctx context.Context, ask func(*iso8583.Message)) error {
	for {
		if ctx.Err() != nil {
			return nil
		}
		if err := l.conn.SetReadDeadline(time.Now().Add(l.o.Idle)); err != nil {
			return err
		}
		if ctx.Err() != nil { // the deadline of the stop may just have been overwritten
			return nil
		}
		body, err := l.in.Read()
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() == nil:
			if err := l.idle(); err != nil {
				return err
			}
			continue
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		l.missed = 0
		m, err := l.spec.Unpack(body)
		if err != nil {
			l.o.Log.Warn("cardhost: not a message", "err", err) // names field and place, never a value
			l.send(broken(body))
			continue
		}
		switch {
		case m.MTI == "0800" || m.MTI == "0801" || m.MTI == "0820":
			l.send(l.manage(m))
		case m.MTI[2] == '1' || m.MTI[2] == '3':
			// An answer: to our echo, or to nothing that we asked.
		case !l.signed.Load():
			l.send(m.Answer(codeUnavailable))
		case m.MTI[1] != '1' && m.MTI[1] != '2' && m.MTI[1] != '4':
			l.send(m.Answer(codeFormat))
		default:
			ask(m)
		}
	}
}

// errSilent tells a line on which nobody answers.
var errSilent = errors.New("nobody answers our echoes")

// idle tries a silent line with an echo. Silence inside a frame is no idleness.
func (l *line) idle() error {
	if l.in.Partial() {
		return fmt.Errorf("a frame that does not end: %w", io.ErrUnexpectedEOF)
	}
	if l.missed++; l.missed > l.o.Missed {
		return errSilent
	}
	l.echoes++
	m := iso8583.NewMessage("0800")
	m.Set(7, iso8583.FormatSent(l.o.Now().UTC()))
	m.Set(11, fmt.Sprintf("%06d", l.echoes%1_000_000))
	m.Set(70, "301")
	l.send(m)
	return nil
}

// manage answers network management: sign-on, sign-off, echo, key change, cutover.
func (l *line) manage(m *iso8583.Message) *iso8583.Message {
	what, _ := m.Get(70)
	switch what {
	case "001", "061":
		l.signed.Store(true)
	case "002", "062":
		l.signed.Store(false)
	case "301", "201", "202":
	default:
		return m.Answer(codeFormat) // keys of this line do not change by message
	}
	return m.Answer(codeOK)
}

// send hands a message to the writer.
func (l *line) send(m *iso8583.Message) {
	if m == nil || m.MTI == "" {
		return
	}
	body, err := l.spec.Pack(m)
	if err != nil {
		l.o.Log.Error("cardhost: an answer cannot be written", "mti", m.MTI, "err", err)
		return
	}
	l.out <- body
}

// write is the one writer. When the other side does not read, the line ends.
func (l *line) write() {
	w := iso8583.NewWriter(l.conn, l.o.Header, l.o.MaxBody)
	dead := false
	for body := range l.out {
		if dead {
			continue // whoever still works must not wait for ever
		}
		err := l.conn.SetWriteDeadline(time.Now().Add(writeIn))
		if err == nil {
			err = w.Write(body)
		}
		if err != nil {
			dead = true
			_ = l.conn.Close() // the reader ends too
		}
	}
}
