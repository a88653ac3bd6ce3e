package app

import (
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/payout"
	"rocketbank/internal/partner/cardnetwork"
	"rocketbank/internal/rail/iso8583"
	"rocketbank/internal/sandbox"
)

// badLine stands between our line and the network, and loses, delays, doubles
// and cuts what goes over it, until it is told to be fine.
type badLine struct {
	to string

	mu   sync.Mutex
	rng  *rand.Rand
	fine bool
	all  sync.WaitGroup
}

// What happens to one frame.
const (
	passes = iota
	lost
	doubled
	delayed
	cut
)

// fate draws what happens to a frame; messages about the line itself pass.
func (p *badLine) fate(body []byte, answer bool) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch n := p.rng.IntN(100); {
	case p.fine || strings.HasPrefix(string(body), "08"):
		return passes
	case answer && n < 55:
		return []int{lost, lost, doubled, delayed, cut}[n/11]
	case !answer && n < 20:
		return []int{lost, cut}[n/10]
	}
	return passes
}

func (p *badLine) mend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fine = true
}

func (p *badLine) serve(l net.Listener) {
	for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
		far, err := net.Dial("tcp", p.to)
		if err != nil {
			_ = conn.Close()
			continue
		}
		p.all.Go(func() { p.carry(conn, far, false) })
		p.all.Go(func() { p.carry(far, conn, true) })
	}
}

// carry takes frames one way until the line ends, and ends both with it.
func (p *badLine) carry(from, to net.Conn, answer bool) {
	var writing sync.Mutex
	write := func(frame []byte) {
		writing.Lock()
		defer writing.Unlock()
		_, _ = to.Write(frame) // a line that is gone is what this is about
	}
	defer to.Close()
	defer from.Close()
	for in := iso8583.NewReader(from, nil, 0); ; {
		body, err := in.Read()
		if err != nil {
			return
		}
		frame, err := iso8583.AppendFrame(nil, iso8583.Binary2{}, body)
		if err != nil {
			return
		}
		switch p.fate(body, answer) {
		case passes:
			write(frame)
		case doubled:
			write(frame)
			write(frame)
		case delayed:
			p.all.Go(func() {
				<-time.After(shortAnswer * 2)
				write(frame)
			})
		case cut:
			write(frame[:len(frame)/2])
			return
		}
	}
}

// shortAnswer is how long our line waits in these tests.
const shortAnswer = 30 * time.Millisecond

// otherBanks is the sandbox with its card network, a bad line to it, and our rail.
type otherBanks struct {
	box  *sandbox.Sandbox
	line *badLine
	rail *cardnetwork.Rail
}

// credited is what the sandbox tells of its cards.
type credited struct {
	Credits []struct {
		Reference string
		Code      string
		Amount    int64 `json:"amount_minor"`
	}
	Cards []struct{ Number, Code string }
}

func (o *otherBanks) credited(t *testing.T) (c credited) {
	t.Helper()
	w := httptest.NewRecorder()
	o.box.ServeHTTP(w, httptest.NewRequest("GET", "/credits.json", nil))
	body, err := io.ReadAll(w.Body)
	if err == nil {
		err = json.Unmarshal(body, &c)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func openOtherBanks(t *testing.T) *otherBanks {
	t.Helper()
	box, err := sandbox.New(sandbox.Config{DataDir: t.TempDir(), Origin: "http://127.0.0.1:1", SMSKey: "s", AcquirerKey: "a", CallbackSecret: "c", LateFor: 2 * shortAnswer})
	if err != nil {
		t.Fatal(err)
	}
	var listeners [2]net.Listener
	for i := range listeners {
		if listeners[i], err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
	}
	o := &otherBanks{box: box, line: &badLine{to: listeners[0].Addr().String(), rng: rand.New(rand.NewPCG(5, 1))}} // #nosec G404 -- a reproducible model
	ctx, stop := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() {
		if err := box.TakeCredits(ctx, listeners[0]); err != nil {
			t.Error(err)
		}
	})
	work.Go(func() { o.line.serve(listeners[1]) })
	o.rail, err = cardnetwork.NewRail(cardnetwork.Options{Address: listeners[1].Addr().String(), Acquirer: demoBIN, Terminal: "TEST0001", Answer: shortAnswer, Pause: time.Millisecond, MaxPause: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = listeners[1].Close()
		work.Wait()
		o.line.all.Wait()
		if err := box.Close(); err != nil {
			t.Error(err)
		}
	})
	return o
}

// run keeps the line open for a room of payouts.
func (o *otherBanks) run(t *testing.T, payouts *payout.Service) {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		o.rail.Run(ctx, payouts.Hint)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	o.up(t)
}

func (o *otherBanks) up(t *testing.T) {
	t.Helper()
	for t.Context().Err() == nil && !o.rail.Up() {
		runtime.Gosched()
	}
}
