package app

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/base/vault"
)

// errand is something that example people buy.
type errand struct {
	place      string // a terminal of the sandbox
	from, upTo int    // roubles
	often      int
}

var errands = []errand{
	{"shop", 240, 2900, 10}, {"cafe", 190, 980, 8}, {"hotel", 3200, 7400, 1}, {"abroad", 6, 24, 1},
}

// plasticPIN is the PIN of the plastic card that the terminals can read.
const plasticPIN = "2846"

// givePlastic brings one of them a plastic card, as his bank, a courier and he
// himself would, so that the sandbox's terminals have a chip and a PIN to read.
func (s *seeder) givePlastic(ctx context.Context) error {
	for _, step := range []func(*seeder, context.Context) error{orders(timur), makes(timur), sends(timur), handsOver(timur)} {
		if err := step(s, ctx); err != nil {
			return err
		}
	}
	p := &s.people[timur]
	if err := s.bank.cards.Activate(ctx, p.proof, p.plastic); err != nil {
		return err
	}
	p.CardPIN = plasticPIN
	return s.bank.cards.SetPIN(ctx, p.proof, p.plastic, vault.Hide(plasticPIN), vault.Hide(plasticPIN))
}

// clearedEvery is how many days lie between two clearings of the example purchases.
const clearedEvery = 3

// buy pays by phone at one of the sandbox's terminals, over the card network.
// The network's answer is taken as it comes: a refusal is life too.
func (s *seeder) buy(ctx context.Context, who int) error {
	p := &s.people[who]
	cards, err := s.bank.cards.Of(ctx, p.entry.Session.Client)
	if err != nil {
		return err
	}
	n := 0
	for _, e := range errands {
		n += e.often
	}
	pick := s.rnd.IntN(n)
	e := errands[0]
	for _, one := range errands {
		if e = one; pick < e.often {
			break
		}
		pick -= e.often
	}
	roubles, kopecks := e.from+s.rnd.IntN(e.upTo-e.from), 10*s.rnd.IntN(10)
	var answer struct {
		Code string `json:"code"`
	}
	err = s.post(ctx, s.sandbox+"/terminal.json", url.Values{
		"card": {cards[0].ID.Text(card.Prefix)}, "place": {e.place}, "mode": {"phone"}, "amount": {fmt.Sprintf("%d.%02d", roubles, kopecks)},
	}, &answer)
	if err == nil && answer.Code == "" {
		err = fmt.Errorf("the card network did not answer %s", p.Name)
	}
	return err
}

// clear sends the network's file with what was bought since the last one.
func (s *seeder) clear(ctx context.Context) error {
	return s.post(ctx, s.sandbox+"/clearing.json", url.Values{}, &struct{}{})
}

func (s *seeder) post(ctx context.Context, address string, form url.Values, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := s.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the sandbox answered %s to %s", res.Status, req.URL.Path)
	}
	return json.NewDecoder(res.Body).Decode(into)
}
