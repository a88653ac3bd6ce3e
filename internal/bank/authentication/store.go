package authentication

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/rail/threeds"
)

// row is an authentication as it is stored.
type row struct {
	client  client.ID
	id      id.ID
	card    id.ID
	state   State
	version int64

	ds, server, print [16]byte
	status            threeds.Status
	reason            threeds.Reason
	cancel            threeds.Cancel
	method            threeds.AuthenticationMethod

	amount       int64
	currency     money.Currency
	mcc          string
	shop, device []byte
	score        int
	signs        string
	atn          int64 // 0: there is no value
	details      details
	answer       []byte // the ARes that went out, sealed
	result       []byte // the RReq, sealed; empty until Decided

	token, code  []byte
	until, sent  time.Time
	sends, wrong int64
	begun        time.Time
	touched      time.Time
	ends         time.Time
	tries        int64
	told         bool
	at           time.Time // business time
	next         time.Time // zero: nothing to do
}

// details is what people and shops are called; it rests sealed.
type details struct {
	Version   string               `json:"v"`
	Category  threeds.Category     `json:"c"`
	Channel   threeds.Channel      `json:"ch"`
	Shop      string               `json:"s"`            // merchantName
	Merchant  string               `json:"m,omitempty"`  // acquirerMerchantID
	Acquirer  string               `json:"a,omitempty"`  // acquirerBIN
	Country   string               `json:"co,omitempty"` // of the shop
	Amount    string               `json:"p,omitempty"`  // as the shop wrote it
	Currency  string               `json:"cu,omitempty"`
	Exponent  string               `json:"e,omitempty"`
	Wish      threeds.ChallengeInd `json:"w,omitempty"`
	Last4     string               `json:"l"`
	DSURL     string               `json:"d"`
	NotifyURL string               `json:"n,omitempty"`
	ShopURL   string               `json:"u,omitempty"` // threeDSRequestorURL
	IP        string               `json:"ip,omitempty"`
	Agent     string               `json:"ua,omitempty"`
	Session   *string              `json:"sd,omitempty"` // threeDSSessionData
	Window    threeds.WindowSize   `json:"ws,omitempty"`
	Decoupled bool                 `json:"dc,omitempty"`
	Proof     string               `json:"pr,omitempty"` // authentication value without its number
}

// sum is what was asked for.
func (r row) sum() Sum {
	s := Sum{Amount: money.Amount{Minor: r.amount, Cur: r.currency}, Letters: threeds.CurrencyLetters(r.details.Currency)}
	if len(r.details.Exponent) == 1 {
		s.Exponent = int(r.details.Exponent[0] - '0')
	}
	return s
}

func (r row) place(column string) vault.At {
	return vault.At{Table: "authentication." + column, Row: r.id.Bytes()}
}

// errStale tells that somebody else changed the row meanwhile.
var errStale = errors.New("authentication: changed meanwhile")

const columns = `client, id, card, state, version, ds, server, print, status, reason, cancel, method, amount_minor, currency, mcc, shop, device,
	score, signs, COALESCE(atn, 0), details, answer, result, token, code, until_us, sent_us, sends, wrong, begun_us, touched_us, ends_us,
	tries, told, at_us, COALESCE(next_us, 0)`

var (
	insert = db.NewInsert("authentication",
		db.Col{Name: "client", Type: db.Int}, db.Col{Name: "id", Type: db.Bytes}, db.Col{Name: "card", Type: db.Bytes},
		db.Col{Name: "state", Type: db.Int}, db.Col{Name: "version", Type: db.Int}, db.Col{Name: "ds", Type: db.Bytes},
		db.Col{Name: "server", Type: db.Bytes}, db.Col{Name: "print", Type: db.Bytes}, db.Col{Name: "status", Type: db.Text},
		db.Col{Name: "reason", Type: db.Text}, db.Col{Name: "cancel", Type: db.Text}, db.Col{Name: "method", Type: db.Text},
		db.Col{Name: "amount_minor", Type: db.Int}, db.Col{Name: "currency", Type: db.Int}, db.Col{Name: "mcc", Type: db.Text},
		db.Col{Name: "shop", Type: db.Bytes}, db.Col{Name: "device", Type: db.Bytes}, db.Col{Name: "score", Type: db.Int},
		db.Col{Name: "signs", Type: db.Text}, db.Col{Name: "atn", Type: db.Int}, db.Col{Name: "details", Type: db.Bytes},
		db.Col{Name: "answer", Type: db.Bytes}, db.Col{Name: "result", Type: db.Bytes}, db.Col{Name: "token", Type: db.Bytes},
		db.Col{Name: "code", Type: db.Bytes}, db.Col{Name: "until_us", Type: db.Int}, db.Col{Name: "sent_us", Type: db.Int},
		db.Col{Name: "sends", Type: db.Int}, db.Col{Name: "wrong", Type: db.Int}, db.Col{Name: "begun_us", Type: db.Int},
		db.Col{Name: "touched_us", Type: db.Int}, db.Col{Name: "ends_us", Type: db.Int}, db.Col{Name: "tries", Type: db.Int},
		db.Col{Name: "told", Type: db.Int}, db.Col{Name: "at_us", Type: db.Int}, db.Col{Name: "next_us", Type: db.Int})
	insName = db.NewInsert("authentication_name",
		db.Col{Name: "kind", Type: db.Int}, db.Col{Name: "name", Type: db.Bytes}, db.Col{Name: "client", Type: db.Int}, db.Col{Name: "id", Type: db.Bytes})

	qName = db.Query(`SELECT client, id FROM authentication_name WHERE kind = $1 AND name = $2`)
	qByID = db.Query(`SELECT ` + columns + ` FROM authentication WHERE client = $1 AND id = $2`)
	qLock = db.Query(`SELECT ` + columns + ` FROM authentication WHERE client = $1 AND id = $2 {for_update}`)
	qSave = db.Query(`UPDATE authentication SET version = version + 1, state = $4, status = $5, reason = $6, cancel = $7, method = $8, atn = $9,
		details = $10, result = $11, token = $12, code = $13, until_us = $14, sent_us = $15, sends = $16, wrong = $17, begun_us = $18,
		touched_us = $19, ends_us = $20, tries = $21, told = $22, next_us = $23
		WHERE client = $1 AND id = $2 AND version = $3`)
	qATN = db.Query(`INSERT INTO authentication_counter (client, card, n) VALUES ($1, $2, 1)
		ON CONFLICT (client, card) DO UPDATE SET n = authentication_counter.n + 1 RETURNING n`)
)

// Kinds of names.
const (
	byACS int64 = 1
	byDS  int64 = 2
)

// micro is a moment as it is stored; zero is 0.
func micro(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// orNull stores nothing for what is not there.
func orNull(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}

// filled keeps an empty value from becoming NULL.
func filled(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// write puts a new authentication into its tables.
func (s *Service) write(ctx context.Context, tx db.Tx, r row) error {
	sealed, err := s.sealDetails(r)
	if err != nil {
		return err
	}
	return tx.Insert(ctx,
		insName.Row(byDS, r.ds[:], int64(r.client), r.id.Bytes()),
		insName.Row(byACS, r.id.Bytes(), int64(r.client), r.id.Bytes()),
		insert.Row(int64(r.client), r.id.Bytes(), r.card.Bytes(), int64(r.state), r.version, r.ds[:], r.server[:], r.print[:],
			string(r.status), string(r.reason), string(r.cancel), string(r.method), r.amount, int64(r.currency), r.mcc, filled(r.shop), filled(r.device),
			int64(r.score), r.signs, orNull(r.atn), sealed, filled(r.answer), filled(r.result), filled(r.token), filled(r.code), micro(r.until), micro(r.sent),
			r.sends, r.wrong, micro(r.begun), micro(r.touched), micro(r.ends), r.tries, flag(r.told), micro(r.at), orNull(micro(r.next))))
}

// save writes what has changed, unless somebody was faster.
func (s *Service) save(ctx context.Context, tx db.Tx, r *row) error {
	sealed, err := s.sealDetails(*r)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, qSave, int64(r.client), r.id.Bytes(), r.version, int64(r.state), string(r.status), string(r.reason), string(r.cancel),
		string(r.method), orNull(r.atn), sealed, filled(r.result), filled(r.token), filled(r.code), micro(r.until), micro(r.sent), r.sends, r.wrong,
		micro(r.begun), micro(r.touched), micro(r.ends), r.tries, flag(r.told), orNull(micro(r.next)))
	if err != nil {
		return fmt.Errorf("authentication %s: %w", r.id.Text(Prefix), err)
	}
	if n != 1 {
		return errStale
	}
	r.version++
	return nil
}

// move is save with a step of the machine.
func (s *Service) move(ctx context.Context, tx db.Tx, r *row, to State) error {
	if !may(r.state, to) {
		return errStep{r.state, to}
	}
	r.state = to
	return s.save(ctx, tx, r)
}

func (s *Service) sealDetails(r row) ([]byte, error) {
	plain, err := json.Marshal(r.details)
	if err != nil {
		return nil, err
	}
	return s.d.Vault.Seal(vault.PII, r.place("details"), plain)
}

// named finds an authentication by one of its names; ErrMissing when there is none.
func (s *Service) named(ctx context.Context, kind int64, name [16]byte) (row, error) {
	var who int64
	var raw []byte
	err := s.d.DB.Row(ctx, qName, kind, name[:]).Scan(&who, &raw)
	if errors.Is(err, db.ErrNoRows) {
		return row{}, ErrMissing
	}
	if err != nil {
		return row{}, fmt.Errorf("name of an authentication: %w", err)
	}
	return s.scan(s.d.DB.Row(ctx, qByID, who, raw))
}

func (s *Service) byID(ctx context.Context, who client.ID, x id.ID) (row, error) {
	return s.scan(s.d.DB.Row(ctx, qByID, int64(who), x.Bytes()))
}

// lock reads a row that nobody else changes until the unit of work ends.
func (s *Service) lock(ctx context.Context, tx db.Tx, who client.ID, x id.ID) (row, error) {
	return s.scan(tx.Row(ctx, qLock, int64(who), x.Bytes()))
}

func (s *Service) scan(from interface{ Scan(...any) error }) (row, error) {
	var r row
	var rawID, card, ds, server, print, sealed []byte
	var who, state, cur, score, until, sent, begun, touched, ends, told, at, next int64
	var status, reason, cancel, method string
	err := from.Scan(&who, &rawID, &card, &state, &r.version, &ds, &server, &print, &status, &reason, &cancel, &method, &r.amount, &cur, &r.mcc,
		&r.shop, &r.device, &score, &r.signs, &r.atn, &sealed, &r.answer, &r.result, &r.token, &r.code, &until, &sent, &r.sends, &r.wrong,
		&begun, &touched, &ends, &r.tries, &told, &at, &next)
	if errors.Is(err, db.ErrNoRows) {
		return row{}, ErrMissing
	}
	if err != nil {
		return row{}, fmt.Errorf("read an authentication: %w", err)
	}
	if r.id, err = id.FromBytes(rawID); err != nil {
		return row{}, fmt.Errorf("read an authentication: %w", err)
	}
	if r.card, err = id.FromBytes(card); err != nil || len(ds) != 16 || len(server) != 16 || len(print) != 16 {
		return row{}, fmt.Errorf("authentication %s is malformed: %w", r.id.Text(Prefix), err)
	}
	r.client, r.state, r.ds, r.server, r.print = client.ID(who), State(state), [16]byte(ds), [16]byte(server), [16]byte(print)
	r.status, r.reason, r.cancel, r.method = threeds.Status(status), threeds.Reason(reason), threeds.Cancel(cancel), threeds.AuthenticationMethod(method)
	r.currency, r.score, r.told = money.Currency(cur), int(score), told == 1
	r.until, r.sent, r.begun, r.touched, r.ends = moment(until), moment(sent), moment(begun), moment(touched), moment(ends)
	r.at, r.next = moment(at), moment(next)
	plain, err := s.d.Vault.Open(vault.PII, r.place("details"), sealed)
	if err != nil {
		return row{}, fmt.Errorf("authentication %s: %w", r.id.Text(Prefix), err)
	}
	if err := json.Unmarshal(plain, &r.details); err != nil {
		return row{}, fmt.Errorf("authentication %s: %w", r.id.Text(Prefix), err)
	}
	return r, nil
}
