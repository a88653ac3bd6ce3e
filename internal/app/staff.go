package app

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/dispute"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/paper"
	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/bank/staff"
	"rocketbank/internal/bank/watch"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/door/console"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
	"rocketbank/internal/ledger"
	"rocketbank/internal/partner/hook"
	"rocketbank/internal/rail/signature"
	"rocketbank/internal/sandbox"
)

// Alerts say how the security officer is told, besides the log.
type Alerts struct {
	Hook    string           // address that takes each alert as JSON; empty: none
	Secret  signature.Secret // seals those requests; may be empty
	Private bool             // the address may lie in a private network
}

func (a Alerts) channels() ([]watch.Channel, error) {
	if a.Hook == "" {
		return nil, nil
	}
	h, err := hook.New(hook.Config{URL: a.Hook, Secret: a.Secret, Private: a.Private})
	if err != nil {
		return nil, err
	}
	return []watch.Channel{h}, nil
}

// openStaff makes the rooms of staff and of the watch.
func (b *bank) openStaff(p parts) error {
	channels, err := p.alerts.channels()
	if err != nil {
		return err
	}
	b.papers = paper.New(paper.Deps{DB: p.db, Vault: p.vault, IDs: b.ids, Clients: b.clients, Scans: b.applications.Scans(), Now: time.Now})
	b.watch = watch.New(p.db, b.ids, watch.Options{Channels: channels, Log: p.log, Now: time.Now})
	b.staff, err = OpenStaff(p.db, b.ids, b.vault, p.consoleOrigin, p.brand, staff.Options{
		Alarm: b.watch, Word: b.papers,
		Apply: map[staff.ProposalKind]staff.Applier{staff.ProposePhone: b.approveNumber},
		Carry: map[staff.ProposalKind]staff.Executor{
			staff.ProposePerson: b.changePerson, staff.ProposeMail: b.changePerson, staff.ProposeUnblock: b.unblock,
			staff.ProposeUnfreeze: b.unfreeze, staff.ProposeCorrection: b.correct,
			staff.ProposeDispute: b.acceptDispute,
		},
	})
	return err
}

// The acts that two pairs of eyes decide.

func (b *bank) approveNumber(ctx context.Context, p staff.Proposal, by staff.Actor) error {
	change, err := id.Parse(access.NumberPrefix, p.Fields["change"])
	if err != nil {
		return staff.ErrPayload
	}
	_, err = b.access.ApproveNumberChange(ctx, by, p.Client, change)
	return err
}

func (b *bank) unblock(ctx context.Context, tx db.Tx, p staff.Proposal, _ staff.Actor) error {
	return b.clients.SetState(ctx, tx, p.Client, client.Active)
}

func (b *bank) unfreeze(ctx context.Context, tx db.Tx, p staff.Proposal, by staff.Actor) error {
	key, err := id.Parse(card.Prefix, p.Fields["card"])
	if err != nil {
		return card.ErrMissing
	}
	return b.cards.Unfreeze(ctx, tx, p.Client, key, card.ByBank, by.Ref())
}

// changePerson keeps a further version of a client's papers, and his name where
// that changes; the old ones stay beside them, and he is told on the channels he
// had before.
func (b *bank) changePerson(ctx context.Context, tx db.Tx, p staff.Proposal, _ staff.Actor) error {
	who, err := b.clients.ByID(ctx, p.Client)
	if err != nil {
		return err
	}
	fields, err := application.Changed(who.Born, p.Fields, tx.Now())
	if err != nil {
		return err
	}
	papers, err := b.clients.Papers(ctx, p.Client)
	if err != nil && fault.CodeOf(err) != fault.Missing {
		return err
	}
	name := who.Name
	for field, to := range map[string]*string{
		"last": &name.Last, "first": &name.First, "middle": &papers.Middle,
		"email": &papers.Email, "series": &papers.Series, "number": &papers.Number, "department": &papers.Department,
		"issued_by": &papers.IssuedBy, "issued_on": &papers.IssuedOn, "birth_place": &papers.BirthPlace,
		"post_code": &papers.PostCode, "region": &papers.Region, "city": &papers.City,
		"street": &papers.Street, "house": &papers.House, "flat": &papers.Flat,
	} {
		if value := fields[field]; value != "" {
			*to = value
		}
	}
	if name != who.Name {
		err = b.clients.ChangeName(ctx, tx, p.Client, name, papers, p.Text())
	} else {
		err = b.clients.PutPapers(ctx, tx, p.Client, papers, p.Text())
	}
	if err != nil {
		return err
	}
	return b.access.MarkChanged(ctx, tx, p.Client, access.Changed{Factor: access.FactorPerson})
}

// correct posts a manual correction: from or to the bank's own income, with a
// line in the client's feed. One that ends a break of the clearing takes the
// break off its list in the same unit of work.
func (b *bank) correct(ctx context.Context, tx db.Tx, p staff.Proposal, by staff.Actor) error {
	sum, err := staff.ParseCorrection(p.Fields["amount"])
	if err != nil {
		return staff.ErrPayload.At("amount").Because(err)
	}
	account, err := b.cards.DefaultAccount(ctx, p.Client)
	if err != nil {
		return err
	}
	o := operation.Operation{
		ID: b.operations.NewID(), Client: p.Client, Account: account, Kind: operation.Correction, State: operation.Done,
		Amount: sum, Fee: money.Rub(0), Details: operation.Details{Message: p.Fields["why"]},
	}
	row, err := b.operations.Row(o)
	if err != nil {
		return err
	}
	receipts, err := b.book.PostTx(ctx, tx, ledger.Transaction{
		Owner: ledger.BankOwner, Key: ledger.Key(p.ID), Kind: ledger.KindCorrection, Phase: ledger.Posted,
		Legs: []ledger.Leg{
			{Account: ledger.Fees, Amount: money.Rub(-sum.Minor), Force: true},
			{Account: account, Owner: int64(p.Client), Amount: sum},
		},
		Rows: []db.Row{row},
	})
	if err != nil {
		return err
	}
	for _, r := range receipts {
		if r.Refused() {
			return staff.ErrPayload.At("amount")
		}
	}
	if p.Fields["break"] == "" {
		return nil
	}
	arn, kind, err := purchase.ParseBreak(p.Fields["break"])
	if err != nil {
		return err
	}
	return b.purchases.Settle(ctx, tx, arn, kind, by.Ref(), purchase.Corrected)
}

// acceptDispute returns what two members agreed on.
func (b *bank) acceptDispute(ctx context.Context, tx db.Tx, p staff.Proposal, by staff.Actor) error {
	key, err := id.Parse(dispute.Prefix, p.Fields["dispute"])
	if err != nil {
		return dispute.ErrMissing
	}
	sum, err := locale.ParseAmount(p.Fields["amount"])
	if err != nil {
		return staff.ErrPayload.At("amount").Because(err)
	}
	switch own, err := b.staff.CaseOn(ctx, tx, p.Fields["dispute"]); {
	case errors.Is(err, staff.ErrMissing):
	case err != nil:
		return err
	default:
		if _, err := b.staff.CloseCaseTx(ctx, tx, own.ID); err != nil {
			return err
		}
	}
	return b.disputes.Accept(ctx, tx, p.Client, key, dispute.By{Member: by.ID(), Ref: by.Ref()}, sum)
}

// console makes the staff's door.
func (b *bank) console(kit *ui.Kit, c doorConfig) (http.Handler, error) {
	if c.consoleOrigin == "" {
		return http.NotFoundHandler(), nil // this server has no console; nobody listens for it
	}
	front, err := web.New(web.Options{Origin: c.consoleOrigin, Proxies: c.proxies, Log: b.log, Now: time.Now})
	if err != nil {
		return nil, err
	}
	return console.New(console.Deps{
		Front: front, Kit: kit, DB: b.db, Vault: b.vault, IDs: b.ids, Staff: b.staff, Watch: b.watch,
		Clients: b.clients, Cards: b.cards, Access: b.access, Operations: b.operations, Applications: b.applications, Papers: b.papers, Privacy: b.privacy,
		Purchases: b.purchases, Disputes: b.disputes, AuditReport: c.auditReport,
		Log: b.log, Now: time.Now, Stopping: c.stopping,
	}).Handler(), nil
}

// knownRoutes are what researchers and browsers look for at fixed places of the
// clients' origin: anybody may ask, no session is looked for.
func (b *bank) knownRoutes(origin string, c doorConfig) []web.Way {
	contact := c.securityContact
	if contact == "" {
		contact = "tel:" + c.brand.Phone
	}
	return []web.Way{
		{Method: http.MethodGet, Path: web.SecurityTxtPath, Handler: web.SecurityTxt(origin, "", time.Now, contact)},
		{Method: http.MethodPost, Path: web.ReportPath, Handler: web.CSPReports(func(ctx context.Context, directive, blocked string) {
			if err := b.watch.CSP(ctx, directive, blocked); err != nil {
				b.log.ErrorContext(ctx, "keep a report of a browser", "err", err)
			}
		})},
	}
}

// known serves these routes and tells which paths are theirs.
func (b *bank) known(front *web.Front, c doorConfig) (http.Handler, map[string]bool) {
	ways, paths := b.knownRoutes(front.Origin(), c), map[string]bool{}
	plainly := func(w http.ResponseWriter, _ *http.Request, err error) {
		http.Error(w, http.StatusText(web.Status(err)), web.Status(err))
	}
	for _, w := range ways {
		paths[w.Path] = true
	}
	mux := web.Mux(ways, func(_, _, allow string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { plainly(w, r, web.NotThisWay(w, allow)) })
	}, http.NotFoundHandler())
	return front.Wrap(mux, plainly), paths
}

// staffLink gives the sandbox a one-time link; it knows neither rooms nor sessions.
func (b *bank) staffLink(ctx context.Context, role string) (sandbox.StaffLink, error) {
	link, err := b.staff.DemoLink(ctx, role)
	return sandbox.StaffLink{Role: role, Name: b.staff.DemoName(role), URL: link}, err
}

// OpenStaff makes the room of staff alone, for the command line.
func OpenStaff(d *db.DB, ids *id.Source, v *vault.Vault, origin, brand string, o staff.Options) (*staff.Service, error) {
	o.Brand = brand
	if origin != "" {
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || strings.Trim(u.Path, "/") != "" {
			return nil, errors.New("--console-origin must be an address without a path, such as https://console.bank.example")
		}
		o.Origin, o.Host = u.Scheme+"://"+u.Host, u.Hostname()
	}
	return staff.New(d, v, ids, o)
}
