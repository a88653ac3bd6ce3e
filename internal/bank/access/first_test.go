package access_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/locale"
)

// A09: an approved client's first passcode takes the phone's code and the code
// word; neither alone sets it, and nobody sets it twice.
func TestA09_FirstPasscode(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *accesstest.World) {
		who := w.Approved(anya)
		f := w.Flow(anya)
		if f.Stage != access.AtNewPasscode || f.Client != who {
			w.Fatalf("%+v", f)
		}
		token := f.Token.Reveal()
		if _, err := w.Access.FinishLogin(bg, token, right, accesstest.Home); !errors.Is(err, access.ErrStep) {
			w.Errorf("as if there were a passcode: %v", err)
		}
		first := access.First{CodeWord: accesstest.CodeWord, Passcode: right, Repeat: right}
		with := func(change func(*access.First)) access.First {
			f := first
			change(&f)
			return f
		}
		for what, try := range map[string]struct {
			access.First
			want error
		}{
			"another code word": {with(func(f *access.First) { f.CodeWord = "другое" }), access.ErrWrongCodeWord},
			"no code word":      {with(func(f *access.First) { f.CodeWord = "" }), access.ErrCodeWordForm},
			"weak":              {with(func(f *access.First) { f.Passcode, f.Repeat = "1234", "1234" }), access.ErrPassWeak},
			"birth date":        {with(func(f *access.First) { f.Passcode, f.Repeat = "1705", "1705" }), access.ErrPassWeak},
			"another repeat":    {with(func(f *access.First) { f.Repeat = bad }), access.ErrPassRepeat},
			"no passcode":       {with(func(f *access.First) { f.Passcode = "" }), access.ErrPassForm},
		} {
			if _, err := w.Access.FirstLogin(bg, token, try.First, accesstest.Home); !errors.Is(err, try.want) {
				w.Errorf("%s: %v", what, err)
			}
		}
		unproved := start(w, anya)
		if _, err := w.Access.FirstLogin(bg, unproved.Token.Reveal(), first, accesstest.Home); !errors.Is(err, access.ErrStep) {
			w.Errorf("without the code: %v", err)
		}
		// Many taps of one finger make one device.
		key := accesstest.NewKey(w)
		from := accesstest.Home
		from.Key = key.Enrol(f.ID.Text(access.FlowPrefix))
		var wg sync.WaitGroup
		entries := make([]access.Entry, 5)
		for i := range entries {
			wg.Go(func() {
				var err error
				if entries[i], err = w.Access.FirstLogin(bg, token, first, from); err != nil {
					w.Error(err)
				}
			})
		}
		wg.Wait()
		for _, e := range entries {
			if e.Session.Client != who || e.Session.Kind != access.Keyed || e.Session.Device != entries[0].Session.Device ||
				e.DeviceToken.Reveal() != entries[0].DeviceToken.Reveal() || !e.Session.Standing.Reduced.IsZero() {
				w.Errorf("%+v", e)
			}
		}
		if list, err := w.Access.Devices(bg, who, entries[0].Session); err != nil || len(list) != 1 {
			w.Errorf("%+v, %v", list, err)
		}
		// From now on it is the existing passcode that is asked.
		again := w.Flow(anya)
		if again.Stage != access.AtPasscode {
			w.Errorf("%+v", again)
		}
		if _, err := w.Access.FirstLogin(bg, again.Token.Reveal(), first, accesstest.Home); !errors.Is(err, access.ErrStep) {
			w.Errorf("a second first time: %v", err)
		}
		if _, err := w.Access.FinishLogin(bg, again.Token.Reveal(), right, accesstest.Home); err != nil {
			w.Error(err)
		}
	})
}

// Two flows that proved the phone before the first passcode: one sets it.
func TestFirstPasscodeIsSetOnce(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *accesstest.World) {
		w.Approved(anya)
		a := w.Flow(anya)
		w.Wait(3 * time.Minute)
		b := w.Flow(anya)
		first := access.First{CodeWord: accesstest.CodeWord, Passcode: right, Repeat: right}
		if _, err := w.Access.FirstLogin(bg, a.Token.Reveal(), first, accesstest.Home); err != nil {
			w.Fatal(err)
		}
		first.Passcode, first.Repeat = bad, bad
		if _, err := w.Access.FirstLogin(bg, b.Token.Reveal(), first, accesstest.Home); !errors.Is(err, access.ErrStep) {
			w.Errorf("the other flow: %v", err)
		}
		if _, err := w.Access.FinishLogin(bg, w.Proved(anya), bad, accesstest.Home); !errors.Is(err, access.ErrWrongPass) {
			w.Error("the other passcode is set")
		}
	})
}

// A flow of an application that proved its phone before the approval sets the
// first passcode after it.
func TestFirstPasscodeFromApplication(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *accesstest.World) {
		ctx := context.Background()
		f, err := w.Access.Begin(ctx, access.Beginning{Purpose: access.ForOrder, Phone: anya, Lang: locale.Russian, From: accesstest.Home}, nil)
		if err != nil {
			w.Fatal(err)
		}
		proved, err := w.Access.ConfirmCode(ctx, access.ForOrder, f.Token.Reveal(), w.Code(anya))
		if err != nil || proved.Stage != access.AtNewPasscode || proved.Client != 0 {
			w.Fatalf("%+v, %v", proved, err)
		}
		first := access.First{CodeWord: accesstest.CodeWord, Passcode: right, Repeat: right}
		if _, err := w.Access.FirstLogin(ctx, f.Token.Reveal(), first, accesstest.Home); !errors.Is(err, access.ErrStep) {
			w.Errorf("of nobody: %v", err)
		}
		who := w.Approved(anya)
		if e, err := w.Access.FirstLogin(ctx, f.Token.Reveal(), first, accesstest.Home); err != nil || e.Session.Client != who {
			w.Errorf("%+v, %v", e, err)
		}
	})
}

// A14: a further device has reduced limits for 48 hours of business time, its
// owner is told; the first device of all has none.
func TestA14_NewDevice(t *testing.T) {
	t.Parallel()
	c := clock.NewMovable(clock.System(), 0)
	accesstest.EachClock(t, c, func(w *accesstest.World) {
		p := w.Keyed(anya)
		if told := w.Told(); len(told) != 0 || !p.Session.Standing.Reduced.IsZero() {
			w.Errorf("the first device: %+v, told %+v", p.Session.Standing, told)
		}
		fresh := w.NewBrowser(p)
		until := fresh.Session.Standing.Reduced
		if left := until.Sub(w.DB.Now()); left > 48*time.Hour || left < 48*time.Hour-time.Minute {
			w.Errorf("reduced for %v", left)
		}
		told := w.Told()
		if len(told) != 1 || told[0].Kind != access.NewDevice || told[0].Client != p.ID || told[0].Device != fresh.Session.Device ||
			told[0].Name != "Chrome, Android" || told[0].Place != "Chrome, Android · 203.0.*.*" || !told[0].At.Equal(w.Now()) {
			w.Errorf("told %+v", told)
		}
		reduced := func(e access.Entry) bool {
			w.Helper()
			in, err := w.Access.Session(bg, e.SessionToken.Reveal(), access.Watches)
			if err != nil {
				w.Fatal(err)
			}
			return !in.Standing.Reduced.IsZero()
		}
		if reduced(p.Entry) || !reduced(fresh.Entry) {
			w.Error("the wrong device is reduced")
		}
		list, err := w.Access.Devices(bg, p.ID, p.Session)
		if err != nil || len(list) != 2 {
			w.Fatalf("%+v, %v", list, err)
		}
		for _, d := range list {
			if d.Reduced.IsZero() == (d.ID == fresh.Session.Device) {
				w.Errorf("%+v", d)
			}
		}
		// A further login there changes nothing; business time does.
		e, err := w.Access.Login(bg, fresh.DeviceToken.Reveal(), right, w.Prove(fresh))
		if err != nil || !e.Session.Standing.Reduced.Equal(until) {
			w.Errorf("%+v, %v", e, err)
		}
		if err := c.Forward(48 * time.Hour); err != nil {
			w.Fatal(err)
		}
		if reduced(fresh.Entry) {
			w.Error("reduced after 48 hours")
		}
		// All devices forgotten, the next is still not the first.
		for _, d := range list {
			if err := w.Access.ForgetDevice(bg, p.ID, d.ID); err != nil {
				w.Fatal(err)
			}
		}
		if last := w.NewBrowser(p); !reduced(last.Entry) {
			w.Error("a device after all were forgotten")
		}
	})
}

// A SIM-swapper has the right SMS code and guesses passcodes: he gets nothing,
// the owner is told and his own devices go on (A10, A14).
func TestA14_SuspiciousLogin(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *accesstest.World) {
		p := w.Keyed(anya)
		thief := w.Flow(anya)
		for _, guess := range []string{"8264", "8265", "8266", "8267", "8268", "8269"} {
			if _, err := w.Access.FinishLogin(bg, thief.Token.Reveal(), guess, access.Visitor{IP: "198.51.100.9"}); err == nil {
				w.Error("a guess is right")
			}
		}
		if _, err := w.Access.FinishLogin(bg, thief.Token.Reveal(), right, accesstest.Home); !errors.Is(err, access.ErrPaused) {
			w.Errorf("after five guesses: %v", err)
		}
		if told := w.Told(); len(told) != 1 || told[0].Kind != access.WrongPasscodes || told[0].Client != p.ID || told[0].Place != "198.51.*.*" {
			w.Errorf("told %+v", told)
		}
		if _, err := w.Access.Login(bg, p.DeviceToken.Reveal(), right, w.Prove(p)); err != nil {
			w.Errorf("the owner: %v", err)
		}
		// A scriptless cookie that moves to another browser is told once a day.
		plain, err := w.Access.FinishLogin(bg, w.Newcomer(accesstest.Phone(4)).Entry.DeviceToken.Reveal(), right, accesstest.Home)
		if err == nil {
			w.Errorf("a device token as a flow: %+v", plain)
		}
		done := w.Newcomer(accesstest.Phone(5))
		w.Told()
		elsewhere := access.Visitor{IP: "198.51.100.9", Agent: "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}
		for range 3 {
			if _, err := w.Access.Login(bg, done.Entry.DeviceToken.Reveal(), right, elsewhere); err != nil {
				w.Fatal(err)
			}
		}
		if told := w.Told(); len(told) != 1 || told[0].Kind != access.OtherBrowser || told[0].Name != "Firefox, Linux" {
			w.Errorf("told %+v", told)
		}
	})
}
