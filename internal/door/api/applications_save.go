package api

import (
	"context"
	"time"

	"rocketbank/internal/bank/application"
	"rocketbank/internal/base/vault"
)

// NewName is the first step: the name as in the passport.
type NewName struct {
	Last   string `json:"last" example:"Sokolova"`
	First  string `json:"first" example:"Anna"`
	Middle string `json:"middle,omitempty" example:"Petrovna"`
	Born   string `json:"birth_date" example:"17.05.1990"`
}

// NewContact is the second step; the phone is proved already.
type NewContact struct {
	Email string `json:"email,omitempty" example:"anna@example.com"`
}

// NewPassport is the third step.
type NewPassport struct {
	Series     string `json:"series" example:"4510"`
	Number     string `json:"number" example:"123456"`
	Department string `json:"department" example:"770-001"`
	IssuedBy   string `json:"issued_by" example:"OVD Zamoskvorechye"`
	IssuedOn   string `json:"issued_on" example:"20.05.2010"`
	BirthPlace string `json:"birth_place" example:"Moscow"`
}

// NewAddress is the fourth step: where the person is registered.
type NewAddress struct {
	PostCode string `json:"post_code" example:"119017"`
	Region   string `json:"region" example:"77"`
	City     string `json:"city" example:"Moscow"`
	Street   string `json:"street,omitempty" example:"Bolshaya Ordynka"`
	House    string `json:"house" example:"17"`
	Flat     string `json:"flat,omitempty" example:"5"`
}

// NewDelivery is the fifth step: how the card comes.
type NewDelivery struct {
	Way  string `json:"way" enum:"virtual,courier"`
	Wish string `json:"wish,omitempty" example:"after 18:00"`
}

// NewWord is the seventh step: the code word and the consents.
type NewWord struct {
	Word     string      `json:"code_word,omitempty" example:"Barberry"`
	Consents NewConsents `json:"consents"`
}

// NewConsents tells of each consent whether it is given; what is left out is not.
type NewConsents struct {
	Terms        bool `json:"terms"`
	PersonalData bool `json:"personal_data"`
	CreditBureau bool `json:"credit_bureau,omitempty"`
	Marketing    bool `json:"marketing,omitempty"`
}

func shownPassport(p application.PassportForm) NewPassport {
	return NewPassport{Series: p.Series, Number: p.Number, Department: p.Department, IssuedBy: p.IssuedBy, IssuedOn: p.IssuedOn, BirthPlace: p.BirthPlace}
}

func shownAddress(a application.AddressForm) NewAddress {
	return NewAddress{PostCode: a.PostCode, Region: a.Region, City: a.City, Street: a.Street, House: a.House, Flat: a.Flat}
}

// save keeps one step. It replaces what was there, so the same again changes
// nothing; all faults come at once. Whoever goes on with a long form keeps his
// way open by it.
func save[B any](d *Door, keep func(context.Context, application.Holder, *B) (application.View, error)) func(context.Context, *call, *none, *B) (*answer[Application], error) {
	return func(ctx context.Context, c *call, _ *none, body *B) (*answer[Application], error) {
		v, err := keep(ctx, c.applicant.holder(), body)
		return d.viewed(c, d.prolong(ctx, c))(v, err)
	}
}

// prolong tells until when the caller's secret works now. Should that fail, he
// is asked for a code again and nothing is lost.
func (d *Door) prolong(ctx context.Context, c *call) time.Time {
	ends, err := d.d.Flows.Prolong(ctx, c.applicant.secret)
	if err != nil {
		d.log.WarnContext(ctx, "api: a flow was not prolonged", "id", c.id, "err", err)
		return c.applicant.flow.Ends
	}
	return ends
}

func (d *Door) saveName(ctx context.Context, h application.Holder, b *NewName) (application.View, error) {
	return d.d.Applications.SaveName(ctx, h, application.NameForm{Last: b.Last, First: b.First, Middle: b.Middle, BirthDate: b.Born})
}

func (d *Door) saveContact(ctx context.Context, h application.Holder, b *NewContact) (application.View, error) {
	return d.d.Applications.SaveContact(ctx, h, application.ContactForm{Email: b.Email})
}

func (d *Door) savePassport(ctx context.Context, h application.Holder, b *NewPassport) (application.View, error) {
	return d.d.Applications.SavePassport(ctx, h, application.PassportForm{
		Series: b.Series, Number: b.Number, Department: b.Department, IssuedBy: b.IssuedBy, IssuedOn: b.IssuedOn, BirthPlace: b.BirthPlace,
	})
}

func (d *Door) saveAddress(ctx context.Context, h application.Holder, b *NewAddress) (application.View, error) {
	return d.d.Applications.SaveAddress(ctx, h, application.AddressForm{
		PostCode: b.PostCode, Region: b.Region, City: b.City, Street: b.Street, House: b.House, Flat: b.Flat,
	})
}

func (d *Door) saveDelivery(ctx context.Context, h application.Holder, b *NewDelivery) (application.View, error) {
	return d.d.Applications.SaveDelivery(ctx, h, application.DeliveryForm{Way: application.Delivery(b.Way), Wish: b.Wish})
}

func (d *Door) saveWord(ctx context.Context, h application.Holder, b *NewWord) (application.View, error) {
	return d.d.Applications.SaveWord(ctx, h, application.WordForm{CodeWord: vault.Hide(b.Word), Consents: map[application.ConsentKind]bool{
		application.Terms: b.Consents.Terms, application.PersonalData: b.Consents.PersonalData,
		application.CreditBureau: b.Consents.CreditBureau, application.Marketing: b.Consents.Marketing,
	}})
}
