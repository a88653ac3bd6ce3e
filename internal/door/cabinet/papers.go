package cabinet

import (
	"errors"
	"net/http"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/paper"
	"rocketbank/internal/bank/scan"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// PapersView is GET /profile/papers: what the contact centre wants to change of
// the client's own data, the pages of his passport that show it, and his word.
//
// Form fields (to POST /profile/papers, multipart): page, file. To
// POST /profile/papers/send: order, and signature from the device, passkey from
// the authenticator or code from the SMS.
type PapersView struct {
	ui.Page
	State    string       // asked, given; empty: nothing is asked
	Lines    []VerifyLine // what is to change
	Shots    []Shot
	ID       string // of the order
	Order    string
	Keyed    bool
	Passkeys bool
	CodeSent bool
	Phone    string
}

const papersPath = "/profile/papers"

// paperRoutes are the pages where a client confirms a change of his own data.
func (d *Door) paperRoutes() []route {
	return []route{
		{method: http.MethodGet, path: papersPath, who: insider, serve: d.getPapers},
		{method: http.MethodPost, path: papersPath, who: insider, body: uploadBody, files: true, serve: d.postPaper},
		{method: http.MethodGet, path: papersPath + "/{id}", who: insider, serve: d.getPaper},
		{method: http.MethodPost, path: papersPath + "/send", who: insider, serve: d.postPapers},
		{method: http.MethodPost, path: papersPath + "/ask", who: insider, serve: d.postPapersAsk},
	}
}

func (d *Door) getPapers(w http.ResponseWriter, r *http.Request) error {
	return d.renderPapers(w, r, http.StatusOK, d.shown(w, r), false)
}

// renderPapers shows what is asked now; the page's errors are those of its forms.
func (d *Door) renderPapers(w http.ResponseWriter, r *http.Request, status int, p ui.Page, sent bool) error {
	c := of(r)
	v := PapersView{Page: p, Keyed: c.session.Kind == access.Keyed, CodeSent: sent, Phone: c.client.Phone.E164()}
	q, err := d.Papers.Open(r.Context(), c.session.Client)
	if errors.Is(err, paper.ErrNone) {
		return d.render(w, r, status, PapersPage(v))
	}
	if err != nil {
		return err
	}
	v.State = "given"
	if q.State == paper.Asked {
		v.State = "asked"
		for _, pv := range q.Pages {
			s := shotOf(v.Page, pv, nil)
			if pv.Have {
				s.Thumb = papersPath + "/" + pv.Scan.ID.Text(scan.Prefix)
			}
			s.Problem = v.Errors.For("file_" + s.Page)
			v.Shots = append(v.Shots, s)
		}
	}
	doc := q.Order()
	v.ID, v.Order = doc.ID.Text(order.Prefix), doc.Text
	if text, err := order.Parse(doc.Text); err == nil {
		v.Lines = wished(v.Page, text)
	}
	if v.Passkeys, err = d.hasPasskeys(r); err != nil {
		return err
	}
	return d.render(w, r, status, PapersPage(v))
}

// wished are the lines of an order that say what is to change: those in words.
// Identifiers and prints stand in the text to the letter.
func wished(p ui.Page, o order.Parsed) (out []VerifyLine) {
	for _, l := range o.Lines {
		if words := o.Words(l.Name); words != "" {
			if day, err := time.Parse(time.DateOnly, words); err == nil {
				words = day.Format("02.01.2006")
			}
			out = append(out, VerifyLine{Name: lineName(p, l.Name), Value: words})
		}
	}
	return out
}

// postPaper takes one photo, by the rules of the questionnaire.
func (d *Door) postPaper(w http.ResponseWriter, r *http.Request) error {
	page, whole, err := d.takePhoto(w, r, func(page application.Page, file upload) error {
		return d.Papers.Upload(r.Context(), of(r).session.Client, page, file)
	})
	switch {
	case err == nil:
		return seeOther(w, r, papersPath)
	case fault.CodeOf(err) == fault.Broken:
		return err
	}
	swallow(w, whole)
	switch {
	case errors.Is(err, paper.ErrNone), errors.Is(err, paper.ErrOther):
		return seeOther(w, r, papersPath)
	case !web.OnForm(err) || page == 0:
		return err
	}
	p := d.page(r)
	var broken error
	if p.Errors, broken = explain(p.P, at(err, "file_"+page.Name())); broken != nil {
		return broken
	}
	return d.renderPapers(w, r, web.Status(err), p, false)
}

// getPaper gives a sent page to who sent it, as a file and never as a page of
// ours (W10).
func (d *Door) getPaper(w http.ResponseWriter, r *http.Request) error {
	which, err := pathID(r, scan.Prefix)
	if err != nil {
		return err
	}
	picture, err := d.Papers.Thumb(r.Context(), of(r).session.Client, which)
	if fault.CodeOf(err) == fault.Missing {
		return web.ErrNotFound
	}
	if err != nil {
		return err
	}
	return picturefile(w, r, which, picture)
}

// postPapers hands the change over to the bank once every page is there and its
// order is confirmed.
func (d *Door) postPapers(w http.ResponseWriter, r *http.Request) error {
	c := of(r)
	q, err := d.Papers.Open(r.Context(), c.session.Client)
	if errors.Is(err, paper.ErrNone) || err == nil && q.State != paper.Asked {
		return seeOther(w, r, papersPath) // also a double tap: it is done
	}
	if err != nil {
		return err
	}
	doc := q.Order()
	p := d.page(r)
	err = errors.Join(c.form.Faults()...)
	if err == nil && c.form.Get("order") != doc.ID.Text(order.Prefix) {
		err = paper.ErrOther
	}
	if err == nil && !q.Whole() {
		for _, pv := range q.Pages {
			if !pv.Have {
				text := p.P.T("cabinet.scans.need", locale.A("page", p.P.T("cabinet.scans."+pv.Page.Name())))
				p.Errors = append(p.Errors, ui.Problem{Field: "file_" + pv.Page.Name(), Text: text})
			}
		}
		return d.renderPapers(w, r, http.StatusUnprocessableEntity, p, false)
	}
	sent := c.form.Get("code") != ""
	var signed order.Signed
	if err == nil {
		signed, sent, err = d.signChange(r, doc, sent)
	}
	if err == nil && sent && signed.Client() == 0 {
		return d.renderPapers(w, r, http.StatusOK, p, true)
	}
	if err == nil {
		err = d.Papers.Send(r.Context(), c.session.Client, signed)
	}
	switch {
	case err == nil:
		leaveNotice(w, noticePapers)
		return seeOther(w, r, papersPath)
	case errors.Is(err, order.ErrNotSigned):
		return d.unproved(w, r, route{}, c, access.ErrProof)
	case fault.CodeOf(err) == fault.Unauthenticated:
		return d.loginFor(w, r, papersPath, false, err)
	case !web.OnForm(err):
		return err
	}
	var broken error
	if p.Errors, broken = explain(p.P, err); broken != nil {
		return broken
	}
	return d.renderPapers(w, r, web.Status(err), p, sent)
}

// postPapersAsk starts the confirmation by a passkey, which signs the hash of
// the order's text.
func (d *Door) postPapersAsk(w http.ResponseWriter, r *http.Request) error {
	q, err := d.Papers.Open(r.Context(), of(r).session.Client)
	if err == nil && (q.State != paper.Asked || of(r).form.Get("order") != q.Order().ID.Text(order.Prefix)) {
		err = paper.ErrOther
	}
	if err == nil && !q.Whole() {
		err = paper.ErrPages
	}
	if err != nil {
		return d.scriptRefusal(w, r, err)
	}
	options, err := d.Access.BeginPasskeyOrder(r.Context(), of(r).session, []byte(q.Order().Text))
	if err != nil {
		return d.scriptRefusal(w, r, err)
	}
	return ceremony(w, options, "")
}

// fields are those an error of the page may stand on.
func (v PapersView) fields() []string {
	out := []string{"code"}
	for _, s := range v.Shots {
		out = append(out, "file_"+s.Page)
	}
	return out
}

// whole tells whether every page is there.
func (v PapersView) whole() bool {
	for _, s := range v.Shots {
		if s.Thumb == "" {
			return false
		}
	}
	return true
}
