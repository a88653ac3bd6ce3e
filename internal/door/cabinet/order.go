package cabinet

import (
	"errors"
	"net/http"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// ticketCookie opens the status page of one application on this browser, and
// nothing else.
const (
	ticketCookie = "__Host-rba"
	ticketLife   = 30 * 24 * time.Hour
)

// getLanding is for strangers; who is inside, or opens the installed app on a
// device of his, goes on to his money.
func (d *Door) getLanding(w http.ResponseWriter, r *http.Request) error {
	if of(r).inside || r.URL.Query().Get("src") == "pwa" && web.Cookie(r, deviceCookie) != "" {
		return seeOther(w, r, "/home")
	}
	return d.render(w, r, http.StatusOK, LandingPage(LandingView{Page: d.shown(w, r), Ordered: web.Cookie(r, ticketCookie) != ""}))
}

// getOrder asks for the phone; who has proved one already goes on with his form.
func (d *Door) getOrder(w http.ResponseWriter, r *http.Request) error {
	if of(r).inside {
		return seeOther(w, r, "/order/resume")
	}
	if _, err := d.flowAt(r, access.AtNewPasscode); err == nil && r.URL.Query().Get("other") == "" {
		return seeOther(w, r, "/order/resume")
	}
	return d.render(w, r, http.StatusOK, OrderPage(OrderView{QuestView: QuestView{Page: d.shown(w, r), At: QuestPhone}}))
}

func (d *Door) postOrder(w http.ResponseWriter, r *http.Request) error {
	f := of(r).form
	v := OrderView{QuestView: QuestView{Page: d.page(r), At: QuestPhone}, Phone: f.Get("phone")}
	err := errors.Join(f.Faults()...)
	var flow access.Flow
	if err == nil {
		flow, err = d.Applications.Begin(r.Context(), v.Phone, v.Lang, visitorOf(r))
	}
	if err == nil {
		d.keepFlow(w, flow)
		return seeOther(w, r, "/order/code")
	}
	if !web.OnForm(err) {
		return err
	}
	if f, ok := fault.As(err); ok && f.Field == "" && f.Code == fault.Throttled {
		err = f.At("phone")
	}
	var broken error
	if v.Errors, broken = explain(v.P, err); broken != nil {
		return broken
	}
	return d.render(w, r, web.Status(err), OrderPage(v))
}

// holder tells who fills a questionnaire in: the client inside, or the browser
// whose flow has proved its phone.
func holder(r *http.Request) application.Holder {
	if c := of(r); c.inside {
		return application.BySession(c.session)
	}
	return application.ByFlow(web.Cookie(r, flowCookie))
}

// getResume opens the questionnaire, or goes on with it, and leads to the page
// that is due.
func (d *Door) getResume(w http.ResponseWriter, r *http.Request) error {
	if c := of(r); c.inside {
		wanted, err := d.Applications.Wanted(r.Context(), c.session.Client)
		if err != nil {
			return err
		}
		if _, err := d.Applications.View(r.Context(), holder(r)); !wanted && errors.Is(err, application.ErrMissing) {
			return seeOther(w, r, "/home") // his papers are with the bank
		}
	} else if flow, err := d.flowAt(r, access.AtNewPasscode); err != nil {
		return d.strayed(w, r, err, "/order")
	} else if flow.Client != 0 {
		return seeOther(w, r, "/order/passcode")
	}
	v, err := d.Applications.Open(r.Context(), holder(r))
	if err != nil {
		return d.lost(w, r, err)
	}
	if !v.Ticket.Empty() {
		web.SetCookie(w, ticketCookie, v.Ticket.Reveal(), ticketLife)
	}
	if v.State != application.Draft {
		return seeOther(w, r, "/order/status")
	}
	return seeOther(w, r, pageOf(v.Next).Href())
}

// postAgain begins a new application after one that was refused.
func (d *Door) postAgain(w http.ResponseWriter, r *http.Request) error {
	if _, err := d.Applications.Again(r.Context(), holder(r)); err != nil {
		return d.lost(w, r, err)
	}
	return seeOther(w, r, "/order/resume")
}

// lost leads on whoever has no questionnaire to fill in here: to the phone, to
// the page his flow waits at, to the status of what is sent.
func (d *Door) lost(w http.ResponseWriter, r *http.Request, err error) error {
	switch {
	case errors.Is(err, access.ErrNoFlow) && !of(r).inside:
		web.DropCookie(w, flowCookie)
		leaveNotice(w, noticeQuest)
		return seeOther(w, r, "/order")
	case errors.Is(err, access.ErrStep):
		return d.strayed(w, r, err, "/order")
	case errors.Is(err, application.ErrMissing):
		return seeOther(w, r, "/order/resume")
	case errors.Is(err, application.ErrSent), errors.Is(err, application.ErrNoRetake):
		return seeOther(w, r, "/order/status")
	}
	return err
}

// pageOf gives the page of the cabinet that a step stands on.
func pageOf(s application.Step) QuestPage {
	switch s {
	case application.StepName, application.StepContact:
		return QuestPerson
	case application.StepPassport:
		return QuestPassport
	case application.StepAddress, application.StepDelivery:
		return QuestAddress
	case application.StepScans:
		return QuestScans
	case application.StepWord:
		return QuestWord
	}
	return QuestCheck
}

// questOf is what every page knows of a questionnaire.
func questOf(p ui.Page, at QuestPage, a application.View) QuestView {
	v := QuestView{Page: p, At: at, Old: a.Client, Born: a.Name.BirthDate, Done: map[QuestPage]bool{QuestPhone: true}}
	for _, page := range questPages()[1:] {
		v.Done[page] = true
	}
	for _, s := range application.Steps() {
		if s != application.StepReview && !a.Done[s] {
			v.Done[pageOf(s)] = false
		}
	}
	return v
}

// at opens a page of the questionnaire. Who may not be there yet, or any more,
// is led to where he may; ok is false then.
func (d *Door) at(w http.ResponseWriter, r *http.Request, page QuestPage) (a application.View, ok bool, err error) {
	a, err = d.Applications.View(r.Context(), holder(r))
	if err != nil {
		return a, false, d.lost(w, r, err)
	}
	switch {
	case a.State == application.Retake && page == QuestScans:
	case a.State != application.Draft:
		return a, false, seeOther(w, r, "/order/status")
	case page == QuestCheck && a.Next != application.StepReview, !questOf(ui.Page{}, page, a).reached(page):
		return a, false, seeOther(w, r, pageOf(a.Next).Href())
	}
	return a, true, nil
}

// saved leads from a page that was kept to the one that is due. Whoever fills a
// long form in keeps his way open by it.
func (d *Door) saved(w http.ResponseWriter, r *http.Request, a application.View) error {
	d.prolong(w, r)
	return seeOther(w, r, pageOf(a.Next).Href())
}

// prolong keeps the flow of somebody who goes on with his form; should that
// fail, he is asked for a code again and nothing is lost.
func (d *Door) prolong(w http.ResponseWriter, r *http.Request) {
	if of(r).inside {
		return
	}
	token := web.Cookie(r, flowCookie)
	ends, err := d.Access.Prolong(r.Context(), token)
	if err != nil {
		d.Log.WarnContext(r.Context(), "a flow was not prolonged", "id", web.VisitOf(r).ID, "err", err)
		return
	}
	web.SetCookie(w, flowCookie, token, max(time.Minute, ends.Sub(d.Now())))
}

func (d *Door) getOrderDone(w http.ResponseWriter, r *http.Request) error {
	cards, err := d.cards(r)
	if err != nil {
		return err
	}
	v := OrderDoneView{Page: d.shown(w, r)}
	if len(cards) > 0 {
		v.Card = cards[0].shown
	}
	return d.render(w, r, http.StatusOK, OrderDonePage(v))
}
