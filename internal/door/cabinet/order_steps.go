package cabinet

import (
	"errors"
	"net/http"
	"time"

	"github.com/a-h/templ"

	"rocketbank/internal/bank/application"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// typed keeps what stands in the fields of a posted form.
func typed(f web.Form, names ...string) Typed {
	out := Typed{}
	for _, name := range names {
		out[name] = f.Get(name)
	}
	return out
}

var (
	personFields   = [...]string{"last", "first", "middle", "birth_date", "email"}
	passportFields = [...]string{"series", "number", "department", "issued_on", "issued_by", "birth_place"}
	addressFields  = [...]string{"post_code", "region", "city", "street", "house", "flat", "way", "wish"}
)

// refused shows a page again with everything that is wrong on it.
func (d *Door) refused(w http.ResponseWriter, r *http.Request, at QuestPage, err error, page func(QuestView) templ.Component) error {
	if !web.OnForm(err) || errors.Is(err, application.ErrSent) {
		return d.lost(w, r, err)
	}
	a, ok, verr := d.at(w, r, at)
	if verr != nil || !ok {
		return verr
	}
	p := d.page(r)
	problems, broken := explain(p.P, err)
	if broken != nil {
		return broken
	}
	v := questOf(p, at, a)
	v.Errors = problems
	return d.render(w, r, web.Status(err), page(v))
}

func (d *Door) getPerson(w http.ResponseWriter, r *http.Request) error {
	a, ok, err := d.at(w, r, QuestPerson)
	if !ok {
		return err
	}
	return d.render(w, r, http.StatusOK, PersonPage(PersonView{questOf(d.shown(w, r), QuestPerson, a), Typed{
		"last": a.Name.Last, "first": a.Name.First, "middle": a.Name.Middle, "birth_date": a.Name.BirthDate, "email": a.Contact.Email,
	}}))
}

func (d *Door) postPerson(w http.ResponseWriter, r *http.Request) error {
	f := of(r).form
	err := errors.Join(f.Faults()...)
	var a application.View
	if err == nil {
		// Two parts of the form, both looked at: all faults are told at once.
		_, one := d.Applications.SaveName(r.Context(), holder(r), application.NameForm{
			Last: f.Get("last"), First: f.Get("first"), Middle: f.Get("middle"), BirthDate: f.Get("birth_date"),
		})
		var two error
		a, two = d.Applications.SaveContact(r.Context(), holder(r), application.ContactForm{Email: f.Get("email")})
		err = both(one, two)
	}
	if err == nil {
		return d.saved(w, r, a)
	}
	return d.refused(w, r, QuestPerson, err, func(v QuestView) templ.Component { return PersonPage(PersonView{v, typed(f, personFields[:]...)}) })
}

// both joins the refusals of two halves of a page; what is no refusal of a form
// comes alone.
func both(one, two error) error {
	for _, err := range []error{one, two} {
		if err != nil && !web.OnForm(err) {
			return err
		}
	}
	return errors.Join(one, two)
}

func (d *Door) getPassport(w http.ResponseWriter, r *http.Request) error {
	a, ok, err := d.at(w, r, QuestPassport)
	if !ok {
		return err
	}
	p := a.Passport
	return d.render(w, r, http.StatusOK, PassportPage(PassportView{questOf(d.shown(w, r), QuestPassport, a), Typed{
		"series": p.Series, "number": p.Number, "department": p.Department, "issued_on": p.IssuedOn, "issued_by": p.IssuedBy, "birth_place": p.BirthPlace,
	}}))
}

func (d *Door) postPassport(w http.ResponseWriter, r *http.Request) error {
	f := of(r).form
	err := errors.Join(f.Faults()...)
	var a application.View
	if err == nil {
		a, err = d.Applications.SavePassport(r.Context(), holder(r), application.PassportForm{
			Series: f.Get("series"), Number: f.Get("number"), Department: f.Get("department"),
			IssuedBy: f.Get("issued_by"), IssuedOn: f.Get("issued_on"), BirthPlace: f.Get("birth_place"),
		})
	}
	if err == nil {
		return d.saved(w, r, a)
	}
	return d.refused(w, r, QuestPassport, err, func(v QuestView) templ.Component {
		return PassportPage(PassportView{v, typed(f, passportFields[:]...)})
	})
}

func regionsOf(p ui.Page) []ui.Choice {
	var out []ui.Choice
	for _, r := range application.Regions() {
		out = append(out, ui.Choice{Value: r.Code, Label: r.Name(p.Lang)})
	}
	return out
}

func (d *Door) getAddress(w http.ResponseWriter, r *http.Request) error {
	a, ok, err := d.at(w, r, QuestAddress)
	if !ok {
		return err
	}
	x := a.Address
	v := AddressView{QuestView: questOf(d.shown(w, r), QuestAddress, a), Typed: Typed{
		"post_code": x.PostCode, "region": x.Region, "city": x.City, "street": x.Street, "house": x.House, "flat": x.Flat,
		"way": string(a.Delivery.Way), "wish": a.Delivery.Wish,
	}}
	v.Regions = regionsOf(v.Page)
	return d.render(w, r, http.StatusOK, AddressPage(v))
}

func (d *Door) postAddress(w http.ResponseWriter, r *http.Request) error {
	f := of(r).form
	err := errors.Join(f.Faults()...)
	var a application.View
	if err == nil {
		_, one := d.Applications.SaveAddress(r.Context(), holder(r), application.AddressForm{
			PostCode: f.Get("post_code"), Region: f.Get("region"), City: f.Get("city"), Street: f.Get("street"), House: f.Get("house"), Flat: f.Get("flat"),
		})
		var two error
		a, two = d.Applications.SaveDelivery(r.Context(), holder(r), application.DeliveryForm{Way: application.Delivery(f.Get("way")), Wish: f.Get("wish")})
		err = both(one, two)
	}
	if err == nil {
		return d.saved(w, r, a)
	}
	return d.refused(w, r, QuestAddress, err, func(v QuestView) templ.Component {
		return AddressPage(AddressView{v, typed(f, addressFields[:]...), regionsOf(v.Page)})
	})
}

func consentsOf(p ui.Page, a application.View) []Consent {
	var out []Consent
	for _, c := range a.Consents {
		version, err := time.Parse(time.DateOnly, c.Version)
		if err != nil {
			version = time.Time{}
		}
		out = append(out, Consent{Kind: string(c.Kind), Text: p.P.T(c.Key()), Version: version, Needed: c.Needed, Given: c.Given})
	}
	return out
}

func (d *Door) getWord(w http.ResponseWriter, r *http.Request) error {
	a, ok, err := d.at(w, r, QuestWord)
	if !ok {
		return err
	}
	v := WordView{QuestView: questOf(d.shown(w, r), QuestWord, a), Have: a.HasWord}
	v.Consents = consentsOf(v.Page, a)
	return d.render(w, r, http.StatusOK, WordPage(v))
}

func (d *Door) postWord(w http.ResponseWriter, r *http.Request) error {
	f := of(r).form
	err := errors.Join(f.Faults()...)
	before, ok, verr := d.at(w, r, QuestWord)
	if !ok {
		return verr
	}
	given := map[application.ConsentKind]bool{}
	for _, c := range before.Consents {
		given[c.Kind] = f.Has("consent_" + string(c.Kind))
	}
	var a application.View
	if err == nil {
		a, err = d.Applications.SaveWord(r.Context(), holder(r), application.WordForm{CodeWord: vault.Hide(f.Get("code_word")), Consents: given})
	}
	if err == nil {
		return d.saved(w, r, a)
	}
	return d.refused(w, r, QuestWord, err, func(v QuestView) templ.Component {
		page := WordView{QuestView: v, Have: before.HasWord, Consents: consentsOf(v.Page, before)}
		for i, c := range page.Consents {
			page.Consents[i].Given = given[application.ConsentKind(c.Kind)]
		}
		if f.Get("code_word") != "" && v.Errors.For("code_word") == "" {
			// The word is never sent back, so it has to be typed once more.
			page.Errors = append(page.Errors, ui.Problem{Field: "code_word", Text: v.P.T("cabinet.word.again")})
		}
		return WordPage(page)
	})
}
