package console

import (
	"context"
	"errors"
	"net/http"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/dispute"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/staff"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// disputeRoutes are the pages of those who answer what clients say is wrong
// with their purchases. The table of routes appends them.
func (d *Door) disputeRoutes() []route {
	roles := staff.CardOfficer | staff.Compliance
	return []route{
		{method: get, path: "/disputes", who: member, roles: roles, serve: d.getDisputes},
		{method: get, path: "/disputes/{uid}/{dispute}", who: member, roles: roles, serve: d.getDispute},
		{method: post, path: "/disputes/{uid}/{dispute}", who: member, roles: roles, serve: d.postDispute},
		{method: post, path: "/disputes/{uid}/{dispute}/open", who: member, roles: roles, serve: d.postOpenDispute},
		{method: post, path: "/disputes/{uid}/{dispute}/accept", who: member, roles: roles, serve: d.postAcceptDispute},
	}
}

// DisputesView is the queue of one state, the most urgent first.
type DisputesView struct {
	Page
	State dispute.State
	Lines []DisputeLine
	Next  string // the key of the page's last line; empty: nothing follows
}

// DisputeLine is a dispute in a list: masked, without words.
type DisputeLine struct {
	Path, Number, UID, Masked, Reason string
	Made, Promised, Changed           string
	Sum, Credit, Recovered            string
	State                             dispute.State
	Late, Mine, Taken                 bool
}

// DisputeView is one dispute; Op and Said are there when a look has opened it.
type DisputeView struct {
	Page
	Line                  DisputeLine
	Case                  bool // the member has a case about the client
	Look                  string
	Op                    *DisputedOperation
	Said                  []dispute.Said
	Amount, Words, Reason string // as they were typed
	Waiting               []ProposalLine
}

// DisputedOperation is what the client disputes.
type DisputedOperation struct {
	Merchant, City, Card, At, State, Amount, Code string
	Cleared                                       bool // only then money can be returned
	Returns                                       []DisputeReturn
	Left                                          string // what has not come back to the client yet
	Empty                                         bool   // nothing is left
}

// DisputeReturn is money that the merchant or the network gave back meanwhile.
type DisputeReturn struct{ What, Sum, Kept, At string }

// disputeStates are the queues, the urgent ones first.
func disputeStates() []dispute.State {
	return []dispute.State{dispute.Open, dispute.NeedsAnswer, dispute.Accepted, dispute.Refused, dispute.Withdrawn}
}

func (d *Door) disputeLine(r *http.Request, p Page, x dispute.Dispute) (DisputeLine, error) {
	who, err := d.Clients.ByID(r.Context(), x.Client)
	uid := who.UID.Text(client.Prefix)
	line := DisputeLine{
		Path: "/disputes/" + uid + "/" + x.Text(), Number: x.Text(), UID: uid, Masked: who.Name.Masked(), Reason: p.P.T("dispute.reason." + x.Reason.Word()),
		Made: stampOf(x.Made), Promised: stampOf(x.Promised), Changed: stampOf(x.Changed), Sum: p.P.Money(x.Sum), State: x.State,
		Late: x.Late(d.DB.Now()), Mine: x.Member == p.Actor.ID(), Taken: !x.Member.IsZero(),
	}
	if x.Credit.Positive() {
		line.Credit, line.Recovered = p.P.Money(x.Credit), p.P.Money(x.Recovered)
	}
	return line, err
}

func (d *Door) getDisputes(w http.ResponseWriter, r *http.Request) error {
	v := DisputesView{Page: d.shown(w, r), State: dispute.Open}
	for _, s := range disputeStates() {
		if s.Word() == r.URL.Query().Get("state") {
			v.State = s
		}
	}
	var after dispute.Dispute
	if text := r.URL.Query().Get("after"); text != "" {
		who, key, err := d.clientCursor(r, text, dispute.Prefix)
		if err == nil {
			after, err = d.Disputes.Line(r.Context(), who, key)
		}
		if err != nil {
			return badCursor(err)
		}
	}
	list, err := d.Disputes.Waiting(r.Context(), v.State, after, d.QueueRows+1)
	if err != nil {
		return err
	}
	list, more := cut(list, d.QueueRows)
	for _, x := range list {
		line, err := d.disputeLine(r, v.Page, x)
		if err != nil {
			return err
		}
		v.Lines = append(v.Lines, line)
		if more {
			v.Next = line.UID + "." + line.Number
		}
	}
	return d.render(w, r, http.StatusOK, DisputesPage(v))
}

// disputeOf reads which dispute a page is about, without its words.
func (d *Door) disputeOf(r *http.Request) (dispute.Dispute, error) {
	who, err := d.clientOf(r)
	if err != nil {
		return dispute.Dispute{}, err
	}
	key, err := id.Parse(dispute.Prefix, r.PathValue("dispute"))
	if err != nil {
		return dispute.Dispute{}, dispute.ErrMissing
	}
	return d.Disputes.Line(r.Context(), who.ID, key)
}

func (d *Door) getDispute(w http.ResponseWriter, r *http.Request) error {
	return d.showDispute(w, r, http.StatusOK, nil)
}

// showDispute builds the page. The client's words and his purchase reach it
// only through a look that was opened for a dispute.
func (d *Door) showDispute(w http.ResponseWriter, r *http.Request, status int, refused error) error {
	ctx, c := r.Context(), of(r)
	x, err := d.disputeOf(r)
	if err != nil {
		return err
	}
	v := DisputeView{Page: d.shown(w, r), Amount: c.form.Get("amount"), Words: c.form.Get("words"), Reason: c.form.Get("reason")}
	if v.Line, err = d.disputeLine(r, v.Page, x); err != nil {
		return err
	}
	if refused != nil {
		v.Errors = ui.Explain(v.P, refused)
	}
	target := staff.Target{Client: x.Client}
	switch _, err := d.Staff.Holds(ctx, d.DB, c.actor, target); {
	case err == nil:
		v.Case = true
	case !errors.Is(err, staff.ErrNoCase):
		return err
	}
	proposed, err := d.Staff.ProposalsOf(ctx, x.Client)
	if err != nil {
		return err
	}
	for _, one := range proposed {
		if one.Kind == staff.ProposeDispute {
			v.Waiting = append(v.Waiting, d.proposalLine(v.Page, one))
		}
	}
	if v.Look = lookIn(r); v.Look != "" {
		if err := d.openDispute(ctx, c.actor, &v, x); err != nil {
			return err
		}
	}
	return d.render(w, r, status, DisputePage(v))
}

// lookIn finds the look that a page was opened with, in its address or form.
func lookIn(r *http.Request) string {
	if look := r.URL.Query().Get("look"); look != "" {
		return look
	}
	return of(r).form.Get("look")
}

func (d *Door) openDispute(ctx context.Context, by staff.Actor, v *DisputeView, x dispute.Dispute) error {
	key, err := id.Parse(staff.LookPrefix, v.Look)
	if err != nil {
		return staff.ErrLookTooOld
	}
	look, err := d.Staff.Looking(ctx, by, key, staff.Target{Client: x.Client})
	if err != nil {
		return err
	}
	if look.What != staff.WhatDispute {
		return staff.ErrLookTooOld
	}
	whole, err := d.Disputes.One(ctx, x.Client, x.ID)
	if err != nil {
		return err
	}
	v.Said = whole.Said
	o, err := d.Operations.One(ctx, x.Client, x.Operation)
	if err != nil {
		return err
	}
	v.Op = &DisputedOperation{
		Merchant: o.Details.Name, Card: "•• " + o.Details.Card, At: stampOf(o.At), Amount: v.P.MoneySigned(o.Amount),
		State: v.P.T("console.opstate." + o.State.String()), Cleared: o.State == operation.Done,
	}
	if b := o.Details.Purchase; b != nil {
		v.Op.City, v.Op.Code = b.City, b.Code
		for _, back := range b.Returns {
			one := DisputeReturn{What: v.P.T("console.dispute.by_merchant"), Sum: v.P.Money(back.Sum), At: stampOf(back.At)}
			if back.Chargeback {
				one.What = v.P.T("console.dispute.by_network")
			}
			if back.Kept.Positive() {
				one.Kept = v.P.Money(back.Kept)
			}
			v.Op.Returns = append(v.Op.Returns, one)
		}
	}
	left := o.Outstanding()
	v.Op.Left, v.Op.Empty = v.P.Money(left), left.IsZero()
	if v.Amount == "" && left.Positive() {
		v.Amount = v.P.MoneyInput(money.Amount{Minor: min(x.Sum.Minor, left.Minor), Cur: left.Cur})
	}
	return nil
}

// postOpenDispute opens what the client has written and his purchase, with a reason.
func (d *Door) postOpenDispute(w http.ResponseWriter, r *http.Request) error {
	c := of(r)
	x, err := d.disputeOf(r)
	if err != nil {
		return err
	}
	look, err := d.Staff.Look(r.Context(), c.actor, staff.Target{Client: x.Client}, staff.WhatDispute, c.form.Get("reason"))
	if err != nil && web.OnForm(err) {
		return d.showDispute(w, r, http.StatusUnprocessableEntity, err)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, disputePath(r)+"?look="+look.ID.Text(staff.LookPrefix))
}

func disputePath(r *http.Request) string {
	return "/disputes/" + r.PathValue("uid") + "/" + r.PathValue("dispute")
}

// postDispute takes a dispute, gives it back, asks the client or refuses.
func (d *Door) postDispute(w http.ResponseWriter, r *http.Request) error {
	ctx, c := r.Context(), of(r)
	x, err := d.disputeOf(r)
	if err != nil {
		return err
	}
	act, by := c.form.Get("act"), dispute.By{Member: c.actor.ID(), Ref: c.actor.Ref()}
	err = d.DB.Write(ctx, func(tx db.Tx) error {
		if act == "take" {
			if err := d.caseOfDispute(ctx, tx, c.actor, x); err != nil {
				return err
			}
			return d.Disputes.Take(ctx, tx, x.Client, x.ID, by)
		}
		if _, err := d.Staff.Holds(ctx, tx, c.actor, staff.Target{Client: x.Client}); err != nil {
			return err
		}
		switch act {
		case "release":
			if err := d.endCase(ctx, tx, x); err != nil {
				return err
			}
			return d.Disputes.Release(ctx, tx, x.Client, x.ID, by)
		case "ask":
			return d.Disputes.Ask(ctx, tx, x.Client, x.ID, by, c.form.Get("words"))
		case "refuse":
			if err := d.endCase(ctx, tx, x); err != nil {
				return err
			}
			return d.Disputes.Refuse(ctx, tx, x.Client, x.ID, by, c.form.Get("words"))
		}
		return staff.ErrMissing
	})
	if err != nil && web.OnForm(err) {
		return d.showDispute(w, r, web.Status(err), err)
	}
	if err != nil {
		return err
	}
	leaveNotice(w, "dispute_"+act)
	to := disputePath(r)
	if look := c.form.Get("look"); act == "ask" && look != "" {
		if _, err := id.Parse(staff.LookPrefix, look); err == nil {
			to += "?look=" + look
		}
	}
	return seeOther(w, r, to)
}

// caseOfDispute gives the member the case that a dispute is handled in.
func (d *Door) caseOfDispute(ctx context.Context, tx db.Tx, by staff.Actor, x dispute.Dispute) error {
	k, err := d.Staff.OpenCaseTx(ctx, tx, by.Ref(), staff.NewCase{Kind: staff.CaseComplaint, Client: x.Client, Subject: x.Text(), Assignee: by.ID()})
	if err == nil && k.Assignee != by.ID() {
		_, err = d.Staff.TakeCaseTx(ctx, tx, by, k.ID)
	}
	return err
}

// endCase ends the case of a dispute that its member is done with.
func (d *Door) endCase(ctx context.Context, tx db.Tx, x dispute.Dispute) error {
	k, err := d.Staff.CaseOn(ctx, tx, x.Text())
	if errors.Is(err, staff.ErrMissing) {
		return nil
	}
	if err == nil {
		_, err = d.Staff.CloseCaseTx(ctx, tx, k.ID)
	}
	return err
}

// postAcceptDispute proposes to return money; a second member decides.
func (d *Door) postAcceptDispute(w http.ResponseWriter, r *http.Request) error {
	ctx, c := r.Context(), of(r)
	x, err := d.disputeOf(r)
	if err != nil {
		return err
	}
	own, err := d.Staff.Holds(ctx, d.DB, c.actor, staff.Target{Client: x.Client})
	if err != nil {
		return err
	}
	sum, err := locale.ParseAmount(c.form.Get("amount"))
	switch {
	case err != nil:
		err = dispute.ErrSum.Because(err)
	case x.Member != c.actor.ID():
		err = dispute.ErrNotTaken
	default:
		err = d.Disputes.MayReturn(ctx, x, sum)
	}
	if err == nil {
		_, err = d.Staff.Propose(ctx, c.actor, staff.Proposing{
			Kind: staff.ProposeDispute, Case: own.ID, Reason: c.form.Get("reason"),
			Fields: map[string]string{"dispute": x.Text(), "amount": c.form.Get("amount")},
		})
	}
	if err != nil && web.OnForm(err) {
		return d.showDispute(w, r, http.StatusUnprocessableEntity, err)
	}
	if err != nil {
		return err
	}
	leaveNotice(w, "proposed")
	return seeOther(w, r, disputePath(r))
}
