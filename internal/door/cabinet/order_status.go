package cabinet

import (
	"errors"
	"net/http"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

func (d *Door) getCheck(w http.ResponseWriter, r *http.Request) error {
	a, ok, err := d.at(w, r, QuestCheck)
	if !ok {
		return err
	}
	return d.render(w, r, http.StatusOK, CheckPage(checkView(d.shown(w, r), a)))
}

// checkView lists everything that was typed, page by page.
func checkView(p ui.Page, a application.View) CheckView {
	v := CheckView{QuestView: questOf(p, QuestCheck, a)}
	region, _ := application.RegionOf(a.Address.Region)
	x := a.Address
	var pages, given string
	for _, pv := range a.Pages {
		if pv.Have {
			pages = join(pages, p.P.T("cabinet.scans."+pv.Page.Name()))
		}
	}
	for _, c := range a.Consents {
		if c.Given {
			given = join(given, p.P.T(c.Key()+"_short"))
		}
	}
	word := ""
	if a.HasWord {
		word = p.P.T("cabinet.check.hidden")
	}
	say := func(key string) string { return p.P.T("cabinet." + key) }
	facts := map[QuestPage][]Fact{
		QuestPerson: {
			{say("check.name"), joinWith(" ", a.Name.Last, a.Name.First, a.Name.Middle)}, {say("person.birth_date"), a.Name.BirthDate},
			{say("quest.phone"), phone.Number(a.Phone.E164()).Pretty()}, {say("person.email"), a.Contact.Email},
		},
		QuestPassport: {
			{say("check.passport"), joinWith(" ", a.Passport.Series, a.Passport.Number)}, {say("passport.department"), a.Passport.Department},
			{say("passport.issued_on"), a.Passport.IssuedOn}, {say("passport.issued_by"), a.Passport.IssuedBy}, {say("passport.birth_place"), a.Passport.BirthPlace},
		},
		QuestAddress: {
			{say("check.address"), joinWith(", ", x.PostCode, region.Name(p.Lang), x.City, x.Street, x.House, x.Flat)},
			{say("address.delivery"), say("delivery." + string(a.Delivery.Way))}, {say("address.wish"), a.Delivery.Wish},
		},
		QuestScans: {{say("check.pages"), pages}},
		QuestWord:  {{say("word.word"), word}, {say("check.given"), given}},
	}
	for _, at := range questPages()[1:] {
		v.Parts = append(v.Parts, CheckPart{At: at, Facts: facts[at], Ready: v.Done[at]})
	}
	return v
}

func join(list, more string) string { return joinWith(", ", list, more) }

// joinWith leaves out what is empty.
func joinWith(sep string, parts ...string) (out string) {
	for _, s := range parts {
		if s != "" && out != "" {
			out += sep
		}
		out += s
	}
	return out
}

// postSubmit hands the application in. Everything is looked at once more; a
// second tap finds it sent.
func (d *Door) postSubmit(w http.ResponseWriter, r *http.Request) error {
	_, err := d.Applications.Submit(r.Context(), holder(r))
	if err == nil {
		return seeOther(w, r, "/order/status")
	}
	var wrong application.Problems
	if !errors.As(err, &wrong) {
		return d.lost(w, r, err)
	}
	a, verr := d.Applications.View(r.Context(), holder(r))
	if verr != nil {
		return d.lost(w, r, verr)
	}
	if a.State == application.Retake {
		return seeOther(w, r, "/order/scans")
	}
	return seeOther(w, r, pageOf(a.Next).Href()) // the page that is not whole says what is wrong when it is sent
}

// getStatus tells how an application stands: to who is inside, to who has
// proved the phone, and to the browser that filled it in.
func (d *Door) getStatus(w http.ResponseWriter, r *http.Request) error {
	st, err := d.statusOf(r)
	if errors.Is(err, application.ErrMissing) {
		if of(r).inside {
			return seeOther(w, r, "/home")
		}
		web.DropCookie(w, ticketCookie)
		leaveNotice(w, noticeQuest)
		return seeOther(w, r, "/order")
	}
	if err != nil {
		return err
	}
	if st.State == application.Draft {
		return seeOther(w, r, "/order/resume")
	}
	return d.render(w, r, http.StatusOK, StatusPage(statusView(d.shown(w, r), st)))
}

func (d *Door) statusOf(r *http.Request) (application.Status, error) {
	if of(r).inside {
		a, err := d.Applications.View(r.Context(), holder(r))
		return a.Status, err
	}
	// The flow's phone was proved a moment ago; the ticket may be of last month.
	for _, token := range []string{web.Cookie(r, flowCookie), web.Cookie(r, ticketCookie)} {
		if token == "" {
			continue
		}
		st, err := d.Applications.Status(r.Context(), token)
		if !errors.Is(err, application.ErrMissing) {
			return st, err
		}
	}
	return application.Status{}, application.ErrMissing
}

func statusView(p ui.Page, st application.Status) StatusView {
	v := StatusView{
		Page: p, ID: st.ID.Text(application.Prefix), State: st.State.Name(), Promised: st.Promised, CallAt: st.CallAt, Zone: st.Zone,
		Phrase: st.Phrase, NoAnswers: st.NoAnswers, Submitted: st.Submitted, Courier: st.Delivery == application.Courier, Met: st.Met,
		Old: p.SignedIn(), MayLeave: st.State.Live(),
	}
	if v.Zone == nil {
		v.Zone = clock.Moscow
	}
	if st.Reason != "" {
		v.Reason = p.P.T(st.Reason)
	}
	for _, t := range st.Retakes {
		v.Retakes = append(v.Retakes, Shot{Page: t.Page.Name(), Ask: joinWith(" ", p.P.T(t.Why), t.Note)})
	}
	return v
}

func (d *Door) getWithdraw(w http.ResponseWriter, r *http.Request) error {
	a, err := d.Applications.View(r.Context(), holder(r))
	if err != nil {
		return d.lost(w, r, err)
	}
	if !a.State.Live() {
		return seeOther(w, r, "/order/status")
	}
	return d.render(w, r, http.StatusOK, WithdrawPage(WithdrawView{d.shown(w, r)}))
}

func (d *Door) postWithdraw(w http.ResponseWriter, r *http.Request) error {
	if err := d.Applications.Withdraw(r.Context(), holder(r)); err != nil {
		return d.lost(w, r, err)
	}
	leaveNotice(w, noticeWithdrawn)
	if of(r).inside {
		return seeOther(w, r, "/home")
	}
	return seeOther(w, r, "/order/status")
}

// getFirst is the first login of somebody who was taken on: the code is given,
// the code word and a passcode are asked for.
func (d *Door) getFirst(w http.ResponseWriter, r *http.Request) error {
	flow, err := d.firstFlow(r)
	if err != nil {
		return d.strayed(w, r, err, "/order")
	}
	return d.render(w, r, http.StatusOK, FirstLoginPage(FirstLoginView{Page: d.shown(w, r), Flow: flow.ID.Text(access.FlowPrefix)}))
}

func (d *Door) firstFlow(r *http.Request) (access.Flow, error) {
	flow, err := d.flowAt(r, access.AtNewPasscode)
	if err == nil && flow.Client == 0 {
		err = access.ErrStep
	}
	return flow, err
}

func (d *Door) postFirst(w http.ResponseWriter, r *http.Request) error {
	f := of(r).form
	err := errors.Join(f.Faults()...)
	if err == nil {
		var entry access.Entry
		first := access.First{CodeWord: f.Get("code_word"), Passcode: f.Get("passcode"), Repeat: f.Get("repeat")}
		if entry, err = d.Access.FirstLogin(r.Context(), web.Cookie(r, flowCookie), first, visitorOf(r)); err == nil {
			if err := d.letIn(w, r, entry); err != nil {
				return err
			}
			web.DropCookie(w, ticketCookie)
			return seeOther(w, r, "/order/done")
		}
	}
	switch {
	case errors.Is(err, access.ErrNoFlow), errors.Is(err, access.ErrStep):
		return d.strayed(w, r, err, "/order")
	case errors.Is(err, access.ErrPaused):
		t, _ := until(err)
		return d.renderLocked(w, r, t)
	case !web.OnForm(err):
		return err
	}
	flow, ferr := d.firstFlow(r)
	if ferr != nil {
		return d.strayed(w, r, ferr, "/order")
	}
	v := FirstLoginView{Page: d.page(r), Flow: flow.ID.Text(access.FlowPrefix)}
	var broken error
	if v.Errors, broken = explain(v.P, err); broken != nil {
		return broken
	}
	return d.render(w, r, web.Status(err), FirstLoginPage(v))
}
