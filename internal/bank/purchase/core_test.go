package purchase_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/tier"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// coreLives is for how many sequences a card lives in memory.
const coreLives = 20

// R13 on the pure core: the same sequences of messages and clearing records,
// the same model, and every line of the room that decides, but its store and
// the book are in memory. So there can be a million of them.
func TestR13_CoreAgreesWithTheModel(t *testing.T) {
	t.Parallel()
	sequences := int64(tier.Count(1_000, 20_000, 1_000_000))
	seed := uint64(tier.Count(1, 2, 3))
	var next atomic.Int64
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for !t.Failed() {
				life := next.Add(1) - 1
				if life*coreLives >= sequences {
					return
				}
				if played := life * coreLives; played > 0 && played%50_000 == 0 {
					t.Logf("%d sequences played", played)
				}
				k := newInMemory(t, seed<<32|uint64(life)) // #nosec G115 -- counts up from nought
				if err := k.lives(); err != nil {
					t.Errorf("life %d of seed %d: %v\n%s", life, seed, err, strings.Join(k.log[max(0, len(k.log)-40):], "\n"))
				}
			}
		})
	}
	all.Wait()
}

// lives plays a card's sequences and looks at everything at the end.
func (k *inMemory) lives() error {
	for range coreLives * steps {
		if err := k.act(); err != nil {
			return err
		}
		if err := k.agrees(); err != nil {
			return err
		}
		if k.rnd.IntN(8) != 0 {
			continue
		}
		k.Clock.Add(time.Duration(k.rnd.IntN(5*24)) * time.Hour)
		for n := 1; n > 0; {
			var err error
			if n, err = k.svc.ExpireDue(context.Background()); err != nil {
				return err
			}
		}
		if err := k.older(); err != nil {
			return err
		}
	}
	if err := k.allShown(); err != nil {
		return err
	}
	return k.mem.Wrong()
}

// inMemory is one card of a bank that has no database.
type inMemory struct {
	*worker
	mem  *purchase.Memory
	face card.Face
}

func newInMemory(t *testing.T, seed uint64) *inMemory {
	const account, number = ledger.AccountID(2000 * 64), "2200700000000004"
	clock := &banktest.Clock{}
	clock.Set(banktest.Noon)
	w := &world{Bank: &banktest.Bank{T: t, Clock: clock}, hsm: newSafe(t), proofs: &proofs{good: map[string]bool{}}, number: number}
	w.owner = banktest.Person{ID: 1, Account: account}
	pvv, err := w.hsm.PVV(number, vault.Hide("7391"))
	if err != nil {
		t.Error(err)
	}
	mem := purchase.NewMemory(clock.Now)
	mem.Book.Open(account, 1, money.RUB)
	k := &inMemory{mem: mem, face: card.Face{
		Card: card.Card{ID: id.ID{1}, Client: 1, Account: account, Product: card.VirtualWorld, State: card.Active, Last4: number[12:],
			Year: 2031, Month: time.November, PINSet: true, PINLeft: 3, Rules: card.Standard()},
		Status: card.Active, Expires: "3111", Service: "101", Seq: "00", PVV: pvv,
	}}
	_, _, err = mem.Book.Post(clock.Now(), ledger.Transaction{
		Owner: 1, Key: ledger.KeyOf("opening"), Kind: ledger.KindTransfer, Phase: ledger.Posted,
		Legs: []ledger.Leg{{Account: ledger.World, Amount: money.Rub(-10_000_00)}, {Account: account, Owner: 1, Amount: money.Rub(10_000_00)}},
	})
	if err != nil {
		t.Error(err)
	}
	w.card = k.face.Card
	w.svc = purchase.InMemory(mem, purchase.Deps{Cards: k, HSM: w.hsm, Proofs: w.proofs})
	k.worker = &worker{world: w, ground: k, serial: true, other: w.svc, m: newModel(10_000), rnd: rand.New(rand.NewPCG(seed, 0)), name: "000001"}
	return k
}

func (k *inMemory) account() (posted, reserved int64, err error) {
	a, err := k.mem.Book.Account(k.owner.Account)
	return a.Posted.Minor, a.Reserved.Minor, err
}

func (k *inMemory) shows(e *entry) (purchase.State, int64, operation.State, int64, error) {
	state, posted, o := k.mem.Fed(e.id)
	if o.ID != e.id {
		return 0, 0, 0, 0, fmt.Errorf("%s is not in the feed", e.r.STAN)
	}
	return state, posted.Minor, o.State, o.Amount.Minor, nil
}

func (k *inMemory) freeze(on bool) error {
	k.face.Status = card.Active
	if on {
		k.face.Status = card.Frozen
	}
	k.face.State = k.face.Status
	return nil
}

// What follows is the room of cards: one card, whose PIN nobody guesses.

var errNotPlayed = errors.New("no sequence does this")

func (k *inMemory) ByNumber(string) (card.Face, error) { return k.face, nil }
func (k *inMemory) FaceIn(context.Context, db.Tx, client.ID, id.ID) (card.Face, error) {
	return k.face, nil
}
func (k *inMemory) CountWrongPIN(context.Context, db.Tx, client.ID, id.ID) (int, error) {
	return 0, errNotPlayed
}
func (k *inMemory) PINRight(context.Context, db.Tx, client.ID, id.ID) error { return errNotPlayed }
func (k *inMemory) NetworkPIN(context.Context, db.Tx, client.ID, id.ID, vault.Hidden) error {
	return errNotPlayed
}
func (k *inMemory) NetworkUnblockPIN(context.Context, db.Tx, client.ID, id.ID) error {
	return errNotPlayed
}
func (k *inMemory) Bind(context.Context, db.Tx, client.ID, id.ID, string) (bool, error) {
	return false, errNotPlayed
}
func (k *inMemory) ScriptSent(context.Context, db.Tx, client.ID, id.ID) error { return errNotPlayed }
