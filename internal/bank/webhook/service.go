package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

// Answer is what came of one call.
type Answer struct {
	Status  int
	Problem string // empty: it was taken; else timeout, private, refused (no connection, no TLS) or status
}

// Caller posts a document (partner/hook). It follows no redirects and calls no
// address of a private network, whatever a name resolves to.
type Caller interface {
	Post(ctx context.Context, to string, secret vault.Hidden, key string, body []byte) Answer
}

// Tokens tells whether a client's API token may still be used.
type Tokens interface {
	TokenAlive(ctx context.Context, who client.ID, token id.ID) (bool, error)
}

// Deps is what a Service works with.
type Deps struct {
	DB         *db.DB
	Vault      *vault.Vault
	IDs        *id.Source
	Operations *operation.Service
	Tokens     Tokens
	Caller     Caller
	// Document writes an operation as the API shows it.
	Document func(operation.Operation) any
	Secret   func() string    // draws the secret of a hook
	Private  bool             // the demo: plain http to this machine is allowed
	Log      *slog.Logger     // may be nil
	Now      func() time.Time // real time, for tries and leases; the machine's when nil
}

// Service keeps hooks and tells them. It is safe for concurrent use.
type Service struct{ d Deps }

// New makes the service. Run is its worker.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = clock.System().Now
	}
	return &Service{d}
}

// New describes a hook to be made.
type NewHook struct {
	Client client.ID
	Token  id.ID
	URL    string
	Events []Family
}

const hookColumns = `client, id, token, url, secret, events, created_us, seen_us, failing_us`

var (
	qMake = db.Query(`INSERT INTO webhook (client, id, token, url, secret, events, created_us, seen_us, failing_us)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 0)`)
	qCount  = db.Query(`SELECT COUNT(*) FROM webhook WHERE client = $1 AND token = $2`)
	qHooks  = db.Query(`SELECT ` + hookColumns + ` FROM webhook WHERE client = $1 ORDER BY id LIMIT 200`)
	qHook   = db.Query(`SELECT ` + hookColumns + ` FROM webhook WHERE client = $1 AND id = $2`)
	qRemove = db.Query(`DELETE FROM webhook WHERE client = $1 AND id = $2`)
	qForget = db.Query(`DELETE FROM webhook_delivery WHERE client = $1 AND hook = $2`)
)

// row is a hook as it is stored.
type row struct {
	Hook
	client client.ID
	secret []byte
	seen   time.Time // business time up to which its feed was read
}

func urlAt(x id.ID) vault.At    { return vault.At{Table: "webhook.url", Row: x.Bytes()} }
func secretAt(x id.ID) vault.At { return vault.At{Table: "webhook.secret", Row: x.Bytes()} }

// Make keeps a new hook and gives its secret, which is told this once. It hears
// of what happens from now on.
func (s *Service) Make(ctx context.Context, n NewHook) (Hook, vault.Hidden, error) {
	none := vault.Hidden{}
	if err := s.check(n); err != nil {
		return Hook{}, none, err
	}
	h := Hook{ID: s.d.IDs.New(), Token: n.Token, URL: n.URL, Events: slices.Compact(slices.Sorted(slices.Values(n.Events)))}
	secret := vault.Hide(s.d.Secret())
	to, err := s.d.Vault.SealText(vault.PII, urlAt(h.ID), n.URL)
	if err != nil {
		return Hook{}, none, err
	}
	sealed, err := s.d.Vault.SealText(vault.Secret, secretAt(h.ID), secret.Reveal())
	if err != nil {
		return Hook{}, none, err
	}
	err = s.d.DB.Write(ctx, func(tx db.Tx) error {
		var have int
		if err := tx.Row(ctx, qCount, int64(n.Client), n.Token.Bytes()).Scan(&have); err != nil {
			return err
		}
		if have >= MaxHooks {
			return ErrMany.With("max", MaxHooks)
		}
		h.Created = tx.Now()
		if _, err := tx.Exec(ctx, qMake, int64(n.Client), h.ID.Bytes(), n.Token.Bytes(), to, sealed, join(h.Events), h.Created.UnixMicro()); err != nil {
			return err
		}
		return s.record(ctx, tx, n.Client, "webhook.made", h.ID)
	})
	if err != nil {
		return Hook{}, none, fmt.Errorf("make a webhook: %w", err)
	}
	return h, secret, nil
}

func (s *Service) check(n NewHook) error {
	u, err := url.Parse(n.URL)
	if err != nil || len(n.URL) > MaxURL || u.Host == "" || u.User != nil || u.Fragment != "" || u.Scheme != "https" && !(s.d.Private && u.Scheme == "http") {
		return ErrURL
	}
	if len(n.Events) == 0 {
		return ErrFamily
	}
	for _, f := range n.Events {
		if f != Transfers && f != Operations {
			return ErrFamily
		}
	}
	return nil
}

func (s *Service) record(ctx context.Context, tx db.Tx, who client.ID, act string, hook id.ID) error {
	return audit.Append(ctx, tx, audit.Entry{At: tx.Now(), Actor: "client", Client: int64(who), Act: act, Subject: hook.Text(Prefix)})
}

// Hooks lists a client's hooks, the oldest first.
func (s *Service) Hooks(ctx context.Context, who client.ID) ([]Hook, error) {
	rows, err := s.rows(ctx, qHooks, int64(who))
	if err != nil {
		return nil, err
	}
	out := make([]Hook, len(rows))
	for i, r := range rows {
		out[i] = r.Hook
	}
	return out, nil
}

func (s *Service) rows(ctx context.Context, q *db.Stmt, args ...any) ([]row, error) {
	rows, err := s.d.DB.Rows(ctx, q, args...)
	if err != nil {
		return nil, fmt.Errorf("webhooks: %w", err)
	}
	defer rows.Close()
	var out []row
	for rows.Next() {
		r, err := s.scan(rows)
		if err != nil {
			return nil, fmt.Errorf("webhooks: %w", err)
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

func (s *Service) scan(from interface{ Scan(...any) error }) (row, error) {
	var r row
	var who, created, seen, failing int64
	var raw, token, to []byte
	var events string
	err := from.Scan(&who, &raw, &token, &to, &r.secret, &events, &created, &seen, &failing)
	if err != nil {
		return r, err
	}
	r.client, r.Created, r.seen, r.Failing = client.ID(who), moment(created), moment(seen), moment(failing)
	if r.ID, err = id.FromBytes(raw); err != nil {
		return r, err
	}
	if r.Token, err = id.FromBytes(token); err != nil {
		return r, err
	}
	for _, f := range strings.Split(events, ",") {
		r.Events = append(r.Events, Family(f))
	}
	r.URL, err = s.d.Vault.OpenText(vault.PII, urlAt(r.ID), to)
	return r, err
}

func (s *Service) hook(ctx context.Context, who client.ID, hook id.ID) (row, error) {
	r, err := s.scan(s.d.DB.Row(ctx, qHook, int64(who), hook.Bytes()))
	if errors.Is(err, db.ErrNoRows) {
		return r, ErrMissing
	}
	return r, err
}

// One reads a hook of a client; ErrMissing for another's.
func (s *Service) One(ctx context.Context, who client.ID, hook id.ID) (Hook, error) {
	r, err := s.hook(ctx, who, hook)
	return r.Hook, err
}

// Remove forgets a hook and its deliveries at once.
func (s *Service) Remove(ctx context.Context, who client.ID, hook id.ID) error {
	return s.d.DB.Write(ctx, func(tx db.Tx) error {
		n, err := tx.Exec(ctx, qRemove, int64(who), hook.Bytes())
		if err != nil {
			return fmt.Errorf("remove a webhook: %w", err)
		}
		if n == 0 {
			return ErrMissing
		}
		if _, err := tx.Exec(ctx, qForget, int64(who), hook.Bytes()); err != nil {
			return fmt.Errorf("remove a webhook: %w", err)
		}
		return s.record(ctx, tx, who, "webhook.removed", hook)
	})
}

func join(all []Family) string {
	words := make([]string, len(all))
	for i, f := range all {
		words[i] = string(f)
	}
	return strings.Join(words, ",")
}

// moment reads a time that may not have come: nought.
func moment(micro int64) time.Time {
	if micro == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micro).UTC()
}
