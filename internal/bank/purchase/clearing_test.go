package purchase_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
)

// presents makes a clearing record of a message that was approved.
func (w *world) presents(n int, r purchase.Request, code string, roubles int64, change ...func(*purchase.Record)) purchase.Record {
	out := purchase.Record{
		Line: int64(n), Kind: purchase.Presentment, ARN: fmt.Sprintf("%023d", n), Number: r.Number, Amount: money.Rub(roubles * 100), Billing: money.Rub(roubles * 100),
		Code: code, RRN: r.RRN, Acquirer: r.Acquirer, Process: r.Process, MCC: r.MCC, Merchant: r.Merchant.Name, City: r.Merchant.City, Country: r.Country,
		At: w.DB.Now(), Final: true,
	}
	for _, c := range change {
		c(&out)
	}
	return out
}

// imports posts records as one file and insists on their results.
func (w *world) imports(name string, want map[purchase.Result]int, list ...purchase.Record) purchase.Report {
	w.Helper()
	rep, err := w.svc.Import(context.Background(), purchase.File{ID: name, Network: "test", Day: "2026-11-22", Print: []byte(name), Records: list})
	if err != nil {
		w.Fatal(err)
	}
	for res, n := range want {
		if rep.Results[res] != n {
			w.Errorf("%s: %d records are %q, want %d (%v)", name, rep.Results[res], res, n, rep.Results)
		}
	}
	return rep
}

func TestClearing(t *testing.T) {
	each(t, func(w *world) {
		exact, less, tip, more := w.msg(100), w.msg(200), w.msg(300, func(r *purchase.Request) { r.MCC = "5812" }), w.msg(400)
		var codes []string
		for _, r := range []purchase.Request{exact, less, tip, more} {
			codes = append(codes, w.ask(r, purchase.Approved).Code)
		}
		w.stands(10_000, 1000)
		file := []purchase.Record{
			w.presents(1, exact, codes[0], 100), w.presents(2, less, codes[1], 150), w.presents(3, tip, codes[2], 330), w.presents(4, more, codes[3], 500),
			w.presents(5, w.msg(77), "NOHOLD", 77), w.presents(6, exact, "", 5, func(r *purchase.Record) { r.Number = vault.Hide("5500009999999996") }),
		}
		w.imports("CLR-1", map[purchase.Result]int{purchase.Exact: 1, purchase.Within: 2, purchase.Above: 1, purchase.NoHold: 1, purchase.NotOurs: 1}, file...)
		w.stands(10_000-100-150-330-500-77, 0)
		for _, o := range w.feed() {
			if o.State != operation.Done {
				t.Errorf("%v of %s is not done after its clearing", o.Amount, o.Details.Name)
			}
		}
		// The same file again changes nothing; another one of its name is refused.
		if rep := w.imports("CLR-1", nil, file...); rep.Repeats != len(file) {
			t.Errorf("%d repeats of %d", rep.Repeats, len(file))
		}
		if _, err := w.svc.Import(context.Background(), purchase.File{ID: "CLR-1", Print: []byte("else")}); err == nil {
			t.Error("another file of the same name was taken")
		}
		breaks, err := w.svc.Breaks(context.Background(), purchase.Break{}, 100)
		if err != nil || len(breaks) != 3 {
			t.Fatalf("%d breaks, %v", len(breaks), err)
		}
		for _, b := range breaks {
			settle := func(how string) error {
				return w.DB.Write(context.Background(), func(tx db.Tx) error {
					return w.svc.Settle(context.Background(), tx, b.ARN, b.Kind, "staff:st_test", how)
				})
			}
			if err := settle("mood"); !errors.Is(err, purchase.ErrSettleHow) {
				t.Error("settled by mood:", err)
			}
			if err := settle(purchase.Explained); err != nil {
				t.Error(err)
			}
			if err := settle(purchase.Claimed); !errors.Is(err, purchase.ErrSettled) {
				t.Error("settled twice:", err)
			}
			arn, kind, err := purchase.ParseBreak(b.Text())
			if one, err2 := w.svc.BreakOf(context.Background(), arn, kind); err != nil || err2 != nil || one.Settled.IsZero() || one.Sum != b.Sum {
				t.Errorf("%+v %v %v", one, err, err2)
			}
		}
		if left, _ := w.svc.Breaks(context.Background(), purchase.Break{}, 100); len(left) != 0 {
			t.Errorf("%d breaks are left", len(left))
		}
		w.sound()
	})
}

func TestClearingInParts(t *testing.T) {
	each(t, func(w *world) {
		r := w.msg(1000)
		code := w.ask(r, purchase.Approved).Code
		part := func(p *purchase.Record) { p.Final = false }
		w.imports("P1", map[purchase.Result]int{purchase.Within: 1}, w.presents(1, r, code, 300, part))
		w.stands(9_700, 700)
		w.newest(operation.Pending, -1000)
		w.imports("P2", map[purchase.Result]int{purchase.Within: 1}, w.presents(2, r, code, 500))
		w.stands(9_200, 0)
		w.newest(operation.Done, -800)
		// One presentment was a mistake.
		w.imports("P3", map[purchase.Result]int{purchase.Settled: 1, purchase.NoTrace: 1},
			w.presents(1, r, code, 300, func(p *purchase.Record) { p.Kind = purchase.Undone }), w.presents(9, r, code, 1, func(p *purchase.Record) { p.Kind = purchase.Undone }))
		w.stands(9_500, 0)
		w.sound()
	})
}

// A part that was presented by mistake comes back, more is held, and the
// merchant says what remains: exactly that, by whatever way the hold grew.
func TestReversalAfterAMistakenPart(t *testing.T) {
	each(t, func(w *world) {
		r := w.msg(100)
		code := w.ask(r, purchase.Approved).Code
		w.imports("M1", map[purchase.Result]int{purchase.Within: 1}, w.presents(1, r, code, 20, func(p *purchase.Record) { p.Final = false }))
		w.imports("M2", map[purchase.Result]int{purchase.Settled: 1}, w.presents(1, r, code, 20, func(p *purchase.Record) { p.Kind = purchase.Undone }))
		w.stands(10_000, 80)
		w.ask(w.msg(50, func(m *purchase.Request) { m.RRN, m.Incremental = r.RRN, true }), purchase.Approved)
		w.stands(10_000, 130)
		w.ask(w.back(r, func(b *purchase.Request) { b.Actual = money.Rub(60_00) }), purchase.Approved)
		w.stands(10_000, 60)
		w.newest(operation.Pending, -60)
		w.sound()
	})
}

// Clearing and reversal, in both orders, and a clearing of what expired.
func TestClearingMeetsReversal(t *testing.T) {
	each(t, func(w *world) {
		cleared := w.msg(100)
		code := w.ask(cleared, purchase.Approved).Code
		w.imports("R1", map[purchase.Result]int{purchase.Exact: 1}, w.presents(1, cleared, code, 100))
		w.ask(w.back(cleared), purchase.Approved) // acknowledged: what was presented comes back by clearing alone
		w.stands(9_900, 0)
		reversed := w.msg(200)
		code = w.ask(reversed, purchase.Approved).Code
		w.ask(w.back(reversed), purchase.Approved)
		w.imports("R2", map[purchase.Result]int{purchase.NoHold: 1}, w.presents(2, reversed, code, 200))
		w.stands(9_700, 0)
		expired := w.msg(300)
		code = w.ask(expired, purchase.Approved).Code
		w.Clock.Add(8 * 24 * time.Hour)
		if _, err := w.svc.ExpireDue(context.Background()); err != nil {
			t.Fatal(err)
		}
		w.stands(9_700, 0)
		w.imports("R3", map[purchase.Result]int{purchase.NoHold: 1}, w.presents(3, expired, code, 300))
		w.stands(9_400, 0)
		w.newest(operation.Done, -300)
		w.sound()
	})
}

// What a financial message has posted is presented by clearing later on: the
// money moves once, and a difference alone after it.
func TestClearingOfWhatIsPosted(t *testing.T) {
	each(t, func(w *world) {
		at := func(roubles int64, class purchase.Class) (purchase.Request, string) {
			r := w.msg(roubles, func(r *purchase.Request) { r.Class = class })
			return r, w.ask(r, purchase.Approved).Code
		}
		same, code := at(100, purchase.Financial)
		w.stands(9_900, 0)
		w.imports("P1", map[purchase.Result]int{purchase.Exact: 1}, w.presents(1, same, code, 100))
		w.stands(9_900, 0)
		w.imports("P2", map[purchase.Result]int{purchase.NoHold: 1}, w.presents(2, same, code, 100)) // a second one is another matter
		w.stands(9_800, 0)
		less, code := at(200, purchase.Financial)
		w.imports("P3", map[purchase.Result]int{purchase.Within: 2},
			w.presents(3, less, code, 50, func(r *purchase.Record) { r.Final = false }), w.presents(4, less, code, 120))
		w.stands(9_800-50-120, 0)
		w.newest(operation.Done, -170)
		tip, code := at(300, purchase.Authorisation)
		done := w.msg(330, func(r *purchase.Request) { r.Class, r.Advice, r.RRN, r.Code = purchase.Financial, true, tip.RRN, code })
		w.ask(done, purchase.Approved)
		w.stands(9_630-330, 0)
		w.imports("P5", map[purchase.Result]int{purchase.Above: 1}, w.presents(5, tip, code, 350))
		w.stands(9_630-350, 0)
		w.imports("P6", map[purchase.Result]int{purchase.Settled: 1}, w.presents(5, tip, code, 350, func(r *purchase.Record) { r.Kind = purchase.Undone }))
		w.stands(9_630, 0)
		back := w.msg(40, func(r *purchase.Request) { r.Class, r.Process, r.Entry = purchase.Financial, purchase.GiveBack, "102" })
		code = w.ask(back, purchase.Approved).Code
		w.imports("P7", map[purchase.Result]int{purchase.Exact: 1}, w.presents(7, back, code, 40))
		w.stands(9_670, 0)
		w.sound()
	})
}

// A record that tells no reference is known by its approval code.
func TestClearingWithoutReference(t *testing.T) {
	each(t, func(w *world) {
		r := w.msg(100)
		code := w.ask(r, purchase.Approved).Code
		w.imports("N1", map[purchase.Result]int{purchase.Exact: 1, purchase.NoHold: 1},
			w.presents(1, r, code, 100, func(r *purchase.Record) { r.RRN = "" }), w.presents(2, r, "", 20, func(r *purchase.Record) { r.RRN = "" }))
		w.stands(9_880, 0)
		w.sound()
	})
}

func TestRefundsByClearing(t *testing.T) {
	each(t, func(w *world) {
		promised := w.msg(300, func(r *purchase.Request) { r.Process, r.Entry = purchase.GiveBack, "102" })
		code := w.ask(promised, purchase.Approved).Code
		w.imports("B1", map[purchase.Result]int{purchase.Settled: 2, purchase.Surprises: 1},
			w.presents(1, promised, code, 300), w.presents(2, w.msg(50, func(r *purchase.Request) { r.Process, r.Entry = purchase.GiveBack, "102" }), "X", 50),
			w.presents(3, w.msg(70), "Y", 70, func(p *purchase.Record) { p.Kind = purchase.Chargeback }))
		w.stands(10_420, 0)
		w.sound()
	})
}

func TestForeignMoney(t *testing.T) {
	each(t, func(w *world) {
		rates, err := purchase.ReadRates(strings.NewReader("# day;currency;units;roubles\n2026-11-21;840;1;92.5\n2026-11-22;392;100;61.2345\n"))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.svc.PutRates(context.Background(), rates); err != nil {
			t.Fatal(err)
		}
		f, err := w.cards.ByNumber(w.number)
		if err != nil {
			t.Fatal(err)
		}
		value, _ := w.hsm.CVV(w.number, f.Expires, f.Service)
		abroad := func(minor int64, cur money.Currency, billing int64) func(*purchase.Request) {
			return func(r *purchase.Request) {
				r.Amount, r.Entry, r.Country = money.Amount{Minor: minor, Cur: cur}, "901", "840"
				r.Track2 = vault.Hide(w.number + "=" + f.Expires + f.Service + "00000" + value + "00")
				if billing > 0 {
					r.Billing = money.Rub(billing)
				}
			}
		}
		r := w.msg(0, abroad(20_00, 840, 0)) // 20 dollars at 92.50
		code := w.ask(r, purchase.Approved).Code
		w.stands(10_000, 1850)
		w.ask(w.msg(0, abroad(1000, 392, 0)), purchase.Approved)  // 1,000 yen at 61.2345 for 100
		w.ask(w.msg(0, abroad(1, 840, 50_00)), purchase.Approved) // as the network converted it
		w.ask(w.msg(0, abroad(100, 978, 0)), purchase.NoSuchType) // no rate
		o := w.feed()[len(w.feed())-1]
		if o.Details.Purchase.Local != (money.Amount{Minor: 20_00, Cur: 840}) || o.Amount != money.Rub(-1850_00) {
			t.Errorf("the client reads %v and %v", o.Details.Purchase.Local, o.Amount)
		}
		// The rate of the clearing day differs: that is no break.
		w.imports("F1", map[purchase.Result]int{purchase.Within: 1}, w.presents(1, r, code, 0, func(p *purchase.Record) {
			p.Amount, p.Billing = money.Amount{Minor: 20_00, Cur: 840}, money.Rub(1_880_00)
		}))
		w.sound()
	})
}

func TestReadClearing(t *testing.T) {
	t.Parallel()
	head := `{"type":"header","file":"CLR-1","network":"sandbox","day":"2026-11-29","version":1}` + "\n"
	rec := `{"type":"presentment","arn":"12345678901234567890123","pan":"5500000000000004","amount":"125050","currency":"643","billing":"125050","code":"A1B2C3","rrn":"632609000002","acquirer":"123456","process":"00","mcc":"5812","merchant":"TEST SHOP","city":"MOSKVA","country":"643","at":"2026-11-29T10:00:00Z","final":true}` + "\n"
	tail := `{"type":"trailer","count":1,"debits":"125050","credits":"0"}` + "\n"
	f, err := purchase.ReadClearing(strings.NewReader(head + rec + tail))
	if err != nil || f.ID != "CLR-1" || len(f.Records) != 1 || f.Records[0].Billing != money.Rub(1250_50) || !f.Records[0].Final {
		t.Fatalf("%+v, %v", f, err)
	}
	if s := fmt.Sprintf("%v %+v", f, f); strings.Contains(s, "5500000000000004") {
		t.Error("the card's number is printed")
	}
	for name, text := range map[string]string{
		"empty": "", "no header": rec + tail, "no trailer": head + rec, "other count": head + rec + rec + tail,
		"other sum": head + rec + strings.Replace(tail, "125050", "125051", 1), "behind the trailer": head + rec + tail + rec,
		"unknown field": head + strings.Replace(rec, `"final"`, `"finale"`, 1) + tail, "negative": head + strings.Replace(rec, `"billing":"125050"`, `"billing":"-1"`, 1) + tail,
		"exponent": head + strings.Replace(rec, `"amount":"125050"`, `"amount":"1e5"`, 1) + tail, "version": strings.Replace(head, `"version":1`, `"version":2`, 1) + rec + tail,
		"arn": head + strings.Replace(rec, `"arn":"1`, `"arn":"x`, 1) + tail, "kind": head + strings.Replace(rec, "presentment", "present", 1) + tail,
	} {
		if _, err := purchase.ReadClearing(strings.NewReader(text)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func FuzzReadClearing(f *testing.F) {
	f.Add(`{"type":"header","file":"CLR-1","network":"sandbox","day":"2026-11-29","version":1}` + "\n" + `{"type":"trailer","count":0,"debits":"0","credits":"0"}`)
	f.Fuzz(func(t *testing.T, s string) {
		if file, err := purchase.ReadClearing(strings.NewReader(s)); err == nil && file.ID == "" {
			t.Error("a file without a name was taken")
		}
	})
}

func FuzzReadRates(f *testing.F) {
	f.Add("2026-11-29;840;1;92.4500\n# x\n")
	f.Fuzz(func(t *testing.T, s string) {
		list, err := purchase.ReadRates(strings.NewReader(s))
		for _, r := range list {
			if err == nil && (r.Units <= 0 || r.Rate <= 0) {
				t.Errorf("%+v", r)
			}
		}
	})
}

func TestClean(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"TEST SHOP": "Test Shop", "  LAVKA   U DOMA ": "Lavka U Doma", "YANDEX*TAXI": "Yandex", "ООО ПЕКАРНЯ": "ООО Пекарня", "Coffee KIN": "Coffee KIN", "": "",
	} {
		if got := purchase.Clean(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
