// Package acquirer takes money from other banks' cards for the bank: it speaks
// the acquirer's JSON API (docs/partners.md) and satisfies topup.Acquirer.
//
// A charge is asked for once. Whatever could mean that the money was taken
// after all (a broken line, a late answer, an answer about another sum) is
// ErrUnknownOutcome, and the room asks with Find before it believes anything.
// Card numbers and security codes pass through and are never kept or logged.
package acquirer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"rocketbank/internal/bank/topup"
	"rocketbank/internal/base/money"
	"rocketbank/internal/rail/jsoncall"
	"rocketbank/internal/rail/signature"
)

// Config is what a client is made of.
type Config struct {
	URL         string // the acquirer's API; https outside loopback
	Key         signature.Secret
	CallbackURL string        // where the acquirer posts its hints
	Timeout     time.Duration // of a call; nought means jsoncall.DefaultTimeout
	Log         *slog.Logger  // may be nil
}

// Client is the bank's side of the acquirer's API.
type Client struct {
	line     *jsoncall.Line
	callback string
	log      *slog.Logger
}

var _ topup.Acquirer = (*Client)(nil)

// New makes a client; it refuses plain http outside loopback.
func New(cfg Config) (*Client, error) {
	line, err := jsoncall.New(cfg.URL, cfg.Key, cfg.Timeout)
	if err != nil {
		return nil, fmt.Errorf("acquirer: %w", err)
	}
	if err := jsoncall.CheckAddress(cfg.CallbackURL); err != nil {
		return nil, fmt.Errorf("acquirer callback: %w", err)
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Client{line: line, callback: cfg.CallbackURL, log: cfg.Log}, nil
}

type order struct {
	AmountMinor int64  `json:"amount_minor"`
	Currency    string `json:"currency"`
	Order       string `json:"order"`
	Description string `json:"description"`
	Card        card   `json:"card"`
	ReturnURL   string `json:"return_url"`
	CallbackURL string `json:"callback_url"`
}

type card struct {
	Number   string `json:"number"`
	ExpMonth int    `json:"exp_month"`
	ExpYear  int    `json:"exp_year"`
	CVC      string `json:"cvc"`
}

// Charge asks for money, once. topup.ErrNotSent means that nothing left this
// machine; any other error is topup.ErrUnknownOutcome.
func (c *Client) Charge(ctx context.Context, ask topup.Charge) (topup.Outcome, error) {
	a, err := c.line.Post(ctx, "/charges", ask.Key, order{
		AmountMinor: ask.Amount.Minor,
		Currency:    ask.Amount.Cur.String(),
		Order:       ask.Order,
		Description: ask.Description,
		Card:        card{ask.Card.Number, ask.Card.ExpMonth, ask.Card.ExpYear, ask.Card.CVC},
		ReturnURL:   ask.ReturnURL,
		CallbackURL: c.callback,
	})
	switch {
	case errors.Is(err, jsoncall.ErrNotSent):
		return topup.Outcome{}, fmt.Errorf("%w: %w", topup.ErrNotSent, err)
	case err != nil:
		return topup.Outcome{}, fmt.Errorf("%w: %w", topup.ErrUnknownOutcome, err)
	case a.Status == http.StatusUnprocessableEntity && a.Reason() != "":
		return topup.Outcome{Key: ask.Key, Amount: ask.Amount, State: topup.ChargeRefused, Reason: a.Reason()}, nil
	case !a.OK():
		// Not 422 is not the acquirer's considered no: a wrong API key, a
		// gateway on the way, a key it saw with another body. Find will tell.
		c.log.WarnContext(ctx, "acquirer: charge not answered", "status", a.Status, "reason", a.Reason())
		return topup.Outcome{}, fmt.Errorf("%w: status %d %s", topup.ErrUnknownOutcome, a.Status, a.Reason())
	}
	out, err := read(a)
	if err == nil {
		err = matches(out, ask)
	}
	if err != nil {
		c.log.ErrorContext(ctx, "acquirer: the answer to a charge makes no sense", "err", err)
		return topup.Outcome{}, fmt.Errorf("%w: %w", topup.ErrUnknownOutcome, err)
	}
	return out, nil
}

// Find tells how a charge stands. topup.ErrNoSuchCharge only when the acquirer
// itself says so: a bare 404 may come from anything that stands on the way.
func (c *Client) Find(ctx context.Context, key string) (topup.Outcome, error) {
	a, err := c.line.Get(ctx, "/charges/"+url.PathEscape(key))
	switch {
	case err != nil:
		return topup.Outcome{}, fmt.Errorf("ask the acquirer: %w", err)
	case a.Status == http.StatusNotFound && a.Reason() == "no_such_charge":
		return topup.Outcome{}, topup.ErrNoSuchCharge
	case a.Status != http.StatusOK:
		return topup.Outcome{}, fmt.Errorf("ask the acquirer: status %d %s", a.Status, a.Reason())
	}
	out, err := read(a)
	if err == nil && out.Key != key {
		err = errors.New("it is about another charge")
	}
	if err != nil {
		c.log.ErrorContext(ctx, "acquirer: the answer about a charge makes no sense", "err", err)
		return topup.Outcome{}, fmt.Errorf("ask the acquirer: %w", err)
	}
	return out, nil
}

type charge struct {
	Key         string `json:"key"`
	ID          string `json:"id"`
	AmountMinor int64  `json:"amount_minor"`
	Currency    string `json:"currency"`
	State       string `json:"state"`
	Reason      string `json:"reason"`
	ActionURL   string `json:"action_url"`
}

const maxID = 100

// read checks all that can be checked without knowing what was asked.
func read(a jsoncall.Answer) (topup.Outcome, error) {
	var c charge
	if err := a.Read(&c); err != nil {
		return topup.Outcome{}, err
	}
	out := topup.Outcome{
		ID: c.ID, Key: c.Key, Amount: money.Rub(c.AmountMinor),
		State: topup.ChargeState(c.State), Reason: c.Reason, ActionURL: c.ActionURL,
	}
	switch {
	case c.Currency != money.RUB.String():
		return topup.Outcome{}, errors.New("it is not in roubles")
	case !out.Amount.Positive():
		return topup.Outcome{}, errors.New("it has no amount")
	case c.ID == "" || len(c.ID) > maxID || strings.ContainsFunc(c.ID, func(r rune) bool { return r <= ' ' || r > '~' }):
		return topup.Outcome{}, errors.New("it has no usable identifier")
	case len(c.Reason) > 40 || strings.Trim(c.Reason, "abcdefghijklmnopqrstuvwxyz_") != "":
		return topup.Outcome{}, errors.New("its reason is no plain word")
	}
	switch out.State {
	case topup.ChargeActionRequired:
		if err := checkPage(c.ActionURL); err != nil {
			return topup.Outcome{}, err
		}
	case topup.ChargeProcessing, topup.ChargeCharged:
	case topup.ChargeRefused:
		if c.Reason == "" {
			return topup.Outcome{}, errors.New("it is refused without a reason")
		}
	default:
		return topup.Outcome{}, errors.New("its state is unknown")
	}
	return out, nil
}

// checkPage refuses to send a client's browser to anything but a secure page.
func checkPage(address string) error {
	if address == "" || len(address) > 2000 {
		return errors.New("it wants an action and names no page")
	}
	u, err := url.Parse(address)
	if err != nil {
		return errors.New("its page cannot be read")
	}
	u.RawQuery, u.Fragment = "", "" // the page's own, and fine
	if jsoncall.CheckAddress(u.String()) != nil {
		return errors.New("its page is not on https")
	}
	return nil
}

func matches(out topup.Outcome, ask topup.Charge) error {
	switch {
	case out.Key != ask.Key:
		return errors.New("it is about another charge")
	case out.Amount != ask.Amount:
		return fmt.Errorf("it is about %s, asked were %s", out.Amount, ask.Amount)
	}
	return nil
}
