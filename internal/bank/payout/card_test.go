package payout_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"rocketbank/internal/bank/payout"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/rail/iso8583"
)

const goodCard = "2200000000004821"

func TestParseCard(t *testing.T) {
	t.Parallel()
	good := "4276000012345673"
	for _, in := range []string{good, "4276 0000 1234 5673", " 4276-0000-1234-5673\n", "4276\u00a00000\u20091234\u202f5673", "4276\u20110000\u20131234\u22125673", "4 2 7 6 0 0 0 0 1 2 3 4 5 6 7 3"} {
		if got, err := payout.ParseCard(in); err != nil || got != good {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for in, want := range map[string]*fault.Error{
		"": payout.ErrCardShort.With("n", 0), "4276": payout.ErrCardShort.With("n", 4), "427600001234567": payout.ErrCardShort.With("n", 15),
		strings.Repeat("4276", 6): payout.ErrCardLong.With("n", 24), "427600001234567x": payout.ErrCardChars, "４２７６０００012345673": payout.ErrCardChars,
		"4276000012345673\x00": payout.ErrCardChars, strings.Repeat(" ", 200) + good: payout.ErrCardChars, strings.Repeat("0", 16): payout.ErrCardNumber,
		"42760000123456733": payout.ErrCardExtra.With("at", 17), // the last was typed twice
		"42760000123345673": payout.ErrCardExtra.With("at", 12), // the 3
		"4726000012345673":  payout.ErrCardSwapped.With("at", 2).With("next", 3),
		"4276000013245673":  payout.ErrCardNumber, // two pairs would mend it
	} {
		_, err := payout.ParseCard(in)
		got, ok := fault.As(err)
		if !ok || !errors.Is(err, want) || fmt.Sprint(got.Args) != fmt.Sprint(want.Args) || got.Field != "number" {
			t.Errorf("%q: %v %v, want %v %v", in, err, got, want, want.Args)
		}
	}
}

// A hint names the place of the very slip, or there is none: it never sends
// people to a wrong place when one slip alone was made.
func TestHintsOfCardNumbersNameTheSlip(t *testing.T) {
	t.Parallel()
	hinted := 0
	for n := range 2000 {
		good := number(n)
		for i := range len(good) - 1 {
			slip := good[:i] + good[i+1:i+2] + good[i:i+1] + good[i+2:]
			_, err := payout.ParseCard(slip)
			if f, ok := fault.As(err); ok && errors.Is(err, payout.ErrCardSwapped) {
				hinted++
				if f.Args["at"] != i+1 || f.Args["next"] != i+2 {
					t.Fatalf("a slip at %d is told at %v", i+1, f.Args)
				}
			}
		}
	}
	if hinted < 2000 {
		t.Errorf("only %d hints", hinted)
	}
}

// number makes a right number out of a count.
func number(n int) string {
	body := fmt.Sprintf("2200%011d", n*104729+n*n*31)
	for d := '0'; ; d++ {
		if pan := body[:15] + string(d); iso8583.LuhnOK(pan) {
			return pan
		}
	}
}

func FuzzParseCard(f *testing.F) {
	for _, s := range []string{goodCard, "4276 0000 1234 5673", "42760000123456733", "x", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		pan, err := payout.ParseCard(s)
		if (err == nil) != (pan != "") || err == nil && (!iso8583.LuhnOK(pan) || len(pan) < 16 || len(pan) > 19) {
			t.Fatalf("%q, %v", pan, err)
		}
		if err != nil {
			if fe, ok := fault.As(err); !ok || strings.ContainsAny(fe.Error(), "0123456789") {
				t.Fatalf("%v", err)
			}
			return
		}
		if again, err := payout.ParseCard(pan); err != nil || again != pan {
			t.Fatalf("%q is read back as %q, %v", pan, again, err)
		}
	})
}

func TestMaskedCard(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{goodCard: "220000••••••4821", goodCard + "123": "220000•••••••••1123", "1234": "•••", "": "•••"} {
		if got := payout.Masked(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}
