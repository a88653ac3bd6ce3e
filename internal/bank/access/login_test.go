package access_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/tier"
)

const right, bad = accesstest.Passcode, "8264"

func login(w *world, device, passcode string) (access.Entry, error) {
	return w.Access.Login(bg, device, passcode, accesstest.Home)
}

func session(w *world, e access.Entry) error {
	_, err := w.Access.Session(bg, e.SessionToken.Reveal(), access.Acts)
	return err
}

// A04: a code from a SMS opens no session by itself, and neither does a device
// cookie: it takes the proof of the device or phone and the passcode.
func TestA04_CodeAloneOpensNothing(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		w.Newcomer(anya)
		flow := w.Proved(anya)
		wants(w, "the flow as a session", sessionErr(w, flow), access.ErrNoSession)
		_, err := login(w, flow, right)
		wants(w, "the flow as a device", err, access.ErrNoDevice)
		_, err = w.Access.FinishLogin(bg, flow, bad, accesstest.Home)
		wants(w, "a wrong passcode", err, access.ErrWrongPass)
		_, err = w.Access.FinishLogin(bg, flow, "", accesstest.Home)
		wants(w, "no passcode", err, access.ErrPassForm)

		unproved := start(w, anya)
		_, err = w.Access.FinishLogin(bg, unproved.Token.Reveal(), right, accesstest.Home)
		wants(w, "the passcode without the code", err, access.ErrStep)

		e, err := w.Access.FinishLogin(bg, flow, right, accesstest.Home)
		if err != nil || session(w, e) != nil {
			w.Errorf("both: %v", err)
		}
		wants(w, "the device cookie as a session", sessionErr(w, e.DeviceToken.Reveal()), access.ErrNoSession)
	})
}

func sessionErr(w *world, token string) error {
	_, err := w.Access.Session(bg, token, access.Acts)
	return err
}

var qRows = map[string]*db.Stmt{
	"flow":    db.Query(`SELECT COUNT(*), COALESCE(SUM(LENGTH(phone) + LENGTH(phone_hash) + LENGTH(code)), 0) FROM flow`),
	"tally":   db.Query(`SELECT COUNT(*), COALESCE(SUM(n), 0) FROM tally`),
	"outbox":  db.Query(`SELECT COUNT(*), COALESCE(SUM(LENGTH(payload)), 0) FROM outbox WHERE topic = 'sms.send'`),
	"audit":   db.Query(`SELECT COUNT(*), COALESCE(SUM(LENGTH(act) + LENGTH(actor) + LENGTH(details)), 0) FROM audit`),
	"session": db.Query(`SELECT COUNT(*), 0 FROM session`),
}

// traces gives what lies in the tables that a stranger's request writes.
func traces(w *world) map[string][2]int64 {
	w.Helper()
	out := map[string][2]int64{}
	for name, q := range qRows {
		var v [2]int64
		if err := w.DB.Row(bg, q).Scan(&v[0], &v[1]); err != nil {
			w.Fatal(err)
		}
		out[name] = v
	}
	return out
}

// A07: whoever asks with the phone of a client and whoever asks with nobody's
// get the same answers, leave the same traces, and wait as long.
func TestA07_UnknownPhoneLooksTheSame(t *testing.T) {
	rounds := tier.Count(100, 250, 500) // two tries each
	accesstest.EachWith(t, access.Limits{SMSPerHour: 1 << 20, SMSPerDay: 1 << 20, SMSPerIP: 1 << 20, SMSPerIPDay: 1 << 20, SMSPerRange: 1 << 20, WrongCodes: 1 << 20}, func(w *world) {
		w.Newcomer(anya)
		var took [2][]float64 // known, unknown
		var messages [2]int64 // bytes of messages
		for i := range rounds {
			for _, who := range []int{i % 2, 1 - i%2} { // both orders, so that neither is always the warm one
				p := [2]phone.Number{anya, boris}[who]
				before := traces(w)
				begin := time.Now()

				order, err1 := w.Apply.Begin(bg, p.E164(), locale.Russian, accesstest.Home)
				logIn, err2 := w.Access.StartLogin(bg, p, locale.Russian, accesstest.Home)
				_, err3 := w.Access.ConfirmCode(bg, access.ForLogin, logIn.Token.Reveal(), "000000")
				_, err4 := w.Access.FinishLogin(bg, logIn.Token.Reveal(), right, accesstest.Home)
				shown, err5 := w.Access.FlowOf(bg, order.Token.Reveal())

				took[who] = append(took[who], float64(time.Since(begin)))
				if err1 != nil || err2 != nil || !errors.Is(err3, access.ErrWrongCode) || !errors.Is(err4, access.ErrStep) || err5 != nil {
					w.Fatal(err1, err2, err3, err4, err5)
				}
				if f, _ := fault.As(err3); f.Args["n"].(int) != 1<<20-1-i {
					w.Errorf("told %v tries", f.Args["n"])
				}
				if shown.Stage != access.AtCode || order.Stage != access.AtCode || logIn.Stage != access.AtCode {
					w.Errorf("stages %v %v %v", shown.Stage, order.Stage, logIn.Stage)
				}
				for table, now := range traces(w) {
					want := map[string][2]int64{
						"flow": {2, 2 * (33 + 12 + 32 + 32)}, "tally": {0, 13}, "outbox": {2, 0}, "audit": {1, int64(len("visitor" + "code.wrong"))},
					}[table]
					got := [2]int64{now[0] - before[table][0], now[1] - before[table][1]}
					if table == "tally" && got[0] > 0 {
						got[0] = 0 // the phone's first time
					}
					if table == "outbox" {
						if i > 0 && got[1] != messages[who] && messages[who] != 0 {
							w.Errorf("%d bytes of messages, before %d", got[1], messages[who])
						}
						messages[who] = got[1]
						got[1] = 0
					}
					if got != want {
						w.Errorf("%v: %s grew by %v, want %v", p, table, got, want)
					}
				}
			}
			if messages[0] != messages[1] {
				w.Errorf("messages differ: %v bytes", messages)
			}
			if w.Failed() {
				return
			}
		}
		// The share of pairs in which the known phone took longer: ½ when nobody
		// can tell. Its spread is about 0.58/√rounds; five of those are allowed.
		if p := superiority(took[0], took[1]); math.Abs(p-0.5) > 5*0.41/math.Sqrt(float64(rounds)) {
			w.Errorf("the known phone takes longer in %.0f %% of pairs", 100*p)
		}
	})
}

func superiority(a, b []float64) float64 {
	var n float64
	for _, x := range a {
		for _, y := range b {
			switch {
			case x > y:
				n++
			case x == y:
				n += 0.5
			}
		}
	}
	return n / float64(len(a)*len(b))
}

// A07: only the right code, which proves the phone, tells whose it is.
func TestA07_ToldOnlyAfterTheCode(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		w.Newcomer(anya)
		for p, want := range map[phone.Number]access.Stage{anya: access.AtPasscode, boris: access.AtNobody} {
			f := start(w, p)
			after, err := w.Access.ConfirmCode(bg, access.ForLogin, f.Token.Reveal(), w.Code(p))
			if err != nil || after.Stage != want {
				w.Errorf("%v: stage %v, %v; want %v", p, after.Stage, err, want)
			}
		}
		// A device cookie that is nobody's costs a passcode check too.
		_, err := login(w, strings.Repeat("A", 43), right)
		wants(w, "a made-up device", err, access.ErrNoDevice)
	})
}

// A09: a new device needs the code and then the existing passcode; afterwards
// it is known, and the passcode alone opens it.
func TestA09_NewDevice(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		home := w.Newcomer(anya).Entry
		f := w.Proved(anya)
		e, err := w.Access.FinishLogin(bg, f, right, access.Visitor{Agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1"})
		if err != nil {
			w.Fatal(err)
		}
		if e.Session.Client != home.Session.Client || e.Session.Device == home.Session.Device {
			w.Errorf("%+v", e.Session)
		}
		if k, err := w.Access.KnownDevice(bg, e.DeviceToken.Reveal()); err != nil || k.First != "Анна" || k.TriesLeft != 5 || k.Client != e.Session.Client {
			w.Errorf("%+v, %v", k, err)
		}
		in, err := login(w, e.DeviceToken.Reveal(), right)
		if err != nil || session(w, in) != nil || !in.DeviceToken.Empty() {
			w.Errorf("known now: %v", err)
		}
		// An answer that was lost: the same flow and passcode, the same device.
		again, err := w.Access.FinishLogin(bg, f, right, accesstest.Home)
		if err != nil || again.DeviceToken.Reveal() != e.DeviceToken.Reveal() || again.Session.Device != e.Session.Device {
			w.Errorf("replayed: %v", err)
		}
		_, err = w.Access.FinishLogin(bg, f, bad, accesstest.Home)
		wants(w, "a replay with a wrong passcode", err, access.ErrWrongPass)
		if err := w.Access.ForgetDevice(bg, e.Session.Client, e.Session.Device); err != nil {
			w.Fatal(err)
		}
		_, err = w.Access.FinishLogin(bg, f, right, accesstest.Home)
		wants(w, "a replay on a forgotten device", err, access.ErrNoDevice)
		w.Wait(31 * time.Minute)
		_, err = w.Access.FinishLogin(bg, f, right, accesstest.Home)
		wants(w, "an old flow", err, access.ErrNoFlow)
	})
}

// A09: ordering a card with a client's phone and code sets no passcode and
// makes no second client: it goes on as a login.
func TestA09_OrderCannotResetThePasscode(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		done := w.Newcomer(anya)
		f, err := w.Apply.Begin(bg, anya.E164(), locale.Russian, accesstest.Home)
		if err != nil {
			w.Fatal(err)
		}
		after, err := w.Access.ConfirmCode(bg, access.ForOrder, f.Token.Reveal(), w.Code(anya))
		if err != nil || after.Stage != access.AtPasscode {
			w.Fatalf("stage %v, %v", after.Stage, err)
		}
		_, err = w.Access.FirstLogin(bg, f.Token.Reveal(), access.First{CodeWord: accesstest.CodeWord, Passcode: bad, Repeat: bad}, accesstest.Home)
		wants(w, "a new passcode", err, access.ErrStep)
		_, err = w.Access.FinishLogin(bg, f.Token.Reveal(), bad, accesstest.Home)
		wants(w, "not the existing one", err, access.ErrWrongPass)
		e, err := w.Access.FinishLogin(bg, f.Token.Reveal(), right, accesstest.Home)
		if err != nil || e.Session.Client != done.Entry.Session.Client {
			w.Errorf("the existing one: %v", err)
		}
	})
}

// A10: a warning before, five tries, then a pause; each round of failures
// pauses longer, and in the end the device is a strange one.
func TestA10_DeviceLocksAfterFive(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		e := w.Newcomer(anya).Entry
		device := e.DeviceToken.Reveal()
		fail := func(n int) {
			w.Helper()
			for tries := 4; tries > 4-n; tries-- {
				_, err := login(w, device, bad)
				if wants(w, "wrong", err, access.ErrWrongPass); left(err) != tries {
					w.Errorf("warned of %v tries, want %d", left(err), tries)
				}
			}
		}
		fail(4)
		if _, err := login(w, device, right); err != nil {
			w.Fatal(err)
		}
		for _, pause := range []time.Duration{15 * time.Minute, time.Hour, 24 * time.Hour} {
			if k, err := w.Access.KnownDevice(bg, device); err != nil || k.TriesLeft != 5 || !k.Paused.IsZero() {
				w.Errorf("%+v, %v", k, err)
			}
			fail(4)
			_, err := login(w, device, bad)
			wants(w, "the fifth", err, access.ErrPaused)
			_, err = login(w, device, right)
			wants(w, "the right one in the pause", err, access.ErrPaused)
			k, err := w.Access.KnownDevice(bg, device)
			if err != nil || k.TriesLeft != 0 || k.Paused.Sub(w.Now()) != pause {
				w.Errorf("%+v, %v; want a pause of %v", k, err, pause)
			}
			w.Wait(pause)
		}
		fail(4)
		_, err := login(w, device, bad)
		wants(w, "the twentieth", err, access.ErrNoDevice)
		_, err = login(w, device, right)
		wants(w, "a device that was ended", err, access.ErrNoDevice)
		if _, err := w.Access.FinishLogin(bg, w.Proved(anya), right, accesstest.Home); err != nil {
			w.Errorf("the way back by phone: %v", err)
		}
	})
}

// A10: failures on strange devices never lock the owner's own device, and no
// new code gives strangers new tries.
func TestA10_StrangersCannotLockTheOwnerOut(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		owner := w.Newcomer(anya).Entry
		for n := range 5 {
			f := w.Proved(anya) // the thief has the SIM card
			_, err := w.Access.FinishLogin(bg, f, bad, accesstest.Home)
			want := access.ErrWrongPass
			if n == 4 {
				want = access.ErrPaused
			}
			wants(w, "a stranger", err, want)
		}
		w.Wait(time.Hour)
		_, err := w.Access.FinishLogin(bg, w.Proved(anya), right, accesstest.Home)
		wants(w, "a stranger who knows the passcode, in the pause", err, access.ErrPaused)
		if k, err := w.Access.KnownDevice(bg, owner.DeviceToken.Reveal()); err != nil || k.TriesLeft != 5 {
			w.Errorf("the owner's device: %+v, %v", k, err)
		}
		in, err := login(w, owner.DeviceToken.Reveal(), right)
		if err != nil || session(w, in) != nil {
			w.Errorf("the owner: %v", err)
		}
		// The owner's login gives the stranger nothing back either.
		_, err = w.Access.FinishLogin(bg, w.Proved(anya), right, accesstest.Home)
		wants(w, "the stranger after the owner's login", err, access.ErrPaused)

		// Codes in a pause do not reach the known device either.
		w.Wait(time.Hour)
		f := start(w, anya)
		for range 5 {
			confirm(w, f, accesstest.Other(w.Code(anya)))
		}
		if _, err := login(w, owner.DeviceToken.Reveal(), right); err != nil {
			w.Errorf("the owner, with codes paused: %v", err)
		}
		w.Wait(24 * time.Hour)
		if _, err := w.Access.FinishLogin(bg, w.Proved(anya), right, accesstest.Home); err != nil {
			w.Errorf("a new device a day later: %v", err)
		}
	})
}

// A10: of many guesses at once, five are judged.
func TestA10_ParallelPasscodes(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		device := w.Newcomer(anya).Entry.DeviceToken.Reveal()
		var judged atomic.Int32
		var wg sync.WaitGroup
		for n := range 40 {
			wg.Go(func() {
				switch _, err := login(w, device, fmt.Sprint(8200+n)); {
				case errors.Is(err, access.ErrWrongPass):
					judged.Add(1)
				case !errors.Is(err, access.ErrPaused):
					w.Error(err)
				}
			})
		}
		wg.Wait()
		if n := judged.Load(); n != 4 {
			w.Errorf("%d were judged and told their tries, want 4", n)
		}
	})
}

// A double tap of the right passcode is no failure, however fast the finger:
// the same passcode at the same moment is judged once.
func TestParallelRightPasscodes(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		e := w.Newcomer(anya).Entry
		var wg sync.WaitGroup
		for n := range 40 {
			wg.Go(func() {
				var err error
				if n%2 == 0 {
					_, err = w.Access.ConfirmPasscode(bg, e.Session, right)
				} else {
					_, err = login(w, e.DeviceToken.Reveal(), right)
				}
				if err != nil {
					w.Error(err)
				}
			})
		}
		wg.Wait()
		if k, err := w.Access.KnownDevice(bg, e.DeviceToken.Reveal()); err != nil || k.TriesLeft != 5 {
			w.Errorf("%+v, %v", k, err)
		}
	})
}

var qMovePass = db.Query(`UPDATE passcode SET hash = (SELECT hash FROM passcode p WHERE p.client = $1) WHERE client = $2`)

// C10: a passcode hash copied from another client does not open his account.
func TestC10_PasscodeOfAnotherClient(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		a, b := w.Newcomer(anya).Entry, w.Newcomer(boris).Entry
		if err := w.DB.Write(bg, func(tx db.Tx) error {
			_, err := tx.Exec(bg, qMovePass, int64(a.Session.Client), int64(b.Session.Client))
			return err
		}); err != nil {
			w.Fatal(err)
		}
		if _, err := login(w, b.DeviceToken.Reveal(), right); err == nil || fault.CodeOf(err) != fault.Broken {
			w.Errorf("the copied hash: %v", err)
		}
	})
}
