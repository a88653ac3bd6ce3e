package client_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
)

func TestNameMasked(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ first, last, want string }{
		{"Павел", "Королёв", "Павел К."}, {"Anna", "O'Neil", "Anna O."}, {"Анна", "", "Анна"}, {"Ян", "Ёлкин", "Ян Ё."},
	} {
		n := client.Name{First: tc.first, Last: tc.last}
		if got := n.Masked(); got != tc.want {
			t.Errorf("%q, want %q", got, tc.want)
		}
		if s := fmt.Sprintf("%v %+v %#v %s", n, n, n, struct{ N client.Name }{n}); strings.Contains(s, tc.first) {
			t.Errorf("printed as %q", s)
		}
	}
}

func TestAge(t *testing.T) {
	t.Parallel()
	day := func(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 12, 0, 0, 0, time.UTC) }
	born := client.Date{Year: 2004, Month: 2, Day: 29}
	for _, tc := range []struct {
		at   time.Time
		want int
	}{{day(2022, 2, 28), 17}, {day(2022, 3, 1), 18}, {day(2024, 2, 28), 19}, {day(2024, 2, 29), 20}, {day(2004, 2, 29), 0}, {day(2004, 2, 28), -1}} {
		if got := born.Age(tc.at); got != tc.want {
			t.Errorf("%v: %d, want %d", tc.at, got, tc.want)
		}
	}
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"31.12.1990", "1990-12-31", "31.02.1990", "", "1.1.0001", "--", ".."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, ok := client.ParseDate(s)
		if !ok {
			return
		}
		if again, ok := client.ParseDate(d.ISO()); !ok || again != d {
			t.Errorf("%q is read as %s, which is read as %s", s, d.ISO(), again.ISO())
		}
	})
}

// A client is found by phone and by number, nobody else is, and a phone has one client.
func TestDirectory(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		v := vault.Ephemeral()
		dir := client.NewDirectory(d, v)
		ids := id.NewSource(time.Now)
		create := func(p phone.Number) (who client.ID, err error) {
			err = d.Write(ctx, func(tx db.Tx) error {
				if who, err = client.NextID(ctx, tx); err != nil {
					return err
				}
				born, _ := client.ParseDate("1990-05-17")
				return dir.Create(ctx, tx, client.New{ID: who, UID: ids.New(), Name: client.Name{First: "Павел", Last: "Королёв"},
					Born: born, Phone: p, Lang: locale.English, Level: client.Full, Account: 65600})
			})
			return who, err
		}
		who, err := create("+79165550101")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := create("+79165550101"); !errors.Is(err, client.ErrPhoneTaken) {
			t.Errorf("the same phone again: %v", err)
		}
		other, err := create("+79165550102")
		if err != nil || other == who {
			t.Errorf("another phone: %d, %v", other, err)
		}
		p, err := dir.ByPhone(ctx, "+79165550101")
		if err != nil || p.UID.IsZero() || p != (client.Person{ID: who, UID: p.UID, Account: 65600, First: "Павел", Masked: "Павел К.", State: client.Active, Lang: locale.English}) {
			t.Errorf("%+v, %v", p, err)
		}
		if q, err := dir.Person(ctx, who); err != nil || q != p {
			t.Errorf("%+v, %v", q, err)
		}
		if err := dir.SetLang(ctx, who, locale.Russian); err != nil {
			t.Error(err)
		}
		if c, err := dir.ByID(ctx, who); err != nil || c.Lang != locale.Russian || c.Level != client.Full || c.UID.IsZero() {
			t.Errorf("%+v, %v", c, err)
		}
		for what, err := range map[string]error{
			"phone":  second(dir.ByPhone(ctx, "+79165550103")),
			"person": second(dir.Person(ctx, 1)),
			"client": second(dir.ByID(ctx, 1)),
			"holder": second(dir.HoldsPhone(ctx, d, "+79165550103")),
			"lang":   dir.SetLang(ctx, 1, locale.Russian),
		} {
			if !errors.Is(err, client.ErrNobody) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if _, err := client.NewDirectory(d, vault.Ephemeral()).Person(ctx, who); !errors.Is(err, vault.ErrSealed) {
			t.Errorf("with other keys: %v", err)
		}
	})
}

// A change of name keeps the one before readable, also of a client whose papers
// are older than names in them, and the new one is what everybody sees.
func TestChangeOfName(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		dir := client.NewDirectory(d, vault.Ephemeral())
		write := func(fn func(tx db.Tx) error) {
			t.Helper()
			if err := d.Write(ctx, fn); err != nil {
				t.Fatal(err)
			}
		}
		born, _ := client.ParseDate("1990-05-17")
		write(func(tx db.Tx) error {
			return dir.Create(ctx, tx, client.New{ID: 7, UID: id.NewSource(time.Now).New(), Name: client.Name{First: "Анна", Last: "Соколова"}, Born: born,
				Phone: "+79165550101", Lang: locale.Russian, Level: client.Simplified, Account: 65600})
		})
		paper := client.Papers{Series: "4526", Number: "654321"}
		write(func(tx db.Tx) error {
			return dir.ChangeName(ctx, tx, 7, client.Name{First: "Анна", Last: "Соболева"}, paper, "pr_1")
		})
		write(func(tx db.Tx) error {
			return dir.ChangeName(ctx, tx, 7, client.Name{First: "Анна", Last: "Орлова"}, paper, "pr_2")
		})
		all, err := dir.PapersHistory(ctx, 7)
		if err != nil || len(all) != 3 {
			t.Fatal(len(all), err)
		}
		for i, last := range []string{"Орлова", "Соболева", "Соколова"} {
			if all[i].Papers.Last != last || all[i].Papers.First != "Анна" {
				t.Errorf("version %d has the name %q", all[i].Version, all[i].Papers.Last)
			}
		}
		if p, err := dir.ByPhone(ctx, "+79165550101"); err != nil || p.Masked != "Анна О." {
			t.Error(p.Masked, err)
		}
		err = d.Write(ctx, func(tx db.Tx) error {
			return dir.ChangeName(ctx, tx, 8, client.Name{First: "Анна", Last: "Орлова"}, paper, "pr_3")
		})
		if !errors.Is(err, client.ErrNobody) {
			t.Error("nobody's name changed:", err)
		}
	})
}

func second[T any](_ T, err error) error { return err }
