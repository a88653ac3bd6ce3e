package sandbox

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"rocketbank/internal/rail/iso8583"
)

// maxCredits bounds the book. A credit is never forgotten: a repeat must find it.
const maxCredits = 200_000

// credit is what became of one that another bank was asked for. The number is
// kept masked.
type credit struct {
	Key       string    `json:"key"` // trace number, time, reference number and who asked
	Card      string    `json:"card"`
	Minor     int64     `json:"amount_minor"`
	Process   string    `json:"process"`
	Reference string    `json:"reference"` // the transfer's name at the sending bank
	Code      string    `json:"code"`      // 00: the card has the money
	Approval  string    `json:"approval,omitempty"`
	At        time.Time `json:"at"`
}

// Done tells that the card has the money.
func (c credit) Done() bool { return c.Code == "00" }

// credits is the book of other banks' cards: each key is decided once.
type credits struct {
	journal *journal
	now     func() time.Time
	top     int

	mu    sync.Mutex
	byKey map[string]credit
	asked map[string]int // how often a key was asked for
	list  []string       // keys in the order of their decision
}

func openCredits(path string, now func() time.Time) (*credits, error) {
	b := &credits{now: now, top: maxCredits, byKey: map[string]credit{}, asked: map[string]int{}}
	j, _, err := openJournal(path, func(line []byte) error {
		var c credit
		if err := json.Unmarshal(line, &c); err != nil {
			return err
		}
		if c.Key == "" {
			return errors.New("a credit without a key")
		}
		b.apply(c)
		b.asked[c.Key] = 1
		return nil
	})
	if err != nil {
		return nil, err
	}
	b.journal = j
	return b, nil
}

func (b *credits) apply(c credit) {
	if _, old := b.byKey[c.Key]; !old {
		b.list = append(b.list, c.Key)
	}
	b.byKey[c.Key] = c
}

// errOther is a key under which something else was asked for before.
var errOther = errors.New("sandbox: another credit has this key")

// errFull is a book that has no room.
var errFull = errors.New("sandbox: the book of credits is full")

// take decides a credit once per key, on the disk before it is told. nth counts
// the questions about it from one.
func (b *credits) take(c credit) (decided credit, nth int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	old, there := b.byKey[c.Key]
	switch {
	case there && (old.Card != c.Card || old.Minor != c.Minor || old.Process != c.Process):
		return credit{}, 0, errOther
	case !there && len(b.byKey) >= b.top:
		return credit{}, 0, errFull
	case !there:
		c.At = b.now()
		if err := b.journal.append(c, true); err != nil {
			return credit{}, 0, err
		}
		b.apply(c)
		old = c
	}
	b.asked[c.Key]++
	return old, b.asked[c.Key], nil
}

// swallow counts a question that is to be lost; true for the first of a key.
func (b *credits) swallow(key string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, there := b.byKey[key]
	if there || b.asked[key] > 0 || len(b.asked) >= 2*b.top {
		return false
	}
	b.asked[key] = 1
	return true
}

// latest gives the last credits, newest first.
func (b *credits) latest(n int) []credit {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []credit
	for _, key := range slices.Backward(b.list) {
		if len(out) == n {
			break
		}
		out = append(out, b.byKey[key])
	}
	return out
}

// purse is what one card was given.
type purse struct {
	Card  string `json:"card"`
	Minor int64  `json:"amount_minor"`
	Times int    `json:"times"`
}

// purses adds up what the cards were given, the richest first.
func (b *credits) purses() []purse {
	b.mu.Lock()
	defer b.mu.Unlock()
	sums := map[string]purse{}
	for _, c := range b.byKey {
		if c.Done() {
			p := sums[c.Card]
			sums[c.Card] = purse{c.Card, p.Minor + c.Minor, p.Times + 1}
		}
	}
	out := make([]purse, 0, len(sums))
	for _, p := range sums {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b purse) int { return cmp.Or(cmp.Compare(b.Minor, a.Minor), cmp.Compare(a.Card, b.Card)) })
	return out
}

func (b *credits) close() error { return b.journal.close() }

// creditKey is what a request and its repeats have in common.
func creditKey(m *iso8583.Message) string {
	k := m.Key()
	rrn, _ := m.Get(37)
	return k.STAN + "/" + k.Sent + "/" + k.Acquirer + "/" + k.Terminal + "/" + rrn
}
