package access_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

// byPasskey logs in by a passkey.
func byPasskey(w *accesstest.World, a *accesstest.Authenticator, device string, from access.Visitor, key *accesstest.Key, spoil ...func(*accesstest.Answer)) (access.Entry, error) {
	w.Helper()
	options, ref, err := w.Access.BeginPasskeyLogin(bg, from)
	if err != nil {
		return access.Entry{}, err
	}
	answer, err := a.Get(options, spoil...)
	if err != nil {
		return access.Entry{}, err
	}
	if key != nil {
		from.Key = key.Enrol(ref)
	}
	return w.Access.FinishPasskeyLogin(bg, ref, answer, device, from)
}

// removed removes a passkey: offered, signed, carried out.
func removed(w *accesstest.World, p accesstest.Person, pr access.Proof, k id.ID) error {
	w.Helper()
	o, err := w.Access.OfferRemoval(bg, p.Session, pr, k)
	_, err = w.CarryOut(p, o, err)
	return err
}

// A05: passkeys are added, named, listed, used without typing and removed.
func TestA05_Passkeys(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *accesstest.World) {
		p := w.Keyed(anya)
		w.Told()
		a, k := w.WithPasskey(p)
		if told := w.Told(); len(told) != 1 || told[0].Kind != access.NewPasskey || told[0].Client != p.ID || told[0].Name != "Chrome, Android" {
			w.Errorf("told %+v", told)
		}
		list, err := w.Access.Passkeys(bg, p.ID)
		if err != nil || len(list) != 1 || list[0] != k || k.Name != "Телефон" || !k.Used.IsZero() || k.Synced {
			w.Fatalf("%+v, %v", list, err)
		}
		// The same browser, known by its cookie and key.
		w.Wait(time.Minute)
		e, err := byPasskey(w, a, p.DeviceToken.Reveal(), w.Prove(p), nil)
		if err != nil || e.Session.Client != p.ID || e.Session.Device != p.Session.Device || !e.DeviceToken.Empty() {
			w.Fatalf("%+v, %v", e, err)
		}
		if list, err = w.Access.Passkeys(bg, p.ID); err != nil || !list[0].Used.Equal(w.Now()) {
			w.Errorf("%+v, %v", list, err)
		}
		// … whose cookie alone is worth nothing to a passkey either.
		if _, err := byPasskey(w, a, p.DeviceToken.Reveal(), accesstest.Home, nil); !errors.Is(err, access.ErrProof) {
			w.Errorf("with the cookie, without the key: %v", err)
		}
		// A second one, another name; the first authenticator refuses to hold two.
		b, second := w.WithPasskey(p)
		if _, err := w.AddPasskey(p, b); err == nil || !strings.Contains(err.Error(), "InvalidStateError") {
			w.Errorf("twice: %v", err)
		}
		if err := w.Access.RenamePasskey(bg, p.ID, second.ID, "  Ключ на связке "); err != nil {
			w.Error(err)
		}
		for _, name := range []string{"", " ", strings.Repeat("ы", 41), "a\nb"} {
			if err := w.Access.RenamePasskey(bg, p.ID, second.ID, name); !errors.Is(err, access.ErrPasskeyName) {
				w.Errorf("%q: %v", name, err)
			}
		}
		if list, err = w.Access.Passkeys(bg, p.ID); err != nil || len(list) != 2 || list[0].Name != "Ключ на связке" || list[1].ID != k.ID {
			w.Errorf("%+v, %v", list, err)
		}
		// Nobody else touches them.
		other := w.Keyed(accesstest.Phone(2))
		theirs, err := w.Access.ConfirmPasscode(bg, other.Session, right)
		if err != nil {
			w.Fatal(err)
		}
		for what, err := range map[string]error{
			"rename": w.Access.RenamePasskey(bg, other.ID, k.ID, "x"),
			"remove": removed(w, other, theirs.Proof, k.ID),
		} {
			if !errors.Is(err, access.ErrMissing) {
				w.Errorf("%s: %v", what, err)
			}
		}
		if err := removed(w, p, access.Proof{}, k.ID); !errors.Is(err, access.ErrStepUp) {
			w.Errorf("without a step-up: %v", err)
		}
		if _, _, err := w.Access.BeginPasskey(bg, access.Proof{}); !errors.Is(err, access.ErrStepUp) {
			w.Errorf("without a step-up: %v", err)
		}
		confirmed, err := w.Access.ConfirmPasscode(bg, p.Session, right)
		if err != nil {
			w.Fatal(err)
		}
		if err := removed(w, p, confirmed.Proof, k.ID); err != nil {
			w.Fatal(err)
		}
		if _, err := byPasskey(w, a, "", accesstest.Home, nil); !errors.Is(err, access.ErrPasskey) {
			w.Errorf("removed: %v", err)
		}
		if _, err := byPasskey(w, b, "", accesstest.Home, nil); err != nil {
			w.Errorf("the other one: %v", err)
		}
	})
}

// A06: each field of an answer that is not as it was asked for is refused, and
// a challenge is answered once.
func TestA06_EachFieldOfAnAnswer(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *accesstest.World) {
		p := w.Keyed(anya)
		a, _ := w.WithPasskey(p)
		stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			w.Fatal(err)
		}
		uid, err := w.Clients.ByID(bg, w.Keyed(accesstest.Phone(2)).ID)
		if err != nil {
			w.Fatal(err)
		}
		signed := func(f func(a, c, s []byte) ([]byte, []byte, []byte)) func(*accesstest.Answer) {
			return func(x *accesstest.Answer) { x.Signed = f }
		}
		for what, spoil := range map[string]func(*accesstest.Answer){
			"type":           func(x *accesstest.Answer) { x.Type = "webauthn.create" },
			"challenge":      func(x *accesstest.Answer) { x.Challenge = strings.Repeat("A", 43) },
			"origin":         func(x *accesstest.Answer) { x.Origin = "https://bank.example.evil" },
			"origin http":    func(x *accesstest.Answer) { x.Origin = "http://bank.example" },
			"subdomain":      func(x *accesstest.Answer) { x.Origin = "https://www.bank.example" },
			"host":           func(x *accesstest.Answer) { x.RPID = "example" },
			"not verified":   func(x *accesstest.Answer) { x.Flags &^= accesstest.UserVerified },
			"not present":    func(x *accesstest.Answer) { x.Flags &^= accesstest.UserPresent },
			"backup flag":    func(x *accesstest.Answer) { x.Flags |= 0x08 },
			"counter as was": func(x *accesstest.Answer) { x.Count = 1 },
			"counter zero":   func(x *accesstest.Answer) { x.Count = 0 },
			"other handle":   func(x *accesstest.Answer) { x.Handle = uid.UID.Bytes() },
			"other key":      func(x *accesstest.Answer) { x.Key = stranger },
			"auth data":      signed(func(a, c, s []byte) ([]byte, []byte, []byte) { a[36] ^= 1; return a, c, s }),
			"client data":    signed(func(a, c, s []byte) ([]byte, []byte, []byte) { return a, append(c, ' '), s }),
			"signature":      signed(func(a, c, s []byte) ([]byte, []byte, []byte) { s[len(s)-1] ^= 1; return a, c, s }),
			"no signature":   signed(func(a, c, s []byte) ([]byte, []byte, []byte) { return a, c, nil }),
			"short":          signed(func(a, c, s []byte) ([]byte, []byte, []byte) { return a[:36], c, s }),
		} {
			if what == "counter as was" { // the counter must have been used before
				if _, err := byPasskey(w, a, "", accesstest.Home, nil, func(x *accesstest.Answer) { x.Count = max(x.Count, 1) }); err != nil {
					w.Errorf("before %s: %v", what, err)
				}
			}
			if what == "counter zero" {
				if _, err := byPasskey(w, a, "", accesstest.Home, nil); err != nil {
					w.Errorf("before %s: %v", what, err)
				}
			}
			if _, err := byPasskey(w, a, "", accesstest.Home, nil, spoil); !errors.Is(err, access.ErrPasskey) {
				w.Errorf("%s: %v", what, err)
			}
		}
		for _, raw := range []string{"", "{}", "null", "[]", `{"id":"AA","rawId":"AA","type":"public-key","response":{}}`, strings.Repeat("{", 20000)} {
			_, ref, err := w.Access.BeginPasskeyLogin(bg, accesstest.Home)
			if err != nil {
				w.Fatal(err)
			}
			if _, err := w.Access.FinishPasskeyLogin(bg, ref, []byte(raw), "", accesstest.Home); !errors.Is(err, access.ErrPasskey) {
				w.Errorf("%.20q: %v", raw, err)
			}
		}
		// A challenge is answered once, in time, and for its own purpose.
		options, ref, err := w.Access.BeginPasskeyLogin(bg, accesstest.Home)
		if err != nil {
			w.Fatal(err)
		}
		answer, err := a.Get(options)
		if err != nil {
			w.Fatal(err)
		}
		if _, err := w.Access.ConfirmPasskey(bg, p.Session, ref, answer); !errors.Is(err, access.ErrChallenge) {
			w.Errorf("for another purpose: %v", err)
		}
		if _, err := w.Access.FinishPasskeyLogin(bg, ref, answer, "", accesstest.Home); err != nil {
			w.Error(err)
		}
		if _, err := w.Access.FinishPasskeyLogin(bg, ref, answer, "", accesstest.Home); !errors.Is(err, access.ErrChallenge) {
			w.Errorf("twice: %v", err)
		}
		if options, ref, err = w.Access.BeginPasskeyLogin(bg, accesstest.Home); err != nil {
			w.Fatal(err)
		}
		if answer, err = a.Get(options); err != nil {
			w.Fatal(err)
		}
		w.Wait(15 * time.Minute)
		if _, err := w.Access.FinishPasskeyLogin(bg, ref, answer, "", accesstest.Home); !errors.Is(err, access.ErrChallenge) {
			w.Errorf("too late: %v", err)
		}
		for _, ref := range []string{"", "!", strings.Repeat("A", 43), strings.Repeat("A", 2000), ref + "\n", "B" + ref[1:], ref[:len(ref)-4] + "AAAA"} {
			if _, err := w.Access.FinishPasskeyLogin(bg, ref, answer, "", accesstest.Home); !errors.Is(err, access.ErrChallenge) {
				w.Errorf("%q: %v", ref, err)
			}
		}
		// The making of one is as strict.
		q := w.Keyed(accesstest.Phone(3))
		for what, spoil := range map[string]func(*accesstest.Answer){
			"type":         func(x *accesstest.Answer) { x.Type = "webauthn.get" },
			"challenge":    func(x *accesstest.Answer) { x.Challenge = strings.Repeat("A", 43) },
			"origin":       func(x *accesstest.Answer) { x.Origin = "https://evil.example" },
			"host":         func(x *accesstest.Answer) { x.RPID = "evil.example" },
			"not verified": func(x *accesstest.Answer) { x.Flags &^= accesstest.UserVerified },
			"not present":  func(x *accesstest.Answer) { x.Flags &^= accesstest.UserPresent },
		} {
			if _, err := w.AddPasskey(q, accesstest.NewAuthenticator(), spoil); !errors.Is(err, access.ErrPasskey) {
				w.Errorf("making, %s: %v", what, err)
			}
		}
	})
}

// The first passkeys may be many, but not without end.
func TestPasskeysAreCounted(t *testing.T) {
	t.Parallel()
	accesstest.EachWith(t, access.Limits{Passkeys: 2}, func(w *accesstest.World) {
		p := w.Keyed(anya)
		w.WithPasskey(p)
		w.WithPasskey(p)
		if _, err := w.AddPasskey(p, accesstest.NewAuthenticator()); !errors.Is(err, access.ErrPasskeyCount) {
			w.Error(err)
		}
	})
}

// A passkey logs in on a new browser, which becomes a device without reduced
// limits; a device whose key the browser lost ends with it (W07).
func TestPasskeyReregistersDevice(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *accesstest.World) {
		p := w.Keyed(anya)
		a, _ := w.WithPasskey(p)
		w.Told()
		key := accesstest.NewKey(w)
		e, err := byPasskey(w, a, p.DeviceToken.Reveal(), accesstest.Home, key)
		if err != nil || e.Session.Kind != access.Keyed || e.Session.Device == p.Session.Device || e.DeviceToken.Empty() {
			w.Fatalf("%+v, %v", e, err)
		}
		if !e.Session.Standing.Reduced.IsZero() || e.Session.Standing.Scriptless {
			w.Errorf("%+v", e.Session.Standing)
		}
		if told := w.Told(); len(told) != 1 || told[0].Kind != access.NewDevice {
			w.Errorf("told %+v", told)
		}
		if _, err := w.Access.KnownDevice(bg, p.DeviceToken.Reveal()); !errors.Is(err, access.ErrNoDevice) {
			w.Errorf("the lost device: %v", err)
		}
		if _, err := w.Access.Session(bg, p.SessionToken.Reveal(), access.Watches); err == nil {
			w.Error("the lost device's session goes on")
		}
		// The enrolment is bound to this login.
		options, ref, err := w.Access.BeginPasskeyLogin(bg, accesstest.Home)
		if err != nil {
			w.Fatal(err)
		}
		answer, err := a.Get(options)
		if err != nil {
			w.Fatal(err)
		}
		from := accesstest.Home
		from.Key = accesstest.NewKey(w).Enrol("fl_another")
		if _, err := w.Access.FinishPasskeyLogin(bg, ref, answer, "", from); !errors.Is(err, access.ErrKey) {
			w.Errorf("a key for another login: %v", err)
		}
		// Somebody else's cookie in this browser stays somebody else's.
		other := w.Keyed(accesstest.Phone(2))
		if e, err = byPasskey(w, a, other.DeviceToken.Reveal(), accesstest.Home, accesstest.NewKey(w)); err != nil || e.Session.Client != p.ID || e.DeviceToken.Empty() {
			w.Errorf("%+v, %v", e, err)
		}
		if known, err := w.Access.KnownDevice(bg, other.DeviceToken.Reveal()); err != nil || known.Client != other.ID {
			w.Errorf("%+v, %v", known, err)
		}
		// Without scripts' keys the new browser is a scriptless device, and stays one.
		if e, err = byPasskey(w, a, "", accesstest.Home, nil); err != nil || e.Session.Kind != access.Scriptless {
			w.Fatalf("%+v, %v", e, err)
		}
		again, err := byPasskey(w, a, e.DeviceToken.Reveal(), accesstest.Home, nil)
		if err != nil || again.Session.Device != e.Session.Device {
			w.Errorf("%+v, %v", again, err)
		}
		// … until it comes in anew with a key, as another device.
		keyed, err := byPasskey(w, a, e.DeviceToken.Reveal(), accesstest.Home, accesstest.NewKey(w))
		if err != nil || keyed.Session.Kind != access.Keyed || keyed.Session.Device == e.Session.Device {
			w.Errorf("%+v, %v", keyed, err)
		}
		if _, err := w.Access.KnownDevice(bg, e.DeviceToken.Reveal()); !errors.Is(err, access.ErrNoDevice) {
			w.Errorf("the device it was: %v", err)
		}
		// A passkey that was added while the limits were reduced does not lift them.
		fresh := w.NewBrowser(p)
		b, _ := w.WithPasskey(fresh)
		if e, err = byPasskey(w, b, "", accesstest.Home, accesstest.NewKey(w)); err != nil || e.Session.Standing.Reduced.IsZero() {
			w.Errorf("%+v, %v", e.Session.Standing, err)
		}
	})
}

// A step-up by passkey is as good as one by passcode.
func TestPasskeyStepUp(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *accesstest.World) {
		p, other := w.Keyed(anya), w.Keyed(accesstest.Phone(2))
		if _, _, err := w.Access.BeginPasskeyStepUp(bg, p.Session); !errors.Is(err, access.ErrNoPasskey) {
			w.Errorf("without one: %v", err)
		}
		a, k := w.WithPasskey(p)
		theirs, _ := w.WithPasskey(other)
		ask := func(by *accesstest.Authenticator) (string, []byte) {
			w.Helper()
			options, ref, err := w.Access.BeginPasskeyStepUp(bg, p.Session)
			if err != nil {
				w.Fatal(err)
			}
			if by == theirs { // whose authenticator would not answer by itself
				var o map[string]any
				if err := json.Unmarshal(options, &o); err != nil {
					w.Fatal(err)
				}
				delete(o, "allowCredentials")
				options, _ = json.Marshal(o)
			}
			answer, err := by.Get(options)
			if err != nil {
				w.Fatal(err)
			}
			return ref, answer
		}
		ref, answer := ask(theirs)
		if _, err := w.Access.ConfirmPasskey(bg, p.Session, ref, answer); !errors.Is(err, access.ErrPasskey) {
			w.Errorf("somebody else's: %v", err)
		}
		ref, answer = ask(a)
		if _, err := w.Access.ConfirmPasskey(bg, other.Session, ref, answer); !errors.Is(err, access.ErrChallenge) {
			w.Errorf("in another session: %v", err)
		}
		confirmed, err := w.Access.ConfirmPasskey(bg, p.Session, ref, answer)
		if err != nil || confirmed.Proof.Client() != p.ID || confirmed.Proof.Session() != p.Session.ID || confirmed.SessionToken.Empty() {
			w.Fatalf("%+v, %v", confirmed, err)
		}
		if err := removed(w, p, confirmed.Proof, k.ID); err != nil {
			w.Error(err)
		}
	})
}

// An order is signed over its own text: no other text, session or client, and
// once, though a lost answer may be asked for again. Anybody can check it.
func TestPasskeyOrder(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *accesstest.World) {
		p, other := w.Keyed(anya), w.Keyed(accesstest.Phone(2))
		text := []byte("rocketbank order 2\namount 100.00 RUB\nto Павел К.\n")
		if _, err := w.Access.BeginPasskeyOrder(bg, p.Session, text); !errors.Is(err, access.ErrNoPasskey) {
			w.Errorf("without one: %v", err)
		}
		a, k := w.WithPasskey(p)
		sign := func(text []byte) []byte {
			w.Helper()
			options, err := w.Access.BeginPasskeyOrder(bg, p.Session, text)
			if err != nil {
				w.Fatal(err)
			}
			answer, err := a.Get(options)
			if err != nil {
				w.Fatal(err)
			}
			return answer
		}
		answer := sign(text)
		for what, try := range map[string]struct {
			in   access.Session
			text []byte
			want error
		}{
			"another text":   {p.Session, []byte(strings.Replace(string(text), "100.00", "900.00", 1)), access.ErrPasskey},
			"another client": {other.Session, text, access.ErrPasskey},
			"another session of his": {func() access.Session {
				e, err := w.Access.Login(bg, p.DeviceToken.Reveal(), right, w.Prove(p))
				if err != nil {
					w.Fatal(err)
				}
				return e.Session
			}(), text, access.ErrChallenge},
		} {
			if _, err := w.Access.CheckPasskeyOrder(bg, try.in, try.text, answer); !errors.Is(err, try.want) {
				w.Errorf("%s: %v", what, err)
			}
		}
		proof, err := w.Access.CheckPasskeyOrder(bg, p.Session, text, answer)
		if err != nil || proof.Passkey != k.ID {
			w.Fatalf("%+v, %v", proof, err)
		}
		if again, err := w.Access.CheckPasskeyOrder(bg, p.Session, text, answer); err != nil || again.Passkey != k.ID {
			w.Errorf("the same answer again: %v", err)
		}
		host := sha256.Sum256([]byte("bank.example"))
		if err := proof.Check(text); err != nil || !slices.Equal(proof.RPIDHash(), host[:]) {
			w.Errorf("offline: %v", err)
		}
		if err := proof.Check(append(slices.Clone(text), ' ')); !errors.Is(err, access.ErrEvidence) {
			w.Errorf("offline, another text: %v", err)
		}
		for what, part := range map[string][]byte{"key": proof.PublicKey, "auth": proof.AuthData, "client": proof.ClientData, "signature": proof.Signature} {
			for i := range part {
				part[i] ^= 1
				if err := proof.Check(text); err == nil {
					w.Errorf("a flipped bit in byte %d of %s", i, what)
				}
				part[i] ^= 1
			}
		}
		// Another answer to a challenge that was answered.
		second := sign(text)
		third := func() []byte {
			options, err := w.Access.BeginPasskeyOrder(bg, p.Session, text)
			if err != nil {
				w.Fatal(err)
			}
			answer, err := a.Get(options)
			if err != nil {
				w.Fatal(err)
			}
			return answer
		}()
		if _, err := w.Access.CheckPasskeyOrder(bg, p.Session, text, third); err != nil {
			w.Error(err)
		}
		if _, err := w.Access.CheckPasskeyOrder(bg, p.Session, text, second); !errors.Is(err, access.ErrChallenge) {
			w.Errorf("another answer: %v", err)
		}
		// Too late; and what was never asked for.
		answer = sign([]byte("late"))
		w.Wait(5 * time.Minute)
		if _, err := w.Access.CheckPasskeyOrder(bg, p.Session, []byte("late"), answer); !errors.Is(err, access.ErrChallenge) {
			w.Errorf("too late: %v", err)
		}
	})
}

// Each login is kept as a statement that its evidence proves.
func TestAccessStatements(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *accesstest.World) {
		p := w.Keyed(anya)
		if _, err := w.Access.Login(bg, p.DeviceToken.Reveal(), right, w.Prove(p)); err != nil {
			w.Fatal(err)
		}
		a, k := w.WithPasskey(p)
		if _, err := byPasskey(w, a, "", accesstest.Home, accesstest.NewKey(w)); err != nil {
			w.Fatal(err)
		}
		plain, err := w.Access.FinishLogin(bg, w.Proved(anya), right, access.Visitor{IP: "2001:db8:1:2::3", Agent: accesstest.Agent})
		if err != nil {
			w.Fatal(err)
		}
		list, err := w.Access.Statements(bg, p.ID, 10)
		if err != nil || len(list) != 4 {
			w.Fatalf("%+v, %v", list, err)
		}
		want := []access.Means{access.ByCookie, access.ByPasskey, access.ByKey, access.ByNewKey}
		for i, s := range list {
			if s.Means != want[i] || s.Signed() != (want[i] != access.ByCookie) || !s.At.Equal(w.Now()) || s.Name != "Chrome, Android" {
				w.Errorf("%+v", s)
			}
			if !strings.HasPrefix(s.Text, "rocketbank access 1\n") || !strings.Contains(s.Text, "\nplace "+s.Place+"\n") {
				w.Errorf("%q", s.Text)
			}
			e, err := w.Access.EvidenceOf(bg, p.ID, s.ID)
			if err != nil || e.Text != s.Text {
				w.Errorf("%+v, %v", e, err)
			}
			if err := e.Check(w.Vault.ReceiptKeys()); (err == nil) != s.Signed() {
				w.Errorf("%v: %v", s.Means, err)
			}
			if s.Signed() {
				spoil(w, e)
			}
		}
		if list[0].Place != "Chrome, Android · 2001:db8:*" || list[1].Place != "Chrome, Android · 203.0.*.*" {
			w.Errorf("%q, %q", list[0].Place, list[1].Place)
		}
		if list[0].Device != plain.Session.Device || list[1].Passkey != k.ID || list[2].Device != p.Session.Device {
			w.Errorf("%+v", list)
		}
		other := w.Keyed(accesstest.Phone(2))
		if _, err := w.Access.EvidenceOf(bg, other.ID, list[0].ID); !errors.Is(err, access.ErrMissing) {
			w.Errorf("somebody else's: %v", err)
		}
		if _, err := w.Access.EvidenceOf(bg, p.ID, id.ID{}); !errors.Is(err, access.ErrMissing) {
			w.Errorf("none: %v", err)
		}
	})
}

// spoil flips every byte of signed evidence, one at a time.
func spoil(w *accesstest.World, e access.Evidence) {
	w.Helper()
	keys := w.Vault.ReceiptKeys()
	refused := func(name string, at int, bad access.Evidence) {
		w.Helper()
		if err := bad.Check(keys); !errors.Is(err, access.ErrEvidence) {
			w.Fatalf("means %d with byte %d of the %s flipped: %v", e.Means, at, name, err)
		}
	}
	for name, part := range map[string]func(*access.Evidence) *string{
		"text": func(e *access.Evidence) *string { return &e.Text }, "signed text": func(e *access.Evidence) *string { return &e.Signed },
		"key's name": func(e *access.Evidence) *string { return &e.BankKeyID },
	} {
		for i := range *part(&e) {
			bad := e
			b := []byte(*part(&bad))
			b[i] ^= 1
			*part(&bad) = string(b)
			refused(name, i, bad)
		}
	}
	for name, part := range map[string]func(*access.Evidence) *[]byte{
		"signature": func(e *access.Evidence) *[]byte { return &e.Signature }, "public key": func(e *access.Evidence) *[]byte { return &e.PublicKey },
		"authenticator's data": func(e *access.Evidence) *[]byte { return &e.AuthData }, "browser's data": func(e *access.Evidence) *[]byte { return &e.Client },
		"bank's key": func(e *access.Evidence) *[]byte { return &e.BankKey }, "bank's signature": func(e *access.Evidence) *[]byte { return &e.BankSignature },
	} {
		for i := range *part(&e) {
			bad := e
			b := bytes.Clone(*part(&bad))
			b[i] ^= 1
			*part(&bad) = b
			refused(name, i, bad)
		}
	}
	bad := e
	bad.Means = access.ByKey + access.ByNewKey - e.Means
	refused("means", 0, bad)
	if err := e.Check(vault.Ephemeral().ReceiptKeys()); !errors.Is(err, access.ErrEvidence) {
		w.Errorf("by another bank's keys: %v", err)
	}
	// As a file, and as rows of the first releases were.
	raw, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		w.Fatal(err)
	}
	read, err := access.ReadEvidence(raw)
	if err != nil || read.Check(keys) != nil || read.Check(read.OwnKeys()) != nil {
		w.Errorf("read from its file: %v, %v", err, read.Check(keys))
	}
	old := e
	old.BankKeyID, old.BankKey, old.BankSignature = "", nil, nil
	want := error(access.ErrEvidenceOld)
	if e.Means == access.ByPasskey {
		want = nil // it signed the statement itself
	}
	if err := old.Check(keys); !errors.Is(err, want) {
		w.Errorf("an old row of means %d: %v", e.Means, err)
	}
}

// «Это не я» about anything takes the passkeys away that came after it.
func TestPasskeyOfStrangerGoesWithAlert(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *accesstest.World) {
		p := w.Keyed(anya)
		own, _ := w.WithPasskey(p)
		w.Wait(time.Hour)
		strange := w.NewBrowser(p)
		raiser, key := access.NewRaiser(w.Vault, w.Now), id.NewSource(w.Now).New()
		err := w.DB.Write(bg, func(tx db.Tx) error {
			return raiser.Raise(bg, tx, key, p.ID, access.Alert{Kind: access.AlertKind(access.NewDevice), Device: strange.Session.Device})
		})
		if err != nil {
			w.Fatal(err)
		}
		w.Wait(time.Minute)
		planted, _ := w.WithPasskey(strange)
		if _, err := w.Access.NotMe(bg, access.NotMeToken(w.Vault, p.ID, key)); err != nil {
			w.Fatal(err)
		}
		if _, err := byPasskey(w, planted, "", accesstest.Home, nil); !errors.Is(err, access.ErrPasskey) {
			w.Errorf("the planted passkey: %v", err)
		}
		if _, err := byPasskey(w, own, "", accesstest.Home, nil); err != nil {
			w.Errorf("his own: %v", err)
		}
		if _, err := w.Access.Login(bg, strange.DeviceToken.Reveal(), right, w.Prove(strange)); !errors.Is(err, access.ErrNoDevice) {
			w.Errorf("the strange device: %v", err)
		}
	})
}
