package order_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
)

func asker(p banktest.Person) order.Asker {
	return order.Asker{Client: p.ID, Session: id.ID{1}, Device: id.ID{2}, Lang: locale.Russian, IP: "192.0.2.1"}
}

func (d *desk) send(a order.Asker, doc order.Document) order.Sent {
	d.Helper()
	s, err := d.orders.SendCode(ctx, a, doc)
	if err != nil {
		d.Fatal(err)
	}
	return s
}

// M07: the message names the sum and the payee, and ends with the line by which
// a browser offers the code to the bank's site alone.
func TestM07_MessageNamesSumAndPayee(t *testing.T) {
	each(t, func(d *desk, anna banktest.Person) {
		a := asker(anna)
		sent := d.send(a, some().document())
		m := d.sent[0]
		text := strings.ReplaceAll(m.Text.Reveal(), "\u00a0", " ")
		if m.To != anna.Phone || m.IP != a.IP || m.Client != anna.ID || !m.Until.Equal(d.now.Add(5*time.Minute)) || !sent.ResendAt.Equal(d.now.Add(2*time.Minute)) {
			d.Errorf("%+v, %+v", m, sent)
		}
		for _, want := range []string{"123456", "1 500,50 ₽", "Павел К.", "\n\n@bank.example #123456"} {
			if !strings.Contains(text, want) {
				d.Errorf("the message does not name %q: %s", want, text)
			}
		}
		f := some()
		f.id[3]++
		f.kind = order.Closing
		d.now = d.now.Add(time.Minute)
		a.Lang = locale.English
		d.send(a, f.document())
		if got := d.sent[1].Text.Reveal(); !strings.Contains(got, "closing your account") {
			d.Errorf("the message says %q", got)
		}
	})
}

// A code is for one text, one client, one session; it lives five minutes, has
// five tries, and confirms once.
func TestCodeIsForOneText(t *testing.T) {
	each(t, func(d *desk, anna banktest.Person) {
		a, doc := asker(anna), some().document()
		if _, err := d.orders.AcceptCode(ctx, a, doc, "123456"); !errors.Is(err, order.ErrCodeStale) {
			d.Errorf("before one was sent: %v", err)
		}
		d.send(a, doc)
		for _, bad := range []string{"", "12345", "1234567", "12345x", "١٢٣٤٥٦", strings.Repeat("1", 100)} {
			if _, err := d.orders.AcceptCode(ctx, a, doc, bad); !errors.Is(err, order.ErrCodeForm) {
				d.Errorf("%q: %v", bad, err)
			}
		}
		for name, change := range mutations() {
			f := some()
			change(&f)
			if _, err := d.orders.AcceptCode(ctx, a, f.document(), "123456"); !errors.Is(err, order.ErrCodeStale) {
				d.Errorf("the code took another %s: %v", name, err)
			}
		}
		pavel := d.Client("Павел", "Кузнецов", 0)
		other := a
		other.Session = id.ID{9}
		for name, who := range map[string]order.Asker{"client": asker(pavel), "session": other} {
			if _, err := d.orders.AcceptCode(ctx, who, doc, "123456"); !errors.Is(err, order.ErrCodeStale) {
				d.Errorf("the code took another %s: %v", name, err)
			}
		}
		_, err := d.orders.AcceptCode(ctx, a, doc, "654321")
		if f, _ := fault.As(err); !errors.Is(err, order.ErrWrongCode) || f.Args["n"] != 4 {
			d.Errorf("a wrong code: %v", err)
		}
		signed, err := d.orders.AcceptCode(ctx, a, doc, " 123-456 ")
		if err != nil || !signed.Covers(anna.ID, doc) || signed.By() != order.Code {
			d.Fatalf("%+v, %v", signed, err)
		}
		if _, err := d.orders.AcceptCode(ctx, a, doc, "123456"); err != nil {
			d.Errorf("a double tap: %v", err)
		}
		if _, err := d.orders.SendCode(ctx, a, doc); !errors.Is(err, order.ErrCodeStale) {
			d.Errorf("a further code for what was confirmed: %v", err)
		}
		d.now = d.now.Add(5 * time.Minute)
		if _, err := d.orders.AcceptCode(ctx, a, doc, "123456"); !errors.Is(err, order.ErrCodeStale) {
			d.Errorf("after five minutes: %v", err)
		}
		raw := d.receiptOf(anna, signed)
		report, err := order.Verify(raw, d.orders.Keys())
		if err != nil || report.Evidence.Phone != anna.Phone.Masked() || strings.Contains(string(raw), "123456") || strings.Contains(string(raw), anna.Phone.E164()) {
			d.Errorf("%+v, %v\n%s", report, err, raw)
		}
		for i := range raw {
			bad := append([]byte{}, raw...)
			bad[i] ^= 1
			if !fails(bad, d.orders.Keys()) || !fails(bad, nil) {
				d.Fatalf("byte %d flipped was not noticed", i)
			}
		}
	})
}

func TestCodesRunOut(t *testing.T) {
	each(t, func(d *desk, anna banktest.Person) {
		a, doc := asker(anna), some().document()
		d.send(a, doc)
		_, err := d.orders.SendCode(ctx, a, doc)
		if f, _ := fault.As(err); !errors.Is(err, order.ErrResendEarly) || f.Args["until"] != d.now.Add(2*time.Minute) {
			d.Errorf("at once again: %v", err)
		}
		for range 2 {
			if _, err := d.orders.AcceptCode(ctx, a, doc, "000000"); !errors.Is(err, order.ErrWrongCode) {
				d.Error(err)
			}
		}
		d.now = d.now.Add(2 * time.Minute)
		d.code = "777777"
		d.send(a, doc)
		if _, err := d.orders.AcceptCode(ctx, a, doc, "123456"); !errors.Is(err, order.ErrWrongCode) {
			d.Errorf("the first code after the second: %v", err)
		}
		// The tries are the text's, not the code's.
		if _, err := d.orders.AcceptCode(ctx, a, doc, "000000"); !errors.Is(err, order.ErrWrongCode) {
			d.Error(err)
		}
		if _, err := d.orders.AcceptCode(ctx, a, doc, "000000"); !errors.Is(err, order.ErrCodeStale) {
			d.Errorf("the fifth wrong code: %v", err)
		}
		if _, err := d.orders.AcceptCode(ctx, a, doc, "777777"); !errors.Is(err, order.ErrCodeStale) {
			d.Errorf("the right one after five wrong ones: %v", err)
		}
		// Another text starts anew, but not for ever.
		f := some()
		f.id[5]++
		second := f.document()
		d.send(a, second)
		for range 5 {
			if _, err := d.orders.AcceptCode(ctx, a, second, "000000"); err == nil {
				d.Error("a wrong code was taken")
			}
		}
		f.id[5]++
		if _, err := d.orders.SendCode(ctx, a, f.document()); !errors.Is(err, order.ErrCodesPaused) {
			d.Errorf("after ten wrong codes: %v", err)
		}
		d.now = d.now.Add(31 * time.Minute)
		d.send(a, f.document())
		d.now = d.now.Add(48 * time.Hour)
		if err := d.orders.Sweep(ctx); err != nil {
			d.Error(err)
		}
	})
}

// Many guesses at once: not one more than the tries there are.
func TestCodeTriesUnderRace(t *testing.T) {
	each(t, func(d *desk, anna banktest.Person) {
		a, doc := asker(anna), some().document()
		d.send(a, doc)
		var wg sync.WaitGroup
		var judged atomic.Int64
		for range 30 {
			wg.Go(func() {
				_, err := d.orders.AcceptCode(ctx, a, doc, "000000")
				if errors.Is(err, order.ErrWrongCode) {
					judged.Add(1)
				} else if !errors.Is(err, order.ErrCodeStale) && !errors.Is(err, order.ErrCodesPaused) {
					d.Error(err)
				}
			})
		}
		wg.Wait()
		if judged.Load() != 4 { // the fifth ends the code
			d.Errorf("%d guesses were judged", judged.Load())
		}
	})
}
