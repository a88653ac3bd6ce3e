package cardnetwork

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

const (
	// writeIn is how long the other side may take to read a message.
	writeIn = 10 * time.Second
	// mostBroken is how many messages that cannot be read end a line.
	mostBroken = 100
)

// session is one connection, from its sign-on to its end.
type session struct {
	*Line
	conn net.Conn
	in   *iso8583.Reader
	out  chan []byte   // frames to write: one writer, so that none is torn
	done chan struct{} // closed when the connection has ended

	mu      sync.Mutex
	waiting map[iso8583.Key][]chan *iso8583.Message
	numbers int // of our own messages about the line

	signed atomic.Bool
	missed int // echoes that were not answered; the reader's own
}

// once opens the line and keeps it until it ends; signed tells whether it got
// as far as that.
func (l *Line) once(ctx context.Context) (signed bool, err error) {
	conn, err := l.o.Dial(ctx)
	if err != nil {
		return false, fmt.Errorf("dial: %w", err)
	}
	s := &session{Line: l, conn: conn, in: iso8583.NewReader(conn, l.o.Header, l.o.MaxBody), out: make(chan []byte, l.o.InFlight),
		done: make(chan struct{}), waiting: map[iso8583.Key][]chan *iso8583.Message{}}
	var both sync.WaitGroup
	var why error // of the end; read after both are gone
	both.Go(s.write)
	both.Go(func() {
		why = s.read()
		_ = conn.Close()
		close(s.done)
	})
	defer both.Wait()
	defer conn.Close() // ends both
	if bad := s.manage(ctx, "001"); bad != nil {
		_ = conn.Close()
		both.Wait()
		return false, fmt.Errorf("sign on: %w", bad)
	}
	l.o.Log.Info("cardnetwork: signed on")
	s.signed.Store(true)
	l.use(s)
	defer l.use(nil)
	select {
	case <-s.done:
		both.Wait()
		return true, why
	case <-ctx.Done():
	}
	l.use(nil) // nothing new
	s.leave()
	return true, ctx.Err()
}

// leave waits for what is under way and signs off.
func (s *session) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), s.o.Answer)
	defer cancel()
	for range cap(s.under) {
		select {
		case s.under <- struct{}{}:
			defer func() { <-s.under }()
		case <-s.done:
			return
		case <-ctx.Done():
			return
		}
	}
	if err := s.manage(ctx, "002"); err != nil {
		s.o.Log.Info("cardnetwork: the sign-off was not answered", "why", err)
	}
}

// manage sends a message about the line and waits for its acknowledgement.
func (s *session) manage(ctx context.Context, what string) error {
	ctx, cancel := context.WithTimeout(ctx, s.o.Answer)
	defer cancel()
	a, _, err := s.ask(ctx, s.about(what))
	if err != nil {
		return err
	}
	if code, _ := a.Get(39); code != "00" {
		return errRefused
	}
	return nil
}

// errRefused is a sign-on that the network does not want.
var errRefused = errors.New("cardnetwork: the network refuses")

// about makes a message about the line: 001 signs on, 002 off, 301 is an echo.
func (s *session) about(what string) *iso8583.Message {
	s.mu.Lock()
	s.numbers++
	n := s.numbers
	s.mu.Unlock()
	m := iso8583.NewMessage("0800")
	m.Set(7, iso8583.FormatSent(s.o.Now()))
	m.Set(11, fmt.Sprintf("%06d", n%1_000_000))
	m.Set(70, what)
	return m
}

// ask sends a message and waits for its answer. sent tells whether any of it
// may have left the machine.
func (s *session) ask(ctx context.Context, m *iso8583.Message) (a *iso8583.Message, sent bool, err error) {
	body, err := s.spec.Pack(m)
	if err != nil {
		return nil, false, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	answer := s.expect(m.Key())
	defer s.forget(m.Key(), answer)
	select {
	case <-s.done:
		return nil, false, ErrOffline
	case <-ctx.Done():
		return nil, false, ErrTimeout
	default:
	}
	select {
	case s.out <- body:
	case <-s.done:
		return nil, false, ErrOffline
	case <-ctx.Done():
		return nil, false, ErrTimeout
	}
	select {
	case a := <-answer:
		return a, true, nil
	case <-ctx.Done():
		return nil, true, ErrTimeout
	case <-s.done:
	}
	select {
	case a := <-answer: // it came with the end
		return a, true, nil
	default:
		return nil, true, ErrCut
	}
}

// expect registers somebody who waits for an answer. A message and its repeat
// have the same key: one answer is for both.
func (s *session) expect(k iso8583.Key) chan *iso8583.Message {
	answer := make(chan *iso8583.Message, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting[k] = append(s.waiting[k], answer)
	return answer
}

func (s *session) forget(k iso8583.Key, answer chan *iso8583.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	left := s.waiting[k][:0]
	for _, w := range s.waiting[k] {
		if w != answer {
			left = append(left, w)
		}
	}
	if s.waiting[k] = left; len(left) == 0 {
		delete(s.waiting, k)
	}
}

// give hands an answer to whoever waits; false when nobody does.
func (s *session) give(a *iso8583.Message) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.waiting[a.Key()]
	delete(s.waiting, a.Key())
	for _, w := range all {
		w <- a // of room for one, and taken out with it
	}
	return len(all) > 0
}

// read takes messages until the connection ends.
func (s *session) read() error {
	broken := 0
	for {
		if err := s.conn.SetReadDeadline(time.Now().Add(s.o.Idle)); err != nil {
			return err
		}
		body, err := s.in.Read()
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			if err := s.idle(); err != nil {
				return err
			}
			continue
		case err != nil:
			return err
		}
		s.missed = 0
		m, err := s.spec.Unpack(body)
		if err != nil {
			s.o.Log.Warn("cardnetwork: not a message", "err", err) // names field and place, never a value
			if broken++; broken > mostBroken {
				return err
			}
			continue
		}
		s.take(m)
	}
}

// take does what one message wants.
func (s *session) take(m *iso8583.Message) {
	if m.MTI[2] != '1' && m.MTI[2] != '3' {
		s.answer(m)
		return
	}
	if s.give(m) || m.MTI[1] == '8' {
		return
	}
	// It says nothing by itself that is believed: whoever keeps the record asks.
	s.o.Log.Warn("cardnetwork: an answer for which nobody waits", "answer", m) // prints masked
	stan, _ := m.Get(11)
	rrn, _ := m.Get(37)
	s.o.Late(stan, rrn)
}

// answer says what there is to say to the network's own messages. It is our
// line for sending: cards of ours are not asked about on it.
func (s *session) answer(m *iso8583.Message) {
	code := "12"
	if m.MTI == "0800" || m.MTI == "0801" || m.MTI == "0820" {
		switch what, _ := m.Get(70); what {
		case "001", "061":
			s.signed.Store(true)
			code = "00"
		case "002", "062":
			s.signed.Store(false)
			code = "00"
		case "301", "201", "202":
			code = "00"
		default:
			code = "30" // keys of this line do not change by message
		}
	}
	if a := m.Answer(code); a.MTI != "" {
		s.post(a)
	}
}

// post hands a message to the writer without waiting for an answer. A writer
// whose queue is full has a reader that does not read: the message is dropped,
// as the line soon will be.
func (s *session) post(m *iso8583.Message) {
	body, err := s.spec.Pack(m)
	if err != nil {
		s.o.Log.Error("cardnetwork: a message cannot be written", "mti", m.MTI, "err", err)
		return
	}
	select {
	case s.out <- body:
	default:
	}
}

// errSilent tells a line on which nobody answers.
var errSilent = errors.New("nobody answers our echoes")

// idle tries a silent line with an echo. Silence inside a frame is no idleness.
func (s *session) idle() error {
	if s.in.Partial() {
		return fmt.Errorf("a frame that does not end: %w", io.ErrUnexpectedEOF)
	}
	if s.missed++; s.missed > s.o.Missed {
		return errSilent
	}
	s.post(s.about("301"))
	return nil
}

// write is the one writer. When the other side does not read, the line ends.
func (s *session) write() {
	w := iso8583.NewWriter(s.conn, s.o.Header, s.o.MaxBody)
	for {
		select {
		case <-s.done:
			return
		case body := <-s.out:
			err := s.conn.SetWriteDeadline(time.Now().Add(writeIn))
			if err == nil {
				err = w.Write(body)
			}
			if err != nil {
				_ = s.conn.Close() // the reader ends too
				return
			}
		}
	}
}
