package accesstest

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/ledger"
)

// CodeWord of everybody who has one.
const CodeWord = "Ёжик в тумане"

// Person is a client and the browser he uses.
type Person struct {
	ID    client.ID
	Phone phone.Number
	Key   *Key // nil without scripts
	access.Entry
}

// Approved makes a client whose card was approved and who has not been in yet:
// a code word, no passcode, no device.
func (w *World) Approved(p phone.Number) (who client.ID) {
	w.Helper()
	ctx := context.Background()
	hash, err := w.Access.HashCodeWord(ctx, CodeWord)
	if err != nil {
		w.Fatal(err)
	}
	err = w.DB.Write(ctx, func(tx db.Tx) error {
		var err error
		if who, err = client.NextID(ctx, tx); err != nil {
			return err
		}
		account, err := ledger.OpenAccount(ctx, tx, ledger.Opening{Owner: int64(who), Kind: ledger.KindCurrent, Currency: money.RUB})
		if err != nil {
			return err
		}
		err = w.Clients.Create(ctx, tx, client.New{
			ID: who, UID: id.NewSource(time.Now).New(), Name: client.Name{First: "Анна", Last: "Соколова"},
			Born: client.Date{Year: 1990, Month: time.May, Day: 17}, Phone: p, Lang: locale.Russian, Level: client.Simplified, Account: account,
		})
		if err != nil {
			return err
		}
		return w.Access.SetCodeWordHash(ctx, tx, who, hash)
	})
	if err != nil {
		w.Fatal(err)
	}
	return who
}

// Flow proves the phone for a login and gives the flow with its token.
func (w *World) Flow(p phone.Number) access.Flow {
	w.Helper()
	ctx := context.Background()
	f, err := w.Access.StartLogin(ctx, p, locale.Russian, Home)
	if err != nil {
		w.Fatal(err)
	}
	done, err := w.Access.ConfirmCode(ctx, access.ForLogin, f.Token.Reveal(), w.Code(p))
	if err != nil {
		w.Fatal(err)
	}
	done.Token = f.Token
	return done
}

// Keyed takes a client on whose first browser has a key of its own.
func (w *World) Keyed(p phone.Number) Person {
	w.Helper()
	who := w.Approved(p)
	key, f := NewKey(w.T), w.Flow(p)
	from := Home
	from.Key = key.Enrol(f.ID.Text(access.FlowPrefix))
	e, err := w.Access.FirstLogin(context.Background(), f.Token.Reveal(),
		access.First{CodeWord: CodeWord, Passcode: Passcode, Repeat: Passcode}, from)
	if err != nil {
		w.Fatal(err)
	}
	return Person{ID: who, Phone: p, Key: key, Entry: e}
}

// NewBrowser logs a client in by phone, code and passcode on a further browser
// with a key of its own.
func (w *World) NewBrowser(p Person) Person {
	w.Helper()
	key, f := NewKey(w.T), w.Flow(p.Phone)
	from := Home
	from.Key = key.Enrol(f.ID.Text(access.FlowPrefix))
	e, err := w.Access.FinishLogin(context.Background(), f.Token.Reveal(), Passcode, from)
	if err != nil {
		w.Fatal(err)
	}
	return Person{ID: p.ID, Phone: p.Phone, Key: key, Entry: e}
}

// Prove signs the login request of a person's browser.
func (w *World) Prove(p Person) access.Visitor {
	from := Home
	from.Proof = p.Key.Proof(w.Access.Nonce(p.Session.Device), "POST", "/login/passcode", []byte("passcode=•"))
	return from
}

// WithPasskey adds a passkey to a client and gives the authenticator that holds it.
func (w *World) WithPasskey(p Person) (*Authenticator, access.Passkey) {
	w.Helper()
	a := NewAuthenticator()
	k, err := w.AddPasskey(p, a)
	if err != nil {
		w.Fatal(err)
	}
	return a, k
}

// AddPasskey adds a passkey of this authenticator.
func (w *World) AddPasskey(p Person, a *Authenticator, spoil ...func(*Answer)) (access.Passkey, error) {
	ctx := context.Background()
	confirmed, err := w.Access.ConfirmPasscode(ctx, p.Session, Passcode)
	if err != nil {
		return access.Passkey{}, err
	}
	options, ref, err := w.Access.BeginPasskey(ctx, confirmed.Proof)
	if err != nil {
		return access.Passkey{}, err
	}
	answer, err := a.Create(options, spoil...)
	if err != nil {
		return access.Passkey{}, fmt.Errorf("authenticator: %w", err)
	}
	o, err := w.Access.OfferPasskey(ctx, p.Session, confirmed.Proof, ref, "Телефон", answer)
	done, err := w.CarryOut(p, o, err)
	return done.Passkey, err
}

// Sign confirms the order of an offer: with the key of a person's device, or
// with the code that is sent for it.
func (w *World) Sign(p Person, o access.Offer) (order.Signed, error) {
	orders := order.New(order.Deps{
		DB: w.DB, Vault: w.Vault, People: w.Clients, Messenger: w.Access, Host: "bank.example", Now: w.Now, Digits: access.NewCode,
	})
	if p.Key == nil {
		ctx, in := context.Background(), p.Session.Asker(Home.IP)
		if _, err := orders.SendCode(ctx, in, o.Order); err != nil {
			return order.Signed{}, err
		}
		return orders.AcceptCode(ctx, in, o.Order, w.OrderCode(p.Phone))
	}
	return orders.Accept(p.Session.Client, o.Order, p.Session.DeviceEvidence(p.Key.Sign(o.Order.Text)))
}

// Signs confirms the order of a change that a flow ends: with the key of the
// browser, or with the code that is sent for it.
func (w *World) Signs(key *Key) access.Signer {
	return func(ctx context.Context, c access.FlowChange, device id.ID, spki []byte) (order.Signed, error) {
		orders := order.New(order.Deps{
			DB: w.DB, Vault: w.Vault, People: w.Clients, Messenger: w.Access, Host: "bank.example", Now: w.Now, Digits: access.NewCode,
		})
		if spki == nil {
			in := c.Asker(device, Home.IP)
			if _, err := orders.SendCode(ctx, in, c.Order); err != nil {
				return order.Signed{}, err
			}
			return orders.AcceptCode(ctx, in, c.Order, w.OrderCode(c.To))
		}
		return orders.Accept(c.Client, c.Order, order.ByDevice(device, spki, key.Sign(c.Order.Text)))
	}
}

var orderCode = regexp.MustCompile(`#(\d{6})$`)

// OrderCode gives the code of the newest message that confirms an order.
func (w *World) OrderCode(p phone.Number) string {
	w.Helper()
	sent := w.Sent(p)
	for i := len(sent) - 1; i >= 0; i-- {
		if m := orderCode.FindStringSubmatch(sent[i].Text.Reveal()); m != nil {
			return m[1]
		}
	}
	w.Fatalf("no code of an order was sent to %v", p)
	return ""
}

// CarryOut signs what was offered and has it done; err is that of the offer.
func (w *World) CarryOut(p Person, o access.Offer, err error) (access.Done, error) {
	if err != nil {
		return access.Done{}, err
	}
	signed, err := w.Sign(p, o)
	if err != nil {
		return access.Done{}, err
	}
	return w.Access.CarryOut(context.Background(), p.Session, o.Token, signed)
}

// Tell keeps what the client would be told.
func (w *World) Tell(_ context.Context, _ db.Tx, n access.News) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told = append(w.told, n)
	return nil
}

// Told gives what clients were told since the last time.
func (w *World) Told() []access.News {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.told
	w.told = nil
	return out
}
