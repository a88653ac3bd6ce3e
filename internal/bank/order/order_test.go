package order_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/order/ordertest"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
)

var ctx = context.Background()

// desk is the order room of a bank in small. It keeps the messages it sends.
type desk struct {
	*banktest.Bank
	orders *order.Service
	sent   []order.Message
	code   string // the next code
	now    time.Time
}

func deskOf(b *banktest.Bank) *desk {
	d := &desk{Bank: b, code: "123456", now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	d.orders = order.New(order.Deps{
		DB: b.DB, Vault: b.Vault, People: b.Directory, Messenger: d, Host: "bank.example",
		Now: func() time.Time { return d.now }, Digits: func() string { return d.code },
	})
	return d
}

// SendOrderCode keeps the message.
func (d *desk) SendOrderCode(_ context.Context, _ db.Tx, m order.Message) error {
	d.sent = append(d.sent, m)
	return nil
}

func each(t *testing.T, fn func(d *desk, anna banktest.Person)) {
	t.Helper()
	banktest.Each(t, func(b *banktest.Bank) { fn(deskOf(b), b.Client("Анна", "Соколова", 0)) })
}

// field is one thing an order's text names.
type fields struct {
	id, who, payee             id.ID
	kind                       order.Kind
	from, name, phone, message string
	amount, fee                int64
	when                       time.Time
}

func some() fields {
	return fields{
		id: id.ID{1, 2, 3}, who: id.ID{4, 5}, payee: id.ID{6}, kind: order.Transfer, from: "ac_64064", name: "Павел К.", phone: "+79165550123",
		message: "За кофе", amount: 1500_50, fee: 0, when: banktest.Noon,
	}
}

func (f fields) document() order.Document {
	to := order.Say("to", f.name)
	to.Value += " " + f.phone + " " + f.payee.Text("py")
	return order.Compose(order.Head{ID: f.id, Kind: f.kind, Who: f.who, When: f.when},
		order.Line{Name: "from", Value: f.from}, to, order.Sum("amount", money.Rub(f.amount)), order.Sum("fee", money.Rub(f.fee)),
		order.Say("message", f.message))
}

// mutations change one field each.
func mutations() map[string]func(*fields) {
	return map[string]func(*fields){
		"order id":     func(f *fields) { f.id[15]++ },
		"client":       func(f *fields) { f.who[0]++ },
		"kind":         func(f *fields) { f.kind = order.Closing },
		"account":      func(f *fields) { f.from = "ac_64065" },
		"payee":        func(f *fields) { f.payee[9]++ },
		"payee's name": func(f *fields) { f.name = "Павел Л." },
		"phone":        func(f *fields) { f.phone = "+79165550124" },
		"message":      func(f *fields) { f.message = "За кофe" }, // a Latin e
		"amount":       func(f *fields) { f.amount++ },
		"ten times":    func(f *fields) { f.amount *= 10 },
		"fee":          func(f *fields) { f.fee++ },
		"time":         func(f *fields) { f.when = f.when.Add(time.Second) },
	}
}

// proofs makes each kind of proof over a text.
func (d *desk) proofs(who client.ID) map[string]func(text string) order.Evidence {
	key, spki := ordertest.Key(1)
	return map[string]func(string) order.Evidence{
		"device":  func(text string) order.Evidence { return order.ByDevice(id.ID{7}, spki, ordertest.Sign(d, key, text)) },
		"token":   func(text string) order.Evidence { return order.ByToken(id.ID{8}, spki, ordertest.Sign(d, key, text)) },
		"passkey": func(text string) order.Evidence { return ordertest.Passkey(d, id.ID{9}, key, spki, text) },
	}
}

// M06: whatever is changed in an order after it was confirmed, each kind of
// proof refuses it.
func TestM06_EachFieldIsSigned(t *testing.T) {
	each(t, func(d *desk, anna banktest.Person) {
		good := some().document()
		for kind, prove := range d.proofs(anna.ID) {
			proof := prove(good.Text)
			signed, err := d.orders.Accept(anna.ID, good, proof)
			if err != nil || !signed.Covers(anna.ID, good) {
				d.Fatalf("%s: %v", kind, err)
			}
			for name, change := range mutations() {
				f := some()
				change(&f)
				other := f.document()
				if other.Text == good.Text {
					d.Fatalf("%s is not in the text", name)
				}
				if _, err := d.orders.Accept(anna.ID, other, proof); !errors.Is(err, order.ErrNotSigned) {
					d.Errorf("%s after %s changed: %v", kind, name, err)
				}
				if signed.Covers(anna.ID, other) {
					d.Errorf("%s covers another %s", kind, name)
				}
				// The document says one thing, its text another.
				mixed := good
				mixed.ID, mixed.Kind = other.ID, other.Kind
				if mixed != good {
					if _, err := d.orders.Accept(anna.ID, mixed, proof); !errors.Is(err, order.ErrNotSigned) {
						d.Errorf("%s: another %s beside the text: %v", kind, name, err)
					}
				}
			}
			if signed.Covers(anna.ID+1, good) {
				d.Errorf("%s covers another client", kind)
			}
			for name, spoil := range map[string]func(*order.Evidence){
				"another key":      func(e *order.Evidence) { _, e.Key = ordertest.Key(2) },
				"no key":           func(e *order.Evidence) { e.Key = nil },
				"no signature":     func(e *order.Evidence) { e.Signature = nil },
				"a long signature": func(e *order.Evidence) { e.Signature = append(bytes.Clone(e.Signature), 0) },
				"nobody":           func(e *order.Evidence) { e.By = "" },
				"a phone beside":   func(e *order.Evidence) { e.Phone = "+7" },
				"no such kind":     func(e *order.Evidence) { e.Kind = "telepathy" },
				"another kind": func(e *order.Evidence) {
					if e.Kind = order.Passkey; kind == "passkey" {
						e.Kind = order.Device
					}
				},
				"said to be a code": func(e *order.Evidence) { *e = order.Evidence{Kind: order.Code, By: e.By, Phone: "+7"} },
			} {
				bad := proof
				spoil(&bad)
				if _, err := d.orders.Accept(anna.ID, good, bad); !errors.Is(err, order.ErrNotSigned) {
					d.Errorf("%s with %s: %v", kind, name, err)
				}
			}
			for i := range proof.Signature {
				bad := proof
				bad.Signature = bytes.Clone(proof.Signature)
				bad.Signature[i] ^= 1
				if _, err := d.orders.Accept(anna.ID, good, bad); !errors.Is(err, order.ErrNotSigned) {
					d.Errorf("%s with byte %d of the signature flipped: %v", kind, i, err)
				}
			}
		}
	})
}

// A passkey's word counts only when the person was there, verified, and asked
// for exactly this.
func TestPasskeyFlags(t *testing.T) {
	each(t, func(d *desk, anna banktest.Person) {
		good := some().document()
		key, spki := ordertest.Key(1)
		for name, change := range map[string]func(e *order.Evidence){
			"no user":      func(e *order.Evidence) { e.AuthData[32] = 0x04 },
			"not verified": func(e *order.Evidence) { e.AuthData[32] = 0x01 },
			"cut":          func(e *order.Evidence) { e.AuthData = e.AuthData[:36] },
			"a login's answer": func(e *order.Evidence) {
				e.ClientData = bytes.Replace(e.ClientData, []byte("webauthn.get"), []byte("webauthn.new"), 1)
			},
			"no JSON": func(e *order.Evidence) { e.ClientData = []byte("x") },
		} {
			e := ordertest.Passkey(d, id.ID{9}, key, spki, good.Text)
			change(&e)
			ordertest.Resign(d, &e, key) // the signature itself is right
			if _, err := d.orders.Accept(anna.ID, good, e); !errors.Is(err, order.ErrNotSigned) {
				d.Errorf("%s: %v", name, err)
			}
		}
	})
}

// receipt signs and keeps an order and gives its receipt.
func (d *desk) receipt(who banktest.Person, doc order.Document, e order.Evidence) []byte {
	d.Helper()
	signed, err := d.orders.Accept(who.ID, doc, e)
	if err != nil {
		d.Fatal(err)
	}
	return d.receiptOf(who, signed)
}

func (d *desk) receiptOf(who banktest.Person, signed order.Signed) []byte {
	d.Helper()
	d.Do(func(ctx context.Context, tx db.Tx) error { return signed.Save(ctx, tx) })
	raw, err := d.orders.Receipt(ctx, who.ID, signed.ID())
	if err != nil {
		d.Fatal(err)
	}
	return raw
}

// S14: a receipt is checked offline; with any one byte flipped, another amount
// or another key it is not.
func TestS14_ReceiptVerifiesOffline(t *testing.T) {
	each(t, func(d *desk, anna banktest.Person) {
		keys, err := order.ReadKeys(d.orders.PublicKeys())
		if err != nil {
			d.Fatal(err)
		}
		strangers := order.New(order.Deps{DB: d.DB, Vault: vault.Ephemeral()}).Keys()
		n := byte(0)
		for kind, prove := range d.proofs(anna.ID) {
			f := some()
			n++
			f.id[14] = n
			doc := f.document()
			raw := d.receipt(anna, doc, prove(doc.Text))
			report, err := order.Verify(raw, keys)
			if err != nil || report.Order.Text != doc.Text || report.SignedBy() == "" || !report.At.Equal(banktest.Noon) || string(report.Evidence.Kind) != kind {
				d.Fatalf("%s: %+v, %v\n%s", kind, report, err, raw)
			}
			if _, err := order.Verify(bytes.TrimSuffix(raw, []byte("\n")), keys); err != nil {
				d.Errorf("%s without the last line feed: %v", kind, err)
			}
			own, err := order.OwnKeys(raw)
			if err != nil {
				d.Fatal(err)
			}
			if _, err := order.Verify(raw, own); err != nil {
				d.Errorf("%s by its own key: %v", kind, err)
			}
			if _, err := order.Verify(raw, strangers); !errors.Is(err, order.UnknownKey) {
				d.Errorf("%s by another bank's keys: %v", kind, err)
			}
			for i := range raw {
				for _, bit := range []byte{1, 0x20, 0x80} {
					bad := bytes.Clone(raw)
					bad[i] ^= bit
					if fails(bad, keys) && fails(bad, nil) {
						continue
					}
					d.Fatalf("%s: byte %d flipped by %#x was not noticed: %q", kind, i, bit, bad[max(0, i-20):min(len(bad), i+20)])
				}
			}
			for name, edit := range map[string][2]string{
				"amount": {"1500.50", "9500.50"}, "payee": {"0123", "0124"}, "account": {"ac_64064", "ac_64065"}, "spelling": {"{", "{ "}, "member": {`"receipt":1`, `"receipt":1,"x":1`},
				"twice": {`"receipt":1`, `"receipt":1,"receipt":1`},
			} {
				bad := []byte(strings.Replace(string(raw), edit[0], edit[1], 1))
				if bytes.Equal(bad, raw) || !fails(bad, keys) || !fails(bad, nil) {
					d.Errorf("%s: another %s was not noticed", kind, name)
				}
			}
			for i := range raw[:len(raw)-1] {
				if !fails(raw[:i], keys) {
					d.Errorf("%s: cut at %d was not noticed", kind, i)
				}
			}
			var out struct {
				OK       bool
				Order    map[string]string
				SignedBy string `json:"signed_by"`
				At       string
			}
			if err := json.Unmarshal(report.JSON(true), &out); err != nil || !out.OK || out.Order["amount"] != "1500.50 RUB" || out.Order["message"] != "За кофе" ||
				out.SignedBy != kind+" "+report.Evidence.By || out.At != "2026-11-22T09:00:00.000000Z" {
				d.Errorf("%s, %v", report.JSON(true), err)
			}
		}
	})
}

// fails tells whether a receipt fails against keys, or its own when nil.
func fails(raw []byte, keys order.Keys) bool {
	if keys == nil {
		own, err := order.OwnKeys(raw)
		if err != nil {
			return true
		}
		keys = own
	}
	_, err := order.Verify(raw, keys)
	return err != nil
}

// What does not belong to the client has no receipt, an order is saved once,
// and what was altered in the database does not open.
func TestReceiptsAreOnesOwn(t *testing.T) {
	each(t, func(d *desk, anna banktest.Person) {
		pavel := d.Client("Павел", "Кузнецов", 0)
		doc := some().document()
		prove := d.proofs(anna.ID)["device"]
		d.receipt(anna, doc, prove(doc.Text))
		if _, err := d.orders.Receipt(ctx, pavel.ID, doc.ID); !errors.Is(err, order.ErrNoReceipt) {
			d.Errorf("another's receipt: %v", err)
		}
		if _, err := d.orders.Receipt(ctx, anna.ID, id.ID{99}); !errors.Is(err, order.ErrNoReceipt) {
			d.Errorf("no receipt: %v", err)
		}
		again, err := d.orders.Accept(anna.ID, doc, prove(doc.Text))
		if err != nil {
			d.Fatal(err)
		}
		if err := d.DB.Write(ctx, func(tx db.Tx) error { return again.Save(ctx, tx) }); !errors.Is(err, order.ErrNotSigned) {
			d.Errorf("the same order a second time: %v", err)
		}
		if err := d.DB.Write(ctx, func(tx db.Tx) error { return order.Signed{}.Save(ctx, tx) }); !errors.Is(err, order.ErrNotSigned) {
			d.Errorf("nothing signed: %v", err)
		}
		if txn, err := d.orders.Txn(ctx, anna.ID, doc.ID); err != nil || !txn.IsZero() {
			d.Errorf("it moved %v, %v", txn, err)
		}
		other := some()
		other.id[0]++
		second := other.document()
		d.receipt(anna, second, prove(second.Text))
		d.Do(func(ctx context.Context, tx db.Tx) error {
			_, err := tx.Exec(ctx, qSwap, doc.ID.Bytes(), second.ID.Bytes())
			return err
		})
		if _, err := d.orders.Receipt(ctx, anna.ID, doc.ID); err == nil {
			d.Error("a body of another row opened")
		}
	})
}

var qSwap = db.Query(`UPDATE signed_order SET body = (SELECT o.body FROM signed_order o WHERE o.id = $2) WHERE id = $1`)
