package api

import (
	"context"
	"errors"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/locale"
)

// NewApplication orders a card: the phone gets a code.
type NewApplication struct {
	Phone string `json:"phone" example:"+7 916 555-00-03"`
}

// NewCode is the code from the message.
type NewCode struct {
	Code string `json:"code" example:"123456"`
}

// CodeSent tells that a code is on its way, whoever's the phone may be.
type CodeSent struct {
	Token    string    `json:"token,omitempty" example:"ra_mB3hZ0yq5v8N1sXc7dK2wLpR9tFgJ4eU6iOaQbVxYzM"`
	Phone    string    `json:"phone" example:"+7 916 •••-••-03"`
	CodeEnds time.Time `json:"code_expires_at"`
	ResendAt time.Time `json:"resend_at"`
	Expires  time.Time `json:"expires_at"`
}

func codeSent(f access.Flow) CodeSent {
	return CodeSent{Phone: f.Phone.Masked(), CodeEnds: f.CodeEnds.UTC(), ResendAt: f.ResendAt.UTC(), Expires: f.Ends.UTC()}
}

func (d *Door) visitor(c *call) access.Visitor {
	return access.Visitor{IP: d.d.Address(c.r), Agent: c.r.UserAgent()}
}

// startApplication sends a code and answers the same for every phone (A07); what
// messages cost is bounded by the room (S15).
func (d *Door) startApplication(ctx context.Context, c *call, _ *none, body *NewApplication) (*answer[CodeSent], error) {
	var bad flaws
	if !bad.need("phone", body.Phone) {
		return nil, bad.err()
	}
	f, err := d.d.Applications.Begin(ctx, body.Phone, c.p.Lang(), d.visitor(c))
	if err != nil {
		return nil, err
	}
	out := codeSent(f)
	out.Token = applicationPrefix + f.Token.Reveal()
	return ok(out)
}

func (d *Door) resendCode(ctx context.Context, c *call, _ *none) (*answer[CodeSent], error) {
	f, err := d.d.Flows.Resend(ctx, access.ForOrder, c.applicant.secret, d.visitor(c))
	if err != nil {
		return nil, err
	}
	return ok(codeSent(f))
}

// proveApplication takes the code and opens the questionnaire, or goes on with
// the one this phone has. The same again answers the same: an answer may get lost.
func (d *Door) proveApplication(ctx context.Context, c *call, _ *none, body *NewCode) (*answer[Application], error) {
	if c.applicant.flow.Stage == access.AtCode {
		var bad flaws
		if !bad.need("code", body.Code) {
			return nil, bad.err()
		}
		f, err := d.d.Flows.ConfirmCode(ctx, access.ForOrder, c.applicant.secret, body.Code)
		if err != nil {
			return nil, at("code", err)
		}
		if f.Stage != access.AtNewPasscode {
			return nil, errIsClient // the phone's own holder may know
		}
		c.applicant.flow = f
	}
	v, err := d.d.Applications.Open(ctx, c.applicant.holder())
	if err != nil {
		return nil, applicationFault(err)
	}
	out := shownApplication(c.p, v, c.applicant.flow.Ends)
	out.StatusToken = ticketPrefix + v.Ticket.Reveal()
	return ok(out)
}

// Application is a questionnaire as its owner sees it.
type Application struct {
	ID          string            `json:"id" example:"ap_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	State       string            `json:"state" enum:"draft,submitted,call_due,retake,approved,refused,withdrawn"`
	Next        string            `json:"next,omitempty" enum:"name,contact,passport,address,delivery,scans,word,review"`
	Done        []string          `json:"done" nullable:"false" example:"[\"name\"]"`
	Phone       string            `json:"phone" example:"+79165550003"`
	Name        NewName           `json:"name"`
	Contact     NewContact        `json:"contact"`
	Passport    NewPassport       `json:"passport"`
	Address     NewAddress        `json:"address"`
	Delivery    NewDelivery       `json:"delivery"`
	HasWord     bool              `json:"has_code_word"`
	Consents    []Consent         `json:"consents" nullable:"false"`
	Pages       []PassportPage    `json:"pages" nullable:"false"`
	Status      ApplicationStatus `json:"status"`
	StatusToken string            `json:"status_token,omitempty" example:"rs_R9tFgJ4eU6iOaQbVxYzMmB3hZ0yq5v8N1sXc7dK2wLp"`
	Expires     time.Time         `json:"expires_at"`
}

// Consent is one consent with the version of its text.
type Consent struct {
	Kind    string `json:"kind" enum:"terms,personal_data,credit_bureau,marketing"`
	Text    string `json:"text"`
	Version string `json:"version" example:"2026-11-01"`
	Needed  bool   `json:"needed"`
	Given   bool   `json:"given"`
}

// PassportPage is a page of the passport that is asked for, or was sent.
type PassportPage struct {
	Page    string `json:"page" enum:"main,registration,registration_next,earlier"`
	Have    bool   `json:"have"`
	Blurred bool   `json:"blurred"`
	Small   bool   `json:"small"`
	SameAs  string `json:"same_as,omitempty" enum:"main,registration,registration_next,earlier"`
	Retake  string `json:"retake,omitempty"`
}

// ApplicationStatus is how an application stands, as on the public page.
type ApplicationStatus struct {
	ID        string       `json:"id" example:"ap_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	State     string       `json:"state" enum:"draft,submitted,call_due,retake,approved,refused,withdrawn"`
	Promised  *time.Time   `json:"promised_at,omitempty"`
	CallAt    *time.Time   `json:"call_at,omitempty"`
	Zone      string       `json:"time_zone,omitempty" example:"Europe/Moscow"`
	Phrase    string       `json:"phrase,omitempty"`
	Retakes   []RetakePage `json:"retakes" nullable:"false"`
	Reason    string       `json:"reason,omitempty"`
	Submitted *time.Time   `json:"submitted_at,omitempty"`
	Decided   *time.Time   `json:"decided_at,omitempty"`
	Delivery  string       `json:"delivery,omitempty" enum:"virtual,courier"`
	Met       bool         `json:"met"`
}

// RetakePage is a page that is asked for again, and why.
type RetakePage struct {
	Page string `json:"page" enum:"main,registration,registration_next,earlier"`
	Why  string `json:"why"`
	Note string `json:"note,omitempty"`
}

func shownApplication(p *locale.Printer, v application.View, ends time.Time) Application {
	out := Application{
		ID: v.ID.Text(application.Prefix), State: v.State.Name(), Done: []string{}, Phone: v.Phone.E164(),
		Name:     NewName{Last: v.Name.Last, First: v.Name.First, Middle: v.Name.Middle, Born: v.Name.BirthDate},
		Contact:  NewContact{Email: v.Contact.Email},
		Passport: shownPassport(v.Passport), Address: shownAddress(v.Address),
		Delivery: NewDelivery{Way: string(v.Delivery.Way), Wish: v.Delivery.Wish},
		HasWord:  v.HasWord, Consents: []Consent{}, Pages: []PassportPage{}, Status: shownStatus(p, v.Status), Expires: ends.UTC(),
	}
	if v.State == application.Draft {
		out.Next = string(v.Next)
	}
	for _, s := range application.Steps() {
		if v.Done[s] {
			out.Done = append(out.Done, string(s))
		}
	}
	for _, k := range v.Consents {
		out.Consents = append(out.Consents, Consent{Kind: string(k.Kind), Text: p.T(k.Key()), Version: k.Version, Needed: k.Needed, Given: k.Given})
	}
	for _, pv := range v.Pages {
		out.Pages = append(out.Pages, shownPage(p, pv))
	}
	return out
}

func shownPage(p *locale.Printer, v application.PageView) PassportPage {
	out := PassportPage{Page: v.Page.Name(), Have: v.Have, Blurred: v.Have && v.Scan.Blurred(), Small: v.Have && v.Scan.Small()}
	if v.SameAs != 0 {
		out.SameAs = v.SameAs.Name()
	}
	if v.Retake != "" {
		out.Retake = p.T(v.Retake)
	}
	return out
}

func shownStatus(p *locale.Printer, st application.Status) ApplicationStatus {
	out := ApplicationStatus{
		ID: st.ID.Text(application.Prefix), State: st.State.Name(), Promised: moment(st.Promised), CallAt: moment(st.CallAt), Phrase: st.Phrase,
		Retakes: []RetakePage{}, Submitted: moment(st.Submitted), Decided: moment(st.Decided), Delivery: string(st.Delivery), Met: st.Met,
	}
	if st.Zone != nil {
		out.Zone = st.Zone.String()
	}
	if st.Reason != "" {
		out.Reason = p.T(st.Reason)
	}
	for _, t := range st.Retakes {
		out.Retakes = append(out.Retakes, RetakePage{Page: t.Page.Name(), Why: p.T(t.Why), Note: t.Note})
	}
	return out
}

// moment leaves out a time that there is not.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func (d *Door) application(ctx context.Context, c *call, _ *none) (*answer[Application], error) {
	return d.viewed(c, c.applicant.flow.Ends)(d.d.Applications.View(ctx, c.applicant.holder()))
}

// viewed answers with the application, or puts a refusal into this API's words.
func (d *Door) viewed(c *call, ends time.Time) func(application.View, error) (*answer[Application], error) {
	return func(v application.View, err error) (*answer[Application], error) {
		if err != nil {
			return nil, applicationFault(err)
		}
		return ok(shownApplication(c.p, v, ends))
	}
}

func (d *Door) submitApplication(ctx context.Context, c *call, _ *none) (*answer[Application], error) {
	return d.viewed(c, c.applicant.flow.Ends)(d.d.Applications.Submit(ctx, c.applicant.holder()))
}

func (d *Door) applyAgain(ctx context.Context, c *call, _ *none) (*answer[Application], error) {
	return d.viewed(c, c.applicant.flow.Ends)(d.d.Applications.Again(ctx, c.applicant.holder()))
}

// withdrawApplication takes it back; said twice it is still taken back.
func (d *Door) withdrawApplication(ctx context.Context, c *call, _ *none) (*answer[ApplicationStatus], error) {
	err := d.d.Applications.Withdraw(ctx, c.applicant.holder())
	if err != nil && !errors.Is(err, application.ErrMissing) {
		return nil, applicationFault(err)
	}
	st, serr := d.d.Applications.Status(ctx, c.applicant.secret)
	if serr != nil || err != nil && st.State != application.Withdrawn {
		return nil, applicationFault(errors.Join(serr, err))
	}
	return ok(shownStatus(c.p, st))
}

func (d *Door) applicationStatus(ctx context.Context, c *call, _ *none) (*answer[ApplicationStatus], error) {
	st, err := d.d.Applications.Status(ctx, c.applicant.secret)
	if c.applicant.ticket && errors.Is(err, application.ErrMissing) {
		return nil, errApplicant
	}
	if err != nil {
		return nil, err
	}
	return ok(shownStatus(c.p, st))
}

// applicationFault tells a caller whose flow went on elsewhere, or is over, what
// to do; the rest is the room's own.
func applicationFault(err error) error {
	switch f, _ := fault.As(err); {
	case errors.Is(err, access.ErrNoFlow):
		return errApplicant
	case errors.Is(err, access.ErrStep) && f != nil:
		return errUnproved
	}
	return err
}
