package privacy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/privacy"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

var bg = context.Background()

// house is the room with the world behind it and what its ports were asked.
type house struct {
	*accesstest.World
	*privacy.Service
	person    accesstest.Person
	takenBack []client.ID
	ended     time.Time // when the client's contract ended
}

var (
	when = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	anya = phone.Number("+79165550101")
)

func each(t *testing.T, fn func(h *house)) {
	t.Helper()
	t.Parallel()
	accesstest.Each(t, func(w *accesstest.World) {
		h := &house{World: w}
		h.Service = privacy.New(privacy.Deps{
			DB: w.DB, Vault: w.Vault, IDs: id.NewSource(time.Now), Clients: w.Clients, Cards: w.Cards, Operations: operation.New(w.DB, w.Vault), Access: w.Access,
			Bank: "Рокетбанк", Now: w.Now,
			Ports: privacy.Ports{
				Consents: func(context.Context, client.ID) ([]privacy.Consent, error) {
					return []privacy.Consent{{Kind: "marketing", Version: "2026-11-01", Given: true, At: when}}, nil
				},
				TakeBack: func(_ context.Context, _ db.Tx, who client.ID) error {
					h.takenBack = append(h.takenBack, who)
					return nil
				},
				Ended: func(context.Context, client.ID) (time.Time, error) { return h.ended, nil },
				Looks: func(context.Context, client.ID) ([]privacy.Look, error) {
					return []privacy.Look{{Who: "Мария О.", Role: "support", What: "phone", Reason: "звонок клиента", At: when}}, nil
				},
				Friends: func(context.Context, client.ID) ([]privacy.Friend, error) {
					return []privacy.Friend{{Name: "Паша с работы", Phone: "+79165550102", Favourite: true, Since: when}}, nil
				},
				Findable: func(context.Context, client.ID) (bool, error) { return true, nil },
				Authentications: func(context.Context, client.ID) ([]privacy.Authentication, error) {
					return []privacy.Authentication{{ID: "au_1", Card: "4821", Shop: "Лавка", Amount: "4990.00 RUB", At: when, Outcome: "approved", ByHolder: true}}, nil
				},
				Applications: func(context.Context, client.ID) ([]privacy.Application, error) {
					return []privacy.Application{{ID: "ap_1", State: "approved", Made: when, Changed: when, Documents: []string{"main"}}}, nil
				},
			},
		})
		h.person = w.Keyed(anya)
		h.fill()
		fn(h)
	})
}

// fill gives the client a card, papers, operations and a token.
func (h *house) fill() {
	h.Helper()
	c, err := h.Clients.ByID(bg, h.person.ID)
	if err != nil {
		h.Fatal(err)
	}
	ops := operation.New(h.DB, h.Vault)
	book, err := ledger.NewBook(bg, h.DB, ledger.Options{})
	if err != nil {
		h.Fatal(err)
	}
	defer func() {
		if err := book.Close(); err != nil {
			h.Error(err)
		}
	}()
	err = h.DB.Write(bg, func(tx db.Tx) error {
		if _, err := h.Cards.Issue(bg, tx, card.Order{Client: c.ID, Account: c.Account, Product: card.VirtualWorld, Name: c.Name}); err != nil {
			return err
		}
		if err := h.Clients.PutPapers(bg, tx, c.ID, client.Papers{Middle: "Петровна", Series: "4510", Number: "123456", City: "Москва"}, "ap_1"); err != nil {
			return err
		}
		var rows []db.Row
		for i := range 150 {
			row, err := ops.Row(operation.Operation{
				ID: ops.NewID(), Client: c.ID, Account: c.Account, Kind: operation.Kind(1 + i%4), State: operation.Done, Amount: money.Rub(-int64(100 + i)), Fee: money.Rub(0),
				Details: operation.Details{Name: "Павел К.", Message: "за обед 🍕"},
			})
			if err != nil {
				return err
			}
			rows = append(rows, row)
		}
		_, err := book.PostTx(bg, tx, ledger.Transaction{
			Owner: ledger.BankOwner, Key: ledger.Key(ops.NewID()), Kind: ledger.KindOpening, Phase: ledger.Posted, Rows: rows,
			Legs: []ledger.Leg{{Account: ledger.World, Amount: money.Rub(-100)}, {Account: c.Account, Amount: money.Rub(100)}},
		})
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	if _, _, err := h.Access.CreateToken(bg, h.proof(), access.NewToken{Name: "Учёт", Scopes: []access.Scope{access.ScopeRead}, TTL: 24 * time.Hour}); err != nil {
		h.Fatal(err)
	}
}

func (h *house) proof() access.Proof {
	h.Helper()
	c, err := h.Access.ConfirmPasscode(bg, h.person.Session, accesstest.Passcode)
	if err != nil {
		h.Fatal(err)
	}
	return c.Proof
}

// S12: the export holds everything of every room and no secret of any.
func TestS12_ExportIsWhole(t *testing.T) {
	each(t, func(h *house) {
		if _, err := h.Export(bg, access.Proof{}); !errors.Is(err, privacy.ErrStepUp) {
			h.Error("without a proof:", err)
		}
		p := h.proof()
		h.Wait(6 * time.Minute)
		if _, err := h.Export(bg, p); !errors.Is(err, privacy.ErrStepUp) {
			h.Error("with an old proof:", err)
		}
		e, err := h.Access.Login(bg, h.person.DeviceToken.Reveal(), accesstest.Passcode, h.Prove(h.person))
		if err != nil {
			h.Fatal(err)
		}
		h.person.Session = e.Session
		d, err := h.Export(bg, h.proof())
		if err != nil {
			h.Fatal(err)
		}
		raw, err := d.JSON()
		if err != nil {
			h.Fatal(err)
		}
		var got struct {
			Format string         `json:"format"`
			Client map[string]any `json:"client"`
			Papers []struct {
				Data map[string]string `json:"data"`
			} `json:"papers"`
			Cards        []map[string]any `json:"cards"`
			Operations   []map[string]any `json:"operations"`
			Devices      []map[string]any `json:"devices"`
			Sessions     []map[string]any `json:"sessions"`
			Passkeys     []map[string]any `json:"passkeys"`
			Logins       []map[string]any `json:"logins"`
			Tokens       []map[string]any `json:"api_tokens"`
			Consents     []map[string]any `json:"consents"`
			Looks        []map[string]any `json:"looks"`
			Applications []map[string]any `json:"applications"`
			Internet     []map[string]any `json:"internet_authentications"`
			Friends      []map[string]any `json:"friends"`
			Retention    []map[string]any `json:"retention"`
		}
		if err := json.Unmarshal(raw, &got); err != nil {
			h.Fatal(err)
		}
		counts := map[string]int{
			"papers": len(got.Papers), "cards": len(got.Cards), "operations": len(got.Operations), "devices": len(got.Devices),
			"sessions": len(got.Sessions), "logins": len(got.Logins), "tokens": len(got.Tokens), "consents": len(got.Consents),
			"looks": len(got.Looks), "applications": len(got.Applications),
			"internet": len(got.Internet), "friends": len(got.Friends),
		}
		want := map[string]int{
			"papers": 1, "cards": 1, "operations": 150, "devices": 1, "sessions": 1, "logins": 2, "tokens": 1, "consents": 1, "looks": 1, "applications": 1, "internet": 1, "friends": 1,
		}
		if d := cmp.Diff(want, counts); d != "" {
			h.Error(d)
		}
		if got.Client["phone"] != anya.E164() || got.Client["last_name"] != "Соколова" || got.Papers[0].Data["number"] != "123456" || got.Client["code_word_set"] != true {
			h.Errorf("%+v", got.Client)
		}
		if got.Operations[0]["amount"] != "-2.49" || got.Operations[149]["amount"] != "-1.00" || got.Passkeys == nil {
			h.Errorf("%+v", got.Operations[0])
		}
		number := got.Cards[0]["number"].(string)
		if len(strings.Map(digits, number)) != 10 {
			h.Errorf("the card shows as %q", number)
		}
		for _, secret := range []string{
			accesstest.CodeWord, "туман", h.person.DeviceToken.Reveal(), h.person.SessionToken.Reveal(), "argon2", accesstest.Passcode + `"`,
		} {
			if bytes.Contains(raw, []byte(secret)) {
				h.Errorf("the file holds %q", secret)
			}
		}
	})
}

// S12: where a plastic card goes is in the client's own copy, and nowhere in
// the clear besides.
func TestS12_ExportHasDeliveries(t *testing.T) {
	each(t, func(h *house) {
		const address, wish = "Казань, улица Баумана, дом 44", "Позвоните за час"
		_, err := h.Cards.OrderPlastic(bg, h.person.ID, card.NewPlastic{Place: card.Place{Address: address, Wish: wish}})
		if err != nil {
			h.Fatal(err)
		}
		d, err := h.Export(bg, h.proof())
		if err != nil {
			h.Fatal(err)
		}
		if len(d.Cards) != 2 || d.Cards[0].Delivery != nil || d.Cards[1].Delivery == nil || d.Cards[1].Delivery.Address != address || d.Cards[1].Delivery.State != "ordered" {
			h.Fatalf("%+v", d.Cards)
		}
		raw, err := d.JSON()
		if err != nil || !bytes.Contains(raw, []byte(address)) || !bytes.Contains(raw, []byte(`"shop": "Лавка"`)) {
			h.Error(err)
		}
		if _, err := d.PDF(locale.English); err != nil {
			h.Error(err)
		}
		var sealed []byte
		if err := h.DB.Row(bg, qPlace, int64(h.person.ID)).Scan(&sealed); err != nil || bytes.Contains(sealed, []byte("Баумана")) {
			h.Error("the address rests in the clear:", err)
		}
	})
}

var qPlace = db.Query(`SELECT place FROM card_delivery WHERE client = $1`)

func digits(r rune) rune {
	if r < '0' || r > '9' {
		return -1
	}
	return r
}

// The same data give the same bytes, in both forms and both languages, and the
// trail says that they left the house.
func TestExportRepeats(t *testing.T) {
	each(t, func(h *house) {
		d, err := h.Export(bg, h.proof())
		if err != nil {
			h.Fatal(err)
		}
		for _, lang := range []locale.Lang{locale.Russian, locale.English} {
			one, err1 := d.PDF(lang)
			two, err2 := d.PDF(lang)
			if err1 != nil || err2 != nil || !bytes.Equal(one, two) || !bytes.HasPrefix(one, []byte("%PDF-")) || len(one) > 400_000 {
				h.Errorf("%d and %d bytes, %v %v", len(one), len(two), err1, err2)
			}
		}
		one, _ := d.JSON()
		if two, _ := d.JSON(); !bytes.Equal(one, two) {
			h.Error("two JSON files of the same data differ")
		}
		if n := h.acts("privacy.exported"); n != 1 {
			h.Errorf("%d lines in the trail", n)
		}
	})
}

var qActs = db.Query(`SELECT COUNT(*) FROM audit WHERE act = $1`)

func (h *house) acts(act string) (n int) {
	h.Helper()
	if err := h.DB.Row(bg, qActs, act).Scan(&n); err != nil {
		h.Fatal(err)
	}
	return n
}

// S12: a request to delete takes back at once what an account can do without,
// waits thirty days at most for its answer, and names the law of what stays.
func TestS12_Deletion(t *testing.T) {
	each(t, func(h *house) {
		if _, err := h.RequestDeletion(bg, access.Proof{}); !errors.Is(err, privacy.ErrStepUp) {
			h.Error("without a proof:", err)
		}
		who := h.person.ID
		if err := h.WithdrawDeletion(bg, who); !errors.Is(err, privacy.ErrNoDeletion) {
			h.Error("nothing asked:", err)
		}
		d, err := h.RequestDeletion(bg, h.proof())
		if err != nil || d.AnswerBy.Sub(d.Made) != 30*24*time.Hour || len(h.takenBack) == 0 {
			h.Fatal(d, h.takenBack, err)
		}
		if _, err := h.RequestDeletion(bg, h.proof()); !errors.Is(err, privacy.ErrOpen) {
			h.Error("twice:", err)
		}
		open, err := h.OpenDeletion(bg, who)
		if err != nil || open == nil || open.ID != d.ID {
			h.Error(open, err)
		}
		if due, err := h.DueDeletions(bg, 10); err != nil || len(due) != 1 || due[0].Client != who {
			h.Error(due, err)
		}
		if err := h.WithdrawDeletion(bg, who); err != nil {
			h.Error(err)
		}
		if d, err = h.RequestDeletion(bg, h.proof()); err != nil {
			h.Error("asked again:", err)
		}
		if _, err := h.AnswerDeletion(bg, staff{}, id.ID{9}); !errors.Is(err, privacy.ErrNoDeletion) {
			h.Error("no such request:", err)
		}
		said, err := h.AnswerDeletion(bg, staff{}, d.ID)
		if err != nil || gone(said) != "marketing,friends" {
			h.Error(said, err)
		}
		if _, err := h.AnswerDeletion(bg, staff{}, d.ID); !errors.Is(err, privacy.ErrNoDeletion) {
			h.Error("answered twice:", err)
		}
		if p, err := h.Clients.Papers(bg, who); err != nil || p.Number != "123456" {
			h.Error("the papers of a running contract went:", err)
		}
		all, err := h.Deletions(bg, who)
		if err != nil || len(all) != 2 || all[0].State != privacy.Answered || all[1].State != privacy.Withdrawn {
			h.Error(all, err)
		}
		if h.acts("privacy.deletion_asked") != 2 || h.acts("privacy.deletion_answered") != 1 {
			h.Error("the trail says otherwise")
		}
		err = h.DB.Read(bg, func(r db.Reader) error {
			_, breaches, err := audit.Verify(bg, r)
			if len(breaches) != 0 {
				h.Error(breaches)
			}
			return err
		})
		if err != nil {
			h.Error(err)
		}
	})
}

func gone(all []privacy.Verdict) string {
	var out []string
	for _, v := range all {
		if v.Gone {
			out = append(out, v.What)
		}
	}
	return strings.Join(out, ",")
}

// What the law lets go is shredded with the answer, and what it still keeps is
// not: papers and pictures five years after the contract's end, to the day.
func TestS12_AnswerShreds(t *testing.T) {
	each(t, func(h *house) {
		for _, c := range []struct {
			age  time.Duration
			gone string
		}{
			{-24 * time.Hour, "marketing,friends,cards,access,consents"},
			{0, "marketing,friends,person,scans,operations,disputes,orders,cards,access,trail,consents"},
		} {
			h.ended = h.DB.Now().AddDate(-5, 0, 0).Add(-c.age)
			d, err := h.RequestDeletion(bg, h.proof())
			if err != nil {
				h.Fatal(err)
			}
			said, err := h.AnswerDeletion(bg, staff{}, d.ID)
			if err != nil || gone(said) != c.gone {
				h.Errorf("%s: %q, %v", c.age, gone(said), err)
			}
			shredded := strings.Contains(c.gone, "person")
			if _, err := h.Clients.Papers(bg, h.person.ID); errors.Is(err, client.ErrNobody) != shredded {
				h.Errorf("%s: papers: %v", c.age, err)
			}
			var details []byte
			if err := h.DB.Row(bg, qAnswer, d.ID.Text(privacy.DeletionPrefix)).Scan(&details); err != nil || !strings.HasPrefix(string(details), "gone "+c.gone+"; kept") {
				h.Errorf("%s: the trail says %q, %v", c.age, details, err)
			}
		}
		sealed, err := h.Vault.Seal(vault.PII, vault.At{Table: "t"}, nil)
		if err != nil || len(sealed) == 0 {
			h.Error("the vault itself must go on:", err)
		}
		err = h.DB.Write(bg, func(tx db.Tx) error {
			_, err := h.Vault.SealFor(bg, tx, int64(h.person.ID), vault.Scan, vault.At{Table: "scan.picture"}, nil)
			return err
		})
		if !errors.Is(err, vault.ErrShredded) {
			h.Error("the client's key is still there:", err)
		}
	})
}

var qAnswer = db.Query(`SELECT details FROM audit WHERE act = 'privacy.deletion_answered' AND subject = $1`)

type staff struct{}

func (staff) Name() string { return "Мария О." }
func (staff) Ref() string  { return "sm_maria" }

// Every kind of data, rule and state has words in both languages.
func TestRetentionHasWords(t *testing.T) {
	t.Parallel()
	for _, lang := range []locale.Lang{locale.Russian, locale.English} {
		p := locale.For(lang)
		for _, k := range privacy.Retention() {
			if !p.Has("privacy.data_"+k.What) || k.Rule != "" && !p.Has("privacy.rule_"+k.Rule) || strings.Contains(k.Sentence(p), "{") {
				t.Errorf("%+v in %s: %q", k, lang, k.Sentence(p))
			}
		}
		for _, s := range []privacy.DeletionState{privacy.Asked, privacy.Answered, privacy.Withdrawn} {
			if !p.Has("privacy.deletion_" + s.Name()) {
				t.Errorf("no word for %s in %s", s.Name(), lang)
			}
		}
	}
}
