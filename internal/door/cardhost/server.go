package cardhost

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/rail/iso8583"
)

// Bank decides (purchase.Service).
type Bank interface {
	Handle(ctx context.Context, r purchase.Request) (purchase.Answer, error)
	// Late gives back what was decided after its asker was told "unavailable".
	Late(ctx context.Context, r purchase.Request) error
}

// Options say how a line is run. Zero values take the usual ones.
type Options struct {
	Bank   Bank
	Link   string         // names the line in keys; «network»
	Header iso8583.Header // how frames tell their length; two bytes
	TLS    *tls.Config    // nil: loopback only
	Log    *slog.Logger
	Now    func() time.Time // business time

	Answer   time.Duration // how long the bank may think: 5 s
	Idle     time.Duration // silence after which the line is tried with an echo: 45 s
	Missed   int           // unanswered echoes that end it: 3
	Lines    int           // connections at once: 64
	InFlight int           // requests under way on one: 256
	MaxBody  int           // bytes of a message: 4,096
}

func (o Options) orUsual() Options {
	if o.Link == "" {
		o.Link = "network"
	}
	if o.Header == nil {
		o.Header = iso8583.Binary2{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Answer, o.Idle = orDuration(o.Answer, 5*time.Second), orDuration(o.Idle, 45*time.Second)
	o.Missed, o.Lines, o.InFlight = orInt(o.Missed, 3), orInt(o.Lines, 64), orInt(o.InFlight, 256)
	o.MaxBody = orInt(o.MaxBody, iso8583.DefaultMax)
	return o
}

func orDuration(d, usual time.Duration) time.Duration {
	if d == 0 {
		return usual
	}
	return d
}

func orInt(n, usual int) int {
	if n == 0 {
		return usual
	}
	return n
}

// Server answers a network's connections.
type Server struct {
	o    Options
	spec *iso8583.Spec
}

// New makes the server.
func New(o Options) *Server { return &Server{o: o.orUsual(), spec: iso8583.Standard()} }

// ErrOpen tells a line that would be open to others without TLS.
var ErrOpen = errors.New("cardhost: without TLS the line of the card network may only listen on a loopback address such as 127.0.0.1:8583")

// Run serves connections until ctx ends, then lets what is under way finish.
func (s *Server) Run(ctx context.Context, l net.Listener) error {
	if a, ok := l.Addr().(*net.TCPAddr); s.o.TLS == nil && (!ok || !a.IP.IsLoopback()) {
		return ErrOpen
	}
	if s.o.TLS != nil {
		l = tls.NewListener(l, s.o.TLS)
	}
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	var wg sync.WaitGroup
	defer wg.Wait()
	room := make(chan struct{}, s.o.Lines)
	for {
		c, err := l.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case room <- struct{}{}:
		default:
			s.o.Log.Warn("cardhost: too many connections", "lines", s.o.Lines)
			_ = c.Close()
			continue
		}
		wg.Go(func() {
			defer func() { <-room }()
			newLine(s, c).run(ctx)
		})
	}
}

// work answers one message about a card within the time that the bank has. The
// bank goes on after that, and what it approves too late is given back.
func (s *Server) work(ctx context.Context, m *iso8583.Message) *iso8583.Message {
	r, ok := request(s.o.Link, m, s.o.Now())
	if !ok {
		return m.Answer(codeFormat)
	}
	type result struct {
		a   purchase.Answer
		err error
	}
	done := make(chan result, 1)
	var first atomic.Bool // whoever is first, the bank or the clock, decides what is answered
	ctx = context.WithoutCancel(ctx)
	go func() {
		a, err := s.o.Bank.Handle(ctx, r)
		if first.CompareAndSwap(false, true) {
			done <- result{a, err}
			return
		}
		if err == nil && a.Reason.Yes() && r.Class != purchase.Reversing && !r.Advice {
			if err := s.o.Bank.Late(ctx, r); err != nil {
				s.o.Log.Error("cardhost: a late approval could not be given back", "rrn", r.RRN, "err", err)
			}
		}
	}()
	timer := time.NewTimer(s.o.Answer)
	defer timer.Stop()
	var got result
	select {
	case got = <-done:
	case <-timer.C:
		if first.CompareAndSwap(false, true) {
			s.o.Log.Warn("cardhost: too slow", "rrn", r.RRN)
			return m.Answer(codeUnavailable)
		}
		got = <-done // it came at the very last moment
	}
	if got.err != nil {
		s.o.Log.Error("cardhost: a message was not answered", "rrn", r.RRN, "err", got.err)
		return m.Answer(codeMalfunction)
	}
	return answer(m, r, got.a)
}
