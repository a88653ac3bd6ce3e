// Package cabinet is the client's web app: ordering a card, logging in, seeing
// one's money, sending it and topping it up, on a phone or a desktop.
//
// Every flow is links and posted forms; scripts only shorten it. A handler
// decodes a form, calls one room of the bank, fills a view model and renders a
// page; it decides nothing about money itself. The routes stand in one table
// (routes.go) with who may use them, so that tests can walk it.
package cabinet

import (
	"log/slog"
	"net/http"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/bank/authentication"
	"rocketbank/internal/bank/bin"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/claim"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/dispute"
	"rocketbank/internal/bank/friend"
	"rocketbank/internal/bank/limit"
	hub "rocketbank/internal/bank/live"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/paper"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/bank/privacy"
	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/bank/receiver"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/bank/topup"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/bank/webhook"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
	"rocketbank/internal/ledger"
)

// Deps is what the door works with.
type Deps struct {
	Front *web.Front
	Kit   *ui.Kit

	DB    *db.DB
	Vault *vault.Vault
	Book  *ledger.Book // asked by /readyz whether it takes transactions
	IDs   *id.Source   // idempotency keys of forms

	Clients      *client.Directory
	Cards        *card.Service
	Access       *access.Service
	Applications *application.Service
	Limits       *limit.Service
	OwnLimits    *limit.Own
	Tariffs      *tariff.Service
	Operations   *operation.Service
	Orders       *order.Service
	Papers       *paper.Service
	Privacy      *privacy.Service
	Transfers    *transfer.Service
	Payouts      *payout.Service
	Bins         *bin.Service      // whose a receiver's card is
	Receivers    *receiver.Service // people in other banks; nil: this bank is not on the rail
	Topups       *topup.Service
	Links        *claim.Service // nil: this bank sends no money by links
	Purchases    *purchase.Service
	Disputes     *dispute.Service
	Webhooks     *webhook.Service
	Friends      *friend.Service
	Live         *hub.Hub
	// Authentications asks clients about purchases in the internet; nil: this
	// bank has no 3-D Secure.
	Authentications *authentication.Service

	Log *slog.Logger     // may be nil
	Now func() time.Time // real time, for sessions; the machine's when nil
	// Stopping is closed when the server begins to shut down: event streams end
	// then, for a shutdown waits for every answer. May be nil.
	Stopping <-chan struct{}
}

// Door is the cabinet. It is safe for concurrent use.
type Door struct {
	Deps
	tokens once // API tokens made lately, by the key of their form
}

// New makes the door.
func New(d Deps) *Door {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	return &Door{Deps: d}
}

// Handler serves every route of the cabinet, behind the doorway.
func (d *Door) Handler() http.Handler {
	var ways []web.Way
	for _, rt := range d.routes() {
		ways = append(ways, web.Way{Method: rt.method, Path: rt.path, Handler: d.enter(rt)})
	}
	mux := web.Mux(ways, func(method, path, allow string) http.Handler {
		refuse := func(w http.ResponseWriter, _ *http.Request) error { return web.NotThisWay(w, allow) }
		return d.enter(route{method: method, path: path, who: visitor, entry: true, serve: refuse})
	}, d.enter(route{path: "/…", who: visitor, serve: noSuchPage}))
	return d.Front.Wrap(d.Front.SameHost(mux, d.fail, "/healthz", "/readyz"), d.fail)
}

func noSuchPage(http.ResponseWriter, *http.Request) error { return web.ErrNotFound }
