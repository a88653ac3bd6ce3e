package notice_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/notice"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/order/ordertest"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/outbox"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

var ctx = context.Background()

// gateway is the SMS gateway of the tests: one message per key.
type gateway struct {
	mu    sync.Mutex
	sent  map[string]notice.SMS
	calls int
	fail  error
}

func (g *gateway) Send(_ context.Context, m notice.SMS) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calls++
	if g.fail != nil {
		return "", g.fail
	}
	g.sent[m.Key] = m
	return "gw-" + m.Key, nil
}

func (g *gateway) only(b *banktest.Bank) notice.SMS {
	b.Helper()
	if len(g.sent) != 1 {
		b.Fatalf("%d messages", len(g.sent))
	}
	for _, m := range g.sent {
		return m
	}
	panic("unreachable")
}

func each(t *testing.T, fn func(b *banktest.Bank, g *gateway, s *notice.Service, w *outbox.Worker)) {
	t.Helper()
	banktest.Each(t, func(b *banktest.Bank) {
		g := &gateway{sent: map[string]notice.SMS{}}
		s := notice.New(notice.Deps{DB: b.DB, Vault: b.Vault, People: b.Directory, Operations: b.Operations, Sender: g, Now: b.Clock.Now})
		fn(b, g, s, outbox.NewWorker(b.DB, s.Handlers(), slog.New(slog.DiscardHandler)))
	})
}

func work(b *banktest.Bank, w *outbox.Worker) {
	b.Helper()
	if _, err := w.Once(ctx); err != nil {
		b.Fatal(err)
	}
}

// send makes a transfer of so many kopecks from Anna to Pavel.
func send(b *banktest.Bank, kopecks int64) (anna, pavel banktest.Person) {
	b.Helper()
	anna, pavel = b.Client("Анна", "Соколова", 400_000), b.Client("Павел", "Кузнецов", 0)
	s := transfer.New(transfer.Deps{DB: b.DB, Book: b.Book, Vault: b.Vault, People: b.Directory, Operations: b.Operations, Limits: b.Limits, Tariffs: tariff.New(b.DB)})
	to, err := s.Resolve(ctx, anna.ID, pavel.Phone, "")
	if err != nil {
		b.Fatal(err)
	}
	q, err := s.Quote(ctx, anna.ID, anna.Account, to.Token, money.Rub(kopecks))
	if err != nil {
		b.Fatal(err)
	}
	o, err := s.Order(anna.ID, q.Token, "секретное сообщение")
	if err != nil {
		b.Fatal(err)
	}
	key, spki := ordertest.Key(1)
	signed, err := order.New(order.Deps{DB: b.DB, Vault: b.Vault}).Accept(anna.ID, o, order.ByDevice(b.IDs.New(), spki, ordertest.Sign(b, key, o.Text)))
	if err != nil {
		b.Fatal(err)
	}
	_, err = s.ToFriend(ctx, transfer.ToFriend{
		Client: anna.ID, Key: ledger.Key(b.IDs.New()), Quote: q.Token, Message: "секретное сообщение", Signed: signed,
	})
	if err != nil {
		b.Fatal(err)
	}
	return anna, pavel
}

// The payee is told once, even when the answer of the gateway is lost, and the
// text says who and how much but not what was written.
func TestPayeeIsTold(t *testing.T) {
	each(t, func(b *banktest.Bank, g *gateway, s *notice.Service, w *outbox.Worker) {
		_, pavel := send(b, 5_000_50)
		g.fail = errors.New("timeout")
		work(b, w)
		b.Clock.Add(time.Minute)
		g.fail = nil
		work(b, w)
		b.Clock.Add(time.Hour)
		work(b, w)
		m := g.only(b)
		if m.To != pavel.Phone || m.Text.Reveal() != "Анна С.: вам 5\u00a0000,50\u00a0₽. Деньги уже на карте. Рокетбанк" || g.calls != 2 {
			b.Errorf("to %s: %q, %d calls", m.To.E164(), m.Text.Reveal(), g.calls)
		}
		for _, r := range []struct{ say, want string }{{notice.Delivered, notice.Delivered}, {notice.Undelivered, notice.Delivered}} {
			if err := s.Receipt(ctx, notice.DeliveryReceipt{GatewayID: "gw-" + m.Key, State: r.say, At: b.Clock.Now()}); err != nil {
				b.Error(err)
			}
			if got, err := s.Status(ctx, "gw-"+m.Key); err != nil || got != r.want {
				b.Errorf("%s, %v", got, err)
			}
		}
		if err := s.Receipt(ctx, notice.DeliveryReceipt{GatewayID: "gw-other", State: notice.Delivered}); !errors.Is(err, notice.ErrUnknownMessage) {
			b.Error(err)
		}
	})
}

func TestPayeeIsToldInHisLanguage(t *testing.T) {
	each(t, func(b *banktest.Bank, g *gateway, s *notice.Service, w *outbox.Worker) {
		_, pavel := send(b, 100_00)
		if err := b.Directory.SetLang(ctx, pavel.ID, locale.English); err != nil {
			b.Fatal(err)
		}
		work(b, w)
		if m := g.only(b); !strings.Contains(m.Text.Reveal(), "sent you ₽100") {
			b.Errorf("%q", m.Text.Reveal())
		}
	})
}

// A text is one part of a message: 70 UTF-16 units, for the longest usual name
// and the largest sum.
func TestTextIsOnePart(t *testing.T) {
	p := locale.For(locale.Russian)
	text := p.T("notice.transfer_in", locale.A("name", "Константин К."), locale.A("amount", money.Rub(100_000_00)), locale.A("brand", p.T("notice.brand")))
	if n := len(utf16.Encode([]rune(text))); n > 70 {
		t.Errorf("%q takes %d units", text, n)
	}
}

// A message of another room leaves sealed until it is sent, and not when it is too old.
func TestMessagesOfOtherRooms(t *testing.T) {
	each(t, func(b *banktest.Bank, g *gateway, s *notice.Service, w *outbox.Worker) {
		put := func(text string, until time.Time) {
			b.Do(func(ctx context.Context, tx db.Tx) error {
				return access.SendSMS(ctx, tx, b.Vault, 0, access.SMS{Key: b.IDs.New(), To: "+79165550123", Text: vault.Hide(text), Until: until})
			})
		}
		put("код 123456", b.Clock.Now().Add(5*time.Minute))
		put("старый код 654321", b.Clock.Now())
		work(b, w)
		if m := g.only(b); m.Text.Reveal() != "код 123456" || m.To != "+79165550123" || len(m.Key) != 36 {
			b.Errorf("%q", m.Text.Reveal())
		}
	})
}

// A final no ends the matter; a broken event is kept for people.
func TestRejectedAndBroken(t *testing.T) {
	each(t, func(b *banktest.Bank, g *gateway, s *notice.Service, w *outbox.Worker) {
		send(b, 100_00)
		g.fail = &notice.Rejected{Reason: "bad_number"}
		work(b, w)
		if waiting, dead, err := outbox.Stats(ctx, b.DB); waiting != 0 || dead != 0 || err != nil {
			b.Errorf("%d waiting, %d dead, %v", waiting, dead, err)
		}
		b.Do(func(ctx context.Context, tx db.Tx) error {
			for _, e := range []outbox.Event{
				{ID: b.IDs.New(), Topic: notice.TopicTransferDone, Owner: 77, Payload: []byte("short")},
				{ID: b.IDs.New(), Topic: notice.TopicTransferDone, Owner: 77, Payload: make([]byte, 16)},
				{ID: b.IDs.New(), Topic: access.SMSTopic, Payload: []byte("open text")},
			} {
				if err := outbox.Add(ctx, tx, e); err != nil {
					return err
				}
			}
			return nil
		})
		work(b, w)
		if waiting, dead, err := outbox.Stats(ctx, b.DB); waiting != 0 || dead != 3 || err != nil {
			b.Errorf("%d waiting, %d dead, %v", waiting, dead, err)
		}
	})
}
