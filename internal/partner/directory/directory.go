// Package directory is the bank's line to the directory server of the card
// scheme: it posts the results of 3-D Secure there (authentication.Directory).
//
// Where a result goes stands in the question that the directory passed on, and
// a question is only a message: so the hosts are named in the configuration,
// and no other is ever called, whatever a message or an answer says.
package directory

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"rocketbank/internal/bank/authentication"
	"rocketbank/internal/rail/threeds"
)

// Timeout is how long a whole call may take: a buyer waits behind it.
const Timeout = 5 * time.Second

// Config is what a line is made of.
type Config struct {
	// Hosts are the directory's, «ds.scheme.example» or with a port; without
	// one it is 443.
	Hosts []string
	// LoopbackHTTP lets hosts on this very machine be plain http, for a demo.
	LoopbackHTTP bool
	// TLS carries the bank's certificate and the scheme's roots; may be nil.
	TLS *tls.Config
}

// Line posts to the directory.
type Line struct {
	hosts    []string
	loopback bool
	client   *http.Client
}

var _ authentication.Directory = (*Line)(nil)

// New makes a line; it refuses a host that is none.
func New(c Config) (*Line, error) {
	l := &Line{loopback: c.LoopbackHTTP}
	for _, h := range c.Hosts {
		u, err := url.Parse("https://" + h)
		if err != nil || u.Host != h || u.Hostname() == "" || u.User != nil {
			return nil, fmt.Errorf("the directory's host %q must look like ds.scheme.example or ds.scheme.example:8443", h)
		}
		l.hosts = append(l.hosts, withPort(u))
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.TLS != nil {
		config = c.TLS.Clone()
		config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	}
	l.client = &http.Client{
		Timeout:       Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  nil,
			DialContext:            (&net.Dialer{Timeout: Timeout / 2}).DialContext,
			TLSClientConfig:        config,
			TLSHandshakeTimeout:    Timeout / 2,
			ResponseHeaderTimeout:  Timeout,
			MaxResponseHeaderBytes: 16 << 10,
			MaxConnsPerHost:        32,
			MaxIdleConnsPerHost:    4,
			IdleConnTimeout:        time.Minute,
		},
	}
	return l, nil
}

// withPort writes host and port in the one way they are compared.
func withPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// Allowed tells whether an address is the directory's.
func (l *Line) Allowed(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Fragment != "" || !slices.Contains(l.hosts, withPort(u)) {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && l.loopback && loopback(u.Hostname())
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// Errors of a call.
var (
	errNotAllowed = errors.New("directory: the address is not the directory's")
	errTooLong    = errors.New("directory: the answer is too long")
)

// Send posts a result once and gives the answer's body.
func (l *Line) Send(ctx context.Context, address string, body []byte) ([]byte, error) {
	if !l.Allowed(address) {
		return nil, errNotAllowed
	}
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, errNotAllowed
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("Accept", "application/json")
	res, err := l.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("directory: %w", bare(err))
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("directory: status %d", res.StatusCode)
	}
	answer, err := io.ReadAll(io.LimitReader(res.Body, threeds.MaxBody+1))
	if err != nil {
		return nil, fmt.Errorf("directory: %w", err)
	}
	if len(answer) > threeds.MaxBody {
		return nil, errTooLong
	}
	return answer, nil
}

// bare leaves the address out of an error: it came in a message.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
