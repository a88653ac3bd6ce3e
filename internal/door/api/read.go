package api

import (
	"context"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/base/id"
	"rocketbank/internal/ledger"
)

// tokenPrefix is what the identifiers of tokens start with.
const tokenPrefix = "tk"

// none is an input without parameters.
type none struct{}

// answer is an answer with a body and no headers of its own.
type answer[T any] struct{ Body T }

func ok[T any](v T) (*answer[T], error) { return &answer[T]{v}, nil }

// Me is who holds the token.
type Me struct {
	ID       string    `json:"id" example:"cl_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	Name     string    `json:"name" example:"Anna Sokolova"`
	Phone    string    `json:"phone" example:"+79165550123"`
	Language string    `json:"language" enum:"ru,en"`
	Blocked  bool      `json:"blocked"`
	Since    time.Time `json:"since"`
	Token    Token     `json:"token"`
}

// Token is what the caller's token may do.
type Token struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Scopes  []string  `json:"scopes" enum:"read,transfer"`
	Expires time.Time `json:"expires_at"`
	// What it may send; absent when nothing.
	PerOrder *Money `json:"per_order,omitempty"`
	PerDay   *Money `json:"per_day,omitempty"`
}

func (d *Door) me(ctx context.Context, c *call, _ *none) (*answer[Me], error) {
	who, err := d.d.Clients.ByID(ctx, c.token.Client)
	if err != nil {
		return nil, err
	}
	return ok(Me{
		ID: who.UID.Text(client.Prefix), Name: who.Name.Whole(), Phone: who.Phone.E164(), Language: string(who.Lang),
		Blocked: who.State == client.Blocked, Since: who.Since, Token: tokenOf(c.token),
	})
}

func tokenOf(t access.Token) Token {
	out := Token{ID: t.ID.Text(tokenPrefix), Name: t.Name, Scopes: []string{}, Expires: t.Expires.UTC()}
	for _, s := range []access.Scope{access.ScopeRead, access.ScopeTransfer} {
		if t.May(s) {
			out.Scopes = append(out.Scopes, string(s))
		}
	}
	if t.May(access.ScopeTransfer) {
		order, day := shown(t.OrderCap), shown(t.DayCap)
		out.PerOrder, out.PerDay = &order, &day
	}
	return out
}

// AccountList is all accounts of the caller.
type AccountList struct {
	Accounts []Account `json:"accounts" nullable:"false"`
}

// Account is one account.
type Account struct {
	ID        string `json:"id" example:"ac_64064"`
	Balance   Money  `json:"balance"`
	Reserved  Money  `json:"reserved"`
	Available Money  `json:"available"`
	Closed    bool   `json:"closed"`
}

func (d *Door) accounts(ctx context.Context, c *call, _ *none) (*answer[AccountList], error) {
	all, err := ledger.AccountsOf(ctx, d.d.DB, int64(c.token.Client))
	if err != nil {
		return nil, err
	}
	out := AccountList{Accounts: []Account{}}
	for _, a := range all {
		out.Accounts = append(out.Accounts, Account{
			ID: AccountText(a.ID), Balance: shown(a.Posted), Reserved: shown(a.Reserved), Available: shown(a.Available()), Closed: a.Closed,
		})
	}
	return ok(out)
}

// owns tells whether an account is the caller's.
func (d *Door) owns(ctx context.Context, c *call, account ledger.AccountID) (bool, error) {
	if c.token.Main(account) {
		return true, nil
	}
	all, err := ledger.AccountsOf(ctx, d.d.DB, int64(c.token.Client))
	for _, a := range all {
		if a.ID == account {
			return true, nil
		}
	}
	return false, err
}

// Allowance is what the caller may still move.
type Allowance struct {
	Transfer      Money     `json:"transfer"`
	OneTransfer   Money     `json:"one_transfer"`
	OutgoingDay   Meter     `json:"outgoing_day"`
	OutgoingMonth Meter     `json:"outgoing_month"`
	TopUpDay      Meter     `json:"topup_day"`
	Caps          []Cap     `json:"caps" nullable:"false"`
	Resets        time.Time `json:"resets_at"`
	Renews        time.Time `json:"month_resets_at"`
}

// Meter is one counter.
type Meter struct {
	Left Money `json:"left"`
	Cap  Money `json:"cap"`
}

// Cap is one more cap that holds for this caller.
type Cap struct {
	Why   string     `json:"why" enum:"simplified,scriptless,reduced,token,own"`
	Order *Money     `json:"order,omitempty"`
	Day   *Meter     `json:"day,omitempty"`
	Until *time.Time `json:"until,omitempty"`
}

func (d *Door) limits(ctx context.Context, c *call, _ *none) (*answer[Allowance], error) {
	standing := d.d.Tokens.TokenStanding(c.token)
	if !c.token.May(access.ScopeTransfer) { // it sends nothing: tell what its owner may
		standing.Token = id.ID{}
	}
	left, err := d.d.Limits.Left(ctx, c.token.Client, standing)
	if err != nil {
		return nil, err
	}
	out := Allowance{
		Transfer: shown(left.Transfer()), OneTransfer: shown(left.OneTransfer), OutgoingDay: meter(left.OutgoingDay),
		OutgoingMonth: meter(left.OutgoingMonth), TopUpDay: meter(left.TopUpDay), Resets: left.Resets.UTC(), Renews: left.Renews.UTC(), Caps: []Cap{},
	}
	for _, k := range left.Caps {
		cap := Cap{Why: string(k.Why)}
		if k.Order.Cur != 0 {
			order := shown(k.Order)
			cap.Order = &order
		}
		if k.Day.Cap.Cur != 0 {
			day := meter(k.Day)
			cap.Day = &day
		}
		if !k.Until.IsZero() {
			until := k.Until.UTC()
			cap.Until = &until
		}
		out.Caps = append(out.Caps, cap)
	}
	return ok(out)
}

func meter(m limit.Meter) Meter { return Meter{Left: shown(m.Left), Cap: shown(m.Cap)} }
