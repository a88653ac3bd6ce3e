package transfer_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/order/ordertest"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/ledger"
)

var ctx = context.Background()

// desk is the transfer room of a bank in small.
type desk struct {
	*banktest.Bank
	transfers *transfer.Service
	orders    *order.Service
	device    id.ID
}

// full is a client of whom the bank knows everything, on a device with a key.
var full = client.Standing{Level: client.Full}

func deskOf(b *banktest.Bank) desk {
	orders := order.New(order.Deps{DB: b.DB, Vault: b.Vault})
	return desk{b, transfer.New(transfer.Deps{
		DB: b.DB, Book: b.Book, Vault: b.Vault, People: b.Directory, Operations: b.Operations, Limits: b.Limits, Tariffs: tariff.New(b.DB),
		Orders: orders,
	}), orders, b.IDs.New()}
}

var key, public = ordertest.Key(1)

// each runs fn on both engines with Anna, who has 400 000 ₽, and Pavel.
func each(t *testing.T, fn func(d desk, anna, pavel banktest.Person)) {
	t.Helper()
	banktest.Each(t, func(b *banktest.Bank) {
		fn(deskOf(b), b.Client("Анна", "Соколова", 400_000), b.Client("Павел", "Кузнецов", 0))
	})
}

func (d desk) payee(from banktest.Person, to phone.Number) transfer.Payee {
	d.Helper()
	p, err := d.transfers.Resolve(ctx, from.ID, to, "")
	if err != nil {
		d.Fatal(err)
	}
	return p
}

// order makes a confirmed order of so many kopecks.
func (d desk) order(from banktest.Person, to transfer.Payee, kopecks int64, message string) transfer.ToFriend {
	d.Helper()
	q, err := d.transfers.Quote(ctx, from.ID, from.Account, to.Token, money.Rub(kopecks))
	if err != nil {
		d.Fatal(err)
	}
	return d.confirmed(transfer.ToFriend{Client: from.ID, Key: ledger.Key(d.IDs.New()), Quote: q.Token, Message: message})
}

func (d desk) confirmed(cmd transfer.ToFriend) transfer.ToFriend {
	d.Helper()
	o, err := d.transfers.Order(cmd.Client, cmd.Quote, cmd.Message)
	if err != nil {
		d.Fatal(err)
	}
	if cmd.Signed, err = d.orders.Accept(cmd.Client, o, order.ByDevice(d.device, public, ordertest.Sign(d, key, o.Text))); err != nil {
		d.Fatal(err)
	}
	if cmd.Standing == (client.Standing{}) {
		cmd.Standing = full
	}
	return cmd
}

func TestToFriend(t *testing.T) {
	each(t, func(d desk, anna, pavel banktest.Person) {
		to := d.payee(anna, pavel.Phone)
		if to.Name != "Павел К." || to.Phone != pavel.Phone {
			d.Errorf("payee %q %q", to.Name, to.Phone.E164())
		}
		r, err := d.transfers.ToFriend(ctx, d.order(anna, to, 5_000_00, " За кофе\u0301 "))
		if err != nil {
			d.Fatal(err)
		}
		if r.Amount != money.Rub(5_000_00) || !r.Fee.IsZero() || r.Total != r.Amount || r.Balance != money.Rub(395_000_00) ||
			r.Message != "За кофе\u0301" || r.To.Name != "Павел К." || r.Replay || !r.At.Equal(banktest.Noon) {
			d.Errorf("receipt %+v", r)
		}
		if got := d.Balance(anna.Account); got != 395_000_00 {
			d.Errorf("Anna has %d", got)
		}
		if got := d.Balance(pavel.Account); got != 5_000_00 {
			d.Errorf("Pavel has %d", got)
		}
		d.Agrees(anna, 400_000)
		d.Agrees(pavel, 0)
		if report, err := ledger.Verify(ctx, d.DB, operation.Check); err != nil || len(report.Breaches) > 0 {
			d.Errorf("%+v, %v", report.Breaches, err)
		}

		out, in := d.Feed(anna.ID), d.Feed(pavel.ID)
		if len(out) != 1 || out[0].Kind != operation.TransferOut || out[0].Amount != money.Rub(-5_000_00) ||
			out[0].Details.Name != "Павел К." || out[0].Details.Message != "За кофе\u0301" || out[0].Txn != r.ID || out[0].ID != r.ID {
			d.Errorf("Anna's feed: %+v", out)
		}
		if len(in) != 1 || in[0].Kind != operation.TransferIn || in[0].Amount != money.Rub(5_000_00) ||
			in[0].Details.Name != "Анна С." || in[0].Details.Phone != "" || in[0].Details.Order != "" {
			d.Errorf("Pavel's feed: %+v", in)
		}
		again, err := d.transfers.Receipt(ctx, anna.ID, r.ID)
		if err != nil || again.Amount != r.Amount || again.To.Name != r.To.Name || again.Message != r.Message || again.From != anna.Account {
			d.Errorf("receipt by id: %+v, %v", again, err)
		}
		if _, err := d.transfers.Receipt(ctx, pavel.ID, r.ID); !errors.Is(err, transfer.ErrMissing) {
			d.Errorf("the payee read the payer's receipt: %v", err)
		}
	})
}

// The evidence names who, what, how much, to whom, when and which order, and a
// proof of one order is worth nothing for another (M06's place, M07).
func TestOrderIsBoundToItsContent(t *testing.T) {
	each(t, func(d desk, anna, pavel banktest.Person) {
		to := d.payee(anna, pavel.Phone)
		good := d.order(anna, to, 100_00, "раз")
		o, err := d.transfers.Order(anna.ID, good.Quote, good.Message)
		if err != nil {
			d.Fatal(err)
		}
		for _, want := range []string{"transfer to a friend", "amount: 100.00 RUB", `"Павел К."`, "when: 2026-11-22T09:00:00Z", `message: "раз"`, o.ID.Text("or"), pavel.Phone.E164()} {
			if !strings.Contains(o.Text, want) {
				d.Errorf("the order does not name %q:\n%s", want, o.Text)
			}
		}
		otherSum, otherMessage, otherClient, none := d.order(anna, to, 101_00, "раз"), good, d.order(anna, to, 100_00, "раз"), good
		otherSum.Signed, otherMessage.Message, none.Signed = good.Signed, "два", order.Signed{}
		if otherClient.Signed, err = d.orders.Accept(pavel.ID, o, order.ByDevice(d.device, public, ordertest.Sign(d, key, o.Text))); err != nil {
			d.Fatal(err)
		}
		for name, cmd := range map[string]transfer.ToFriend{"sum": otherSum, "message": otherMessage, "client": otherClient, "none": none} {
			if _, err := d.transfers.ToFriend(ctx, cmd); !errors.Is(err, transfer.ErrNotProved) {
				d.Errorf("%s: %v", name, err)
			}
		}
		if d.Balance(anna.Account) != 400_000_00 {
			d.Error("money moved without proof")
		}
		r, err := d.transfers.ToFriend(ctx, good)
		if err != nil {
			d.Fatal(err)
		}
		if r.Order != o.ID {
			d.Errorf("the receipt names the order %v", r.Order)
		}
		signed, err := d.transfers.SignedOrder(ctx, anna.ID, r.ID)
		if err != nil || signed != o.ID {
			d.Errorf("the transfer carried out %v, %v", signed, err)
		}
		raw, err := d.orders.Receipt(ctx, anna.ID, signed)
		if err != nil {
			d.Fatal(err)
		}
		report, err := order.Verify(raw, d.orders.Keys())
		if err != nil || report.Order.Text != o.Text {
			d.Errorf("the receipt says %+v, %v", report, err)
		}
		if _, err := d.transfers.SignedOrder(ctx, pavel.ID, r.ID); !errors.Is(err, transfer.ErrMissing) {
			d.Errorf("the order of a stranger: %v", err)
		}
		if _, err := d.orders.Receipt(ctx, pavel.ID, signed); !errors.Is(err, order.ErrNoReceipt) {
			d.Errorf("the receipt of a stranger: %v", err)
		}
	})
}

// One key, a thousand tries at once: one transfer and a thousand equal answers (M04).
func TestThousandRetriesPostOnce(t *testing.T) {
	each(t, func(d desk, anna, pavel banktest.Person) {
		cmd := d.order(anna, d.payee(anna, pavel.Phone), 100_00, "")
		var wg sync.WaitGroup
		var first, busy atomic.Int64
		answers := make([]transfer.Receipt, 1000)
		for i := range answers {
			wg.Go(func() {
				for {
					r, err := d.transfers.ToFriend(ctx, cmd)
					if fault.CodeOf(err) == fault.Busy {
						busy.Add(1)
						continue
					}
					if err != nil {
						d.Error(err)
						return
					}
					if !r.Replay {
						first.Add(1)
					}
					answers[i] = r
					return
				}
			})
		}
		wg.Wait()
		for _, r := range answers {
			if r.ID != answers[0].ID || r.Amount != answers[0].Amount {
				d.Fatalf("answers differ: %+v and %+v", r, answers[0])
			}
		}
		if first.Load() != 1 || d.Balance(pavel.Account) != 100_00 || len(d.Feed(pavel.ID)) != 1 {
			d.Errorf("%d first answers, Pavel has %d in %d operations", first.Load(), d.Balance(pavel.Account), len(d.Feed(pavel.ID)))
		}
	})
}

func TestKeyWithOtherContentIsAConflict(t *testing.T) {
	each(t, func(d desk, anna, pavel banktest.Person) {
		to := d.payee(anna, pavel.Phone)
		cmd := d.order(anna, to, 100_00, "")
		first, err := d.transfers.ToFriend(ctx, cmd)
		if err != nil {
			d.Fatal(err)
		}
		for name, other := range map[string]transfer.ToFriend{"sum": d.order(anna, to, 200_00, ""), "message": d.order(anna, to, 100_00, "привет")} {
			other.Key = cmd.Key
			if _, err := d.transfers.ToFriend(ctx, other); !errors.Is(err, transfer.ErrKeyReused) {
				d.Errorf("%s: %v", name, err)
			}
		}
		// The same content with a new quote is the same order.
		same := d.order(anna, to, 100_00, "")
		same.Key = cmd.Key
		if r, err := d.transfers.ToFriend(ctx, same); err != nil || r.ID != first.ID || !r.Replay {
			d.Errorf("%+v, %v", r, err)
		}
		if d.Balance(pavel.Account) != 100_00 {
			d.Error("it was paid twice")
		}
	})
}

// A reply that was lost is asked for again after the quote has run out: the key
// comes before everything else.
func TestLateRepeatGetsItsAnswer(t *testing.T) {
	each(t, func(d desk, anna, pavel banktest.Person) {
		to := d.payee(anna, pavel.Phone)
		cmd, late := d.order(anna, to, 100_00, ""), d.order(anna, to, 100_00, "")
		first, err := d.transfers.ToFriend(ctx, cmd)
		if err != nil {
			d.Fatal(err)
		}
		d.Clock.Add(transfer.QuoteTTL)
		if r, err := d.transfers.ToFriend(ctx, cmd); err != nil || r.ID != first.ID || !r.Replay {
			d.Errorf("%+v, %v", r, err)
		}
		if _, err := d.transfers.ToFriend(ctx, late); !errors.Is(err, transfer.ErrQuoteExpired) {
			d.Errorf("an expired quote: %v", err)
		}
		if q, err := d.transfers.ReadQuote(ctx, anna.ID, late.Quote); !errors.Is(err, transfer.ErrQuoteExpired) || q.Amount != money.Rub(100_00) || q.To.Token == "" {
			d.Errorf("%+v, %v", q, err)
		}
		restarted := deskOf(d.Again())
		if r, err := restarted.transfers.ToFriend(ctx, cmd); err != nil || r.ID != first.ID || !r.Replay {
			d.Errorf("after a restart: %+v, %v", r, err)
		}
	})
}

// An order is carried out once: under another key it is the repeat of the
// first, however many come at once.
func TestAnOrderIsSpentOnce(t *testing.T) {
	each(t, func(d desk, anna, pavel banktest.Person) {
		cmd := d.order(anna, d.payee(anna, pavel.Phone), 100_00, "раз")
		var wg sync.WaitGroup
		var fresh atomic.Int64
		ids := make([]id.ID, 20)
		for i := range ids {
			other := cmd
			other.Key = ledger.Key(d.IDs.New())
			wg.Go(func() {
				r, err := d.transfers.ToFriend(ctx, other)
				if err != nil {
					d.Error(err)
				}
				if ids[i] = r.ID; !r.Replay {
					fresh.Add(1)
				}
			})
		}
		wg.Wait()
		for _, one := range ids {
			if one != ids[0] {
				d.Errorf("another transfer %v", one)
			}
		}
		if fresh.Load() != 1 || d.Balance(anna.Account) != 399_900_00 {
			d.Errorf("%d transfers, Anna has %d", fresh.Load(), d.Balance(anna.Account))
		}
	})
}

func TestRefusals(t *testing.T) {
	each(t, func(d desk, anna, pavel banktest.Person) {
		to := d.payee(anna, pavel.Phone)
		poor := d.Client("Иван", "Бедный", 60)
		cmd := d.order(poor, d.payee(poor, pavel.Phone), 400_00, "")
		_, err := d.transfers.ToFriend(ctx, cmd)
		f, _ := fault.As(err)
		if !errors.Is(err, transfer.ErrInsufficientFunds) || f.Args["missing"] != money.Rub(340_00) {
			d.Errorf("%v %v", err, f)
		}
		// The refusal is remembered under its key even when the money has come.
		if _, err := d.transfers.ToFriend(ctx, d.order(anna, d.payee(anna, poor.Phone), 1_000_00, "")); err != nil {
			d.Fatal(err)
		}
		if r, err := d.transfers.ToFriend(ctx, cmd); !errors.Is(err, transfer.ErrInsufficientFunds) || !r.Replay {
			d.Errorf("the repeat of a refusal: %v, replay %v", err, r.Replay)
		}
		cmd.Key = ledger.Key(d.IDs.New())
		if _, err := d.transfers.ToFriend(ctx, cmd); err != nil {
			d.Errorf("with a fresh key: %v", err)
		}
		if len(d.Feed(poor.ID)) != 2 {
			d.Errorf("a refusal is in the feed: %+v", d.Feed(poor.ID))
		}

		if _, err := d.transfers.Resolve(ctx, anna.ID, anna.Phone, ""); !errors.Is(err, transfer.ErrSelf) {
			d.Errorf("to oneself: %v", err)
		}
		if _, err := d.transfers.Resolve(ctx, anna.ID, "+79160000000", ""); !errors.Is(err, transfer.ErrNotAClient) {
			d.Errorf("to nobody: %v", err)
		}
		for _, kopecks := range []int64{0, -1, -100_00} {
			if _, err := d.transfers.Quote(ctx, anna.ID, anna.Account, to.Token, money.Rub(kopecks)); !errors.Is(err, transfer.ErrAmount) {
				d.Errorf("%d kopecks: %v", kopecks, err)
			}
		}
		if _, err := d.transfers.Quote(ctx, anna.ID, anna.Account, to.Token, money.Rub(100_000_01)); !errors.Is(err, limit.ErrOneTransfer) {
			d.Errorf("above one transfer: %v", err)
		}
		if _, err := d.transfers.Quote(ctx, anna.ID, anna.Account, to.Token, money.Rub(100_000_00)); err != nil {
			d.Errorf("exactly one transfer: %v", err)
		}
	})
}

// A stranger's account answers 404 and remembers nothing; tokens are worthless
// in another's hands, altered, or old.
func TestStrangers(t *testing.T) {
	each(t, func(d desk, anna, pavel banktest.Person) {
		to := d.payee(pavel, anna.Phone)
		q, err := d.transfers.Quote(ctx, pavel.ID, anna.Account, to.Token, money.Rub(100_00))
		if err != nil {
			d.Fatal(err)
		}
		cmd := d.confirmed(transfer.ToFriend{Client: pavel.ID, Key: ledger.Key(d.IDs.New()), Quote: q.Token})
		if _, err := d.transfers.ToFriend(ctx, cmd); fault.CodeOf(err) != fault.Missing {
			d.Errorf("from another's account: %v", err)
		}
		third := d.Client("Олег", "Чужой", 0)
		cmd = d.order(anna, d.payee(anna, third.Phone), 100_00, "")
		cmd.Client = third.ID
		if _, err := d.transfers.ToFriend(ctx, cmd); !errors.Is(err, transfer.ErrQuote) {
			d.Errorf("another's quote: %v", err)
		}
		mine := d.payee(anna, pavel.Phone)
		if _, err := d.transfers.Payee(third.ID, mine.Token); !errors.Is(err, transfer.ErrPayee) {
			d.Errorf("another's payee: %v", err)
		}
		for _, token := range []string{"", "x", mine.Token + "A", mine.Token[:len(mine.Token)-2], strings.Repeat("A", 10_000), q.Token} {
			if _, err := d.transfers.Payee(anna.ID, token); !errors.Is(err, transfer.ErrPayee) {
				d.Errorf("token %.20q: %v", token, err)
			}
		}
		d.Clock.Add(transfer.PayeeTTL)
		if _, err := d.transfers.Payee(anna.ID, mine.Token); !errors.Is(err, transfer.ErrPayee) {
			d.Errorf("an old payee: %v", err)
		}
		if d.Balance(anna.Account) != 400_000_00 {
			d.Error("money moved")
		}
	})
}

// 200 at once at the edge of the day's limit: exactly as many as fit (M05).
func TestDayLimitUnderRace(t *testing.T) {
	each(t, func(d desk, anna, pavel banktest.Person) {
		to := d.payee(anna, pavel.Phone)
		var wg sync.WaitGroup
		var paid, refused atomic.Int64
		for range 200 {
			cmd := d.order(anna, to, 2_000_00, "")
			wg.Go(func() {
				_, err := d.transfers.ToFriend(ctx, cmd)
				switch {
				case err == nil:
					paid.Add(1)
				case errors.Is(err, limit.ErrOutgoingDay):
					refused.Add(1)
				default:
					d.Error(err)
				}
			})
		}
		wg.Wait()
		if paid.Load() != 150 || refused.Load() != 50 || d.Balance(pavel.Account) != 300_000_00 {
			d.Errorf("%d paid, %d refused, Pavel has %d", paid.Load(), refused.Load(), d.Balance(pavel.Account))
		}
		left, err := d.Limits.Left(ctx, anna.ID, full)
		if err != nil || left.OutgoingDay.Left.Minor != 0 || left.OutgoingMonth.Left != money.Rub(1_200_000_00) || !left.Transfer().IsZero() {
			d.Errorf("%+v, %v", left, err)
		}
	})
}

// The bank day turns at midnight in Moscow, by the time of posting and not of
// the quote (M09, R12).
func TestMidnightInMoscow(t *testing.T) {
	each(t, func(d desk, anna, pavel banktest.Person) {
		d.Clock.Set(time.Date(2026, 11, 30, 20, 59, 59, 0, time.UTC))
		to := d.payee(anna, pavel.Phone)
		for range 3 {
			if _, err := d.transfers.ToFriend(ctx, d.order(anna, to, 100_000_00, "")); err != nil {
				d.Fatal(err)
			}
		}
		_, err := d.transfers.ToFriend(ctx, d.order(anna, to, 1, ""))
		f, _ := fault.As(err)
		if !errors.Is(err, limit.ErrOutgoingDay) || f.Args["left"] != money.Rub(0) || f.Args["cap"] != money.Rub(300_000_00) {
			d.Errorf("a second before midnight: %v", err)
		}
		before := d.order(anna, to, 100_00, "")
		d.Clock.Add(time.Second)
		if _, err := d.transfers.ToFriend(ctx, before); err != nil {
			d.Errorf("quoted before, posted after midnight: %v", err)
		}
		left, err := d.Limits.Left(ctx, anna.ID, full)
		if err != nil || left.OutgoingDay.Left != money.Rub(299_900_00) || left.OutgoingMonth.Left != money.Rub(1_499_900_00) {
			d.Errorf("a new day and month: %+v, %v", left, err)
		}
		if !left.Resets.Equal(time.Date(2026, 12, 1, 21, 0, 0, 0, time.UTC)) {
			d.Errorf("it resets at %v", left.Resets)
		}
	})
}

func TestLookupsAreCounted(t *testing.T) {
	each(t, func(d desk, anna, pavel banktest.Person) {
		for i := range 20 {
			p := pavel.Phone
			if i%2 == 1 {
				p = "+79160000000"
			}
			if _, err := d.transfers.Resolve(ctx, anna.ID, p, "192.0.2.1"); err != nil && !errors.Is(err, transfer.ErrNotAClient) {
				d.Fatal(err)
			}
		}
		if _, err := d.transfers.Resolve(ctx, anna.ID, pavel.Phone, "192.0.2.1"); !errors.Is(err, limit.ErrLookups) {
			d.Errorf("the 21st look-up: %v", err)
		}
		// Recent people are known already and cost nothing.
		if _, err := d.transfers.Recent(ctx, anna.ID, 5); err != nil {
			d.Error(err)
		}
		d.Clock.Add(24 * time.Hour)
		if _, err := d.transfers.Resolve(ctx, anna.ID, pavel.Phone, "192.0.2.1"); err != nil {
			d.Errorf("the next day: %v", err)
		}
		// 200 per address over all clients; a refused look-up is not counted for the client.
		for range 10 {
			p := d.Client("Кто", "Угодно", 0)
			for range 20 {
				if _, err := d.transfers.Resolve(ctx, p.ID, pavel.Phone, "192.0.2.7"); err != nil {
					d.Fatal(err)
				}
			}
		}
		if _, err := d.transfers.Resolve(ctx, anna.ID, pavel.Phone, "192.0.2.7"); !errors.Is(err, limit.ErrLookups) {
			d.Errorf("the 201st from one address: %v", err)
		}
		for range 19 {
			if _, err := d.transfers.Resolve(ctx, anna.ID, pavel.Phone, ""); err != nil {
				d.Fatal(err)
			}
		}
		if err := d.Limits.Sweep(ctx); err != nil {
			d.Error(err)
		}
	})
}

func TestRecentAndRepeat(t *testing.T) {
	each(t, func(d desk, anna, pavel banktest.Person) {
		oleg := d.Client("Олег", "Туров", 0)
		var last transfer.Receipt
		for _, p := range []banktest.Person{pavel, oleg, pavel} {
			var err error
			if last, err = d.transfers.ToFriend(ctx, d.order(anna, d.payee(anna, p.Phone), 100_00, "чай")); err != nil {
				d.Fatal(err)
			}
		}
		recent, err := d.transfers.Recent(ctx, anna.ID, 5)
		if err != nil || len(recent) != 2 || recent[0].Name != "Павел К." || recent[1].Name != "Олег Т." {
			d.Fatalf("%+v, %v", recent, err)
		}
		if _, err := d.transfers.ToFriend(ctx, d.order(anna, recent[1], 50_00, "")); err != nil {
			d.Error(err)
		}
		fill, err := d.transfers.Repeat(ctx, anna.ID, last.ID)
		if err != nil || fill.To.Name != "Павел К." || fill.Amount != money.Rub(100_00) || fill.Message != "чай" || fill.From != anna.Account {
			d.Fatalf("%+v, %v", fill, err)
		}
		if _, err := d.transfers.ToFriend(ctx, d.order(anna, fill.To, fill.Amount.Minor, fill.Message)); err != nil {
			d.Error(err)
		}
		if _, err := d.transfers.Repeat(ctx, pavel.ID, last.ID); !errors.Is(err, transfer.ErrMissing) {
			d.Errorf("the payee repeats it: %v", err)
		}
	})
}

func TestMessages(t *testing.T) {
	for _, c := range []struct{ in, out string }{
		{"", ""}, {"  Спасибо! ", "Спасибо!"}, {"й", "й"}, {"и\u0306", "й"}, {"🎂 с днём рождения 👩‍👩‍👧", "🎂 с днём рождения 👩‍👩‍👧"},
		{strings.Repeat("я", 140), strings.Repeat("я", 140)}, {strings.Repeat("и\u0306", 140), strings.Repeat("й", 140)},
	} {
		if got, err := transfer.CleanMessage(c.in); err != nil || got != c.out {
			t.Errorf("%q: %q, %v", c.in, got, err)
		}
	}
	for _, in := range []string{strings.Repeat("я", 141), strings.Repeat("x", 1<<20)} {
		if _, err := transfer.CleanMessage(in); !errors.Is(err, transfer.ErrMessageLong) {
			t.Errorf("%d bytes: %v", len(in), err)
		}
	}
	for _, in := range []string{"a\x00b", "a\nb", "a\tb", "\x1b[31m", "a\u202eb", "a\u2066b", "a\u2028b", "a\xffb", "\u0085x\u0085y"} {
		if _, err := transfer.CleanMessage(in); !errors.Is(err, transfer.ErrMessageChars) {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func FuzzCleanMessage(f *testing.F) {
	f.Add("Спасибо!")
	f.Add("и\u0306")
	f.Fuzz(func(t *testing.T, in string) {
		out, err := transfer.CleanMessage(in)
		if err != nil {
			return
		}
		if again, err := transfer.CleanMessage(out); err != nil || again != out {
			t.Errorf("%q became %q, then %q, %v", in, out, again, err)
		}
	})
}
