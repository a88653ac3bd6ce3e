package app

import (
	"context"
	"time"

	"rocketbank/internal/bank/application"
	"rocketbank/internal/bank/authentication"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/privacy"
	"rocketbank/internal/base/db"
)

// openPrivacy makes the room that answers clients about their own data.
func (b *bank) openPrivacy(brand string) *privacy.Service {
	return privacy.New(privacy.Deps{
		DB: b.db, Vault: b.vault, IDs: b.ids, Clients: b.clients, Cards: b.cards, Operations: b.operations, Access: b.access, Bank: brand, Now: time.Now,
		Ports: privacy.Ports{
			Consents: func(ctx context.Context, who client.ID) ([]privacy.Consent, error) {
				all, err := b.applications.Consents(ctx, who)
				out := make([]privacy.Consent, len(all))
				for i, c := range all {
					out[i] = privacy.Consent{Kind: string(c.Kind), Version: c.Version, Given: c.Given, At: c.At}
				}
				return out, err
			},
			TakeBack: func(ctx context.Context, tx db.Tx, who client.ID) error {
				for _, k := range []application.ConsentKind{application.CreditBureau, application.Marketing} {
					if err := b.applications.SetConsent(ctx, tx, who, k, false); err != nil {
						return err
					}
				}
				return b.friends.Forget(ctx, tx, who)
			},
			Friends: func(ctx context.Context, who client.ID) ([]privacy.Friend, error) {
				all, err := b.friends.All(ctx, who)
				out := make([]privacy.Friend, len(all))
				for i, f := range all {
					out[i] = privacy.Friend{Name: f.Name, Phone: f.Phone.E164(), Favourite: f.Favourite, Since: f.Since}
				}
				return out, err
			},
			Findable: func(ctx context.Context, who client.ID) (bool, error) {
				consent, err := b.friends.Discovery(ctx, who)
				return consent.Findable, err
			},
			Applications: func(ctx context.Context, who client.ID) ([]privacy.Application, error) {
				all, err := b.applications.Of(ctx, who)
				out := make([]privacy.Application, len(all))
				for i, a := range all {
					out[i] = privacy.Application{ID: a.ID.Text(application.Prefix), State: a.State.Name(), Made: a.Made, Changed: a.Changed}
					for _, page := range a.Pages {
						out[i].Documents = append(out[i].Documents, page.Name())
					}
				}
				return out, err
			},
			Disputes:        b.disputesOf,
			Authentications: b.authenticationsOf,
			Looks: func(ctx context.Context, who client.ID) ([]privacy.Look, error) {
				all, err := b.staff.LooksAt(ctx, who)
				out := make([]privacy.Look, len(all))
				for i, l := range all {
					out[i] = privacy.Look{Who: l.Who, Role: l.Role.Word(), What: string(l.What), Reason: l.Reason, At: l.At}
				}
				return out, err
			},
		},
	})
}

// disputesOf gives a client's disputes with their messages.
func (b *bank) disputesOf(ctx context.Context, who client.ID) ([]privacy.Dispute, error) {
	all, err := b.disputes.Of(ctx, who)
	if err != nil {
		return nil, err
	}
	out := make([]privacy.Dispute, len(all))
	for i, line := range all {
		x, err := b.disputes.One(ctx, who, line.ID)
		if err != nil {
			return nil, err
		}
		out[i] = privacy.Dispute{
			ID: x.Text(), Operation: x.Operation.Text(operation.Prefix), Reason: x.Reason.Word(), State: x.State.Word(),
			Made: x.Made, Promised: x.Promised, Changed: x.Changed, Credit: x.Credit,
		}
		for _, m := range x.Said {
			out[i].Said = append(out[i].Said, privacy.Said{By: m.By.Word(), Text: m.Text, At: m.At})
		}
	}
	return out, nil
}

// authenticationsOf gives what shops in the internet asked about a client's cards.
func (b *bank) authenticationsOf(ctx context.Context, who client.ID) ([]privacy.Authentication, error) {
	if b.authentications == nil {
		return nil, nil
	}
	all, err := b.authentications.Past(ctx, who)
	out := make([]privacy.Authentication, len(all))
	for i, x := range all {
		out[i] = privacy.Authentication{
			ID: x.ID.Text(authentication.Prefix), Card: x.Last4, Shop: x.Shop, Amount: x.Amount, At: x.At, Outcome: string(x.Outcome), ByHolder: x.ByHolder,
		}
	}
	return out, err
}
