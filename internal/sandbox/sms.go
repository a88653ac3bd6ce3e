package sandbox

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"rocketbank/internal/base/id"
)

// Limits of the gateway.
const (
	maxMessages  = 20_000 // the oldest are forgotten
	maxTextRunes = 1000
)

// States of a message. "accepted" is what the sender is told; the phone shows
// one of the others.
const (
	smsAccepted    = "accepted"
	smsDelivered   = "delivered"
	smsUndelivered = "undelivered"
)

// message is one SMS as the phone got it or failed to.
type message struct {
	Key         string    `json:"key"` // the sender's Idempotency-Key
	ID          string    `json:"id"`
	To          string    `json:"to"` // E.164
	Text        string    `json:"text"`
	CallbackURL string    `json:"callback_url,omitempty"`
	State       string    `json:"state"`
	At          time.Time `json:"at"`
	Deliveries  int       `json:"deliveries"` // how often the phone got it
}

// receipt is what the gateway posts to the sender.
type receipt struct {
	ID    string    `json:"id"`
	To    string    `json:"to"`
	State string    `json:"state"`
	At    time.Time `json:"at"`
}

// smsRecord is a line of the journal: a message, or a phone's switch.
type smsRecord struct {
	Message *message `json:"message,omitempty"`
	Phone   string   `json:"phone,omitempty"`
	Off     bool     `json:"off,omitempty"`
}

// gateway takes SMS and shows them on phones.
type gateway struct {
	journal *journal
	ids     *id.Source
	now     func() time.Time
	courier *courier

	mu       sync.Mutex
	messages []*message // oldest first
	byID     map[string]*message
	byKey    map[string]*message
	off      map[string]bool // phones switched off
}

func openGateway(path string, ids *id.Source, now func() time.Time, post *courier) (*gateway, error) {
	g := &gateway{
		ids: ids, now: now, courier: post,
		byID: map[string]*message{}, byKey: map[string]*message{}, off: map[string]bool{},
	}
	j, lines, err := openJournal(path, func(line []byte) error {
		var r smsRecord
		if err := json.Unmarshal(line, &r); err != nil {
			return err
		}
		g.apply(r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	g.journal = j
	if live := len(g.messages) + len(g.off); lines > 2*live+100 {
		if err := j.rewrite(g.records); err != nil {
			return nil, errors.Join(err, j.close())
		}
	}
	return g, nil
}

func (g *gateway) records(yield func(any) bool) {
	for _, m := range g.messages {
		if !yield(smsRecord{Message: m}) {
			return
		}
	}
	for phone, off := range g.off {
		if off && !yield(smsRecord{Phone: phone, Off: true}) {
			return
		}
	}
}

// apply puts a record of the journal into memory.
func (g *gateway) apply(r smsRecord) {
	m := r.Message
	if m == nil {
		if r.Off {
			g.off[r.Phone] = true
		} else {
			delete(g.off, r.Phone)
		}
		return
	}
	if old, ok := g.byID[m.ID]; ok {
		*old = *m
		return
	}
	g.messages = append(g.messages, m)
	g.byID[m.ID], g.byKey[m.Key] = m, m
	if len(g.messages) > maxMessages {
		oldest := g.messages[0]
		g.messages = g.messages[1:]
		delete(g.byID, oldest.ID)
		delete(g.byKey, oldest.Key)
	}
}

// keep writes a record and then believes it. Messages are no money: they
// outlive the process, but not necessarily a power cut.
func (g *gateway) keep(r smsRecord) error {
	if err := g.journal.append(r, false); err != nil {
		return err
	}
	g.apply(r)
	return nil
}

// accept takes a message once per key. fresh is false when it was there.
func (g *gateway) accept(order message) (m message, fresh bool, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if old, ok := g.byKey[order.Key]; ok {
		if old.To != order.To || old.Text != order.Text || old.CallbackURL != order.CallbackURL {
			return message{}, false, refuse(http.StatusConflict, "key_reused", "")
		}
		return *old, false, nil
	}
	order.ID = g.ids.New().Text("sm")
	order.At = g.now()
	order.State = smsDelivered
	if g.off[order.To] {
		order.State = smsUndelivered
	} else {
		order.Deliveries = 1
	}
	if err := g.keep(smsRecord{Message: &order}); err != nil {
		return message{}, false, err
	}
	g.tell(order)
	return order, true, nil
}

// settle makes the phone get a message (again) or not get it, and tells the
// sender.
func (g *gateway) settle(messageID, state string) (message, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	old, ok := g.byID[messageID]
	if !ok {
		return message{}, refuse(http.StatusNotFound, "no_such_message", "")
	}
	m := *old
	m.State = state
	if state == smsDelivered {
		m.Deliveries++
		m.At = g.now()
	}
	if err := g.keep(smsRecord{Message: &m}); err != nil {
		return message{}, err
	}
	g.tell(m)
	return m, nil
}

func (g *gateway) tell(m message) {
	g.courier.send(m.CallbackURL, receipt{ID: m.ID, To: m.To, State: m.State, At: g.now()})
}

// turn switches a phone off or on. A phone that is off gets nothing.
func (g *gateway) turn(phone string, off bool) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.keep(smsRecord{Phone: phone, Off: off})
}

// conversation gives the messages of a number, newest first.
func (g *gateway) conversation(phone string) (list []message, off bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	list = []message{}
	for _, m := range g.messages {
		if m.To == phone {
			list = append(list, *m)
		}
	}
	// Stable and from the back: of two messages of one microsecond the later
	// one comes first.
	slices.Reverse(list)
	slices.SortStableFunc(list, func(a, b message) int { return b.At.Compare(a.At) })
	return list, g.off[phone]
}

// handset is one line of the list of phones.
type handset struct {
	Number string
	Last   message
	Count  int
	Off    bool
}

// handsets lists the numbers that were ever written to, the latest first.
func (g *gateway) handsets() []handset {
	g.mu.Lock()
	defer g.mu.Unlock()
	byNumber := map[string]*handset{}
	for _, m := range g.messages {
		h := byNumber[m.To]
		if h == nil {
			h = &handset{Number: m.To, Off: g.off[m.To]}
			byNumber[m.To] = h
		}
		h.Count++
		if !m.At.Before(h.Last.At) {
			h.Last = *m
		}
	}
	list := make([]handset, 0, len(byNumber))
	for _, h := range byNumber {
		list = append(list, *h)
	}
	slices.SortFunc(list, func(a, b handset) int {
		return cmp.Or(b.Last.At.Compare(a.Last.At), cmp.Compare(a.Number, b.Number))
	})
	return list
}

func (g *gateway) close() error { return g.journal.close() }
