package app

import (
	"net/http"
	"net/netip"
	"strings"
	"time"

	"rocketbank/internal/bank/bin"
	"rocketbank/internal/bank/claim"
	"rocketbank/internal/door/api"
	"rocketbank/internal/door/cabinet"
	"rocketbank/internal/door/partners"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
	"rocketbank/internal/rail/signature"
)

// doorConfig is what the doors are told.
type doorConfig struct {
	origin         string   // where people use the cabinet
	payOrigins     []string // where the acquirer's code pages live
	brand          ui.Brand
	callbackSecret signature.Secret
	smsSecret      signature.Secret // the SMS gateway's; empty: the same
	networkSecret  signature.Secret // the card network's; empty: the same
	railSecret     signature.Secret // the phone-number rail's; empty: there is none
	proxies        []netip.Prefix   // may set forwarded headers
	stopping       <-chan struct{}

	consoleOrigin   string // where staff use the console; empty: there is none
	acsOrigin       string // where 3-D Secure finds us; empty: there is none
	loopback        bool   // partners may be http on this machine: the demo
	mutual          bool   // the directory shows a certificate on our own listener
	auditReport     string // what `make audit` wrote last; may be empty
	securityContact string // URI for security.txt; the bank's phone when empty
}

// doors are the handlers, one per listener.
type doors struct {
	cabinet, console, partners, metrics http.Handler
	acs                                 http.Handler // nil: this bank has none
}

func (b *bank) doors(c doorConfig) (doors, error) {
	kit, err := ui.NewKit(c.brand)
	if err != nil {
		return doors{}, err
	}
	go kit.Warm() // or the first visitor waits for the assets to be compressed
	front, err := web.New(web.Options{Origin: c.origin, FormTargets: c.payOrigins, Proxies: c.proxies, Log: b.log, Now: time.Now})
	if err != nil {
		return doors{}, err
	}
	bins := bin.New(b.db)
	home := cabinet.New(cabinet.Deps{
		Front: front, Kit: kit, DB: b.db, Vault: b.vault, Book: b.book, IDs: b.ids,
		Clients: b.clients, Cards: b.cards, Access: b.access, Applications: b.applications, Limits: b.limits, OwnLimits: b.ownLimits, Tariffs: b.tariffs,
		Operations: b.operations, Orders: b.orders, Papers: b.papers, Privacy: b.privacy, Transfers: b.transfers, Payouts: b.payouts, Bins: bins, Receivers: b.receivers, Topups: b.topups, Links: b.claims, Purchases: b.purchases, Disputes: b.disputes, Webhooks: b.webhooks, Friends: b.friends, Authentications: b.authentications, Live: b.live,
		Log: b.log, Now: time.Now, Stopping: c.stopping,
	})
	programs := api.Deps{
		DB: b.db, Tokens: b.access, Clients: b.clients, Cards: b.cards, Operations: b.operations, Limits: b.limits, Tariffs: b.tariffs, Transfers: b.transfers, Payouts: b.payouts, Links: b.claims, Bins: bins, Orders: b.orders,
		Access: b.access, Looks: b.privacy, Flows: b.access, Applications: b.applications, Disputes: b.disputes, Webhooks: b.webhooks, Friends: b.friends, OwnLimits: b.ownLimits,
		Kit: kit, Log: b.log, Address: front.Address, Now: time.Now, HTTPS: strings.HasPrefix(c.origin, "https://"),
	}
	if b.receivers.Open() {
		programs.Receivers = b.receivers
	}
	if b.authentications != nil { // a nil pointer in the field would be no nil there
		programs.Authentications = b.authentications
	}
	open := api.New(programs)
	counted := newAnswers()
	hear := partners.Deps{Unmatched: counted.unmatched.Inc, Topups: b.topups, Clearing: b.purchases, NetworkSecret: c.networkSecret, Receipts: b.notices, SIM: b.access, Secret: c.callbackSecret, SMSSecret: c.smsSecret, Now: time.Now, Log: b.log}
	if b.receivers.Open() {
		hear.Payouts, hear.RailSecret = phonePayouts{b}, c.railSecret
	}
	callbacks := partners.New(hear)
	desk, err := b.console(kit, c)
	if err != nil {
		return doors{}, err
	}
	challenge, err := b.acs(kit, c)
	if err != nil {
		return doors{}, err
	}
	receivers, err := b.links(kit, c)
	if err != nil {
		return doors{}, err
	}
	known, isKnown := b.known(front, c)
	people, machines := counted.of("cabinet", home.Handler()), counted.of("api", open)
	strangers := counted.of("links", receivers)
	// By hand: a ServeMux here would answer a path it tidies (//x) by itself,
	// without the headers that stand on every answer of the doors.
	both := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/") {
			machines.ServeHTTP(w, r)
			return
		}
		if strings.HasPrefix(r.URL.Path, claim.Path) {
			strangers.ServeHTTP(w, r)
			return
		}
		if isKnown[r.URL.Path] {
			known.ServeHTTP(w, r)
			return
		}
		people.ServeHTTP(w, r)
	})
	return doors{cabinet: both, console: counted.of("console", desk), partners: callbacks, metrics: b.metrics(counted), acs: challenge}, nil
}
