package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/webhook"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
)

var ctx = context.Background()

// listener is a client's program.
type listener struct {
	mu    sync.Mutex
	got   []post
	fails webhook.Answer
}

type post struct {
	to, secret, key string
	body            string
}

func (l *listener) Post(_ context.Context, to string, secret vault.Hidden, key string, body []byte) webhook.Answer {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.got = append(l.got, post{to, secret.Reveal(), key, string(body)})
	if l.fails.Problem != "" {
		return l.fails
	}
	return webhook.Answer{Status: 204}
}

func (l *listener) take() []post {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := l.got
	l.got = nil
	return out
}

type tokens map[id.ID]bool

func (t tokens) TokenAlive(_ context.Context, _ client.ID, token id.ID) (bool, error) {
	return t[token], nil
}

type desk struct {
	*banktest.Bank
	hooks *webhook.Service
	said  *listener
	alive tokens
	real  *banktest.Clock
	anna  banktest.Person
	token id.ID
}

func room(b *banktest.Bank, l *listener, t tokens, real *banktest.Clock) *webhook.Service {
	n := 0
	return webhook.New(webhook.Deps{
		DB: b.DB, Vault: b.Vault, IDs: b.IDs, Operations: b.Operations, Tokens: t, Caller: l, Now: real.Now,
		Document: func(o operation.Operation) any { return map[string]string{"id": o.Text(), "state": o.State.String()} },
		Secret:   func() string { n++; return fmt.Sprintf("whsec-%d", n) },
	})
}

func each(t *testing.T, fn func(d *desk)) {
	t.Helper()
	banktest.Each(t, func(b *banktest.Bank) {
		real := &banktest.Clock{}
		real.Set(banktest.Noon)
		l, alive, token := &listener{}, tokens{}, b.IDs.New()
		alive[token] = true
		fn(&desk{b, room(b, l, alive, real), l, alive, real, b.Client("Анна", "Соколова", 100), token})
	})
}

func (d *desk) hook(events ...webhook.Family) webhook.Hook {
	d.Helper()
	h, _, err := d.hooks.Make(ctx, webhook.NewHook{Client: d.anna.ID, Token: d.token, URL: "https://anna.example/hook", Events: events})
	if err != nil {
		d.Fatal(err)
	}
	return h
}

// happens puts an operation into Anna's feed.
func (d *desk) happens(k operation.Kind, s operation.State) id.ID {
	d.Helper()
	d.Clock.Add(time.Second)
	o := operation.Operation{
		ID: d.Operations.NewID(), Client: d.anna.ID, Account: d.anna.Account, Kind: k, State: s, Amount: money.Rub(-1_00), Fee: money.Rub(0), Txn: d.Operations.NewID(),
		Details: operation.Details{Name: "Павел К."},
	}
	d.Do(func(ctx context.Context, tx db.Tx) error { return d.Operations.Add(ctx, tx, o) })
	return o.ID
}

func (d *desk) work() []post {
	d.Helper()
	if _, err := d.hooks.Look(ctx); err != nil {
		d.Fatal(err)
	}
	if _, err := d.hooks.Deliver(ctx); err != nil {
		d.Fatal(err)
	}
	return d.said.take()
}

func TestEachStepIsToldOnce(t *testing.T) {
	each(t, func(d *desk) {
		d.happens(operation.TransferIn, operation.Done) // before there was a hook
		d.Clock.Add(time.Second)
		d.hook(webhook.Transfers)
		other := d.again()
		out := d.happens(operation.Payout, operation.Pending)
		d.happens(operation.Purchase, operation.Done) // no transfer
		got := d.work()
		if len(got) != 1 || got[0].to != "https://anna.example/hook" || got[0].secret != "whsec-1" {
			d.Fatalf("told %+v", got)
		}
		var doc struct {
			ID, Type  string
			Operation struct{ ID, State string }
		}
		if err := json.Unmarshal([]byte(got[0].body), &doc); err != nil || doc.ID != got[0].key || doc.Type != "transfer.created" || doc.Operation.ID != out.Text(operation.Prefix) || doc.Operation.State != "pending" {
			d.Errorf("%s, %v", got[0].body, err)
		}
		for range 3 {
			if more := d.work(); len(more) != 0 {
				d.Errorf("told again: %+v", more)
			}
		}
		// Hours later it is done: nothing new in the feed, and it is told all the same, once by two processes.
		d.Clock.Add(5 * time.Hour)
		d.Do(func(ctx context.Context, tx db.Tx) error {
			return d.Operations.Change(ctx, tx, d.anna.ID, out, func(o *operation.Operation) { o.State = operation.Done })
		})
		var wg sync.WaitGroup
		for _, s := range []*webhook.Service{d.hooks, other} {
			wg.Go(func() {
				if _, err := s.Look(ctx); err != nil {
					d.Error(err)
				}
				if _, err := s.Deliver(ctx); err != nil {
					d.Error(err)
				}
			})
		}
		wg.Wait()
		if got := append(d.said.take(), d.work()...); len(got) != 1 || !strings.Contains(got[0].body, `"transfer.updated"`) || !strings.Contains(got[0].body, `"done"`) {
			d.Errorf("told %+v", got)
		}
		// A process that was away for a day misses nothing.
		d.Clock.Add(time.Hour)
		d.happens(operation.TransferOut, operation.Done)
		d.Clock.Add(23 * time.Hour)
		if got := d.work(); len(got) != 1 {
			d.Errorf("after a day: %+v", got)
		}
	})
}

// Money by a link is money between people: its sender's and its receiver's row
// are told like any transfer.
func TestLinksAreTransfers(t *testing.T) {
	each(t, func(d *desk) {
		d.hook(webhook.Transfers)
		for kind, state := range map[operation.Kind]operation.State{operation.LinkOut: operation.Pending, operation.LinkIn: operation.Done} {
			d.happens(kind, state)
			if got := d.work(); len(got) != 1 || !strings.Contains(got[0].body, `"transfer.created"`) {
				d.Errorf("%s: told %+v", kind, got)
			}
		}
	})
}

// again is the room in another process.
func (d *desk) again() *webhook.Service {
	d.Helper()
	return room(d.Again(), d.said, d.alive, d.real)
}

func TestFamilies(t *testing.T) {
	each(t, func(d *desk) {
		d.hook(webhook.Transfers, webhook.Operations, webhook.Transfers)
		d.happens(operation.TransferOut, operation.Done)
		d.happens(operation.Purchase, operation.Declined)
		all := ""
		for _, p := range d.work() {
			all += p.body
		}
		if strings.Count(all, "transfer.created") != 1 || strings.Count(all, "operation.created") != 2 {
			d.Error(all)
		}
	})
}

func TestTriedUntilTaken(t *testing.T) {
	each(t, func(d *desk) {
		h := d.hook(webhook.Operations)
		d.said.fails = webhook.Answer{Status: 500, Problem: "status"}
		d.happens(operation.TopUp, operation.Done)
		first := d.work()
		if len(first) != 1 {
			d.Fatalf("told %+v", first)
		}
		if more := d.work(); len(more) != 0 {
			d.Error("tried again at once")
		}
		log, _, err := d.hooks.Log(ctx, d.anna.ID, h.ID, id.ID{})
		if err != nil || len(log) != 1 || log[0].State != webhook.Waiting || log[0].Status != 500 || log[0].Problem != "status" || log[0].Tries != 1 || log[0].Next.Sub(d.real.Now()) != 10*time.Second {
			d.Errorf("log %+v, %v", log, err)
		}
		if now, _ := d.hooks.One(ctx, d.anna.ID, h.ID); now.Failing.IsZero() {
			d.Error("a hook that fails does not say so")
		}
		tries := 1
		for range 30 {
			d.real.Add(4 * time.Hour)
			tries += len(d.work())
		}
		log, _, _ = d.hooks.Log(ctx, d.anna.ID, h.ID, id.ID{})
		if tries != 20 || log[0].State != webhook.GivenUp {
			d.Errorf("%d tries, %+v", tries, log[0])
		}
		// By hand it goes again, the same to the byte.
		d.said.fails = webhook.Answer{}
		if err := d.hooks.Redeliver(ctx, d.anna.ID, h.ID, log[0].ID); err != nil {
			d.Fatal(err)
		}
		if got := d.work(); len(got) != 1 || got[0] != first[0] {
			d.Errorf("%+v", got)
		}
		log, _, _ = d.hooks.Log(ctx, d.anna.ID, h.ID, id.ID{})
		if now, _ := d.hooks.One(ctx, d.anna.ID, h.ID); log[0].State != webhook.Delivered || !now.Failing.IsZero() {
			d.Errorf("%+v %+v", log[0], now)
		}
		pavel := d.Client("Павел", "Кузнецов", 0)
		if err := d.hooks.Redeliver(ctx, pavel.ID, h.ID, log[0].ID); !errors.Is(err, webhook.ErrMissing) {
			d.Errorf("another's: %v", err)
		}
	})
}

func TestAHookDiesWithItsToken(t *testing.T) {
	each(t, func(d *desk) {
		h := d.hook(webhook.Operations)
		d.happens(operation.TopUp, operation.Done)
		d.alive[d.token] = false
		if got := d.work(); len(got) != 0 {
			d.Errorf("told after the token had gone: %+v", got)
		}
		if _, err := d.hooks.One(ctx, d.anna.ID, h.ID); !errors.Is(err, webhook.ErrMissing) {
			d.Errorf("it lives: %v", err)
		}
	})
}

func TestHooksAreOnesOwn(t *testing.T) {
	each(t, func(d *desk) {
		h := d.hook(webhook.Operations)
		pavel := d.Client("Павел", "Кузнецов", 0)
		for what, err := range map[string]error{
			"remove": d.hooks.Remove(ctx, pavel.ID, h.ID), "log": func() error { _, _, err := d.hooks.Log(ctx, pavel.ID, h.ID, id.ID{}); return err }(),
			"one": func() error { _, err := d.hooks.One(ctx, pavel.ID, h.ID); return err }(),
		} {
			if !errors.Is(err, webhook.ErrMissing) {
				d.Errorf("%s: %v", what, err)
			}
		}
		if list, err := d.hooks.Hooks(ctx, pavel.ID); err != nil || len(list) != 0 {
			d.Errorf("%v, %v", list, err)
		}
		for range webhook.MaxHooks - 1 {
			d.hook(webhook.Transfers)
		}
		if _, _, err := d.hooks.Make(ctx, webhook.NewHook{Client: d.anna.ID, Token: d.token, URL: "https://a.example", Events: []webhook.Family{webhook.Transfers}}); !errors.Is(err, webhook.ErrMany) {
			d.Errorf("one too many: %v", err)
		}
		if err := d.hooks.Remove(ctx, d.anna.ID, h.ID); err != nil {
			d.Error(err)
		}
		if list, err := d.hooks.Hooks(ctx, d.anna.ID); err != nil || len(list) != webhook.MaxHooks-1 {
			d.Errorf("%v, %v", list, err)
		}
		for _, u := range []string{"", "http://a.example", "https://", "https://u:p@a.example", "ftp://a", "https://a.example/#x", "https://" + strings.Repeat("a", 2000)} {
			if _, _, err := d.hooks.Make(ctx, webhook.NewHook{Client: pavel.ID, Token: d.token, URL: u, Events: []webhook.Family{webhook.Transfers}}); !errors.Is(err, webhook.ErrURL) {
				d.Errorf("%q: %v", u, err)
			}
		}
		for _, e := range [][]webhook.Family{nil, {"all"}} {
			if _, _, err := d.hooks.Make(ctx, webhook.NewHook{Client: pavel.ID, Token: d.token, URL: "https://a.example", Events: e}); !errors.Is(err, webhook.ErrFamily) {
				d.Errorf("%v: %v", e, err)
			}
		}
	})
}
