package cabinet_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/order"
)

var b64 = base64.RawURLEncoding

// keyed is a person whose browser holds a device key, as key.js would.
type keyed struct {
	*person
	key   *accesstest.Key
	nonce string
}

var enrolIn = regexp.MustCompile(`data-enrol="(fl_[^"]+)"`)

// A new browser gets its key at the end of a login: the page names what it
// signs, and the key that signed something else is refused.
func TestEnrolmentOfANewBrowser(t *testing.T) {
	w := lite(t)
	p, b, key := w.person(1, 0), w.browser(), accesstest.NewKey(t)
	b.post("/login", url.Values{"phone": {p.phone.E164()}}).to("/login/code")
	b.post("/login/code", url.Values{"code": {w.Code(p.phone)}}).to("/login/passcode")
	page := b.get("/login/passcode").is(200)
	in := enrolIn.FindStringSubmatch(page.body)
	if in == nil {
		t.Fatal("the page asks for no key")
	}
	form := page.form("/login/passcode")
	form.Set("passcode", accesstest.Passcode)
	for _, signs := range []string{"fl_other", in[1]} {
		e := key.Enrol(signs)
		form.Set("device_key", b64.EncodeToString(e.PublicKey))
		form.Set("device_key_signature", b64.EncodeToString(e.Signature))
		a := b.post("/login/passcode", form)
		if want := map[bool]int{true: 303, false: 422}[signs == in[1]]; a.status != want {
			t.Errorf("signed %s: %d", signs, a.status)
		}
	}
	if a := b.get("/home").is(200); a.header.Get("Device-Nonce") == "" {
		t.Error("the device has no key")
	}
	b.post("/profile/settings", url.Values{"lang": {"en"}}).is(403)
	b.get("/profile/devices").is(200).has("Новое устройство, подписан его ключом", "Сниженные лимиты до")
}

// keyed lets a client in on a new browser, through the door, with a key.
func (w *world) keyed(n int, roubles int64) *keyed {
	w.Helper()
	k := &keyed{person: w.person(n, roubles)}
	k.key, k.person.browser.key = k.person.browser.key, nil // each test signs by hand
	k.hear(k.get("/home").is(200))
	return k
}

func (k *keyed) hear(a answer) answer {
	k.nonce = a.header.Get("Device-Nonce")
	return a
}

// signed posts a form with its proof as the last field, as the page's script does.
func (k *keyed) signed(path string, form url.Values) answer {
	k.w.Helper()
	k.hear(k.get("/device/nonce").is(204))
	body := form.Encode()
	proof := k.key.Header(k.nonce, "POST", path, []byte(body))
	if body != "" {
		body += "&"
	}
	return k.do("POST", path, strings.NewReader(body+"device_proof="+url.QueryEscape(proof)), urlencoded)
}

// sent posts as a script does, with the proof in the header.
func (k *keyed) sent(path string, form url.Values) answer {
	k.w.Helper()
	body := form.Encode()
	return k.hear(k.do("POST", path, strings.NewReader(body), http.Header{
		"Content-Type": urlencoded["Content-Type"], "Device-Proof": {k.key.Header(k.nonce, "POST", path, []byte(body))},
	}))
}

// W05: the stolen cookie of a device with a key is refused on every unsafe
// route of the table, and is dead for reading after five minutes.
func TestStolenCookieOfAKeyedDevice(t *testing.T) {
	w := lite(t)
	k, other := w.keyed(1, 1000), w.person(2, 0)
	thief := w.browser()
	for _, c := range k.cookies() {
		if c.Name == "__Host-rb" || c.Name == "__Host-rbd" {
			thief.cookie(c.Name, c.Value)
		}
	}
	thief.get("/home").is(200) // reading goes on for five minutes
	refused, entries := 0, 0
	for _, rt := range w.door.Table() {
		if rt.Method == "GET" {
			continue
		}
		for _, form := range []url.Values{{}, {"all": {"1"}, "passcode": {accesstest.Passcode}, "phone": {other.phone.E164()}, "lang": {"en"}}} {
			a := thief.post(concrete(rt), form)
			switch {
			case rt.Entry: // it does what it does for anybody, and opens nothing
				entries++
				for _, c := range a.cookie {
					if c.Name == "__Host-rb" && c.MaxAge >= 0 {
						t.Errorf("%s gives the thief a session", rt.Path)
					}
				}
			case a.status != http.StatusForbidden || !strings.Contains(a.body, "/login?other=1"):
				t.Errorf("%s without a proof: %d", rt.Path, a.status)
			default:
				refused++
			}
			if h := thief.htmx(concrete(rt), form); !rt.Entry && h.status != http.StatusForbidden {
				t.Errorf("%s by script without a proof: %d", rt.Path, h.status)
			}
		}
	}
	if refused < 30 || entries < 6 {
		t.Error("only", refused, "refused and", entries, "entries: is the table walked?")
	}
	if got := w.balance(k.account); got != 1000_00 {
		t.Error("money moved:", got)
	}
	k.get("/home").is(200) // the owner was not put out
	w.Wait(5*time.Minute + time.Second)
	thief.get("/home").to("/login")
	k.get("/home").to("/login")
}

// A proof is good for one request and no other: not for another path or body,
// not twice, not with another key.
func TestProofOfARequest(t *testing.T) {
	w := lite(t)
	k := w.keyed(1, 0)
	k.signed("/profile/settings", url.Values{"lang": {"ru"}}).is(303)
	k.signed("/device/renew", url.Values{}).is(204)
	body := url.Values{"lang": {"en"}}.Encode()
	send := func(path, body, proof string) answer {
		return k.do("POST", path, strings.NewReader(body), http.Header{"Content-Type": urlencoded["Content-Type"], "Device-Proof": {proof}})
	}
	fresh := func() string { return k.get("/device/nonce").header.Get("Device-Nonce") }
	good := k.key.Header(fresh(), "POST", "/profile/settings", []byte(body))
	if a := send("/profile/settings", body, good); a.status != 200 || a.header.Get("HX-Redirect") == "" || a.header.Get("Device-Nonce") == "" {
		t.Error("a signed request of a script:", a.status, a.header)
	}
	if a := send("/profile/settings", body, good); a.status != 401 || a.header.Get("Device-Nonce") == "" {
		t.Error("the same proof again:", a.status)
	}
	for name, a := range map[string]answer{
		"another path":   send("/profile/settings?x=1", body, k.key.Header(fresh(), "POST", "/profile/settings", []byte(body))),
		"another body":   send("/profile/settings", "lang=ru", k.key.Header(fresh(), "POST", "/profile/settings", []byte(body))),
		"another method": send("/profile/settings", body, k.key.Header(fresh(), "PUT", "/profile/settings", []byte(body))),
		"another key":    send("/profile/settings", body, accesstest.NewKey(t).Header(fresh(), "POST", "/profile/settings", []byte(body))),
		"no proof":       send("/profile/settings", body, "1 x y"),
		"empty":          k.post("/profile/settings", url.Values{"lang": {"en"}}),
	} {
		if a.status != 403 {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	w.Wait(4 * time.Minute)
	k.hear(k.get("/home").is(200))
	a := k.sent("/device/renew", url.Values{}).is(204)
	if len(a.cookie) != 1 || a.cookie[0].Name != "__Host-rb" {
		t.Error("an old cookie is not renewed:", a.cookie)
	}
	w.Wait(4 * time.Minute)
	k.get("/home").is(200)
}

// A known device with a key logs in with passcode and proof; its cookie and the
// right passcode alone do not, and the page says what a lost key means.
func TestLoginOnAKeyedDevice(t *testing.T) {
	w := lite(t)
	k := w.keyed(1, 0)
	k.signed("/logout", url.Values{}).to("/login")
	page := k.get("/login").is(200)
	page.has("Привет, Анна!")
	form := page.form("/login/passcode")
	form.Set("passcode", accesstest.Passcode)
	a := k.post("/login/passcode", form).is(403)
	a.has("Браузер потерял ключ этого устройства", "Войти как на новом устройстве")
	nonce := k.get("/login").header.Get("Device-Nonce")
	form.Set("device_proof", k.key.Header(nonce, "POST", "/login/passcode", nil))
	body := url.Values{"passcode": form["passcode"], "next": form["next"]}.Encode() + "&device_proof=" + url.QueryEscape(form.Get("device_proof"))
	k.do("POST", "/login/passcode", strings.NewReader(body), urlencoded).to("/home")
	k.get("/profile/devices").is(200).has("Подписан ключом устройства", "Со своим ключом")
}

// An order is signed by the device over the very text that the page shows;
// another text's signature moves nothing. The receipt verifies for anybody.
func TestSignedTransfer(t *testing.T) {
	w := lite(t)
	k, friend := w.keyed(1, 1000), w.person(2, 0)
	loc := k.signed("/transfer/recipient", url.Values{"phone": {friend.phone.E164()}}).to("/transfer")
	u, err := url.Parse(loc)
	if err != nil {
		t.Fatal(err)
	}
	at := k.signed("/transfer", url.Values{"to": {u.Query().Get("to")}, "from": {k.card}, "amount": {"100"}}).to("/transfer/confirm")
	page := k.get(at).is(200)
	form := page.form("/transfer/confirm")
	shown := orderText(page)
	if !strings.HasPrefix(shown, "rocketbank order 2\n") || !strings.Contains(shown, "amount: 100.00 RUB") {
		t.Fatalf("the page shows %q", shown)
	}
	form.Set("passcode", accesstest.Passcode)
	form.Set("signature", b64.EncodeToString(k.key.Sign(strings.Replace(shown, "100.00", "900.00", 1))))
	k.signed("/transfer/confirm", form).is(403)
	if w.balance(k.account) != 1000_00 {
		t.Fatal("moved without a signature over its text")
	}
	form.Set("signature", b64.EncodeToString(k.key.Sign(shown)))
	receipt := k.signed("/transfer/confirm", form).to("/transfers/")
	if w.balance(k.account) != 900_00 {
		t.Fatal("not moved")
	}
	k.get(receipt).is(200).has("Скачать подписанный чек")
	file := k.get(receipt + "/receipt").is(200)
	if !strings.HasPrefix(file.header.Get("Content-Disposition"), "attachment") {
		t.Error(file.header)
	}
	friend.get(receipt + "/receipt").is(404)
	nobody := w.browser()
	nobody.post("/receipts/verify", url.Values{"receipt": {file.body}}).is(200).has("Чек настоящий", "перевод другу", "100.00 RUB")
	nobody.post("/receipts/verify", url.Values{"receipt": {strings.Replace(file.body, "100.00", "900.00", 1)}}).is(422).has("Чек не подтверждён")
	nobody.post("/receipts/verify", url.Values{}).is(422)
	nobody.get("/receipts/verify").is(200)
	if _, err := order.Verify([]byte(file.body), order.Keys{}); err == nil {
		t.Error("verifies without the bank's key")
	}
}

// orderText is what the page shows to be signed.
func orderText(a answer) string {
	_, rest, _ := strings.Cut(a.body, `id="order-text">`)
	text, _, _ := strings.Cut(rest, "</pre>")
	return strings.NewReplacer("&#34;", `"`, "&#39;", "'", "&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(text)
}

func (b *browser) cookies() []*http.Cookie {
	u, err := url.Parse(b.w.origin)
	if err != nil {
		b.w.Fatal(err)
	}
	return b.client.Jar.Cookies(u)
}

// Without a key each order takes the passcode and a code that is sent for
// exactly its text; the page tells the limit and how to lift it.
func TestTransferWithoutAKey(t *testing.T) {
	w := lite(t)
	owner, friend := w.person(1, 50_000), w.person(2, 0)
	p := &person{browser: w.browser(), phone: owner.phone, card: owner.card, account: owner.account}
	p.post("/login", url.Values{"phone": {p.phone.E164()}}).to("/login/code")
	p.post("/login/code", url.Values{"code": {w.Code(p.phone)}}).to("/login/passcode")
	form := p.get("/login/passcode").form("/login/passcode")
	form.Set("passcode", accesstest.Passcode)
	p.post("/login/passcode", form).to("/home")
	at, form := p.confirmation(friend.phone, "100", "")
	p.get(at).has("Без скриптов — до 15 000 ₽ в день")
	w.Wait(3 * time.Minute) // the login's own code was sent just before
	p.get("/home").is(200)
	asked := p.post("/transfer/confirm", form).is(200).has("Отправили код для этого перевода")
	if w.balance(p.account) != 50_000_00 {
		t.Fatal("moved by the passcode alone")
	}
	form = asked.form("/transfer/confirm")
	code := w.Code(p.phone)
	form.Set("code", accesstest.Other(code))
	again := p.post("/transfer/confirm", form).is(422)
	form = again.form("/transfer/confirm")
	form.Set("code", code)
	receipt := p.post("/transfer/confirm", form).to("/transfers/")
	if w.balance(p.account) != 49_900_00 {
		t.Fatal("not moved")
	}
	p.get(receipt + "/receipt").is(200)
	p.get("/profile/limits").is(200).has("У этого браузера нет своего ключа", "Новое устройство или смена кода")
}

// W07: a mere logout leaves the device's key where it is; «Забыть это
// устройство» alone clears the storage, and nothing else does.
func TestOnlyForgettingClearsTheKey(t *testing.T) {
	w := lite(t)
	p := w.person(1, 0)
	if got := p.post("/logout", url.Values{}).is(303).header.Get("Clear-Site-Data"); got != `"cache"` {
		t.Errorf("a logout clears %s", got)
	}
	q := w.person(2, 0)
	form := q.get("/profile/devices").is(200).body
	dv := regexp.MustCompile(`dv_[0-9a-z]+`).FindString(form)
	if got := q.post("/profile/devices", url.Values{"forget": {dv}}).is(303).header.Get("Clear-Site-Data"); got != `"cache", "storage"` {
		t.Errorf("forgetting the device clears %s", got)
	}
}
