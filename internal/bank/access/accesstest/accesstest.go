// Package accesstest is the bank's front door in small for tests: a database,
// a vault, the services that take a newcomer on, a real-time clock that stands
// until it is told to move, and the SMS that would have gone out.
package accesstest

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/outbox"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
)

// Agent is the browser of the tests.
const Agent = "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.6478.71 Mobile Safari/537.36"

// Home is where the tests' requests come from.
var Home = access.Visitor{IP: "203.0.113.7", Agent: Agent}

// World is the door with everything behind it.
type World struct {
	*testing.T
	DB      *db.DB
	Vault   *vault.Vault
	Clients *client.Directory
	Access  *access.Service
	Cards   *card.Service
	Apply   *application.Service
	Uses    Uses

	mu   sync.Mutex
	now  time.Time
	told []access.News
}

// Each runs fn on both engines, each with a fresh world.
func Each(t *testing.T, fn func(w *World)) { EachWith(t, access.Limits{}, fn) }

// EachWith is Each with limits of the test's own.
func EachWith(t *testing.T, l access.Limits, fn func(w *World)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { fn(New(t, d, vault.Ephemeral(), l)) })
}

// EachClock is Each with a business clock of the test's own.
func EachClock(t *testing.T, c clock.Clock, fn func(w *World)) {
	t.Helper()
	dbtest.EachAt(t, c, func(t *testing.T, d *db.DB) { fn(New(t, d, vault.Ephemeral(), access.Limits{})) })
}

// New makes a world on an open database.
func New(t *testing.T, d *db.DB, v *vault.Vault, l access.Limits) *World {
	t.Helper()
	w := &World{T: t, DB: d, Vault: v, now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	ids := id.NewSource(time.Now)
	w.Clients = client.NewDirectory(d, v)
	var err error
	if w.Cards, err = card.New(d, v, ids, card.Options{Now: w.Now, Uses: usesOf{&w.Uses}}); err != nil {
		t.Fatal(err)
	}
	w.Access = access.New(d, v, ids, w.Clients, access.Options{Host: "bank.example", Now: w.Now, Teller: w, Limits: l, Cards: w.Cards})
	w.Apply = application.New(d, v, ids, w.Clients, w.Access, w.Cards)
	return w
}

// Now is the real time of this world.
func (w *World) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// Wait lets time pass.
func (w *World) Wait(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

var qSent = db.Query(`SELECT id, payload FROM outbox WHERE topic = $1 ORDER BY id`)

// Sent gives every message that waits in the outbox for a phone, oldest first.
func (w *World) Sent(p phone.Number) (out []access.SMS) {
	w.Helper()
	rows, err := w.DB.Rows(context.Background(), qSent, access.SMSTopic)
	if err != nil {
		w.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var raw []byte
		var e outbox.Event
		if err := rows.Scan(&raw, &e.Payload); err != nil {
			w.Fatal(err)
		}
		if e.ID, err = id.FromBytes(raw); err != nil {
			w.Fatal(err)
		}
		m, err := access.OpenSMS(w.Vault, e)
		if err != nil {
			w.Fatal(err)
		}
		if m.To == p {
			out = append(out, m)
		}
	}
	if err := rows.Err(); err != nil {
		w.Fatal(err)
	}
	return out
}

var codeLine = regexp.MustCompile(`(?m)^@bank\.example #(\d{6})$`)

// Code gives the code of the newest message to a phone, read the way a
// browser reads it.
func (w *World) Code(p phone.Number) string {
	w.Helper()
	sent := w.Sent(p)
	for i := len(sent) - 1; i >= 0; i-- {
		text := sent[i].Text.Reveal()
		if m := codeLine.FindStringSubmatch(text); m != nil {
			if !strings.HasSuffix(text, m[0]) || !strings.HasPrefix(text, m[1]) {
				w.Fatalf("the message is %q", text)
			}
			return m[1]
		}
	}
	w.Fatalf("no code was sent to %v", p)
	return ""
}

// Other gives a code that is not this one.
func Other(code string) string {
	if code[0] == '9' {
		return "0" + code[1:]
	}
	return string(code[0]+1) + code[1:]
}

// Phone gives the n-th phone of the tests.
func Phone(n int) phone.Number { return phone.Number(fmt.Sprintf("+7916555%04d", n)) }

// Proved starts a login on a new device and gives the token of a flow whose
// code was right.
func (w *World) Proved(p phone.Number) string {
	w.Helper()
	ctx := context.Background()
	f, err := w.Access.StartLogin(ctx, p, locale.Russian, Home)
	if err != nil {
		w.Fatal(err)
	}
	if _, err := w.Access.ConfirmCode(ctx, access.ForLogin, f.Token.Reveal(), w.Code(p)); err != nil {
		w.Fatal(err)
	}
	return f.Token.Reveal()
}
