package payout

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"rocketbank/internal/bank/token"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
)

// Target is whom the money goes to, as much as the rail needs. It prints as
// stars and rests sealed; its secrets are gone once the outcome is final.
type Target struct {
	Way    Way
	Number vault.Hidden // Card: its digits; Wallet: the wallet's number
	Phone  phone.Number // Phone, Mobile
	Bank   string       // Card: the issuer's code in the tariff, empty when unknown; Phone: the member's number; Mobile, Wallet: the partner's code
	BankRU string       // what people call it
	BankEN string
	Name   string       // the receiver as the sender may see him: «Иван Петрович С.»; may be empty
	Token  vault.Hidden // what the other side gave for this receiver; may be empty
	Until  time.Time    // until when that holds, to the second; zero: it does not end
}

const stars = "•••"

// String is stars.
func (t Target) String() string { return stars }

// GoString is stars.
func (t Target) GoString() string { return stars }

// LogValue is stars.
func (t Target) LogValue() slog.Value { return slog.StringValue(stars) }

// Bounds of what a target may hold.
const (
	maxName  = 140
	maxToken = 200
)

// check refuses what no rail could pay to. It tells nothing of the content.
func (t Target) check() error {
	number := t.Number.Reveal()
	ok := utf8.RuneCountInString(t.Name) <= maxName && len(t.Token.Reveal()) <= maxToken && len(t.Bank) <= 32 &&
		utf8.RuneCountInString(t.BankRU) <= maxName && utf8.RuneCountInString(t.BankEN) <= maxName &&
		utf8.ValidString(t.Name+t.BankRU+t.BankEN+t.Token.Reveal())
	switch t.Way {
	case Card:
		ok = ok && len(number) >= 16 && len(number) <= 19 && digits(number)
	case Phone:
		ok = ok && t.Phone != "" && t.Bank != ""
	case Mobile:
		ok = ok && t.Phone != ""
	case Wallet:
		ok = ok && len(number) >= 5 && len(number) <= 20 && digits(number) && t.Bank != ""
	default:
		ok = false
	}
	if !ok {
		return ErrTarget
	}
	return nil
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// Title is what the receiver's account is called on pages: a number with its
// middle hidden, or a phone.
func (t Target) Title() string {
	number := t.Number.Reveal()
	switch {
	case t.Way == Phone || t.Way == Mobile:
		return t.Phone.E164()
	case len(number) >= 16:
		return number[:6] + strings.Repeat("•", len(number)-10) + number[len(number)-4:]
	case len(number) > 4:
		return strings.Repeat("•", len(number)-4) + number[len(number)-4:]
	}
	return stars
}

// Shown is a target as its sender may see it.
type Shown struct {
	Way    Way
	Title  string // «220012••••••4821», «+79165550123»
	Name   string // may be empty
	BankRU string
	BankEN string
}

// Shown leaves out what pages do not show.
func (t Target) Shown() Shown {
	return Shown{Way: t.Way, Title: t.Title(), Name: t.Name, BankRU: t.BankRU, BankEN: t.BankEN}
}

// Pack writes a target into a token.
func (t *Target) pack(p *token.Packer) {
	p.Int(int64(t.Way))
	for _, s := range []string{t.Number.Reveal(), t.Phone.E164(), t.Bank, t.BankRU, t.BankEN, t.Name, t.Token.Reveal()} {
		p.Text(s)
	}
	p.Int(unix(t.Until))
}

// over tells that what the other side gave for the receiver holds no more.
func (t Target) over(now time.Time) bool { return !t.Until.IsZero() && !now.Before(t.Until) }

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func (t *Target) unpack(u *token.Unpacker) {
	t.Way = Way(u.Int()) // #nosec G115 -- packed from one
	t.Number, t.Phone, t.Bank, t.BankRU, t.BankEN, t.Name, t.Token =
		vault.Hide(u.Text()), phone.Number(u.Text()), u.Text(), u.Text(), u.Text(), u.Text(), vault.Hide(u.Text())
	if s := u.Int(); s != 0 {
		t.Until = time.Unix(s, 0).UTC()
	}
}

// details is what stays of a payout for its client to read.
type details struct {
	Title   string `json:"t"`
	Phone   string `json:"p,omitempty"`
	Bank    string `json:"b,omitempty"`
	BankRU  string `json:"r,omitempty"`
	BankEN  string `json:"e,omitempty"`
	Name    string `json:"n,omitempty"`
	Message string `json:"m,omitempty"`
	Order   string `json:"o,omitempty"`
}

// secret is what the rail needs beside, until the outcome is final.
type secret struct {
	Number string `json:"n,omitempty"`
	Token  string `json:"t,omitempty"`
	// The sender as he was called when he ordered: a repeat says the same to the
	// letter, whatever he is called by then.
	Sender      string `json:"s,omitempty"`
	SenderPhone string `json:"p,omitempty"`
}

// sealTarget writes the target, a message and an order under the row's seals.
func (s *Service) sealTarget(ctx context.Context, r *row, t Target, message, order string) error {
	me, err := s.d.People.ByID(ctx, r.client)
	if err != nil {
		return fmt.Errorf("sender of a payout: %w", err)
	}
	plain, err := json.Marshal(details{t.Title(), t.Phone.E164(), t.Bank, t.BankRU, t.BankEN, t.Name, message, order})
	if err != nil {
		return err
	}
	if r.details, err = s.d.Vault.Seal(vault.PII, r.place("details"), plain); err != nil {
		return err
	}
	if plain, err = json.Marshal(secret{t.Number.Reveal(), t.Token.Reveal(), me.Name.Whole(), me.Phone.E164()}); err != nil {
		return err
	}
	r.secret, err = s.d.Vault.Seal(vault.PAN, r.place("secret"), plain)
	return err
}

// openDetails reads what stays.
func (s *Service) openDetails(r row) (d details, err error) {
	plain, err := s.d.Vault.Open(vault.PII, r.place("details"), r.details)
	if err == nil {
		err = json.Unmarshal(plain, &d)
	}
	return d, err
}

// instruction is what the rail is told of a payout that is not final, the same
// every time.
func (s *Service) instruction(r row) (Instruction, error) {
	d, err := s.openDetails(r)
	if err != nil {
		return Instruction{}, fmt.Errorf("payout %s: %w", r.text(), err)
	}
	plain, err := s.d.Vault.Open(vault.PAN, r.place("secret"), r.secret)
	if err != nil {
		return Instruction{}, fmt.Errorf("payout %s: %w", r.text(), err)
	}
	var x secret
	if err = json.Unmarshal(plain, &x); err != nil {
		return Instruction{}, fmt.Errorf("payout %s: %w", r.text(), err)
	}
	return Instruction{
		ID: r.id, Number: int(r.number), Sent: r.sent, Amount: r.amount, Message: d.Message, Sender: x.Sender, SenderPhone: phone.Number(x.SenderPhone),
		To: Target{
			Way: r.way, Number: vault.Hide(x.Number), Phone: phone.Number(d.Phone), Bank: d.Bank, BankRU: d.BankRU, BankEN: d.BankEN,
			Name: d.Name, Token: vault.Hide(x.Token),
		},
	}, nil
}
