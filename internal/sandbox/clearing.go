package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"rocketbank/internal/base/clock"
)

// clearingLine is a line of the file that the network sends its issuers once a
// day: docs/partners.md.
type clearingLine struct {
	Type     string `json:"type"`
	File     string `json:"file,omitempty"`
	Network  string `json:"network,omitempty"`
	Day      string `json:"day,omitempty"`
	Version  int    `json:"version,omitempty"`
	ARN      string `json:"arn,omitempty"`
	PAN      string `json:"pan,omitempty"`
	Amount   string `json:"amount,omitempty"`
	Currency string `json:"currency,omitempty"`
	Billing  string `json:"billing,omitempty"`
	Code     string `json:"code,omitempty"`
	RRN      string `json:"rrn,omitempty"`
	Acquirer string `json:"acquirer,omitempty"`
	Process  string `json:"process,omitempty"`
	MCC      string `json:"mcc,omitempty"`
	Merchant string `json:"merchant,omitempty"`
	City     string `json:"city,omitempty"`
	Country  string `json:"country,omitempty"`
	At       string `json:"at,omitempty"`
	Final    bool   `json:"final,omitempty"`
	Original string `json:"original,omitempty"`
	Count    *int64 `json:"count,omitempty"`
	Debits   string `json:"debits,omitempty"`
	Credits  string `json:"credits,omitempty"`
}

// clearing is a file on its way to the issuer.
type clearing struct {
	Name  string
	Count int
	body  []byte
	slips []*slip
	arns  map[string]string // of the slips that it presents
}

// present makes the file of everything that merchants are owed and have not
// asked for; none when there is nothing.
func (t *till) present(ctx context.Context) (*clearing, error) {
	cards, err := t.wallet(ctx)
	if err != nil {
		return nil, err
	}
	numbers := map[string]string{}
	for _, c := range cards {
		numbers[c.ID] = string(c.Number)
	}
	now := t.now()
	f := &clearing{Name: fmt.Sprintf("CLR-%s-%d", now.In(clock.Moscow).Format("20060102"), now.UnixMilli()), arns: map[string]string{}}
	var out bytes.Buffer
	w := json.NewEncoder(&out)
	if err := w.Encode(clearingLine{Type: "header", File: f.Name, Network: "sandbox", Day: now.In(clock.Moscow).Format(time.DateOnly), Version: 1}); err != nil {
		return nil, err
	}
	var debits, credits int64
	for _, s := range t.owed() {
		p, _ := placeOf(s.Place)
		billing := s.Present
		if p.Rate > 0 {
			billing *= p.Rate
		}
		if s.Process == "20" {
			credits += billing
		} else {
			debits += billing
		}
		f.arns[s.ID] = arn()
		line := clearingLine{
			Type: "presentment", ARN: f.arns[s.ID], PAN: numbers[s.Card], Amount: strconv.FormatInt(s.Present, 10), Currency: s.Currency, Billing: strconv.FormatInt(billing, 10),
			Code: s.Approval, RRN: s.RRN, Acquirer: acquirerID, Process: s.Process, MCC: p.MCC, Merchant: p.Name, City: p.City, Country: p.Country,
			At: s.At.UTC().Format(time.RFC3339), Final: true, Original: t.presentedAs(s.Of, f),
		}
		if err := w.Encode(line); err != nil {
			return nil, err
		}
		f.slips = append(f.slips, s)
	}
	f.Count = len(f.slips)
	n := int64(f.Count)
	err = w.Encode(clearingLine{Type: "trailer", Count: &n, Debits: strconv.FormatInt(debits, 10), Credits: strconv.FormatInt(credits, 10)})
	f.body = out.Bytes()
	return f, err
}

// presentedAs is the reference under which a slip was presented, before or in
// this very file; empty when it was not.
func (t *till) presentedAs(id string, f *clearing) string {
	if of := f.arns[id]; of != "" {
		return of
	}
	if of, ok := t.find(id); ok {
		return of.ARN
	}
	return ""
}

// owed lists the slips that a merchant has money to ask for.
func (t *till) owed() []*slip {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []*slip
	for _, s := range t.slips {
		if s.State == slipApproved && s.Present > 0 {
			out = append(out, s)
		}
	}
	return out
}

// presented marks what stands in a file that the issuer has taken.
func (t *till) presented(f *clearing) error {
	for _, s := range f.slips {
		s.State, s.ARN = slipPresented, f.arns[s.ID]
		if err := t.keep(s); err != nil {
			return err
		}
	}
	return nil
}

// save keeps a file for who wants to import it by hand.
func (f *clearing) save(folder string) error {
	path := filepath.Join(folder, f.Name+".jsonl")
	return os.WriteFile(path, f.body, 0o600)
}
