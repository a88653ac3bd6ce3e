package cabinet

import (
	"errors"
	"net/http"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// flowAt reads the browser's flow, which must wait at one of the stages.
func (d *Door) flowAt(r *http.Request, stages ...access.Stage) (access.Flow, error) {
	flow, err := d.Access.FlowOf(r.Context(), web.Cookie(r, flowCookie))
	if err != nil {
		return flow, err
	}
	for _, s := range stages {
		if flow.Stage == s {
			return flow, nil
		}
	}
	return flow, access.ErrStep
}

// strayed leads somebody to the page his flow waits at, or to the beginning
// when there is none.
func (d *Door) strayed(w http.ResponseWriter, r *http.Request, err error, start string) error {
	if of(r).inside {
		return seeOther(w, r, "/home") // the flow is over and worked
	}
	switch {
	case errors.Is(err, access.ErrNoFlow):
		web.DropCookie(w, flowCookie)
		leaveNotice(w, noticeFlow)
		return seeOther(w, r, start)
	case errors.Is(err, access.ErrStep):
		flow, err := d.Access.FlowOf(r.Context(), web.Cookie(r, flowCookie))
		if err != nil && !errors.Is(err, access.ErrNoFlow) {
			return err
		}
		return d.follow(w, r, flow, next(r))
	}
	return err
}

// next reads where to go after login, from the form or the query.
func next(r *http.Request) string {
	if s := of(r).form.Get("next"); s != "" {
		return s
	}
	return r.URL.Query().Get("next")
}

// follow leads to the page a flow waits at.
func (d *Door) follow(w http.ResponseWriter, r *http.Request, flow access.Flow, next string) error {
	switch flow.Stage {
	case access.AtCode:
		if flow.Purpose == access.ForOrder {
			return seeOther(w, r, "/order/code")
		}
		return seeOther(w, r, withNext("/login/code", next))
	case access.AtPasscode:
		if next == "/login/recover" { // he came from «Забыли код?»
			return seeOther(w, r, next)
		}
		return seeOther(w, r, withNext("/login/passcode", next))
	case access.AtNewPasscode:
		if flow.Client == 0 {
			return seeOther(w, r, "/order/resume") // nobody's phone: the questionnaire goes on
		}
		return seeOther(w, r, "/order/passcode")
	case access.AtNobody:
		if d.claims(r) {
			return seeOther(w, r, "/login/number")
		}
		web.DropCookie(w, flowCookie)
		leaveNotice(w, noticeNobody)
		return seeOther(w, r, "/order")
	}
	web.DropCookie(w, flowCookie)
	return seeOther(w, r, "/login")
}

func (d *Door) getOrderCode(w http.ResponseWriter, r *http.Request) error {
	return d.showCode(w, r, access.ForOrder)
}

func (d *Door) postOrderCode(w http.ResponseWriter, r *http.Request) error {
	return d.takeCode(w, r, access.ForOrder)
}

func (d *Door) getLoginCode(w http.ResponseWriter, r *http.Request) error {
	return d.showCode(w, r, access.ForLogin)
}

func (d *Door) postLoginCode(w http.ResponseWriter, r *http.Request) error {
	return d.takeCode(w, r, access.ForLogin)
}

func start(p access.Purpose) string {
	if p == access.ForOrder {
		return "/order"
	}
	return "/login?other=1"
}

func (d *Door) showCode(w http.ResponseWriter, r *http.Request, p access.Purpose) error {
	flow, err := d.flowAt(r, access.AtCode)
	if err == nil && flow.Purpose != p {
		err = access.ErrStep
	}
	if err != nil {
		return d.strayed(w, r, err, start(p))
	}
	return d.renderCode(w, r, http.StatusOK, p, flow, false, nil)
}

func (d *Door) renderCode(w http.ResponseWriter, r *http.Request, status int, p access.Purpose, flow access.Flow, resent bool, problems ui.Errors) error {
	v := CodeView{
		Page: d.shown(w, r), Purpose: CodeForLogin, PhoneEnd: flow.Phone.E164(), ResendIn: max(0, flow.ResendAt.Sub(d.Now())),
		Resent: resent, TriesLeft: flow.TriesLeft, Spent: flow.Spent,
	}
	if p == access.ForOrder {
		v.Purpose = CodeForOrder
	}
	if to, ok := web.LocalPath(next(r)); ok {
		v.Hidden = []ui.Hidden{{Name: "next", Value: to}}
	}
	v.Errors = problems
	return d.render(w, r, status, CodePage(v))
}

// takeCode takes the code from the SMS, or sends a further one.
func (d *Door) takeCode(w http.ResponseWriter, r *http.Request, p access.Purpose) error {
	f := of(r).form
	token := web.Cookie(r, flowCookie)
	var flow access.Flow
	var err error
	resend := f.Get("resend") != ""
	if faults := f.Faults(); len(faults) > 0 {
		err = faults[0]
	} else if resend {
		flow, err = d.Access.Resend(r.Context(), p, token, visitorOf(r))
	} else {
		flow, err = d.Access.ConfirmCode(r.Context(), p, token, f.Get("code"))
	}
	if err == nil {
		d.keepFlow(w, flow)
		if resend {
			return d.renderCode(w, r, http.StatusOK, p, flow, true, nil)
		}
		return d.follow(w, r, flow, next(r))
	}
	if errors.Is(err, access.ErrNoFlow) || errors.Is(err, access.ErrStep) {
		return d.strayed(w, r, err, start(p))
	}
	if !web.OnForm(err) {
		return err
	}
	problems, broken := explain(d.page(r).P, at(err, "code"))
	if broken != nil {
		return broken
	}
	flow, ferr := d.Access.FlowOf(r.Context(), token)
	if ferr != nil {
		return d.strayed(w, r, ferr, start(p))
	}
	return d.renderCode(w, r, web.Status(err), p, flow, false, problems)
}
