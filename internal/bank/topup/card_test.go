package topup_test

import (
	"errors"
	"testing"
	"time"

	"rocketbank/internal/bank/topup"
	"rocketbank/internal/base/money"
)

func TestParseNumber(t *testing.T) {
	for in, want := range map[string]string{
		"4276000012345673": goodPAN, "4276 0000 1234 5673": goodPAN, " 4276-0000-1234-5673 ": goodPAN, "4276\u00a00000\u00a01234\u00a05673": goodPAN,
		"6759649826438453000": "",
	} {
		got, err := topup.ParseNumber(in)
		if want != "" && (err != nil || got != want) {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for in, want := range map[string]error{
		"": topup.ErrNumberLen, "4276": topup.ErrNumberLen, "42760000123456730000": topup.ErrNumberLen, "4276000012345676": topup.ErrNumber,
		"427600001234567x": topup.ErrNumber, "٤٢٧٦٠٠٠٠١٢٣٤٥٦٧٥": topup.ErrNumber, "4276000012345673\x00": topup.ErrNumber, "0000000000000000": topup.ErrNumber,
		"-4276e12": topup.ErrNumber,
	} {
		if _, err := topup.ParseNumber(in); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", in, err, want)
		}
	}
}

func TestParseExpiry(t *testing.T) {
	now := time.Date(2026, 11, 30, 20, 59, 59, 0, time.UTC)
	for in, want := range map[string][2]int{
		"12/28": {12, 2028}, "1228": {12, 2028}, "12 / 2028": {12, 2028}, "12.28": {12, 2028}, "12-28": {12, 2028}, "11/26": {11, 2026},
	} {
		if m, y, err := topup.ParseExpiry(in, now); err != nil || m != want[0] || y != want[1] {
			t.Errorf("%q: %d/%d, %v", in, m, y, err)
		}
	}
	for in, want := range map[string]error{
		"": topup.ErrExpiry, "13/28": topup.ErrExpiry, "00/28": topup.ErrExpiry, "1/28": topup.ErrExpiry, "12/1999": topup.ErrExpiry, "декабрь": topup.ErrExpiry,
		"10/26": topup.ErrExpired, "12/25": topup.ErrExpired,
	} {
		if _, _, err := topup.ParseExpiry(in, now); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", in, err, want)
		}
	}
	if _, _, err := topup.ParseExpiry("11/26", now.Add(time.Second)); !errors.Is(err, topup.ErrExpired) {
		t.Errorf("after its last day in Moscow: %v", err)
	}
}

func TestParseCVC(t *testing.T) {
	if got, err := topup.ParseCVC(" 012 "); err != nil || got != "012" {
		t.Errorf("%q, %v", got, err)
	}
	for _, in := range []string{"", "12", "1234", "12a", "１２３", "1 2 3"} {
		if _, err := topup.ParseCVC(in); !errors.Is(err, topup.ErrCVC) {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestOwnCardsAndBadCardsAreRefusedBeforeAnything(t *testing.T) {
	each(t, func(d *desk) {
		for name, c := range map[string]struct {
			card topup.Card
			want error
		}{
			"ours":    {topup.Card{Number: "5500000000000004", ExpMonth: 12, ExpYear: 2028, CVC: "123"}, topup.ErrOwnCard},
			"number":  {topup.Card{Number: "4276000012345676", ExpMonth: 12, ExpYear: 2028, CVC: "123"}, topup.ErrNumber},
			"expired": {topup.Card{Number: goodPAN, ExpMonth: 10, ExpYear: 2026, CVC: "123"}, topup.ErrExpired},
			"month":   {topup.Card{Number: goodPAN, ExpMonth: 13, ExpYear: 2028, CVC: "123"}, topup.ErrExpiry},
			"cvc":     {topup.Card{Number: goodPAN, ExpMonth: 12, ExpYear: 2028, CVC: "12"}, topup.ErrCVC},
		} {
			cmd := d.cmd(1_000)
			cmd.Card = c.card
			if _, err := d.topups.Start(ctx, cmd); !errors.Is(err, c.want) {
				d.Errorf("%s: %v, want %v", name, err, c.want)
			}
		}
		for _, kopecks := range []int64{0, -1, 1 << 60} {
			if _, err := d.topups.Quote(ctx, d.anna.ID, money.Rub(kopecks)); err == nil {
				d.Errorf("%d kopecks were accepted", kopecks)
			}
		}
		if asked, _ := d.other.counts(); asked != 0 {
			d.Error("the acquirer was asked")
		}
	})
}

func FuzzParseCard(f *testing.F) {
	f.Add(goodPAN, "12/28", "123")
	f.Fuzz(func(t *testing.T, number, expiry, cvc string) {
		if n, err := topup.ParseNumber(number); err == nil {
			if again, err := topup.ParseNumber(n); err != nil || again != n {
				t.Errorf("%q became %q", number, n)
			}
		}
		now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
		if m, y, err := topup.ParseExpiry(expiry, now); err == nil && (m < 1 || m > 12 || y < 2026 || y > 2099) {
			t.Errorf("%q became %d/%d", expiry, m, y)
		}
		if c, err := topup.ParseCVC(cvc); err == nil && len(c) != 3 {
			t.Errorf("%q became %q", cvc, c)
		}
	})
}
