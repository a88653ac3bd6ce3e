package hook

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"rocketbank/internal/bank/webhook"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/rail/signature"
)

// Caller posts documents to clients' programs. It is safe for concurrent use.
type Caller struct {
	http *http.Client
	now  func() time.Time
}

var _ webhook.Caller = (*Caller)(nil)

// answerMost is how much of an answer is read before the line is used again.
const answerMost = 4 << 10

// NewCaller makes a caller. private allows plain http and addresses of this
// machine: the demo's.
func NewCaller(timeout time.Duration, private bool, now func() time.Time) *Caller {
	return &Caller{client(timeout, private), now}
}

// Post sends a document under the seal of its hook. Any answer but 2xx is a
// problem; what it says does not matter.
func (c *Caller) Post(ctx context.Context, to string, secret vault.Hidden, key string, body []byte) webhook.Answer {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return webhook.Answer{Problem: "refused"}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Rocketbank-Webhook/1")
	req.Header.Set("Idempotency-Key", key)
	req.Header.Set(signature.Header, signature.Sign(signature.Secret(secret.Reveal()), c.now(), body))
	res, err := c.http.Do(req)
	switch {
	case errors.Is(err, ErrPrivate):
		return webhook.Answer{Problem: "private"}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return webhook.Answer{Problem: "timeout"}
	case err != nil:
		return webhook.Answer{Problem: "refused"}
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, answerMost))
	if res.StatusCode/100 != 2 {
		return webhook.Answer{Status: res.StatusCode, Problem: "status"}
	}
	return webhook.Answer{Status: res.StatusCode}
}
