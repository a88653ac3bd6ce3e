package app

import (
	"context"
	"errors"
	"fmt"
	"path"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/dispute"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/staff"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
)

// The example people by their places in the cast.
const (
	anya = iota
	pavel
	marina
	timur
	sveta
)

// plot is what happens in the life of the example people besides payments: on
// which day, and what. The days are such that the queues of a new demo's staff
// hold work of every kind.
type plot struct {
	day int
	do  func(*seeder, context.Context) error
}

func plots() []plot {
	return []plot{
		{58, opens(sveta, dispute.WrongSum, "Списали больше, чем стояло в чеке")},
		{60, refuses(sveta, "Магазин прислал чек на эту сумму с вашей подписью. Если чек у вас другой, откройте обращение ещё раз и приложите номер заказа.")},
		{68, opens(anya, dispute.NotReceived, "Заказ так и не привезли, магазин не отвечает")},
		{72, returns(anya, "Магазин не подтвердил доставку")},
		{79, orders(anya)}, {81, makes(anya)}, {83, sends(anya)}, {85, handsOver(anya)},
		{82, orders(marina)}, {84, makes(marina)}, {87, sends(marina)},
		{84, opens(timur, dispute.Twice, "Приложил телефон один раз, терминал попросил ещё раз, списали дважды")},
		{86, asks(timur, "Пришлите, пожалуйста, номера обоих чеков: они напечатаны внизу, после слов «Код авторизации».")},
		{86, orders(pavel)}, {88, makes(pavel)},
		{89, opens(pavel, dispute.NotMe, "Этой покупки я не делал: телефон в тот день был со мной")},
		{90, orders(sveta)},
		{66, sendsLink(anya, friendOfAnya, 1_500_00, "на кино", true)},
		{70, closesWallet},
		{80, sendsLink(anya, formerNumber, 700_00, "за такси", false)},
		{90, sendsLink(anya, friendOfAnya, 2_000_00, "с днём рождения", false)},
	}
}

// happens plays what a day has in its plot.
func (s *seeder) happens(ctx context.Context, day int) error {
	for _, p := range plots() {
		if p.day == day {
			if err := p.do(s, ctx); err != nil {
				return fmt.Errorf("day %d: %w", day, err)
			}
		}
	}
	return nil
}

// orders has somebody order a plastic card to where he lives.
func orders(who int) func(*seeder, context.Context) error {
	return func(s *seeder, ctx context.Context) error { return s.orderPlastic(ctx, who) }
}

func makes(who int) func(*seeder, context.Context) error {
	return func(s *seeder, ctx context.Context) error {
		return s.plasticStep(ctx, who, func(tx db.Tx, one id.ID, by string) error {
			return s.bank.cards.MakePlastic(ctx, tx, s.clientOf(who), one, by)
		})
	}
}

func sends(who int) func(*seeder, context.Context) error {
	return func(s *seeder, ctx context.Context) error {
		return s.plasticStep(ctx, who, func(tx db.Tx, one id.ID, by string) error {
			return s.bank.cards.SendPlastic(ctx, tx, s.clientOf(who), one, by)
		})
	}
}

func handsOver(who int) func(*seeder, context.Context) error {
	return func(s *seeder, ctx context.Context) error {
		return s.plasticStep(ctx, who, func(tx db.Tx, one id.ID, by string) error {
			return s.bank.cards.HandOver(ctx, tx, s.clientOf(who), one, by, exampleCast[who].passport)
		})
	}
}

func (s *seeder) orderPlastic(ctx context.Context, who int) error {
	p, e := &s.people[who], exampleCast[who]
	address := e.city + ", " + e.street + ", " + e.house
	if e.flat != "" {
		address += ", " + e.flat
	}
	c, err := s.bank.cards.OrderPlastic(ctx, s.clientOf(who), card.NewPlastic{Key: s.bank.ids.New(), Account: p.account, Art: card.Flame, Place: card.Place{Address: address}})
	p.plastic = c.ID
	return err
}

// plasticStep is one step of somebody's plastic card, as staff take it.
func (s *seeder) plasticStep(ctx context.Context, who int, step func(tx db.Tx, one id.ID, by string) error) error {
	return s.bank.db.Write(ctx, func(tx db.Tx) error { return step(tx, s.people[who].plastic, seedActor{}.Ref()) })
}

// opens has somebody say that his newest purchase that was cleared went wrong.
func opens(who int, why dispute.Reason, words string) func(*seeder, context.Context) error {
	return func(s *seeder, ctx context.Context) error {
		latest, err := s.bank.operations.Latest(ctx, s.clientOf(who), operation.Purchase, 100)
		if err != nil {
			return err
		}
		for _, o := range latest {
			if o.State == operation.Done && dispute.MayDispute(o, s.clock.Now()) == nil {
				x, _, err := s.bank.disputes.Open(ctx, s.clientOf(who), dispute.Claim{Operation: o.ID, Reason: why, Words: words})
				s.people[who].dispute = x
				return err
			}
		}
		return fmt.Errorf("%s has bought nothing that could be disputed", s.people[who].Name)
	}
}

// The members of staff who answer disputes: the same that the sandbox's links
// lead to.
const (
	seedOfficer = "card_officer"
	seedChecker = "compliance"
)

// handles lets the card officer work on somebody's dispute, in a case of his.
func (s *seeder) handles(ctx context.Context, who int, do func(by staff.Actor, own staff.Case) error) error {
	return s.asStaff(ctx, seedOfficer, func(by staff.Actor) error {
		x := s.people[who].dispute
		var own staff.Case
		err := s.bank.db.Write(ctx, func(tx db.Tx) (err error) {
			own, err = s.bank.staff.OpenCaseTx(ctx, tx, by.Ref(), staff.NewCase{Kind: staff.CaseComplaint, Client: x.Client, Subject: x.Text(), Assignee: by.ID()})
			if err != nil {
				return err
			}
			return s.bank.disputes.Take(ctx, tx, x.Client, x.ID, answering(by))
		})
		if err != nil {
			return err
		}
		return do(by, own)
	})
}

func answering(by staff.Actor) dispute.By { return dispute.By{Member: by.ID(), Ref: by.Ref()} }

func asks(who int, words string) func(*seeder, context.Context) error {
	return func(s *seeder, ctx context.Context) error {
		x := s.people[who].dispute
		return s.handles(ctx, who, func(by staff.Actor, _ staff.Case) error {
			return s.bank.db.Write(ctx, func(tx db.Tx) error {
				return s.bank.disputes.Ask(ctx, tx, x.Client, x.ID, answering(by), words)
			})
		})
	}
}

func refuses(who int, words string) func(*seeder, context.Context) error {
	return func(s *seeder, ctx context.Context) error {
		x := s.people[who].dispute
		return s.handles(ctx, who, func(by staff.Actor, own staff.Case) error {
			return s.bank.db.Write(ctx, func(tx db.Tx) error {
				if _, err := s.bank.staff.CloseCaseTx(ctx, tx, own.ID); err != nil {
					return err
				}
				return s.bank.disputes.Refuse(ctx, tx, x.Client, x.ID, answering(by), words)
			})
		})
	}
}

// returns lets two members agree that the money comes back.
func returns(who int, reason string) func(*seeder, context.Context) error {
	return func(s *seeder, ctx context.Context) error {
		x := s.people[who].dispute
		return s.handles(ctx, who, func(by staff.Actor, own staff.Case) error {
			p, err := s.bank.staff.Propose(ctx, by, staff.Proposing{
				Kind: staff.ProposeDispute, Case: own.ID, Reason: reason,
				Fields: map[string]string{"dispute": x.Text(), "amount": locale.For(locale.Russian).MoneyInput(x.Sum)},
			})
			if err != nil {
				return err
			}
			return s.asStaff(ctx, seedChecker, func(by staff.Actor) error {
				_, err := s.bank.staff.Decide(ctx, by, p.ID, true)
				return err
			})
		})
	}
}

// asStaff works in the console's rooms as the demo's member of a role, who comes
// and goes by a link as everybody who tries the demo does.
func (s *seeder) asStaff(ctx context.Context, role string, do func(staff.Actor) error) error {
	link, err := s.bank.staff.DemoLink(ctx, role)
	if err != nil {
		return err
	}
	in, err := s.bank.staff.EnterDemo(ctx, path.Base(link))
	if err != nil {
		return err
	}
	return errors.Join(do(in.Session.Actor()), s.bank.staff.Logout(ctx, in.Session))
}
