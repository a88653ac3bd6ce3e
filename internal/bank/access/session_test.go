package access_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
)

var qHashes = db.Query(`SELECT hash FROM bearer WHERE client = $1`)

// A16: 256 random bits, a keyed hash at rest, a new one at login and at step-up.
func TestA16_SessionTokens(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		e := w.Newcomer(anya).Entry
		seen := map[string]bool{e.SessionToken.Reveal(): true}
		if n := len(e.SessionToken.Reveal()); n != 43 {
			w.Errorf("%d letters of base64, want 43 for 256 bits", n)
		}
		in, err := login(w, e.DeviceToken.Reveal(), right)
		if err != nil || seen[in.SessionToken.Reveal()] {
			w.Errorf("login gave the same token, %v", err)
		}
		old := in.SessionToken.Reveal()
		c, err := w.Access.ConfirmPasscode(bg, in.Session, right)
		if err != nil || c.SessionToken.Reveal() == old {
			w.Fatalf("step-up gave the same token, %v", err)
		}
		if c.Proof.Client() != in.Session.Client || c.Proof.Session() != in.Session.ID || !c.Proof.At().Equal(w.Now()) {
			w.Errorf("%+v", c.Proof)
		}
		a, err1 := w.Access.Session(bg, old, access.Acts)
		b, err2 := w.Access.Session(bg, c.SessionToken.Reveal(), access.Acts)
		if err1 != nil || err2 != nil || a.ID != b.ID {
			w.Errorf("a double tap: %v, %v", err1, err2)
		}
		w.Wait(time.Minute)
		wants(w, "the replaced token after its grace", sessionErr(w, old), access.ErrNoSession)
		wants(w, "the new one", sessionErr(w, c.SessionToken.Reveal()), nil)

		rows, err := w.DB.Rows(bg, qHashes, int64(in.Session.Client))
		if err != nil {
			w.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var h []byte
			if err := rows.Scan(&h); err != nil {
				w.Fatal(err)
			}
			if len(h) != 32 || string(h) == old {
				w.Errorf("stored %x", h)
			}
		}
	})
}

// A16: a wrong passcode at step-up counts like one at login, and the one that
// pauses the device ends its sessions: an open phone in a thief's hand.
func TestA16_StepUpCountsTries(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		e := w.Newcomer(anya).Entry
		for n := 4; n >= 1; n-- {
			_, err := w.Access.ConfirmPasscode(bg, e.Session, bad)
			if wants(w, "wrong", err, access.ErrWrongPass); left(err) != n {
				w.Errorf("told %v, want %d", left(err), n)
			}
		}
		wants(w, "the session meanwhile", session(w, e), nil)
		_, err := w.Access.ConfirmPasscode(bg, e.Session, bad)
		wants(w, "the fifth", err, access.ErrPaused)
		wants(w, "the session", session(w, e), access.ErrEnded)
		_, err = w.Access.ConfirmPasscode(bg, e.Session, right)
		wants(w, "the right one in the pause", err, access.ErrPaused)
		_, err = login(w, e.DeviceToken.Reveal(), right)
		wants(w, "a login in the pause", err, access.ErrPaused)
	})
}

func TestStepUpNeedsALiveSession(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		e := w.Newcomer(anya).Entry
		w.Wait(5 * time.Minute)
		_, err := w.Access.ConfirmPasscode(bg, e.Session, right)
		wants(w, "an idle session", err, access.ErrIdle)
		in, err := login(w, e.DeviceToken.Reveal(), right)
		if err != nil {
			w.Fatal(err)
		}
		if err := w.Access.Logout(bg, in.Session); err != nil {
			w.Fatal(err)
		}
		_, err = w.Access.ConfirmPasscode(bg, in.Session, right)
		wants(w, "an ended session", err, access.ErrEnded)
		forged := in.Session
		forged.Client++
		_, err = w.Access.ConfirmPasscode(bg, forged, right)
		wants(w, "another's device", err, access.ErrNoDevice)
	})
}

// A17: five minutes without a request, twelve hours at all, by the server's clock.
func TestA17_IdleAndAbsolute(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		e := w.Newcomer(anya).Entry
		token := e.SessionToken.Reveal()
		w.Wait(5*time.Minute - time.Microsecond)
		in, err := w.Access.Session(bg, token, access.Acts)
		if err != nil || in.IdleEnds.Sub(w.Now()) != 5*time.Minute {
			w.Fatalf("%+v, %v", in, err)
		}
		// Watching is no activity, however often it happens.
		for range 19 {
			w.Wait(15 * time.Second)
			if _, err := w.Access.Session(bg, token, access.Watches); err != nil {
				w.Fatal(err)
			}
			if _, err := w.Access.Alive(bg, in); err != nil {
				w.Fatal(err)
			}
		}
		w.Wait(15 * time.Second)
		wants(w, "idle", sessionErr(w, token), access.ErrIdle)
		wants(w, "still idle", sessionErr(w, token), access.ErrIdle)
		_, err = w.Access.Alive(bg, in)
		wants(w, "its stream", err, access.ErrIdle)

		if e, err = login(w, e.DeviceToken.Reveal(), right); err != nil {
			w.Fatal(err)
		}
		token = e.SessionToken.Reveal()
		begun := w.Now()
		for w.Now().Sub(begun) < 12*time.Hour-4*time.Minute {
			w.Wait(4 * time.Minute)
			if err := sessionErr(w, token); err != nil {
				w.Fatalf("after %v: %v", w.Now().Sub(begun), err)
			}
		}
		w.Wait(4*time.Minute - time.Microsecond)
		wants(w, "a moment before", sessionErr(w, token), nil)
		w.Wait(time.Microsecond)
		wants(w, "after twelve hours", sessionErr(w, token), access.ErrTooOld)
	})
}

// A17: the touch is throttled; what it does not see ends a session early, never late.
func TestA17_TouchIsThrottled(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		e := w.Newcomer(anya).Entry
		token := e.SessionToken.Reveal()
		w.Wait(14 * time.Second)
		in, err := w.Access.Session(bg, token, access.Acts)
		if err != nil || !in.Seen.Equal(e.Session.Seen) {
			w.Errorf("seen %v, %v", in.Seen, err)
		}
		w.Wait(5*time.Minute - 14*time.Second)
		wants(w, "five minutes after the last touch", sessionErr(w, token), access.ErrIdle)
	})
}

// A18: devices and sessions are listed; one or all can be ended, one's own only.
func TestA18_DevicesAndSessions(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		a := w.Newcomer(anya).Entry
		w.Wait(time.Minute)
		b, err := w.Access.FinishLogin(bg, w.Proved(anya), right,
			access.Visitor{Agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/126.0 Safari/537.36 Edg/126.0"})
		if err != nil {
			w.Fatal(err)
		}
		stranger := w.Newcomer(boris).Entry
		who := a.Session.Client
		list, err := w.Access.Devices(bg, who, a.Session)
		if err != nil || len(list) != 2 {
			w.Fatalf("%+v, %v", list, err)
		}
		if list[0].Name != "Edge, Windows" || list[0].Current || list[1].Name != "Chrome, Android" || !list[1].Current ||
			len(list[0].Sessions) != 1 || list[0].Sessions[0].ID != b.Session.ID || !list[0].Last.After(list[1].Last) {
			w.Errorf("%+v", list)
		}

		wants(w, "another's session", w.Access.EndSession(bg, who, stranger.Session.ID), access.ErrMissing)
		wants(w, "another's device", w.Access.ForgetDevice(bg, who, stranger.Session.Device), access.ErrMissing)
		wants(w, "no session", w.Access.EndSession(bg, who, id.ID{}), access.ErrMissing)
		wants(w, "the stranger's", session(w, stranger), nil)

		wants(w, "end one", w.Access.EndSession(bg, who, b.Session.ID), nil)
		wants(w, "the ended one", session(w, b), access.ErrEnded)
		_, err = w.Access.Alive(bg, b.Session)
		wants(w, "its stream", err, access.ErrEnded)
		wants(w, "the other", session(w, a), nil)
		wants(w, "again", w.Access.EndSession(bg, who, b.Session.ID), access.ErrMissing)

		var in []access.Entry
		for range 3 {
			e, err := login(w, b.DeviceToken.Reveal(), right)
			if err != nil {
				w.Fatal(err)
			}
			in = append(in, e)
		}
		if n, err := w.Access.EndOthers(bg, a.Session); n != 3 || err != nil {
			w.Errorf("ended %d others, %v; want 3", n, err)
		}
		for _, e := range in {
			wants(w, "the others", session(w, e), access.ErrEnded)
		}
		wants(w, "this one", session(w, a), nil)
		if n, err := w.Access.EndAll(bg, a.Session); n != 1 || err != nil {
			w.Errorf("ended %d, %v; want 1", n, err)
		}
		wants(w, "this one too", session(w, a), access.ErrEnded)
		wants(w, "logout of what has ended", w.Access.Logout(bg, a.Session), nil)

		in1, err := login(w, b.DeviceToken.Reveal(), right)
		if err != nil {
			w.Fatal(err)
		}
		wants(w, "forget", w.Access.ForgetDevice(bg, who, b.Session.Device), nil)
		wants(w, "its session", session(w, in1), access.ErrEnded)
		_, err = login(w, b.DeviceToken.Reveal(), right)
		wants(w, "its login", err, access.ErrNoDevice)
		_, err = w.Access.KnownDevice(bg, b.DeviceToken.Reveal())
		wants(w, "its page", err, access.ErrNoDevice)
		if list, err := w.Access.Devices(bg, who, access.Session{}); err != nil || len(list) != 1 || len(list[0].Sessions) != 0 {
			w.Errorf("%+v, %v", list, err)
		}
		wants(w, "the stranger's, after all", session(w, stranger), nil)
	})
}

func TestLogout(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		e := w.Newcomer(anya).Entry
		wants(w, "logout", w.Access.Logout(bg, e.Session), nil)
		wants(w, "afterwards", session(w, e), access.ErrEnded)
		if _, err := w.Access.KnownDevice(bg, e.DeviceToken.Reveal()); err != nil {
			w.Errorf("the device was forgotten: %v", err)
		}
	})
}

var qLeft = db.Query(`SELECT (SELECT COUNT(*) FROM flow) + (SELECT COUNT(*) FROM tally) + (SELECT COUNT(*) FROM session), (SELECT COUNT(*) FROM bearer)`)

func TestSweep(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *world) {
		e := w.Newcomer(anya).Entry
		if _, err := w.Access.ConfirmPasscode(bg, e.Session, right); err != nil {
			w.Fatal(err)
		}
		start(w, anya)
		count := func() (rows, bearers int) {
			w.Helper()
			if err := w.Access.Sweep(bg); err != nil {
				w.Fatal(err)
			}
			if err := w.DB.Row(bg, qLeft).Scan(&rows, &bearers); err != nil {
				w.Fatal(err)
			}
			return rows, bearers
		}
		if rows, bearers := count(); rows < 4 || bearers != 3 {
			w.Errorf("%d rows, %d bearers: something live was swept", rows, bearers)
		}
		w.Wait(5 * 24 * time.Hour)
		if rows, bearers := count(); rows != 0 || bearers != 1 {
			w.Errorf("%d rows, %d bearers are left; want the device alone", rows, bearers)
		}
		if _, err := login(w, e.DeviceToken.Reveal(), right); err != nil {
			w.Errorf("the device: %v", err)
		}
	})
}

// W20: prefix, hashed, scoped, expiring, revocable at once, made only by
// whoever has just proved himself.
func TestW20_Tokens(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	accesstest.Each(t, func(w *world) {
		e := w.Newcomer(anya).Entry
		stranger := w.Newcomer(boris).Entry
		fresh := func() access.Proof {
			w.Helper()
			c, err := w.Access.ConfirmPasscode(bg, e.Session, right)
			if err != nil {
				w.Fatal(err)
			}
			return c.Proof
		}
		read := access.NewToken{Name: " Отчёты ", Scopes: []access.Scope{access.ScopeRead, access.ScopeRead}, TTL: 30 * day}

		_, _, err := w.Access.CreateToken(bg, access.Proof{}, read)
		wants(w, "no proof", err, access.ErrStepUp)
		stale := fresh()
		w.Wait(5*time.Minute + time.Second)
		_, _, err = w.Access.CreateToken(bg, stale, read)
		wants(w, "an old proof", err, access.ErrStepUp)
		again, err := login(w, e.DeviceToken.Reveal(), right)
		if err != nil {
			w.Fatal(err)
		}
		e = again
		proof := fresh()

		for what, bad := range map[string]struct {
			n    access.NewToken
			want error
		}{
			"no name":       {access.NewToken{Name: " ", Scopes: read.Scopes, TTL: day}, access.ErrTokenName},
			"a long name":   {access.NewToken{Name: string(make([]byte, 61)), Scopes: read.Scopes, TTL: day}, access.ErrTokenName},
			"a NUL":         {access.NewToken{Name: "a\x00b", Scopes: read.Scopes, TTL: day}, access.ErrTokenName},
			"bad UTF-8":     {access.NewToken{Name: "a\xffb", Scopes: read.Scopes, TTL: day}, access.ErrTokenName},
			"no scope":      {access.NewToken{Name: "x", TTL: day}, access.ErrTokenScope},
			"unknown scope": {access.NewToken{Name: "x", Scopes: []access.Scope{"admin"}, TTL: day}, access.ErrTokenScope},
			"a comma":       {access.NewToken{Name: "x", Scopes: []access.Scope{"read,transfer"}, TTL: day}, access.ErrTokenScope},
			"no expiry":     {access.NewToken{Name: "x", Scopes: read.Scopes}, access.ErrTokenExpiry},
			"over a year":   {access.NewToken{Name: "x", Scopes: read.Scopes, TTL: 367 * day}, access.ErrTokenExpiry},
			"in the past":   {access.NewToken{Name: "x", Scopes: read.Scopes, TTL: -day}, access.ErrTokenExpiry},
		} {
			_, _, err := w.Access.CreateToken(bg, proof, bad.n)
			wants(w, what, err, bad.want)
		}

		tok, secret, err := w.Access.CreateToken(bg, proof, read)
		if err != nil {
			w.Fatal(err)
		}
		text := secret.Reveal()
		if text[:3] != "rb_" || len(text) != 46 || tok.Hint != text[:7]+"…" || tok.Name != "Отчёты" {
			w.Errorf("%q, %+v", text, tok)
		}
		got, err := w.Access.ByToken(bg, text)
		if err != nil || got.ID != tok.ID || got.Client != e.Session.Client || !got.Last.Equal(w.Now()) ||
			!got.May(access.ScopeRead) || got.May(access.ScopeTransfer) {
			w.Errorf("%+v, %v", got, err)
		}
		for _, bad := range []string{"", "rb_", text[3:], text + "x", text[:45], accesstest.Other(text), "rb_" + accesstest.Other(text[3:]), "RB_" + text[3:]} {
			if _, err := w.Access.ByToken(bg, bad); !errors.Is(err, access.ErrBadToken) {
				w.Errorf("%q: %v", bad, err)
			}
		}
		wants(w, "a token as a session", sessionErr(w, text[3:]), access.ErrNoSession)

		both, _, err := w.Access.CreateToken(bg, proof, access.NewToken{Name: "x", Scopes: []access.Scope{access.ScopeRead}, TTL: 365 * day})
		if err != nil || !both.May(access.ScopeRead) || both.May(access.ScopeTransfer) {
			w.Errorf("%+v, %v", both, err)
		}
		list, err := w.Access.Tokens(bg, e.Session.Client)
		if err != nil || len(list) != 2 || list[0].ID != both.ID || list[1].Name != "Отчёты" || list[1].PublicKey != nil {
			w.Errorf("%+v, %v", list, err)
		}

		wants(w, "another's token", w.Access.RevokeToken(bg, stranger.Session.Client, tok.ID), access.ErrMissing)
		wants(w, "revoke", w.Access.RevokeToken(bg, e.Session.Client, tok.ID), nil)
		_, err = w.Access.ByToken(bg, text)
		wants(w, "the very next moment", err, access.ErrBadToken)
		wants(w, "again", w.Access.RevokeToken(bg, e.Session.Client, tok.ID), access.ErrMissing)

		_, short, err := w.Access.CreateToken(bg, proof, access.NewToken{Name: "x", Scopes: read.Scopes, TTL: time.Hour})
		if err != nil {
			w.Fatal(err)
		}
		w.Wait(time.Hour - time.Second)
		if _, err := w.Access.ByToken(bg, short.Reveal()); err != nil {
			w.Error(err)
		}
		w.Wait(time.Second)
		_, err = w.Access.ByToken(bg, short.Reveal())
		wants(w, "expired", err, access.ErrBadToken)
	})
}

func TestTokensAreCounted(t *testing.T) {
	t.Parallel()
	accesstest.EachWith(t, access.Limits{Tokens: 2}, func(w *world) {
		e := w.Newcomer(anya).Entry
		c, err := w.Access.ConfirmPasscode(bg, e.Session, right)
		if err != nil {
			w.Fatal(err)
		}
		n := access.NewToken{Name: "x", Scopes: []access.Scope{access.ScopeRead}, TTL: time.Hour}
		for _, want := range []error{nil, nil, access.ErrTokenCount} {
			_, _, err := w.Access.CreateToken(bg, c.Proof, n)
			wants(w, "token", err, want)
		}
	})
}

// Many requests share a query and each gets its own answer; one that was
// revoked before the request came is never answered.
func TestW20_ManyTokensAtOnce(t *testing.T) {
	t.Parallel()
	accesstest.EachWith(t, access.Limits{Tokens: 100}, func(w *world) {
		e := w.Newcomer(anya).Entry
		c, err := w.Access.ConfirmPasscode(bg, e.Session, right)
		if err != nil {
			w.Fatal(err)
		}
		var secrets []string
		var ids []id.ID
		for range 50 {
			tok, secret, err := w.Access.CreateToken(bg, c.Proof, access.NewToken{Name: "x", Scopes: []access.Scope{access.ScopeRead}, TTL: time.Hour})
			if err != nil {
				w.Fatal(err)
			}
			secrets, ids = append(secrets, secret.Reveal()), append(ids, tok.ID)
		}
		var wg sync.WaitGroup
		for n := range 400 {
			wg.Go(func() {
				i := n % 60
				if i >= len(ids) {
					_, err := w.Access.ByToken(bg, "rb_"+secrets[0][4:]+"A")
					wants(w, "a made-up token", err, access.ErrBadToken)
					return
				}
				if tok, err := w.Access.ByToken(bg, secrets[i]); err != nil || tok.ID != ids[i] || tok.Client != e.Session.Client {
					w.Errorf("token %d: %+v, %v", i, tok, err)
				}
			})
		}
		wg.Wait()
		var before, after sync.WaitGroup
		for i := range ids {
			before.Go(func() {
				if err := w.Access.RevokeToken(bg, e.Session.Client, ids[i]); err != nil {
					w.Error(err)
				}
				after.Go(func() {
					_, err := w.Access.ByToken(bg, secrets[i])
					wants(w, "revoked", err, access.ErrBadToken)
				})
			})
		}
		before.Wait()
		after.Wait()
	})
}
