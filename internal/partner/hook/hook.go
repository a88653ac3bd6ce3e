// Package hook posts JSON to addresses that others name: of the watch's alerts to
// a chat, a pager or a mailbox (Hook, a watch.Channel), and of what happened to
// clients' money to their own programs (Caller, a webhook.Caller).
//
// No address is trusted further than it must be: https only, no redirects, and
// no address of a private network, of this machine or of a cloud's metadata,
// whatever the name resolves to at the moment of the call, unless that is
// allowed by configuration.
package hook

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"rocketbank/internal/bank/watch"
	"rocketbank/internal/rail/signature"
)

// Config is what a hook is made of.
type Config struct {
	URL string
	// Secret seals each request (header Signature); may be empty.
	Secret signature.Secret
	// Private allows addresses of private networks and of this machine, and
	// plain http to them: a pager inside the house.
	Private bool
	Timeout time.Duration    // of a call; nought means 10 s
	Now     func() time.Time // the machine's clock when nil
}

// Hook is one channel. It is safe for concurrent use.
type Hook struct {
	url    string
	secret signature.Secret
	http   *http.Client
	now    func() time.Time
}

var _ watch.Channel = (*Hook)(nil)

// New makes a hook; it refuses an address that could never be called.
func New(c Config) (*Hook, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || u.Scheme != "https" && !(u.Scheme == "http" && c.Private) {
		return nil, fmt.Errorf("the alert address must be https without a password (it is %q)", redacted(u))
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Hook{url: c.URL, secret: c.Secret, now: c.Now, http: client(c.Timeout, c.Private)}, nil
}

func redacted(u *url.URL) string {
	if u == nil {
		return ""
	}
	return u.Redacted()
}

// body is the whole protocol: no names, no numbers of clients.
type body struct {
	ID      string `json:"id"`
	Kind    string `json:"kind"`
	Grade   string `json:"grade"`
	Subject string `json:"subject,omitempty"`
	N       int    `json:"n"`
	At      string `json:"at"`
}

// Say posts one alert; any answer but 2xx is an error.
func (h *Hook) Say(ctx context.Context, a watch.Alert) error {
	raw, err := json.Marshal(body{a.Text(), a.Kind, a.Grade.Word(), a.Subject, a.N, a.At.UTC().Format(time.RFC3339)})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", a.Text())
	if h.secret != "" {
		req.Header.Set(signature.Header, signature.Sign(h.secret, h.now(), raw))
	}
	res, err := h.http.Do(req)
	if err != nil {
		return fmt.Errorf("alert hook: %w", err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // what it answers does not matter
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("alert hook: status %d", res.StatusCode)
	}
	return nil
}
