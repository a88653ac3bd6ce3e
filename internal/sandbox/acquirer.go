package sandbox

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"rocketbank/internal/base/id"
)

// maxCharges bounds the book. A charge is never forgotten: "no such charge"
// must mean that the acquirer never got it.
const maxCharges = 200_000

// chargeView is a charge as the protocol shows it.
type chargeView struct {
	Key         string `json:"key"`
	ID          string `json:"id"`
	Order       string `json:"order"`
	AmountMinor int64  `json:"amount_minor"`
	Currency    string `json:"currency"`
	State       string `json:"state"`
	Reason      string `json:"reason"`
	ActionURL   string `json:"action_url"`
}

// callback is the charge with the time of the message.
type callback struct {
	chargeView
	At time.Time `json:"at"`
}

// acquirer charges other banks' cards.
type acquirer struct {
	journal *journal
	cfg     Config
	ids     *id.Source
	courier *courier
	log     *slog.Logger

	mu      sync.Mutex
	byKey   map[string]charge
	byToken map[string]string // token → key
	waiting map[string]bool   // keys of open charges
}

func openAcquirer(path string, cfg Config, ids *id.Source, post *courier) (*acquirer, error) {
	a := &acquirer{
		cfg: cfg, ids: ids, courier: post, log: cfg.Log,
		byKey: map[string]charge{}, byToken: map[string]string{}, waiting: map[string]bool{},
	}
	j, lines, err := openJournal(path, func(line []byte) error {
		var c charge
		if err := json.Unmarshal(line, &c); err != nil {
			return err
		}
		if c.Key == "" {
			return errors.New("a charge without a key")
		}
		a.apply(c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	a.journal = j
	if lines > 2*len(a.byKey)+100 {
		if err := j.rewrite(a.records); err != nil {
			return nil, errors.Join(err, j.close())
		}
	}
	return a, nil
}

func (a *acquirer) records(yield func(any) bool) {
	for _, c := range a.byKey {
		if !yield(c) {
			return
		}
	}
}

func (a *acquirer) apply(c charge) {
	a.byKey[c.Key] = c
	a.byToken[c.Token] = c.Key
	if c.open() {
		a.waiting[c.Key] = true
	} else {
		delete(a.waiting, c.Key)
	}
}

// keep writes a charge to the disk and then believes it; a charge that has
// come to its end is told to the shop.
func (a *acquirer) keep(c charge) error {
	if err := a.journal.append(c, true); err != nil {
		return err
	}
	a.apply(c)
	if !c.open() {
		a.tell(c)
	}
	return nil
}

func (a *acquirer) tell(c charge) {
	times := 1
	switch c.Kind {
	case kindLost:
		times = 0 // the line that lost the answer loses the callback too
	case kindDuplicate:
		times = 3
	}
	for range times {
		a.courier.send(c.CallbackURL, callback{chargeView: a.view(c), At: a.cfg.now()})
	}
}

// place takes an order once per key. fresh is false when it was there.
func (a *acquirer) place(order charge) (c charge, fresh bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if old, ok := a.byKey[order.Key]; ok {
		if !hmac.Equal([]byte(old.Fingerprint), []byte(order.Fingerprint)) {
			return charge{}, false, refuse(http.StatusConflict, "key_reused", "")
		}
		return old, false, nil
	}
	if len(a.byKey) >= maxCharges {
		return charge{}, false, refuse(http.StatusServiceUnavailable, "busy", "")
	}
	order.ID = a.ids.New().Text("ch")
	order.Token = rand.Text()
	order.MadeAt = a.cfg.now()
	order = order.begin(time.Now(), a.cfg.SlowFor)
	if err := a.keep(order); err != nil {
		return charge{}, false, err
	}
	return order, true, nil
}

func (a *acquirer) find(key string) (charge, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c, ok := a.byKey[key]
	return c, ok
}

func (a *acquirer) findByToken(token string) (charge, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c, ok := a.byKey[a.byToken[token]]
	return c, ok
}

// step moves the charge of a 3-D Secure page.
func (a *acquirer) step(token string, move func(charge) charge) (charge, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c, ok := a.byKey[a.byToken[token]]
	if !ok {
		return charge{}, refuse(http.StatusNotFound, "no_such_page", "")
	}
	next := move(c)
	if next == c {
		return c, nil
	}
	return next, a.keep(next)
}

// run ends open charges whose time has come, also those of an earlier run.
func (a *acquirer) run(ctx context.Context) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := a.lapse(time.Now()); err != nil {
				a.log.Error("sandbox acquirer", "err", err)
			}
		}
	}
}

func (a *acquirer) lapse(now time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for key := range a.waiting {
		c := a.byKey[key]
		if next := c.lapse(now); next != c {
			if err := a.keep(next); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *acquirer) view(c charge) chargeView {
	v := chargeView{
		Key: c.Key, ID: c.ID, Order: c.Order, AmountMinor: c.AmountMinor, Currency: c.Currency,
		State: c.State, Reason: c.Reason,
	}
	if c.State == actionRequired {
		v.ActionURL = a.cfg.Origin + "/3ds/" + c.Token
	}
	return v
}

// fingerprint is the keyed hash by which a second order under one key is
// compared with the first.
func (a *acquirer) fingerprint(o chargeOrder) string {
	h := hmac.New(sha256.New, []byte("order "+string(a.cfg.AcquirerKey)))
	fmt.Fprintf(h, "%d %q %q %q %q %d %d %q %q", o.AmountMinor, o.Currency, o.Order, o.Description,
		o.Card.Number, o.Card.ExpMonth, o.Card.ExpYear, o.ReturnURL, o.CallbackURL)
	return hex.EncodeToString(h.Sum(nil))
}

func (a *acquirer) close() error { return a.journal.close() }
