package access_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
)

// officer is a member of staff.
type officer struct{ name, ref string }

func (o officer) Name() string { return o.name }
func (o officer) Ref() string  { return o.ref }

var irina, oleg = officer{"Ирина К.", "sm_irina"}, officer{"Олег П.", "sm_oleg"}

const word = accesstest.CodeWord

// chief is a client with a code word on a device with a key.
func chief(w *world) accesstest.Person { return w.Keyed(anya) }

func TestA12_CodeWordIsHeardNotSpelled(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		who := chief(w).ID
		for _, said := range []string{"Ёжик в тумане", "ежик в тумане", "  ЁЖИК  В\u00a0ТУМАНЕ ", "ёжик-в-тумане", "Ежиквтумане", "ёжик в тумане"} {
			if yes, err := w.Access.CheckCodeWord(bg, who, irina, said); err != nil || !yes {
				w.Errorf("%q: %v, %v", said, yes, err)
			}
		}
		for _, bad := range []string{"", "ёж", "123456", strings.Repeat("ё", 41), "ёжик!", "ёжик\x00", strings.Repeat(" ё", 300)} {
			if _, err := w.Access.CheckCodeWord(bg, who, irina, bad); !errors.Is(err, access.ErrCodeWordForm) {
				w.Errorf("%q: %v", bad, err)
			}
		}
		if has, err := w.Access.HasCodeWord(bg, who); err != nil || !has {
			w.Error(has, err)
		}
		other := w.OldClient(boris, "Борис", "Лунин")
		if has, err := w.Access.HasCodeWord(bg, other); err != nil || has {
			w.Error(has, err)
		}
		_, err := w.Access.CheckCodeWord(bg, other, irina, word)
		wants(w, "nobody's word", err, access.ErrNoCodeWord)
	})
}

// A12: of a thousand who guess at once from everywhere, five are looked at;
// the client hears of each; a right word in between gives no try back; the
// next day there are five again.
func TestA12_FiveTriesADay(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		p := chief(w)
		var wrong, paused int
		var mu sync.Mutex
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Go(func() {
				yes, err := w.Access.CheckCodeWord(bg, p.ID, irina, "неверно"+string(rune('а'+i%32))+strings.Repeat("я", i/32))
				mu.Lock()
				defer mu.Unlock()
				switch {
				case yes:
					w.Error("a wrong word is right")
				case err == nil:
					wrong++
				case errors.Is(err, access.ErrCodeWordPaused):
					paused++
				default:
					w.Error(err)
				}
			})
			if i == 2 {
				wg.Wait()
				if yes, err := w.Access.CheckCodeWord(bg, p.ID, oleg, word); err != nil || !yes {
					w.Error(yes, err)
				}
			}
		}
		wg.Wait()
		if wrong != 4 || paused != 36 {
			w.Errorf("%d looked at, %d paused; the fifth says that it is over", wrong, paused)
		}
		if got := alerts(w, p.ID); got[access.AlertCodeWordWrong] != 5 || got[access.AlertCodeWordHeard] != 1 {
			w.Errorf("alerts %v", got)
		}
		_, err := w.Access.CheckCodeWord(bg, p.ID, irina, word)
		wants(w, "the right one while paused", err, access.ErrCodeWordPaused)
		w.Wait(24*time.Hour + time.Second)
		if yes, err := w.Access.CheckCodeWord(bg, p.ID, irina, word); err != nil || !yes {
			w.Error("a day later:", yes, err)
		}
	})
}

var qSecrets = db.Query(`SELECT hash FROM code_word`)

// A12: the word rests as a hash under a seal, bound to its client, and is no
// passcode's hash either.
func TestA12_CodeWordAtRest(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		chief(w)
		var sealed []byte
		if err := w.DB.Row(bg, qSecrets).Scan(&sealed); err != nil {
			w.Fatal(err)
		}
		if bytes.Contains(sealed, []byte("argon2")) || bytes.Contains(sealed, []byte("туман")) {
			w.Error("it is legible")
		}
		hash, err := w.Access.HashCodeWord(bg, word)
		if err != nil {
			w.Fatal(err)
		}
		if yes, err := w.Vault.CheckPasscode(bg, hash.Reveal(), "ежиквтумане"); err != nil || yes {
			w.Error("a code word fits where a passcode is asked", err)
		}
	})
}

var qAlertKinds = db.Query(`SELECT kind, COUNT(*) FROM access_alert WHERE client = $1 GROUP BY kind`)

// alerts counts what a client was told.
func alerts(w *world, who client.ID) map[access.AlertKind]int {
	w.Helper()
	rows, err := w.DB.Rows(bg, qAlertKinds, int64(who))
	if err != nil {
		w.Fatal(err)
	}
	defer rows.Close()
	out := map[access.AlertKind]int{}
	for rows.Next() {
		var k access.AlertKind
		var n int
		if err := rows.Scan(&k, &n); err != nil {
			w.Fatal(err)
		}
		out[k] = n
	}
	return out
}

var qAlertIDs = db.Query(`SELECT id FROM access_alert WHERE client = $1 AND kind = $2 ORDER BY id DESC LIMIT 1`)

// link gives the token of the newest alert of a kind.
func link(w *world, who client.ID, k access.AlertKind) (string, id.ID) {
	w.Helper()
	var raw []byte
	if err := w.DB.Row(bg, qAlertIDs, int64(who), string(k)).Scan(&raw); err != nil {
		w.Fatal(err)
	}
	alert, err := id.FromBytes(raw)
	if err != nil {
		w.Fatal(err)
	}
	return access.NotMeToken(w.Vault, who, alert), alert
}

// raised keeps an alert as room notice does.
func raised(w *world, who client.ID, a access.Alert) string {
	w.Helper()
	key := id.NewSource(time.Now).New()
	err := w.DB.Write(bg, func(tx db.Tx) error {
		return access.NewRaiser(w.Vault, w.Now).Raise(context.Background(), tx, key, who, a)
	})
	if err != nil {
		w.Fatal(err)
	}
	return access.NotMeToken(w.Vault, who, key)
}
