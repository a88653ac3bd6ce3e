package sandbox

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"rocketbank/internal/rail/iso8583"
)

// Bounds of the network's side of the line on which banks send credits.
const (
	creditLines   = 16               // connections at once
	creditBody    = 2 << 10          // bytes of a message
	creditIdle    = 3 * time.Minute  // silence that ends a line
	creditSignOn  = 10 * time.Second // how long a bank may take to sign on
	creditWrite   = 5 * time.Second
	creditBroken  = 20  // messages that cannot be read end a line
	creditWaiting = 256 // late answers of one line
)

// TakeCredits is the card network to which a bank sends credits for other
// banks' cards, on a listener of its own until ctx ends.
func (s *Sandbox) TakeCredits(ctx context.Context, l net.Listener) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var all sync.WaitGroup
	defer all.Wait()
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	places := make(chan struct{}, creditLines)
	for {
		conn, err := l.Accept()
		if ctx.Err() != nil {
			if err == nil {
				_ = conn.Close()
			}
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case places <- struct{}{}:
		default:
			_ = conn.Close() // no bank has so many lines
			continue
		}
		line := &creditLine{book: s.credits, lateFor: s.lateFor, log: s.log, conn: conn, spec: iso8583.Standard(),
			out: iso8583.NewWriter(conn, nil, creditBody), late: make(chan struct{}, creditWaiting)}
		all.Go(func() {
			line.run(ctx)
			<-places
		})
	}
}

// creditLine is one connection of a bank.
type creditLine struct {
	book    *credits
	lateFor time.Duration
	log     *slog.Logger
	conn    net.Conn
	spec    *iso8583.Spec
	signed  bool
	late    chan struct{} // a place for each answer that is put off
	waits   sync.WaitGroup

	mu  sync.Mutex // one writes at a time
	out *iso8583.Writer
}

// run serves the connection until either side ends it.
func (l *creditLine) run(ctx context.Context) {
	ctx, stop := context.WithCancel(ctx)
	defer l.waits.Wait()
	defer stop()
	defer context.AfterFunc(ctx, func() { _ = l.conn.Close() })()
	defer l.conn.Close()
	in := iso8583.NewReader(l.conn, nil, creditBody)
	broken, patience := 0, creditSignOn
	for {
		if l.signed {
			patience = creditIdle
		}
		if l.conn.SetReadDeadline(time.Now().Add(patience)) != nil {
			return
		}
		body, err := in.Read()
		if err != nil {
			return
		}
		m, err := l.spec.Unpack(body)
		if err != nil {
			if broken++; broken > creditBroken {
				return
			}
			continue
		}
		if !l.handle(ctx, m) {
			return
		}
	}
}

// handle does what one message wants; false ends the line.
func (l *creditLine) handle(ctx context.Context, m *iso8583.Message) bool {
	switch m.MTI {
	case "0800", "0801":
		return l.manage(m)
	case "0810":
		return true
	case "0200", "0201":
		return l.signed && l.credit(ctx, m) // before its sign-on a bank has nothing to ask
	}
	return l.answer(m.Answer("12"))
}

func (l *creditLine) manage(m *iso8583.Message) bool {
	switch what, _ := m.Get(70); what {
	case "001":
		l.signed = true
	case "002":
		l.signed = false
	case "301":
	default:
		return l.answer(m.Answer("30"))
	}
	return l.answer(m.Answer("00"))
}

// credit decides a credit and answers as the card's manner wants.
func (l *creditLine) credit(ctx context.Context, m *iso8583.Message) bool {
	wanted, code := read(m)
	if code != "" {
		return l.answer(m.Answer(code))
	}
	number, _ := m.Get(2)
	way := mannerOf(number)
	if way.First == firstEaten && l.book.swallow(wanted.Key) {
		return true
	}
	wanted.Code = way.Code
	if !luhn(number) {
		wanted.Code = "14"
	}
	if wanted.Done() {
		wanted.Approval = rand.Text()[:6]
	}
	c, nth, err := l.book.take(wanted)
	switch {
	case errors.Is(err, errOther):
		return l.answer(m.Answer("94"))
	case err != nil:
		l.log.Error("sandbox credits", "err", err)
		return l.answer(m.Answer("96"))
	}
	return l.tell(ctx, m, c, way.First, nth)
}

// tell answers the nth question about a credit.
func (l *creditLine) tell(ctx context.Context, m *iso8583.Message, c credit, way first, nth int) bool {
	truth := m.Answer(c.Code)
	if c.Done() {
		truth.Set(38, c.Approval)
	}
	if nth > 1 && !(way == firstBusy && nth == 2) {
		return l.answer(truth)
	}
	switch way {
	case firstLost:
		return true
	case firstCut:
		return false
	case firstLate:
		return l.putOff(ctx, truth)
	case firstTwice:
		once := l.answer(truth)
		return once && l.answer(truth)
	case firstWrong:
		truth.Set(4, "000000000001")
	case firstUnsure:
		truth = m.Answer("91")
	case firstBusy:
		truth = m.Answer("09")
	}
	return l.answer(truth)
}

// putOff answers later; one too many is answered never.
func (l *creditLine) putOff(ctx context.Context, a *iso8583.Message) bool {
	select {
	case l.late <- struct{}{}:
	default:
		return true
	}
	l.waits.Go(func() {
		defer func() { <-l.late }()
		timer := time.NewTimer(l.lateFor)
		defer timer.Stop()
		select {
		case <-timer.C:
			l.answer(a)
		case <-ctx.Done():
		}
	})
	return true
}

// answer writes a message; false when the line is gone.
func (l *creditLine) answer(a *iso8583.Message) bool {
	if a.MTI == "" {
		return true // not a question
	}
	body, err := l.spec.Pack(a)
	if err != nil {
		l.log.Error("sandbox credits", "err", err)
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn.SetWriteDeadline(time.Now().Add(creditWrite)) != nil {
		return false
	}
	return l.out.Write(body) == nil
}

// read gives what a request wants, or the code of a request that is none.
func read(m *iso8583.Message) (c credit, code string) {
	for _, n := range [...]int{2, 3, 4, 7, 11, 32, 37, 41, 49} {
		if v, ok := m.Get(n); !ok || strings.TrimSpace(v) == "" {
			return c, "30"
		}
	}
	number, _ := m.Get(2)
	process, _ := m.Get(3)
	amount, _ := m.Get(4)
	currency, _ := m.Get(49)
	private, _ := m.Get(48)
	pairs, err := iso8583.ParsePrivate(private)
	minor, bad := strconv.ParseInt(amount, 10, 64)
	switch {
	case err != nil || len(number) < 13:
		return c, "30"
	case process != "260000" && process != "280000" || currency != "643":
		return c, "12"
	case bad != nil || minor < 1:
		return c, "13"
	}
	return credit{Key: creditKey(m), Card: masked(number), Minor: minor, Process: process[:2], Reference: pairs["REF"]}, ""
}
