// Package phonerail is the bank's side of the phone-number rail, by which money
// goes to people in other banks whose phone alone is known (docs/phonerail.md):
// it lists the member banks, asks them whose account stands behind a phone, and
// sends credits as pacs.008, answered by pacs.002.
//
// A credit is named once, by its payout's identifier, and its message is made of
// nothing that changes: so the very same bytes may go again when the rail says
// that it never had it, and by their name it knows a repetition. Whatever could
// mean that the money went after all (a broken line, a seal that is wrong, an
// answer about another credit, two answers in one) leaves the outcome unknown:
// it is asked about, never guessed and never sent under another name.
package phonerail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"rocketbank/internal/bank/receiver"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/rail/signature"
)

// Config is what a client is made of.
type Config struct {
	URL     string // the rail's address; https outside loopback
	Secret  signature.Secret
	Member  string        // our identifier there, twelve digits
	BIK     string        // our БИК
	Account string        // our own account there, for payments that have no payer's phone
	Timeout time.Duration // of a call; nought means DefaultTimeout
	Now     func() time.Time
	Log     *slog.Logger // may be nil
}

// Client is the bank's side of the rail. It is safe for concurrent use.
type Client struct {
	line *line
	c    Config
}

var _ receiver.Rail = (*Client)(nil)

// New makes a client; it refuses plain http outside loopback.
func New(c Config) (*Client, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if !digits(c.Member, 12) || !digits(c.BIK, 9) {
		return nil, errors.New("phone rail: our member identifier has 12 digits and our БИК 9")
	}
	l, err := newLine(c.URL, c.Member, c.Secret, c.Timeout, c.Now)
	if err != nil {
		return nil, fmt.Errorf("phone rail: %w", err)
	}
	return &Client{line: l, c: c}, nil
}

// Member is our identifier on the rail.
func (c *Client) Member() string { return c.c.Member }

func digits(s string, n int) bool { return len(s) == n && strings.Trim(s, "0123456789") == "" }

// Bounds of what the rail may say.
const (
	maxMembers  = 2000
	maxBankName = 80 // runes
	maxName     = 80
	maxToken    = 34 // an account's number in pacs.008
	maxTTL      = time.Hour
)

type memberAnswer struct {
	Members []struct {
		ID   string `json:"id"`
		RU   string `json:"ru"`
		EN   string `json:"en"`
		Down bool   `json:"down"`
	} `json:"members"`
}

// Members lists the banks that the rail reaches.
func (c *Client) Members(ctx context.Context) ([]receiver.Member, error) {
	var a memberAnswer
	if err := c.line.ask(ctx, http.MethodGet, "/members", nil, &a); err != nil {
		return nil, fmt.Errorf("phone rail: members: %w", err)
	}
	if len(a.Members) == 0 || len(a.Members) > maxMembers {
		return nil, fmt.Errorf("phone rail: a list of %d members", len(a.Members))
	}
	seen := map[string]bool{}
	out := make([]receiver.Member, len(a.Members))
	for i, m := range a.Members {
		if !digits(m.ID, 12) || seen[m.ID] || !plain(m.RU, maxBankName) || !plain(m.EN, maxBankName) {
			return nil, fmt.Errorf("phone rail: member %d makes no sense", i+1)
		}
		seen[m.ID] = true
		out[i] = receiver.Member{ID: m.ID, RU: m.RU, EN: m.EN, Down: m.Down}
	}
	return out, nil
}

// Default gives the bank that a phone's owner prefers. Phones go in bodies: what
// stands in an address is written down by every machine on the way.
func (c *Client) Default(ctx context.Context, p phone.Number) (string, error) {
	var a struct {
		Phone string `json:"phone"`
		Bank  string `json:"bank"`
	}
	err := c.line.ask(ctx, http.MethodPost, "/default", map[string]string{"phone": p.E164()}, &a)
	switch {
	case err != nil:
		return "", fmt.Errorf("phone rail: the preferred bank: %w", err)
	case a.Phone != p.E164():
		return "", errors.New("phone rail: the preferred bank is another phone's")
	case a.Bank != "" && !digits(a.Bank, 12):
		return "", errors.New("phone rail: the preferred bank is none")
	}
	return a.Bank, nil
}

type pam struct {
	Phone   string `json:"phone"`
	Bank    string `json:"bank"`
	BIK     string `json:"bik"`
	Name    string `json:"pam"`
	Account string `json:"account"`
	TTL     int64  `json:"ttl_s"`
}

// Look asks a bank for the phone's account.
func (c *Client) Look(ctx context.Context, p phone.Number, bank string) (receiver.Found, error) {
	var a pam
	err := c.line.ask(ctx, http.MethodPost, "/pam", map[string]string{"phone": p.E164(), "bank": bank}, &a)
	var no refusal
	if errors.As(err, &no) {
		switch no.reason {
		case "no_such_receiver":
			return receiver.Found{}, receiver.ErrNobody
		case "bank_unavailable", "no_such_bank":
			return receiver.Found{}, receiver.ErrNotConnected
		case "receiver_refused":
			return receiver.Found{}, receiver.ErrUnwilling
		}
	}
	if err == nil {
		err = a.check(p, bank)
	}
	if err != nil {
		return receiver.Found{}, fmt.Errorf("phone rail: look-up: %w", err)
	}
	return receiver.Found{
		Name: a.Name, Token: vault.Hide(a.BIK + "." + a.Account), Life: time.Duration(a.TTL) * time.Second,
	}, nil
}

// check holds an answer against what was asked. None of its texts names a person.
func (a pam) check(p phone.Number, bank string) error {
	switch {
	case a.Phone != p.E164() || a.Bank != bank:
		return errors.New("it is about somebody else")
	case !digits(a.BIK, 9):
		return errors.New("the bank's БИК is none")
	case !masked(a.Name):
		return errors.New("the name is not as it may be shown")
	case a.Account == "" || len(a.Account) > maxToken || strings.ContainsFunc(a.Account, notInToken):
		return errors.New("the account is none")
	case a.TTL <= 0 || a.TTL > int64(maxTTL/time.Second):
		return errors.New("its life is none")
	}
	return nil
}

func notInToken(r rune) bool {
	return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-'
}

// masked tells a name that may be shown to a payer: its last word is one letter
// with a point, «Иван Петрович С.». A whole surname is never passed on, even
// when another bank sends one.
func masked(name string) bool {
	if !plain(name, maxName) {
		return false
	}
	words := strings.Split(name, " ")
	last := words[len(words)-1]
	r, size := utf8.DecodeRuneInString(last)
	return len(words) >= 2 && len(words) <= 4 && unicode.IsUpper(r) && last[size:] == "."
}

// plain tells a text of letters, digits and the marks of names, of at most n runes.
func plain(s string, n int) bool {
	return s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= n && strings.TrimSpace(s) == s &&
		!strings.ContainsFunc(s, func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" -.’'«»()&№,", r)
		})
}
