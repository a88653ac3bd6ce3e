package cabinet

import (
	"errors"
	"net/http"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/door/web"
)

func (d *Door) getPasscode(w http.ResponseWriter, r *http.Request) error {
	return d.renderPasscode(w, r, http.StatusOK, PasscodeView{})
}

func (d *Door) renderPasscode(w http.ResponseWriter, r *http.Request, status int, v PasscodeView) (err error) {
	problems := v.Errors
	v.Page = d.shown(w, r)
	v.Errors = problems
	v.Phone = of(r).client.Phone.E164()
	if v.Passkeys, err = d.hasPasskeys(r); err != nil {
		return err
	}
	return d.render(w, r, status, PasscodePage(v))
}

// postPasscode begins the change of the passcode (A11): an old proof, the code
// word, and a fresh code or a passkey; its order is confirmed on the next page.
// First it sends the code to whoever has the passcode.
func (d *Door) postPasscode(w http.ResponseWriter, r *http.Request) error {
	c := of(r)
	f := c.form
	v := PasscodeView{Sent: f.Get("send") == ""}
	err := errors.Join(f.Faults()...)
	var proof access.Proof
	if err == nil {
		proof, err = d.freshProof(w, r)
	}
	switch {
	case err != nil:
	case f.Get("send") != "":
		var sent access.CodeSent
		if sent, err = d.Access.SendPasscodeCode(r.Context(), c.session, proof, visitorOf(r)); err == nil {
			v.Sent, v.ResendIn = true, max(0, sent.ResendAt.Sub(d.Now()))
			return d.renderPasscode(w, r, http.StatusOK, v)
		}
	default:
		var offer access.Offer
		offer, err = d.Access.OfferPasscode(r.Context(), c.session, proof, access.NewPasscode{
			CodeWord: f.Get("code_word"), Code: f.Get("code"), Passcode: f.Get("new"), Repeat: f.Get("repeat"),
		})
		if err == nil {
			return d.renderChange(w, r, http.StatusOK, offer, false, nil)
		}
	}
	switch {
	case errors.Is(err, access.ErrPaused):
		t, _ := until(err)
		return d.renderLocked(w, r, t)
	case fault.CodeOf(err) == fault.Unauthenticated:
		return d.loginFor(w, r, "/profile/passcode", false, err)
	case !web.OnForm(err):
		return err
	}
	problems, broken := explain(d.page(r).P, err)
	if broken != nil {
		return broken
	}
	v.Errors = problems
	return d.renderPasscode(w, r, web.Status(err), v)
}

// getRecover is the end of a way back that the contact centre has started: the
// phone is proved, the code word and a new passcode are asked for.
func (d *Door) getRecover(w http.ResponseWriter, r *http.Request) error {
	flow, err := d.flowAt(r, access.AtPasscode)
	if err != nil {
		return d.strayed(w, r, err, "/login/forgot")
	}
	err = d.Access.RecoveryOf(r.Context(), web.Cookie(r, flowCookie), web.Cookie(r, deviceCookie))
	return d.renderRecover(w, r, flow, err)
}

func (d *Door) postRecover(w http.ResponseWriter, r *http.Request) error {
	f := of(r).form
	flow, err := d.flowAt(r, access.AtPasscode, access.AtEnd)
	if err != nil {
		return d.strayed(w, r, err, "/login/forgot")
	}
	err = errors.Join(f.Faults()...)
	var e access.Entry
	if err == nil {
		e, err = d.Access.Recover(r.Context(), web.Cookie(r, flowCookie), web.Cookie(r, deviceCookie), access.NewPasscode{
			CodeWord: f.Get("code_word"), Passcode: f.Get("new"), Repeat: f.Get("repeat"),
		}, visitorOf(r), d.signsFlow(r))
	}
	if err == nil {
		if err := d.letIn(w, r, e); err != nil {
			return err
		}
		leaveNotice(w, noticePasscode)
		return seeOther(w, r, "/home")
	}
	return d.renderRecover(w, r, flow, err)
}

// renderRecover shows the form, or why there is none yet.
func (d *Door) renderRecover(w http.ResponseWriter, r *http.Request, flow access.Flow, why error) error {
	if known, err := d.Access.KnownDevice(r.Context(), web.Cookie(r, deviceCookie)); err == nil && known.Client == flow.Client {
		d.signsIn(w, r, known)
	}
	v := RecoverView{Page: d.shown(w, r), Flow: flow.ID.Text(access.FlowPrefix)}
	status := http.StatusOK
	switch {
	case why == nil:
	case errors.Is(why, access.ErrNoRecovery):
		v.NotStarted = true
	case errors.Is(why, access.ErrRecoveryWaits):
		v.Ready, _ = until(why)
	case errors.Is(why, access.ErrPaused):
		t, _ := until(why)
		return d.renderLocked(w, r, t)
	case errors.Is(why, errCodeSent):
	case !web.OnForm(why) && !isUnproved(why):
		return why
	default:
		status = web.Status(why)
		problems, broken := explain(v.P, why)
		if broken != nil {
			return broken
		}
		v.Errors = problems
	}
	if !v.NotStarted && v.Ready.IsZero() {
		change, err := d.Access.RecoveryOrder(r.Context(), web.Cookie(r, flowCookie))
		if err != nil {
			return d.strayed(w, r, err, "/login/forgot")
		}
		v.Order = flowOrder(r, change, why)
	}
	return d.render(w, r, status, RecoverPage(v))
}
