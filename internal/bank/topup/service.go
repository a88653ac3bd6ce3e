package topup

import (
	"context"
	"log/slog"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// Times, all real. The order matters: a request is dead before the worker asks
// about it, and long dead before silence is believed.
const (
	chargeTimeout = 30 * time.Second               // the acquirer answers a charge within this, or never to us
	askTimeout    = 10 * time.Second               // … and a question
	takeOver      = chargeTimeout + 15*time.Second // the worker looks after a process that fell silent
	lostAfter     = 3 * chargeTimeout              // «no such charge» is believed from here on
	askEvery      = 2 * time.Second                // pages ask the acquirer at most this often per top-up
	pollMin       = 2 * time.Second                // the worker's questions: 2, 4, 8 s … 10 min, and hourly
	pollMax       = 10 * time.Minute               // from the twentieth on
	pollTired     = time.Hour
	tiredAfter    = 20
)

// Live wakes the open pages of a client (live.Hub).
type Live interface{ Kick(client.ID) }

// Deps is what a Service works with.
type Deps struct {
	DB         *db.DB
	Book       *ledger.Book
	Vault      *vault.Vault
	Operations *operation.Service
	Limits     *limit.Service
	Tariffs    *tariff.Service
	Acquirer   Acquirer
	Live       Live             // may be nil
	Log        *slog.Logger     // may be nil
	Now        func() time.Time // real time, for polls and leases; the machine's when nil
	// ReturnURL gives the address of the return page of a top-up from its
	// outside identifier, e.g. https://bank.example/topup/tu_….
	ReturnURL   func(topup string) string
	Description string   // what the other bank shows: «Пополнение счёта, Рокетбанк»
	OwnBINs     []string // cards that start so are ours and are refused
}

// Service tops accounts up. It is safe for concurrent use.
type Service struct {
	d      Deps
	asking asking
}

// New makes the service. Run is its worker.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = clock.System().Now
	}
	return &Service{d: d}
}

// maxAmount keeps a sum and its fee far from overflow; the day's limit is much
// lower and is the ledger's to refuse.
const maxAmount = 1_000_000_000_00

// One reads a client's top-up, asking the acquirer when it is open; ErrMissing
// for another's.
func (s *Service) One(ctx context.Context, c client.ID, topup id.ID) (TopUp, error) {
	r, err := find(ctx, s.d.DB, qByID, topup.Bytes())
	if err != nil {
		return TopUp{}, err
	}
	if r.client != c {
		return TopUp{}, ErrMissing
	}
	if r, err = s.lookIn(ctx, r); err != nil {
		return TopUp{}, err
	}
	return s.view(r)
}

// Return is the return page's question, which needs no session: it asks the
// acquirer (at most once in two seconds per top-up) and tells the state alone.
func (s *Service) Return(ctx context.Context, topup id.ID) (Public, error) {
	r, err := find(ctx, s.d.DB, qByID, topup.Bytes())
	if err != nil {
		return Public{}, err
	}
	if r, err = s.lookIn(ctx, r); err != nil {
		return Public{}, err
	}
	p := Public{ID: r.id, State: r.state}
	if r.state == Refused {
		p.Reason = r.reason
	}
	return p, nil
}

// lookIn asks the acquirer about an open top-up unless somebody just did. What
// the acquirer says, or that it says nothing, changes the state and is no error
// of the page.
func (s *Service) lookIn(ctx context.Context, r row) (row, error) {
	if r.state != Sent && r.state != Action && r.state != Unknown {
		return r, nil
	}
	now := s.d.Now()
	if r.state == Sent && now.Before(time.UnixMicro(r.sentMicro).Add(askEvery)) {
		return r, nil // the first request is most likely still on its way
	}
	if now.Before(time.UnixMicro(r.asked).Add(askEvery)) {
		return s.justAsked(ctx, r) // read, so that an address asked again and again costs no writes
	}
	mine := false
	err := s.d.DB.Write(ctx, func(tx db.Tx) error {
		n, err := tx.Exec(ctx, qAsk, r.id.Bytes(), now.UnixMicro(), now.Add(-askEvery).UnixMicro())
		mine = n == 1
		return err
	})
	switch {
	case err != nil:
		return r, err
	case !mine:
		return s.justAsked(ctx, r)
	}
	return s.ask(ctx, r)
}

// justAsked gives a top-up that somebody else asked about a moment ago, with
// what he learned if his question is still under way here.
func (s *Service) justAsked(ctx context.Context, r row) (row, error) {
	if !s.asking.wait(ctx, r.id) {
		return r, nil
	}
	return find(ctx, s.d.DB, qByID, r.id.Bytes())
}

// Hint is a callback's question: something changed at the acquirer, so ask it.
// key is the charge's key (tu_…). ErrMissing when there is no such top-up. A
// hint moves nothing by itself; asked twice, it changes nothing twice.
func (s *Service) Hint(ctx context.Context, key string) error {
	topup, err := id.Parse(Prefix, key)
	if err != nil {
		return ErrMissing.Because(err)
	}
	r, err := find(ctx, s.d.DB, qByID, topup.Bytes())
	if err != nil {
		return err
	}
	if r.state == Done || r.state == Refused && !gaveUp(r.reason) || r.state == Created || r.state == Reserved {
		return nil
	}
	_, err = s.ask(ctx, r)
	return err
}

// openList bounds Open: more unfinished top-ups than this need no row each.
const openList = 10

// Open lists a client's top-ups that are not final, the newest first.
func (s *Service) Open(ctx context.Context, c client.ID) ([]TopUp, error) {
	rows, err := s.d.DB.Rows(ctx, qOpen, int64(c), int64(openList))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []TopUp
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return nil, err
		}
		t, err := s.view(r)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, rows.Err()
}
