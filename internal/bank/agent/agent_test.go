package agent_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"rocketbank/internal/bank/agent"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
)

func TestCloseAndOpen(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		s := agent.New(d, []agent.Agent{{Code: "card", Kind: agent.Card}, {Code: "zaliv", Kind: agent.Wallet, RU: "Залив", EN: "Zaliv"}})
		one := func() agent.Agent {
			t.Helper()
			list, err := s.List(ctx)
			if err != nil || len(list) != 2 || list[0].Closed {
				t.Fatalf("%+v, %v", list, err)
			}
			return list[1]
		}
		if a := one(); a.Closed || !a.Since.IsZero() {
			t.Errorf("%+v", a)
		}
		if err := agent.Close(ctx, d, "zaliv", "У банка кошелька отозвана лицензия", "Its bank has lost the licence", "operator"); err != nil {
			t.Fatal(err)
		}
		if a := one(); !a.Closed || a.WhyEN != "Its bank has lost the licence" || a.Since.IsZero() || a.RU != "Залив" {
			t.Errorf("%+v", a)
		}
		for _, why := range []string{"", " ", strings.Repeat("я", 121), "a\nb"} {
			if err := agent.Close(ctx, d, "zaliv", why, "x", "operator"); !errors.Is(err, agent.ErrWhy) {
				t.Errorf("%q: %v", why, err)
			}
		}
		if err := agent.Open(ctx, d, "zaliv", "operator"); err != nil || one().Closed {
			t.Error(err)
		}
		if err := agent.Open(ctx, d, "Кошелёк", "operator"); !errors.Is(err, agent.ErrUnknown) {
			t.Error(err)
		}
	})
}
