package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/order/ordertest"
	"rocketbank/internal/base/id"
	"rocketbank/internal/door/api"
)

// who may ask: what each route answers to a holder of the right scope, to one
// who may only read, and to another client asking for the owner's thing.
type row struct {
	ask     func(o owner) (path string, body any)
	owner   int
	reader  int    // the owner's token with the scope read
	other   int    // another client's token with the scope transfer
	foreign string // the code that hides the owner's thing from him; empty: the route names nothing
}

// owner is whose things are asked for.
type owner struct {
	person
	payee, quote, signature, transfer, order, operation, account, bought, dispute string
	card, plastic                                                                 string
	asked, approval                                                               string
	payout, payoutQuote, payoutSignature                                          string
	link, lost, linkQuote, linkSignature                                          string
	hook, doomed, delivery                                                        string
	friend, gone                                                                  string // of his contact book
	session2                                                                      id.ID
}

// W05: every route has a row; a route without one fails the test.
func matrix() map[string]row {
	just := func(path string) func(owner) (string, any) {
		return func(owner) (string, any) { return path, nil }
	}
	read := func(foreign string, path func(owner) string) row {
		return row{ask: func(o owner) (string, any) { return path(o), nil }, owner: 200, reader: 200, other: 404, foreign: foreign}
	}
	acts := func(act string, body any) row { // on the owner's card
		return row{ask: func(o owner) (string, any) { return "/cards/" + o.card + act, body }, owner: 200, reader: 403, other: 404, foreign: "card.missing"}
	}
	befriends := func(act string, body any, status int) row { // of the owner's contact book
		return row{ask: func(o owner) (string, any) { return "/friends/" + o.friend + act, body }, owner: status, reader: 403, other: 404, foreign: "friend.missing"}
	}
	return map[string]row{
		"getMe":        {ask: just("/me"), owner: 200, reader: 200, other: 200},
		"listAccounts": {ask: just("/accounts"), owner: 200, reader: 200, other: 200},
		"listCards":    {ask: just("/cards"), owner: 200, reader: 200, other: 200},
		"getCard":      read("card.missing", func(o owner) string { return "/cards/" + o.card }),
		"issueVirtualCard": {ask: func(o owner) (string, any) { return "/virtual-cards", obj{"account": o.account} },
			owner: 201, reader: 403, other: 404, foreign: "transfer.no_such_account"},
		"orderPlasticCard": {ask: func(o owner) (string, any) {
			return "/plastic-cards", obj{"account": o.account, "address": "Москва, Тверская ул., 1"}
		}, owner: 201, reader: 403, other: 404, foreign: "transfer.no_such_account"},
		"getDelivery":       read("card.missing", func(o owner) string { return "/cards/" + o.plastic + "/delivery" }),
		"nameCard":          acts("/name", obj{"name": "На отпуск"}),
		"paintCard":         acts("/art", obj{"art": "flame"}),
		"makeCardMain":      acts("/main", nil),
		"freezeCard":        acts("/freeze", nil),
		"unfreezeCard":      acts("/unfreeze", nil),
		"listSubscriptions": read("card.missing", func(o owner) string { return "/cards/" + o.card + "/subscriptions" }),
		"suspendCard":       acts("/suspend", obj{"until": "2026-12-01"}),
		"resumeCard":        acts("/resume", nil),
		"getCardRules":      read("card.missing", func(o owner) string { return "/cards/" + o.card + "/rules" }),
		"tightenCardRules":  acts("/rules", obj{"abroad": false}),
		"tryCardRules": {ask: func(o owner) (string, any) { return "/cards/" + o.card + "/rules/dry-run", obj{"chip": false} },
			owner: 200, reader: 200, other: 404, foreign: "card.missing"},
		"listOnlinePurchases": {ask: just("/online-purchases"), owner: 200, reader: 200, other: 200},
		"getOnlinePurchase":   read("authentication.missing", func(o owner) string { return "/online-purchases/" + o.asked }),
		"approvePurchase": {ask: func(o owner) (string, any) {
			return "/online-purchases/" + o.asked + "/approve", obj{"signature": o.approval}
		}, owner: 200, reader: 403, other: 404, foreign: "authentication.missing"},
		"denyPurchase": {ask: func(o owner) (string, any) { return "/online-purchases/" + o.asked + "/deny", nil },
			owner: 200, reader: 403, other: 404, foreign: "authentication.missing"},
		"createWebhook": {ask: func(owner) (string, any) {
			return "/webhooks", obj{"url": "https://anna.example/new", "events": []string{"transfer"}}
		}, owner: 201, reader: 201, other: 201},
		"listWebhooks": {ask: just("/webhooks"), owner: 200, reader: 200, other: 200},
		"getWebhook": {ask: func(o owner) (string, any) { return "/webhooks/" + o.hook, nil },
			owner: 404, reader: 200, other: 404, foreign: "webhook.missing"}, // it is the reader's
		"listDeliveries": {ask: func(o owner) (string, any) { return "/webhooks/" + o.hook + "/deliveries", nil },
			owner: 404, reader: 200, other: 404, foreign: "webhook.missing"},
		"redeliver": {ask: func(o owner) (string, any) {
			return "/webhooks/" + o.hook + "/deliveries/" + o.delivery + "/again", nil
		},
			owner: 404, reader: 204, other: 404, foreign: "webhook.missing"},
		"removeWebhook": {ask: func(o owner) (string, any) { return "/webhooks/" + o.doomed, nil },
			owner: 404, reader: 204, other: 404, foreign: "webhook.missing"}, // the reader's, and gone
		"listOperations": {ask: just("/operations"), owner: 200, reader: 200, other: 200},
		"getOperation": {ask: func(o owner) (string, any) { return "/operations/" + o.operation, nil },
			owner: 200, reader: 200, other: 404, foreign: "operation.missing"},
		"getLimits":    {ask: just("/limits"), owner: 200, reader: 200, other: 200},
		"getOwnLimits": {ask: just("/own-limits"), owner: 200, reader: 200, other: 200},
		"tightenLimits": {ask: func(owner) (string, any) { return "/own-limits", obj{"one_transfer": rub("90000.00")} },
			owner: 200, reader: 403, other: 200},
		"listTariffs": {ask: just("/tariffs"), owner: 200, reader: 200, other: 200},
		"openDispute": {ask: func(o owner) (string, any) {
			return "/disputes", obj{"operation": o.bought, "reason": "wrong_sum", "text": "На чеке было меньше"}
		}, owner: 201, reader: 403, other: 404, foreign: "operation.missing"},
		"listDisputes": {ask: just("/disputes"), owner: 200, reader: 200, other: 200},
		"getDispute": {ask: func(o owner) (string, any) { return "/disputes/" + o.dispute, nil },
			owner: 200, reader: 200, other: 404, foreign: "dispute.missing"},
		"findRecipient": {ask: func(o owner) (string, any) { return "/recipients", obj{"phone": "+7 916 555-00-02"} },
			owner: 200, reader: 403, other: 200},
		"createQuote": {ask: func(o owner) (string, any) {
			return "/quotes", obj{"payee": o.payee, "amount": rub("1.00"), "from": o.account}
		}, owner: 200, reader: 403, other: 422, foreign: "transfer.payee_invalid"},
		"createTransfer": {ask: func(o owner) (string, any) { return "/transfers", obj{"quote": o.quote, "signature": o.signature} },
			owner: 201, reader: 403, other: 422, foreign: "transfer.quote_invalid"},
		"getTransfer": {ask: func(o owner) (string, any) { return "/transfers/" + o.transfer, nil },
			owner: 200, reader: 200, other: 404, foreign: "transfer.missing"},
		"createPayoutQuote": {ask: func(o owner) (string, any) {
			return "/payout-quotes", obj{"to": obj{"way": "card", "number": cardOfZarya}, "amount": rub("1.00"), "from": o.account}
		}, owner: 200, reader: 403, other: 404, foreign: "payout.no_such_account"},
		"createPayout": {ask: func(o owner) (string, any) {
			return "/payouts", obj{"quote": o.payoutQuote, "signature": o.payoutSignature}
		}, owner: 201, reader: 403, other: 422, foreign: "payout.quote_invalid"},
		"listBanks": {ask: just("/banks"), owner: 200, reader: 200, other: 200},
		"findReceiver": {ask: func(owner) (string, any) { return "/receivers", obj{"phone": someIn, "bank": zarya} },
			owner: 200, reader: 403, other: 200},
		"listPayouts": {ask: just("/payouts"), owner: 200, reader: 200, other: 200},
		"getPayout":   read("payout.missing", func(o owner) string { return "/payouts/" + o.payout }),
		"createLinkQuote": {ask: func(o owner) (string, any) {
			return "/link-quotes", obj{"phone": linkPhone, "amount": rub("1.00"), "from": o.account}
		}, owner: 200, reader: 403, other: 404, foreign: "claim.no_such_account"},
		"createLink": {ask: func(o owner) (string, any) {
			return "/links", obj{"quote": o.linkQuote, "signature": o.linkSignature}
		}, owner: 201, reader: 403, other: 422, foreign: "claim.quote_invalid"},
		"listLinks": {ask: just("/links"), owner: 200, reader: 200, other: 200},
		"getLink":   read("claim.missing", func(o owner) string { return "/links/" + o.link }),
		"cancelLink": {ask: func(o owner) (string, any) { return "/links/" + o.lost + "/cancel", nil },
			owner: 200, reader: 403, other: 404, foreign: "claim.missing"},
		"getReceipt": {ask: func(o owner) (string, any) { return "/receipts/" + o.order, nil },
			owner: 200, reader: 200, other: 404, foreign: "order.no_receipt"},
		"listFriends": {ask: just("/friends"), owner: 200, reader: 200, other: 200},
		"addFriend": {ask: func(o owner) (string, any) { return "/friends", obj{"name": "Лена", "phone": "+7 916 555-00-99"} },
			owner: 201, reader: 403, other: 201},
		"getFriend":    read("friend.missing", func(o owner) string { return "/friends/" + o.friend }),
		"changeFriend": befriends("", obj{"favourite": true}, 200),
		"payFriend":    befriends("/payee", nil, 200),
		"removeFriend": {ask: func(o owner) (string, any) { return "/friends/" + o.gone, nil }, owner: 204, reader: 403, other: 404, foreign: "friend.missing"},
		"getDiscovery": {ask: just("/discovery"), owner: 200, reader: 200, other: 200},
		"setDiscovery": {ask: func(owner) (string, any) { return "/discovery", obj{"findable": true} }, owner: 200, reader: 403, other: 200},
		"listDevices":  {ask: just("/devices"), owner: 200, reader: 200, other: 200},
		"forgetDevice": {ask: func(o owner) (string, any) { return "/devices/" + o.session.Device.Text("dv"), nil },
			owner: 204, reader: 403, other: 404, foreign: "access.missing"},
		"listSessions": {ask: just("/sessions"), owner: 200, reader: 200, other: 200},
		"endSession": {ask: func(o owner) (string, any) { return "/sessions/" + o.session2.Text("ss"), nil },
			owner: 204, reader: 403, other: 404, foreign: "access.missing"},
		"listPasskeys": {ask: just("/passkeys"), owner: 200, reader: 200, other: 200},
		"listLooks":    {ask: just("/looks"), owner: 200, reader: 200, other: 200},
	}
}

func TestAccessMatrix(t *testing.T) {
	each(t, func(w *world) {
		anna, pavel, other := w.person(1, 1000), w.person(2, 1000), w.person(3, 1000)
		o := owner{person: anna, account: anna.from(), payee: w.payee(anna, pavel)}
		o.card, o.plastic, o.hook, o.doomed = w.cardOf(anna), w.plastic(anna), w.hook(anna), w.hook(anna)
		done := w.order(anna.transfer, "first", obj{"payee": o.payee, "amount": rub("10.00"), "from": o.account})
		o.transfer, o.order = done.text("id"), done.text("order_id")
		o.operation = w.get(anna.reading, "/operations").body["operations"].([]any)[0].(obj)["id"].(string)
		o.delivery = w.told(anna, o.hook)[0]
		o.bought = w.buys(anna, "Kinoteatr", 500)
		o.dispute = w.post(anna.transfer, "/disputes", obj{"operation": o.bought, "reason": "twice"}).text("id")
		o.friend = w.post(anna.transfer, "/friends", obj{"name": "Паша", "phone": pavel.phone.E164()}).text("id")
		o.gone = w.post(anna.transfer, "/friends", obj{"name": "Оля", "phone": other.phone.E164()}).text("id")
		o.quote = w.quote(anna.transfer, obj{"payee": o.payee, "amount": rub("20.00"), "from": o.account}).text("quote")
		o.payout = w.paysOut(anna, "first-payout", "50.00").text("id")
		o.payoutQuote, o.payoutSignature = w.payoutQuote(anna, "60.00")
		o.link, o.lost = w.sendsLink(anna, "first-link", "5.00").text("id"), w.sendsLink(anna, "second-link", "5.00").text("id")
		o.linkQuote, o.linkSignature = w.linkQuote(anna, "5.00")
		o.asked, _ = w.asks(anna, 1)
		o.approval = w.yes(anna, o.asked)["signature"].(string)
		again, err := w.Access.FinishLogin(ctx, w.Proved(anna.phone), accesstest.Passcode, accesstest.Home)
		if err != nil {
			w.Fatal(err)
		}
		o.session2 = again.Session.ID
		o.signature = ordertest.Encoded(w, w.key, w.texts[o.quote])
		revoked, token := w.token(anna, time.Hour, access.ScopeTransfer)
		if err := w.Access.RevokeToken(ctx, anna.id, token.ID); err != nil {
			w.Fatal(err)
		}

		rows := matrix()
		for _, rt := range w.door.Routes() {
			if ofNewcomers(rt) {
				continue // TestApplicationMatrix
			}
			r, found := rows[rt.ID]
			if !found {
				w.Errorf("%s %s has no row in the access matrix", rt.Method, rt.Path)
				continue
			}
			delete(rows, rt.ID)
			path, body := r.ask(o)
			do := func(token string) reply {
				return w.do(ask{method: rt.Method, path: "/api/v1" + path, token: token, key: "matrix-" + rt.ID, body: body})
			}
			w.problem(do(""), 401, "api.no_token")
			w.problem(do("rb_"+strings.Repeat("A", 43)), 401, "access.bad_token")
			w.problem(do(revoked), 401, "access.bad_token")
			if got := do(anna.reading); got.status != r.reader {
				w.Errorf("%s: the reader got %d %s", rt.ID, got.status, got.raw)
			} else if r.reader == 403 {
				w.problem(got, 403, "access.scope")
				if h := got.header.Get("WWW-Authenticate"); !strings.Contains(h, "insufficient_scope") {
					w.Errorf("%s: challenge %q", rt.ID, h)
				}
			}
			if got := do(other.transfer); got.status != r.other || got.text("code") != r.foreign {
				w.Errorf("%s: the other client got %d %s", rt.ID, got.status, got.raw)
			} else if r.foreign == "" && (strings.Contains(got.raw, anna.from()) || strings.Contains(got.raw, anna.phone.E164())) {
				w.Errorf("%s shows the owner's things to another: %s", rt.ID, got.raw)
			}
			if got := do(anna.transfer); got.status != r.owner {
				w.Errorf("%s: the owner got %d %s", rt.ID, got.status, got.raw)
			}
		}
		for id := range rows {
			w.Errorf("the access matrix has a row for %s, which is no route", id)
		}
		// Another's account under one's own payee.
		payee := w.payee(other, pavel)
		w.problem(w.post(other.transfer, "/quotes", obj{"payee": payee, "amount": rub("1.00"), "from": anna.from()}), 404, "transfer.no_such_account")
		if got := w.balance(anna); got != "790.00 RUB" {
			w.Errorf("Anna has %s", got)
		}
	})
}

// Who has no token learns nothing about the addresses either; who has one gets
// 404 and 405 in the same manner as every other refusal.
func TestAddresses(t *testing.T) {
	w := lite(t, api.Rate{PerSecond: -1})
	anna := w.person(1, 0)
	for _, path := range []string{"/api/v1/", "/api/v1/nothing", "/api/v1/me/", "/api/v1/operations/x/y"} {
		w.problem(w.do(ask{method: "GET", path: path}), 401, "api.no_token")
		w.problem(w.do(ask{method: "GET", path: path, token: anna.reading}), 404, "api.no_route")
	}
	for _, path := range []string{"/api/", "/api/v2/me", "/api/v1", "/api//v1/me", "/api/v1/../v1/me", "/api/v1/./me", "/api/openapi.yaml"} {
		r := w.do(ask{method: "POST", path: path, token: anna.reading})
		w.problem(r, 404, "api.no_route")
	}
	starter := w.started(accesstest.Phone(7))
	for _, rt := range w.door.Routes() {
		path := strings.NewReplacer("{id}", "x", "{page}", "main").Replace(rt.Path)
		token := anna.transfer
		if ofNewcomers(rt) {
			token = starter
		}
		own := methodsOf(w.door, rt.Path)
		for _, m := range []string{"PUT", "PATCH", "DELETE", "OPTIONS", "POST", "GET", "BREW"} {
			if slices.Contains(own, m) {
				continue
			}
			r := w.do(ask{method: m, path: path, token: token})
			w.problem(r, 405, "api.method")
			if !strings.Contains(r.header.Get("Allow"), rt.Method) {
				w.Errorf("%s %s: Allow %q", m, path, r.header.Get("Allow"))
			}
		}
	}
	if r := w.do(ask{method: "HEAD", path: "/api/v1/me", token: anna.reading}); r.status != 200 || r.raw != "" {
		w.Errorf("HEAD: %d %q", r.status, r.raw)
	}
	if r := w.do(ask{method: "HEAD", path: "/api/v1/nothing", token: anna.reading}); r.status != 404 || r.raw != "" {
		w.Errorf("HEAD: %d %q", r.status, r.raw)
	}
}

// A token comes in one Authorization header and nowhere else: no cookie, no
// query, no second header.
func TestWhereTheTokenStands(t *testing.T) {
	w := lite(t, api.Rate{PerSecond: -1})
	anna := w.person(1, 0)
	for name, h := range map[string]http.Header{
		"cookie":     {"Cookie": {"token=" + anna.reading + "; __Host-session=" + anna.reading}},
		"basic":      {"Authorization": {"Basic " + anna.reading}},
		"twice":      {"Authorization": {"Bearer " + anna.reading, "Bearer " + anna.reading}},
		"bare":       {"Authorization": {anna.reading}},
		"empty":      {"Authorization": {""}},
		"other name": {"X-Api-Key": {anna.reading}},
	} {
		r := w.do(ask{method: "GET", path: "/api/v1/me", header: h})
		w.problem(r, 401, "api.no_token")
		if name == "empty" && r.header.Get("WWW-Authenticate") != `Bearer realm="rocketbank"` {
			w.Errorf("challenge %q", r.header.Get("WWW-Authenticate"))
		}
	}
	for _, secret := range []string{"x", "rb_", "rb_short", strings.Repeat("a", 5000), "rb_" + strings.Repeat("é", 43), anna.reading + "A", anna.reading[:len(anna.reading)-1], anna.reading + " " + anna.reading} {
		w.problem(w.do(ask{method: "GET", path: "/api/v1/me", header: http.Header{"Authorization": {"Bearer " + secret}}}), 401, "access.bad_token")
	}
	w.problem(w.do(ask{method: "GET", path: "/api/v1/me?token=" + anna.reading}), 401, "api.no_token")
	if r := w.do(ask{method: "GET", path: "/api/v1/me", header: http.Header{"Authorization": {"bearer " + anna.reading}}}); r.status != 200 {
		w.Errorf("lower-case scheme: %d", r.status)
	}
}

// One token may ask so often; others are not disturbed.
func TestRate(t *testing.T) {
	w := lite(t, api.Rate{PerSecond: 10, Burst: 3})
	anna, pavel := w.person(1, 0), w.person(2, 0)
	for range 3 {
		if r := w.get(anna.reading, "/me"); r.status != 200 {
			t.Fatalf("%d %s", r.status, r.raw)
		}
	}
	r := w.get(anna.reading, "/me")
	w.problem(r, 429, "api.too_often")
	if r.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After %q", r.header.Get("Retry-After"))
	}
	if r := w.get(pavel.reading, "/me"); r.status != 200 {
		t.Errorf("the other: %d", r.status)
	}
	w.Wait(100 * time.Millisecond)
	if r := w.get(anna.reading, "/me"); r.status != 200 {
		t.Errorf("after a while: %d", r.status)
	}
	w.problem(w.get(anna.reading, "/me"), 429, "api.too_often")
}

// Looking people up is counted; the answer says when to come back.
func TestLookupsAreCounted(t *testing.T) {
	each(t, func(w *world) {
		anna := w.person(1, 0)
		for range 20 {
			w.problem(w.post(anna.transfer, "/recipients", obj{"phone": "+79165559999"}), 404, "transfer.not_a_client")
		}
		r := w.post(anna.transfer, "/recipients", obj{"phone": "+79165559999"})
		w.problem(r, 429, "limit.lookups")
		if r.header.Get("Retry-After") != "43200" { // noon to midnight
			w.Errorf("Retry-After %q", r.header.Get("Retry-After"))
		}
	})
}
