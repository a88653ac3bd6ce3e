package cabinet

import (
	"errors"
	"net/http"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/privacy"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/door/web"
)

// getLooks tells the client who of the staff looked at his data and why.
func (d *Door) getLooks(w http.ResponseWriter, r *http.Request) error {
	v := LooksView{Page: d.shown(w, r)}
	all, err := d.Privacy.Looks(r.Context(), of(r).session.Client)
	if err != nil {
		return err
	}
	for _, l := range all {
		out := Look{Who: l.Who, What: l.What, Why: l.Reason, At: l.At}
		if key := "console.role." + l.Role; v.P.Has(key) {
			out.Who = v.P.T(key) + ", " + l.Who
		}
		if key := "console.what." + l.What; v.P.Has(key) {
			out.What = v.P.T(key)
		}
		v.Looks = append(v.Looks, out)
	}
	return d.render(w, r, http.StatusOK, LooksPage(v))
}

func (d *Door) getData(w http.ResponseWriter, r *http.Request) error {
	return d.renderData(w, r, http.StatusOK, DataView{Ask: r.URL.Query().Get("ask")})
}

func (d *Door) renderData(w http.ResponseWriter, r *http.Request, status int, v DataView) error {
	c := of(r)
	problems := v.Errors
	v.Page = d.shown(w, r)
	v.Errors = problems
	v.Name, v.Phone = c.client.Name.Whole(), c.client.Phone.E164()
	consents, err := d.Privacy.Consents(r.Context(), c.session.Client)
	if err != nil {
		return err
	}
	for _, x := range consents {
		v.Consents = append(v.Consents, GivenConsent{Text: v.P.T("application.consent_" + x.Kind), Version: x.Version, Given: x.Given, At: x.At})
	}
	asked, err := d.Privacy.Deletions(r.Context(), c.session.Client)
	if err != nil {
		return err
	}
	last := privacy.Deletion{Client: c.session.Client}
	if len(asked) > 0 {
		last = asked[0]
	}
	switch last.State {
	case privacy.Asked:
		v.AnswerBy = last.AnswerBy
	case privacy.Answered:
		v.Answered = last.Changed
	}
	verdicts, err := d.Privacy.Verdicts(r.Context(), last)
	if err != nil {
		return err
	}
	for _, one := range verdicts {
		if v.Answered.IsZero() {
			v.Kept = append(v.Kept, one.Kept.Sentence(v.P))
		} else {
			v.Kept = append(v.Kept, one.Sentence(v.P))
		}
	}
	if v.Passkeys, err = d.hasPasskeys(r); err != nil {
		return err
	}
	return d.render(w, r, status, DataPage(v))
}

// postData gives everything the bank holds of the client as a file, or takes
// and withdraws his request to delete it. Both take a fresh proof.
func (d *Door) postData(w http.ResponseWriter, r *http.Request) error {
	c := of(r)
	ask := c.form.Get("ask")
	err := errors.Join(c.form.Faults()...)
	if err == nil && ask == "stay" {
		if err = d.Privacy.WithdrawDeletion(r.Context(), c.session.Client); err == nil {
			return seeOther(w, r, "/profile/data")
		}
	}
	var proof access.Proof
	if err == nil {
		proof, err = d.freshProof(w, r)
	}
	switch {
	case err != nil:
	case ask == "delete":
		if _, err = d.Privacy.RequestDeletion(r.Context(), proof); err == nil {
			leaveNotice(w, noticeDeletion)
			return seeOther(w, r, "/profile/data")
		}
	case ask == "json" || ask == "pdf":
		return d.export(w, r, proof, ask)
	default:
		err = web.ErrForm
	}
	switch {
	case errors.Is(err, access.ErrPaused):
		t, _ := until(err)
		return d.renderLocked(w, r, t)
	case fault.CodeOf(err) == fault.Unauthenticated:
		return d.loginFor(w, r, "/profile/data", false, err)
	case !web.OnForm(err):
		return err
	}
	problems, broken := explain(d.page(r).P, err)
	if broken != nil {
		return broken
	}
	v := DataView{Ask: ask}
	v.Errors = problems
	return d.renderData(w, r, web.Status(err), v)
}

func (d *Door) export(w http.ResponseWriter, r *http.Request, proof access.Proof, kind string) error {
	all, err := d.Privacy.Export(r.Context(), proof)
	if err != nil {
		return err
	}
	if kind == "pdf" {
		raw, err := all.PDF(d.page(r).P.Lang())
		if err != nil {
			return err
		}
		return download(w, "application/pdf", "my-data.pdf", raw)
	}
	raw, err := all.JSON()
	if err != nil {
		return err
	}
	return download(w, "application/json", "my-data.json", raw)
}
