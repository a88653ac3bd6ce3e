package friend_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/friend"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/phone"
)

var ctx = context.Background()

type desk struct {
	*banktest.Bank
	friends          *friend.Service
	anna, pavel, eva banktest.Person
}

// each gives three clients, none of whom ever agreed to anything.
func each(t *testing.T, fn func(d desk)) {
	banktest.Each(t, func(b *banktest.Bank) {
		d := desk{Bank: b, anna: b.Client("Анна", "Соколова", 100), pavel: b.Client("Павел", "Кузнецов", 0), eva: b.Client("Ева", "Миронова", 0)}
		d.friends = friend.New(friend.Deps{
			DB: b.DB, Vault: b.Vault, IDs: b.IDs, People: b.Directory, Limits: b.Limits,
			Payees: transfer.New(transfer.Deps{
				DB: b.DB, Book: b.Book, Vault: b.Vault, People: b.Directory, Operations: b.Operations, Limits: b.Limits, Tariffs: tariff.New(b.DB),
			}),
		})
		fn(d)
	})
}

func (d desk) add(who banktest.Person, name string, p phone.Number) friend.Friend {
	d.Helper()
	f, err := d.friends.Add(ctx, who.ID, friend.Person{Name: name, Phone: p})
	if err != nil {
		d.Fatalf("add %q: %v", name, err)
	}
	return f
}

func (d desk) findable(who banktest.Person, yes bool) {
	d.Helper()
	if _, err := d.friends.SetDiscovery(ctx, who.ID, yes); err != nil {
		d.Fatal(err)
	}
}

func (d desk) all(who banktest.Person) []friend.Friend {
	d.Helper()
	all, err := d.friends.All(ctx, who.ID)
	if err != nil {
		d.Fatal(err)
	}
	return all
}

const stranger = phone.Number("+79035550199")

// A book is written, corrected and thinned out; it is in its owner's order and
// nobody else sees or touches it.
func TestBook(t *testing.T) {
	each(t, func(d desk) {
		pavel := d.add(d.anna, "  Паша   с работы ", d.pavel.Phone)
		if pavel.Name != "Паша с работы" || pavel.Phone != d.pavel.Phone || pavel.Here {
			d.Errorf("%+v", pavel)
		}
		if again := d.add(d.anna, "Паша с работы", d.pavel.Phone); again.ID != pavel.ID {
			d.Error("the same once more is another entry")
		}
		if _, err := d.friends.Add(ctx, d.anna.ID, friend.Person{Name: "Другой", Phone: d.pavel.Phone}); !errors.Is(err, friend.ErrThere) {
			d.Errorf("the number under another name: %v", err)
		}
		if _, err := d.friends.Add(ctx, d.anna.ID, friend.Person{Name: "Я", Phone: d.anna.Phone}); !errors.Is(err, friend.ErrSelf) {
			d.Errorf("one's own number: %v", err)
		}
		eva, other := d.add(d.anna, "Ёва", d.eva.Phone), d.add(d.anna, "Жора", stranger)
		d.add(d.eva, "Аня", d.anna.Phone)
		yes, name := true, "Георгий"
		if f, err := d.friends.Change(ctx, d.anna.ID, other.ID, friend.Change{Favourite: &yes, Name: &name}); err != nil || f.Name != name || !f.Favourite {
			d.Errorf("%+v, %v", f, err)
		}
		var names []string
		for _, f := range d.all(d.anna) {
			names = append(names, f.Name)
		}
		if got := strings.Join(names, ", "); got != "Георгий, Ёва, Паша с работы" {
			d.Error(got)
		}
		if _, err := d.friends.Change(ctx, d.anna.ID, eva.ID, friend.Change{Phone: &other.Phone}); !errors.Is(err, friend.ErrThere) {
			d.Errorf("a number that is another's: %v", err)
		}
		if _, err := d.friends.Change(ctx, d.anna.ID, eva.ID, friend.Change{}); !errors.Is(err, friend.ErrNoChange) {
			d.Errorf("nothing to change: %v", err)
		}
		for what, err := range map[string]error{
			"see":    second(d.friends.One(ctx, d.eva.ID, pavel.ID)),
			"change": second(d.friends.Change(ctx, d.eva.ID, pavel.ID, friend.Change{Name: &name})),
			"remove": d.friends.Remove(ctx, d.eva.ID, pavel.ID),
		} {
			if !errors.Is(err, friend.ErrMissing) {
				d.Errorf("%s another's: %v", what, err)
			}
		}
		if err := d.friends.Remove(ctx, d.anna.ID, pavel.ID); err != nil {
			d.Error(err)
		}
		if err := d.friends.Remove(ctx, d.anna.ID, pavel.ID); !errors.Is(err, friend.ErrMissing) || len(d.all(d.anna)) != 2 {
			d.Errorf("removed twice: %v", err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestNames(t *testing.T) {
	each(t, func(d desk) {
		for name, want := range map[string]error{
			"": friend.ErrName, " \u00a0 ": friend.ErrName, "a\nb": friend.ErrName, "a\u202eb": friend.ErrName, "a\u200bb": friend.ErrName, "\xff": friend.ErrName,
			strings.Repeat("ы", 61): friend.ErrNameLong, strings.Repeat("a", 10_000): friend.ErrNameLong, strings.Repeat("ы", 60): nil, "Тётя Оля (дача) №2": nil,
		} {
			f, err := d.friends.Add(ctx, d.anna.ID, friend.Person{Name: name, Phone: stranger})
			if !errors.Is(err, want) {
				d.Errorf("%.40q: %v", name, err)
			}
			if err == nil {
				if err := d.friends.Remove(ctx, d.anna.ID, f.ID); err != nil {
					d.Error(err)
				}
			}
		}
	})
}

// Who is a client is told when both agreed and never else; a client who did not
// agree looks like a number of nobody, and a no counts at once on both sides.
func TestDiscoveryTakesBoth(t *testing.T) {
	each(t, func(d desk) {
		pavel, nobody := d.add(d.anna, "Паша", d.pavel.Phone), d.add(d.anna, "Никто", stranger)
		d.add(d.pavel, "Аня", d.anna.Phone)
		for _, c := range []struct{ anna, pavel bool }{{false, false}, {true, false}, {false, true}, {true, true}, {true, false}, {true, true}, {false, true}} {
			d.findable(d.anna, c.anna)
			d.findable(d.pavel, c.pavel)
			both := c.anna && c.pavel
			for who, want := range map[banktest.Person]int{d.anna: 1, d.pavel: 1} {
				here := 0
				for _, f := range d.all(who) {
					if f.Here {
						here++
					}
				}
				if here != want && both || here != 0 && !both {
					d.Errorf("%+v: %d of the friends of %d are here", c, here, who.ID)
				}
			}
			f, err := d.friends.One(ctx, d.anna.ID, pavel.ID)
			if err != nil || f.Here != both {
				d.Errorf("%+v: %+v, %v", c, f, err)
			}
			if f, err = d.friends.One(ctx, d.anna.ID, nobody.ID); err != nil || f.Here {
				d.Errorf("nobody: %+v, %v", f, err)
			}
		}
		// The number of Pavel goes to nobody: what was told of it is over.
		d.findable(d.anna, true)
		d.Do(func(ctx context.Context, tx db.Tx) error {
			return d.Directory.ChangePhone(ctx, tx, d.pavel.ID, "+79035550177")
		})
		if f, err := d.friends.One(ctx, d.anna.ID, pavel.ID); err != nil || f.Here {
			d.Errorf("after a change of number: %+v, %v", f, err)
		}
		if _, breaches, err := audit.Verify(ctx, d.DB); err != nil || len(breaches) > 0 {
			d.Errorf("%v, %v", breaches, err)
		}
	})
}

// A friend who agreed is paid without a look-up; any other costs one, as if his
// number had been typed.
func TestPayee(t *testing.T) {
	each(t, func(d desk) {
		pavel, nobody := d.add(d.anna, "Паша", d.pavel.Phone), d.add(d.anna, "Никто", stranger)
		d.findable(d.anna, true)
		d.findable(d.pavel, true)
		for range 30 { // more than there are look-ups in a day
			_, to, err := d.friends.Payee(ctx, d.anna.ID, pavel.ID, "")
			if err != nil || to.Name != "Павел К." || to.Phone != d.pavel.Phone || to.Token == "" {
				d.Fatalf("%+v, %v", to, err)
			}
		}
		if f, _, err := d.friends.Payee(ctx, d.anna.ID, nobody.ID, ""); !errors.Is(err, transfer.ErrNotAClient) || f.Phone != stranger {
			d.Errorf("nobody: %+v, %v", f, err)
		}
		d.findable(d.pavel, false)
		for range 19 {
			if _, to, err := d.friends.Payee(ctx, d.anna.ID, pavel.ID, ""); err != nil || to.Name != "Павел К." {
				d.Fatalf("by his number: %+v, %v", to, err)
			}
		}
		if _, _, err := d.friends.Payee(ctx, d.anna.ID, pavel.ID, ""); !errors.Is(err, limit.ErrLookups) {
			d.Errorf("the 21st look-up: %v", err)
		}
		if _, _, err := d.friends.Payee(ctx, d.eva.ID, pavel.ID, ""); !errors.Is(err, friend.ErrMissing) {
			d.Errorf("another's friend: %v", err)
		}
	})
}

// A book is no oracle: so many numbers a day and no more are compared, whether
// entries are added, changed or removed in between, and however many at once.
func TestComparedNumbersAreCounted(t *testing.T) {
	each(t, func(d desk) {
		var n, let atomic.Int64
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 30 {
					f, err := d.friends.Add(ctx, d.anna.ID, friend.Person{Name: "Кто-то", Phone: phone.Number(fmt.Sprintf("+7903555%04d", n.Add(1)))})
					if err == nil {
						let.Add(1)
						err = d.friends.Remove(ctx, d.anna.ID, f.ID)
					}
					if err != nil && !errors.Is(err, limit.ErrCompared) {
						d.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if let.Load() != 100 {
			d.Errorf("%d numbers were compared", let.Load())
		}
		d.Clock.Add(24 * time.Hour)
		f := d.add(d.anna, "Паша", d.pavel.Phone)
		for i := range 99 {
			p := phone.Number(fmt.Sprintf("+7904555%04d", i))
			if _, err := d.friends.Change(ctx, d.anna.ID, f.ID, friend.Change{Phone: &p}); err != nil {
				d.Fatal(err)
			}
		}
		if _, err := d.friends.Change(ctx, d.anna.ID, f.ID, friend.Change{Phone: &d.pavel.Phone}); !errors.Is(err, limit.ErrCompared) {
			d.Errorf("the 101st: %v", err)
		}
	})
}

// Neither names nor numbers stand in the database, and a request to delete
// leaves nothing.
func TestBookIsSealedAndForgotten(t *testing.T) {
	each(t, func(d desk) {
		f := d.add(d.anna, "Паша", d.pavel.Phone)
		d.findable(d.anna, true)
		if s := fmt.Sprintf("%v %+v", f.Phone, friend.Person{Phone: f.Phone}); strings.Contains(s, string(d.pavel.Phone)[3:]) {
			d.Errorf("a number is printed: %s", s)
		}
		d.Do(func(ctx context.Context, tx db.Tx) error { return d.friends.Forget(ctx, tx, d.anna.ID) })
		if got, err := d.friends.Discovery(ctx, d.anna.ID); err != nil || got.Findable || len(d.all(d.anna)) != 0 {
			d.Errorf("%+v, %v", got, err)
		}
		if _, err := d.friends.One(ctx, d.anna.ID, id.ID{15: 1}); !errors.Is(err, friend.ErrMissing) {
			d.Error(err)
		}
	})
}
