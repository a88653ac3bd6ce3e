package console

import (
	"errors"
	"net/http"
	"strconv"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/bank/staff"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/money"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// breakRoutes are the pages about what of the clearing did not meet our books
// (M22). The table of routes appends them.
func (d *Door) breakRoutes() []route {
	roles := staff.CardOfficer | staff.Compliance
	return []route{
		{method: get, path: "/breaks", who: member, roles: roles, serve: d.getBreaks},
		{method: get, path: "/breaks/{arn}/{record}", who: member, roles: roles, serve: d.getBreak},
		{method: post, path: "/breaks/{arn}/{record}", who: member, roles: roles, serve: d.postBreak},
		{method: post, path: "/breaks/{arn}/{record}/correct", who: member, roles: roles, serve: d.postCorrectBreak},
	}
}

// BreakLine is a break in a list.
type BreakLine struct {
	Path, ARN, Record, Result, Place, At, Settled string
	UID, Masked                                   string // empty: no card of ours
	Sum, Held, Off                                money.Amount
}

// BreaksView lists the breaks that nobody has settled, the oldest first.
type BreaksView struct {
	Page
	Lines []BreakLine
	Next  string // the key of the page's last line; empty: nothing follows
}

// BreakView is one break and the ways to end it.
type BreakView struct {
	Page
	Line                BreakLine
	Case                bool // the member has a case about the client
	Amount, Why, Reason string
}

func (d *Door) breakLine(r *http.Request, p Page, b purchase.Break) (BreakLine, error) {
	line := BreakLine{
		Path: "/breaks/" + b.Text(), ARN: b.ARN, Record: p.P.T("console.break.record_" + recordWord(b.Kind)), Result: p.P.T("console.break." + b.Result.String()),
		Place: b.File + ":" + strconv.FormatInt(b.Line, 10), At: stampOf(b.At), Settled: stampOf(b.Settled), Sum: b.Sum, Held: b.Held,
		Off: money.Rub(b.Sum.Minor - b.Held.Minor),
	}
	if b.Client == 0 {
		return line, nil
	}
	who, err := d.Clients.ByID(r.Context(), b.Client)
	line.UID, line.Masked = who.UID.Text(client.Prefix), who.Name.Masked()
	return line, err
}

func recordWord(kind int) string {
	switch kind {
	case purchase.Undone:
		return "undone"
	case purchase.Chargeback:
		return "chargeback"
	}
	return "presentment"
}

func (d *Door) getBreaks(w http.ResponseWriter, r *http.Request) error {
	v := BreaksView{Page: d.shown(w, r)}
	var after purchase.Break
	if text := r.URL.Query().Get("after"); text != "" {
		arn, kind, err := purchase.ParseBreak(text)
		if err == nil {
			after, err = d.Purchases.BreakOf(r.Context(), arn, kind)
		}
		if err != nil {
			return badCursor(err)
		}
	}
	list, err := d.Purchases.Breaks(r.Context(), after, d.QueueRows+1)
	if err != nil {
		return err
	}
	list, more := cut(list, d.QueueRows)
	if more {
		v.Next = list[len(list)-1].Text()
	}
	for _, b := range list {
		line, err := d.breakLine(r, v.Page, b)
		if err != nil {
			return err
		}
		v.Lines = append(v.Lines, line)
	}
	return d.render(w, r, http.StatusOK, BreaksPage(v))
}

// breakOf reads which break a page is about.
func (d *Door) breakOf(r *http.Request) (purchase.Break, error) {
	arn, kind, err := purchase.ParseBreak(r.PathValue("arn") + "/" + r.PathValue("record"))
	if err != nil {
		return purchase.Break{}, err
	}
	return d.Purchases.BreakOf(r.Context(), arn, kind)
}

func (d *Door) getBreak(w http.ResponseWriter, r *http.Request) error {
	return d.showBreak(w, r, http.StatusOK, nil)
}

func (d *Door) showBreak(w http.ResponseWriter, r *http.Request, status int, refused error) error {
	c := of(r)
	b, err := d.breakOf(r)
	if err != nil {
		return err
	}
	v := BreakView{Page: d.shown(w, r), Amount: c.form.Get("amount"), Why: c.form.Get("why"), Reason: c.form.Get("reason")}
	if v.Line, err = d.breakLine(r, v.Page, b); err != nil {
		return err
	}
	if refused != nil {
		v.Errors = ui.Explain(v.P, refused)
	}
	if b.Client != 0 {
		_, err := d.Staff.Holds(r.Context(), d.DB, c.actor, staff.Target{Client: b.Client})
		if err != nil && !errors.Is(err, staff.ErrNoCase) {
			return err
		}
		v.Case = err == nil
	}
	return d.render(w, r, status, BreakPage(v))
}

// postBreak settles a break for which no money has to move: one pair of eyes
// is enough. What moves money is a correction, see postCorrectBreak.
func (d *Door) postBreak(w http.ResponseWriter, r *http.Request) error {
	ctx, c := r.Context(), of(r)
	b, err := d.breakOf(r)
	if err != nil {
		return err
	}
	how := c.form.Get("how")
	if how == purchase.Corrected {
		how = "" // that one comes with its posting alone
	}
	err = d.DB.Write(ctx, func(tx db.Tx) error { return d.Purchases.Settle(ctx, tx, b.ARN, b.Kind, c.actor.Ref(), how) })
	if err != nil && web.OnForm(err) {
		return d.showBreak(w, r, web.Status(err), err)
	}
	if err != nil {
		return err
	}
	leaveNotice(w, "break_settled")
	return seeOther(w, r, "/breaks")
}

// postCorrectBreak proposes a posting that ends a break. A second member
// decides it like every correction; the break is settled with the money.
func (d *Door) postCorrectBreak(w http.ResponseWriter, r *http.Request) error {
	ctx, c := r.Context(), of(r)
	b, err := d.breakOf(r)
	if err != nil {
		return err
	}
	if !b.Settled.IsZero() {
		return d.showBreak(w, r, http.StatusConflict, purchase.ErrSettled)
	}
	own, err := d.Staff.Holds(ctx, d.DB, c.actor, staff.Target{Client: b.Client})
	if err != nil {
		return err
	}
	_, err = d.Staff.Propose(ctx, c.actor, staff.Proposing{
		Kind: staff.ProposeCorrection, Case: own.ID, Reason: c.form.Get("reason"),
		Fields: map[string]string{"amount": c.form.Get("amount"), "why": c.form.Get("why"), "break": b.Text()},
	})
	if err != nil && web.OnForm(err) {
		return d.showBreak(w, r, http.StatusUnprocessableEntity, err)
	}
	if err != nil {
		return err
	}
	leaveNotice(w, "proposed")
	return seeOther(w, r, "/breaks/"+b.Text())
}
