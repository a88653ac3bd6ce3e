// Package sms hands the bank's messages to the SMS gateway: it speaks the
// gateway's JSON API (docs/partners.md) and satisfies notice.SMSSender.
//
// The same key may be sent any number of times and is one message. Only the
// gateway's considered no is final; everything else is worth another try.
// Texts hold codes and numbers hold people: neither is ever logged.
package sms

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"rocketbank/internal/bank/notice"
	"rocketbank/internal/rail/jsoncall"
	"rocketbank/internal/rail/signature"
)

// Config is what a client is made of.
type Config struct {
	URL         string // the gateway's API; https outside loopback
	Key         signature.Secret
	CallbackURL string        // where the gateway posts its delivery receipts
	Timeout     time.Duration // of a call; nought means jsoncall.DefaultTimeout
}

// Client is the bank's side of the gateway's API.
type Client struct {
	line     *jsoncall.Line
	callback string
}

var _ notice.SMSSender = (*Client)(nil)

// New makes a client; it refuses plain http outside loopback.
func New(cfg Config) (*Client, error) {
	line, err := jsoncall.New(cfg.URL, cfg.Key, cfg.Timeout)
	if err != nil {
		return nil, fmt.Errorf("sms gateway: %w", err)
	}
	if err := jsoncall.CheckAddress(cfg.CallbackURL); err != nil {
		return nil, fmt.Errorf("sms gateway callback: %w", err)
	}
	return &Client{line: line, callback: cfg.CallbackURL}, nil
}

type message struct {
	To          string `json:"to"`
	Text        string `json:"text"`
	CallbackURL string `json:"callback_url"`
}

type accepted struct {
	ID    string `json:"id"`
	State string `json:"state"`
}

const maxID = 100

// Send gives the gateway's identifier. A *notice.Rejected error is final; any
// other one means: try again with the same key.
func (c *Client) Send(ctx context.Context, m notice.SMS) (string, error) {
	a, err := c.line.Post(ctx, "/messages", m.Key, message{m.To.E164(), m.Text.Reveal(), c.callback})
	if err != nil {
		return "", fmt.Errorf("sms gateway: %w", err)
	}
	if final(a) {
		return "", &notice.Rejected{Reason: a.Reason()}
	}
	if !a.OK() {
		return "", fmt.Errorf("sms gateway: status %d %s", a.Status, a.Reason())
	}
	var got accepted
	if err := a.Read(&got); err != nil {
		return "", fmt.Errorf("sms gateway: %w", err)
	}
	if got.ID == "" || len(got.ID) > maxID || strings.ContainsFunc(got.ID, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", errors.New("sms gateway: no usable identifier in the answer")
	}
	return got.ID, nil
}

// final tells the gateway's considered no about this very message: a 4xx with
// a reason in the protocol's form. A wrong API key and a request for patience
// are about us and pass.
func final(a jsoncall.Answer) bool {
	if a.Status/100 != 4 || a.Reason() == "" {
		return false
	}
	switch a.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	}
	return true
}
