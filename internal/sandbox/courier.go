package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"rocketbank/internal/rail/signature"
)

// Limits of the courier.
const (
	courierTries   = 10   // then the message is given up: callbacks are hints
	courierQueue   = 1000 // messages waiting or between two tries
	courierAtOnce  = 4    // posts under way
	courierTimeout = 10 * time.Second
)

// courier carries callbacks to the bank: sealed anew at each try, repeated
// after 1, 2, 4, … seconds until the bank says 2xx, ten times at most.
type courier struct {
	ctx    context.Context
	client *http.Client
	secret signature.Secret
	log    *slog.Logger

	waiting chan struct{} // one token for each message taken
	posting chan struct{} // one token for each post under way
	work    sync.WaitGroup
}

func newCourier(ctx context.Context, transport http.RoundTripper, secret signature.Secret, log *slog.Logger) *courier {
	if transport == nil {
		transport = &http.Transport{MaxIdleConnsPerHost: courierAtOnce, IdleConnTimeout: 30 * time.Second}
	}
	return &courier{
		ctx: ctx,
		client: &http.Client{
			Transport:     transport,
			Timeout:       courierTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		secret:  secret,
		log:     log,
		waiting: make(chan struct{}, courierQueue),
		posting: make(chan struct{}, courierAtOnce),
	}
}

// send takes a message and returns at once. When too many wait already, the
// message is dropped: whoever needs the truth asks for it.
func (c *courier) send(url string, message any) {
	body, err := json.Marshal(message)
	if err != nil {
		c.log.Error("sandbox callback", "err", err)
		return
	}
	c.sendAs(url, "application/json", body)
}

// sendAs takes a body of some type.
func (c *courier) sendAs(url, kind string, body []byte) {
	if url == "" || c.ctx.Err() != nil {
		return
	}
	select {
	case c.waiting <- struct{}{}:
	default:
		c.log.Warn("sandbox callback dropped: the queue is full", "limit", courierQueue)
		return
	}
	c.work.Go(func() {
		defer func() { <-c.waiting }()
		c.deliver(url, kind, body)
	})
}

func (c *courier) deliver(url, kind string, body []byte) {
	pause := time.Second
	for try := 1; ; try++ {
		err := c.postAs(url, kind, body)
		if err == nil || c.ctx.Err() != nil {
			return
		}
		if try == courierTries {
			c.log.Warn("sandbox callback given up", "tries", try, "err", err)
			return
		}
		select {
		case <-c.ctx.Done():
			return
		case <-time.After(pause):
			pause *= 2
		}
	}
}

// postAs sends one sealed body of some type, once.
func (c *courier) postAs(url, kind string, body []byte) error {
	select {
	case c.posting <- struct{}{}:
		defer func() { <-c.posting }()
	case <-c.ctx.Done():
		return c.ctx.Err()
	}
	req, err := http.NewRequestWithContext(c.ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set(signature.Header, signature.Sign(c.secret, time.Now(), body))
	resp, err := c.client.Do(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	err = errors.Join(err, resp.Body.Close())
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("answered %d", resp.StatusCode)
	}
	return err
}

// wait returns when nothing is under way any more; the context must have
// been cancelled before, and nothing may be sent afterwards.
func (c *courier) wait() { c.work.Wait() }
