package access_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/order/ordertest"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/money"
)

// A token that may send money has a key and caps and is a signed order of its
// own: whatever is changed between the page and the signature is refused.
func TestTransferTokenIsSigned(t *testing.T) {
	accesstest.Each(t, func(w *accesstest.World) {
		e, stranger := w.Newcomer(anya).Entry, w.Newcomer(boris).Entry
		orders := order.New(order.Deps{DB: w.DB, Vault: w.Vault})
		confirmed, err := w.Access.ConfirmPasscode(bg, e.Session, right)
		if err != nil {
			w.Fatal(err)
		}
		proof, who := confirmed.Proof, e.Session.Client
		_, spki := ordertest.Key(1)
		device, deviceKey := ordertest.Key(2)
		sign := func(who client.ID, d order.Document) order.Signed {
			w.Helper()
			s, err := orders.Accept(who, d, order.ByDevice(e.Session.Device, deviceKey, ordertest.Sign(w, device, d.Text)))
			if err != nil {
				w.Fatal(err)
			}
			return s
		}
		n := access.NewToken{
			Name: " Бот \"копилка\"\u202e ", Scopes: []access.Scope{access.ScopeTransfer}, TTL: 24 * time.Hour,
			PublicKey: spki, OrderCap: money.Rub(500_00), DayCap: money.Rub(1_000_00),
		}
		for name, bad := range map[string]struct {
			change func(*access.NewToken)
			want   error
		}{
			"no key":              {func(n *access.NewToken) { n.PublicKey = nil }, access.ErrTokenKey},
			"no such key":         {func(n *access.NewToken) { n.PublicKey = []byte("key") }, access.ErrTokenKey},
			"a key for reading":   {func(n *access.NewToken) { n.Scopes = []access.Scope{access.ScopeRead} }, access.ErrTokenKey},
			"no caps":             {func(n *access.NewToken) { n.OrderCap, n.DayCap = money.Amount{}, money.Amount{} }, access.ErrTokenCaps},
			"nothing":             {func(n *access.NewToken) { n.OrderCap = money.Rub(0) }, access.ErrTokenCaps},
			"less a day":          {func(n *access.NewToken) { n.DayCap = money.Rub(499_99) }, access.ErrTokenCaps},
			"above all limits":    {func(n *access.NewToken) { n.DayCap = money.Rub(1_500_000_01) }, access.ErrTokenCaps},
			"a negative cap":      {func(n *access.NewToken) { n.OrderCap = money.Rub(-1) }, access.ErrTokenCaps},
			"no name":             {func(n *access.NewToken) { n.Name = " " }, access.ErrTokenName},
			"an unknown scope":    {func(n *access.NewToken) { n.Scopes = []access.Scope{"admin"} }, access.ErrTokenScope},
			"a life of two years": {func(n *access.NewToken) { n.TTL = 2 * 365 * 24 * time.Hour }, access.ErrTokenExpiry},
		} {
			other := n
			bad.change(&other)
			_, _, err := w.Access.OfferToken(bg, who, other)
			wants(w, name, err, bad.want)
		}
		_, _, err = w.Access.CreateToken(bg, proof, n)
		wants(w, "without a signature", err, access.ErrTokenKey)

		offer, doc, err := w.Access.OfferToken(bg, who, n)
		if err != nil {
			w.Fatal(err)
		}
		for _, want := range []string{"what: new API token", "per order: 500.00 RUB", "per day: 1000.00 RUB", "scopes: transfer", order.KeyPrint(spki), `name: "Бот \"копилка\"\u202e"`} {
			if !strings.Contains(doc.Text, want) {
				w.Errorf("the order does not name %q:\n%s", want, doc.Text)
			}
		}
		if shown, again, err := w.Access.OfferedToken(who, offer); err != nil || again != doc || shown.OrderCap != n.OrderCap {
			w.Errorf("%+v, %+v, %v", shown, again, err)
		}
		other := n
		other.OrderCap = money.Rub(501_00)
		_, otherDoc, err := w.Access.OfferToken(bg, who, other)
		if err != nil {
			w.Fatal(err)
		}
		for name, c := range map[string]struct {
			proof  access.Proof
			offer  string
			signed order.Signed
			want   error
		}{
			"nothing signed":   {proof, offer, order.Signed{}, access.ErrTokenProof},
			"another offer":    {proof, offer, sign(who, otherDoc), access.ErrTokenProof},
			"another client":   {proof, offer, sign(stranger.Session.Client, doc), access.ErrTokenProof},
			"no passcode":      {access.Proof{}, offer, sign(who, doc), access.ErrStepUp},
			"an altered offer": {proof, accesstest.Altered(offer), sign(who, doc), access.ErrTokenOffer},
			"no offer":         {proof, "", sign(who, doc), access.ErrTokenOffer},
			"an endless offer": {proof, strings.Repeat("A", 10_000), sign(who, doc), access.ErrTokenOffer},
		} {
			_, _, err := w.Access.CreateSignedToken(bg, c.proof, c.offer, c.signed)
			wants(w, name, err, c.want)
		}
		if _, _, err := w.Access.OfferedToken(stranger.Session.Client, offer); !errors.Is(err, access.ErrTokenOffer) {
			w.Errorf("a stranger read the offer: %v", err)
		}

		tok, secret, err := w.Access.CreateSignedToken(bg, proof, offer, sign(who, doc))
		if err != nil || !tok.May(access.ScopeTransfer) || !tok.May(access.ScopeRead) {
			w.Fatalf("%+v, %v", tok, err)
		}
		_, _, err = w.Access.CreateSignedToken(bg, proof, offer, sign(who, doc))
		wants(w, "a second token of one order", err, order.ErrNotSigned)
		raw, err := orders.Receipt(bg, who, doc.ID)
		if err != nil {
			w.Fatal(err)
		}
		if r, err := order.Verify(raw, orders.Keys()); err != nil || r.Order.Text != doc.Text {
			w.Errorf("%+v, %v", r, err)
		}
		got, err := w.Access.ByToken(bg, secret.Reveal())
		if err != nil || string(got.PublicKey) != string(spki) || got.OrderCap != n.OrderCap || got.DayCap != n.DayCap {
			w.Errorf("%+v, %v", got, err)
		}
		standing := w.Access.TokenStanding(got)
		if standing.Level != client.Simplified || standing.Token != tok.ID || standing.TokenOrder != n.OrderCap || standing.TokenDay != n.DayCap || !standing.Reduced.IsZero() {
			w.Errorf("%+v", standing)
		}
		// A block holds from the next request on, in sessions and for tokens.
		state := func(to client.State) {
			if err := w.DB.Write(bg, func(tx db.Tx) error { return w.Clients.SetState(bg, tx, who, to) }); err != nil {
				w.Fatal(err)
			}
		}
		for _, to := range []client.State{client.Blocked, client.Active} {
			state(to)
			got, err := w.Access.ByToken(bg, secret.Reveal())
			byToken := w.Access.TokenStanding(got)
			in, err2 := w.Access.Session(bg, e.SessionToken.Reveal(), access.Watches)
			if blocked := to == client.Blocked; err != nil || err2 != nil || byToken.Blocked != blocked || in.Standing.Blocked != blocked {
				w.Errorf("state %d: %+v, %+v, %v, %v", to, byToken, in.Standing, err, err2)
			}
		}

		w.Wait(11 * time.Minute)
		late, err := w.Access.ConfirmPasscode(bg, e.Session, right)
		if err == nil {
			_, _, err = w.Access.CreateSignedToken(bg, late.Proof, offer, sign(who, doc))
			wants(w, "an old offer", err, access.ErrTokenOffer)
		}
	})
}

// A token of the first release that was made for transfers has no key: it reads.
func TestKeylessTokenReads(t *testing.T) {
	old := access.Token{Scopes: []access.Scope{access.ScopeRead, access.ScopeTransfer}}
	if !old.May(access.ScopeRead) || old.May(access.ScopeTransfer) {
		t.Error("a token without a key may send money")
	}
}
