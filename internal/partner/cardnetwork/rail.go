package cardnetwork

import (
	"context"
	"errors"
	"sync"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

// Rail sends the bank's payouts to other banks' cards: a Line as room payout
// wants it.
type Rail struct {
	line *Line
	late chan string // reference numbers of answers for which nobody waited

	mu   sync.Mutex
	open map[string]id.ID // reference number → payout, of those whose outcome this process does not know or has as a no
	noes []string         // of open: what was declined, the oldest first
}

var _ payout.Rail = (*Rail)(nil)

const (
	// maxOpen bounds the payouts that a late answer can be told of; the worker
	// asks about all others in its own time.
	maxOpen = 10_000
	// maxNoes bounds the declined credits of which a later yes is heard.
	maxNoes = 1000
	// maxLate bounds the late answers that wait to be told.
	maxLate = 256
)

// NewRail makes a rail out of a line's options; Run opens it.
func NewRail(o Options) (*Rail, error) {
	r := &Rail{late: make(chan string, maxLate), open: map[string]id.ID{}}
	o.Late = func(_, rrn string) {
		select {
		case r.late <- rrn:
		default: // the worker asks anyway
		}
	}
	line, err := New(o)
	if err != nil {
		return nil, err
	}
	r.line = line
	return r, nil
}

// Run keeps the line open until ctx ends, and gives a hint about each payout
// whose answer came when nobody waited for it.
func (r *Rail) Run(ctx context.Context, hint func(context.Context, id.ID) error) {
	var both sync.WaitGroup
	defer both.Wait()
	both.Go(func() { r.line.Run(ctx) })
	for {
		select {
		case <-ctx.Done():
			return
		case rrn := <-r.late:
			one, open := r.unsettled(rrn)
			if !open {
				continue
			}
			if err := hint(ctx, one); err != nil && ctx.Err() == nil {
				r.line.o.Log.Error("cardnetwork: a late answer's payout", "payout", one.Text(payout.Prefix), "err", err)
			}
		}
	}
}

// Up tells whether the line is signed on.
func (r *Rail) Up() bool { return r.line.Up() }

// Send asks for the credit, once.
func (r *Rail) Send(ctx context.Context, i payout.Instruction) (payout.Outcome, error) {
	return r.do(ctx, i, r.line.Send)
}

// ErrOld tells that a credit is too old to be repeated: the network may have
// forgotten it, and would take the repeat for a new one.
var ErrOld = errors.New("cardnetwork: the network may have forgotten this credit; its clearing tells")

// Ask repeats the very same message, as long as the network is sure to
// remember the first one.
func (r *Rail) Ask(ctx context.Context, i payout.Instruction) (payout.Outcome, error) {
	if i.Old {
		return payout.Outcome{}, ErrOld
	}
	return r.do(ctx, i, r.line.Ask)
}

func (r *Rail) do(ctx context.Context, i payout.Instruction, say func(context.Context, Credit) (Outcome, error)) (payout.Outcome, error) {
	c, err := credit(i)
	if err != nil {
		return payout.Outcome{State: payout.NotSent}, err
	}
	r.await(c.RRN, i.ID)
	out, err := say(ctx, c)
	switch out.State {
	case Done:
		r.known(c.RRN)
	case Declined, NotSent:
		r.closed(c.RRN) // what is said of it later contradicts
	}
	return told(out, c.RRN), err
}

// credit writes an instruction as the network wants it.
func credit(i payout.Instruction) (Credit, error) {
	stan, rrn, err := Numbers(i.Sent, i.Number)
	if err != nil {
		return Credit{}, err
	}
	return Credit{
		STAN: stan, RRN: rrn, Sent: i.Sent, PAN: i.To.Number, Amount: i.Amount, Process: processOf(i.To.Number.Reveal()),
		Reference: i.ID.Text(payout.Prefix), Sender: vault.Hide(latin(i.Sender)),
	}, nil
}

// processOf gives the way of the card's scheme: only Visa's numbers begin with 4.
func processOf(pan string) Process {
	if len(pan) > 0 && pan[0] == '4' {
		return OCT
	}
	return Payment
}

// latin writes a name as the field takes it.
func latin(name string) string {
	s := card.Latin(name)
	return s[:min(len(s), maxSender)]
}

// told puts an outcome into the bank's words. The reference number is what both
// banks find the credit by.
func told(o Outcome, rrn string) payout.Outcome {
	switch o.State {
	case Done:
		return payout.Outcome{State: payout.Settled, Reference: rrn}
	case Declined:
		return payout.Outcome{State: payout.Declined, Reason: reasonOf(o.Code), Reference: rrn}
	case NotSent:
		return payout.Outcome{State: payout.NotSent}
	}
	return payout.Outcome{}
}

// reasons are the response codes that tell the sender something he can use.
var reasons = map[string]string{
	"14": "no_such_card", "15": "no_such_card", "42": "no_such_card", "46": "no_such_card", "78": "no_such_card",
	"33": "expired", "54": "expired",
	"61": "limit", "65": "limit",
	"04": "restricted", "36": "restricted", "41": "restricted", "43": "restricted", "57": "restricted", "58": "restricted", "62": "restricted", "93": "restricted",
	"34": "suspicious", "59": "suspicious",
	"13": "amount", "64": "amount",
	"91": "bank_unavailable", "92": "bank_unavailable", // 91 only on a link where it is final
}

func reasonOf(code string) string {
	if why, ok := reasons[code]; ok {
		return why
	}
	return "declined"
}

// await remembers whose answer a reference number brings.
func (r *Rail) await(rrn string, payout id.ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.open) < maxOpen {
		r.open[rrn] = payout
	}
}

// closed keeps a declined credit's number among those a late answer is told of.
func (r *Rail) closed(rrn string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.noes = append(r.noes, rrn); len(r.noes) > maxNoes {
		delete(r.open, r.noes[0])
		r.noes = r.noes[1:]
	}
}

func (r *Rail) known(rrn string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, rrn)
}

func (r *Rail) unsettled(rrn string) (id.ID, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	one, open := r.open[rrn]
	return one, open
}
