package access_test

import (
	"math"
	"strconv"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/tier"
	"rocketbank/internal/base/vault"
)

// timed runs one try for a client and for nobody, in turns so that neither is
// always the warm one, and gives the share of pairs in which the client's took
// longer: ½ when nobody can tell. It compares distributions of at least 500
// tries each; no single time means anything.
func timed(rounds int, try func(round int, known bool)) float64 {
	var took [2][]float64
	for i := range rounds {
		for _, side := range []int{i % 2, 1 - i%2} {
			begin := time.Now()
			try(i, side == 0)
			took[side] = append(took[side], float64(time.Since(begin)))
		}
	}
	return superiority(took[0], took[1])
}

// alike fails when one side surely takes longer. The spread of the share is
// about 0.41/√rounds; five of those are allowed. A machine that hiccups may
// spoil one comparison, not three in a row.
func alike(t *testing.T, what string, rounds int, try func(round int, known bool)) {
	t.Helper()
	var share float64
	for range 3 {
		if share = timed(rounds, try); math.Abs(share-0.5) <= 5*0.41/math.Sqrt(float64(rounds)) {
			return
		}
	}
	t.Errorf("%s: a client takes longer in %.0f %% of pairs", what, 100*share)
}

// A07: over 500 tries each, a known and an unknown phone wait as long and are
// answered alike at every step before the phone is proved.
func TestA07_TimesTellNothing(t *testing.T) {
	rounds := tier.Count(500, 1000, 2000)
	d := dbtest.Open(t, dbtest.SQLite(t), clock.System())
	most := 1 << 30
	w := accesstest.New(t, d, vault.Ephemeral(), access.Limits{
		SMSPerHour: most, SMSPerDay: most, SMSPerIP: most, SMSPerIPDay: most, SMSPerRange: most, SMSAll: most, WrongCodes: most, WrongPass: most,
		Idle: 1000 * time.Hour, Absolute: 1000 * time.Hour,
	})
	client := w.Keyed(anya)
	pick := func(known bool) phone.Number {
		if known {
			return anya
		}
		return boris
	}
	var flows [2][]string // by side
	side := func(known bool) int {
		if known {
			return 0
		}
		return 1
	}
	alike(t, "a code is asked for", rounds, func(_ int, known bool) {
		f, err := w.Access.StartLogin(bg, pick(known), locale.Russian, accesstest.Home)
		if err != nil || f.Stage != access.AtCode {
			t.Fatal(f, err)
		}
		flows[side(known)] = append(flows[side(known)], f.Token.Reveal())
	})
	alike(t, "a wrong code", rounds, func(round int, known bool) {
		_, err := w.Access.ConfirmCode(bg, access.ForLogin, flows[side(known)][round], "000000")
		if f, _ := fault.As(err); f == nil || f.Key != "access.wrong_code" {
			t.Fatal(err)
		}
	})
	alike(t, "the flow's page", rounds, func(round int, known bool) {
		if _, err := w.Access.FlowOf(bg, flows[side(known)][round]); err != nil {
			t.Fatal(err)
		}
	})
	alike(t, "a passcode before the code", rounds, func(round int, known bool) {
		_, err := w.Access.FinishLogin(bg, flows[side(known)][round], right, accesstest.Home)
		wants(w, "too early", err, access.ErrStep)
	})
	alike(t, "a recovery before the code", rounds, func(round int, known bool) {
		n := access.NewPasscode{CodeWord: "слово" + strconv.Itoa(round), Passcode: other, Repeat: other}
		_, err := w.Access.Recover(bg, flows[side(known)][round], "", n, accesstest.Home, nil)
		wants(w, "too early", err, access.ErrStep)
	})
	if got := alerts(w, client.ID); len(got) != 0 {
		t.Errorf("the client was told %v", got)
	}
}
