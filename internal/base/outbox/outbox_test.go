package outbox_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/outbox"
)

var quiet = slog.New(slog.DiscardHandler)

func add(t *testing.T, d *db.DB, topic string, n int) {
	t.Helper()
	ids := id.NewSource(time.Now)
	ctx := context.Background()
	if err := d.Write(ctx, func(tx db.Tx) error {
		for range n {
			if err := outbox.Add(ctx, tx, outbox.Event{ID: ids.New(), Topic: topic, Owner: 7, Payload: []byte("x")}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// Two workers share the events: each is handled exactly once while nobody crashes.
func TestTwoWorkersShare(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		add(t, d, "a", 300)
		var mu sync.Mutex
		seen := map[id.ID]int{}
		h := map[string]outbox.Handler{"a": func(_ context.Context, e outbox.Event) error {
			mu.Lock()
			defer mu.Unlock()
			seen[e.ID]++
			return nil
		}}
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				w := outbox.NewWorker(d, h, quiet)
				for n := 1; n > 0; {
					var err error
					if n, err = w.Once(context.Background()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if len(seen) != 300 {
			t.Errorf("handled %d of 300", len(seen))
		}
		for e, n := range seen {
			if n != 1 {
				t.Errorf("%v handled %d times", e, n)
			}
		}
		if waiting, dead, err := outbox.Stats(context.Background(), d); waiting != 0 || dead != 0 || err != nil {
			t.Error(waiting, dead, err)
		}
	})
}

// A failed event comes back later, and one that cannot succeed is kept for people.
func TestRetryAndGiveUp(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	dbtest.EachAt(t, clock.Func(func() time.Time { return now }), func(t *testing.T, d *db.DB) {
		ctx, calls := context.Background(), 0
		answer := errors.New("gateway is away")
		w := outbox.NewWorker(d, map[string]outbox.Handler{"a": func(context.Context, outbox.Event) error { calls++; return answer }}, quiet)
		add(t, d, "a", 1)
		w.Once(ctx)
		if n, _ := w.Once(ctx); n != 0 || calls != 1 {
			t.Errorf("it came back at once: %d, %d calls", n, calls)
		}
		now = now.Add(2 * time.Second)
		answer = outbox.Final(answer)
		if n, _ := w.Once(ctx); n != 1 {
			t.Error("it did not come back")
		}
		now = now.Add(24 * time.Hour)
		if n, _ := w.Once(ctx); n != 0 {
			t.Error("a final failure was tried again")
		}
		if _, dead, _ := outbox.Stats(ctx, d); dead != 1 {
			t.Errorf("%d dead events, want 1", dead)
		}
	})
}

// A handler that panics fails its event alone, and the log says where but not
// with what: that may be somebody's number.
func TestPanicTellsNoSecrets(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var log bytes.Buffer
		add(t, d, "a", 1)
		w := outbox.NewWorker(d, map[string]outbox.Handler{"a": func(context.Context, outbox.Event) error {
			panic("+79165550123")
		}}, slog.New(slog.NewTextHandler(&log, nil)))
		if n, err := w.Once(context.Background()); n != 1 || err != nil {
			t.Error(n, err)
		}
		if got := log.String(); strings.Contains(got, "5550123") || !strings.Contains(got, "outbox_test.go") {
			t.Errorf("logged %s", got)
		}
	})
}

// An event that this process does not know, say of a newer version that is
// being rolled out, waits for one that does, however long that takes.
func TestUnknownTopicWaits(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	dbtest.EachAt(t, clock.Func(func() time.Time { return now }), func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		add(t, d, "sms", 70) // more than one round takes
		add(t, d, "s", 1)
		add(t, d, "sms.send", 1)
		add(t, d, "SMS", 1)
		handled := func(got *[]outbox.Event) outbox.Handler {
			return func(_ context.Context, e outbox.Event) error { *got = append(*got, e); return nil }
		}
		var known, later []outbox.Event
		old := outbox.NewWorker(d, map[string]outbox.Handler{"sms.send": handled(&known), "other": nil}, quiet)
		for range 30 {
			if _, err := old.Once(ctx); err != nil {
				t.Fatal(err)
			}
			now = now.Add(time.Hour)
		}
		if len(known) != 1 || known[0].Topic != "sms.send" {
			t.Errorf("handled %+v", known)
		}
		if waiting, dead, err := outbox.Stats(ctx, d); waiting != 72 || dead != 0 || err != nil {
			t.Errorf("%d wait and %d were given up: %v", waiting, dead, err)
		}
		young := outbox.NewWorker(d, map[string]outbox.Handler{"s": handled(&later)}, quiet)
		if n, err := young.Once(ctx); n != 1 || err != nil || later[0].Attempt != 1 {
			t.Errorf("%d, %v, %+v", n, err, later)
		}
		if n, err := outbox.NewWorker(d, nil, quiet).Once(ctx); n != 0 || err != nil {
			t.Errorf("a worker without topics took %d: %v", n, err)
		}
	})
}

// A worker that dies while it holds an event gives it back when the lease ends.
func TestLeaseEnds(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	dbtest.EachAt(t, clock.Func(func() time.Time { return now }), func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		add(t, d, "a", 1)
		late := 0
		second := outbox.NewWorker(d, map[string]outbox.Handler{"a": func(context.Context, outbox.Event) error { late++; return nil }}, quiet)
		first := outbox.NewWorker(d, map[string]outbox.Handler{"a": func(context.Context, outbox.Event) error {
			if n, _ := second.Once(ctx); n != 0 {
				t.Error("two workers hold one event")
			}
			now = now.Add(2 * time.Minute)
			if n, _ := second.Once(ctx); n != 1 {
				t.Error("the lease never ended")
			}
			return errors.New("too late")
		}}, quiet)
		if _, err := first.Once(ctx); err != nil {
			t.Fatal(err)
		}
		if waiting, _, _ := outbox.Stats(ctx, d); waiting != 0 || late != 1 {
			t.Errorf("%d waiting, %d handled", waiting, late)
		}
	})
}
