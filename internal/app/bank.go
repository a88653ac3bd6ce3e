package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/agent"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/bank/authentication"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/claim"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/dispute"
	"rocketbank/internal/bank/friend"
	"rocketbank/internal/bank/hsm"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/live"
	"rocketbank/internal/bank/notice"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/paper"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/bank/privacy"
	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/bank/receiver"
	"rocketbank/internal/bank/staff"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/bank/topup"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/bank/watch"
	"rocketbank/internal/bank/webhook"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/outbox"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/door/api"
	"rocketbank/internal/ledger"
	"rocketbank/internal/partner/cardnetwork"
	"rocketbank/internal/partner/hook"
	"rocketbank/internal/partner/phonerail"
)

// bank is all rooms over one database.
type bank struct {
	db    *db.DB
	vault *vault.Vault
	clock clock.Clock
	ids   *id.Source
	book  *ledger.Book
	log   *slog.Logger
	heads *audit.HeadFile // nil: nobody signs

	clients   *client.Directory
	cards     *card.Service
	hsm       *hsm.Soft
	purchases *purchase.Service
	// authentications is nil in a bank without an access control server.
	authentications *authentication.Service
	disputes        *dispute.Service
	friends         *friend.Service
	access          *access.Service
	applications    *application.Service
	limits          *limit.Service
	ownLimits       *limit.Own
	tariffs         *tariff.Service
	operations      *operation.Service
	orders          *order.Service
	privacy         *privacy.Service
	live            *live.Hub
	transfers       *transfer.Service
	topups          *topup.Service
	payouts         *payout.Service
	webhooks        *webhook.Service
	network         *cardnetwork.Rail // nil: no credits to other banks' cards
	receivers       *receiver.Service
	claims          *claim.Service
	agents          *agent.Service
	notices         *notice.Service
	outbox          *outbox.Worker
	staff           *staff.Service
	papers          *paper.Service
	watch           *watch.Service
}

// chargeIn is how long the line to the acquirer waits; room topup gives a
// charge up at the same time.
const chargeIn = 30 * time.Second

// hookIn is how long a client's program may take to answer its webhook.
const hookIn = 10 * time.Second

// parts is what the rooms are made of.
type parts struct {
	db       *db.DB
	vault    *vault.Vault
	clock    clock.Clock
	log      *slog.Logger
	heads    string // file of signed heads of the audit trail
	newHeads bool   // an older file there is another bank's
	origin   string // where people use the cabinet
	bin      string
	brand    string
	acquirer topup.Acquirer
	sms      notice.SMSSender
	rails    map[payout.Way]payout.Rail // others than the three below
	network  *cardnetwork.Rail          // the one of them that keeps a line; may be nil
	phones   *phonerail.Client          // the phone-number rail; may be nil
	agents   agents                     // mobile operators and wallets

	consoleOrigin string // where staff use the console; may be empty
	acsOrigin     string // where 3-D Secure finds us; may be empty
	directory     authentication.Directory
	alerts        Alerts
	private       bool // the demo: webhooks may call this machine
}

func openBank(ctx context.Context, p parts) (*bank, error) {
	home, err := url.Parse(p.origin)
	if err != nil {
		return nil, fmt.Errorf("the origin %q is no address: %w", p.origin, err)
	}
	b := &bank{db: p.db, vault: p.vault, clock: p.clock, log: p.log, ids: id.NewSource(p.clock.Now), network: p.network}
	if b.book, err = ledger.NewBook(ctx, p.db, ledger.Options{Clock: p.clock, IDs: b.ids, Log: p.log}); err != nil {
		return nil, err
	}
	if b.heads, err = openHeads(p.heads, p.newHeads); err != nil {
		return nil, errors.Join(err, b.book.Close())
	}
	b.clients = client.NewDirectory(p.db, p.vault)
	if b.hsm, err = hsm.New(p.vault); err != nil {
		return nil, errors.Join(err, b.book.Close())
	}
	if b.cards, err = card.New(p.db, p.vault, b.ids, card.Options{BIN: p.bin, HSM: b.hsm, Uses: uses{b}, Log: p.log, Now: time.Now}); err != nil {
		return nil, errors.Join(err, b.book.Close())
	}
	b.operations = operation.New(p.db, p.vault)
	b.live = live.New(b.operations, p.clock.Now, p.log)
	b.notices = notice.New(notice.Deps{
		DB: p.db, Vault: p.vault, People: b.clients, Operations: b.operations,
		Sender: p.sms, IDs: b.ids, Live: b.live, Origin: p.origin, Brand: p.brand, Log: p.log, Now: time.Now,
	})
	b.access = access.New(p.db, p.vault, b.ids, b.clients, access.Options{Host: home.Hostname(), Origin: p.origin, Brand: p.brand, Now: time.Now, Teller: b.notices, Cards: b.cards})
	b.applications = application.New(p.db, p.vault, b.ids, b.clients, b.access, b.cards)
	b.limits = limit.New(p.db, p.vault, limit.Standard())
	b.ownLimits = limit.NewOwn(limit.OwnDeps{DB: p.db, Vault: p.vault, IDs: b.ids, People: b.clients, Rules: b.limits.Rules()})
	b.tariffs = tariff.New(p.db)
	b.orders = order.New(order.Deps{
		DB: p.db, Vault: p.vault, People: b.clients, Messenger: b.access, Host: home.Hostname(), Now: time.Now, Digits: access.NewCode,
	})
	b.outbox = outbox.NewWorker(p.db, b.notices.Handlers(), p.log)
	b.transfers = transfer.New(transfer.Deps{
		DB: p.db, Book: b.book, Vault: p.vault, People: b.clients,
		Operations: b.operations, Limits: b.limits, Tariffs: b.tariffs, Cards: b.cards, Orders: b.orders, Live: b.live, Outbox: b.outbox,
	})
	b.friends = friend.New(friend.Deps{DB: p.db, Vault: p.vault, IDs: b.ids, People: b.clients, Limits: b.limits, Payees: b.transfers})
	if err := b.openAuthentications(p); err != nil {
		return nil, errors.Join(err, b.book.Close())
	}
	b.disputes = dispute.New(dispute.Deps{DB: p.db, Book: b.book, Vault: p.vault, IDs: b.ids, Operations: b.operations, Outbox: b.outbox, Live: b.live})
	b.purchases = purchase.New(purchase.Deps{
		DB: p.db, Book: b.book, Operations: b.operations, Cards: b.cards, HSM: b.hsm, Proofs: b.proofs(), Disputes: b.disputes, Live: b.live, Outbox: b.outbox,
		Log: p.log,
	})
	b.topups = topup.New(topup.Deps{
		DB: p.db, Book: b.book, Vault: p.vault, Operations: b.operations, Limits: b.limits, Tariffs: b.tariffs,
		Acquirer: p.acquirer, Live: b.live, Log: p.log, Now: time.Now,
		ReturnURL:   func(t string) string { return p.origin + "/topup/" + t },
		Description: p.brand,
		OwnBINs:     []string{p.bin},
	})
	b.payouts = payout.New(payout.Deps{
		DB: p.db, Book: b.book, Vault: p.vault, People: b.clients, Operations: b.operations, Limits: b.limits, Tariffs: b.tariffs, Orders: b.orders,
		Rails: p.ways(), Live: b.live, Outbox: b.outbox, Log: p.log, Now: time.Now,
	})
	b.webhooks = webhook.New(webhook.Deps{
		DB: p.db, Vault: p.vault, IDs: b.ids, Operations: b.operations, Tokens: b.access, Document: api.Document, Secret: access.NewHookSecret,
		Caller: hook.NewCaller(hookIn, p.private, time.Now), Private: p.private, Log: p.log, Now: time.Now,
	})
	b.openReceivers(p)
	b.openClaims(p, home)
	if err := b.openStaff(p); err != nil {
		return nil, errors.Join(err, b.book.Close())
	}
	b.privacy = b.openPrivacy(p.brand)
	return b, nil
}

// close stops the book; the loops must have stopped before.
func (b *bank) close() error { return b.book.Close() }
