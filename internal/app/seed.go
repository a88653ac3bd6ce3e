package app

import (
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/dispute"
	"rocketbank/internal/bank/topup"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/ledger"
)

// How much life the example people have behind them.
const (
	seedDays   = 92
	seedRandom = 2026_11_22 // the same people do the same things in every demo
	tokenTTL   = 90 * 24 * time.Hour
	codeWaits  = 5 * time.Second // how long the seeder waits for a SMS

	callbackWaits = 10 * time.Second // … and for the acquirer's word
)

// exampleWords are what friends write beside their money.
var exampleWords = []string{
	"За пиццу в пятницу", "Обед", "Такси до вокзала", "Билеты в кино", "Подарок Лене", "Спасибо за кофе!", "Коммуналка пополам",
	"За книги", "Продукты", "Бензин", "Квартплата, моя половина", "На день рождения", "", "", "",
}

// seeder makes the example people and three months of their payments through
// the bank's own rooms and the sandbox's own protocols; it writes no row itself.
type seeder struct {
	bank    *bank
	clock   *demoClock
	sandbox string
	http    *http.Client
	rnd     *rand.Rand
	people  []seeded
}

type seeded struct {
	Person
	entry   access.Entry
	proof   access.Proof
	account ledger.AccountID
	number  phone.Number
	key     *ecdsa.PrivateKey // of the token
	plastic id.ID             // the card he ordered last
	dispute dispute.Dispute   // as he opened it
}

func (s *seeder) clientOf(who int) client.ID { return s.people[who].entry.Session.Client }

func newSeeder(b *bank, c *demoClock, sandbox string) *seeder {
	return &seeder{bank: b, clock: c, sandbox: sandbox,
		http: &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		// #nosec G404 -- example data must be the same each time
		rnd: rand.New(rand.NewPCG(seedRandom, seedDays)),
	}
}

func (s *seeder) run(ctx context.Context) ([]Person, error) {
	if err := s.newcomers(ctx); err != nil {
		return nil, err
	}
	if err := s.givePlastic(ctx); err != nil {
		return nil, fmt.Errorf("plastic: %w", err)
	}
	if err := s.befriend(ctx); err != nil {
		return nil, err
	}
	if err := s.live(ctx); err != nil {
		return nil, err
	}
	if err := s.waiting(ctx); err != nil {
		return nil, err
	}
	var out []Person
	for _, p := range s.people {
		if err := s.bank.access.Logout(ctx, p.entry.Session); err != nil {
			return nil, err
		}
		out = append(out, p.Person)
	}
	return out, nil
}

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

// code reads the newest code that the sandbox's phone got.
func (s *seeder) code(ctx context.Context, number string) (string, error) {
	for end := time.Now().Add(codeWaits); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		var messages []struct{ Text string }
		if err := s.get(ctx, s.sandbox+"/messages.json?phone="+url.QueryEscape(number), &messages); err != nil {
			return "", err
		}
		if len(messages) > 0 {
			if code := sixDigits.FindString(messages[0].Text); code != "" {
				return code, nil
			}
		}
	}
	return "", errors.New("no SMS came from the sandbox")
}

func (s *seeder) get(ctx context.Context, address string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	res, err := s.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the sandbox answered %s", res.Status)
	}
	return json.NewDecoder(res.Body).Decode(into)
}

// live plays the days one by one, from three months ago until now.
func (s *seeder) live(ctx context.Context) error {
	for day := range seedDays {
		for i := range s.people {
			if day == 0 || s.payday(day, i) {
				if err := s.earn(ctx, i, day); err != nil {
					return err
				}
			}
			for range s.rnd.IntN(2) {
				if err := s.send(ctx, i); err != nil {
					return err
				}
			}
			if s.rnd.IntN(5) < 2 {
				if err := s.buy(ctx, i); err != nil {
					return err
				}
			}
			if err := s.clock.Movable.Forward(time.Duration(10+s.rnd.IntN(90)) * time.Minute); err != nil {
				return err
			}
		}
		if day%clearedEvery == clearedEvery-1 {
			if err := s.clear(ctx); err != nil {
				return err
			}
		}
		if err := s.happens(ctx, day); err != nil {
			return err
		}
		if err := s.toNextMorning(day); err != nil {
			return err
		}
	}
	return nil
}

func (s *seeder) payday(day, person int) bool { return day%15 == 5+person%4 }

// toNextMorning moves the clock to 9:00 of the next day, and on the last day
// to this very moment.
func (s *seeder) toNextMorning(day int) error {
	behind := -s.clock.Offset()
	want := time.Duration(seedDays-1-day) * 24 * time.Hour
	if behind <= want {
		return nil
	}
	return s.clock.Movable.Forward(behind - want)
}

// earn tops the account up from a card of another bank, over its code page.
func (s *seeder) earn(ctx context.Context, who, day int) error {
	p := &s.people[who]
	amount := money.Rub(int64(18+s.rnd.IntN(40)) * 1000_00)
	if day == 0 {
		amount = money.Rub(int64(30+5*who) * 1000_00)
	}
	card, err := s.goodCard(ctx)
	if err != nil {
		return err
	}
	price, err := s.bank.topups.Quote(ctx, p.entry.Session.Client, amount)
	if err != nil {
		return fmt.Errorf("top up %s: %w", p.Name, err)
	}
	t, err := s.bank.topups.Start(ctx, topup.Start{
		Client: p.entry.Session.Client, Key: ledger.KeyOf("seed", "topup", p.Phone, fmt.Sprint(day)),
		Account: p.account, Quote: price.Token, Card: card.card,
	})
	if err != nil {
		return fmt.Errorf("top up %s: %w", p.Name, err)
	}
	if t.State == topup.Action {
		if err := s.enterCode(ctx, t.ActionURL, card.code); err != nil {
			return err
		}
		if t, err = s.settled(ctx, p.entry.Session.Client, t); err != nil {
			return err
		}
	}
	if t.State != topup.Done {
		return fmt.Errorf("the top-up of %s stands at %v", p.Name, t.State)
	}
	return nil
}

// settled waits for the acquirer's callback to end the top-up.
func (s *seeder) settled(ctx context.Context, who client.ID, t topup.TopUp) (topup.TopUp, error) {
	var err error
	for end := time.Now().Add(callbackWaits); t.State == topup.Action && time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if t, err = s.bank.topups.One(ctx, who, t.ID); err != nil {
			return t, err
		}
	}
	return t, nil
}

type testCard struct {
	card topup.Card
	code string
}

func (s *seeder) goodCard(ctx context.Context) (testCard, error) {
	var cards []struct{ Number, Exp, CVC, Kind, Code string }
	if err := s.get(ctx, s.sandbox+"/cards.json", &cards); err != nil {
		return testCard{}, err
	}
	for _, c := range cards {
		if c.Kind == "good" {
			month, year, err := topup.ParseExpiry(c.Exp, s.clock.Now())
			return testCard{topup.Card{Number: c.Number, ExpMonth: month, ExpYear: year, CVC: c.CVC}, c.Code}, err
		}
	}
	return testCard{}, errors.New("the sandbox has no good card")
}

// enterCode does what the card's holder does on his bank's page.
func (s *seeder) enterCode(ctx context.Context, page, code string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, page, strings.NewReader(url.Values{"code": {code}}.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := s.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusSeeOther {
		return fmt.Errorf("the other bank's page answered %s", res.Status)
	}
	return nil
}

// send pays a friend. Who is out of money or at a limit simply does not.
func (s *seeder) send(ctx context.Context, who int) error {
	p, to := &s.people[who], &s.people[(who+1+s.rnd.IntN(len(s.people)-1))%len(s.people)]
	amount := money.Rub(int64(1+s.rnd.IntN(48)) * 50_00)
	if s.rnd.IntN(4) == 0 {
		amount.Minor += int64(s.rnd.IntN(100))
	}
	words := exampleWords[s.rnd.IntN(len(exampleWords))]
	payer := p.entry.Session.Client
	payee, err := s.bank.transfers.Resolve(ctx, payer, to.number, "")
	if err != nil {
		return fmt.Errorf("%s looks up %s: %w", p.Name, to.Name, err)
	}
	quote, err := s.bank.transfers.Quote(ctx, payer, p.account, payee.Token, amount)
	if err != nil {
		return err
	}
	signed, standing, err := s.sign(ctx, p, quote.Token, words)
	if err != nil {
		return err
	}
	_, err = s.bank.transfers.ToFriend(ctx, transfer.ToFriend{
		Client: payer, Key: ledger.Key(s.nextKey()), Quote: quote.Token, Message: words, Signed: signed, Standing: standing,
	})
	if fault.CodeOf(err) == fault.Refused {
		return nil
	}
	return err
}

func (s *seeder) nextKey() id.ID { return s.bank.ids.New() }
