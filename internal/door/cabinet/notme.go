package cabinet

import (
	"net/http"

	"rocketbank/internal/bank/access"
	hear "rocketbank/internal/bank/notice"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/door/ui"
)

// getNotMe is where the link of a message leads: it asks once more, for mail
// scanners open links by themselves.
func (d *Door) getNotMe(w http.ResponseWriter, r *http.Request) error {
	a, err := d.Access.NotMeAbout(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	return d.render(w, r, http.StatusOK, NotMePage(NotMeView{Page: d.page(r), Alert: shownAlert(d.page(r), a), Token: r.PathValue("token")}))
}

// postNotMe stops everything: sessions, cards, tokens that move money.
func (d *Door) postNotMe(w http.ResponseWriter, r *http.Request) error {
	a, err := d.Access.NotMe(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	d.Live.Kick(a.Client)
	return d.render(w, r, http.StatusOK, NotMePage(NotMeView{Page: d.page(r), Alert: shownAlert(d.page(r), a), Done: true}))
}

// alertPrefix names an alert in a form.
const alertPrefix = "al"

// postAlert answers a question on a page of the client's own: «Это я» or «Не я».
func (d *Door) postAlert(w http.ResponseWriter, r *http.Request) error {
	c := of(r)
	which, deny := c.form.Get("me"), false
	if which == "" {
		which, deny = c.form.Get("not_me"), true
	}
	a, err := id.Parse(alertPrefix, which)
	if err != nil {
		return access.ErrNoAlert
	}
	if !deny {
		if err := d.Access.SawAlert(r.Context(), c.session, a); err != nil {
			return err
		}
		return seeOther(w, r, "/home")
	}
	if _, err := d.Access.DenyAlert(r.Context(), c.session, a); err != nil {
		return err
	}
	d.Live.Kick(c.session.Client)
	leaveNotice(w, noticeLockedDown)
	return seeOther(w, r, "/profile/devices")
}

// alerts are the questions that an open page asks.
func (d *Door) alerts(r *http.Request, p ui.Page) ([]Alert, error) {
	all, err := d.Access.Alerts(r.Context(), of(r).session)
	if err != nil {
		return nil, err
	}
	var out []Alert
	for _, a := range all {
		out = append(out, shownAlert(p, a))
	}
	return out, nil
}

func shownAlert(p ui.Page, a access.ShownAlert) Alert {
	name := a.Name
	if name == "" {
		name = p.P.T("notice.some_browser")
	}
	text := p.P.T(hear.AlertText(a.Kind), locale.A("name", name), locale.A("staff", a.Staff), locale.A("phone", a.Phone), locale.A("until", a.Ready))
	return Alert{ID: a.ID.Text(alertPrefix), Text: text, Name: a.Name, Place: a.Place, At: a.At, Denied: !a.Denied.IsZero()}
}
