// Package watch looks for what is not as it should be and tells the security
// officer.
//
// It reads the audit trail as it grows and counts by the hour: failed logins,
// codes and code words guessed at, staff refused. Other rooms raise what only
// they can see: somebody who opens too many clients, bait that was looked at.
// What passes a threshold becomes an alert, told by the channels that are
// configured once an hour at most, and stays on the console's page until
// somebody has seen it. Nothing here holds personal data: subjects are
// identifiers and references.
package watch

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
)

// AlertPrefix is what an alert's identifier starts with outside.
const AlertPrefix = "al"

// ErrMissing tells that there is no such alert.
var ErrMissing = fault.New(fault.Missing, "watch.missing")

// Grade says how loud an alert is.
type Grade int16

// The grades.
const (
	Notice   Grade = 1
	Warning  Grade = 2
	Critical Grade = 3
)

// Word is the stable word of a grade.
func (g Grade) Word() string {
	switch g {
	case Critical:
		return "critical"
	case Warning:
		return "warning"
	}
	return "notice"
}

// Alert is something worth a word.
type Alert struct {
	ID      id.ID
	Kind    string // "passcode_wrong", "mass_viewing", "decoy", "csp", …
	Grade   Grade
	Subject string // an identifier or a reference; may be empty
	N       int    // how often, within the hour
	At      time.Time
	SeenBy  string // who has seen it; empty: nobody
	Seen    time.Time
}

// Text is the outside form of its identifier.
func (a Alert) Text() string { return a.ID.Text(AlertPrefix) }

// Channel tells somebody of an alert. An error means: try again.
type Channel interface {
	Say(ctx context.Context, a Alert) error
}

// Rule makes an alert of a count.
type Rule struct {
	Kind  string
	AtN   int // from so many in an hour
	Grade Grade
}

// Standard are the rules of the house.
func Standard() []Rule {
	return []Rule{
		{"code_wrong", 50, Warning},
		{"passcode_wrong", 30, Warning},
		{"device_paused", 10, Warning},
		{"code_word_wrong", 5, Warning},
		{"not_me", 1, Warning},
		{"staff_refused", 5, Critical},
		{"staff_rights", 1, Notice},
	}
}

// kindOf tells what a line of the trail counts as; empty: nothing.
func kindOf(act string) string {
	switch act {
	case "code.wrong":
		return "code_wrong"
	case "passcode.wrong", "strange.wrong", "strange.paused":
		return "passcode_wrong"
	case "device.paused", "device.ended":
		return "device_paused"
	case "code_word.wrong", "code_word.no":
		return "code_word_wrong"
	case "alert.denied", "not_me":
		return "not_me"
	case "staff.login.refused":
		return "staff_refused"
	case "staff.added", "staff.roles", "staff.enabled", "staff.relinked":
		return "staff_rights"
	case "staff.look":
		return "staff_look"
	case "login":
		return "login"
	}
	return ""
}

// Kinds lists what is counted, in the order it is shown.
func Kinds() []string {
	return []string{"login", "passcode_wrong", "code_wrong", "device_paused", "code_word_wrong", "not_me", "staff_refused", "staff_rights", "staff_look", "csp"}
}

// gradeOf is how loud what other rooms raise is.
func gradeOf(kind string) Grade {
	switch kind {
	case "decoy", "mass_viewing": // a decoy is the canary of the house: nobody has reason to look at it
		return Critical
	}
	return Warning
}

// Options say how the watch is set up.
type Options struct {
	Rules    []Rule    // the standard ones when nil
	Channels []Channel // besides the log
	Log      *slog.Logger
	Now      func() time.Time // real time; the machine's clock when nil
}

// Service is the watch. It is safe for concurrent use.
type Service struct {
	db       *db.DB
	ids      *id.Source
	rules    map[string]Rule
	channels []Channel
	log      *slog.Logger
	now      func() time.Time
}

// New makes the service.
func New(d *db.DB, ids *id.Source, o Options) *Service {
	if o.Rules == nil {
		o.Rules = Standard()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Service{db: d, ids: ids, rules: map[string]Rule{}, channels: o.Channels, log: o.Log, now: o.Now}
	for _, r := range o.Rules {
		s.rules[r.Kind] = r
	}
	return s
}

const (
	// trailEvery is how often the trail is read and alerts are told.
	trailEvery = 5 * time.Second
	batch      = 500
	// again is how long an alert of one kind and subject grows instead of
	// becoming a second one.
	again = time.Hour
)

var (
	qCursor    = db.Query(`SELECT seq FROM watch_cursor WHERE name = 'trail'`)
	qCursorNew = db.Query(`INSERT INTO watch_cursor (name, seq) VALUES ('trail', $1) ON CONFLICT DO NOTHING`)
	qCursorSet = db.Query(`UPDATE watch_cursor SET seq = $2 WHERE name = 'trail' AND seq = $1`)

	qCountAdd = db.Query(`INSERT INTO watch_count (kind, hour, n) VALUES ($1, $2, $3)
		ON CONFLICT (kind, hour) DO UPDATE SET n = watch_count.n + excluded.n RETURNING n`)
	qCounts   = db.Query(`SELECT kind, hour, n FROM watch_count WHERE hour > $1 ORDER BY hour DESC, kind LIMIT 2000`)
	qCountOld = db.Query(`DELETE FROM watch_count WHERE hour < $1`)

	qAlertNew = db.Query(`INSERT INTO watch_alert (id, kind, grade, subject, n, at_us, said_us, seen_by, seen_us)
		VALUES ($1, $2, $3, $4, $5, $6, NULL, '', NULL)`)
	qAlertOld  = db.Query(`SELECT id, n FROM watch_alert WHERE kind = $1 AND subject = $2 AND at_us > $3 ORDER BY at_us DESC LIMIT 1`)
	qAlertN    = db.Query(`UPDATE watch_alert SET n = $2 WHERE id = $1`)
	qAlertMany = db.Query(`SELECT COUNT(*) FROM watch_alert WHERE kind = $1 AND at_us > $2`)
	qUnsaid    = db.Query(`SELECT id, kind, grade, subject, n, at_us, seen_by, seen_us FROM watch_alert WHERE said_us IS NULL ORDER BY id LIMIT 50`)
	qSaid      = db.Query(`UPDATE watch_alert SET said_us = $2 WHERE id = $1`)
	qAlerts    = db.Query(`SELECT id, kind, grade, subject, n, at_us, seen_by, seen_us FROM watch_alert ORDER BY id DESC LIMIT $1`)
	qSeen      = db.Query(`UPDATE watch_alert SET seen_by = $2, seen_us = $3 WHERE id = $1 AND seen_us IS NULL`)

	qDecoy     = db.Query(`SELECT client FROM watch_decoy WHERE client = $1`)
	qDecoyAdd  = db.Query(`INSERT INTO watch_decoy (client, made_by, made_us) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`)
	qDecoyDrop = db.Query(`DELETE FROM watch_decoy WHERE client = $1`)
	qDecoys    = db.Query(`SELECT COUNT(*) FROM watch_decoy`)
)

// Run reads the trail and tells alerts until ctx ends.
func (s *Service) Run(ctx context.Context) {
	tick := time.NewTicker(trailEvery)
	defer tick.Stop()
	for {
		if err := s.Step(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("watch", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Step is one round: the new lines of the trail, then what is to be told.
func (s *Service) Step(ctx context.Context) error {
	for {
		n, err := s.read(ctx)
		if err != nil {
			return err
		}
		if n < batch {
			return s.tell(ctx)
		}
	}
}

// read counts the next lines of the trail. The step of the cursor lets only
// one of several processes count them.
func (s *Service) read(ctx context.Context) (n int, err error) {
	err = s.db.Write(ctx, func(tx db.Tx) error {
		n = 0
		var seq int64
		err := tx.Row(ctx, qCursor).Scan(&seq)
		if errors.Is(err, db.ErrNoRows) {
			// A bank that has lived without a watch is not judged by its past.
			if seq, err = audit.Last(ctx, tx); err != nil {
				return err
			}
			_, err = tx.Exec(ctx, qCursorNew, seq)
			return err
		}
		if err != nil {
			return err
		}
		lines, err := audit.After(ctx, tx, seq, batch)
		if err != nil || len(lines) == 0 {
			return err
		}
		moved, err := tx.Exec(ctx, qCursorSet, seq, lines[len(lines)-1].Seq)
		if err != nil || moved == 0 {
			return err // another process was first
		}
		n = len(lines)
		counts := map[string]int{}
		for _, l := range lines {
			if k := kindOf(l.Act); k != "" {
				counts[k]++
			}
		}
		for _, kind := range Kinds() {
			if counts[kind] > 0 {
				if err := s.count(ctx, tx, kind, counts[kind]); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("read the trail: %w", err)
	}
	return n, nil
}

func hourOf(t time.Time) int64 { return t.Unix() / 3600 }

// count adds to a counter and raises what passes its rule.
func (s *Service) count(ctx context.Context, tx db.Tx, kind string, more int) error {
	var n int
	if err := tx.Row(ctx, qCountAdd, kind, hourOf(s.now()), more).Scan(&n); err != nil {
		return fmt.Errorf("count %s: %w", kind, err)
	}
	if r, ok := s.rules[kind]; ok && n >= r.AtN {
		return s.raise(ctx, tx, kind, r.Grade, "", n)
	}
	return nil
}

// Raise keeps an alert within a unit of work. Subject is an identifier or an
// actor's reference, never a name.
func (s *Service) Raise(ctx context.Context, tx db.Tx, kind, subject string, n int) error {
	return s.raise(ctx, tx, kind, gradeOf(kind), subject, n)
}

// maxOfKind bounds the alerts of one kind in an hour: what strangers can
// provoke must not bury the rest.
const maxOfKind = 20

func (s *Service) raise(ctx context.Context, tx db.Tx, kind string, g Grade, subject string, n int) error {
	now := s.now()
	since := now.Add(-again).UnixMicro()
	var raw []byte
	var old int
	err := tx.Row(ctx, qAlertOld, kind, subject, since).Scan(&raw, &old)
	switch {
	case err == nil:
		_, err = tx.Exec(ctx, qAlertN, raw, max(n, old+1))
		return err
	case !errors.Is(err, db.ErrNoRows):
		return fmt.Errorf("raise %s: %w", kind, err)
	}
	var many int
	if err := tx.Row(ctx, qAlertMany, kind, since).Scan(&many); err != nil || many >= maxOfKind {
		return err
	}
	_, err = tx.Exec(ctx, qAlertNew, s.ids.New().Bytes(), kind, int16(g), subject, n, now.UnixMicro())
	return err
}

// tell says what nobody was told yet, at least once by every channel.
func (s *Service) tell(ctx context.Context) error {
	alerts, err := s.list(ctx, qUnsaid)
	if err != nil {
		return err
	}
	for _, a := range alerts {
		s.log.LogAttrs(ctx, level(a.Grade), "alert", slog.String("alert", a.Text()), slog.String("kind", a.Kind),
			slog.String("grade", a.Grade.Word()), slog.String("subject", a.Subject), slog.Int("n", a.N))
		var failed error
		for _, c := range s.channels {
			failed = errors.Join(failed, c.Say(ctx, a))
		}
		if failed != nil {
			return fmt.Errorf("tell of an alert: %w", failed)
		}
		if err := s.db.Write(ctx, func(tx db.Tx) error {
			_, err := tx.Exec(ctx, qSaid, a.ID.Bytes(), s.now().UnixMicro())
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

func level(g Grade) slog.Level {
	if g == Critical {
		return slog.LevelError
	}
	return slog.LevelWarn
}

// Alerts lists the newest alerts.
func (s *Service) Alerts(ctx context.Context, limit int) ([]Alert, error) {
	return s.list(ctx, qAlerts, int64(min(max(limit, 1), 500)))
}

// Seen keeps who has seen an alert.
func (s *Service) Seen(ctx context.Context, by string, alert id.ID) error {
	return s.db.Write(ctx, func(tx db.Tx) error {
		n, err := tx.Exec(ctx, qSeen, alert.Bytes(), by, s.now().UnixMicro())
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrMissing
		}
		return audit.Append(ctx, tx, audit.Entry{At: tx.Now(), Actor: by, Act: "alert.seen", Subject: alert.Text(AlertPrefix)})
	})
}

func (s *Service) list(ctx context.Context, q *db.Stmt, args ...any) ([]Alert, error) {
	rows, err := s.db.Rows(ctx, q, args...)
	if err != nil {
		return nil, fmt.Errorf("alerts: %w", err)
	}
	defer rows.Close()
	var out []Alert
	for rows.Next() {
		var a Alert
		var raw []byte
		var at int64
		var seen sql.NullInt64
		if err := rows.Scan(&raw, &a.Kind, &a.Grade, &a.Subject, &a.N, &at, &a.SeenBy, &seen); err != nil {
			return nil, fmt.Errorf("alerts: %w", err)
		}
		if a.ID, err = id.FromBytes(raw); err != nil {
			return nil, err
		}
		a.At = time.UnixMicro(at).UTC()
		if seen.Valid {
			a.Seen = time.UnixMicro(seen.Int64).UTC()
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

// Count is how often something happened within an hour.
type Count struct {
	Kind string
	Hour time.Time
	N    int
}

// Counts lists the counters of the last hours, newest first.
func (s *Service) Counts(ctx context.Context, hours int) ([]Count, error) {
	rows, err := s.db.Rows(ctx, qCounts, hourOf(s.now())-int64(hours))
	if err != nil {
		return nil, fmt.Errorf("counters: %w", err)
	}
	defer rows.Close()
	var out []Count
	for rows.Next() {
		var c Count
		var hour int64
		if err := rows.Scan(&c.Kind, &hour, &c.N); err != nil {
			return nil, fmt.Errorf("counters: %w", err)
		}
		c.Hour = time.Unix(hour*3600, 0).UTC()
		out = append(out, c)
	}
	return out, rows.Err()
}

// Now is the watch's clock, for pages that show its hours.
func (s *Service) Now() time.Time { return s.now() }

// Sweep throws away counters older than ninety days.
func (s *Service) Sweep(ctx context.Context) error {
	return s.db.Write(ctx, func(tx db.Tx) error {
		_, err := tx.Exec(ctx, qCountOld, hourOf(s.now())-90*24)
		return err
	})
}

// Decoy tells whether a client is bait that nobody has a reason to look at.
func (s *Service) Decoy(ctx context.Context, r db.Reader, who client.ID) (bool, error) {
	if who == 0 {
		return false, nil
	}
	var found int64
	err := r.Row(ctx, qDecoy, int64(who)).Scan(&found)
	if errors.Is(err, db.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// SetDecoy makes a client bait, or no longer.
func (s *Service) SetDecoy(ctx context.Context, by string, who client.ID, bait bool) error {
	return s.db.Write(ctx, func(tx db.Tx) error {
		act, err := "decoy.set", error(nil)
		if bait {
			_, err = tx.Exec(ctx, qDecoyAdd, int64(who), by, s.now().UnixMicro())
		} else {
			act = "decoy.dropped"
			_, err = tx.Exec(ctx, qDecoyDrop, int64(who))
		}
		if err != nil {
			return err
		}
		// The trail does not say who is bait: who reads it would know.
		return audit.Append(ctx, tx, audit.Entry{At: tx.Now(), Actor: by, Act: act})
	})
}

// Decoys counts the clients that are bait.
func (s *Service) Decoys(ctx context.Context) (n int, err error) {
	err = s.db.Row(ctx, qDecoys).Scan(&n)
	return n, err
}

// CSP keeps a browser's report that a page of ours tried to load what its
// policy forbids. Both words come from strangers and are only compared.
func (s *Service) CSP(ctx context.Context, directive, blocked string) error {
	return s.db.Write(ctx, func(tx db.Tx) error {
		if err := s.count(ctx, tx, "csp", 1); err != nil {
			return err
		}
		return s.Raise(ctx, tx, "csp", directive+" "+blocked, 1)
	})
}
