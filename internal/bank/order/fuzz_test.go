package order_test

import (
	"encoding/base64"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/order/ordertest"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
)

// Whatever people write into an order, it is read back as what it was and
// never as another line.
func TestTextHoldsAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name, message := rapid.String().Draw(t, "name"), rapid.String().Draw(t, "message")
		sum := money.Rub(rapid.Int64().Draw(t, "sum"))
		doc := order.Compose(order.Head{ID: id.ID{1}, Kind: order.Transfer, Who: id.ID{2}, When: time.Unix(1, 0)},
			order.Say("to", name), order.Sum("amount", sum), order.Say("message", message))
		if len(doc.Text) > 4096 {
			return
		}
		p, err := order.Parse(doc.Text)
		if err != nil || p.Document != doc || len(p.Lines) != 8 || p.Words("to") != name || p.Words("message") != message {
			t.Fatalf("%q: %+v, %v", doc.Text, p, err)
		}
		if got, ok := p.Amount("amount"); !ok || got != sum {
			t.Fatalf("%v became %v", sum, got)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(some().document().Text)
	f.Add("rocketbank order 2\norder: x\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := order.Parse(text)
		if err != nil {
			return
		}
		// What is read is written in the same way.
		if p.Text != text {
			t.Errorf("%q became %q", text, p.Text)
		}
		seen := map[string]bool{}
		for _, l := range p.Lines {
			if seen[l.Name] {
				t.Errorf("%q stands twice", l.Name)
			}
			seen[l.Name] = true
		}
	})
}

// No bytes but the bank's own make a receipt.
func FuzzVerify(f *testing.F) {
	keys := order.Keys(vault.Ephemeral().ReceiptKeys())
	f.Add([]byte(`{"receipt":1,"order":"","evidence":{"kind":"code","by":"","phone":""},"at":"","bank":{"id":"","key":"","signature":""}}`))
	f.Add([]byte(`{`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if _, err := order.Verify(raw, keys); err == nil {
			t.Errorf("a made-up receipt holds: %q", raw)
		}
		if own, err := order.OwnKeys(raw); err == nil {
			order.Verify(raw, own) //nolint:errcheck // it must not crash
		}
		order.ReadKeys(raw) //nolint:errcheck // nor that
	})
}

func FuzzReadKey(f *testing.F) {
	_, spki := ordertest.Key(3)
	f.Add(base64.StdEncoding.EncodeToString(spki))
	f.Add("-----BEGIN PUBLIC KEY-----\n" + base64.StdEncoding.EncodeToString(spki) + "\n-----END PUBLIC KEY-----\n")
	f.Fuzz(func(t *testing.T, text string) {
		der, err := order.ReadKey(text)
		if err != nil {
			return
		}
		again, err := order.ReadKey(base64.RawURLEncoding.EncodeToString(der))
		if err != nil || string(again) != string(der) {
			t.Errorf("%x became %x, %v", der, again, err)
		}
	})
}

// A signature of the wrong form is refused, whatever it is.
func FuzzSignature(f *testing.F) {
	key, spki := ordertest.Key(4)
	doc := some().document()
	good := ordertest.Sign(f, key, doc.Text)
	f.Add(good)
	f.Add([]byte{})
	_, other := ordertest.Key(5)
	f.Fuzz(func(t *testing.T, sig []byte) {
		for _, e := range []order.Evidence{order.ByDevice(id.ID{1}, other, sig), order.ByPasskey(id.ID{1}, spki, sig, sig, sig)} {
			if order.Fits(e, doc.Text) {
				t.Errorf("%s: a made-up signature fits", e.Kind)
			}
		}
	})
}
