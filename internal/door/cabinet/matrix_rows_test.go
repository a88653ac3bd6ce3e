package cabinet_test

import (
	"net/url"
	"strings"
)

// things are what the people of the matrix have, each of his own.
type things struct {
	p         *person
	applicant *browser // ordering a card, all filled in, nothing sent

	operation, transfer, payout, link, login, topup, card, order, shot, purchase string // paths
	paper                                                                        string // of a picture that the contact centre waits for
	bought, dispute                                                              string // … of a purchase, and of what is wrong with another
	friend                                                                       string // somebody in his contact book
	hook                                                                         string // path of a webhook
	device, session, token, passkey, alert                                       string // as forms name them
	payee                                                                        string
	notMe                                                                        string // the token of a message's link
}

// may is a line of the matrix: what a route answers to the owner of the things
// asked for, to another client, and to nobody. «303 /login» names the path it
// leads to. Staff are nobody here, whatever cookie of theirs comes.
type may struct {
	owner, other, nobody string
	path                 func(*things) string // of the owner's thing; nil: the route's own
	form                 func(*things) url.Values
	applicant            bool // the owner and the other one are ordering a card
}

func (m may) of(path func(*things) string) may       { m.path = path; return m }
func (m may) with(form func(*things) url.Values) may { m.form = form; return m }

const toLogin = "303 /login"

// inside is a page or a form of a client's own: everybody has his.
func inside(answer string) may { return may{owner: answer, other: answer, nobody: toLogin} }

// owned is one thing of one client, which for others does not exist.
func owned(path func(*things) string) may {
	return may{owner: "200", other: "404", nobody: toLogin}.of(path)
}

// ofCard is a page or a form of one card.
func ofCard(page, answer string) may {
	return may{owner: answer, other: "404", nobody: toLogin}.of(func(o *things) string { return o.card + page })
}

// all is for everybody.
func all(answer string) may { return may{owner: answer, other: answer, nobody: answer} }

// ordering is a page of the questionnaire: it asks for a proved phone.
func ordering(owner, nobody string) may {
	return may{owner: owner, other: owner, nobody: nobody, applicant: true}
}

// formOf gives the same fields to whoever posts.
func formOf(pairs ...string) func(*things) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return func(*things) url.Values { return v }
}

// ofPurchase names the owner's purchase that waits.
func ofPurchase(o *things) url.Values {
	return url.Values{"purchase": {strings.TrimPrefix(o.purchase, "/purchases/")}, "x": {"1", "2"}}
}

// cabinetMatrix has a row for every route of the cabinet (W05).
func cabinetMatrix() map[string]may {
	passed := func(answer, nobody string) may { return may{owner: answer, other: answer, nobody: nobody} } // a way in, for who is inside already
	return map[string]may{
		"GET /{$}": passed("303 /home", "200"),

		// Ordering a card: known by the flow that has proved a phone.
		"GET /order":             ordering("303 /order/resume", "200"),
		"POST /order":            all("422"),
		"GET /order/code":        ordering("303 /order/resume", "303 /order"),
		"POST /order/code":       ordering("422", "303 /order"),
		"GET /order/resume":      ordering("303 /order/check", "303 /order"),
		"GET /order/person":      ordering("200", "303 /order"),
		"POST /order/person":     ordering("422", "303 /order"),
		"GET /order/passport":    ordering("200", "303 /order"),
		"POST /order/passport":   ordering("422", "303 /order"),
		"GET /order/address":     ordering("200", "303 /order"),
		"POST /order/address":    ordering("422", "303 /order"),
		"GET /order/scans":       ordering("200", "303 /order"),
		"POST /order/scans":      ordering("415", "415"), // no multipart form; tests of uploads stand elsewhere
		"GET /order/scans/{id}":  may{owner: "200", other: "404", nobody: "404", applicant: true}.of(func(o *things) string { return o.shot }),
		"POST /order/scans/done": ordering("303 /order/check", "303 /order"),
		"GET /order/word":        ordering("200", "303 /order"),
		"POST /order/word":       ordering("422", "303 /order"),
		"GET /order/check":       ordering("200", "303 /order"),
		"POST /order/submit":     ordering("303 /order/status", "303 /order"),
		"GET /order/status":      ordering("200", "303 /order"),
		"POST /order/again":      ordering("303 /order/resume", "303 /order"),
		"GET /order/withdraw":    ordering("200", "303 /order"),
		"POST /order/withdraw":   ordering("303 /order/status", "303 /order"),
		"GET /order/passcode":    ordering("303 /order/resume", "303 /order"), // not taken on yet
		"POST /order/passcode":   ordering("303 /order/resume", "303 /order"),
		"GET /order/done":        inside("200"),

		// The ways in.
		"GET /login":                passed("303 /home", "200"),
		"POST /login":               all("422"),
		"GET /login/code":           passed("303 /home", toLogin),
		"POST /login/code":          passed("303 /home", toLogin),
		"GET /login/passcode":       passed("303 /home", toLogin),
		"POST /login/passcode":      passed("401", toLogin),
		"GET /login/number":         passed("303 /home", toLogin),
		"POST /login/number":        passed("303 /home", toLogin),
		"GET /login/recover":        passed("303 /home", "303 /login/forgot"),
		"POST /login/recover":       passed("303 /home", "303 /login/forgot"),
		"GET /login/forgot":         all("200"),
		"POST /login/passkey/begin": all("200"),
		"POST /login/passkey":       all("409"),
		"GET /device/nonce":         all("204"),
		"POST /device/renew":        inside("204"),
		"POST /logout":              all(toLogin),
		// Whoever has the link of a message may say «Это не я», from any browser.
		"GET /n/{token}":  all("200").of(func(o *things) string { return "/n/" + o.notMe }),
		"POST /n/{token}": all("404"), // of no message: the right one would end everything

		// Главная.
		"GET /home":            inside("200"),
		"GET /operations":      inside("200"),
		"GET /operations/{id}": owned(func(o *things) string { return o.operation }),
		// A purchase in the internet, whose shop asks. The passcode is missing, and
		// a field comes twice: nothing may end here.
		"GET /purchases/{id}":           owned(func(o *things) string { return o.purchase }),
		"POST /purchases/approve":       may{owner: "422", other: "404", nobody: toLogin}.with(ofPurchase),
		"POST /purchases/approve/ask":   may{owner: "200", other: "404", nobody: toLogin}.with(ofPurchase),
		"POST /purchases/deny":          may{owner: "422", other: "404", nobody: toLogin}.with(ofPurchase),
		"GET /operations/{id}/dispute":  owned(func(o *things) string { return o.bought + "/dispute" }),
		"POST /operations/{id}/dispute": may{owner: "422", other: "404", nobody: toLogin}.of(func(o *things) string { return o.bought + "/dispute" }),
		"GET /disputes":                 inside("200"),
		"GET /disputes/{id}":            owned(func(o *things) string { return o.dispute }),
		"POST /disputes/{id}":           may{owner: "400", other: "404", nobody: toLogin}.of(func(o *things) string { return o.dispute }),
		"GET /events":                   {owner: "200", other: "200", nobody: "401"},

		"GET /friends":            inside("200"),
		"GET /friends/new":        inside("200"),
		"POST /friends/new":       inside("422"),
		"POST /friends/discovery": inside("400"),
		"GET /friends/{id}":       owned(func(o *things) string { return o.friend }),
		"POST /friends/{id}":      may{owner: "400", other: "404", nobody: toLogin}.of(func(o *things) string { return o.friend }),
		"POST /friends/{id}/pay":  may{owner: "303 /transfer", other: "404", nobody: toLogin}.of(func(o *things) string { return o.friend + "/pay" }),

		// Карты. An empty form changes nothing of them.
		"GET /cards":                  inside("200"),
		"GET /cards/new":              inside("200"),
		"POST /cards/new":             inside("400"),
		"GET /cards/{id}":             ofCard("", "200"),
		"POST /cards/{id}/freeze":     ofCard("/freeze", "400"),
		"POST /cards/{id}/look":       ofCard("/look", "400"),
		"GET /cards/{id}/requisites":  ofCard("/requisites", "200"),
		"POST /cards/{id}/requisites": ofCard("/requisites", "422"),
		"GET /cards/{id}/pin":         ofCard("/pin", "200"),
		"POST /cards/{id}/pin":        ofCard("/pin", "422"),
		"GET /cards/{id}/activate":    ofCard("/activate", "200"),
		"POST /cards/{id}/activate":   ofCard("/activate", "422"),
		"GET /cards/{id}/suspend":     ofCard("/suspend", "200"),
		"POST /cards/{id}/suspend":    ofCard("/suspend", "422"),
		"GET /cards/{id}/reissue":     ofCard("/reissue", "200"),
		"POST /cards/{id}/reissue":    ofCard("/reissue", "409"),
		"GET /cards/{id}/close":       ofCard("/close", "200"),
		"POST /cards/{id}/close":      ofCard("/close", "400"),
		"GET /cards/{id}/rules":       ofCard("/rules", "200"),
		"POST /cards/{id}/rules":      ofCard("/rules", "400"), // no whole form
		"POST /cards/{id}/rules/ask":  ofCard("/rules/ask", "422"),

		// Платежи.
		"GET /payments":               inside("200"),
		"GET /transfer":               inside("200"),
		"POST /transfer":              inside("422"),
		"POST /transfer/recipient":    inside("422"),
		"POST /transfer/quote":        inside("422"),
		"GET /transfer/confirm":       inside("303 /transfer"),
		"POST /transfer/confirm":      inside("303 /transfer"),
		"POST /transfer/confirm/ask":  inside("422"),
		"GET /transfers/{id}":         owned(func(o *things) string { return o.transfer }),
		"GET /transfers/{id}/receipt": owned(func(o *things) string { return o.transfer + "/receipt" }),
		"GET /transfer/card":          inside("200"),
		"POST /transfer/card":         inside("422"),
		"POST /transfer/card/quote":   inside("422"),
		"GET /transfer/bank":          inside("303 /transfer"),
		"POST /transfer/bank":         inside("303 /transfer"),
		"GET /transfer/nobody":        inside("303 /transfer"),
		"GET /transfer/phone":         inside("303 /transfer"),
		"POST /transfer/phone":        inside("422"),
		"POST /transfer/phone/quote":  inside("422"),
		"GET /payout/confirm":         inside("303 /transfer"),
		"POST /payout/confirm":        inside("303 /transfer"),
		"POST /payout/confirm/ask":    inside("422"),
		"GET /payouts/{id}":           owned(func(o *things) string { return o.payout }),
		"GET /payouts/{id}/receipt":   owned(func(o *things) string { return o.payout + "/receipt" }),
		"GET /transfer/link":          inside("200"),
		"POST /transfer/link":         inside("422"),
		"GET /link/confirm":           inside("303 /transfer/link"),
		"POST /link/confirm":          inside("303 /transfer/link"),
		"POST /link/confirm/ask":      inside("422"),
		"GET /links":                  inside("200"),
		"GET /links/{id}":             owned(func(o *things) string { return o.link }),
		"GET /links/{id}/receipt":     owned(func(o *things) string { return o.link + "/receipt" }),
		"POST /links/{id}/cancel":     {owner: "303 /links/{id}", other: "404", nobody: toLogin, path: func(o *things) string { return o.link + "/cancel" }},
		"GET /topup":                  inside("200"),
		"POST /topup":                 inside("422"),
		"POST /topup/quote":           inside("422"),
		// The other bank leads back here, perhaps in another browser: strangers
		// read the state alone.
		"GET /topup/{id}": {owner: "200", other: "404", nobody: "200", path: func(o *things) string { return o.topup }},

		// Ещё.
		"GET /more":                    inside("200"),
		"GET /profile/number":          inside("200"),
		"POST /profile/number":         inside("422"),
		"GET /profile/papers":          inside("200"),
		"POST /profile/papers":         inside("403"), // no proof in its header; uploads stand in TestPapers
		"GET /profile/papers/{id}":     owned(func(o *things) string { return o.paper }),
		"POST /profile/papers/send":    {owner: "409", other: "303 /profile/papers", nobody: toLogin},
		"POST /profile/papers/ask":     {owner: "409", other: "404", nobody: toLogin},
		"GET /profile/devices":         inside("200"),
		"POST /profile/devices":        inside("404"),
		"GET /profile/logins/{id}":     owned(func(o *things) string { return o.login }),
		"GET /profile/passkeys":        inside("200"),
		"POST /profile/passkeys":       inside("422"),
		"POST /profile/passkeys/begin": inside("422"),
		"POST /profile/ask":            inside("200"),
		"GET /profile/passcode":        inside("200"),
		"POST /profile/passcode":       inside("422"),
		"POST /profile/change":         inside("303 /more"),
		"POST /profile/change/ask":     inside("422"),
		"GET /profile/orders":          inside("200"),
		"GET /profile/orders/{id}":     owned(func(o *things) string { return o.order }),
		"GET /profile/limits":          inside("200"),
		"POST /profile/limits":         inside("400"),
		"POST /profile/limits/ask":     inside("422"),
		"GET /profile/looks":           inside("200"),
		"GET /profile/data":            inside("200"),
		"POST /profile/data":           inside("422"),
		"POST /alerts":                 inside("404"),
		"GET /profile/webhooks/{id}":   owned(func(o *things) string { return o.hook }),
		"POST /profile/webhooks/{id}":  may{owner: "303 /profile/tokens", other: "404", nobody: toLogin}.of(func(o *things) string { return o.hook }).with(formOf("remove", "1")),
		"GET /profile/tokens":          inside("200"),
		"POST /profile/tokens":         inside("422"),
		"POST /profile/tokens/order":   inside("303 /profile/tokens"),
		"GET /profile/settings":        all("200"),
		"POST /profile/settings":       all("303 /profile/settings").with(formOf("sums", "hidden")),
		"GET /tariffs":                 all("200"),
		"GET /help":                    all("200"),
		"GET /help/{guide}":            all("200"),
		"GET /receipts/verify":         all("200"),
		"POST /receipts/verify":        all("422"),

		// Files and health: nobody is looked for.
		"GET /.well-known/rocketbank-receipt-keys.json": all("200"),
		"GET /offline":              all("200"),
		"GET /manifest.webmanifest": all("200"),
		"GET /worker.js":            all("200"),
		"GET /static/{file}":        all("404"), // of that name there is none
		"GET /favicon.ico":          all("301"),
		"GET /healthz":              all("200"),
		"GET /readyz":               all("200"),
	}
}
