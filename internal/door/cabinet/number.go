package cabinet

import (
	"errors"
	"net/http"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// NumberView is GET and POST /profile/number: how a number is changed and, once
// the contact centre has started it, its end.
//
// Form fields: passcode and send=1 ask for the code; then passcode and code.
type NumberView struct {
	ui.Page
	Phone string // the present one
	New   string // the new one; empty: nothing was started
	Sent  bool   // a code is on its way to it
}

// NumberClaimView is GET and POST /login/number: a new device with the new
// number, whose code was right.
//
// Form fields: passcode; from the script the signature of the order, and where
// there is none the code that was sent for it.
type NumberClaimView struct {
	ui.Page
	Flow  string    // what a new device's key signs
	Ready time.Time // from when it may go on; zero: now
	Order FlowOrder
}

// numberRoutes are the ways to end what the contact centre has started: a change
// of number or of the client's own data.
func (d *Door) numberRoutes() []route {
	return append(d.paperRoutes(), []route{
		{method: http.MethodGet, path: "/profile/number", who: insider, serve: d.getNumber},
		{method: http.MethodPost, path: "/profile/number", who: insider, serve: d.postNumber},
		{method: http.MethodGet, path: "/login/number", who: visitor, serve: d.getClaim},
		{method: http.MethodPost, path: "/login/number", who: visitor, entry: true, serve: d.postClaim},
	}...)
}

func (d *Door) getNumber(w http.ResponseWriter, r *http.Request) error {
	return d.renderNumber(w, r, http.StatusOK, NumberView{})
}

func (d *Door) renderNumber(w http.ResponseWriter, r *http.Request, status int, v NumberView) error {
	problems := v.Errors
	v.Page = d.shown(w, r)
	v.Errors = problems
	v.Phone = of(r).client.Phone.E164()
	c, err := d.Access.NumberChangeOf(r.Context(), of(r).session.Client)
	if err != nil && !errors.Is(err, access.ErrNoNumber) {
		return err
	}
	v.New = c.New.E164()
	return d.render(w, r, status, NumberPage(v))
}

// postNumber sends the code to the new number and then takes it; both need the
// passcode, and the order of the change is confirmed on the next page.
func (d *Door) postNumber(w http.ResponseWriter, r *http.Request) error {
	c := of(r)
	f := c.form
	v := NumberView{Sent: f.Get("send") == ""}
	err := errors.Join(f.Faults()...)
	var proof access.Proof
	if err == nil {
		proof, err = d.freshProof(w, r)
	}
	switch {
	case err != nil:
	case f.Get("send") != "":
		if _, err = d.Access.SendNumberCode(r.Context(), c.session, proof, visitorOf(r)); err == nil {
			v.Sent = true
			return d.renderNumber(w, r, http.StatusOK, v)
		}
	default:
		var offer access.Offer
		if offer, err = d.Access.OfferNumber(r.Context(), c.session, proof, f.Get("code")); err == nil {
			return d.renderChange(w, r, http.StatusOK, offer, false, nil)
		}
	}
	switch {
	case errors.Is(err, access.ErrPaused):
		t, _ := until(err)
		return d.renderLocked(w, r, t)
	case errors.Is(err, access.ErrNoNumber):
		return seeOther(w, r, "/profile/number")
	case fault.CodeOf(err) == fault.Unauthenticated:
		return d.loginFor(w, r, "/profile/number", false, err)
	case !web.OnForm(err):
		return err
	}
	problems, broken := explain(d.page(r).P, err)
	if broken != nil {
		return broken
	}
	v.Errors = problems
	return d.renderNumber(w, r, web.Status(err), v)
}

// claims tells whether the flow of a browser, which stands at nobody's phone,
// has proved a number that is about to become a client's.
func (d *Door) claims(r *http.Request) bool {
	_, err := d.Access.NumberClaim(r.Context(), web.Cookie(r, flowCookie))
	return err == nil
}

func (d *Door) getClaim(w http.ResponseWriter, r *http.Request) error {
	return d.renderClaim(w, r, nil)
}

func (d *Door) postClaim(w http.ResponseWriter, r *http.Request) error {
	f := of(r).form
	err := errors.Join(f.Faults()...)
	var e access.Entry
	if err == nil {
		e, err = d.Access.ClaimNumber(r.Context(), web.Cookie(r, flowCookie), f.Get("passcode"), visitorOf(r), d.signsFlow(r))
	}
	if err == nil {
		if err := d.letIn(w, r, e); err != nil {
			return err
		}
		return seeOther(w, r, "/home")
	}
	return d.renderClaim(w, r, err)
}

// renderClaim shows the form, from when there is one, or what is wrong with it.
func (d *Door) renderClaim(w http.ResponseWriter, r *http.Request, why error) error {
	if errors.Is(why, access.ErrPaused) {
		t, _ := until(why)
		return d.renderLocked(w, r, t)
	}
	flow, err := d.flowAt(r, access.AtNobody)
	if err != nil {
		return d.strayed(w, r, err, "/login")
	}
	c, err := d.Access.NumberClaim(r.Context(), web.Cookie(r, flowCookie))
	if errors.Is(err, access.ErrNoNumber) {
		return seeOther(w, r, "/login")
	}
	if err != nil {
		return err
	}
	v := NumberClaimView{Page: d.shown(w, r), Flow: flow.ID.Text(access.FlowPrefix)}
	if d.Now().Before(c.Ready) {
		v.Ready = c.Ready
	}
	change, err := d.Access.ClaimOrder(r.Context(), web.Cookie(r, flowCookie))
	if err != nil {
		return err
	}
	v.Order = flowOrder(r, change, why)
	status := http.StatusOK
	if why != nil && !errors.Is(why, access.ErrNumberWaits) && !errors.Is(why, errCodeSent) {
		if !web.OnForm(why) && !isUnproved(why) {
			return why
		}
		problems, broken := explain(v.P, at(why, "passcode"))
		if broken != nil {
			return broken
		}
		v.Errors, status = problems, web.Status(why)
	}
	return d.render(w, r, status, NumberClaimPage(v))
}
