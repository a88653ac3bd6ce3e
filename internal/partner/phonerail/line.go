package phonerail

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"rocketbank/internal/rail/jsoncall"
	"rocketbank/internal/rail/signature"
	"rocketbank/internal/rail/strictjson"
)

// Limits of a call.
const (
	DefaultTimeout = 10 * time.Second // a whole call
	dialTimeout    = 3 * time.Second
	maxAnswer      = 256 << 10
)

// errNotSent tells that a request certainly never left this machine.
var errNotSent = errors.New("not sent")

// The types of bodies.
const (
	typeJSON = "application/json"
	typeXML  = "application/xml"
)

// line is the way to the rail: one sealed request, one sealed and bounded
// answer, no redirects, no proxies, nothing sent again by itself.
type line struct {
	base   string
	secret signature.Secret
	member string
	client *http.Client
	now    func() time.Time
}

func newLine(base, member string, secret signature.Secret, timeout time.Duration, now func() time.Time) (*line, error) {
	if err := jsoncall.CheckAddress(base); err != nil {
		return nil, err
	}
	if secret == "" {
		return nil, errors.New("the secret agreed with the rail is empty")
	}
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	return &line{
		base: strings.TrimSuffix(base, "/"), secret: secret, member: member, now: now,
		client: &http.Client{
			Timeout:       timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{
				Proxy:                  nil, // a proxy would read names and phones
				DialContext:            (&net.Dialer{Timeout: dialTimeout}).DialContext,
				TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
				TLSHandshakeTimeout:    dialTimeout,
				ResponseHeaderTimeout:  timeout,
				MaxResponseHeaderBytes: 16 << 10,
				MaxConnsPerHost:        32,
				MaxIdleConnsPerHost:    8,
				IdleConnTimeout:        time.Minute,
			},
		},
	}, nil
}

// memberHeader tells who asks: by it the rail knows whose secret seals the call.
const memberHeader = "Rail-Member"

// answer is what the rail said, its seal checked.
type answer struct {
	status int
	kind   string
	body   []byte
}

// call sends a request once. Its seal covers method and path as well as the
// body, and that of the answer the status and what was asked, so that neither
// can be put in another's place.
func (l *line) call(ctx context.Context, method, path, kind string, body []byte) (answer, error) {
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	req, err := http.NewRequestWithContext(ctx, method, l.base+path, bytes.NewReader(body))
	if err != nil {
		return answer{}, errors.Join(errNotSent, err)
	}
	req.GetBody = nil // net/http repeats nothing of ours by itself
	if body != nil {
		req.Header.Set("Content-Type", kind)
	}
	req.Header.Set(memberHeader, l.member)
	req.Header.Set(signature.Header, signature.Sign(l.secret, l.now(), sealed(method+" "+path, body)))
	resp, err := l.client.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // without the address
		}
		if !connected.Load() {
			return answer{}, fmt.Errorf("%w: %w", errNotSent, err)
		}
		return answer{}, fmt.Errorf("no answer: %w", err)
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	err = errors.Join(err, resp.Body.Close())
	switch {
	case err != nil:
		return answer{}, fmt.Errorf("the answer broke off: %w", err)
	case len(raw) > maxAnswer:
		return answer{}, fmt.Errorf("the answer is longer than %d bytes", maxAnswer)
	}
	seals := resp.Header.Values(signature.Header)
	if len(seals) != 1 {
		return answer{}, fmt.Errorf("the answer with status %d bears no seal", resp.StatusCode)
	}
	if err := signature.Verify(l.secret, seals[0], sealed(strconv.Itoa(resp.StatusCode)+" "+method+" "+path, raw), l.now()); err != nil {
		return answer{}, fmt.Errorf("the answer's seal: %w", err)
	}
	what, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		return answer{}, errors.New("the answer does not say what it is")
	}
	return answer{resp.StatusCode, what, raw}, nil
}

// sealed is what a seal is made over.
func sealed(first string, body []byte) []byte { return append([]byte(first+"\n"), body...) }

// ask sends a question in JSON and reads the answer's JSON.
func (l *line) ask(ctx context.Context, method, path string, question, into any) error {
	var body []byte
	if question != nil {
		var err error
		if body, err = json.Marshal(question); err != nil {
			return err
		}
	}
	a, err := l.call(ctx, method, path, typeJSON, body)
	if err != nil {
		return err
	}
	if a.status != http.StatusOK {
		return refusal{a.status, a.reason()}
	}
	if a.kind != typeJSON {
		return errors.New("the answer is no JSON")
	}
	return strictjson.DecodeOpen(a.body, into)
}

// refusal is an answer other than 200.
type refusal struct {
	status int
	reason string
}

// Error gives status and reason.
func (r refusal) Error() string { return fmt.Sprintf("status %d %s", r.status, r.reason) }

// reason gives that of {"error":{"reason":"…"}}, "" when there is no plain word.
func (a answer) reason() string {
	var e struct {
		Error struct {
			Reason string `json:"reason"`
		} `json:"error"`
	}
	if a.kind != typeJSON || strictjson.DecodeOpen(a.body, &e) != nil || len(e.Error.Reason) > 40 ||
		strings.Trim(e.Error.Reason, "abcdefghijklmnopqrstuvwxyz_") != "" {
		return ""
	}
	return e.Error.Reason
}
