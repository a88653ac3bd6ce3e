package tariff

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// Every process reads the versions at least once in fresh, and a version must
// be kept Lead before it comes into force. So whoever looks into memory alone
// knows of each version in time, and a confirmed charge needs no word with the
// database.
const (
	fresh = time.Minute
	Lead  = 5 * time.Minute
)

// Service prices operations by the versions that the database keeps. It is safe
// for concurrent use.
type Service struct {
	db  *db.DB
	now func() time.Time

	mu   sync.Mutex // whoever reads the versions anew
	seen atomic.Pointer[seen]
}

// seen is what this process knows.
type seen struct {
	book Book
	at   time.Time
}

// New makes the service over business time. A database without versions gets
// the price list of the house when it is first asked.
func New(d *db.DB) *Service { return &Service{db: d, now: d.Now} }

// NewAt makes a service with a clock of its own, for tools beside a demo whose
// clock was moved.
func NewAt(d *db.DB, now func() time.Time) *Service { return &Service{db: d, now: now} }

// Book gives every version, out of memory when that is fresh.
func (s *Service) Book(ctx context.Context) (Book, error) {
	now := s.now()
	if k := s.known(now); k != nil {
		return k.book, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := s.known(now); k != nil { // somebody read it meanwhile
		return k.book, nil
	}
	book, err := ReadBook(ctx, s.db)
	if err == nil && len(book) == 0 {
		book, err = s.begin(ctx)
	}
	if err != nil {
		return nil, err
	}
	s.seen.Store(&seen{book, now})
	return book, nil
}

func (s *Service) known(now time.Time) *seen {
	k := s.seen.Load()
	if k == nil || now.Before(k.at) || now.Sub(k.at) >= fresh {
		return nil
	}
	return k
}

// InForce gives the version of this moment.
func (s *Service) InForce(ctx context.Context) (Version, error) {
	return s.At(ctx, time.Time{})
}

// At gives the version of a moment; the zero moment is now.
func (s *Service) At(ctx context.Context, t time.Time) (Version, error) {
	book, err := s.Book(ctx)
	if err != nil {
		return Version{}, err
	}
	if t.IsZero() {
		t = s.now()
	}
	v, ok := book.At(t)
	if !ok {
		return Version{}, ErrNoPrice
	}
	return v, nil
}

// Ask is what shall be priced.
type Ask struct {
	Client client.ID
	Kind   Kind
	Bank   string // the recipient's; empty: not known
	Sum    money.Amount
}

// Price works out what an operation costs now. The database is asked only
// where a part of the month is free.
func (s *Service) Price(ctx context.Context, a Ask) (Price, error) {
	v, err := s.InForce(ctx)
	if err != nil {
		return Price{}, err
	}
	used := money.Amount{Cur: money.RUB}
	if r, ok := v.Rule(a.Kind, a.Bank, a.Sum); ok && r.Free.Cur != 0 {
		all, err := ledger.Used(ctx, s.db, int64(a.Client), s.now(), guard(a.Client, r, used))
		if err != nil {
			return Price{}, fmt.Errorf("free part of the month: %w", err)
		}
		used = all[0].Used
	}
	return v.Price(a.Kind, a.Bank, a.Sum, used)
}

// FreeLeft tells how much of this month may still be sent for nothing, and how
// much a month has of it; a zero currency when nothing is free by such a rule.
func (s *Service) FreeLeft(ctx context.Context, a Ask) (left, of money.Amount, err error) {
	v, err := s.InForce(ctx)
	if err != nil {
		return left, of, err
	}
	r, ok := v.Rule(a.Kind, a.Bank, a.Sum)
	if !ok || r.Free.Cur == 0 {
		return left, of, nil
	}
	all, err := ledger.Used(ctx, s.db, int64(a.Client), s.now(), guard(a.Client, r, money.Amount{Cur: r.Free.Cur}))
	if err != nil {
		return left, of, fmt.Errorf("free part of the month: %w", err)
	}
	return money.Amount{Minor: max(0, r.Free.Minor-all[0].Used.Minor), Cur: r.Free.Cur}, r.Free, nil
}

// Valid tells whether a price may still be charged: ErrChanged once another
// version is in force. What the month's free part says is the book's to tell.
func (s *Service) Valid(ctx context.Context, p Price) error {
	v, err := s.InForce(ctx)
	if err == nil && v.Number != p.Version {
		err = ErrChanged
	}
	return err
}

// Guards are what must travel with the money for a price to hold: the free part
// is taken from the month, and refused when it went elsewhere meanwhile.
func (s *Service) Guards(ctx context.Context, who client.ID, p Price) ([]ledger.Guard, error) {
	if !p.Free.Positive() {
		return nil, nil
	}
	book, err := s.Book(ctx)
	if err != nil {
		return nil, err
	}
	v, _ := book.Version(p.Version)
	r, ok := v.ByNumber(p.Rule)
	if !ok {
		return nil, ErrChanged
	}
	return []ledger.Guard{guard(who, r, p.Free)}, nil
}

// Counted tells a guard that a price brought along: when the book refuses it,
// the answer is ErrChanged.
func Counted(g ledger.Guard) bool { return g.Name >= ledger.GuardFree }

func guard(who client.ID, r Rule, free money.Amount) ledger.Guard {
	name := ledger.GuardFree + ledger.GuardName(slices.Index(Kinds(), r.Kind)) // #nosec G115 -- a handful of kinds
	return ledger.Guard{Owner: int64(who), Name: name, Window: ledger.CalendarMonth, Cap: r.Free, Amount: free}
}

// Words tells people by which rule a price was worked out; bank is what the
// recipient's bank is called, empty when it is not known or plays no part.
func (s *Service) Words(ctx context.Context, p *locale.Printer, of Price, bank string) (string, error) {
	book, err := s.Book(ctx)
	if err != nil {
		return "", err
	}
	v, _ := book.Version(of.Version)
	r, ok := v.ByNumber(of.Rule)
	switch {
	case !ok:
		return "", fmt.Errorf("rule %d.%d of the tariff is not known", of.Version, of.Rule)
	case of.Kind == CardOut || of.Kind == PhoneOut:
		return v.WordsFor(p, r, bank), nil
	}
	return r.Words(p), nil
}
