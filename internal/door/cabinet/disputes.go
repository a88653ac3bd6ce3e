package cabinet

import (
	"errors"
	"net/http"
	"time"

	"rocketbank/internal/bank/dispute"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// disputeRoutes are «Сообщить об ошибке» on the page of a purchase and what
// becomes of it.
func (d *Door) disputeRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/operations/{id}/dispute", who: insider, serve: d.getNewDispute},
		{method: http.MethodPost, path: "/operations/{id}/dispute", who: insider, serve: d.postNewDispute, keep: d.keepDispute},
		{method: http.MethodGet, path: "/disputes", who: insider, serve: d.getDisputes},
		{method: http.MethodGet, path: "/disputes/{id}", who: insider, serve: d.getDispute},
		{method: http.MethodPost, path: "/disputes/{id}", who: insider, serve: d.postDispute, keep: d.keepDispute},
	}
}

// NewDisputeView is GET and POST /operations/{id}/dispute.
//
// Form fields: why (a word of a reason), words.
type NewDisputeView struct {
	ui.Page
	Operation  ui.Operation
	Why, Words string
	Promised   time.Time // until when the bank would answer
}

// DisputeView is GET and POST /disputes/{id}.
//
// Form fields: act (answer, withdraw), words.
type DisputeView struct {
	ui.Page
	ID            string
	Operation     ui.Operation
	Reason        string
	State         dispute.State
	Made, Changed time.Time
	Promised      time.Time
	Credit        *money.Amount // what was returned
	CreditHref    string
	Said          []dispute.Said
	Words         string // as they were typed
}

// DisputesView is GET /disputes: all of a client's, newest first.
type DisputesView struct {
	ui.Page
	Lines []DisputeLine
}

// DisputeLine is a dispute in a list.
type DisputeLine struct{ Href, Title, Text string }

// disputeLine says in one line how a dispute stands.
func disputeLine(p *locale.Printer, x dispute.Dispute, now time.Time) DisputeLine {
	out := DisputeLine{Href: "/disputes/" + x.Text(), Title: p.T("dispute.reason." + x.Reason.Word()), Text: p.T("dispute.state." + x.State.Word())}
	if !x.State.Over() {
		out.Text += " · " + p.T("cabinet.dispute.until", locale.A("day", p.Date(x.Promised, now)))
	}
	return out
}

// disputeOn is what the page of a purchase says: the dispute there is, or where
// to open one; nil when neither.
func (d *Door) disputeOn(r *http.Request, p ui.Page, o operation.Operation) (*DisputeLine, error) {
	x, found, err := d.Disputes.About(r.Context(), o.Client, o.ID)
	if err != nil {
		return nil, err
	}
	if found && x.State != dispute.Withdrawn {
		line := disputeLine(p.P, x, p.Now)
		line.Title = p.P.T("cabinet.dispute.title")
		return &line, nil
	}
	if dispute.MayDispute(o, d.DB.Now()) != nil {
		return nil, nil
	}
	return &DisputeLine{Href: "/operations/" + o.Text() + "/dispute", Title: p.P.T("cabinet.dispute.open"), Text: p.P.T("cabinet.dispute.open_text")}, nil
}

// disputed reads the operation that a form is about.
func (d *Door) disputed(r *http.Request) (operation.Operation, error) {
	op, err := pathID(r, operation.Prefix)
	if err != nil {
		return operation.Operation{}, err
	}
	return d.Operations.One(r.Context(), of(r).session.Client, op)
}

func (d *Door) getNewDispute(w http.ResponseWriter, r *http.Request) error {
	o, err := d.disputed(r)
	if err != nil {
		return err
	}
	x, found, err := d.Disputes.About(r.Context(), o.Client, o.ID)
	if err != nil {
		return err
	}
	if found && !x.State.Over() {
		return seeOther(w, r, "/disputes/"+x.Text())
	}
	kept, old := d.keptDispute(r)
	if old {
		leaveNotice(w, noticeDraft)
		return seeOther(w, r, r.URL.EscapedPath())
	}
	return d.renderNewDispute(w, r, http.StatusOK, o, NewDisputeView{Why: kept.Why, Words: kept.Message})
}

func (d *Door) renderNewDispute(w http.ResponseWriter, r *http.Request, status int, o operation.Operation, v NewDisputeView) error {
	problems := v.Errors
	v.Page = d.shown(w, r)
	v.Errors = problems
	if err := dispute.MayDispute(o, d.DB.Now()); err != nil && !v.Errors.Any() {
		return err
	}
	v.Operation, v.Promised = row(v.P, o, nil), dispute.Promise(o, d.DB.Now())
	return d.render(w, r, status, NewDisputePage(v))
}

// postNewDispute opens a dispute. The same form sent twice leads to the same one.
func (d *Door) postNewDispute(w http.ResponseWriter, r *http.Request) error {
	o, err := d.disputed(r)
	if err != nil {
		return err
	}
	f := of(r).form
	err = errors.Join(f.Faults()...)
	var why dispute.Reason
	if err == nil {
		why, err = dispute.ParseReason(f.Get("why"))
	}
	if err == nil {
		x, _, opened := d.Disputes.Open(r.Context(), o.Client, dispute.Claim{Operation: o.ID, Reason: why, Words: f.Get("words")})
		if opened == nil {
			return seeOther(w, r, "/disputes/"+x.Text())
		}
		err = opened
	}
	if !web.OnForm(err) {
		return err
	}
	v := NewDisputeView{Why: f.Get("why"), Words: f.Get("words")}
	problems, broken := explain(d.page(r).P, err)
	if broken != nil {
		return broken
	}
	v.Errors = problems
	return d.renderNewDispute(w, r, http.StatusUnprocessableEntity, o, v)
}

func (d *Door) getDisputes(w http.ResponseWriter, r *http.Request) error {
	v := DisputesView{Page: d.shown(w, r)}
	all, err := d.Disputes.Of(r.Context(), of(r).session.Client)
	if err != nil {
		return err
	}
	for _, x := range all {
		v.Lines = append(v.Lines, disputeLine(v.P, x, v.Now))
	}
	return d.render(w, r, http.StatusOK, DisputesPage(v))
}

// dispute reads the dispute that a page is about.
func (d *Door) dispute(r *http.Request) (dispute.Dispute, error) {
	key, err := pathID(r, dispute.Prefix)
	if err != nil {
		return dispute.Dispute{}, err
	}
	return d.Disputes.One(r.Context(), of(r).session.Client, key)
}

func (d *Door) getDispute(w http.ResponseWriter, r *http.Request) error {
	x, err := d.dispute(r)
	if err != nil {
		return err
	}
	kept, old := d.keptDispute(r)
	if old {
		leaveNotice(w, noticeDraft)
		return seeOther(w, r, r.URL.EscapedPath())
	}
	return d.renderDispute(w, r, http.StatusOK, x, DisputeView{Words: kept.Message})
}

func (d *Door) renderDispute(w http.ResponseWriter, r *http.Request, status int, x dispute.Dispute, v DisputeView) error {
	problems := v.Errors
	v.Page = d.shown(w, r)
	v.Errors = problems
	o, err := d.Operations.One(r.Context(), x.Client, x.Operation)
	if err != nil {
		return err
	}
	cards, err := d.cards(r)
	if err != nil {
		return err
	}
	v.Operation = row(v.P, o, cards)
	v.ID, v.Reason, v.State, v.Said = x.Text(), v.P.T("dispute.reason."+x.Reason.Word()), x.State, x.Said
	v.Made, v.Changed, v.Promised = x.Made, x.Changed, x.Promised
	if x.Credit.Positive() {
		v.Credit, v.CreditHref = &x.Credit, "/operations/"+x.Txn.Text(operation.Prefix)
	}
	return d.render(w, r, status, DisputePage(v))
}

// postDispute answers what the bank asked, or takes the dispute back.
func (d *Door) postDispute(w http.ResponseWriter, r *http.Request) error {
	x, err := d.dispute(r)
	if err != nil {
		return err
	}
	f := of(r).form
	err = errors.Join(f.Faults()...)
	switch act := f.Get("act"); {
	case err != nil:
	case act == "answer":
		err = d.Disputes.Answer(r.Context(), x.Client, x.ID, f.Get("words"))
	case act == "withdraw":
		err = d.Disputes.Withdraw(r.Context(), x.Client, x.ID)
	default:
		err = web.ErrForm
	}
	if err == nil {
		return seeOther(w, r, "/disputes/"+x.Text())
	}
	if !web.OnForm(err) {
		return err
	}
	v := DisputeView{Words: f.Get("words")}
	problems, broken := explain(d.page(r).P, err)
	if broken != nil {
		return broken
	}
	v.Errors = problems
	return d.renderDispute(w, r, web.Status(err), x, v)
}
