package claim

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"rocketbank/internal/bank/claim"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// maxForm bounds a posted form: a plan is some hundred letters.
const maxForm = 8 << 10

// lookAgain is how often a page without scripts looks whether money has arrived.
const lookAgain = "4"

// get shows how a link stands.
func (d *Door) get(w http.ResponseWriter, r *http.Request) error {
	s, err := d.Bank.See(r.Context(), r.PathValue("link"))
	if err != nil {
		return err
	}
	return d.stand(w, r, http.StatusOK, s, nil)
}

// stand is the page of a link's state: the first step while it waits.
func (d *Door) stand(w http.ResponseWriter, r *http.Request, status int, s claim.Shown, why error) error {
	v := startView{view: d.view(r, s), Now: d.Now()}
	if why != nil {
		v.Errors = ui.Explain(v.P, why)
	}
	switch {
	case s.State == claim.Paying:
		w.Header().Set("Refresh", lookAgain+"; url="+v.Path)
		return d.render(w, r, status, payingPage(v.view))
	case s.State == claim.Done:
		return d.render(w, r, status, donePage(v.view))
	case s.CodeSent:
		return d.render(w, r, status, codePage(v))
	}
	return d.render(w, r, status, startPage(v))
}

func (d *Door) view(r *http.Request, s claim.Shown) view {
	return view{Page: d.page(r), Shown: s, Link: r.PathValue("link")}
}

// form reads a posted form.
func form(w http.ResponseWriter, r *http.Request) (web.Form, error) {
	f, err := web.ReadForm(w, r, maxForm)
	if err == nil {
		if faults := f.Faults(); len(faults) > 0 {
			err = web.ErrForm.Because(faults[0])
		}
	}
	return f, err
}

// postCode sends a code to the phone of the link.
func (d *Door) postCode(w http.ResponseWriter, r *http.Request) error {
	if _, err := form(w, r); err != nil {
		return err
	}
	p := d.page(r)
	s, err := d.Bank.SendCode(r.Context(), r.PathValue("link"), web.VisitOf(r).IP, p.Lang)
	if err != nil {
		return d.again(w, r, err)
	}
	return d.stand(w, r, http.StatusOK, s, nil)
}

// again shows the first step with a refusal that belongs there; any other is a
// page of its own.
func (d *Door) again(w http.ResponseWriter, r *http.Request, why error) error {
	if !web.OnForm(why) {
		return why
	}
	s, err := d.Bank.See(r.Context(), r.PathValue("link"))
	if err != nil {
		return err
	}
	return d.stand(w, r, web.Status(why), s, why)
}

// postEnter takes the code and opens the choice.
func (d *Door) postEnter(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	c, err := d.Bank.EnterCode(r.Context(), r.PathValue("link"), f.Get("code"))
	if err != nil {
		return d.again(w, r, err)
	}
	return d.choice(w, r, http.StatusOK, c, nil)
}

func (d *Door) choice(w http.ResponseWriter, r *http.Request, status int, c claim.Choice, why error) error {
	if c.State != claim.Waiting {
		return d.stand(w, r, status, c.Shown, nil)
	}
	v := choiceView{view: d.view(r, c.Shown), Choice: c}
	if why != nil {
		v.Errors = ui.Explain(v.P, why)
	}
	return d.render(w, r, status, choicePage(v))
}

// postWhere takes the choice step by step: the way, then its number, and asks
// once more before anything moves.
func (d *Door) postWhere(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	link, pass := r.PathValue("link"), f.Get("pass")
	wish := claim.Wish{Method: f.Get("method"), Card: f.Get("card"), Mobile: f.Get("mobile"), Wallet: f.Get("wallet")}
	c, err := d.Bank.Choose(r.Context(), link, pass)
	if err != nil {
		return d.again(w, r, err)
	}
	m, known := methodOf(c, wish.Method)
	if wish.Method == "" || c.State != claim.Waiting {
		return d.choice(w, r, http.StatusOK, c, nil)
	}
	if !known {
		return d.choice(w, r, http.StatusUnprocessableEntity, c, claim.ErrMethod)
	}
	if m.Closed {
		why := claim.ErrUnavailable
		if c.Spent {
			why = claim.ErrTries
		}
		return d.choice(w, r, http.StatusUnprocessableEntity, c, why)
	}
	v := numberView{choiceView: choiceView{view: d.view(r, c.Shown), Choice: c}, Method: m, Word: wish.Method, Typed: typed(wish, c, m.Way)}
	if m.Way != claim.ToAccount && !f.Has(m.Way.String()) {
		return d.render(w, r, http.StatusOK, numberPage(v))
	}
	plan, err := d.Bank.Check(r.Context(), link, pass, wish)
	switch {
	case err == nil:
		return d.render(w, r, http.StatusOK, planPage(planView{view: d.view(r, plan.Shown), Plan: plan, Pass: pass}))
	case errors.Is(err, claim.ErrProof):
		return d.again(w, r, err)
	case !web.OnForm(err):
		return err
	case m.Way == claim.ToAccount:
		return d.choice(w, r, web.Status(err), c, err)
	}
	v.Errors = ui.Explain(v.P, err)
	return d.render(w, r, web.Status(err), numberPage(v))
}

// typed is what the field of a way holds at first: a card's number never.
func typed(w claim.Wish, c claim.Choice, way claim.Way) string {
	switch way {
	case claim.ToMobile:
		if w.Mobile != "" {
			return w.Mobile
		}
	case claim.ToWallet:
		if w.Wallet != "" {
			return w.Wallet
		}
	default:
		return "" // a card's number is not sent back to the page
	}
	return c.Mobile.Pretty()
}

// methodOf finds a way among those the receiver was offered.
func methodOf(c claim.Choice, word string) (claim.Method, bool) {
	if word == claim.ToAccount.String() {
		return claim.Method{Way: claim.ToAccount}, c.Own
	}
	for _, m := range c.Methods {
		if wordOf(m) == word {
			return m, true
		}
	}
	return claim.Method{}, false
}

// wordOf is how the page names a way: card, mobile:CODE, wallet:CODE.
func wordOf(m claim.Method) string {
	return strings.TrimSuffix(m.Way.String()+":"+m.Code, ":")
}

// postTake sends the money. A second tap, another tab and a repeated post see
// what became of the first.
func (d *Door) postTake(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	s, err := d.Bank.Take(r.Context(), r.PathValue("link"), f.Get("plan"))
	if errors.Is(err, claim.ErrUnavailable) || errors.Is(err, claim.ErrTries) || err == nil && s.State == claim.Waiting {
		return d.failed(w, r, f.Get("pass"), s, err)
	}
	if err != nil {
		return d.again(w, r, err)
	}
	http.Redirect(w, r, d.page(r).Path, http.StatusSeeOther)
	return nil
}

// failed shows the choice again after a payout that did not go: the money is
// where it was, and another way may work.
func (d *Door) failed(w http.ResponseWriter, r *http.Request, pass string, s claim.Shown, why error) error {
	c, err := d.Bank.Choose(r.Context(), r.PathValue("link"), pass)
	if errors.Is(err, claim.ErrProof) {
		if why != nil {
			return d.again(w, r, why)
		}
		return d.stand(w, r, http.StatusOK, s, nil)
	}
	if err != nil {
		return err
	}
	status := http.StatusOK
	if why != nil {
		status = web.Status(why)
	}
	return d.choice(w, r, status, c, why)
}

// wait is how many seconds it takes until another code may be asked for.
func (v startView) wait() time.Duration { return max(0, v.ResendAt.Sub(v.Now)) }
