package receiver_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/receiver"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
)

var ctx = context.Background()

const (
	zarya, whale, closed, own = "100000000901", "100000000902", "100000000912", "100000000900"
	ivan                      = phone.Number("+79165550199")
)

// rail answers as it is told and counts how often it was asked.
type rail struct {
	mu      sync.Mutex
	members []receiver.Member
	prefers string
	found   receiver.Found
	down    error // of everything
	no      error // of look-ups
	lists   int
	looks   int
}

func newRail() *rail {
	return &rail{
		members: []receiver.Member{{ID: own, RU: "Рокетбанк", EN: "Rocketbank"}, {ID: whale, RU: "Синий Кит", EN: "Blue Whale"}, {ID: zarya, RU: "Банк Заря", EN: "Zarya Bank"}, {ID: closed, RU: "Закрытый", EN: "Closed", Down: true}},
		prefers: zarya,
		found:   receiver.Found{Name: "Иван Петрович С.", Token: vault.Hide("044599901.abc"), Life: 15 * time.Minute},
	}
}

func (r *rail) Members(context.Context) ([]receiver.Member, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lists++
	return r.members, r.down
}

func (r *rail) Default(context.Context, phone.Number) (string, error) { return r.prefers, r.down }

func (r *rail) Look(context.Context, phone.Number, string) (receiver.Found, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.looks++
	return r.found, errors.Join(r.down, r.no)
}

func open(b *banktest.Bank, r *rail) (*receiver.Service, *banktest.Clock) {
	real := &banktest.Clock{}
	real.Set(banktest.Noon)
	return receiver.New(receiver.Deps{DB: b.DB, Vault: b.Vault, People: b.Directory, Limits: b.Limits, Rail: r, Own: own, Now: real.Now}), real
}

// Somebody is found, and his token is good for who asked, for its minutes.
func TestFindsSomebody(t *testing.T) {
	banktest.Each(t, func(b *banktest.Bank) {
		anna, pavel := b.Client("Анна", "Соколова", 0), b.Client("Павел", "Кузнецов", 0)
		s, _ := open(b, newRail())
		for _, bank := range []string{zarya, ""} { // the preferred one, if nobody says which
			got, err := s.Look(ctx, anna.ID, ivan, bank, "")
			if err != nil || got.Name != "Иван Петрович С." || got.Bank != zarya || got.EN != "Zarya Bank" || got.Phone != ivan || !got.Until.Equal(banktest.Noon.Add(15*time.Minute)) {
				b.Fatalf("%+v, %v", got, err)
			}
			if again, err := s.Read(anna.ID, got.Token); err != nil || again != got {
				b.Errorf("read back: %+v, %v", again, err)
			}
			if to, err := s.Target(anna.ID, got.Token); err != nil || !to.Until.Equal(got.Until) {
				b.Errorf("where to: until %v, %v", to.Until, err)
			}
			if _, err := s.Read(pavel.ID, got.Token); !errors.Is(err, receiver.ErrToken) {
				b.Errorf("another's: %v", err)
			}
			if _, err := s.Read(anna.ID, got.Token[1:]); !errors.Is(err, receiver.ErrToken) {
				b.Errorf("altered: %v", err)
			}
			if strings.Contains(got.Token, "abc") || strings.Contains(got.Token, "Иван") {
				b.Error("the token is not sealed")
			}
		}
		got, err := s.Look(ctx, anna.ID, ivan, zarya, "")
		if err != nil {
			b.Fatal(err)
		}
		b.Clock.Add(15 * time.Minute)
		if old, err := s.Read(anna.ID, got.Token); !errors.Is(err, receiver.ErrOld) || old.Phone != ivan || old.Bank != zarya {
			b.Errorf("too old: %+v, %v", old, err)
		}
	})
}

// Each way of not finding somebody has its words, in both languages, and tells
// nothing more; each is counted.
func TestRefusals(t *testing.T) {
	banktest.Each(t, func(b *banktest.Bank) {
		for name, c := range map[string]struct {
			bank   string
			change func(*rail)
			want   *fault.Error
		}{
			"nobody there":        {zarya, func(r *rail) { r.no = receiver.ErrNobody }, receiver.ErrNobody},
			"not connected":       {zarya, func(r *rail) { r.no = receiver.ErrNotConnected }, receiver.ErrNotConnected},
			"unwilling":           {zarya, func(r *rail) { r.no = receiver.ErrUnwilling }, receiver.ErrUnwilling},
			"nonsense":            {zarya, func(r *rail) { r.no = errors.New("it is about somebody else") }, receiver.ErrDown},
			"the rail is down":    {zarya, func(r *rail) { r.down = errors.New("no answer") }, receiver.ErrDown},
			"a bank that is shut": {closed, func(*rail) {}, receiver.ErrNotConnected},
			"no such bank":        {"100000000999", func(*rail) {}, receiver.ErrNoBank},
			"our own bank":        {own, func(*rail) {}, receiver.ErrNoBank},
			"no preferred bank":   {"", func(r *rail) { r.prefers = "" }, receiver.ErrNoDefault},
			"prefers a shut one":  {"", func(r *rail) { r.prefers = closed }, receiver.ErrNoDefault},
		} {
			anna := b.Client("Анна", "Соколова", 0)
			r := newRail()
			c.change(r)
			s, _ := open(b, r)
			_, err := s.Look(ctx, anna.ID, ivan, c.bank, "")
			f, ok := fault.As(err)
			if !errors.Is(err, c.want) || !ok {
				b.Errorf("%s: %v", name, err)
				continue
			}
			for _, lang := range []locale.Lang{locale.Russian, locale.English} {
				if text := locale.For(lang).T(f.Key); text == "" || text == f.Key {
					b.Errorf("%s has no words in %s", name, lang)
				}
			}
			for range 19 {
				_, _ = s.Look(ctx, anna.ID, ivan, c.bank, "")
			}
			if _, err := s.Look(ctx, anna.ID, ivan, zarya, ""); !errors.Is(err, limit.ErrLookups) {
				b.Errorf("%s is not counted: %v", name, err)
			}
		}
	})
}

// Look-ups at once: exactly as many as the cap reach the other banks, and one
// address has its own cap for all clients behind it.
func TestLookupsAreCounted(t *testing.T) {
	banktest.Each(t, func(b *banktest.Bank) {
		anna, r := b.Client("Анна", "Соколова", 0), newRail()
		s, _ := open(b, r)
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if _, err := s.Look(ctx, anna.ID, ivan, zarya, "2001:db8::7"); err != nil && !errors.Is(err, limit.ErrLookups) {
					b.Error(err)
				}
			})
		}
		wg.Wait()
		if r.looks != 20 {
			b.Errorf("%d look-ups reached the rail", r.looks)
		}
	})
}

// The list of banks is asked for now and then, leaves ourselves out and outlives
// a rail that is silent for a while.
func TestBanks(t *testing.T) {
	banktest.Each(t, func(b *banktest.Bank) {
		r := newRail()
		s, real := open(b, r)
		for range 3 {
			list, err := s.Banks(ctx)
			if err != nil || len(list) != 3 || list[0].ID != zarya || list[2].ID != whale || r.lists != 1 {
				b.Fatalf("%+v, %v after %d questions", list, err, r.lists)
			}
		}
		r.down = errors.New("no answer")
		real.Add(11 * time.Minute)
		if list, err := s.Banks(ctx); err != nil || len(list) != 3 || r.lists != 2 {
			b.Errorf("the list of a while ago: %+v, %v", list, err)
		}
		real.Add(24 * time.Hour)
		if _, err := s.Banks(ctx); !errors.Is(err, receiver.ErrDown) {
			b.Errorf("the list of yesterday: %v", err)
		}
		if m, err := s.Preferred(ctx, ivan); !errors.Is(err, receiver.ErrDown) {
			b.Errorf("preferred: %+v, %v", m, err)
		}
	})
}

// A bank that is not on the rail says so, whatever it is asked.
func TestClosed(t *testing.T) {
	var none *receiver.Service
	if none.Open() || receiver.New(receiver.Deps{Now: clock.System().Now}).Open() {
		t.Error("open without a rail")
	}
	s := receiver.New(receiver.Deps{})
	if _, err := s.Banks(ctx); !errors.Is(err, receiver.ErrClosed) {
		t.Error(err)
	}
	if _, err := s.Look(ctx, 1, ivan, zarya, ""); !errors.Is(err, receiver.ErrClosed) {
		t.Error(err)
	}
	if _, err := s.Preferred(ctx, ivan); !errors.Is(err, receiver.ErrClosed) {
		t.Error(err)
	}
	if _, err := s.Read(1, "x"); !errors.Is(err, receiver.ErrToken) {
		t.Error(err)
	}
}
