package ledger

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/tier"
)

const (
	loadURL     = "ROCKETBANK_LOAD_URL"    // makes the test binary a child
	loadNumber  = "ROCKETBANK_LOAD_NUMBER" // which of the two it is
	loadCallers = 500
	loadClients = 40
	loadStart   = 100_000
	loadCap     = 20_000 // of a client's bank day: many transfers of the load do not fit
)

// loadOf is transfer n of the load, the same in both processes.
func loadOf(accounts []AccountID, n int) Transaction {
	from, to := n%loadClients, (n*7+1+n/loadClients)%loadClients
	if from == to {
		to = (to + 1) % loadClients
	}
	t := Transaction{
		Owner: int64(from + 1), Key: KeyOf("load", strconv.Itoa(n)), Kind: KindTransfer, Phase: Posted,
		Legs: move(accounts[from], accounts[to], int64(1+n%997)),
	}
	if n%3 == 0 {
		g := guard(0, loadCap, t.Legs[1].Amount.Minor)
		g.Owner = t.Owner
		t.Guards = []Guard{g}
	}
	return t
}

// TestTwoProcesses: 500 callers in each of two processes on one PostgreSQL. A
// third of the transfers is the first process's, a third the second's, and a
// third is tried by both under one key. Afterwards every key was used once,
// both were told the same of it, the limits and the book add up, and the
// server saw no deadlock.
func TestTwoProcesses(t *testing.T) {
	tier.AtLeast(t, tier.CI)
	url := dbtest.Postgres(t)
	h := newHouse(t, dbtest.Open(t, url, clock.System()), url, Options{})
	clients.Store(0)
	accounts := killIDs()
	for i := range loadClients {
		if got := h.account(int64(i+1), loadStart); got != accounts[i] {
			t.Fatalf("account %v", got)
		}
	}
	transfers := loadCallers * count(2, 20, 200)
	children, said, told := make([]*exec.Cmd, 2), make([]bytes.Buffer, 2), make([]map[int]string, 2)
	var heard sync.WaitGroup
	for i := range children {
		c := exec.Command(os.Args[0], "-test.run=^TestLoadChild$") // #nosec G204 -- this very binary
		c.Env = append(os.Environ(), loadURL+"="+url, fmt.Sprintf("%s=%d/%d", loadNumber, i, transfers))
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		c.ExtraFiles, c.Stdout, c.Stderr = []*os.File{w}, &said[i], &said[i]
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		children[i] = c
		w.Close()
		told[i] = map[int]string{}
		heard.Go(func() {
			defer r.Close()
			for n, answer := 0, ""; ; told[i][n] = answer {
				if _, err := fmt.Fscan(r, &n, &answer); err != nil {
					return
				}
			}
		})
		t.Cleanup(func() { _ = c.Process.Kill() })
	}
	for i, c := range children {
		if err := c.Wait(); err != nil {
			t.Fatalf("process %d: %v\n%s", i, err, said[i].String())
		}
	}
	heard.Wait()
	both := 0
	for n, answer := range told[0] {
		if other, ok := told[1][n]; ok {
			if both++; other != answer {
				t.Errorf("of transfer %d one was told %s, the other %s", n, answer, other)
			}
		}
	}
	if both < transfers/5 || len(told[0])+len(told[1])-both != transfers {
		t.Errorf("%d and %d answers, %d of both, for %d transfers", len(told[0]), len(told[1]), both, transfers)
	}
	h.checkLoad(accounts, transfers)
	if n := h.deadlocks(); n > 0 {
		t.Errorf("%d deadlocks: somebody locks out of order", n)
	}
}

func (h *house) checkLoad(accounts []AccountID, transfers int) {
	h.Helper()
	posted, refused := 0, 0
	for n := range transfers {
		tr := loadOf(accounts, n)
		switch r, ok, err := Find(bg, h.db, tr.Owner, tr.Key); {
		case err != nil || !ok:
			h.Fatalf("transfer %d: %v %v", n, ok, err)
		case r.Refused():
			refused++
		default:
			posted++
		}
	}
	h.Logf("%d posted, %d refused", posted, refused)
	if posted == 0 || refused == 0 {
		h.Error("the load has no edge")
	}
	rep := h.verified()
	if want := int64(transfers + loadClients); rep.Transactions != want || rep.Entries != int64(2*(posted+loadClients)) {
		h.Errorf("%d transactions and %d entries of %d keys", rep.Transactions, rep.Entries, transfers)
	}
	sum := int64(0)
	for _, a := range accounts[:loadClients] {
		sum += h.at(a).Posted.Minor
	}
	if sum != loadClients*loadStart {
		h.Errorf("the clients have %d, they had %d", sum, loadClients*loadStart)
	}
}

// TestLoadChild is one of the two processes; on its own it does nothing.
func TestLoadChild(t *testing.T) {
	url := os.Getenv(loadURL)
	if url == "" {
		t.Skip("a child of TestTwoProcesses")
	}
	var me, transfers int
	if _, err := fmt.Sscanf(os.Getenv(loadNumber), "%d/%d", &me, &transfers); err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(bg, url, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	book, err := NewBook(bg, d, Options{})
	if err != nil {
		t.Fatal(err)
	}
	pipe, accounts := os.NewFile(3, "answers"), killIDs()
	together(loadCallers, func(i int) {
		for n := i; n < transfers; n += loadCallers {
			if n/loadCallers%3 == 1-me {
				continue // the other's
			}
			if err := loadPost(book, pipe, loadOf(accounts, n), n); err != nil {
				t.Error(err)
				return
			}
		}
	})
	if err := book.Close(); err != nil {
		t.Error(err)
	}
}

// loadPost posts until the book takes it, and tells the parent the answer.
func loadPost(book *Book, pipe *os.File, tr Transaction, n int) error {
	for try := 0; ; try++ {
		r, err := book.Post(bg, tr)
		if fault.CodeOf(err) == fault.Busy && try < 100 {
			time.Sleep(time.Duration(1+n%10) * time.Millisecond)
			continue
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(pipe, "%d %s/%v\n", n, r.Txn.Text("tr"), r.Reason)
		return err
	}
}
