package claim

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/bank/token"
	"rocketbank/internal/bank/topup"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// Wish is what the receiver chose and typed.
type Wish struct {
	Method string // card, account, mobile:CODE or wallet:CODE
	Card   string
	Mobile string
	Wallet string
}

// Plan is a wish that was checked, for the page that asks once more.
type Plan struct {
	Shown
	Token  string // what the page carries
	Way    Way
	Title  string // masked: «220012••••••4821», «+7 916 ••• ••-23»
	RU, EN string // whose it is: the bank of a card, the operator, the wallet
	Name   string // of its holder, where he was told
}

// planBody is what a plan's token holds.
type planBody struct {
	id       id.ID
	way      Way
	number   string
	bank     string
	ru, en   string
	name     string
	untilSec int64
}

const planTable = "claim.plan"

// Pack writes the body.
func (b *planBody) Pack(p *token.Packer) {
	p.ID(b.id)
	p.Int(int64(b.way))
	for _, t := range []string{b.number, b.bank, b.ru, b.en, b.name} {
		p.Text(t)
	}
	p.Int(b.untilSec)
}

// Unpack reads it.
func (b *planBody) Unpack(u *token.Unpacker) {
	b.id, b.way = u.ID(), Way(u.Int()) // #nosec G115 -- packed from one
	b.number, b.bank, b.ru, b.en, b.name = u.Text(), u.Text(), u.Text(), u.Text(), u.Text()
	b.untilSec = u.Int()
}

// target is where the payout goes.
func (b *planBody) target() payout.Target {
	t := payout.Target{Bank: b.bank, BankRU: b.ru, BankEN: b.en, Name: b.name}
	switch b.way {
	case ToMobile:
		t.Way, t.Phone = payout.Mobile, phone.Number(b.number)
	case ToWallet:
		t.Way, t.Number = payout.Wallet, vault.Hide(strings.TrimPrefix(b.number, "+"))
	default:
		t.Way, t.Number = payout.Card, vault.Hide(b.number)
	}
	return t
}

// title is what the page may show of it.
func (b *planBody) title() string {
	switch b.way {
	case ToCard:
		return b.number[:6] + strings.Repeat("•", len(b.number)-10) + b.number[len(b.number)-4:]
	case ToAccount:
		return ""
	}
	return phone.Number(b.number).Masked()
}

// Check works a wish out: the number is read, the way is open, and whoever
// keeps the account knows it. Nothing moves yet.
func (s *Service) Check(ctx context.Context, secret, pass string, w Wish) (Plan, error) {
	r, err := s.passed(ctx, secret, pass)
	if err != nil {
		return Plan{}, err
	}
	b := planBody{id: r.id, untilSec: s.now().Add(passTTL).Unix()}
	if err := s.work(ctx, r, w, &b); err != nil {
		return Plan{}, err
	}
	out := Plan{Way: b.way, Title: b.title(), RU: b.ru, EN: b.en, Name: b.name}
	if out.Shown, err = s.shown(ctx, r); err != nil {
		return Plan{}, err
	}
	out.Token, err = token.Seal(s.d.Vault, planTable, r.client, &b)
	return out, err
}

func (s *Service) work(ctx context.Context, r row, w Wish, b *planBody) error {
	way, code, _ := strings.Cut(w.Method, ":")
	switch way {
	case "card":
		if r.spent() {
			return ErrTries
		}
		b.way = ToCard
		return s.toCard(ctx, w.Card, b)
	case "account":
		b.way = ToAccount
		d, err := s.details(r)
		if err != nil {
			return err
		}
		who, ours, err := s.owner(ctx, d)
		if err == nil && !ours {
			err = ErrMethod
		}
		b.name = who.Masked
		return err
	case "mobile", "wallet":
	default:
		return ErrMethod
	}
	if r.spent() {
		return ErrTries
	}
	m, err := s.method(ctx, way, code)
	if err != nil {
		return err
	}
	typed, wrong := w.Mobile, ErrMobile
	if m.Way == ToWallet {
		typed, wrong = w.Wallet, ErrWallet
	}
	number, err := phone.Parse(typed)
	if err != nil || !russian(number) {
		return wrong.Because(err)
	}
	b.way, b.number, b.bank, b.ru, b.en = m.Way, number.E164(), m.Code, m.RU, m.EN
	if b.name, err = s.d.Partners.Check(ctx, m.Code, b.number); errors.Is(err, ErrNoReceiver) {
		return ErrNoReceiver.At(wrong.Field)
	}
	return err
}

// method finds an open way by its word and code.
func (s *Service) method(ctx context.Context, way, code string) (Method, error) {
	list, err := s.d.Partners.Methods(ctx)
	if err != nil {
		return Method{}, err
	}
	for _, m := range list {
		switch {
		case m.Way.String() != way || m.Code != code:
		case m.Closed:
			return m, ErrUnavailable
		default:
			return m, nil
		}
	}
	return Method{}, ErrMethod
}

func (s *Service) toCard(ctx context.Context, typed string, b *planBody) error {
	if _, err := s.method(ctx, ToCard.String(), ""); err != nil {
		return err
	}
	number, err := topup.ParseNumber(typed)
	if err != nil {
		return ErrCard.Because(err)
	}
	b.number = number
	if s.d.OwnBIN != "" && strings.HasPrefix(number, s.d.OwnBIN) {
		return ErrOwnCard
	}
	issuer, err := s.d.BINs.Find(ctx, number)
	b.bank, b.ru, b.en = issuer.Bank.Code, issuer.Bank.RU, issuer.Bank.EN
	return err
}

// Take sends the money where a plan says. Of many at a time one wins; whoever
// comes later gets the link as it stands. The plan proves by itself that the
// code was right, for as long as the page lives.
func (s *Service) Take(ctx context.Context, secret, plan string) (Shown, error) {
	r, err := s.byLink(ctx, secret)
	if err != nil {
		return Shown{}, err
	}
	var b planBody
	if !token.Open(s.d.Vault, planTable, r.client, plan, &b) || b.id != r.id || s.now().Unix() >= b.untilSec {
		return Shown{}, ErrProof
	}
	if b.way == ToAccount {
		return s.takeHome(ctx, r)
	}
	if b.way != ToCard {
		if _, err := s.method(ctx, b.way.String(), b.bank); err != nil {
			return Shown{}, err // closed since
		}
	}
	var begun id.ID
	err = s.lock(ctx, &r, func(tx db.Tx) error {
		begun = id.ID{}
		if r.spent() {
			return ErrTries
		}
		d, err := s.details(r)
		if err != nil {
			return err
		}
		d.To, d.Bank = b.title(), b.ru
		if err := s.seal(&r, d); err != nil {
			return err
		}
		r.way, r.reason, r.tries = b.way, "", r.tries+1
		begun, err = s.d.Payouts.Begin(ctx, tx, payout.Direct{
			Owner: r.client, Key: ledger.KeyOf("claim", r.text(), fmt.Sprint(r.tries)), From: ledger.Transit, Amount: r.amount, To: b.target(), Message: d.Message,
		})
		if errors.Is(err, payout.ErrClosed) || errors.Is(err, limit.ErrCardRefusals) {
			err = ErrUnavailable.Because(err)
		}
		if err != nil {
			return err
		}
		r.payout = begun.Bytes()
		return step(ctx, tx, &r, Paying, tx.Now().Add(askMin))
	})
	if err != nil {
		return Shown{}, err
	}
	if !begun.IsZero() {
		s.tell(r.client)
		// The way is walked to its end, whether or not the browser waits.
		if r, err = s.send(context.WithoutCancel(ctx), r, begun); err != nil {
			return Shown{}, err
		}
	}
	return s.shown(ctx, r)
}

// lock runs fn on a claim that still waits, its row locked; otherwise it only
// reads how the claim stands. Money of a sender who was blocked meanwhile goes
// nowhere: whoever has the link sees what a stranger sees, and it comes back to
// the sender by its time.
func (s *Service) lock(ctx context.Context, r *row, fn func(tx db.Tx) error) error {
	return s.d.DB.Write(ctx, func(tx db.Tx) error {
		now, err := find(ctx, tx, qLock, r.id.Bytes())
		if err != nil {
			return err
		}
		*r = now
		switch {
		case r.state.Final() && r.state != Done || r.state == Waiting && !tx.Now().Before(r.until):
			return ErrLink
		case r.state != Waiting:
			return nil
		}
		sender, err := s.d.People.StateOf(ctx, tx, r.client)
		if err == nil && sender == client.Blocked {
			err = ErrLink
		}
		if err != nil {
			return err
		}
		return fn(tx)
	})
}

// takeHome credits the receiver's own account: he is a client of ours.
func (s *Service) takeHome(ctx context.Context, r row) (Shown, error) {
	d, err := s.details(r)
	if err != nil {
		return Shown{}, err
	}
	to, ours, err := s.owner(ctx, d)
	if err != nil {
		return Shown{}, err
	}
	if !ours {
		return Shown{}, ErrMethod
	}
	moved := false
	err = s.lock(ctx, &r, func(tx db.Tx) error {
		moved = true
		r.way, r.reason = ToAccount, ""
		feed, err := s.d.Operations.Row(operation.Operation{
			ID: s.d.Operations.NewID(), Client: to.ID, Account: to.Account, Kind: operation.LinkIn, State: operation.Done, Amount: r.amount,
			Fee: money.Amount{Cur: r.amount.Cur}, Details: operation.Details{Name: d.Name, Message: d.Message, Peer: r.client, Order: r.text()},
		})
		if err != nil {
			return err
		}
		if err := s.done(ctx, tx, &r, d); err != nil {
			return err
		}
		debit, err := r.amount.Neg()
		if err != nil {
			return err
		}
		got, err := s.d.Book.PostTx(ctx, tx, ledger.Transaction{
			Owner: int64(r.client), Key: r.ledgerKey("home"), Kind: ledger.KindLink, Phase: ledger.Posted, Rows: []db.Row{feed},
			Legs: []ledger.Leg{{Account: ledger.Transit, Amount: debit}, {Account: to.Account, Owner: int64(to.ID), Amount: r.amount}},
		})
		if err == nil && got[0].Refused() {
			err = fmt.Errorf("refused: %s", got[0].Reason)
		}
		if err != nil {
			return fmt.Errorf("take %s home: %w", r.text(), err)
		}
		return nil
	})
	if err != nil {
		return Shown{}, err
	}
	if moved {
		s.tell(r.client, to.ID)
	}
	return s.shown(ctx, r)
}

// done closes a locked claim whose money has arrived: the sender's operation
// is over, and he is told.
func (s *Service) done(ctx context.Context, tx db.Tx, r *row, d details) error {
	err := s.d.Operations.Change(ctx, tx, r.client, r.id, func(o *operation.Operation) { o.State = operation.Done })
	if err != nil {
		return err
	}
	return step(ctx, tx, r, Done, time.Time{})
}
