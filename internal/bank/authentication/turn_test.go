package authentication_test

import (
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rocketbank/internal/base/db"
	"rocketbank/internal/rail/threeds"
)

// The wrong codes of a card are counted one after the other, whatever purchase
// and process they come by. The code that uses the tries up is stopped just
// before it is written, and the right code of another purchase comes to another
// process: it must wait and be told no. One that looks at the old count passes.
func TestCodesOfACardTakeTurns(t *testing.T) {
	each(t, func(w *world) {
		calls, stopAt := 0, -1
		stopped, goOn := make(chan struct{}), make(chan struct{})
		release := sync.OnceFunc(func() { close(goOn) })
		defer release()
		one := w.serviceBy(w.Bank, func() time.Time {
			if calls++; calls == stopAt {
				close(stopped)
				<-goOn
			}
			return w.now()
		})
		var ids []string
		for range 4 {
			_, shown := w.begin(500)
			ids = append(ids, shown.ACSTransID)
		}
		guess := func(i int) { _, _ = one.EnterCode(bg, ids[i], token, "999999") }
		for i := range 8 {
			guess(i % 2)
		}
		calls = 0
		guess(2)           // the ninth is only counted:
		stopAt = calls + 1 // the tenth ends its challenge, and takes the time once more for it, before anything is written
		calls = 0

		var wg sync.WaitGroup
		guessed, answered := make(chan struct{}), make(chan struct{})
		wg.Go(func() { defer close(guessed); guess(2) })
		select {
		case <-stopped:
		case <-guessed:
			w.Fatal("the tenth wrong code was not stopped before it was written")
		}
		right, other := w.lastCode(), w.service(w.Again())
		wg.Go(func() {
			defer close(answered)
			if _, err := other.EnterCode(bg, ids[3], token, right); err != nil {
				w.Error(err)
			}
		})
		if w.DB.Engine() == db.Postgres { // SQLite has one writer: nobody can look meanwhile
			w.untilWaits(answered)
		}
		release()
		wg.Wait()
		for _, acs := range ids[2:] {
			if back, err := other.Finish(bg, acs, token); err != nil || back.Passed {
				w.Errorf("after ten wrong codes: %+v, %v", back, err)
			}
		}
		all := w.ds.results()
		if len(all) != 2 || all[0].Reason != threeds.ExceedsChallenges || all[1].Reason != threeds.FrequencyExceeded {
			w.Errorf("the directory was told %+v", all)
		}
	})
}

// untilWaits returns when somebody stands before a locked row of this world's
// authentications, or when there is nothing to wait for any more.
func (w *world) untilWaits(done <-chan struct{}) {
	w.Helper()
	c, err := pgx.ConnectConfig(bg, w.DB.Pgx())
	if err != nil {
		w.Fatal(err)
	}
	defer c.Close(bg)
	// The first that waits for a row keeps its place in the queue by a lock of the row.
	const q = `SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'tuple' AND relation = 'authentication'::regclass)`
	for waits := false; !waits; {
		if err := c.QueryRow(bg, q).Scan(&waits); err != nil {
			w.Fatal(err)
		}
		select {
		case <-done:
			return
		default:
		}
	}
}
