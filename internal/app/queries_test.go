package app

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
)

// Every declared statement of the program can be prepared on both engines.
// This room imports all others, so all of them are registered here.
func TestEveryQueryPrepares(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, url string) {
		d := dbtest.Open(t, url, clock.System())
		driver, dsn := "pgx", url
		if d.Engine() == db.SQLite {
			driver, dsn = "sqlite", strings.TrimPrefix(url, "sqlite:")
		}
		raw, err := sql.Open(driver, dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer raw.Close()
		all := db.Registered()
		if len(all) < 40 {
			t.Fatalf("only %d statements are registered", len(all))
		}
		for _, q := range all {
			s, err := raw.PrepareContext(context.Background(), q.SQL(d.Engine()))
			if err != nil {
				t.Errorf("%s: %v\n%s", q.Where(), err, q.SQL(d.Engine()))
				continue
			}
			s.Close()
		}
	})
}
