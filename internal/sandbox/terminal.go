package sandbox

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/id"
	"rocketbank/internal/rail/emv"
	"rocketbank/internal/rail/iso8583"
)

// place is somebody's terminal.
type place struct {
	ID       string
	Name     string // as the network writes it
	City     string
	Letters  string // country, ISO 3166 letters
	Country  string // … numeric
	Currency string
	MCC      string
	Rate     int64 // roubles for one unit of its currency; the network converts by it
	ATM      bool
	Preauth  bool // asks for a sum that is completed later
	Tips     bool
}

func places() []place {
	return []place{
		{ID: "shop", Name: "LAVKA U DOMA", City: "MOSKVA", Letters: "RU", Country: "643", Currency: "643", MCC: "5411"},
		{ID: "cafe", Name: "KOFEYNYA ZERNO", City: "KAZAN", Letters: "RU", Country: "643", Currency: "643", MCC: "5812", Tips: true},
		{ID: "hotel", Name: "HOTEL VOLGA", City: "SAMARA", Letters: "RU", Country: "643", Currency: "643", MCC: "7011", Preauth: true},
		{ID: "atm", Name: "BANK ZARYA ATM", City: "MOSKVA", Letters: "RU", Country: "643", Currency: "643", MCC: "6011", ATM: true},
		{ID: "abroad", Name: "CAFE DE PARIS", City: "PARIS", Letters: "FR", Country: "250", Currency: "978", MCC: "5812", Rate: 100, Tips: true},
	}
}

// webShop is where the web shop's payments are made: no terminal to stand at.
func webShop() place {
	return place{ID: "webshop1", Name: shopName, City: "MOSKVA", Letters: "RU", Country: "643", Currency: "643", MCC: shopMCC}
}

func placeOf(id string) (place, bool) {
	for _, p := range append(places(), webShop()) {
		if p.ID == id {
			return p, true
		}
	}
	return place{}, false
}

// modes are the ways a terminal reads a card, with the first two digits of the
// point of service entry mode.
func modes() []string { return []string{"chip", "contactless", "phone", "stripe", "fallback"} }

// webMode is how a web shop takes a card.
const webMode = "web"

var entries = map[string]string{webMode: "812", "chip": "051", "contactless": "071", "phone": "072", "stripe": "901", "fallback": "801"}

// The states of a slip.
const (
	slipApproved  = "approved"
	slipDeclined  = "declined"
	slipUnknown   = "unknown" // no answer; the terminal has taken it back
	slipReversed  = "reversed"
	slipCompleted = "completed"
	slipPresented = "presented"
)

// slip is what a terminal keeps of a payment. The card stands in it by the
// sandbox's own name.
type slip struct {
	ID       string    `json:"id"`
	At       time.Time `json:"at"`
	Card     string    `json:"card"`
	Masked   string    `json:"masked"`
	Place    string    `json:"place"`
	Mode     string    `json:"mode"`
	Process  string    `json:"process"`
	Minor    int64     `json:"minor"`
	Approved int64     `json:"approved"`
	Present  int64     `json:"present"` // what the clearing will ask for
	Currency string    `json:"currency"`
	Code     string    `json:"code"`     // response code
	Approval string    `json:"approval"` // approval code
	RRN      string    `json:"rrn"`
	STAN     string    `json:"stan"`
	Sent     string    `json:"sent"`
	State    string    `json:"state"`
	Believed bool      `json:"believed"` // the chip knew its issuer
	ARN      string    `json:"arn"`      // of the clearing record that presented it
	Of       string    `json:"of"`       // of a refund: the slip it gives back

	Talk []talk `json:"-"` // the messages; not kept over a restart
}

// talk is one message of a slip, field by field.
type talk struct {
	Type   string      `json:"type"`
	Fields []talkField `json:"fields"`
}

type talkField struct {
	N     int    `json:"n"`
	Value string `json:"value"`
}

// acquirerID is the institution that the sandbox's terminals belong to.
const acquirerID = "123456"

// till is all terminals together.
type till struct {
	net    *network
	wallet Wallet
	zpk    emv.Key2
	chips  *chips
	ids    *id.Source
	now    func() time.Time

	mu    sync.Mutex
	file  *journal
	slips []*slip
}

func openTill(cfg Config, ids *id.Source) (*till, error) {
	t := &till{net: newNetwork(cfg.CardHost, cfg.now), wallet: cfg.Wallet, zpk: cfg.ZPK, ids: ids, now: cfg.now}
	var err error
	if t.chips, err = openChips(cfg.DataDir); err != nil {
		return nil, err
	}
	at := map[string]int{}
	t.file, _, err = openJournal(filepath.Join(cfg.DataDir, "slips.jsonl"), func(line []byte) error {
		s := &slip{}
		if err := json.Unmarshal(line, s); err != nil {
			return err
		}
		if i, ok := at[s.ID]; ok {
			t.slips[i] = s
			return nil
		}
		at[s.ID] = len(t.slips)
		t.slips = append(t.slips, s)
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, t.chips.file.close())
	}
	t.net.stan = len(t.slips) * 4 // trace numbers go on
	return t, nil
}

func (t *till) close() error {
	t.net.drop()
	return errors.Join(t.file.close(), t.chips.file.close())
}

// keep writes a slip down.
func (t *till) keep(s *slip) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.file.append(s, true); err != nil {
		return err
	}
	if !slices.Contains(t.slips, s) {
		t.slips = append(t.slips, s)
	}
	return nil
}

func (t *till) find(id string) (*slip, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.slips {
		if s.ID == id {
			return s, true
		}
	}
	return nil, false
}

// cardOf is the sandbox's own name of a card; empty when nobody here carries it.
func (t *till) cardOf(ctx context.Context, number Secret) (string, error) {
	cards, err := t.wallet(ctx)
	for _, c := range cards {
		if c.Number == number {
			return c.ID, nil
		}
	}
	return "", err
}

// lately gives the newest slips first.
func (t *till) lately(n int) []*slip {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := slices.Clone(t.slips)
	slices.Reverse(out)
	return out[:min(n, len(out))]
}

// swipe is what the one at the terminal does.
type swipe struct {
	card  Plastic
	place place
	mode  string
	minor int64
	pin   string
}

// pay asks the issuer for money.
func (t *till) pay(ctx context.Context, w swipe) (*slip, error) {
	now := t.now()
	s := &slip{
		ID: t.ids.New().Text("sl"), At: now, Card: w.card.ID, Masked: w.card.Masked, Place: w.place.ID, Mode: w.mode, Process: "00",
		Minor: w.minor, Currency: w.place.Currency,
	}
	m := iso8583.NewMessage("0100")
	if w.place.ATM {
		s.Process = "01"
	}
	t.net.stamp(m)
	s.STAN, _ = m.Get(11)
	s.Sent, _ = m.Get(7)
	s.RRN = reference(now, s.STAN)
	w.fill(m, s, now)
	if err := t.read(m, w, s, now); err != nil {
		return nil, err
	}
	a, err := t.net.ask(ctx, m)
	s.hear(m)
	if err != nil {
		// A terminal that hears nothing takes the payment back.
		s.State = slipUnknown
		return s, errors.Join(t.keep(s), t.takeBack(ctx, s, w.card, "68"))
	}
	s.hear(a)
	s.settle(w, m, a)
	return s, t.keep(s)
}

// fill writes the fields that every request of a terminal has.
func (w swipe) fill(m *iso8583.Message, s *slip, now time.Time) {
	local := now.In(clock.Moscow)
	condition := "00"
	if w.place.Preauth {
		condition = "06"
	}
	for n, v := range map[int]string{
		2: string(w.card.Number), 3: s.Process + "0000", 4: fmt.Sprintf("%012d", s.Minor), 12: local.Format("150405"), 13: local.Format("0102"),
		14: w.card.Expiry, 18: w.place.MCC, 19: w.place.Country, 22: entries[w.mode], 23: "0" + w.card.Sequence, 25: condition, 32: acquirerID, 37: s.RRN,
		41: "SANDBOX1", 42: fmt.Sprintf("%-15s", strings.ToUpper(w.place.ID)), 43: fmt.Sprintf("%-22s%-13s%-3s%2s", w.place.Name, w.place.City, "", w.place.Letters),
		49: w.place.Currency,
	} {
		m.Set(n, v)
	}
	if w.place.Rate > 0 { // the network converts
		m.Set(6, fmt.Sprintf("%012d", s.Minor*w.place.Rate))
		m.Set(51, "643")
	}
}

// read adds what the card itself tells: chip data or its stripe, and the PIN.
func (t *till) read(m *iso8583.Message, w swipe, s *slip, now time.Time) error {
	switch w.mode {
	case "stripe", "fallback":
		m.Set(35, string(w.card.Track2))
	default:
		atc, err := t.chips.next(w.card.ID)
		if err != nil {
			return err
		}
		data, err := w.card.chipData(deal{
			minor: s.Minor, currency: w.place.Currency, country: w.place.Country, kind: s.Process, at: now.In(clock.Moscow), online: w.pin != "", device: w.mode == "phone",
		}, atc)
		if err != nil {
			return err
		}
		m.SetBytes(55, data)
	}
	if w.pin != "" {
		block, err := emv.EncodeISO0(t.zpk, string(w.card.Number), w.pin)
		if err != nil {
			return refuse(http.StatusUnprocessableEntity, "bad_pin", "pin")
		}
		m.SetBytes(52, block)
	}
	return nil
}

// settle reads the issuer's answer.
func (s *slip) settle(w swipe, m, a *iso8583.Message) {
	s.Code, _ = a.Get(39)
	s.Approval, _ = a.Get(38)
	s.State, s.Approved = slipDeclined, 0
	if s.Code == "00" || s.Code == "10" {
		s.State, s.Approved = slipApproved, s.Minor
		if v, ok := a.Get(4); ok {
			if n, err := strconv.ParseInt(v, 10, 64); err == nil {
				s.Approved = n
			}
		}
		s.Present = s.Approved
	}
	sent, _ := m.GetBytes(55)
	got, ok := a.GetBytes(55)
	s.Believed = ok && w.card.believes(sent, got)
}

// takeBack reverses a slip, until the issuer says that it has heard.
func (t *till) takeBack(ctx context.Context, s *slip, card Plastic, why string) error {
	m := t.about("0420", s, card)
	m.Set(39, why)
	m.Set(90, iso8583.Original{MTI: "0100", STAN: s.STAN, Sent: s.Sent, Acquirer: acquirerID}.String())
	var a *iso8583.Message
	var err error
	for try := range 3 {
		if try > 0 {
			m.MTI = "0421"
		}
		if a, err = t.net.ask(ctx, m); err == nil {
			break
		}
	}
	s.hear(m)
	if err != nil {
		return t.keep(s)
	}
	s.hear(a)
	s.State, s.Present = slipReversed, 0
	return t.keep(s)
}

// complete presents the last sum of a pre-authorisation by message.
func (t *till) complete(ctx context.Context, s *slip, card Plastic, minor int64) error {
	m := t.about("0220", s, card)
	m.Set(4, fmt.Sprintf("%012d", minor))
	m.Set(25, "06")
	m.Set(38, s.Approval)
	a, err := t.net.ask(ctx, m)
	s.hear(m)
	if err != nil {
		return err
	}
	s.hear(a)
	s.State, s.Present = slipCompleted, 0
	return t.keep(s)
}

// giveBack refunds a slip by a message of its own; the money comes by clearing.
func (t *till) giveBack(ctx context.Context, of *slip, card Plastic) (*slip, error) {
	now := t.now()
	s := &slip{
		ID: t.ids.New().Text("sl"), At: now, Card: of.Card, Masked: of.Masked, Place: of.Place, Mode: of.Mode, Process: "20", Minor: of.Approved, Currency: of.Currency,
		Of: of.ID,
	}
	m := t.about("0100", s, card)
	s.STAN, _ = m.Get(11)
	s.Sent, _ = m.Get(7)
	s.RRN = reference(now, s.STAN)
	m.Set(37, s.RRN)
	m.Set(22, "102")
	a, err := t.net.ask(ctx, m)
	s.hear(m)
	if err != nil {
		s.State = slipUnknown
		return s, t.keep(s)
	}
	s.hear(a)
	s.settle(swipe{card: card}, m, a)
	return s, t.keep(s)
}

// about makes a message that speaks of a slip.
func (t *till) about(mti string, s *slip, card Plastic) *iso8583.Message {
	m := iso8583.NewMessage(mti)
	t.net.stamp(m)
	p, _ := placeOf(s.Place)
	swipe{card: card, place: p, mode: s.Mode}.fill(m, s, t.now())
	return m
}

// reference makes a retrieval reference number, YDDDhh and the trace number.
func reference(at time.Time, stan string) string {
	u := at.UTC()
	return fmt.Sprintf("%d%03d%02d%s", u.Year()%10, u.YearDay(), u.Hour(), stan)
}

// hear keeps a message for the page, with its secrets masked.
func (s *slip) hear(m *iso8583.Message) {
	t := talk{Type: m.MTI}
	for _, n := range m.Fields() {
		v, _ := m.Get(n)
		switch n {
		case 2:
			v = iso8583.MaskPAN(v)
		case 35, 48, 52:
			v = iso8583.Hidden
		case 55:
			for _, f := range chipFields(v) {
				t.Fields = append(t.Fields, talkField{n, f})
			}
			continue
		}
		t.Fields = append(t.Fields, talkField{n, v})
	}
	s.Talk = append(s.Talk, t)
}

// chipFields lists chip data tag by tag.
func chipFields(raw string) []string {
	t, err := emv.ParseTLV([]byte(raw))
	if err != nil {
		return []string{strings.ToUpper(hex.EncodeToString([]byte(raw)))}
	}
	var out []string
	for _, tag := range t.Tags() {
		v, _ := t.Get(tag)
		out = append(out, tag+" "+strings.ToUpper(hex.EncodeToString(v)))
	}
	return out
}

// arn makes an acquirer reference number: 23 digits.
func arn() string {
	var b [23]byte
	rand.Read(b[:]) // never fails since Go 1.24
	for i := range b {
		b[i] = '0' + b[i]%10
	}
	return string(b[:])
}
