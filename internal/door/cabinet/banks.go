package cabinet

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"rocketbank/internal/bank/receiver"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// phoneRoutes is a transfer to another bank by phone: which bank, then how much.
func (d *Door) phoneRoutes() []route {
	get, post := http.MethodGet, http.MethodPost
	return []route{
		{method: get, path: "/transfer/bank", who: insider, serve: d.getBanks},
		{method: post, path: "/transfer/bank", who: insider, serve: d.postBank, keep: d.keepBank},
		{method: get, path: "/transfer/nobody", who: insider, serve: d.getNobody},
		{method: get, path: "/transfer/phone", who: insider, serve: d.getPhoneOut},
		{method: post, path: "/transfer/phone", who: insider, serve: d.postPhoneOut, keep: d.keepPhone},
		{method: post, path: "/transfer/phone/quote", who: insider, serve: d.postPhoneQuote, keep: d.keepPhone},
	}
}

// toBanks goes on with a phone that is nobody's of ours. Its look-up was counted
// when that was found out. A rail that is silent shows on the next page.
func (d *Door) toBanks(w http.ResponseWriter, r *http.Request, number phone.Number, x draft) error {
	m, err := d.Receivers.Preferred(r.Context(), number)
	if err != nil && !errors.Is(err, receiver.ErrDown) {
		return err
	}
	return d.banksOf(w, r, draft{
		Phone: number.E164(), Bank: m.ID, From: cut(x.From, keptShort), Amount: cut(x.Amount, keptShort), Message: cut(x.Message, keptLong),
	})
}

func (d *Door) banksOf(w http.ResponseWriter, r *http.Request, x draft) error {
	token, err := d.sealDraft(of(r).session.Client, x)
	if err != nil {
		return err
	}
	return seeOther(w, r, "/transfer/bank?"+url.Values{"draft": {token}}.Encode())
}

// phoneDraft opens the draft of a page that needs somebody's phone.
func (d *Door) phoneDraft(w http.ResponseWriter, r *http.Request, token string) (x draft, ok bool, err error) {
	x, ok = d.openDraft(of(r).session.Client, token)
	if ok && x.Phone != "" && d.Receivers.Open() {
		return x, true, nil
	}
	leaveNotice(w, noticeDraft)
	return x, false, seeOther(w, r, "/transfer")
}

// getBanks asks in which bank.
func (d *Door) getBanks(w http.ResponseWriter, r *http.Request) error {
	x, ok, err := d.phoneDraft(w, r, r.URL.Query().Get("draft"))
	if !ok {
		return err
	}
	return d.renderBanks(w, r, http.StatusOK, x, r.URL.Query().Get("q"), nil)
}

// renderBanks lists the banks, the preferred one first. A list that cannot be
// had is said in its place; the person can be invited all the same.
func (d *Door) renderBanks(w http.ResponseWriter, r *http.Request, status int, x draft, search string, problems ui.Errors) error {
	search = cut(strings.TrimSpace(search), keptShort)
	v := BanksView{Page: d.shown(w, r), Phone: x.Phone, Search: search}
	all, err := d.Receivers.Banks(r.Context())
	switch {
	case errors.Is(err, receiver.ErrDown):
		status = web.Status(err)
		if problems, err = explain(v.P, err); err != nil {
			return err
		}
	case err != nil:
		return err
	}
	v.Errors = problems
	v.Long = len(all) > fewBanks
	for _, m := range all {
		b := Bank{ID: m.ID, Name: d.bankName(r, m.RU, m.EN), Down: m.Down, Preferred: m.ID == x.Bank}
		switch {
		case b.Preferred:
			v.Preferred = &b
		case found(m, search):
			v.Banks = append(v.Banks, b)
		}
	}
	if v.Draft, err = d.sealDraft(of(r).session.Client, x); err != nil {
		return err
	}
	return d.render(w, r, status, BanksPage(v))
}

// fewBanks fit one screen and need no search.
const fewBanks = 8

// found tells whether a bank's name in either language holds what is searched.
func found(m receiver.Member, search string) bool {
	fold := func(s string) string { return strings.ReplaceAll(strings.ToLower(s), "ё", "е") }
	return strings.Contains(fold(m.RU), fold(search)) || strings.Contains(fold(m.EN), fold(search))
}

// bankName says a bank's name as the reader writes.
func (d *Door) bankName(r *http.Request, ru, en string) string {
	if d.page(r).P.Lang() == "ru" {
		return ru
	}
	return en
}

// postBank asks the chosen bank whose account stands behind the phone.
func (d *Door) postBank(w http.ResponseWriter, r *http.Request) error {
	f := of(r).form
	x, ok, err := d.phoneDraft(w, r, f.Get("draft"))
	if !ok {
		return err
	}
	to, err := d.lookAt(r.Context(), r, phone.Number(x.Phone), f)
	if err != nil {
		status := web.Status(err)
		switch {
		case errors.Is(err, receiver.ErrNobody):
			status = http.StatusUnprocessableEntity // the page is there; the person is not
		case !web.OnForm(err):
			return err
		}
		problems, broken := explain(d.page(r).P, at(err, "bank"))
		if broken != nil {
			return broken
		}
		return d.renderBanks(w, r, status, x, f.Get("q"), problems)
	}
	x.To, x.Bank = to.Token, ""
	token, err := d.sealDraft(of(r).session.Client, x)
	if err != nil {
		return err
	}
	return seeOther(w, r, "/transfer/phone?"+url.Values{"draft": {token}}.Encode())
}

func (d *Door) lookAt(ctx context.Context, r *http.Request, number phone.Number, f web.Form) (receiver.Receiver, error) {
	if faults := f.Faults(); len(faults) > 0 {
		return receiver.Receiver{}, errors.Join(faults...)
	}
	if f.Get("bank") == "" {
		return receiver.Receiver{}, receiver.ErrNoBank
	}
	return d.Receivers.Look(ctx, of(r).session.Client, number, f.Get("bank"), web.VisitOf(r).IP)
}

// keepBank brings the list of banks back: the draft in the form holds it all.
func (d *Door) keepBank(r *http.Request) (string, bool) {
	whose, ok := d.keptFor(r)
	if !ok {
		return "/transfer", false
	}
	x, ok := d.openDraft(whose, of(r).form.Get("draft"))
	if !ok {
		return "/transfer", false
	}
	return d.keep(r, "/transfer/bank", x)
}

// getNobody invites somebody whom no bank is known of.
func (d *Door) getNobody(w http.ResponseWriter, r *http.Request) error {
	x, ok, err := d.phoneDraft(w, r, r.URL.Query().Get("draft"))
	if !ok {
		return err
	}
	return d.renderNotClient(w, r, phone.Number(x.Phone), x)
}
