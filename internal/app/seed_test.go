package app

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/base/clock"
)

// readyLine ends a demo as soon as it says that it is ready.
type readyLine struct {
	bytes.Buffer
	stop func()
}

func (r *readyLine) Write(b []byte) (int, error) {
	n, err := r.Buffer.Write(b)
	if strings.HasPrefix(r.String(), "ready ") && strings.HasSuffix(r.String(), "\n") {
		r.stop()
	}
	return n, err
}

// seededFolder starts a demo on an empty folder and stops it when it is ready.
func seededFolder(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	out := &readyLine{stop: stop}
	log := &strings.Builder{}
	err := Demo(ctx, DemoConfig{Folder: folder, Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelError})), Out: out})
	if err != nil || !strings.HasPrefix(out.String(), "ready ") {
		t.Fatalf("%q, %v\n%s", out.String(), err, log)
	}
	return folder
}

// The demo's people have three months behind them, and two demos made of
// nothing have the same people with the same money and the same number of
// operations of each kind: what a guide says of one is true of all.
func TestDemosAreAlike(t *testing.T) {
	t.Parallel()
	lives := make([]string, 2)
	for i := range lives {
		folder := seededFolder(t)
		lives[i] = lifeOf(t, folder)
	}
	if lives[0] != lives[1] {
		t.Errorf("one demo:\n%s\nanother:\n%s", lives[0], lives[1])
	}
}

// lifeOf writes down what must be alike in all demos.
func lifeOf(t *testing.T, folder string) string {
	t.Helper()
	people, err := readPeople(folder)
	if err != nil || len(people) != len(exampleCast) {
		t.Fatalf("%d people, %v", len(people), err)
	}
	var life strings.Builder
	for _, p := range people {
		fmt.Fprintln(&life, p.Name, p.Phone, p.Passcode, p.CodeWord)
	}
	d, err := sql.Open("sqlite", filepath.Join(folder, "bank.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	table := func(q string) {
		rows, err := d.QueryContext(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		names, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		row, to := make([]int64, len(names)), make([]any, len(names))
		for i := range row {
			to[i] = &row[i]
		}
		for rows.Next() {
			if err := rows.Scan(to...); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(&life, names, row)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	// The bank's own accounts have slots that are taken by chance: together.
	table(`SELECT id / 64 AS account, SUM(balance_minor) AS balance, SUM(reserved_minor) AS reserved, SUM(version) AS entries FROM account
		WHERE version > 0 GROUP BY id / 64 ORDER BY id / 64`)
	table(`SELECT client, kind, state, COUNT(*) AS n, SUM(amount_minor) AS amount, SUM(fee_minor) AS fee FROM operation
		GROUP BY client, kind, state ORDER BY client, kind, state`)
	table(`SELECT client, state AS dispute, reason, amount_minor, credit_minor FROM dispute ORDER BY client`)
	table(`SELECT client, state AS delivery FROM card_delivery ORDER BY client, card`)
	table(`SELECT state AS application, COUNT(*) AS n FROM card_application GROUP BY state ORDER BY state`)

	rows, err := d.QueryContext(t.Context(), `SELECT at_us FROM operation ORDER BY at_us`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	days := map[int64]bool{}
	first, today := int64(0), clock.Day(time.Now())
	for rows.Next() {
		var us int64
		if err := rows.Scan(&us); err != nil {
			t.Fatal(err)
		}
		day := clock.Day(time.UnixMicro(us))
		if days[day] = true; first == 0 {
			first = day
		}
		if day > today {
			t.Errorf("an operation of %v", time.UnixMicro(us))
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if back := today - first; back < seedDays-2 || back > seedDays+1 || len(days) < seedDays*3/4 {
		t.Errorf("operations begin %d days ago and fill %d of them", back, len(days))
	}
	return life.String()
}

// Two demos do not work in one folder: the second says so and touches nothing.
func TestOneDemoInAFolder(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	unlock, err := lockFolder(folder)
	if err != nil {
		t.Fatal(err)
	}
	err = Demo(t.Context(), DemoConfig{Folder: folder, Log: slog.New(slog.DiscardHandler), Out: &bytes.Buffer{}})
	if err == nil || !strings.Contains(err.Error(), "another demo runs in "+folder) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(filepath.Join(folder, "keys.json")); err == nil {
		t.Error("and yet it made keys")
	}
	unlock()
	if unlock, err = lockFolder(folder); err != nil {
		t.Fatalf("after the first has ended: %v", err)
	}
	unlock()
}
