package card

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/hsm"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/gather"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// Options say how cards are made. Zero values work.
type Options struct {
	BIN  string           // first digits of new numbers; 550000, a test range, when empty
	HSM  HSM              // the vault's own keys when nil
	Uses Uses             // nil: no card is used yet
	Log  *slog.Logger     // may be nil
	Now  func() time.Time // real time, for step-ups; the machine's when nil
}

const (
	testBIN    = "550000"
	validYears = 5

	// numberTries bounds the search for a free number. A range of 10⁹ numbers
	// that meets a taken one ten times in a row is as good as full.
	numberTries = 10

	maxCards = 100 // of one client on one page
)

// Service issues and shows cards. It is safe for concurrent use.
type Service struct {
	db      *db.DB
	vault   *vault.Vault
	ids     *id.Source
	clients *client.Directory
	bin     string
	hsm     HSM
	uses    Uses
	faces   *gather.Lookup[[]byte, Face]
	log     *slog.Logger
	now     func() time.Time
}

// New makes the service; it refuses a BIN that no Mastercard could have.
func New(d *db.DB, v *vault.Vault, ids *id.Source, o Options) (*Service, error) {
	if o.BIN == "" {
		o.BIN = testBIN
	}
	if !mastercard(o.BIN) {
		return nil, ErrBIN
	}
	if o.HSM == nil {
		soft, err := hsm.New(v)
		if err != nil {
			return nil, err
		}
		o.HSM = soft
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = clock.System().Now
	}
	s := &Service{db: d, vault: v, ids: ids, clients: client.NewDirectory(d, v), bin: o.BIN, hsm: o.HSM, uses: o.Uses, log: o.Log, now: o.Now}
	s.faces = gather.New(facesAtOnce, facesTimeout, s.readFaces)
	return s, nil
}

var (
	qOf   = db.Query(`SELECT ` + columns + ` FROM card WHERE client = $1 ORDER BY id LIMIT $2`)
	qByID = db.Query(`SELECT ` + columns + ` FROM card WHERE client = $1 AND id = $2`)
	// The main card is the one that was chosen, or the oldest that lives.
	qMain   = db.Query(`SELECT id FROM card WHERE client = $1 AND state NOT IN (3, 6) ORDER BY main DESC, id LIMIT 1`)
	qNumber = db.Query(`INSERT INTO card_number (hash, client, card) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`)
	qIssue  = db.Query(`INSERT INTO card (client, id, account, product, state, pan, first6, last4, holder, exp_year, exp_month, created_us,
		name, art, main, waits, rules, merchant, dynamic)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`)
)

// Of lists a client's cards in the order they were issued, the dead ones too.
func (s *Service) Of(ctx context.Context, who client.ID) ([]Card, error) {
	main, err := mainOf(ctx, s.db, who)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.Rows(ctx, qOf, int64(who), maxCards)
	if err != nil {
		return nil, fmt.Errorf("cards of client %d: %w", who, err)
	}
	defer rows.Close()
	var out []Card
	for rows.Next() {
		c, err := s.scan(who, main, rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

// ByID finds one of a client's own cards; ErrMissing otherwise.
func (s *Service) ByID(ctx context.Context, who client.ID, card id.ID) (Card, error) {
	main, err := mainOf(ctx, s.db, who)
	if err != nil {
		return Card{}, err
	}
	c, err := s.scan(who, main, s.db.Row(ctx, qByID, int64(who), card.Bytes()).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Card{}, ErrMissing
	}
	return c, err
}

// mainOf tells which card is the client's main one; zero when all are dead.
func mainOf(ctx context.Context, r db.Reader, who client.ID) (id.ID, error) {
	var raw []byte
	err := r.Row(ctx, qMain, int64(who)).Scan(&raw)
	if errors.Is(err, sql.ErrNoRows) {
		return id.ID{}, nil
	}
	if err != nil {
		return id.ID{}, fmt.Errorf("main card of client %d: %w", who, err)
	}
	return id.FromBytes(raw)
}

// DefaultAccount is the account a client's money comes to when nothing else
// was chosen.
func (s *Service) DefaultAccount(ctx context.Context, who client.ID) (ledger.AccountID, error) {
	p, err := s.clients.Person(ctx, who)
	return p.Account, err
}

// Order describes a card to be issued.
type Order struct {
	Client  client.ID
	Account ledger.AccountID
	Product Product
	Name    client.Name
}

// Issue makes a card inside a unit of work that writes the audit trail itself.
// Plastic made so is in its owner's hands already.
func (s *Service) Issue(ctx context.Context, tx db.Tx, o Order) (Card, error) {
	c := Card{Client: o.Client, Account: o.Account, Product: o.Product, State: Active, Holder: embossed(o.Name), Rules: Standard()}
	return s.issue(ctx, tx, c)
}

// issue writes a new card down: its number and date are made here, all else is
// as given. A zero identifier is made too.
func (s *Service) issue(ctx context.Context, tx db.Tx, c Card) (Card, error) {
	expires := tx.Now().In(clock.Moscow)
	c.Year, c.Month, c.Since, c.PINLeft = expires.Year()+validYears, expires.Month(), tx.Now(), maxPIN
	if c.ID.IsZero() {
		c.ID = s.ids.New()
	}
	number, err := s.takeNumber(ctx, tx, c)
	if err != nil {
		return Card{}, err
	}
	c.First6, c.Last4 = number[:6], number[len(number)-4:]
	pan, err := s.vault.SealText(vault.PAN, at("card.pan", c.ID), number)
	if err != nil {
		return Card{}, err
	}
	holder, err := s.vault.SealText(vault.PII, at("card.holder", c.ID), c.Holder)
	if err != nil {
		return Card{}, err
	}
	name, err := s.sealName(c.ID, c.Name)
	if err != nil {
		return Card{}, err
	}
	rules, err := c.Rules.pack()
	if err != nil {
		return Card{}, err
	}
	waits := 0
	if c.State == NotActivated {
		waits = 1
	}
	_, err = tx.Exec(ctx, qIssue, int64(c.Client), c.ID.Bytes(), int64(c.Account), int16(c.Product), int16(c.State),
		pan, c.First6, c.Last4, holder, c.Year, int(c.Month), c.Since.UnixMicro(),
		name, int16(c.Art), flag(c.Main), waits, rules, c.Rules.Merchant, flag(c.DynamicCVC))
	return c, err
}

// flag is how yes and no are stored.
func flag(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

// takeNumber draws numbers until one is free and takes it for the card.
func (s *Service) takeNumber(ctx context.Context, tx db.Tx, c Card) (string, error) {
	for range numberTries {
		number := draw(s.bin)
		n, err := tx.Exec(ctx, qNumber, s.vault.Lookup(vault.Number, number), int64(c.Client), c.ID.Bytes())
		if err != nil {
			return "", err
		}
		if n == 1 {
			return number, nil
		}
	}
	return "", fmt.Errorf("card: no free number under BIN %s", s.bin)
}

func (s *Service) scan(who client.ID, main id.ID, scan func(...any) error) (Card, error) {
	r := row{client: int64(who)}
	if err := scan(r.into()...); err != nil {
		return Card{}, fmt.Errorf("read a card: %w", err)
	}
	c, err := s.open(&r)
	c.Main = err == nil && c.ID == main
	return c, err
}

func at(table string, card id.ID) vault.At { return vault.At{Table: table, Row: card.Bytes()} }
