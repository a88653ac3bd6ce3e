package acs

import (
	"encoding/json"
	"errors"
	"net/http"

	"rocketbank/internal/bank/authentication"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
	"rocketbank/internal/rail/threeds"
)

// Bounds of forms.
const (
	maxCReqForm   = 128 << 10 // a CReq of 64 KiB in base64, and session data
	maxSubmitForm = 8 << 10
)

// postChallenge takes a browser that a shop sends for its challenge.
func (d *Door) postChallenge(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(w, r, maxCReqForm)
	if err != nil {
		return err
	}
	if faults := form.Faults(); len(faults) > 0 {
		return web.ErrForm.Because(faults[0])
	}
	creq, bad := d.reader.ParseCReq(form.Get("creq"))
	var session *string
	if s := form.Get("threeDSSessionData"); s != "" {
		session = &s
	}
	serverTransID, acsTransID := creq.ServerTransID, creq.ACSTransID
	if bad != nil {
		serverTransID, acsTransID = bad.ServerTransID, bad.ACSTransID
	} else if session != nil && threeds.CheckSessionData(*session) != nil {
		bad = threeds.NewErro(threeds.ACS, threeds.FormatInvalid, threeds.TypeCReq, "threeDSSessionData")
	}
	if acsTransID == "" || serverTransID == "" {
		// Whose transaction it is nobody can say, so there is nowhere to go.
		return web.ErrForm.Because(bad)
	}
	token := tokenOf(remember(w, r, browserCookie, 0), acsTransID)
	if bad != nil {
		// The transaction is known and its message broken: it ends here.
		if err := d.Bank.Fail(r.Context(), serverTransID, acsTransID, token); err != nil {
			return err
		}
		return d.leave(w, r, acsTransID, token, "")
	}
	shown, err := d.Bank.Begin(r.Context(), creq, session, token)
	if err != nil {
		return err
	}
	if shown.Over {
		return d.leave(w, r, acsTransID, token, "")
	}
	return d.show(w, r, http.StatusOK, challengeView{Page: d.page(r, ""), Shown: shown, Token: token})
}

// postSubmit takes what the buyer does on the page: a code, another code,
// «Отменить», or a look whether he has confirmed in the app.
func (d *Door) postSubmit(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(w, r, maxSubmitForm)
	if err != nil {
		return err
	}
	if faults := form.Faults(); len(faults) > 0 {
		return web.ErrForm.Because(faults[0])
	}
	acsTransID, token, lang := form.Get("acs"), form.Get("t"), form.Get("lang")
	ctx := r.Context()
	var shown authentication.Shown
	note := ""
	switch form.Get("act") {
	case "", "code":
		shown, err = d.Bank.EnterCode(ctx, acsTransID, token, form.Get("code"))
	case "resend":
		shown, err = d.Bank.Resend(ctx, acsTransID, token)
		note = "acs.resent"
	case "cancel":
		shown, err = d.Bank.Cancel(ctx, acsTransID, token)
	case "look":
		shown, err = d.Bank.Resume(ctx, acsTransID, token)
		note = "acs.not_yet"
	case "ru", "en":
		lang = form.Get("act")
		shown, err = d.Bank.Resume(ctx, acsTransID, token)
	default:
		return web.ErrForm
	}
	page := d.page(r, lang)
	status := http.StatusOK
	if err != nil {
		if !web.OnForm(err) || errors.Is(err, authentication.ErrMissing) {
			return err
		}
		why := err
		if shown, err = d.Bank.Resume(ctx, acsTransID, token); err != nil {
			return err
		}
		status, note = web.Status(why), ""
		page.Errors = ui.Explain(page.P, why)
	}
	if shown.Over {
		return d.leave(w, r, acsTransID, token, lang)
	}
	return d.show(w, r, status, challengeView{Page: page, Shown: shown, Token: token, Note: note, Chosen: lang})
}

// postState tells the page's script whether the challenge is over, by a word in
// the app or by the clock.
func (d *Door) postState(w http.ResponseWriter, r *http.Request) error {
	form, err := web.ReadForm(w, r, maxSubmitForm)
	if err != nil {
		return err
	}
	shown, err := d.Bank.Resume(r.Context(), form.Get("acs"), form.Get("t"))
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]bool{"over": shown.Over})
	if err != nil {
		return err
	}
	message(w, body)
	return nil
}

// show writes the page of a challenge.
func (d *Door) show(w http.ResponseWriter, r *http.Request, status int, v challengeView) error {
	v.Scheme, v.now = d.Scheme, d.Now()
	return d.render(w, r, status, policy{forms: origins(v.Shown.Return), frames: origins(v.Shown.Return, v.Shown.ShopURL)}, challengePage(v))
}

// leave sends the browser back to the shop, once the directory knows the end.
func (d *Door) leave(w http.ResponseWriter, r *http.Request, acsTransID, token, lang string) error {
	back, err := d.Bank.Finish(r.Context(), acsTransID, token)
	if err != nil {
		return err
	}
	v := leaveView{Page: d.page(r, lang), Action: back.URL, Passed: back.Passed, Fields: []ui.Hidden{{Name: "cres", Value: back.CRes}}}
	if back.Session != nil {
		v.Fields = append(v.Fields, ui.Hidden{Name: "threeDSSessionData", Value: *back.Session})
	}
	return d.render(w, r, http.StatusOK, policy{forms: origins(back.URL), frames: origins(back.URL, back.ShopURL)}, leavePage(v))
}

// refuse is the plain page of a refusal. It leads nowhere: what a stranger sent
// must not choose where a browser goes.
func (d *Door) refuse(w http.ResponseWriter, r *http.Request, status int, why error) {
	page := d.page(r, "")
	v := refusalView{Page: page, RequestID: web.VisitOf(r).ID}
	if f, ok := fault.As(why); ok {
		v.Text = page.P.Fault(f)
	} else {
		v.Text = page.P.T("ui.broken")
	}
	anyone := []string{"https:"}
	if d.LoopbackHTTP {
		anyone = append(anyone, "http://127.0.0.1:*", "http://localhost:*")
	}
	if err := d.render(w, r, status, policy{frames: anyone}, refusalPage(v)); err != nil {
		d.Log.ErrorContext(r.Context(), "3-D Secure: page of a refusal", "err", err)
		http.Error(w, http.StatusText(status), status)
	}
}
