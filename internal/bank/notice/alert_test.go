package notice_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/notice"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/outbox"
)

// pages counts who was woken.
type pages map[client.ID]int

func (p pages) Kick(who client.ID) { p[who]++ }

// A client hears of a new device once, by SMS with a link that says «Это не я»
// and opens nothing else, and his open pages wake.
func TestAlertIsTold(t *testing.T) {
	banktest.Each(t, func(b *banktest.Bank) {
		anna := b.Client("Анна", "Соколова", 0)
		g, woken := &gateway{sent: map[string]notice.SMS{}}, pages{}
		s := notice.New(notice.Deps{
			DB: b.DB, Vault: b.Vault, People: b.Directory, Operations: b.Operations, Sender: g, Now: b.Clock.Now,
			IDs: b.IDs, Live: woken, Origin: "https://bank.example",
		})
		w := outbox.NewWorker(b.DB, s.Handlers(), nil)
		b.Do(func(ctx context.Context, tx db.Tx) error {
			return s.Tell(ctx, tx, access.News{Kind: access.NewDevice, Client: anna.ID, Device: b.IDs.New(), Name: "Firefox, Linux", Place: "Firefox, Linux, 203.0.113.•"})
		})
		work(b, w)
		b.Clock.Add(time.Hour)
		work(b, w)
		m := g.only(b)
		text, link, ok := strings.Cut(m.Text.Reveal(), " Не вы? https://bank.example/n/")
		if !ok || text != "Новый вход в Рокетбанк: Firefox, Linux." || m.To != anna.Phone || woken[anna.ID] != 1 {
			b.Errorf("to %s: %q, woken %v", m.To.E164(), m.Text.Reveal(), woken)
		}
		doors := access.New(b.DB, b.Vault, b.IDs, b.Directory, access.Options{Now: b.Clock.Now})
		if a, err := doors.NotMeAbout(ctx, link); err != nil || a.Client != anna.ID || a.Name != "Firefox, Linux" {
			b.Errorf("%+v, %v", a, err)
		}
		if a, err := doors.NotMe(ctx, link); err != nil || a.Denied.IsZero() {
			b.Errorf("%+v, %v", a, err)
		}
	})
}

// What changed the number is told to the number before it.
func TestAlertGoesToTheOldNumber(t *testing.T) {
	banktest.Each(t, func(b *banktest.Bank) {
		anna := b.Client("Анна", "Соколова", 0)
		g := &gateway{sent: map[string]notice.SMS{}}
		s := notice.New(notice.Deps{DB: b.DB, Vault: b.Vault, People: b.Directory, Operations: b.Operations, Sender: g, Now: b.Clock.Now, IDs: b.IDs})
		b.Do(func(ctx context.Context, tx db.Tx) error {
			if err := b.Directory.ChangePhone(ctx, tx, anna.ID, "+79165557777"); err != nil {
				return err
			}
			return access.NewRaiser(b.Vault, b.Clock.Now).Raise(ctx, tx, b.IDs.New(), anna.ID, access.Alert{
				Kind: access.AlertPhone, To: anna.Phone, Phone: "+7 916 •••-••-77",
			})
		})
		work(b, outbox.NewWorker(b.DB, s.Handlers(), nil))
		if m := g.only(b); m.To != anna.Phone || !strings.HasPrefix(m.Text.Reveal(), "Номер в Рокетбанке изменён на +7 916 •••-••-77.") {
			b.Errorf("to %s: %q", m.To.E164(), m.Text.Reveal())
		}
	})
}

// Every kind of alert has words in both languages.
func TestAlertsHaveWords(t *testing.T) {
	t.Parallel()
	for _, k := range []access.AlertKind{
		access.AlertKind(access.NewDevice), access.AlertKind(access.NewPasskey), access.AlertKind(access.WrongPasscodes),
		access.AlertKind(access.StolenCookie), access.AlertKind(access.OtherBrowser), access.AlertPasscode, access.AlertPhone, access.AlertPhoneAsked,
		access.AlertCodeWord, access.AlertCodeWordHeard, access.AlertCodeWordWrong, access.AlertRecovery, access.AlertPerson, access.AlertPersonAsked, "something else",
	} {
		key := notice.AlertText(k)
		for _, lang := range []locale.Lang{locale.Russian, locale.English} {
			if p := locale.For(lang); !p.Has(key) || k != "something else" && key == "notice.something" {
				t.Errorf("%s: no words in %s", k, lang)
			}
		}
	}
}
