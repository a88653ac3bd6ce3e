package console

import (
	"errors"
	"net/http"
	"slices"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/paper"
	"rocketbank/internal/bank/scan"
	"rocketbank/internal/bank/staff"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// ProposalLine is a proposal in a list.
type ProposalLine struct {
	ID, Kind, Made, Decided, Maker, Checker string
	State                                   staff.ProposalState
	Mine                                    bool
}

// ProposalsView lists what waits for a second pair of eyes.
type ProposalsView struct {
	Page
	Lines []ProposalLine
}

// ProposalView is one proposal with what it would do.
type ProposalView struct {
	Page
	Line      ProposalLine
	UID       string
	Masked    string
	Fields    [][2]string // label, value
	Reason    string
	MayDecide bool
	Word      string // how the client's own word stands: asked, given; empty: it is not needed
	WordAt    string
	Scans     []ProposalScan
}

// ProposalScan is a page of the passport that came with the client's word.
type ProposalScan struct{ Name, Href string }

// ProposeView is the form of a proposal.
type ProposeView struct {
	Page
	UID, Masked, Kind string
	Fields            []string
	Values            map[string]string
	Reason            string
	Cards             []CardLine
}

func (d *Door) proposalLine(p Page, x staff.Proposal) ProposalLine {
	return ProposalLine{
		ID: x.Text(), Kind: p.P.T("console.proposal." + x.Kind.Word()), Made: stampOf(x.Made), Decided: stampOf(x.Decided),
		Maker: x.Maker.Name.Short(), Checker: x.Checker.Name.Short(), State: x.State, Mine: x.Maker.ID == p.Actor.ID(),
	}
}

func (d *Door) getProposals(w http.ResponseWriter, r *http.Request) error {
	v := ProposalsView{Page: d.shown(w, r)}
	list, err := d.Staff.Proposals(r.Context(), of(r).actor)
	if err != nil {
		return err
	}
	for _, x := range list {
		v.Lines = append(v.Lines, d.proposalLine(v.Page, x))
	}
	return d.render(w, r, http.StatusOK, ProposalsPage(v))
}

func (d *Door) getProposal(w http.ResponseWriter, r *http.Request) error {
	return d.showProposal(w, r, http.StatusOK, nil)
}

func (d *Door) showProposal(w http.ResponseWriter, r *http.Request, status int, refused error) error {
	c := of(r)
	key, err := id.Parse(staff.ProposalPrefix, r.PathValue("id"))
	if err != nil {
		return staff.ErrMissing
	}
	x, err := d.Staff.Proposal(r.Context(), c.actor, key)
	if err != nil {
		return err
	}
	who, err := d.Clients.ByID(r.Context(), x.Client)
	if err != nil {
		return err
	}
	v := ProposalView{
		Page: d.shown(w, r), UID: who.UID.Text(client.Prefix), Masked: who.Name.Masked(), Reason: x.Reason,
		MayDecide: x.State == staff.Waiting && x.Maker.ID != c.actor.ID() && c.actor.MayDecide(x.Kind),
	}
	v.Line = d.proposalLine(v.Page, x)
	if refused != nil {
		v.Errors = ui.Explain(v.P, refused)
	}
	for _, name := range shownFields(x.Kind) {
		if value := x.Fields[name]; value != "" {
			switch name {
			case "phone":
				value = phone.Number(value).Pretty()
			case "issued_on":
				value = dayOf(value)
			}
			v.Fields = append(v.Fields, [2]string{v.P.T("console.field." + name), value})
		}
	}
	if err := d.clientsWord(r, &v, x); err != nil {
		return err
	}
	return d.render(w, r, status, ProposalPage(v))
}

// clientsWord tells what the client himself has said to a proposal.
func (d *Door) clientsWord(r *http.Request, v *ProposalView, x staff.Proposal) error {
	q, err := d.Papers.Of(r.Context(), x)
	if errors.Is(err, paper.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	v.Word, v.WordAt = "given", stampOf(q.Changed)
	if q.State == paper.Asked {
		v.Word = "asked"
		return nil
	}
	for _, p := range q.Pages {
		if p.Have {
			v.Scans = append(v.Scans, ProposalScan{
				Name: v.P.T("console.page." + p.Page.Name()), Href: "/proposals/" + x.Text() + "/scans/" + p.Scan.ID.Text(scan.Prefix),
			})
		}
	}
	return nil
}

// getProposalScan gives a picture that the client sent, with the reader's name
// and the time drawn into it. Each picture seen is a look that the client reads
// of, and a line of the trail.
func (d *Door) getProposalScan(w http.ResponseWriter, r *http.Request) error {
	key, err := id.Parse(staff.ProposalPrefix, r.PathValue("id"))
	if err != nil {
		return staff.ErrMissing
	}
	which, err := id.Parse(scan.Prefix, r.PathValue("scan"))
	if err != nil {
		return scan.ErrMissing
	}
	x, err := d.Staff.ProposalScan(r.Context(), of(r).actor, key)
	if err != nil {
		return err
	}
	picture, err := d.Papers.Picture(r.Context(), of(r).actor, x, which)
	if errors.Is(err, paper.ErrNone) {
		return scan.ErrMissing
	}
	if err != nil {
		return err
	}
	return jpeg(w, r, which, picture)
}

func (d *Door) postDecide(w http.ResponseWriter, r *http.Request) error {
	c := of(r)
	key, err := id.Parse(staff.ProposalPrefix, r.PathValue("id"))
	if err != nil {
		return staff.ErrMissing
	}
	notice, known := map[string]string{"yes": "approved", "no": "refused", "again": "sent_back"}[c.form.Get("decision")]
	switch {
	case !known:
		return staff.ErrPayload
	case notice == "sent_back":
		err = d.Staff.AskAgain(r.Context(), c.actor, key)
	default:
		_, err = d.Staff.Decide(r.Context(), c.actor, key, notice == "approved")
	}
	if err != nil && web.OnForm(err) {
		return d.showProposal(w, r, http.StatusUnprocessableEntity, err)
	}
	if err != nil {
		return err
	}
	leaveNotice(w, notice)
	return seeOther(w, r, "/proposals")
}

// fieldsOf names what each kind of proposal asks for.
func fieldsOf(k staff.ProposalKind) []string {
	switch k {
	case staff.ProposePhone:
		return []string{"phone"}
	case staff.ProposeMail:
		return []string{"email"}
	case staff.ProposePerson:
		return []string{"last", "first", "middle", "series", "number", "department", "issued_by", "issued_on", "birth_place", "post_code", "region", "city", "street", "house", "flat"}
	case staff.ProposeUnfreeze:
		return []string{"card"}
	case staff.ProposeCorrection:
		return []string{"amount", "why"}
	}
	return nil
}

// shownFields names what the second pair of eyes reads: also what pages of
// their own put into a proposal.
func shownFields(k staff.ProposalKind) []string {
	switch k {
	case staff.ProposeCorrection:
		return append(fieldsOf(k), "break")
	case staff.ProposeDispute:
		return []string{"amount", "dispute"}
	}
	return fieldsOf(k)
}

// formOf tells how a field of a proposal is written, where that is no matter of
// course.
func formOf(p Page, field string) string {
	switch field {
	case "issued_on", "last":
		return p.P.T("console.hint." + field)
	}
	return ""
}

func proposalKind(word string) staff.ProposalKind {
	for k := staff.ProposePhone; k <= staff.ProposeMail; k++ {
		if k.Word() == word {
			return k
		}
	}
	return 0
}

func (d *Door) getPropose(w http.ResponseWriter, r *http.Request) error {
	return d.showPropose(w, r, http.StatusOK, nil, nil)
}

func (d *Door) showPropose(w http.ResponseWriter, r *http.Request, status int, refused error, typed map[string]string) error {
	c := of(r)
	who, err := d.clientOf(r)
	if err != nil {
		return err
	}
	kind := proposalKind(r.PathValue("kind"))
	if kind == 0 {
		return staff.ErrMissing
	}
	if !c.actor.MayMake(kind) {
		return staff.ErrRole
	}
	if _, err := d.Staff.Holds(r.Context(), d.DB, c.actor, staff.Target{Client: who.ID}); err != nil {
		return err
	}
	v := ProposeView{
		Page: d.page(r), UID: who.UID.Text(client.Prefix), Masked: who.Name.Masked(), Kind: kind.Word(), Fields: fieldsOf(kind), Values: typed,
	}
	v.Reason = typed["reason"]
	if refused != nil {
		v.Errors = ui.Explain(v.P, refused)
	}
	if slices.Contains(v.Fields, "card") {
		if v.Cards, err = d.cardLines(r.Context(), who.ID); err != nil {
			return err
		}
	}
	return d.render(w, r, status, ProposePage(v))
}

func (d *Door) postPropose(w http.ResponseWriter, r *http.Request) error {
	ctx, c := r.Context(), of(r)
	who, err := d.clientOf(r)
	if err != nil {
		return err
	}
	kind := proposalKind(r.PathValue("kind"))
	if kind == 0 {
		return staff.ErrMissing
	}
	own, err := d.Staff.Holds(ctx, d.DB, c.actor, staff.Target{Client: who.ID})
	if err != nil {
		return err
	}
	typed := map[string]string{}
	for _, name := range fieldsOf(kind) {
		typed[name] = c.form.Get(name)
	}
	again := func(err error) error {
		if !web.OnForm(err) {
			return err
		}
		typed["reason"] = c.form.Get("reason")
		return d.showPropose(w, r, http.StatusUnprocessableEntity, err, typed)
	}
	n := staff.Proposing{Kind: kind, Case: own.ID, Fields: typed, Reason: c.form.Get("reason")}
	if kind == staff.ProposePerson || kind == staff.ProposeMail {
		if n.Fields, err = application.Changed(who.Born, typed, d.DB.Now()); err != nil {
			return again(err)
		}
		if len(n.Fields) == 0 {
			return again(staff.ErrPayload)
		}
	}
	if kind == staff.ProposePhone {
		to, err := phone.Parse(typed["phone"])
		if err != nil {
			if f, ok := fault.As(err); ok {
				err = f.At("phone")
			}
			return again(err)
		}
		// Room access keeps the change on its way, with guards of its own; the
		// proposal carries its identifier to the second pair of eyes.
		if err := d.Staff.MayPropose(ctx, c.actor, n); err != nil {
			return again(err)
		}
		change, err := d.Access.StartNumberChange(ctx, c.actor, who.ID, to)
		if err != nil {
			return again(err)
		}
		n.Fields = map[string]string{"phone": to.E164(), "change": change.ID.Text(access.NumberPrefix)}
	}
	if _, err := d.Staff.Propose(ctx, c.actor, n); err != nil {
		return again(err)
	}
	leaveNotice(w, "proposed")
	return seeOther(w, r, "/clients/"+who.UID.Text(client.Prefix))
}
