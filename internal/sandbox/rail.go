package sandbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"rocketbank/internal/base/id"
	"rocketbank/internal/rail/iso20022"
)

// maxRailCredits bounds the book; a credit is never forgotten.
const maxRailCredits = 200_000

// railCredit is a transfer that the bank sent by the phone-number rail.
type railCredit struct {
	Name        string `json:"name"`    // EndToEndId: a second copy is known by it
	Message     string `json:"message"` // MsgId
	Fingerprint string `json:"fingerprint"`
	Copies      int    `json:"copies"` // how often it came

	AmountMinor int64  `json:"amount_minor"`
	Phone       string `json:"phone"`
	Bank        int    `json:"bank"`
	Payer       string `json:"payer"`
	Payee       string `json:"payee"`
	Text        string `json:"text"`

	Status    iso20022.Status `json:"status"`
	Reason    string          `json:"reason,omitempty"`
	Reference string          `json:"reference"`
	Temper    string          `json:"temper,omitempty"`
	At        time.Time       `json:"at"`           // world time
	Due       time.Time       `json:"due,omitzero"` // machine time: when it goes on by itself
	SentBack  string          `json:"sent_back,omitempty"`
}

// Credited tells whether the receiver has the money.
func (c railCredit) Credited() bool {
	return c.Status.Outcome() == iso20022.Done && c.SentBack == ""
}

// State says in a word how it stands.
func (c railCredit) State() string {
	switch {
	case c.SentBack != "":
		return "sent_back"
	case c.Status.Outcome() == iso20022.Done:
		return "credited"
	case c.Status.Outcome() == iso20022.Refused:
		return "refused"
	}
	return "in_process"
}

// To is the receiver's bank.
func (c railCredit) To() railBank { return railBanks[c.Bank] }

// railway is the rail between the banks, and the other banks on it.
type railway struct {
	cfg     Config
	journal *journal
	ids     *id.Source
	post    *courier
	log     *slog.Logger

	mu      sync.Mutex
	credits map[string]railCredit
	lost    map[string]bool // what was cut off before it was done
}

func openRailway(path string, cfg Config, ids *id.Source, post *courier) (*railway, error) {
	w := &railway{cfg: cfg, ids: ids, post: post, log: cfg.Log, credits: map[string]railCredit{}, lost: map[string]bool{}}
	j, lines, err := openJournal(path, func(line []byte) error {
		var c railCredit
		if err := json.Unmarshal(line, &c); err != nil {
			return err
		}
		if c.Name == "" || c.Bank < 0 || c.Bank >= len(railBanks) {
			return errors.New("a credit without a name or a bank")
		}
		w.credits[c.Name] = c
		return nil
	})
	if err != nil {
		return nil, err
	}
	w.journal = j
	if lines > 3*len(w.credits)+100 {
		if err := j.rewrite(w.records); err != nil {
			return nil, errors.Join(err, j.close())
		}
	}
	return w, nil
}

func (w *railway) records(yield func(any) bool) {
	for _, c := range w.credits {
		if !yield(c) {
			return
		}
	}
}

func (w *railway) close() error { return w.journal.close() }

func (w *railway) keep(c railCredit) error {
	if err := w.journal.append(c, true); err != nil {
		return err
	}
	w.credits[c.Name] = c
	return nil
}

// errCut tells that the line is to be cut instead of an answer.
var errCut = errors.New("the line is cut")

// take takes a credit once by its name. A second copy gets what the first has
// come to, whatever the first was answered.
func (w *railway) take(raw []byte) (c railCredit, fresh bool, err error) {
	m, err := iso20022.Parse(raw)
	p, ok := m.(*iso20022.CreditTransfer)
	if err != nil || !ok || len(p.Transfers) != 1 {
		return c, false, refuse(http.StatusUnprocessableEntity, "bad_message", "")
	}
	t := p.Transfers[0]
	amount, ok := t.Amount.Money()
	if !ok {
		return c, false, refuse(http.StatusUnprocessableEntity, "bad_message", "")
	}
	sum := sha256.Sum256(raw)
	print := hex.EncodeToString(sum[:])
	w.mu.Lock()
	defer w.mu.Unlock()
	if old, known := w.credits[t.ID.EndToEnd]; known {
		if old.Fingerprint != print {
			return c, false, refuse(http.StatusConflict, "other_content", "")
		}
		old.Copies++
		return old, false, w.keep(old)
	}
	if len(w.credits) >= maxRailCredits {
		return c, false, refuse(http.StatusServiceUnavailable, "busy", "")
	}
	c = railCredit{
		Name: t.ID.EndToEnd, Message: p.Header.ID, Fingerprint: print, Copies: 1, AmountMinor: amount.Minor,
		Payer: t.Payer.Name, Payee: t.Payee.Name, Reference: w.ids.New().Text("rl"), At: w.cfg.now(),
	}
	if t.Remittance != nil && len(t.Remittance.Lines) > 0 {
		c.Text = t.Remittance.Lines[0]
	}
	c = w.judge(c, t)
	if c.Temper == railAskLost && !w.lost[c.Name] {
		w.lost[c.Name] = true
		return c, false, errCut
	}
	return c, true, w.keep(c)
}

// judge decides what becomes of a new credit.
func (w *railway) judge(c railCredit, t iso20022.Transfer) railCredit {
	phone, bank, until, ok := readToken(w.cfg.RailSecret, t.PayeeAccount.Number())
	if !ok {
		c.Status, c.Reason = iso20022.Rejected, "AC01"
		return c
	}
	c.Phone, c.Bank, c.Temper = phone, bank, temperOf(phone)
	no := func(reason string) railCredit {
		c.Status, c.Reason = iso20022.Rejected, reason
		return c
	}
	switch {
	case railBanks[bank].BIK != t.PayeeBank.BIK():
		return no("RC01")
	case !c.At.Before(until):
		return no("TM01")
	case c.AmountMinor > railMost:
		return no("AM14")
	case c.Temper == railSuspicious:
		return no("FRAD")
	case c.Temper == railBankDown:
		return no("AB08")
	case c.Temper == railSlow, c.Temper == railLateNo:
		c.Status, c.Due = iso20022.InProcess, time.Now().Add(w.cfg.SlowFor)
		return c
	}
	c.Status = iso20022.Settled
	if c.Temper == railSentBack {
		c.Due = time.Now().Add(w.cfg.SlowFor)
	}
	return c
}

// railMost is the most that one transfer by the rail may be: a million roubles.
const railMost = 1_000_000_00

// find gives a credit by its name.
func (w *railway) find(name string) (railCredit, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, ok := w.credits[name]
	return c, ok
}

// latest lists credits, the last first.
func (w *railway) latest(most int) []railCredit {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]railCredit, 0, len(w.credits))
	for _, c := range w.credits {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b railCredit) int { return b.At.Compare(a.At) })
	return out[:min(len(out), most)]
}

// report says how a credit stands, as pacs.002.
func (w *railway) report(c railCredit) ([]byte, error) {
	t := iso20022.TxStatus{
		Group: &iso20022.OriginalGroup{Message: c.Message, Kind: iso20022.Pacs008}, EndToEnd: c.Name, Status: c.Status, Reference: c.Reference,
	}
	if c.Reason != "" {
		t.Reasons = []iso20022.StatusReason{{Reason: &iso20022.CodeOrOwn{Code: c.Reason}}}
	}
	return iso20022.Write(&iso20022.StatusReport{
		Header:   iso20022.ReportHeader{ID: w.ids.New().Text("rs"), Created: iso20022.FormatTime(w.cfg.now())},
		Statuses: []iso20022.TxStatus{t},
	})
}

// tell posts how a credit stands to the bank that sent it, so many times.
func (w *railway) tell(c railCredit, times int) {
	raw, err := w.report(c)
	if err != nil {
		w.log.Error("sandbox rail", "err", err)
		return
	}
	for range times {
		w.post.sendAs(w.cfg.RailCallback, "application/xml", raw)
	}
}

// sendBack returns a credit as pacs.004, once.
func (w *railway) sendBack(name string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, ok := w.credits[name]
	if !ok {
		return refuse(http.StatusNotFound, "no_such_credit", "")
	}
	if !c.Credited() {
		return refuse(http.StatusConflict, "not_credited", "")
	}
	return w.returnLocked(c)
}

func (w *railway) returnLocked(c railCredit) error {
	c.SentBack, c.Due = w.ids.New().Text("rb"), time.Time{}
	raw, err := w.written(c)
	if err != nil {
		return err
	}
	if err := w.keep(c); err != nil {
		return err
	}
	w.post.sendAs(w.cfg.RailCallback, "application/xml", raw)
	return nil
}

func (w *railway) written(c railCredit) ([]byte, error) {
	kopecks := fmt.Sprintf("%d.%02d", c.AmountMinor/100, c.AmountMinor%100)
	sum := iso20022.Amount{Currency: "RUB", Value: kopecks}
	return iso20022.Write(&iso20022.PaymentReturn{
		Header: iso20022.ReturnHeader{
			ID: c.SentBack, Created: iso20022.FormatTime(w.cfg.now()), Count: "1", Settlement: iso20022.Settlement{Method: iso20022.ByClearing},
		},
		Returns: []iso20022.Return{{
			ID: c.SentBack, Group: &iso20022.OriginalGroup{Message: c.Message, Kind: iso20022.Pacs008}, EndToEnd: c.Name,
			OriginalAmount: &sum, Amount: sum, Reasons: []iso20022.StatusReason{{Reason: &iso20022.CodeOrOwn{Code: "AC04"}}},
		}},
	})
}

// run moves credits whose time has come, also those of an earlier run.
func (w *railway) run(ctx context.Context) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := w.lapse(time.Now()); err != nil {
				w.log.Error("sandbox rail", "err", err)
			}
		}
	}
}

func (w *railway) lapse(now time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.credits {
		if c.Due.IsZero() || now.Before(c.Due) {
			continue
		}
		c.Due = time.Time{}
		switch c.Temper {
		case railSentBack:
			if err := w.returnLocked(c); err != nil {
				return err
			}
			continue
		case railLateNo:
			c.Status, c.Reason = iso20022.Rejected, "AC04"
		default:
			c.Status = iso20022.Settled
		}
		if err := w.keep(c); err != nil {
			return err
		}
		w.tell(c, 1)
	}
	return nil
}
