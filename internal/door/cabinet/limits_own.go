package cabinet

import (
	"errors"
	"net/http"
	"strings"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

const limitsPath = "/profile/limits"

// limitsAgain opens the page anew: what was typed is not kept.
func limitsAgain(*http.Request) (string, bool) { return limitsPath, false }

// readOwn reads the form; an empty field is no limit.
func readOwn(f web.Form) (typed OwnLimits, to client.Caps, err error) {
	errs := f.Faults()
	for _, field := range []struct {
		name  string
		typed *string
		sum   *money.Amount
	}{{"own_one", &typed.One, &to.One}, {"own_day", &typed.Day, &to.Day}, {"own_month", &typed.Month, &to.Month}} {
		if *field.typed = cut(f.Get(field.name), keptShort); strings.TrimSpace(*field.typed) == "" {
			continue
		}
		var wrong error
		if *field.sum, wrong = locale.ParseAmount(f.Get(field.name)); wrong != nil {
			errs = append(errs, at(wrong, field.name))
		}
	}
	return typed, to, errors.Join(errs...)
}

// postLimits tightens own limits at once and leads a raise to its confirmation,
// which comes back here with its offer.
func (d *Door) postLimits(w http.ResponseWriter, r *http.Request) error {
	f, who := of(r).form, of(r).session.Client
	if f.Has("offer") {
		return d.postLimitsOrder(w, r)
	}
	own, err := d.OwnLimits.Of(r.Context(), who)
	if err != nil {
		return err
	}
	typed, to := OwnLimits{}, own.At(d.DB.Now())
	switch f.Get("do") {
	case "keep":
	case "save":
		typed, to, err = readOwn(f)
	default:
		return web.ErrForm
	}
	if err == nil {
		err = d.OwnLimits.Tighten(r.Context(), who, to)
	}
	switch {
	case err == nil:
		leaveNotice(w, noticeLimits)
		return seeOther(w, r, limitsPath)
	case errors.Is(err, limit.ErrOwnLooser):
		token, o, err := d.OwnLimits.Offer(r.Context(), who, to)
		if err != nil {
			return err
		}
		return d.renderLimitsOrder(w, r, http.StatusOK, LimitsOrderView{Offer: token}, o, nil)
	case !web.OnForm(err):
		return err
	}
	p := d.page(r)
	problems, broken := explain(p.P, err)
	if broken != nil {
		return broken
	}
	p.Errors = problems
	return d.renderLimits(w, r, web.Status(err), p, own, typed)
}

func (d *Door) renderLimitsOrder(w http.ResponseWriter, r *http.Request, status int, v LimitsOrderView, o limit.OwnOffer, problems ui.Errors) error {
	c := of(r)
	v.Page = d.page(r)
	v.Errors = problems
	v.Order, v.Keyed, v.Phone = o.Document.Text, c.session.Kind == access.Keyed, c.client.Phone.E164()
	v.Next, v.Delay = capLines(v.Page, o.To), int(d.OwnLimits.Delay().Hours())
	var err error
	if v.Passkeys, err = d.hasPasskeys(r); err != nil {
		return err
	}
	return d.render(w, r, status, LimitsOrderPage(v))
}

// postLimitsAsk starts the confirmation of a raise by a passkey, which signs the
// hash of its order's text.
func (d *Door) postLimitsAsk(w http.ResponseWriter, r *http.Request) error {
	in := of(r).session
	o, err := d.OwnLimits.Offered(in.Client, of(r).form.Get("offer"))
	if err != nil {
		return d.scriptRefusal(w, r, err)
	}
	options, err := d.Access.BeginPasskeyOrder(r.Context(), in, []byte(o.Document.Text))
	if err != nil {
		return d.scriptRefusal(w, r, err)
	}
	return ceremony(w, options, "")
}

// postLimitsOrder raises the limits that were offered, once their order is
// signed: by a passkey, by passcode and the device's key, or by passcode and a
// code for its text.
func (d *Door) postLimitsOrder(w http.ResponseWriter, r *http.Request) error {
	c := of(r)
	f := c.form
	v := LimitsOrderView{Offer: f.Get("offer"), CodeSent: f.Get("code") != ""}
	o, err := d.OwnLimits.Offered(c.session.Client, v.Offer)
	if err != nil {
		leaveNotice(w, noticeDraft)
		return seeOther(w, r, limitsPath)
	}
	if d.signedBefore(r, o.Document.ID) {
		return seeOther(w, r, limitsPath) // a second tap: it is done
	}
	var signed order.Signed
	err = errors.Join(f.Faults()...)
	switch {
	case err != nil:
	case f.Get("passkey") != "":
		signed, err = d.signedByPasskey(r, o.Document)
	default:
		var s signature
		if s, err = d.signOrder(w, r, o.Document, v.CodeSent); err == nil && !s.whole() {
			v.CodeSent = s.sent
			return d.renderLimitsOrder(w, r, http.StatusOK, v, o, nil)
		}
		signed = s.signed
	}
	if err == nil {
		_, err = d.OwnLimits.Loosen(r.Context(), c.session.Client, v.Offer, signed)
	}
	switch {
	case err == nil:
		leaveNotice(w, noticeLimitsLater)
		return seeOther(w, r, limitsPath)
	case errors.Is(err, limit.ErrOwnOffer) || d.signedBefore(r, o.Document.ID): // or both taps came at once
		return seeOther(w, r, limitsPath)
	case errors.Is(err, access.ErrPaused):
		t, _ := until(err)
		return d.renderLocked(w, r, t)
	case isUnsigned(err):
		return d.unproved(w, r, route{keep: limitsAgain}, c, access.ErrProof)
	case fault.CodeOf(err) == fault.Unauthenticated:
		return d.loginFor(w, r, limitsPath, false, err)
	case !web.OnForm(err):
		return err
	}
	problems, broken := explain(d.page(r).P, err)
	if broken != nil {
		return broken
	}
	return d.renderLimitsOrder(w, r, web.Status(err), v, o, problems)
}
