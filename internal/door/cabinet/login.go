package cabinet

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// warnTries is how few tries are left when the page begins to say so.
const warnTries = 3

// wayFlow marks the passcode form that ends a flow on a new device, so that a
// browser which also knows a device does not try the passcode there.
const wayFlow = "flow"

func (d *Door) getLogin(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	if c := of(r); c.inside && (q.Get("other") == "" || c.session.Kind != access.Keyed) {
		return seeOther(w, r, onward(q.Get("next"))) // only a lost key leads anew to the phone
	}
	of(r).inside = false
	if q.Get("other") == "" {
		known, err := d.Access.KnownDevice(r.Context(), web.Cookie(r, deviceCookie))
		if err == nil {
			return d.renderKnown(w, r, http.StatusOK, known, q.Get("next"), false, nil)
		}
		if !errors.Is(err, access.ErrNoDevice) {
			return err
		}
	}
	return d.renderLoginPhone(w, r, http.StatusOK, "", q.Get("next"), nil)
}

func (d *Door) renderKnown(w http.ResponseWriter, r *http.Request, status int, known access.Known, next string, lost bool, problems ui.Errors) error {
	if known.Paused.After(d.Now()) {
		return d.renderLocked(w, r, known.Paused)
	}
	passkeys, err := d.Access.Passkeys(r.Context(), known.Client)
	if err != nil {
		return err
	}
	d.signsIn(w, r, known)
	q := r.URL.Query()
	v := LoginKnownView{
		Page: d.shown(w, r), Name: known.First, Next: next, Expired: expiredOf(r), KeptForm: q.Get("kept") == "1", LoggedOut: q.Get("out") == "1",
		Passkeys: len(passkeys) > 0, KeyLost: lost,
	}
	v.Errors = problems
	if known.TriesLeft <= warnTries {
		v.TriesLeft = known.TriesLeft
	}
	return d.render(w, r, status, LoginKnownPage(v))
}

// signsIn gives the page the nonce of a keyed device's login.
func (d *Door) signsIn(w http.ResponseWriter, r *http.Request, known access.Known) {
	if known.Kind != access.Keyed {
		return
	}
	c := of(r)
	c.device = ui.Device{Code: known.Code, Nonce: d.Access.Nonce(known.Device)}
	w.Header().Set(access.NonceHeader, c.device.Nonce)
}

func (d *Door) renderLoginPhone(w http.ResponseWriter, r *http.Request, status int, typed, next string, problems ui.Errors) error {
	q := r.URL.Query()
	v := LoginPhoneView{Page: d.shown(w, r), Phone: typed, Next: next, Expired: expiredOf(r), KeptForm: q.Get("kept") == "1", LoggedOut: q.Get("out") == "1"}
	v.Errors = problems
	return d.render(w, r, status, LoginPhonePage(v))
}

func (d *Door) renderLocked(w http.ResponseWriter, r *http.Request, until time.Time) error {
	return d.render(w, r, http.StatusTooManyRequests, LockedPage(LockedView{Page: d.page(r), Until: until, Today: d.Now()}))
}

func expiredOf(r *http.Request) Expiry {
	switch e := Expiry(r.URL.Query().Get("why")); e {
	case IdleExpired, HardExpired, EndedByOwner:
		return e
	}
	return NotExpired
}

// postLogin sends a code, the same way to a phone that is nobody's (A07).
func (d *Door) postLogin(w http.ResponseWriter, r *http.Request) error {
	f := of(r).form
	next := f.Get("next")
	if f.Get("other") != "" {
		q := url.Values{"other": {"1"}}
		if to, ok := web.LocalPath(next); ok {
			q.Set("next", to)
		}
		return seeOther(w, r, withQuery("/login", q))
	}
	p := d.page(r)
	flow, err := d.startLogin(r, f, p)
	if err != nil {
		problems, broken := explain(p.P, err)
		if broken != nil || !web.OnForm(err) {
			return err
		}
		return d.renderLoginPhone(w, r, web.Status(err), f.Get("phone"), next, problems)
	}
	d.keepFlow(w, flow)
	return seeOther(w, r, withNext("/login/code", next))
}

func (d *Door) startLogin(r *http.Request, f web.Form, p ui.Page) (access.Flow, error) {
	if faults := f.Faults(); len(faults) > 0 {
		return access.Flow{}, errors.Join(faults...)
	}
	number, err := phone.Parse(f.Get("phone"))
	if err != nil {
		return access.Flow{}, at(err, "phone")
	}
	flow, err := d.Access.StartLogin(r.Context(), number, p.Lang, visitorOf(r))
	return flow, at(err, "phone")
}

func withNext(path, next string) string {
	if to, ok := web.LocalPath(next); ok {
		return withQuery(path, url.Values{"next": {to}})
	}
	return path
}

// at names the field of a refusal that names none.
func at(err error, field string) error {
	if f, ok := fault.As(err); ok && f.Field == "" {
		return f.At(field)
	}
	return err
}

func (d *Door) getLoginPasscode(w http.ResponseWriter, r *http.Request) error {
	flow, err := d.flowAt(r, access.AtPasscode)
	if err != nil {
		return d.strayed(w, r, err, "/login")
	}
	return d.renderLoginPasscode(w, r, http.StatusOK, flow, r.URL.Query().Get("next"), 0, nil)
}

func (d *Door) renderLoginPasscode(w http.ResponseWriter, r *http.Request, status int, flow access.Flow, next string, tries int, problems ui.Errors) error {
	v := LoginPasscodeView{Page: d.shown(w, r), Next: next, Flow: flow.ID.Text(access.FlowPrefix), Hidden: []ui.Hidden{{Name: "way", Value: wayFlow}}}
	v.Errors = problems
	if tries <= warnTries {
		v.TriesLeft = tries
	}
	return d.render(w, r, status, LoginPasscodePage(v))
}

// postLoginPasscode takes the passcode on a known device, or at the end of a
// flow on a new one.
func (d *Door) postLoginPasscode(w http.ResponseWriter, r *http.Request) error {
	f := of(r).form
	next := f.Get("next")
	if faults := f.Faults(); len(faults) > 0 {
		return faults[0]
	}
	if f.Get("way") == wayFlow {
		return d.finishLogin(w, r, f, next)
	}
	device := web.Cookie(r, deviceCookie)
	entry, err := d.Access.Login(r.Context(), device, f.Get("passcode"), visitorOf(r))
	switch {
	case err == nil:
		if err := d.letIn(w, r, entry); err != nil {
			return err
		}
		return seeOther(w, r, onward(next))
	case errors.Is(err, access.ErrPaused):
		t, _ := until(err)
		return d.renderLocked(w, r, t)
	case errors.Is(err, access.ErrNoDevice):
		web.DropCookie(w, deviceCookie)
		return seeOther(w, r, withNext("/login", next))
	case !web.OnForm(err) && !isUnproved(err):
		return err
	}
	known, kerr := d.Access.KnownDevice(r.Context(), device)
	if kerr != nil {
		return kerr
	}
	if errors.Is(err, access.ErrProof) {
		return d.renderKnown(w, r, http.StatusForbidden, known, next, true, nil)
	}
	p := d.page(r)
	problems, broken := explain(p.P, at(err, "passcode"))
	if broken != nil {
		return broken
	}
	return d.renderKnown(w, r, web.Status(err), known, next, false, problems)
}

func (d *Door) finishLogin(w http.ResponseWriter, r *http.Request, f web.Form, next string) error {
	entry, err := d.Access.FinishLogin(r.Context(), web.Cookie(r, flowCookie), f.Get("passcode"), visitorOf(r))
	switch {
	case err == nil:
		if err := d.letIn(w, r, entry); err != nil {
			return err
		}
		return seeOther(w, r, onward(next))
	case errors.Is(err, access.ErrPaused):
		t, _ := until(err)
		return d.renderLocked(w, r, t)
	case errors.Is(err, access.ErrNoFlow), errors.Is(err, access.ErrStep):
		return d.strayed(w, r, err, "/login")
	case !web.OnForm(err):
		return err
	}
	problems, broken := explain(d.page(r).P, at(err, "passcode"))
	if broken != nil {
		return broken
	}
	flow, ferr := d.Access.FlowOf(r.Context(), web.Cookie(r, flowCookie))
	if ferr != nil {
		return d.strayed(w, r, ferr, "/login")
	}
	return d.renderLoginPasscode(w, r, web.Status(err), flow, next, left(err), problems)
}

func (d *Door) getForgot(w http.ResponseWriter, r *http.Request) error {
	return d.render(w, r, http.StatusOK, ForgotPage(ForgotView{Page: d.page(r)}))
}

// postLogout ends the session. The device stays known; whatever the browser
// cached of us goes.
func (d *Door) postLogout(w http.ResponseWriter, r *http.Request) error {
	if c := of(r); c.inside {
		if err := d.Access.Logout(r.Context(), c.session); err != nil {
			return err
		}
		d.Live.Kick(c.session.Client) // its streams look whether they still may
	}
	web.DropCookie(w, sessionCookie)
	web.DropCookie(w, flowCookie)
	w.Header().Set("Clear-Site-Data", `"cache"`)
	return seeOther(w, r, "/login?out=1")
}
