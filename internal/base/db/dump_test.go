package db_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/outbox"
)

// A dump of either engine can be loaded into either engine.
func TestDumpMovesBetweenEngines(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, from string) {
		ctx := context.Background()
		src := dbtest.Open(t, from, clock.System())
		if err := src.Stamp(ctx, db.Demo); err != nil {
			t.Fatal(err)
		}
		ids := id.NewSource(time.Now)
		if err := src.Write(ctx, func(tx db.Tx) error {
			for range 1201 {
				if err := outbox.Add(ctx, tx, outbox.Event{ID: ids.New(), Topic: "т\n\"", Owner: -1 << 62, Payload: []byte{0, 255, 10}}); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		var dump bytes.Buffer
		if err := src.Dump(ctx, &dump); err != nil {
			t.Fatal(err)
		}
		dbtest.EachURL(t, func(t *testing.T, to string) {
			dst := dbtest.Open(t, to, clock.System())
			if err := dst.Load(ctx, bytes.NewReader(dump.Bytes()[:dump.Len()-20])); err == nil {
				t.Error("a cut-off dump was loaded")
			}
			if err := dst.Load(ctx, bytes.NewReader(dump.Bytes())); err != nil {
				t.Fatal(err)
			}
			var again bytes.Buffer
			if err := dst.Dump(ctx, &again); err != nil {
				t.Fatal(err)
			}
			if a, b := sorted(dump.String()), sorted(again.String()); a != b {
				t.Errorf("the copy differs: %s", cmp.Diff(strings.Split(a, "\n"), strings.Split(b, "\n")))
			}
			if err := dst.Load(ctx, bytes.NewReader(dump.Bytes())); !errors.Is(err, db.ErrNotEmpty) {
				t.Errorf("loading over data gave %v", err)
			}
		})
	})
}

func sorted(s string) string {
	lines := strings.Split(s, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
