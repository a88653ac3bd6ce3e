package ledger

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/base/id"
)

// TestKilledUnderLoad (R1): a child process posts under load and tells this
// process through a pipe what it is about to try and what it was told was
// done; it is killed with SIGKILL in the middle. Afterwards the database is
// opened again: what was acknowledged is there with the same identifier, what
// was only tried is repeated under its key, nothing is there twice, and the
// book adds up. The child's notes travel as carried rows, one per transfer.
func TestKilledUnderLoad(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, url string) {
		kills := count(3, 20, 200)
		if strings.HasPrefix(url, "postgres") {
			kills = count(1, 5, 20)
		}
		w := &witness{T: t, url: url, tried: map[Key]trial{}, told: map[Key]id.ID{}}
		w.prepare()
		for n := range kills {
			w.killOne(n)
			w.settle()
			if t.Failed() {
				return
			}
		}
		t.Logf("%d kills, %d acknowledged, %d repeated", kills, w.acknowledged, w.repeated)
	})
}

const (
	killURL      = "ROCKETBANK_KILL_URL" // makes the test binary a child
	killAccounts = 40
	killCallers  = 32
)

// trial is an attempt as the child announced it.
type trial struct{ from, to, amount int64 }

func (tr trial) transaction(accounts []AccountID, key Key) Transaction {
	t := Transaction{Owner: tr.from + 1, Key: key, Kind: KindTransfer, Phase: Posted, Legs: move(accounts[tr.from], accounts[tr.to], tr.amount)}
	t.Rows = []db.Row{iNote.Row(Txn(), tr.amount, Seq(0), Balance(0), At(), true, nil)}
	return t
}

// witness is the process that is not killed.
type witness struct {
	*testing.T
	url   string
	tried map[Key]trial // not yet known to be done
	told  map[Key]id.ID // acknowledged in this round

	acknowledged, repeated, posted int
}

func killIDs() (ids []AccountID) {
	for i := range killAccounts {
		ids = append(ids, AccountID((lastBankNumber+1+i)*slots))
	}
	return ids
}

func (w *witness) prepare() {
	h := newHouse(w.T, dbtest.Open(w.T, w.url, clock.System()), w.url, Options{})
	clients.Store(0)
	for i := range killAccounts {
		if got := h.account(int64(i+1), 1_000_000); got != killIDs()[i] {
			w.Fatalf("account %v", got)
		}
	}
	h.withNotes()
	h.shut()
}

// shut closes book and database before the test is over.
func (h *house) shut() {
	h.Helper()
	if err := h.book.Close(); err != nil {
		h.Error(err)
	}
	if err := h.db.Close(); err != nil {
		h.Error(err)
	}
}

// killOne starts a child, listens, and kills it.
func (w *witness) killOne(n int) {
	r, out, err := os.Pipe()
	if err != nil {
		w.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestKillChild$") // #nosec G204 -- this very binary
	child.Env = append(os.Environ(), killURL+"="+w.url, "ROCKETBANK_KILL_SEED="+strconv.Itoa(n))
	child.ExtraFiles = []*os.File{out}
	child.Stderr = os.Stderr
	if err := child.Start(); err != nil {
		w.Fatal(err)
	}
	out.Close()
	lines := make(chan string, 1<<16)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(r); s.Scan(); {
			lines <- s.Text()
		}
		r.Close()
	}()
	first := time.After(60 * time.Second)
	var deadline <-chan time.Time
	for {
		select {
		case line, open := <-lines:
			if !open {
				child.Wait() // it was killed: that is no news
				return
			}
			if w.note(line); deadline == nil && line[0] == 'A' {
				deadline = time.After(20*time.Millisecond + rand.N(250*time.Millisecond))
			}
		case <-deadline:
			child.Process.Kill()
		case <-first:
			if deadline == nil {
				child.Process.Kill()
				w.Fatal("the child did nothing")
			}
		}
	}
}

func (w *witness) note(line string) {
	f := strings.Fields(line)
	raw, err := hex.DecodeString(f[1])
	if err != nil || len(raw) != 16 {
		w.Fatalf("the child wrote %q", line)
	}
	key := Key(raw)
	if f[0] == "A" {
		x, err := id.Parse("tr", f[2])
		if err != nil {
			w.Fatal(err)
		}
		w.told[key] = x
		return
	}
	var tr trial
	for i, p := range []*int64{&tr.from, &tr.to, &tr.amount} {
		if *p, err = strconv.ParseInt(f[2+i], 10, 64); err != nil {
			w.Fatal(err)
		}
	}
	w.tried[key] = tr
}

// settle opens the database again, looks every key up and repeats what was
// not acknowledged.
func (w *witness) settle() {
	d, err := db.Open(bg, w.url, db.Options{})
	if err != nil {
		w.Fatal(err)
	}
	h := newHouse(w.T, d, w.url, Options{})
	defer h.shut()
	for key, x := range w.told {
		r, ok, err := Find(bg, d, w.tried[key].from+1, key)
		if err != nil || !ok || r.Txn != x || r.Refused() {
			w.Errorf("acknowledged and lost: %s: %+v %v %v", x.Text("tr"), r, ok, err)
		}
		w.acknowledged++
	}
	accounts := killIDs()
	var wg sync.WaitGroup
	for key, tr := range w.tried {
		w.posted++
		if _, ok := w.told[key]; ok {
			continue
		}
		w.repeated++
		wg.Add(1)
		go func() {
			defer wg.Done()
			if r, err := h.book.Post(bg, tr.transaction(accounts, key)); err != nil || r.Refused() {
				w.Errorf("repeat: %+v %v", r, err)
			}
		}()
	}
	wg.Wait()
	clear(w.told)
	clear(w.tried)
	// One transaction, two entries and one note per key ever used; and one
	// transaction with two entries per opening.
	rep := h.verified()
	notes := len(h.notes())
	if want := int64(w.posted + killAccounts); rep.Transactions != want || rep.Entries != 2*want || notes != w.posted {
		w.Errorf("%d transactions, %d entries, %d notes for %d keys", rep.Transactions, rep.Entries, notes, w.posted)
	}
}

// TestKillChild is the process that is killed; on its own it does nothing.
func TestKillChild(t *testing.T) {
	url := os.Getenv(killURL)
	if url == "" {
		t.Skip("the child of TestKilledUnderLoad")
	}
	seed, err := strconv.Atoi(os.Getenv("ROCKETBANK_KILL_SEED"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(bg, url, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	book, err := NewBook(bg, d, Options{})
	if err != nil {
		t.Fatal(err)
	}
	pipe, ids := os.NewFile(3, "witness"), id.NewSource(time.Now)
	together(killCallers, func(i int) {
		r := rand.New(rand.NewPCG(uint64(seed), uint64(i)))
		for {
			if err := killPost(book, pipe, ids, r); err != nil {
				t.Error(err)
				return
			}
		}
	})
}

func killPost(book *Book, pipe io.Writer, ids *id.Source, r *rand.Rand) error {
	tr := trial{from: r.Int64N(killAccounts), amount: 1 + r.Int64N(20)}
	tr.to = (tr.from + 1 + r.Int64N(killAccounts-1)) % killAccounts
	key := Key(ids.New())
	if _, err := fmt.Fprintf(pipe, "T %x %d %d %d\n", key, tr.from, tr.to, tr.amount); err != nil {
		return err
	}
	got, err := book.Post(context.Background(), tr.transaction(killIDs(), key))
	if err != nil || got.Refused() {
		return fmt.Errorf("%+v %w", got, err)
	}
	_, err = fmt.Fprintf(pipe, "A %x %s\n", key, got.Txn.Text("tr"))
	return err
}
