// Package jsoncall is the careful half of a JSON partner API: one request with
// a bearer key and an idempotency key, one bounded answer, no redirects, no
// proxies, no sending again behind the caller's back. It tells "certainly not
// sent" from "sent, and who knows", because money may have moved in between.
package jsoncall

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"rocketbank/internal/rail/signature"
	"rocketbank/internal/rail/strictjson"
)

// Limits of a call.
const (
	DefaultTimeout = 10 * time.Second // a whole call
	dialTimeout    = 3 * time.Second
	maxAnswer      = 64 << 10
)

// ErrNotSent tells that the request certainly never left this machine: there
// was no connection to send it on.
var ErrNotSent = errors.New("not sent")

// Line is the way to one partner.
type Line struct {
	base   string
	key    signature.Secret
	client *http.Client
	seal   signature.Secret // empty: neither side signs
	now    func() time.Time
}

// New makes a line to an address such as https://api.partner.example/v1. Plain
// http is for loopback only. A timeout of nought means DefaultTimeout.
func New(base string, key signature.Secret, timeout time.Duration) (*Line, error) {
	if err := CheckAddress(base); err != nil {
		return nil, err
	}
	if key == "" {
		return nil, errors.New("the partner's API key is empty")
	}
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	return &Line{
		base: strings.TrimSuffix(base, "/"),
		key:  key,
		client: &http.Client{
			Timeout:       timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{
				Proxy:                 nil, // a proxy would read card numbers
				DialContext:           (&net.Dialer{Timeout: dialTimeout}).DialContext,
				TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
				TLSHandshakeTimeout:   dialTimeout,
				ResponseHeaderTimeout: timeout,
				MaxConnsPerHost:       32,
				MaxIdleConnsPerHost:   8,
				IdleConnTimeout:       60 * time.Second,
			},
		},
	}, nil
}

// Sealed gives the same line with messages that both sides sign: a post over its
// body, a question over its path, an answer over its body. An answer whose seal
// does not fit is none.
func (l *Line) Sealed(secret signature.Secret, now func() time.Time) *Line {
	out := *l
	out.seal, out.now = secret, now
	return &out
}

// CheckAddress refuses what we must not talk to: anything but https, save http
// on loopback; an address with a password, a query or a fragment.
func CheckAddress(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return errors.New("the partner's address cannot be read")
	case u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("the partner's address must look like https://host/path, not %q", u.Redacted())
	case u.Scheme == "https", u.Scheme == "http" && loopback(u.Hostname()):
		return nil
	}
	return fmt.Errorf("the partner's address %q must be https (http is for loopback only)", u.Redacted())
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Answer is what the partner said.
type Answer struct {
	Status int
	Body   []byte
}

// OK tells a 2xx.
func (a Answer) OK() bool { return a.Status/100 == 2 }

// Read fills a value from the body: one JSON value, no member twice; members
// we do not know may be there.
func (a Answer) Read(into any) error { return strictjson.DecodeOpen(a.Body, into) }

// Reason gives the reason of {"error":{"reason":"…"}}, "" when there is none
// or when it is not a plain word.
func (a Answer) Reason() string {
	var e struct {
		Error struct {
			Reason string `json:"reason"`
		} `json:"error"`
	}
	if a.Read(&e) != nil || !plainWord(e.Error.Reason) {
		return ""
	}
	return e.Error.Reason
}

func plainWord(s string) bool {
	return len(s) <= 40 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// Post sends a body under an idempotency key, once.
func (l *Line) Post(ctx context.Context, path, idempotencyKey string, body any) (Answer, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return Answer{}, errors.Join(ErrNotSent, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.base+path, bytes.NewReader(raw))
	if err != nil {
		return Answer{}, errors.Join(ErrNotSent, err)
	}
	// net/http repeats a request that carries an Idempotency-Key by itself when
	// a connection breaks. Whether to ask again is the caller's to decide.
	req.GetBody = nil
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", idempotencyKey)
	return l.do(req, raw)
}

// Get asks.
func (l *Line) Get(ctx context.Context, path string) (Answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.base+path, nil)
	if err != nil {
		return Answer{}, errors.Join(ErrNotSent, err)
	}
	return l.do(req, []byte(req.URL.Path))
}

func (l *Line) do(req *http.Request, signed []byte) (Answer, error) {
	var connected atomic.Bool
	req = req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	}))
	req.Header.Set("Authorization", "Bearer "+string(l.key))
	req.Header.Set("Accept", "application/json")
	if l.seal != "" {
		req.Header.Set(signature.Header, signature.Sign(l.seal, l.now(), signed))
	}
	resp, err := l.client.Do(req)
	if err != nil {
		// The cause without the address: a path may name a person.
		if u := (*url.Error)(nil); errors.As(err, &u) {
			err = u.Err
		}
		if !connected.Load() {
			return Answer{}, fmt.Errorf("%w: %w", ErrNotSent, err)
		}
		return Answer{}, fmt.Errorf("no answer: %w", err)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	err = errors.Join(err, resp.Body.Close())
	switch {
	case err != nil:
		return Answer{}, fmt.Errorf("the answer broke off: %w", err)
	case len(body) > maxAnswer:
		return Answer{}, fmt.Errorf("the answer is longer than %d bytes", maxAnswer)
	}
	if l.seal != "" {
		if err := signature.Verify(l.seal, resp.Header.Get(signature.Header), body, l.now()); err != nil {
			return Answer{}, fmt.Errorf("the answer's seal: %w", err)
		}
	}
	return Answer{Status: resp.StatusCode, Body: body}, nil
}
