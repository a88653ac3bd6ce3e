package access_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
)

var qSignedKinds = db.Query(`SELECT kind, id FROM signed_order WHERE client = $1 ORDER BY id`)

// signedKinds lists the orders that a client has signed.
func signedKinds(w *world, who int64) (kinds []order.Kind, ids []id.ID) {
	w.Helper()
	rows, err := w.DB.Rows(bg, qSignedKinds, who)
	if err != nil {
		w.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var k order.Kind
		var raw []byte
		if err := rows.Scan(&k, &raw); err != nil {
			w.Fatal(err)
		}
		key, err := id.FromBytes(raw)
		if err != nil {
			w.Fatal(err)
		}
		kinds, ids = append(kinds, k), append(ids, key)
	}
	return kinds, ids
}

// M06, S14: a new passkey, its removal, another passcode and another number are
// each an order of their own that verifies offline and names what changed.
func TestM06_ChangesLeaveSignedOrders(t *testing.T) {
	t.Parallel()
	accesstest.EachWith(t, access.Limits{Idle: time.Hour}, func(w *world) {
		p := chief(w)
		_, k := w.WithPasskey(p)
		if err := removed(w, p, proof(w, p.Session, right), k.ID); err != nil {
			w.Fatal(err)
		}
		pr := proof(w, p.Session, right)
		if _, err := w.Access.SendPasscodeCode(bg, p.Session, pr, accesstest.Home); err != nil {
			w.Fatal(err)
		}
		if err := changed(w, p, p.Session, pr, access.NewPasscode{CodeWord: word, Code: w.Code(anya), Passcode: other, Repeat: other}); err != nil {
			w.Fatal(err)
		}
		kinds, ids := signedKinds(w, int64(p.ID))
		if len(kinds) != 3 || kinds[0] != order.NewPasskey || kinds[1] != order.RemovePasskey || kinds[2] != order.NewFactor {
			w.Fatalf("signed: %v", kinds)
		}
		orders := order.New(order.Deps{DB: w.DB, Vault: w.Vault})
		for i, want := range [][]string{
			{"what: new passkey\n", "passkey: " + k.ID.Text(access.PasskeyPrefix) + "\n", `name: "Телефон"`, "\nkey: "},
			{"what: remove a passkey\n", "passkey: " + k.ID.Text(access.PasskeyPrefix) + "\n", `name: "Телефон"`, "\nkey: "},
			{"what: change of a way in\n", "factor: passcode\n"},
		} {
			raw, err := orders.Receipt(bg, p.ID, ids[i])
			if err != nil {
				w.Fatal(err)
			}
			report, err := order.Verify(raw, orders.Keys())
			if err != nil || report.SignedBy() != "device "+p.Session.Device.Text(access.DevicePrefix) {
				w.Errorf("receipt %d: %v, %q", i, err, report.SignedBy())
			}
			for _, line := range append(want, "device: "+p.Session.Device.Text(access.DevicePrefix)) {
				if !strings.Contains(report.Order.Text, line) {
					w.Errorf("receipt %d does not say %q:\n%s", i, line, report.Order.Text)
				}
			}
			if strings.Contains(report.Order.Text, other) || strings.Contains(report.Order.Text, "argon2") {
				w.Errorf("receipt %d tells the passcode", i)
			}
		}
	})
}

// An offer is one change of one session within ten minutes: unsigned, signed
// for something else, another's, too late or a second time it changes nothing.
func TestM06_OfferIsOneChange(t *testing.T) {
	t.Parallel()
	accesstest.EachWith(t, access.Limits{Idle: time.Hour}, func(w *world) {
		p, stranger := chief(w), w.Keyed(boris)
		_, k := w.WithPasskey(p)
		_, second := w.WithPasskey(p)
		offer := func(which id.ID) access.Offer {
			w.Helper()
			o, err := w.Access.OfferRemoval(bg, p.Session, proof(w, p.Session, right), which)
			if err != nil {
				w.Fatal(err)
			}
			return o
		}
		o, another := offer(k.ID), offer(second.ID)
		signed, err := w.Sign(p, o)
		if err != nil {
			w.Fatal(err)
		}
		if doc, err := w.Access.Offered(p.Session, o.Token); err != nil || doc != o.Order {
			w.Errorf("%+v, %v", doc, err)
		}
		do := func(in access.Session, token string, s order.Signed) error {
			_, err := w.Access.CarryOut(context.Background(), in, token, s)
			return err
		}
		wants(w, "unsigned", do(p.Session, o.Token, order.Signed{}), access.ErrChangeProof)
		wants(w, "signed for another one", do(p.Session, another.Token, signed), access.ErrChangeProof)
		wants(w, "in another's session", do(stranger.Session, o.Token, signed), access.ErrChangeOffer)
		wants(w, "altered", do(p.Session, accesstest.Altered(o.Token), signed), access.ErrChangeOffer)
		wants(w, "no offer", do(p.Session, strings.Repeat("A", 9000), signed), access.ErrChangeOffer)
		next := p
		e, err := w.Access.Login(bg, p.DeviceToken.Reveal(), right, w.Prove(p))
		if err != nil {
			w.Fatal(err)
		}
		next.Session = e.Session
		wants(w, "in a later session", do(next.Session, o.Token, signed), access.ErrChangeOffer)
		if list, err := w.Access.Passkeys(bg, p.ID); err != nil || len(list) != 2 {
			w.Fatalf("%+v, %v", list, err)
		}
		p.Session = next.Session
		o = offer(k.ID)
		if signed, err = w.Sign(p, o); err != nil {
			w.Fatal(err)
		}
		if err := do(p.Session, o.Token, signed); err != nil {
			w.Fatal(err)
		}
		wants(w, "a second time", do(p.Session, o.Token, signed), order.ErrNotSigned)
		late := offer(second.ID)
		if signed, err = w.Sign(p, late); err != nil {
			w.Fatal(err)
		}
		w.Wait(10 * time.Minute)
		wants(w, "too late", do(p.Session, late.Token, signed), access.ErrChangeOffer)
		_, err = w.Access.Offered(p.Session, late.Token)
		wants(w, "shown too late", err, access.ErrChangeOffer)
		if list, err := w.Access.Passkeys(bg, p.ID); err != nil || len(list) != 1 || list[0].ID != second.ID {
			w.Errorf("%+v, %v", list, err)
		}
		if _, err := w.Access.OfferRemoval(bg, p.Session, access.Proof{}, second.ID); !errors.Is(err, access.ErrStepUp) {
			w.Error("without a proof:", err)
		}
	})
}
