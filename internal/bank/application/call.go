package application

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/vault"
)

var (
	qCallNew = db.Query(`INSERT INTO card_application_call (application, id, staff, staff_name, outcome, again_us, begun_us, ended_us)
		VALUES ($1, $2, $3, $4, 0, 0, $5, 0)`)
	qCallEnd = db.Query(`UPDATE card_application_call SET outcome = $3, again_us = $4, note = $5, ended_us = $6
		WHERE application = $1 AND id = $2 AND ended_us = 0`)
	qCalls = db.Query(`SELECT id, staff_name, outcome, again_us, note, begun_us, ended_us FROM card_application_call
		WHERE application = $1 ORDER BY id DESC LIMIT 50`)
)

// callLasts is how long a call's phrase is shown when nobody ends the call.
const callLasts = 30 * time.Minute

// noAnswersForSMS is after how many calls into the void the person gets a message.
const noAnswersForSMS = 3

// maxAgain is how far ahead a call may be put off.
const maxAgain = 14 * 24 * time.Hour

// BeginCall opens a call: from now on the person reads the call's phrase on
// his status page. Outside the calling time where he lives it is refused with
// ErrNight unless anyway says that he asked for it.
func (s *Service) BeginCall(ctx context.Context, by Actor, key id.ID, anyway bool) (Call, error) {
	c := Call{ID: s.ids.New(), By: by.Name()}
	details := ""
	if anyway {
		details = "outside the calling time if need be"
	}
	err := s.decide(ctx, by, key, "application.call_begun", details, func(ctx context.Context, tx db.Tx, a *row) error {
		if err := mine(by, *a); err != nil {
			return err
		}
		if a.state != CallDue {
			return ErrState
		}
		if zone := a.q.zone(); !anyway && !callable(tx.Now(), zone) {
			return ErrNight.With("from", callFrom(tx.Now(), zone))
		}
		open, err := s.currentIn(ctx, tx, key, tx.Now())
		if err != nil {
			return err
		}
		if !open.ID.IsZero() {
			c = open // a second tap, or the card was opened again
			return nil
		}
		c.Begun = tx.Now()
		_, err = tx.Exec(ctx, qCallNew, key.Bytes(), c.ID.Bytes(), by.Ref(), by.Name(), c.Begun.UnixMicro())
		return err
	})
	c.Phrase = s.phrase(key, c.ID)
	return c, err
}

// RecordCall ends a call. After the third that nobody answered the person gets
// a message; one who wants to be called back is promised that time.
func (s *Service) RecordCall(ctx context.Context, by Actor, key, call id.ID, outcome Outcome, again time.Time, words string) error {
	words, wrong := field(words, maxNote, false)
	if wrong != nil {
		return wrong.At("note")
	}
	if _, known := ParseOutcome(outcome.Name()); !known {
		return ErrOutcome.At("outcome")
	}
	return s.decide(ctx, by, key, "application.call_"+outcome.Name(), "", func(ctx context.Context, tx db.Tx, a *row) error {
		if err := mine(by, *a); err != nil {
			return err
		}
		now := tx.Now()
		if outcome != CallBack {
			again = time.Time{}
		} else if !again.After(now) || again.After(now.Add(maxAgain)) {
			return ErrAgain.At("again")
		}
		sealed, err := s.vault.SealText(vault.PII, vault.At{Table: "card_application_call.note", Row: call.Bytes()}, words)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, qCallEnd, key.Bytes(), call.Bytes(), int16(outcome), micro(again), sealed, now.UnixMicro())
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrState
		}
		a.call = again
		switch outcome {
		case NoAnswer:
			a.noAnswers++
			a.promised = promise(now, a.q.zone()).UTC()
			if a.noAnswers == noAnswersForSMS {
				return s.sayWeCalled(ctx, tx, *a)
			}
		case CallBack:
			a.promised, a.noAnswers = again, 0
		case Reached:
			a.noAnswers = 0
		}
		return nil
	})
}

func (s *Service) sayWeCalled(ctx context.Context, tx db.Tx, a row) error {
	text := locale.For(a.lang).T("application.sms_no_answer")
	return access.SendSMS(ctx, tx, s.vault, a.client, access.SMS{Key: s.ids.New(), To: a.phone, Text: vault.Hide(text)})
}

// Phrase gives the phrase of one call, the same for the manager's card and the
// person's status page. Nothing of it is stored, and each call has its own.
func (s *Service) Phrase(_ context.Context, key, call id.ID) string { return s.phrase(key, call) }

func (s *Service) phrase(key, call id.ID) string {
	sum := s.vault.MAC("application.phrase", key.Bytes(), call.Bytes())
	pick := func(i int, from string) string {
		words := strings.Fields(from)
		return words[binary.BigEndian.Uint32(sum[4*i:])%uint32(len(words))] // #nosec G115 -- a short list
	}
	return pick(0, phraseFirst) + " " + pick(1, phraseSecond) + " " + fmt.Sprint(10+binary.BigEndian.Uint32(sum[8:])%90)
}

// Words that are hard to mistake on the phone: about 300,000 phrases with the number.
const (
	phraseFirst = `синий красный жёлтый зелёный белый чёрный серый рыжий светлый тёмный тихий громкий быстрый тёплый холодный мягкий твёрдый
		новый старый большой маленький высокий широкий узкий круглый острый лёгкий тяжёлый сладкий солёный горький свежий дальний близкий
		летний зимний весенний осенний утренний вечерний лесной морской речной горный северный южный западный восточный медный серебряный
		золотой бумажный стеклянный деревянный каменный шёлковый`
	phraseSecond = `якорь парус маяк фонарь поезд вокзал трамвай мост остров берег океан вулкан ветер дождь снегопад туман рассвет закат компас
		глобус чемодан зонт шарф свитер ботинок карман кувшин стакан чайник самовар пирог арбуз апельсин лимон банан абрикос огурец помидор
		медведь кролик барсук олень верблюд пингвин воробей голубь дельфин окунь кузнечик шмель`
)

// current is the call that is under way; zero when there is none.
func (s *Service) current(ctx context.Context, key id.ID) (Call, error) {
	return s.currentIn(ctx, s.db, key, s.db.Now())
}

func (s *Service) currentIn(ctx context.Context, r db.Reader, key id.ID, now time.Time) (Call, error) {
	all, err := s.callsIn(ctx, r, key)
	if err != nil || len(all) == 0 || !all[0].Ended.IsZero() || now.Sub(all[0].Begun) > callLasts {
		return Call{}, err
	}
	return all[0], nil
}

func (s *Service) calls(ctx context.Context, key id.ID) ([]Call, error) {
	return s.callsIn(ctx, s.db, key)
}

func (s *Service) callsIn(ctx context.Context, r db.Reader, key id.ID) (out []Call, err error) {
	rows, err := r.Rows(ctx, qCalls, key.Bytes())
	if err != nil {
		return nil, fmt.Errorf("calls: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var c Call
		var raw, words []byte
		var again, begun, ended int64
		if err := rows.Scan(&raw, &c.By, &c.Outcome, &again, &words, &begun, &ended); err != nil {
			return nil, fmt.Errorf("calls: %w", err)
		}
		if c.ID, err = id.FromBytes(raw); err != nil {
			return nil, fmt.Errorf("calls: %w", err)
		}
		if words != nil {
			if c.Note, err = s.vault.OpenText(vault.PII, vault.At{Table: "card_application_call.note", Row: raw}, words); err != nil {
				return nil, errors.Join(errors.New("note of a call"), err)
			}
		}
		c.Again, c.Begun, c.Ended, c.Phrase = moment(again), moment(begun), moment(ended), s.phrase(key, c.ID)
		out = append(out, c)
	}
	return out, rows.Err()
}

// mark is what is drawn into a picture that staff look at.
func mark(by Actor, now time.Time) string {
	return locale.For(locale.Russian).T("application.watermark", locale.A("name", by.FullName()), locale.A("date", now.In(clock.Moscow).Format("02.01.2006 15:04")))
}
