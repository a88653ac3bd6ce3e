package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
)

// TestVerifyFindsWhatIsBroken breaks one thing after the other in a good book
// and insists that the report names the rule and the account or transaction.
func TestVerifyFindsWhatIsBroken(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, url string) {
		clients.Add(100)
		h := newHouse(t, dbtest.Open(t, url, clock.System()), url, Options{})
		a, b := h.account(1, 1000), h.account(2, 500)
		tr := transfer(1, a, b, 100)
		tr.Guards = []Guard{guard(1, 1000, 100)}
		posted := h.post(tr)
		held := transfer(1, a, b, 50)
		held.Phase, held.Guards = Pending, []Guard{guard(1, 1000, 50)}
		hold := h.post(held)
		h.post(Transaction{Owner: own(1), Key: freshKey(), Kind: KindTransfer, Phase: Post, Refers: hold.Txn, Hold: a, Legs: move(a, b, 20)})
		h.post(Transaction{Owner: own(1), Key: freshKey(), Kind: KindReturn, Phase: Void, Refers: h.post(transferHeld(1, a, b, 5)).Txn, Hold: a})
		poor := h.post(transfer(1, a, b, 100_000))
		h.post(Transaction{Owner: own(1), Key: freshKey(), Kind: KindReturn, Phase: Reversal, Refers: posted.Txn, Legs: move(b, a, 10)})
		if rep := h.verified(); rep.Transactions != 9 || rep.Entries != 10 {
			t.Fatalf("%+v", rep)
		}
		blob := func(x []byte) string {
			if h.db.Engine() == db.Postgres {
				return fmt.Sprintf(`'\x%x'`, x)
			}
			return fmt.Sprintf("x'%x'", x)
		}
		acc, txn, of := a.String(), posted.Txn.Text("tr"), fmt.Sprintf(" WHERE id = %d", a)
		byTxn, byID := " WHERE txn = "+blob(posted.Txn[:]), " WHERE id = "+blob(posted.Txn[:])
		// gone takes rows away, back brings them again.
		gone := func(table, where string) string {
			return fmt.Sprintf("CREATE TABLE lost AS SELECT * FROM %[1]s%[2]s; DELETE FROM %[1]s%[2]s", table, where)
		}
		back := func(table string) string {
			return fmt.Sprintf("INSERT INTO %s SELECT * FROM lost; DROP TABLE lost", table)
		}
		legs := func(change func([]legRecord)) (string, string) {
			r, ok, err := scanTxn(h.db.Row(bg, qOrigin, posted.Txn[:]))
			if err != nil || !ok {
				t.Fatal(ok, err)
			}
			records, err := decodeLegs(r.legs)
			if err != nil {
				t.Fatal(err)
			}
			change(records)
			return "UPDATE txn SET legs = " + blob(encodeLegs(records)) + byID, "UPDATE txn SET legs = " + blob(r.legs) + byID
		}
		unbalanced, balanced := legs(func(l []legRecord) { l[0].amount++ })
		unnumbered, _ := legs(func(l []legRecord) { l[0].seq = 0 })
		// PostgreSQL holds a floor itself and has to be told to look away.
		floorOff, floorOn := "UPDATE account SET floor_minor = floor_minor + 1000000"+of, "UPDATE account SET floor_minor = floor_minor - 1000000"+of
		if h.db.Engine() == db.Postgres {
			floorOff, floorOn = "ALTER TABLE account DROP CONSTRAINT account_check; "+floorOff, floorOn+"; ALTER TABLE account ADD CONSTRAINT account_check CHECK (balance_minor - reserved_minor >= floor_minor)"
		} else {
			floorOff = "PRAGMA ignore_check_constraints = on; " + floorOff + "; PRAGMA ignore_check_constraints = off"
		}
		for _, c := range []struct{ break_, mend, rule, names string }{
			{"UPDATE account SET balance_minor = balance_minor + 1" + of, "UPDATE account SET balance_minor = balance_minor - 1" + of, "balance", acc},
			{"UPDATE account SET balance_minor = balance_minor + 1" + of, "UPDATE account SET balance_minor = balance_minor - 1" + of, "currency_sum", "RUB"},
			{"UPDATE account SET reserved_minor = reserved_minor + 1" + of, "UPDATE account SET reserved_minor = reserved_minor - 1" + of, "reserved", acc},
			{"UPDATE account SET version = version + 1" + of, "UPDATE account SET version = version - 1" + of, "version", acc},
			{"UPDATE entry SET amount_minor = amount_minor - 1" + byTxn + " AND amount_minor < 0", "UPDATE entry SET amount_minor = amount_minor + 1" + byTxn + " AND amount_minor < 0", "entry_balance", acc},
			{"UPDATE entry SET seq = seq + 1000 WHERE seq >= 2 AND account = " + fmt.Sprint(int64(a)), "UPDATE entry SET seq = seq - 1000 WHERE seq >= 1000 AND account = " + fmt.Sprint(int64(a)), "sequence", acc},
			{"UPDATE entry SET account = account + 1" + byTxn + " AND amount_minor > 0", "UPDATE entry SET account = account - 1" + byTxn + " AND amount_minor > 0", "entry_account", (b + 1).String()},
			{"UPDATE entry SET txn = " + blob(hold.Txn[:]) + byTxn + " AND amount_minor < 0", "UPDATE entry SET txn = " + blob(posted.Txn[:]) + " WHERE txn = " + blob(hold.Txn[:]) + " AND amount_minor = -100", "entry_leg", acc},
			{"UPDATE hold SET posted_minor = posted_minor + 1 WHERE account = " + fmt.Sprint(int64(a)) + " AND expires_us IS NULL AND amount_minor = 50",
				"UPDATE hold SET posted_minor = posted_minor - 1 WHERE account = " + fmt.Sprint(int64(a)) + " AND expires_us IS NULL AND amount_minor = 50", "hold", acc},
			{"UPDATE hold SET reversed_minor = 200" + byTxn, "UPDATE hold SET reversed_minor = 10" + byTxn, "hold", acc},
			{"UPDATE txn SET refused = 1 WHERE id = " + blob(posted.Txn[:]), "UPDATE txn SET refused = 0 WHERE id = " + blob(posted.Txn[:]), "refused", txn},
			{"UPDATE txn SET refers = " + blob(poor.Txn[:]) + " WHERE phase = 5", "UPDATE txn SET refers = " + blob(posted.Txn[:]) + " WHERE phase = 5", "refers", "tr_"},
			{"UPDATE txn SET phase = 9 WHERE id = " + blob(posted.Txn[:]), "UPDATE txn SET phase = 1 WHERE id = " + blob(posted.Txn[:]), "phase", txn},
			{"UPDATE guard SET used_minor = used_minor + 1", "UPDATE guard SET used_minor = used_minor - 1", "guard", fmt.Sprint("client ", own(1))},
			{floorOff, floorOn, "floor", acc},
			{unbalanced, balanced, "balanced", txn},
			{unnumbered, balanced, "legs", txn},
			{"UPDATE txn SET legs = NULL" + byID, balanced, "legs", txn},
			{"UPDATE txn SET legs = " + blob([]byte{0xff}) + byID, balanced, "txn_row", txn},
			{"UPDATE entry SET txn = " + blob([]byte{1}) + byTxn + " AND amount_minor < 0", "UPDATE entry SET txn = " + blob(posted.Txn[:]) + " WHERE txn = " + blob([]byte{1}), "entry_txn", acc},
			{gone("txn", byID), back("txn"), "entry_leg", acc},
			{gone("txn", " WHERE phase = 4"), back("txn"), "hold", acc},
			{gone("entry", byTxn+" AND amount_minor < 0"), back("entry"), "entry_leg", acc},
			{gone("hold", " WHERE txn = "+blob(hold.Txn[:])), back("hold"), "hold", hold.Txn.Text("tr")},
			{gone("hold", byTxn), back("hold"), "hold", txn},
			{gone("guard", fmt.Sprint(" WHERE owner = ", own(1))), back("guard"), "guard", "there is no counter"},
			{gone("account", of), back("account"), "entry_account", acc},
			{"UPDATE hold SET txn = " + blob(poor.Txn[:]) + byTxn, "UPDATE hold SET txn = " + blob(posted.Txn[:]) + " WHERE txn = " + blob(poor.Txn[:]), "hold", txn},
		} {
			h.exec(c.break_)
			rep, err := Verify(bg, h.db)
			found := false
			for _, x := range rep.Breaches {
				found = found || x.Rule == c.rule && strings.Contains(x.Account+x.Txn+x.Detail, c.names)
			}
			if err != nil || !found {
				t.Errorf("%s: want %s of %s, got %+v %v", c.break_, c.rule, c.names, rep.Breaches, err)
			}
			h.exec(c.mend)
		}
		h.verified()
	})
}

// transferHeld is a transfer that waits.
func transferHeld(owner int64, from, to AccountID, kopecks int64) Transaction {
	t := transfer(owner, from, to, kopecks)
	t.Phase = Pending
	return t
}

func TestReportAsJSON(t *testing.T) {
	h := newHouse(t, dbtest.Open(t, dbtest.SQLite(t), clock.System()), "", Options{})
	rep, err := Verify(bg, h.db)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(rep)
	if got := string(b); err != nil || got != `{"transactions":0,"entries":0,"breaches":[]}` {
		t.Errorf("%s %v", got, err)
	}
	orphan := Breach{Rule: "orphan", Detail: "a row that points nowhere"}
	rep, err = Verify(bg, h.db, func(context.Context, db.Reader) ([]Breach, error) { return []Breach{orphan}, nil })
	if err != nil || len(rep.Breaches) != 1 || rep.Breaches[0] != orphan {
		t.Errorf("%+v %v", rep, err)
	}
}
