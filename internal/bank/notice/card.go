package notice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/outbox"
	"rocketbank/internal/base/vault"
)

// TopicCard is the outbox topic of what happened to a card itself.
const TopicCard = "card.news"

// CardWhat is what happened to a card. The words rest in events.
type CardWhat string

// What a holder is told.
const (
	CardResumesSoon CardWhat = "resumes_soon" // {until}
	CardResumed     CardWhat = "resumed"
	CardLoosened    CardWhat = "loosened"
	CardPINSet      CardWhat = "pin_set"
	CardPINBlocked  CardWhat = "pin_blocked"
	CardPINFree     CardWhat = "pin_free"
	CardReissued    CardWhat = "reissued" // {heir}, {n} merchants that charge by themselves
	CardSent        CardWhat = "sent"
	CardActivated   CardWhat = "activated"
	CardBlocked     CardWhat = "blocked"
)

// CardNews is the event that something happened to a card. It holds the last
// four digits, which anybody may see.
type CardNews struct {
	Client client.ID `json:"-"`
	What   CardWhat  `json:"what"`
	Last4  string    `json:"last4"`
	Heir   string    `json:"heir,omitempty"` // last four digits of the card that took its place
	Until  time.Time `json:"until,omitzero"`
	N      int       `json:"n,omitempty"`
}

// Event gives the outbox event under an identifier of its own.
func (n CardNews) Event(event id.ID) (outbox.Event, error) {
	raw, err := json.Marshal(n)
	if err != nil {
		return outbox.Event{}, fmt.Errorf("news of a card: %w", err)
	}
	return outbox.Event{ID: event, Topic: TopicCard, Owner: int64(n.Client), Payload: raw}, nil
}

// cardNews tells the holder and wakes his pages.
func (s *Service) cardNews(ctx context.Context, e outbox.Event) error {
	n := CardNews{Client: client.ID(e.Owner)}
	if err := json.Unmarshal(e.Payload, &n); err != nil {
		return outbox.Final(fmt.Errorf("news of a card: %w", err))
	}
	if s.d.Live != nil {
		s.d.Live.Kick(n.Client)
	}
	who, err := s.d.People.ByID(ctx, n.Client)
	if errors.Is(err, client.ErrNobody) {
		return outbox.Final(err)
	}
	if err != nil {
		return err
	}
	return s.send(ctx, e.Owner, e.ID, SMS{Key: uuid(e.ID), To: who.Phone, Text: vault.Hide(n.text(who.Lang))})
}

func (n CardNews) text(lang locale.Lang) string {
	p := locale.For(lang)
	key := "notice.card_" + string(n.What)
	if n.What == CardReissued && n.N > 0 {
		key = "notice.card_reissued_regular"
	}
	return p.T(key, locale.A("card", "*"+n.Last4), locale.A("heir", "*"+n.Heir), locale.A("until", p.DateFull(n.Until)), locale.A("n", n.N))
}
