package receiver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/bank/token"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
)

// People tells who the asking client is (client.Directory).
type People interface {
	Person(ctx context.Context, who client.ID) (client.Person, error)
}

// Deps is what a Service works with.
type Deps struct {
	DB     *db.DB
	Vault  *vault.Vault
	People People
	Limits *limit.Service
	Rail   Rail             // nil: this bank takes no part in the rail
	Own    string           // our own identifier there, left out of lists
	Now    func() time.Time // real time, for the age of the list of banks
	Log    *slog.Logger     // may be nil
}

// How long the list of banks is believed, and how long it serves when the rail
// does not answer.
const (
	listLife  = 10 * time.Minute
	listServe = 24 * time.Hour
)

// maxLife bounds the life of a token, whatever the other bank says.
const maxLife = 30 * time.Minute

// Service finds people in other banks. It is safe for concurrent use.
type Service struct {
	d Deps

	mu    sync.Mutex
	banks []Member
	asked time.Time
}

// New makes the service.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{d: d}
}

// Open tells whether this bank takes part in the rail.
func (s *Service) Open() bool { return s != nil && s.d.Rail != nil }

// Banks lists the banks that money can go to, by their Russian names. The list
// of a while ago serves when the rail does not answer; without one, ErrDown.
func (s *Service) Banks(ctx context.Context) ([]Member, error) {
	if !s.Open() {
		return nil, ErrClosed
	}
	now := s.d.Now()
	s.mu.Lock()
	known, asked := s.banks, s.asked
	s.mu.Unlock()
	if known != nil && now.Sub(asked) < listLife {
		return known, nil
	}
	// Two that ask at once both ask: the list is short, and nobody waits for
	// somebody else's line to break.
	list, err := s.d.Rail.Members(ctx)
	if err != nil {
		s.d.Log.WarnContext(ctx, "receiver: the list of banks", "err", err)
		if known != nil && now.Sub(asked) < listServe {
			return known, nil
		}
		return nil, ErrDown.Because(err)
	}
	list = slices.DeleteFunc(slices.Clone(list), func(m Member) bool { return m.ID == s.d.Own })
	slices.SortFunc(list, func(a, b Member) int { return strings.Compare(a.RU+a.ID, b.RU+b.ID) })
	s.mu.Lock()
	s.banks, s.asked = list, now
	s.mu.Unlock()
	return list, nil
}

// Bank gives a member by its identifier; ErrNoBank when it is none or is down.
func (s *Service) Bank(ctx context.Context, bank string) (Member, error) {
	list, err := s.Banks(ctx)
	if err != nil {
		return Member{}, err
	}
	i := slices.IndexFunc(list, func(m Member) bool { return m.ID == bank })
	switch {
	case i < 0:
		return Member{}, ErrNoBank
	case list[i].Down:
		return Member{}, ErrNotConnected
	}
	return list[i], nil
}

// Preferred gives the bank in which the phone's owner wants to be paid; a zero
// Member when he chose none, or one that is not reached. Which bank somebody
// has is a little told of him: call it only for a phone whose look-up was
// counted already (transfer.Resolve does, before it finds nobody of ours).
func (s *Service) Preferred(ctx context.Context, p phone.Number) (Member, error) {
	if !s.Open() {
		return Member{}, ErrClosed
	}
	bank, err := s.d.Rail.Default(ctx, p)
	if err != nil {
		s.d.Log.WarnContext(ctx, "receiver: the preferred bank", "err", err)
		return Member{}, ErrDown.Because(err)
	}
	if bank == "" {
		return Member{}, nil
	}
	m, err := s.Bank(ctx, bank)
	if errors.Is(err, ErrNoBank) || errors.Is(err, ErrNotConnected) {
		return Member{}, nil
	}
	return m, err
}

// Look asks a bank whose account stands behind a phone; without a bank it is the
// one that the phone's owner prefers. Each call is counted: 20 a bank day per
// client, 200 per address (ip may be empty when there is none).
func (s *Service) Look(ctx context.Context, who client.ID, p phone.Number, bank, ip string) (Receiver, error) {
	if !s.Open() {
		return Receiver{}, ErrClosed
	}
	if err := s.d.Limits.Lookup(ctx, who, ip); err != nil {
		return Receiver{}, err
	}
	me, err := s.d.People.Person(ctx, who)
	if err != nil {
		return Receiver{}, fmt.Errorf("payer %d: %w", who, err)
	}
	if me.State == client.Blocked {
		return Receiver{}, ErrBlocked
	}
	m, err := s.chosen(ctx, p, bank)
	if err != nil {
		return Receiver{}, err
	}
	found, err := s.d.Rail.Look(ctx, p, m.ID)
	if err != nil {
		return Receiver{}, s.refusal(ctx, err, m)
	}
	return s.offer(who, p, m, found)
}

func (s *Service) chosen(ctx context.Context, p phone.Number, bank string) (Member, error) {
	if bank != "" {
		return s.Bank(ctx, bank)
	}
	m, err := s.Preferred(ctx, p)
	if err == nil && m.ID == "" {
		err = ErrNoDefault
	}
	return m, err
}

// refusal keeps what the other bank answered apart from a rail that is silent.
func (s *Service) refusal(ctx context.Context, err error, m Member) error {
	for _, known := range []*fault.Error{ErrNobody, ErrNotConnected, ErrUnwilling} {
		if errors.Is(err, known) {
			return known.Because(err)
		}
	}
	s.d.Log.WarnContext(ctx, "receiver: a look-up", "bank", m.ID, "err", err)
	return ErrDown.Because(err)
}

const receiverTable = "receiver.found"

// body is what a token holds.
type body struct {
	Phone, Bank, RU, EN, Name, Token string
	Until                            int64 // Unix seconds
}

// Pack writes the body.
func (b *body) Pack(p *token.Packer) {
	for _, s := range []string{b.Phone, b.Bank, b.RU, b.EN, b.Name, b.Token} {
		p.Text(s)
	}
	p.Int(b.Until)
}

// Unpack reads it.
func (b *body) Unpack(u *token.Unpacker) {
	for _, s := range []*string{&b.Phone, &b.Bank, &b.RU, &b.EN, &b.Name, &b.Token} {
		*s = u.Text()
	}
	b.Until = u.Int()
}

func (b *body) shown(text string) Receiver {
	return Receiver{Token: text, Name: b.Name, Phone: phone.Number(b.Phone), Bank: b.Bank, RU: b.RU, EN: b.EN, Until: time.Unix(b.Until, 0).UTC()}
}

func (s *Service) offer(who client.ID, p phone.Number, m Member, found Found) (Receiver, error) {
	life := min(found.Life, maxLife)
	b := body{
		Phone: p.E164(), Bank: m.ID, RU: m.RU, EN: m.EN, Name: found.Name, Token: found.Token.Reveal(), Until: s.d.DB.Now().Add(life).Unix(),
	}
	text, err := token.Seal(s.d.Vault, receiverTable, who, &b)
	if err != nil {
		return Receiver{}, err
	}
	return b.shown(text), nil
}

// Read reads a token back, for a form that carries it; ErrToken when it is not
// this client's or altered. One that is too old is given together with ErrOld,
// so that the same can be asked again.
func (s *Service) Read(who client.ID, text string) (Receiver, error) {
	b, err := s.read(who, text)
	if err != nil && !errors.Is(err, ErrOld) {
		return Receiver{}, err
	}
	return b.shown(text), err
}

// Target is where payout takes money for the receiver of a token; errors as of
// Read, with a target only when there is none.
func (s *Service) Target(who client.ID, text string) (payout.Target, error) {
	b, err := s.read(who, text)
	if err != nil {
		return payout.Target{}, err
	}
	return payout.Target{
		Way: payout.Phone, Phone: phone.Number(b.Phone), Bank: b.Bank, BankRU: b.RU, BankEN: b.EN, Name: b.Name, Token: vault.Hide(b.Token),
		Until: time.Unix(b.Until, 0).UTC(),
	}, nil
}

func (s *Service) read(who client.ID, text string) (body, error) {
	var b body
	if !s.Open() || !token.Open(s.d.Vault, receiverTable, who, text, &b) {
		return b, ErrToken
	}
	if s.d.DB.Now().Unix() >= b.Until {
		return b, ErrOld
	}
	return b, nil
}
