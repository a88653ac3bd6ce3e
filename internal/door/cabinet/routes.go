package cabinet

import (
	"net/http"
	"slices"

	"rocketbank/internal/bank/order"
	"rocketbank/internal/door/web"
)

// serve is a handler that leaves the wording of a refusal to the door.
type serve func(http.ResponseWriter, *http.Request) error

// who may use a route.
type who int

const (
	machine who = iota // no session is looked for: files and health
	visitor            // anybody; a session is used if there is one
	insider            // a session is needed; without one the login page comes first
	watcher            // a session is needed and not kept awake; without one 401
)

// route is one line of the table.
type route struct {
	method, path string
	who          who
	body         int64 // most bytes of a posted form; 0: the usual bound
	serve        serve
	// keep gives the page that brings back what was typed into a form whose
	// session is over; nil: nothing worth keeping.
	keep func(r *http.Request) (back string, kept bool)
	// polled is a page whose script asks for it again and again: that is not
	// the client doing something.
	polled bool
	// entry is a way in: whoever stands on it comes as a visitor, and a session
	// he has counts only if its device proves the request.
	entry bool
	// files is a body with files, which the handler reads itself.
	files bool
	// quiet leaves the cookie of a session that is over: the next request is
	// the one that says why.
	quiet bool
}

// routes is every way into the cabinet, in the order of the menu.
func (d *Door) routes() []route {
	get, post := http.MethodGet, http.MethodPost
	return append(slices.Concat(d.orderRoutes(), d.numberRoutes(), d.cardRoutes(), d.cardRuleRoutes(), d.purchaseRoutes(), d.disputeRoutes(), d.payoutRoutes(), d.phoneRoutes(), d.friendRoutes(), d.linkRoutes(), d.webhookRoutes()), []route{
		// The way in.
		{method: get, path: "/login", who: visitor, serve: d.getLogin},
		{method: post, path: "/login", who: visitor, entry: true, serve: d.postLogin},
		{method: get, path: "/login/code", who: visitor, serve: d.getLoginCode},
		{method: post, path: "/login/code", who: visitor, entry: true, serve: d.postLoginCode},
		{method: get, path: "/login/passcode", who: visitor, serve: d.getLoginPasscode},
		{method: post, path: "/login/passcode", who: visitor, entry: true, serve: d.postLoginPasscode},
		{method: post, path: "/login/passkey/begin", who: visitor, entry: true, serve: d.postPasskeyBegin},
		{method: post, path: "/login/passkey", who: visitor, entry: true, serve: d.postPasskey},
		{method: get, path: "/device/nonce", who: visitor, quiet: true, serve: d.getNonce},
		{method: post, path: "/device/renew", who: insider, serve: d.postRenew},
		{method: get, path: "/login/forgot", who: visitor, serve: d.getForgot},
		{method: get, path: "/login/recover", who: visitor, serve: d.getRecover},
		{method: post, path: "/login/recover", who: visitor, entry: true, serve: d.postRecover},
		{method: get, path: "/n/{token}", who: visitor, serve: d.getNotMe},
		{method: post, path: "/n/{token}", who: visitor, entry: true, serve: d.postNotMe},
		{method: post, path: "/logout", who: visitor, serve: d.postLogout},

		// Главная.
		{method: get, path: "/home", who: insider, serve: d.getHome},
		{method: get, path: "/events", who: watcher, serve: d.getEvents},
		{method: get, path: "/operations", who: insider, serve: d.getOperations},
		{method: get, path: "/operations/{id}", who: insider, serve: d.getOperation},

		// Платежи.
		{method: get, path: "/payments", who: insider, serve: d.getPayments},
		{method: get, path: "/transfer", who: insider, serve: d.getTransfer},
		{method: post, path: "/transfer", who: insider, serve: d.postTransfer, keep: d.keepTransfer},
		{method: post, path: "/transfer/recipient", who: insider, serve: d.postRecipient, keep: d.keepTransfer},
		{method: post, path: "/transfer/quote", who: insider, serve: d.postQuote, keep: d.keepTransfer},
		{method: get, path: "/transfer/confirm", who: insider, serve: d.getConfirm(friendOrder{d})},
		{method: post, path: "/transfer/confirm", who: insider, serve: d.postConfirm(friendOrder{d}), keep: d.keepConfirm(friendOrder{d})},
		{method: post, path: "/transfer/confirm/ask", who: insider, serve: d.postConfirmAsk(friendOrder{d})},
		{method: get, path: "/transfers/{id}", who: insider, serve: d.getReceipt},
		{method: get, path: "/transfers/{id}/receipt", who: insider, serve: d.getSigned},
		{method: get, path: "/topup", who: insider, serve: d.getTopUp},
		{method: post, path: "/topup", who: insider, serve: d.postTopUp, keep: d.keepTopUp},
		{method: post, path: "/topup/quote", who: insider, serve: d.postTopUpQuote, keep: d.keepTopUp},
		{method: get, path: "/topup/{id}", who: visitor, serve: d.getTopUpResult, polled: true},

		// Ещё.
		{method: get, path: "/more", who: insider, serve: d.getMore},
		{method: get, path: "/profile/devices", who: insider, serve: d.getDevices},
		{method: post, path: "/profile/devices", who: insider, serve: d.postDevices},
		{method: get, path: "/profile/logins/{id}", who: insider, serve: d.getStatement},
		{method: get, path: "/profile/passkeys", who: insider, serve: d.getPasskeys},
		{method: post, path: "/profile/passkeys", who: insider, serve: d.postPasskeys},
		{method: post, path: "/profile/passkeys/begin", who: insider, serve: d.postPasskeysBegin},
		{method: post, path: "/profile/ask", who: insider, serve: d.postAsk},
		{method: get, path: "/profile/passcode", who: insider, serve: d.getPasscode},
		{method: post, path: "/profile/passcode", who: insider, serve: d.postPasscode},
		{method: post, path: "/profile/change", who: insider, serve: d.postChange},
		{method: post, path: "/profile/change/ask", who: insider, serve: d.postChangeAsk},
		{method: get, path: "/profile/orders", who: insider, serve: d.getOrders},
		{method: get, path: "/profile/orders/{id}", who: insider, serve: d.getOrderReceipt},
		{method: get, path: "/profile/limits", who: insider, serve: d.getLimits},
		{method: post, path: "/profile/limits", who: insider, serve: d.postLimits, keep: limitsAgain},
		{method: post, path: "/profile/limits/ask", who: insider, serve: d.postLimitsAsk},
		{method: get, path: "/profile/looks", who: insider, serve: d.getLooks},
		{method: get, path: "/profile/data", who: insider, serve: d.getData},
		{method: post, path: "/profile/data", who: insider, serve: d.postData},
		{method: post, path: "/alerts", who: insider, serve: d.postAlert},
		{method: get, path: "/profile/tokens", who: insider, serve: d.getTokens},
		{method: post, path: "/profile/tokens", who: insider, serve: d.postTokens},
		{method: post, path: "/profile/tokens/order", who: insider, serve: d.postTokenOrder},
		{method: get, path: "/profile/settings", who: visitor, serve: d.getSettings},
		{method: post, path: "/profile/settings", who: visitor, body: 8 << 10, serve: d.postSettings},
		{method: get, path: "/tariffs", who: visitor, serve: d.getTariffs},
		{method: get, path: "/help", who: visitor, serve: d.getHelp},
		{method: get, path: "/help/{guide}", who: visitor, serve: d.getGuide},

		{method: get, path: "/receipts/verify", who: visitor, serve: d.getVerify},
		{method: post, path: "/receipts/verify", who: visitor, entry: true, body: verifyBody, files: true, serve: d.postVerify},

		// What browsers and machines ask for.
		{method: get, path: order.KeysPath, who: machine, serve: d.getReceiptKeys},
		{method: get, path: "/offline", who: machine, serve: d.getOffline},
		{method: get, path: "/manifest.webmanifest", who: machine, serve: d.getManifest},
		{method: get, path: "/worker.js", who: machine, serve: d.getWorker},
		{method: get, path: "/static/{file}", who: machine, serve: plain(d.Kit.Static())},
		{method: get, path: "/favicon.ico", who: machine, serve: d.getFavicon},
		{method: get, path: "/healthz", who: machine, serve: d.getHealth},
		{method: get, path: "/readyz", who: machine, serve: d.getReady},
	}...)
}

// limit is how long a body may be.
func (rt route) limit() int64 {
	if rt.body > 0 {
		return rt.body
	}
	return web.DefaultBody
}

func plain(h http.Handler) serve {
	return func(w http.ResponseWriter, r *http.Request) error {
		h.ServeHTTP(w, r)
		return nil
	}
}
