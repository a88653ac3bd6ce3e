package notice

import (
	"context"
	"errors"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/outbox"
	"rocketbank/internal/base/vault"
)

// Live wakes the open pages of a client (live.Hub).
type Live interface{ Kick(who client.ID) }

// Tell keeps an alert about a client's ways in and sends it after the commit:
// by SMS, with a link to say «Это не я», and to his open pages. It makes the
// room an access.Teller.
func (s *Service) Tell(ctx context.Context, tx db.Tx, n access.News) error {
	return access.NewRaiser(s.d.Vault, s.d.Now).Raise(ctx, tx, s.d.IDs.New(), n.Client, access.Alert{
		Kind: access.AlertKind(n.Kind), Device: n.Device, Name: n.Name, Place: n.Place,
	})
}

// alert sends what Raise kept. It goes to the number the client had before, if
// that is what changed.
func (s *Service) alert(ctx context.Context, e outbox.Event) error {
	owner := client.ID(e.Owner)
	a, err := access.NewRaiser(s.d.Vault, s.d.Now).Find(ctx, s.d.DB, owner, e.ID)
	if errors.Is(err, access.ErrNoAlert) {
		s.d.Log.Warn("an alert was too old to be sent", "event", uuid(e.ID), "attempt", e.Attempt)
		return nil
	}
	if err != nil {
		return err
	}
	if s.d.Live != nil {
		s.d.Live.Kick(owner)
	}
	who, err := s.d.People.ByID(ctx, owner)
	if errors.Is(err, client.ErrNobody) {
		return outbox.Final(err)
	}
	if err != nil {
		return err
	}
	to := who.Phone
	if !a.To.IsZero() {
		to = a.To
	}
	return s.send(ctx, e.Owner, e.ID, SMS{Key: uuid(e.ID), To: to, Text: vault.Hide(s.alertText(a, who.Lang))})
}

// alertText is what an alert says. Its last word is the link.
func (s *Service) alertText(a access.ShownAlert, lang locale.Lang) string {
	p := locale.For(lang)
	link := s.d.Origin + access.NotMePath + access.NotMeToken(s.d.Vault, a.Client, a.ID)
	name := a.Name
	if name == "" {
		name = p.T("notice.some_browser")
	}
	text := p.T(AlertText(a.Kind), locale.A("name", name), locale.A("staff", a.Staff), locale.A("phone", a.Phone), locale.A("until", a.Ready))
	return text + " " + p.T("notice.not_me", locale.A("link", link))
}

// AlertText names the catalogue's sentence for an alert. It takes name, staff,
// phone and until.
func AlertText(k access.AlertKind) string {
	switch k {
	case access.AlertKind(access.NewDevice):
		return "notice.new_device"
	case access.AlertKind(access.NewPasskey):
		return "notice.new_passkey"
	case access.AlertKind(access.WrongPasscodes):
		return "notice.wrong_passcodes"
	case access.AlertKind(access.StolenCookie):
		return "notice.stolen_cookie"
	case access.AlertKind(access.OtherBrowser):
		return "notice.other_browser"
	case access.AlertPasscode:
		return "notice.passcode_changed"
	case access.AlertPhone:
		return "notice.phone_changed"
	case access.AlertPhoneAsked:
		return "notice.phone_asked"
	case access.AlertCodeWord:
		return "notice.code_word_changed"
	case access.AlertCodeWordHeard:
		return "notice.code_word_heard"
	case access.AlertCodeWordWrong:
		return "notice.code_word_wrong"
	case access.AlertRecovery:
		return "notice.recovery"
	case access.AlertPerson:
		return "notice.person_changed"
	case access.AlertPersonAsked:
		return "notice.person_asked"
	}
	return "notice.something"
}
