package app

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"rocketbank/internal/bank/agent"
	"rocketbank/internal/bank/claim"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/ledger"
)

// People whom the bank does not know: a friend who takes what he is sent, and a
// number that nobody uses any more.
const (
	friendOfAnya phone.Number = "+79035550142"
	formerNumber phone.Number = "+79035550777"
)

// sendsLink sends money to a phone; its owner takes it into a wallet or lets it
// lie, so that a new demo has a link that waits, one that was used and one that
// came back.
func sendsLink(who int, to phone.Number, minor int64, words string, taken bool) func(*seeder, context.Context) error {
	return func(s *seeder, ctx context.Context) error {
		p := &s.people[who]
		q, err := s.bank.claims.Quote(ctx, s.clientOf(who), p.account, to, money.Rub(minor))
		if err != nil {
			return err
		}
		doc, err := s.bank.claims.Order(s.clientOf(who), q.Token, words)
		if err != nil {
			return err
		}
		signed, standing, err := s.signText(ctx, p, doc)
		if err != nil {
			return err
		}
		_, err = s.bank.claims.Create(ctx, claim.Create{
			Client: s.clientOf(who), Key: ledger.Key(s.nextKey()), Quote: q.Token, Message: words, Signed: signed, Standing: standing,
		})
		if fault.CodeOf(err) == fault.Refused {
			return nil // out of money that day
		}
		if err != nil || !taken {
			return err
		}
		return s.takesLink(ctx, to)
	}
}

// takesLink is the receiver with the phone: the link and the code come by SMS,
// and he chooses a wallet.
func (s *seeder) takesLink(ctx context.Context, to phone.Number) error {
	text, err := s.message(ctx, to.E164(), claim.Path)
	if err != nil {
		return err
	}
	secret := text[strings.LastIndex(text, "/")+1:]
	if _, err := s.bank.claims.SendCode(ctx, secret, "", locale.Russian); err != nil {
		return err
	}
	code, err := s.message(ctx, to.E164(), "@")
	if err != nil {
		return err
	}
	choice, err := s.bank.claims.EnterCode(ctx, secret, code[len(code)-6:])
	if err != nil {
		return err
	}
	plan, err := s.bank.claims.Check(ctx, secret, choice.Pass, claim.Wish{Method: "wallet:kopilka", Wallet: to.E164()})
	if err != nil {
		return err
	}
	_, err = s.bank.claims.Take(ctx, secret, plan.Token)
	return err
}

// message waits for a SMS whose text has a mark, and gives the newest.
func (s *seeder) message(ctx context.Context, number, mark string) (string, error) {
	for end := time.Now().Add(codeWaits); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		var messages []struct{ Text string }
		if err := s.get(ctx, s.sandbox+"/messages.json?phone="+url.QueryEscape(number), &messages); err != nil {
			return "", err
		}
		if len(messages) > 0 && strings.Contains(messages[0].Text, mark) {
			return messages[0].Text, nil
		}
	}
	return "", errors.New("no SMS came from the sandbox")
}

// closesWallet is the operator's word about a wallet whose bank is gone.
func closesWallet(s *seeder, ctx context.Context) error {
	err := agent.Close(ctx, s.bank.db, closedWallet, "У банка этого кошелька отозвана лицензия", "The bank of this wallet has lost its licence", "operator")
	if err != nil {
		return fmt.Errorf("close a wallet: %w", err)
	}
	return nil
}
