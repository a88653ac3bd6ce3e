package vault_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/base/vault"
)

// The test's own sealed columns, on tables that are there: one keyed by a
// number, one by two columns of which the second alone is the row.
var (
	phoneColumn = vault.Declare(vault.Column{Table: "client", Name: "phone", Class: vault.PII, Key: []string{"id"}})
	panColumn   = vault.Declare(vault.Column{Table: "card", Name: "pan", Class: vault.PAN, Key: []string{"client", "id"}, Row: []string{"id"}})

	insClient = db.NewInsert("client", db.Col{Name: "id", Type: db.Int}, db.Col{Name: "uid", Type: db.Bytes}, db.Col{Name: "name", Type: db.Bytes},
		db.Col{Name: "born", Type: db.Bytes}, db.Col{Name: "phone", Type: db.Bytes}, db.Col{Name: "lang", Type: db.Text}, db.Col{Name: "theme", Type: db.Text},
		db.Col{Name: "state", Type: db.Int}, db.Col{Name: "level", Type: db.Int}, db.Col{Name: "account", Type: db.Int}, db.Col{Name: "created_us", Type: db.Int})
	insCard = db.NewInsert("card", db.Col{Name: "client", Type: db.Int}, db.Col{Name: "id", Type: db.Bytes}, db.Col{Name: "account", Type: db.Int},
		db.Col{Name: "product", Type: db.Int}, db.Col{Name: "state", Type: db.Int}, db.Col{Name: "pan", Type: db.Bytes}, db.Col{Name: "first6", Type: db.Text},
		db.Col{Name: "last4", Type: db.Text}, db.Col{Name: "holder", Type: db.Bytes}, db.Col{Name: "exp_year", Type: db.Int}, db.Col{Name: "exp_month", Type: db.Int},
		db.Col{Name: "created_us", Type: db.Int})
	qPhone    = db.Query(`SELECT phone FROM client WHERE id = $1`)
	qSetPhone = db.Query(`UPDATE client SET phone = $1 WHERE id = $2`)
	qSpoil    = db.Query(`UPDATE client SET phone = $1 WHERE id = 1`)
)

const (
	rotateURL  = "ROCKETBANK_ROTATE_URL" // makes the test binary a child that rotates
	rotateKeys = "ROCKETBANK_ROTATE_KEYS"
)

func TestMain(m *testing.M) {
	if url := os.Getenv(rotateURL); url != "" {
		if err := rotateChild(url, os.Getenv(rotateKeys)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func rotateChild(url, keys string) error {
	ctx := context.Background()
	d, err := db.Open(ctx, url, db.Options{})
	if err != nil {
		return err
	}
	defer d.Close()
	v, err := vault.Load(keys)
	if err != nil {
		return err
	}
	again, err := v.BeginRotation(ctx)
	if err != nil {
		return err
	}
	fmt.Println("again", again)
	if _, err := v.Move(ctx, d, vault.Columns(), vault.Pace{Values: 5, Pause: time.Millisecond, Each: func(m vault.Moved) { fmt.Println("moved", m.Values) }}); err != nil {
		return err
	}
	if err := v.EndRotation(ctx); err != nil {
		return err
	}
	fmt.Println("done")
	return nil
}

const rotateRows = 400

// clientPlace and cardPlace are where the rows' values are sealed for.
func clientPlace(i int64) vault.At { return vault.At{Table: "client.phone", Row: vault.Row64(i)} }
func cardPlace(i int64) vault.At   { return vault.At{Table: "card.pan", Row: cardID(i)} }
func cardID(i int64) []byte        { return fmt.Appendf(nil, "card %011d", i) }

// C06: keys are rotated by another process while this one reads and writes.
// The rotation is killed with SIGKILL in the middle, twice, and started again;
// every value opens at any moment, the last writing of each row wins, and in the end
// nothing rests under an old key.
func TestC06_RotationUnderLoadAndKilled(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		ctx, d := context.Background(), dbtest.Open(t, url, clock.System())
		keys := filepath.Join(t.TempDir(), "keys.json")
		v, err := vault.Create(keys)
		if err != nil {
			t.Fatal(err)
		}
		fillRows(t, d, v)
		own := sealFor(t, d, v, 5, "own")

		load := startLoad(ctx, t, d, v)
		for kill := range 2 {
			again := killedRotation(t, url, keys, 5+10*kill)
			if want := kill > 0; again != want {
				t.Fatalf("rotation %d goes on with an earlier one: %v", kill, again)
			}
			fresh, err := vault.Load(keys)
			if err != nil {
				t.Fatal(err)
			}
			if n := oldValues(t, d, fresh); n == 0 || n > 2*rotateRows+1 || !fresh.Rotating() || fresh.Newest(vault.PII) != 2 {
				t.Fatalf("after the kill %d values are old, rotating %v, version %d", n, fresh.Rotating(), fresh.Newest(vault.PII))
			}
		}
		if out, err := child(url, keys).CombinedOutput(); err != nil || !strings.HasPrefix(string(out), "again true") || !strings.HasSuffix(string(out), "done\n") {
			t.Fatalf("%v\n%.400s", err, out)
		}
		reads, writes := load()
		t.Logf("%d reads and %d writes meanwhile", reads, writes)
		if reads == 0 || writes == 0 {
			t.Error("there was no load")
		}

		fresh, err := vault.Load(keys)
		if err != nil {
			t.Fatal(err)
		}
		if n := oldValues(t, d, fresh); n != 0 || fresh.Rotating() {
			t.Errorf("%d values are old, rotating %v", n, fresh.Rotating())
		}
		for _, c := range vault.Columns() {
			if bad, err := fresh.Unreadable(ctx, d, c); bad != 0 || err != nil {
				t.Errorf("%s: %d values do not open, %v", c, bad, err)
			}
		}
		if got, err := fresh.OpenFor(ctx, d, 5, vault.PII, row, own); err != nil || string(got) != "own" {
			t.Errorf("under a client's own key: %q %v", got, err)
		}
	})
}

func fillRows(t *testing.T, d *db.DB, v *vault.Vault) {
	t.Helper()
	ctx := context.Background()
	var rows []db.Row
	for i := int64(1); i <= rotateRows; i++ {
		ph, err := v.SealText(vault.PII, clientPlace(i), fmt.Sprintf("%d 0", i))
		if err != nil {
			t.Fatal(err)
		}
		pan, err := v.SealText(vault.PAN, cardPlace(i), fmt.Sprint(i))
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows,
			insClient.Row(i, cardID(i), []byte{}, []byte{}, ph, "ru", "", 1, 1, i, 0),
			insCard.Row(i%7, cardID(i), 1, 1, 1, pan, "", "", []byte{}, 2030, 1, 0))
	}
	if err := d.Write(ctx, func(tx db.Tx) error { return tx.Insert(ctx, rows...) }); err != nil {
		t.Fatal(err)
	}
}

// startLoad reads and writes until it is stopped; each row is written by one
// goroutine, which knows what must be read back.
func startLoad(ctx context.Context, t *testing.T, d *db.DB, v *vault.Vault) (stop func() (reads, writes int64)) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	var reads, writes atomic.Int64
	const hands = 4
	for hand := range int64(hands) {
		wg.Go(func() {
			wrote := map[int64]int{}
			for ctx.Err() == nil {
				i := rand.Int64N(rotateRows/hands)*hands + hand + 1
				var sealed []byte
				if err := d.Row(context.Background(), qPhone, i).Scan(&sealed); err != nil {
					t.Error(err)
					return
				}
				got, err := v.OpenText(vault.PII, clientPlace(i), sealed)
				if want := fmt.Sprintf("%d %d", i, wrote[i]); err != nil || got != want {
					t.Errorf("row %d: %q %v, want %q", i, got, err, want)
					return
				}
				reads.Add(1)
				fresh, err := v.SealText(vault.PII, clientPlace(i), fmt.Sprintf("%d %d", i, wrote[i]+1))
				if err != nil {
					t.Error(err)
					return
				}
				err = d.Write(context.Background(), func(tx db.Tx) error { _, err := tx.Exec(context.Background(), qSetPhone, fresh, i); return err })
				if errors.Is(err, db.ErrBusy) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				wrote[i]++
				writes.Add(1)
				time.Sleep(5 * time.Millisecond) // or SQLite, which has one writer, lets the rotation in now and then only
			}
		})
	}
	return func() (int64, int64) { cancel(); wg.Wait(); return reads.Load(), writes.Load() }
}

func child(url, keys string) *exec.Cmd {
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), rotateURL+"="+url, rotateKeys+"="+keys)
	return c
}

// killedRotation kills a rotation after some units of work.
func killedRotation(t *testing.T, url, keys string, after int) (again bool) {
	t.Helper()
	c := child(url, keys)
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	units := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		switch line := lines.Text(); {
		case line == "again true":
			again = true
		case line == "done":
			t.Error("the rotation was over before it was killed")
		case strings.HasPrefix(line, "moved"):
			if units++; units == after {
				if err := c.Process.Kill(); err != nil {
					t.Error(err)
				}
			}
		}
	}
	if err := c.Wait(); err == nil || units < after {
		t.Fatalf("after %d units: %v\n%s", units, err, &errs)
	}
	return again
}

func oldValues(t *testing.T, d *db.DB, v *vault.Vault) (old int64) {
	t.Helper()
	all, err := v.Census(context.Background(), d, vault.Columns())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		old += s.Old()
	}
	return old
}

// A value that opens under no key stops nobody: the others move, it stays as
// it is, and the rotation says which it was and does not end.
func TestDamagedValueIsToldAndLeft(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		v, err := vault.Create(filepath.Join(t.TempDir(), "keys.json"))
		if err != nil {
			t.Fatal(err)
		}
		fillRows(t, d, v)
		moved, _ := v.SealText(vault.PII, clientPlace(2), "from another row")
		if err := d.Write(ctx, func(tx db.Tx) error { _, err := tx.Exec(ctx, qSpoil, moved); return err }); err != nil {
			t.Fatal(err)
		}
		if _, err := v.BeginRotation(ctx); err != nil {
			t.Fatal(err)
		}
		columns := []vault.Column{phoneColumn, panColumn}
		_, err = v.Move(ctx, d, columns, vault.Pace{})
		var bad *vault.Damaged
		if !errors.As(err, &bad) || len(bad.Values) != 1 || !strings.Contains(bad.Error(), "client.phone of row 0000000000000001") {
			t.Fatalf("%v", err)
		}
		if n := oldValues(t, d, v); n != 1 || !v.Rotating() {
			t.Errorf("%d values are old", n)
		}
		var still []byte
		if err := d.Row(ctx, qPhone, 1).Scan(&still); err != nil || !bytes.Equal(still, moved) {
			t.Error("the damaged value was changed")
		}
		if n, err := v.Unreadable(ctx, d, phoneColumn); n != 1 || err != nil {
			t.Errorf("%d %v", n, err)
		}
	})
}

// Keys that nobody keeps cannot be rotated.
func TestEphemeralKeysCannotRotate(t *testing.T) {
	t.Parallel()
	if _, err := vault.Ephemeral().BeginRotation(context.Background()); err == nil {
		t.Error("they were")
	}
}
