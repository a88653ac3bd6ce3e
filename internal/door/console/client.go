package console

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/staff"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// SearchView is the page that finds one client by an exact value.
type SearchView struct {
	Page
	Nobody bool
}

// ClientView is a client as a member may see him now: masked, or with the one
// part that his look has opened.
type ClientView struct {
	Page
	UID     string
	Masked  string
	Phone   string // masked
	State   client.State
	Level   client.Level
	Since   string
	Case    *CaseLine // the member's own open case, or nil
	Proved  bool      // the caller has said the code word
	Opened  staff.What
	Look    string // its identifier, for links that keep it open
	Person  *PersonView
	Cards   []CardLine
	Ops     []OperationLine
	Devices []DeviceLine
	Asked   []AskedLine
	Cases   []CaseLine
	Notes   []staff.Note
	Looks   []staff.Look
	Waiting []ProposalLine
	Word    string // what came of a code word: "yes" or "no"
	Reason  string // what was typed, when it has to be typed again
	Note    string
}

// PersonView is what a reason opens of a person.
type PersonView struct {
	Name, Born, Phone string
	Papers            client.Papers
	Versions          []client.PapersVersion
}

// CardLine is a card in a table.
type CardLine struct {
	ID, Last4, Until string
	State            card.State
	ByBank           bool
}

// OperationLine is an operation in a table; the other side is masked.
type OperationLine struct {
	At, Kind, Other, State string
	Amount                 string
}

// DeviceLine is a device in a table.
type DeviceLine struct {
	Name, Code, Since, Last string
	Sessions                int
}

// AskedLine is one of the client's applications in a table.
type AskedLine struct {
	Number, State, Made, Changed string
	Pages                        []string // photographed
}

// CaseLine is a case in a list.
type CaseLine struct {
	ID, UID, Kind, Subject, Opened string
	Open, Mine, Proved             bool
}

func (d *Door) getSearch(w http.ResponseWriter, r *http.Request) error {
	return d.render(w, r, http.StatusOK, SearchPage(SearchView{Page: d.shown(w, r)}))
}

// postSearch finds a client by his phone or by the number of an application or
// client, each exact: there is no list of clients anywhere.
func (d *Door) postSearch(w http.ResponseWriter, r *http.Request) error {
	c := of(r)
	typed := strings.TrimSpace(c.form.Get("q"))
	if strings.HasPrefix(typed, application.Prefix+"_") && c.actor.Has(staff.Manager) {
		if _, err := id.Parse(application.Prefix, typed); err == nil {
			if err := d.Staff.Searched(r.Context(), c.actor, "application", 0); err != nil {
				return err
			}
			return seeOther(w, r, "/applications/"+typed)
		}
	}
	who, uid, how, err := d.find(r.Context(), typed)
	if err == nil || errors.Is(err, client.ErrNobody) {
		if err := d.Staff.Searched(r.Context(), c.actor, how, who); err != nil {
			return err
		}
	}
	if err == nil {
		return seeOther(w, r, "/clients/"+uid)
	}
	v := SearchView{Page: d.page(r)}
	if !web.OnForm(err) && !errors.Is(err, client.ErrNobody) {
		return err
	}
	v.Nobody = errors.Is(err, client.ErrNobody)
	if !v.Nobody {
		v.Errors = ui.Explain(v.P, err)
	}
	return d.render(w, r, http.StatusOK, SearchPage(v))
}

func (d *Door) find(ctx context.Context, typed string) (who client.ID, uid, how string, err error) {
	if strings.HasPrefix(typed, client.Prefix+"_") {
		key, err := id.Parse(client.Prefix, typed)
		if err != nil {
			return 0, "", "client", client.ErrNobody
		}
		who, err = d.Clients.ByUID(ctx, key)
		return who, typed, "client", err
	}
	if strings.HasPrefix(typed, application.Prefix+"_") {
		who, err := d.Applications.Became(ctx, typed)
		if errors.Is(err, application.ErrMissing) {
			return 0, "", "application", client.ErrNobody
		}
		if err != nil {
			return 0, "", "application", err
		}
		c, err := d.Clients.ByID(ctx, who)
		return who, c.UID.Text(client.Prefix), "application", err
	}
	n, err := phone.Parse(typed)
	if err != nil {
		if f, ok := fault.As(err); ok {
			err = f.At("q")
		}
		return 0, "", "phone", err
	}
	if who, err = d.Clients.HoldsPhone(ctx, d.DB, n); err != nil {
		return 0, "", "phone", err
	}
	c, err := d.Clients.ByID(ctx, who)
	return who, c.UID.Text(client.Prefix), "phone", err
}

// clientOf reads whose page it is.
func (d *Door) clientOf(r *http.Request) (client.Client, error) {
	uid, err := id.Parse(client.Prefix, r.PathValue("uid"))
	if err != nil {
		return client.Client{}, client.ErrNobody
	}
	who, err := d.Clients.ByUID(r.Context(), uid)
	if err != nil {
		return client.Client{}, err
	}
	return d.Clients.ByID(r.Context(), who)
}

func (d *Door) getClient(w http.ResponseWriter, r *http.Request) error {
	return d.showClient(w, r, http.StatusOK, nil, nil)
}

// showClient builds the page. Whatever is not opened by a look never leaves
// the rooms: it is not even read.
func (d *Door) showClient(w http.ResponseWriter, r *http.Request, status int, refused error, change func(*ClientView)) error {
	ctx, c := r.Context(), of(r)
	who, err := d.clientOf(r)
	if err != nil {
		return err
	}
	v := ClientView{
		Page: d.shown(w, r), UID: who.UID.Text(client.Prefix), Masked: who.Name.Masked(), Phone: who.Phone.Masked(),
		State: who.State, Level: who.Level, Since: stampOf(who.Since),
	}
	if refused != nil {
		v.Errors = ui.Explain(v.P, refused)
	}
	if change != nil {
		change(&v)
	}
	target := staff.Target{Client: who.ID}
	switch own, err := d.Staff.Holds(ctx, d.DB, c.actor, target); {
	case err == nil:
		line := d.caseLine(v.Page, own)
		v.Case = &line
		_, err := d.Staff.Proved(ctx, c.actor, own.ID)
		v.Proved = err == nil
		if v.Notes, err = d.Staff.Notes(ctx, c.actor, who.ID); err != nil {
			return err
		}
	case !errors.Is(err, staff.ErrNoCase):
		return err
	}
	cases, err := d.Staff.CasesOf(ctx, who.ID)
	if err != nil {
		return err
	}
	for _, one := range cases {
		v.Cases = append(v.Cases, d.caseLine(v.Page, one))
	}
	waiting, err := d.Staff.ProposalsOf(ctx, who.ID)
	if err != nil {
		return err
	}
	for _, one := range waiting {
		v.Waiting = append(v.Waiting, d.proposalLine(v.Page, one))
	}
	if v.Looks, err = d.Staff.LooksAt(ctx, who.ID); err != nil {
		return err
	}
	if text := r.URL.Query().Get("look"); text != "" && refused == nil {
		if err := d.openPart(r, &v, who, text); err != nil {
			return err
		}
	}
	return d.render(w, r, status, ClientPage(v))
}

// openPart reads the one part that a look opens.
func (d *Door) openPart(r *http.Request, v *ClientView, who client.Client, text string) error {
	ctx, c := r.Context(), of(r)
	key, err := id.Parse(staff.LookPrefix, text)
	if err != nil {
		return staff.ErrLookTooOld
	}
	look, err := d.Staff.Looking(ctx, c.actor, key, staff.Target{Client: who.ID})
	if err != nil {
		return err
	}
	v.Opened, v.Look = look.What, text
	switch look.What {
	case staff.WhatPerson:
		v.Person = &PersonView{Name: who.Name.Whole(), Born: dayOf(who.Born.ISO()), Phone: who.Phone.Pretty()}
		if v.Person.Versions, err = d.Clients.PapersHistory(ctx, who.ID); err != nil {
			return err
		}
		if len(v.Person.Versions) > 0 {
			v.Person.Papers = v.Person.Versions[0].Papers
		}
	case staff.WhatCards:
		v.Cards, err = d.cardLines(ctx, who.ID)
	case staff.WhatOperations:
		v.Ops, err = d.operationLines(ctx, v.Page, who.ID)
	case staff.WhatDevices:
		v.Devices, err = d.deviceLines(ctx, who.ID)
	case staff.WhatQuestions:
		v.Asked, err = d.askedLines(ctx, v.Page, who.ID)
	}
	return err
}

func (d *Door) cardLines(ctx context.Context, who client.ID) ([]CardLine, error) {
	cards, err := d.Cards.Of(ctx, who)
	var out []CardLine
	for _, k := range cards {
		out = append(out, CardLine{
			ID: k.ID.Text(card.Prefix), Last4: k.Last4, Until: twoDigits(int(k.Month)) + "/" + twoDigits(k.Year%100),
			State: k.State, ByBank: k.FrozenBy > card.ByClient,
		})
	}
	return out, err
}

func (d *Door) operationLines(ctx context.Context, p Page, who client.ID) ([]OperationLine, error) {
	page, err := d.Operations.Feed(ctx, who, operation.Filter{Limit: 50})
	var out []OperationLine
	for _, o := range page.Operations {
		other := o.Details.Name // masked since it was written
		if o.Details.Card != "" {
			other = "•• " + o.Details.Card[max(0, len(o.Details.Card)-4):]
		}
		out = append(out, OperationLine{
			At: stampOf(o.At), Kind: p.P.T("console.op." + o.Kind.String()), Other: other,
			State: p.P.T("console.opstate." + o.State.String()), Amount: p.P.MoneySigned(o.Amount),
		})
	}
	return out, err
}

func (d *Door) askedLines(ctx context.Context, p Page, who client.ID) ([]AskedLine, error) {
	all, err := d.Applications.Of(ctx, who)
	var out []AskedLine
	for _, a := range all {
		line := AskedLine{
			Number: a.ID.Text(application.Prefix), State: p.P.T("console.state." + a.State.Name()), Made: stampOf(a.Made), Changed: stampOf(a.Changed),
		}
		for _, page := range a.Pages {
			line.Pages = append(line.Pages, p.P.T("console.page."+page.Name()))
		}
		out = append(out, line)
	}
	return out, err
}

func (d *Door) deviceLines(ctx context.Context, who client.ID) ([]DeviceLine, error) {
	devices, err := d.Access.Devices(ctx, who, access.Session{})
	var out []DeviceLine
	for _, one := range devices {
		out = append(out, DeviceLine{
			Name: one.Name, Code: one.Code, Since: stampOf(one.Since), Last: stampOf(one.Last), Sessions: len(one.Sessions),
		})
	}
	return out, err
}

func twoDigits(n int) string { return string([]byte{'0' + byte(n/10%10), '0' + byte(n%10)}) }

func (d *Door) caseLine(p Page, c staff.Case) CaseLine {
	return CaseLine{
		ID: c.Text(), Kind: p.P.T("console.case." + c.Kind.Word()), Subject: c.Subject, Opened: stampOf(c.Opened),
		Open: c.State == staff.CaseOpen, Mine: c.Assignee == p.Actor.ID(), Proved: !c.Proved.IsZero(),
	}
}

// postOpenCase opens a case about the client for the member himself.
func (d *Door) postOpenCase(w http.ResponseWriter, r *http.Request) error {
	c := of(r)
	who, err := d.clientOf(r)
	if err != nil {
		return err
	}
	kind := caseKind(c.form.Get("kind"))
	if kind == 0 {
		return staff.ErrMissing
	}
	if _, err := d.Staff.OpenCase(r.Context(), c.actor, staff.NewCase{Kind: kind, Client: who.ID}); err != nil {
		return err
	}
	leaveNotice(w, "case_opened")
	if back, ok := web.LocalPath(c.form.Get("back")); ok {
		return seeOther(w, r, back)
	}
	return seeOther(w, r, "/clients/"+who.UID.Text(client.Prefix))
}

func caseKind(word string) staff.CaseKind {
	for _, k := range []staff.CaseKind{staff.CaseCall, staff.CaseComplaint, staff.CaseCheck} {
		if k.Word() == word {
			return k
		}
	}
	return 0
}

func (d *Door) postCloseCase(w http.ResponseWriter, r *http.Request) error {
	key, err := id.Parse(staff.CasePrefix, r.PathValue("id"))
	if err != nil {
		return staff.ErrMissing
	}
	if err := d.Staff.CloseCase(r.Context(), of(r).actor, key); err != nil {
		return err
	}
	leaveNotice(w, "case_closed")
	return seeOther(w, r, "/")
}

// postLook opens one part with a reason.
func (d *Door) postLook(w http.ResponseWriter, r *http.Request) error {
	c := of(r)
	who, err := d.clientOf(r)
	if err != nil {
		return err
	}
	what := staff.What(c.form.Get("what"))
	switch what {
	case staff.WhatPerson, staff.WhatCards, staff.WhatOperations, staff.WhatDevices, staff.WhatQuestions:
	default:
		return staff.ErrMissing
	}
	look, err := d.Staff.Look(r.Context(), c.actor, staff.Target{Client: who.ID}, what, c.form.Get("reason"))
	if err != nil && web.OnForm(err) {
		return d.showClient(w, r, http.StatusUnprocessableEntity, err, func(v *ClientView) { v.Reason = c.form.Get("reason") })
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, "/clients/"+who.UID.Text(client.Prefix)+"?look="+look.ID.Text(staff.LookPrefix))
}

func (d *Door) postNote(w http.ResponseWriter, r *http.Request) error {
	c := of(r)
	who, err := d.clientOf(r)
	if err != nil {
		return err
	}
	if err := d.Staff.AddNote(r.Context(), c.actor, who.ID, strings.TrimSpace(c.form.Get("note"))); err != nil {
		if web.OnForm(err) {
			return d.showClient(w, r, http.StatusUnprocessableEntity, err, func(v *ClientView) { v.Note = c.form.Get("note") })
		}
		return err
	}
	leaveNotice(w, "noted")
	return seeOther(w, r, "/clients/"+who.UID.Text(client.Prefix))
}

// postWord passes on the code word a caller has said: yes or no.
func (d *Door) postWord(w http.ResponseWriter, r *http.Request) error {
	c := of(r)
	who, err := d.clientOf(r)
	if err != nil {
		return err
	}
	own, err := d.Staff.Holds(r.Context(), d.DB, c.actor, staff.Target{Client: who.ID})
	if err != nil {
		return err
	}
	right, err := d.Staff.HearCodeWord(r.Context(), c.actor, own.ID, d.Access, c.form.Get("word"))
	if err != nil {
		if web.OnForm(err) {
			return d.showClient(w, r, http.StatusUnprocessableEntity, err, nil)
		}
		return err
	}
	said := "no"
	if right {
		said = "yes"
	}
	return d.showClient(w, r, http.StatusOK, nil, func(v *ClientView) { v.Word = said })
}

// postAct does what makes a client safer or starts a way back; each needs a
// case, and some the code word.
func (d *Door) postAct(w http.ResponseWriter, r *http.Request) error {
	ctx, c := r.Context(), of(r)
	who, err := d.clientOf(r)
	if err != nil {
		return err
	}
	act := c.form.Get("act")
	nothing := func(context.Context, db.Tx) error { return nil }
	switch act {
	case "recovery": // the passcode itself is never theirs to set (S03)
		if err = d.Staff.InCase(ctx, c.actor, staff.Support, who.ID, "staff.recovery", "", nothing); err == nil {
			_, err = d.Access.StartRecovery(ctx, c.actor, who.ID)
		}
	case "lockdown":
		if err = d.Staff.InCase(ctx, c.actor, staff.Support|staff.Compliance|staff.CardOfficer, who.ID, "staff.lockdown", "", nothing); err == nil {
			err = d.Access.LockDown(ctx, c.actor, who.ID)
		}
	case "block":
		err = d.Staff.InCase(ctx, c.actor, staff.Support|staff.Compliance, who.ID, "client.blocked", "", func(ctx context.Context, tx db.Tx) error {
			return d.Clients.SetState(ctx, tx, who.ID, client.Blocked)
		})
	case "freeze":
		key, bad := id.Parse(card.Prefix, c.form.Get("card"))
		if bad != nil {
			return card.ErrMissing
		}
		err = d.Staff.InCase(ctx, c.actor, staff.CardOfficer|staff.Support|staff.Compliance, who.ID, "staff.freeze", key.Text(card.Prefix), func(ctx context.Context, tx db.Tx) error {
			return d.Cards.Freeze(ctx, tx, who.ID, key, card.ByBank, c.actor.Ref())
		})
	default:
		return staff.ErrMissing
	}
	if err != nil && web.OnForm(err) {
		return d.showClient(w, r, http.StatusUnprocessableEntity, err, nil)
	}
	if err != nil {
		return err
	}
	leaveNotice(w, "done_"+act)
	return seeOther(w, r, "/clients/"+who.UID.Text(client.Prefix))
}
