package access_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

// prove sends a proof of one request inside a session.
func prove(w *accesstest.World, p accesstest.Person) (access.Renewed, error) {
	w.Helper()
	in, err := w.Access.Session(bg, p.SessionToken.Reveal(), access.Watches)
	if err != nil {
		return access.Renewed{}, err
	}
	return w.Access.Prove(bg, in, *p.Key.Proof(w.Access.Nonce(in.Device), "POST", "/transfer", []byte("sum=1")))
}

// A device that came with a key opens sessions only with it: its cookie and
// the right passcode are nothing, and do not even cost the owner a try (A04).
func TestA04_CookieOfKeyedDeviceAlone(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *accesstest.World) {
		p := w.Keyed(anya)
		if p.Session.Kind != access.Keyed || p.Session.Standing.Scriptless || !bytes.Equal(p.Session.Key(), p.Key.SPKI) {
			w.Fatalf("%+v", p.Session)
		}
		device := p.DeviceToken.Reveal()
		known, err := w.Access.KnownDevice(bg, device)
		if err != nil || known.Kind != access.Keyed || known.Device != p.Session.Device {
			w.Fatalf("%+v, %v", known, err)
		}
		w.Told()
		if e, err := w.Access.Login(bg, device, right, w.Prove(p)); err != nil || e.Session.Kind != access.Keyed || e.Session.ID == p.Session.ID {
			w.Fatalf("%+v, %v", e, err)
		}
		thief := accesstest.NewKey(w)
		for what, proof := range map[string]*access.RequestProof{
			"none":      nil,
			"other key": thief.Proof(w.Access.Nonce(known.Device), "POST", "/login", nil),
		} {
			from := accesstest.Home
			from.Proof = proof
			for range 7 {
				if _, err := w.Access.Login(bg, device, bad, from); !errors.Is(err, access.ErrProof) {
					w.Errorf("%s: %v", what, err)
				}
			}
			if _, err := w.Access.Login(bg, device, right, from); !errors.Is(err, access.ErrProof) {
				w.Errorf("%s: %v", what, err)
			}
		}
		// The owner is told once, and none of the tries was his.
		if told := w.Told(); len(told) != 1 || told[0].Kind != access.StolenCookie || told[0].Client != p.ID {
			w.Errorf("told %+v", told)
		}
		if known, err = w.Access.KnownDevice(bg, device); err != nil || known.TriesLeft != 5 {
			w.Errorf("%+v, %v", known, err)
		}
		// Another device's key, a nonce of another device, an old one, one twice.
		other := w.NewBrowser(p)
		for what, nonce := range map[string]string{
			"another device's": w.Access.Nonce(other.Session.Device), "nobody's": w.Access.Nonce(id.ID{}),
			"made up": base64.RawURLEncoding.EncodeToString(make([]byte, 32)), "empty": "",
		} {
			from := accesstest.Home
			from.Proof = p.Key.Proof(nonce, "POST", "/login", nil)
			if _, err := w.Access.Login(bg, device, right, from); !errors.Is(err, access.ErrStaleNonce) {
				w.Errorf("%s nonce: %v", what, err)
			}
		}
		from := w.Prove(p)
		if _, err := w.Access.Login(bg, device, right, from); err != nil {
			w.Error(err)
		}
		if _, err := w.Access.Login(bg, device, right, from); !errors.Is(err, access.ErrStaleNonce) {
			w.Errorf("the same proof again: %v", err)
		}
		from = w.Prove(p)
		w.Wait(5 * time.Minute)
		if _, err := w.Access.Login(bg, device, right, from); !errors.Is(err, access.ErrStaleNonce) {
			w.Errorf("an old nonce: %v", err)
		}
		// Forgotten, the device's key is worth nothing at once.
		if err := w.Access.ForgetDevice(bg, p.ID, p.Session.Device); err != nil {
			w.Fatal(err)
		}
		if _, err := w.Access.Login(bg, device, right, w.Prove(p)); !errors.Is(err, access.ErrNoDevice) {
			w.Errorf("forgotten: %v", err)
		}
		if _, err := w.Access.Session(bg, p.SessionToken.Reveal(), access.Watches); !errors.Is(err, access.ErrEnded) && !errors.Is(err, access.ErrIdle) {
			w.Errorf("its session: %v", err)
		}
	})
}

// A proof holds for its method, path, body and nonce, and for nothing else.
func TestProofOfRequest(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *accesstest.World) {
		p, other := w.Keyed(anya), w.Keyed(accesstest.Phone(2))
		in := p.Session
		good := func() access.RequestProof {
			return *p.Key.Proof(w.Access.Nonce(in.Device), "POST", "/transfer?x=1", []byte("sum=1"))
		}
		for what, spoil := range map[string]func(*access.RequestProof){
			"method":    func(r *access.RequestProof) { r.Method = "PUT" },
			"path":      func(r *access.RequestProof) { r.Path = "/transfer?x=2" },
			"body":      func(r *access.RequestProof) { r.Body = sha256.Sum256([]byte("sum=2")) },
			"r":         func(r *access.RequestProof) { r.Signature[0] ^= 1 },
			"s":         func(r *access.RequestProof) { r.Signature[63] ^= 1 },
			"short":     func(r *access.RequestProof) { r.Signature = r.Signature[:63] },
			"none":      func(r *access.RequestProof) { r.Signature = nil },
			"zero":      func(r *access.RequestProof) { r.Signature = make([]byte, 64) },
			"nonce new": func(r *access.RequestProof) { r.Nonce = w.Access.Nonce(in.Device) },
		} {
			r := good()
			spoil(&r)
			if _, err := w.Access.Prove(bg, in, r); !errors.Is(err, access.ErrProof) {
				w.Errorf("%s: %v", what, err)
			}
		}
		if _, err := w.Access.Prove(bg, other.Session, good()); !errors.Is(err, access.ErrStaleNonce) {
			w.Errorf("in another's session: %v", err)
		}
		r := good()
		if _, err := w.Access.Prove(bg, in, r); err != nil {
			w.Error(err)
		}
		if _, err := w.Access.Prove(bg, in, r); !errors.Is(err, access.ErrStaleNonce) {
			w.Errorf("again: %v", err)
		}
		// Of twenty at once with one nonce, one is right.
		r = good()
		var wg sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for range 20 {
			wg.Go(func() {
				_, err := w.Access.Prove(bg, in, r)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won++
				} else if !errors.Is(err, access.ErrStaleNonce) {
					w.Error(err)
				}
			})
		}
		wg.Wait()
		if won != 1 {
			w.Errorf("%d of twenty", won)
		}
		// A device without a key has nothing to prove with.
		plain := w.Newcomer(accesstest.Phone(3)).Entry.Session
		if plain.Kind != access.Scriptless {
			w.Errorf("%+v", plain)
		}
		if _, err := w.Access.Prove(bg, plain, *p.Key.Proof(w.Access.Nonce(plain.Device), "POST", "/", nil)); !errors.Is(err, access.ErrProof) {
			w.Errorf("without a key: %v", err)
		}
		// Used nonces are swept, and swept ones do not work again.
		w.Wait(6 * time.Minute)
		if err := w.Access.Sweep(bg); err != nil {
			w.Fatal(err)
		}
		if _, err := w.Access.Prove(bg, in, r); !errors.Is(err, access.ErrStaleNonce) {
			w.Errorf("swept: %v", err)
		}
	})
}

// The cookie of a keyed device lives five minutes from the last proof. Reading
// does not prolong it, so a stolen one is dead by then; proofs renew it, and
// the old one has a minute of grace (A16, A17).
func TestCookieOfKeyedDeviceLivesByProofs(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *accesstest.World) {
		p := w.Keyed(anya)
		first, device := p.SessionToken.Reveal(), p.DeviceToken.Reveal()
		look := func(token string) error {
			_, err := w.Access.Session(bg, token, access.Acts)
			return err
		}
		// A thief who only reads, again and again.
		for range 4 {
			w.Wait(time.Minute)
			if err := look(first); err != nil {
				w.Fatal(err)
			}
		}
		in, err := w.Access.Session(bg, first, access.Watches)
		if err != nil {
			w.Fatal(err)
		}
		w.Wait(time.Minute)
		if err := look(first); !errors.Is(err, access.ErrIdle) {
			w.Errorf("after five minutes of reading: %v", err)
		}
		if _, err := w.Access.Alive(bg, in); !errors.Is(err, access.ErrIdle) {
			w.Errorf("its stream: %v", err)
		}

		e, err := w.Access.Login(bg, device, right, w.Prove(p))
		if err != nil {
			w.Fatal(err)
		}
		p.Entry = e
		token := e.SessionToken.Reveal()
		w.Wait(time.Minute)
		r, err := prove(w, p)
		if err != nil || !r.SessionToken.Empty() || !r.Session.CookieEnds.Equal(w.Now().Add(5*time.Minute)) {
			w.Errorf("a proof after a minute: %+v, %v", r, err)
		}
		w.Wait(4 * time.Minute)
		if err := look(token); err != nil {
			w.Errorf("five minutes after login, four after the proof: %v", err)
		}
		if r, err = prove(w, p); err != nil || r.SessionToken.Empty() {
			w.Fatalf("a proof with an old cookie: %+v, %v", r, err)
		}
		next := r.SessionToken.Reveal()
		if err := look(token); err != nil {
			w.Errorf("the old cookie at once: %v", err)
		}
		// What was on its way with the old cookie still gets an answer, and a way on.
		late, err := prove(w, p)
		if err != nil || late.SessionToken.Empty() || late.SessionToken.Reveal() == next {
			w.Errorf("a proof with the old cookie: %+v, %v", late, err)
		}
		w.Wait(time.Minute)
		if err := look(token); !errors.Is(err, access.ErrIdle) {
			w.Errorf("the old cookie after a minute: %v", err)
		}
		if _, err := prove(w, p); !errors.Is(err, access.ErrIdle) {
			w.Errorf("a proof with a dead cookie: %v", err)
		}
		if err := look(next); err != nil {
			w.Error(err)
		}
		// A step-up rotates too, and its cookie also lives by proofs.
		in, err = w.Access.Session(bg, next, access.Acts)
		if err != nil {
			w.Fatal(err)
		}
		confirmed, err := w.Access.ConfirmPasscode(bg, in, right)
		if err != nil {
			w.Fatal(err)
		}
		third := confirmed.SessionToken.Reveal()
		for range 5 {
			if err := look(third); err != nil {
				w.Fatal(err)
			}
			w.Wait(time.Minute)
		}
		if err := look(third); !errors.Is(err, access.ErrIdle) {
			w.Errorf("after a step-up: %v", err)
		}
		if err := look(next); !errors.Is(err, access.ErrIdle) {
			w.Errorf("the one before it: %v", err)
		}
		// Twelve hours are twelve hours.
		if e, err = w.Access.Login(bg, device, right, w.Prove(p)); err != nil {
			w.Fatal(err)
		}
		p.Entry = e
		for w.Now().Before(e.Session.Ends.Add(-2 * time.Minute)) {
			w.Wait(2 * time.Minute)
			if r, err = prove(w, p); err != nil {
				w.Fatal(err)
			}
			if !r.SessionToken.Empty() {
				p.SessionToken = r.SessionToken
			}
		}
		w.Wait(2 * time.Minute)
		if _, err := prove(w, p); !errors.Is(err, access.ErrTooOld) {
			w.Errorf("after twelve hours: %v", err)
		}
	})
}

// A key enrols only with its own signature over this very flow, and a device
// never changes its kind.
func TestEnrolment(t *testing.T) {
	t.Parallel()
	accesstest.Each(t, func(w *accesstest.World) {
		p := w.Keyed(anya)
		f, key, other := w.Flow(anya), accesstest.NewKey(w), accesstest.NewKey(w)
		in := f.ID.Text(access.FlowPrefix)
		spoiled := key.Enrol(in)
		spoiled.Signature[10] ^= 1
		for what, e := range map[string]*access.Enrolment{
			"another flow":      key.Enrol(w.Flow(accesstest.Phone(9)).ID.Text(access.FlowPrefix)),
			"another key":       {PublicKey: key.SPKI, Signature: other.Enrol(in).Signature},
			"spoiled signature": spoiled,
			"no key":            {Signature: key.Enrol(in).Signature},
			"long key":          {PublicKey: bytes.Repeat([]byte{1}, 5000)},
		} {
			from := accesstest.Home
			from.Key = e
			if _, err := w.Access.FinishLogin(bg, f.Token.Reveal(), right, from); !errors.Is(err, access.ErrKey) {
				w.Errorf("%s: %v", what, err)
			}
		}
		from := accesstest.Home
		from.Key = key.Enrol(in)
		e, err := w.Access.FinishLogin(bg, f.Token.Reveal(), right, from)
		if err != nil || e.Session.Kind != access.Keyed {
			w.Fatalf("%+v, %v", e, err)
		}
		// The answer was lost: the same browser gets the same device.
		again, err := w.Access.FinishLogin(bg, f.Token.Reveal(), right, from)
		if err != nil || again.Session.Device != e.Session.Device || again.DeviceToken.Reveal() != e.DeviceToken.Reveal() {
			w.Errorf("again: %+v, %v", again, err)
		}
		// … but no other one, and none without a key.
		if _, err := w.Access.FinishLogin(bg, f.Token.Reveal(), right, accesstest.Home); !errors.Is(err, access.ErrProof) {
			w.Errorf("again without the key: %v", err)
		}
		from.Key = other.Enrol(in)
		if _, err := w.Access.FinishLogin(bg, f.Token.Reveal(), right, from); !errors.Is(err, access.ErrProof) {
			w.Errorf("again with another key: %v", err)
		}
		// Without a key a device is scriptless for good: a key later is not looked at.
		plain, err := w.Access.FinishLogin(bg, w.Flow(anya).Token.Reveal(), right, accesstest.Home)
		if err != nil || plain.Session.Kind != access.Scriptless || !plain.Session.Standing.Scriptless {
			w.Fatalf("%+v, %v", plain, err)
		}
		from = accesstest.Home
		from.Key, from.Proof = key.Enrol(in), key.Proof(w.Access.Nonce(plain.Session.Device), "POST", "/login", nil)
		still, err := w.Access.Login(bg, plain.DeviceToken.Reveal(), right, from)
		if err != nil || still.Session.Kind != access.Scriptless || still.Session.Key() != nil {
			w.Errorf("%+v, %v", still, err)
		}
		list, err := w.Access.Devices(bg, p.ID, p.Session)
		if err != nil || len(list) != 3 {
			w.Fatalf("%+v, %v", list, err)
		}
		for _, d := range list {
			key := p.Key.SPKI
			switch d.ID {
			case e.Session.Device:
				key = e.Session.Key()
			case plain.Session.Device:
				key = nil
			}
			if d.Code != access.DeviceCode(key, d.ID) || len(d.Code) != 9 || d.Code[4] != '-' || (d.Kind == access.Keyed) != (key != nil) {
				w.Errorf("%+v", d)
			}
		}
	})
}

func TestParseProof(t *testing.T) {
	t.Parallel()
	key := accesstest.NewKey(t)
	nonce := base64.RawURLEncoding.EncodeToString(make([]byte, 32))
	good := key.Header(nonce, "POST", "/a?b=c", []byte("body"))
	p, err := access.ParseProof(good, "POST", "/a?b=c", []byte("body"))
	if err != nil {
		t.Fatal(err)
	}
	public, err := access.ParseKey(key.SPKI)
	if err != nil || !access.Signed(public, []byte(p.Text()), p.Signature) {
		t.Errorf("%+v, %v", p, err)
	}
	for _, header := range []string{
		"", "1", "1 ", "2" + good[1:], good + " ", good + "A", good[:len(good)-1], strings.Replace(good, " ", "  ", 1),
		strings.Replace(good, "A", "\n", 1), "1 " + nonce, "1 " + nonce + " " + strings.Repeat("!", 86), strings.Repeat("1 ", 100000),
	} {
		if _, err := access.ParseProof(header, "POST", "/", nil); !errors.Is(err, access.ErrProof) {
			t.Errorf("%.40q: %v", header, err)
		}
	}
	if _, err := access.ParseProof(good, "POST", "/a\nb", nil); !errors.Is(err, access.ErrProof) {
		t.Errorf("a path of two lines: %v", err)
	}
}

func FuzzParseProof(f *testing.F) {
	nonce := base64.RawURLEncoding.EncodeToString(make([]byte, 32))
	f.Add("1 "+nonce+" "+base64.RawURLEncoding.EncodeToString(make([]byte, 64)), "POST", "/a", []byte("x"))
	f.Add("1  ", "GET", "", []byte{})
	f.Fuzz(func(t *testing.T, header, method, path string, body []byte) {
		p, err := access.ParseProof(header, method, path, body)
		if err != nil {
			if !errors.Is(err, access.ErrProof) {
				t.Error(err)
			}
			return
		}
		if lines := strings.Split(p.Text(), "\n"); len(lines) != 6 || len(p.Signature) != 64 || lines[1] != method || lines[2] != path {
			t.Errorf("%q is read as %+v", header, p)
		}
	})
}

func FuzzParseKey(f *testing.F) {
	f.Add(accesstest.NewKey(f).SPKI)
	f.Add([]byte{0x30, 0x59})
	f.Fuzz(func(t *testing.T, spki []byte) {
		key, err := access.ParseKey(spki)
		if err != nil {
			if !errors.Is(err, access.ErrKey) {
				t.Error(err)
			}
			return
		}
		if access.Signed(key, []byte("x"), make([]byte, 64)) {
			t.Error("an empty signature is right")
		}
	})
}

// Whatever somebody calls evidence of a login: no crash, and nothing holds
// that the bank has not signed.
func FuzzReadEvidence(f *testing.F) {
	bank := vault.Ephemeral()
	f.Add([]byte(`{"text":"rocketbank access 1\n","means":2,"public_key":"AA==","signature":"AA==","bank_key_id":"0","bank_key":"AA==","bank_signature":"AA=="}`))
	f.Add([]byte(`{"means":4,"auth_data":"AA==","client":"e30="}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := access.ReadEvidence(raw)
		if err != nil {
			return
		}
		if err := e.Check(bank.ReceiptKeys()); err == nil && e.Means != access.ByPasskey {
			t.Errorf("%s holds", raw)
		}
		_ = e.Check(e.OwnKeys())
	})
}
