package order

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// People finds clients (client.Directory).
type People interface {
	ByID(ctx context.Context, who client.ID) (client.Client, error)
}

// Message is a code on its way to a client.
type Message struct {
	Client client.ID
	To     phone.Number
	// Claimed tells that the number is about to become the client's: that its SIM
	// is new is no reason to distrust it.
	Claimed bool
	IP      string // who asks, for the guard of what messages cost; may be empty
	Text    vault.Hidden
	Until   time.Time // when it has become pointless
}

// Messenger sends codes within a unit of work, as far as its guard of what
// messages cost allows (access.Service).
type Messenger interface {
	SendOrderCode(ctx context.Context, tx db.Tx, m Message) error
}

// Deps is what a Service works with.
type Deps struct {
	DB        *db.DB
	Vault     *vault.Vault
	People    People           // may be nil where no codes are sent
	Messenger Messenger        // may be nil where no codes are sent
	Host      string           // the cabinet's host name: the last line of a code SMS
	Now       func() time.Time // real time, for codes; DB.Now when nil
	Digits    func() string    // draws a code of six digits (access.NewCode)
}

// Service checks proofs and keeps what was confirmed. It is safe for
// concurrent use.
type Service struct{ d Deps }

// New makes the service.
func New(d Deps) *Service {
	if d.Now == nil {
		d.Now = d.DB.Now
	}
	if d.Host == "" {
		d.Host = "localhost"
	}
	return &Service{d}
}

// Signed is an order with a proof that was checked and counter-signed. Only
// this room can make one.
type Signed struct {
	doc  Document
	who  client.ID
	kind EvidenceKind
	at   time.Time
	body []byte // sealed
}

// Client tells whose order it is; zero when there is none.
func (s Signed) Client() client.ID { return s.who }

// ID gives the order's identifier.
func (s Signed) ID() id.ID { return s.doc.ID }

// By tells how it was confirmed.
func (s Signed) By() EvidenceKind { return s.kind }

// At tells when the bank counter-signed.
func (s Signed) At() time.Time { return s.at }

// Covers tells whether this client confirmed exactly this document.
func (s Signed) Covers(who client.ID, d Document) bool {
	return s.who != 0 && s.who == who && s.doc == d
}

// Accept checks that the client's proof is over this text, and counter-signs
// both. It speaks with no database: whether key and client belong together is
// the word of whoever made the evidence. ErrNotSigned for every proof that
// does not fit.
func (s *Service) Accept(who client.ID, d Document, e Evidence) (Signed, error) {
	if e.Kind == Code && !e.told {
		return Signed{}, ErrNotSigned
	}
	p, err := Parse(d.Text)
	if err != nil || p.ID != d.ID || p.Kind != d.Kind || who == 0 {
		return Signed{}, ErrNotSigned.Because(err)
	}
	if err := e.check(d.Text); err != nil {
		return Signed{}, ErrNotSigned.Because(err)
	}
	at := s.d.DB.Now().UTC().Truncate(time.Microsecond)
	key := s.d.Vault.ReceiptKey()
	sig := key.Sign(signedText(d.Text, e, at, key.ID()))
	body, err := s.d.Vault.Seal(vault.PII, rowAt(who, d.ID), pack(d.Text, e, at, key.ID(), sig))
	if err != nil {
		return Signed{}, err
	}
	return Signed{doc: d, who: who, kind: e.Kind, at: at, body: body}, nil
}

// rowAt binds a row to its order and client.
func rowAt(who client.ID, order id.ID) vault.At {
	return vault.At{Table: "signed_order.body", Row: append(order.Bytes()[:len(order):len(order)], vault.Row64(int64(who))...)}
}

var insSigned = db.NewInsert("signed_order",
	db.Col{Name: "id", Type: db.Bytes}, db.Col{Name: "client", Type: db.Int}, db.Col{Name: "kind", Type: db.Int},
	db.Col{Name: "at_us", Type: db.Int}, db.Col{Name: "txn", Type: db.Bytes}, db.Col{Name: "body", Type: db.Bytes})

// Row is the evidence as it travels with a ledger transaction.
func (s Signed) Row() db.Row { return s.row(ledger.Txn()) }

// Save writes the evidence within a unit of work of its own, for changes that
// move no money. An order that was carried out before answers ErrNotSigned.
func (s Signed) Save(ctx context.Context, tx db.Tx) error {
	if s.who == 0 {
		return ErrNotSigned
	}
	if _, err := txnOf(ctx, tx, s.who, s.doc.ID); !errors.Is(err, ErrNoReceipt) {
		return errors.Join(err, ErrNotSigned)
	}
	return tx.Insert(ctx, s.row(nil))
}

func (s Signed) row(txn any) db.Row {
	return insSigned.Row(s.doc.ID.Bytes(), int64(s.who), int64(s.doc.Kind), s.at.UnixMicro(), txn, s.body)
}

var (
	qSigned  = db.Query(`SELECT body FROM signed_order WHERE id = $1 AND client = $2`)
	qChanges = db.Query(`SELECT id, kind, at_us FROM signed_order WHERE client = $1 AND txn IS NULL ORDER BY id DESC LIMIT $2`)
	qTxn     = db.Query(`SELECT txn FROM signed_order WHERE id = $1 AND client = $2`)
)

// Change is an order that moved no money: a changed way in, a new token.
type Change struct {
	ID   id.ID
	Kind Kind
	At   time.Time // when the bank counter-signed it
}

// maxChanges bounds a list of changes.
const maxChanges = 200

// Changes lists the orders of a client that moved no money, the newest first.
func (s *Service) Changes(ctx context.Context, who client.ID, limit int) (out []Change, err error) {
	rows, err := s.d.DB.Rows(ctx, qChanges, int64(who), max(1, min(limit, maxChanges)))
	if err != nil {
		return nil, fmt.Errorf("signed changes: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var c Change
		var raw []byte
		var at int64
		if err := rows.Scan(&raw, &c.Kind, &at); err != nil {
			return nil, fmt.Errorf("signed changes: %w", err)
		}
		if c.ID, err = id.FromBytes(raw); err != nil {
			return nil, fmt.Errorf("signed changes: %w", err)
		}
		c.At = time.UnixMicro(at).UTC()
		out = append(out, c)
	}
	return out, rows.Err()
}

// Txn tells which transaction carried an order out; ErrNoReceipt when none did
// yet. A change that moves no money has a zero one.
func (s *Service) Txn(ctx context.Context, who client.ID, order id.ID) (id.ID, error) {
	return txnOf(ctx, s.d.DB, who, order)
}

func txnOf(ctx context.Context, r db.Reader, who client.ID, order id.ID) (id.ID, error) {
	var raw []byte
	err := r.Row(ctx, qTxn, order.Bytes(), int64(who)).Scan(&raw)
	switch {
	case errors.Is(err, db.ErrNoRows):
		return id.ID{}, ErrNoReceipt
	case err != nil:
		return id.ID{}, fmt.Errorf("order %s: %w", order.Text(Prefix), err)
	case raw == nil:
		return id.ID{}, nil
	}
	return id.FromBytes(raw)
}

// Receipt gives the document of an order that was carried out, for its owner;
// ErrNoReceipt for every other.
func (s *Service) Receipt(ctx context.Context, who client.ID, order id.ID) ([]byte, error) {
	var body []byte
	err := s.d.DB.Row(ctx, qSigned, order.Bytes(), int64(who)).Scan(&body)
	if errors.Is(err, db.ErrNoRows) {
		return nil, ErrNoReceipt
	}
	if err != nil {
		return nil, fmt.Errorf("receipt of %s: %w", order.Text(Prefix), err)
	}
	plain, err := s.d.Vault.Open(vault.PII, rowAt(who, order), body)
	if err != nil {
		return nil, fmt.Errorf("receipt of %s: %w", order.Text(Prefix), err)
	}
	text, e, at, keyID, sig, err := unpack(plain)
	if err != nil {
		return nil, fmt.Errorf("receipt of %s: %w", order.Text(Prefix), err)
	}
	key, ok := s.d.Vault.ReceiptKeys()[keyID]
	if !ok {
		return nil, fmt.Errorf("receipt of %s: the bank's key %s is gone", order.Text(Prefix), keyID)
	}
	return receiptDoc{
		Receipt: receiptVersion, Order: text, Evidence: e.doc(), At: stamp(at),
		Bank: bankDoc{ID: keyID, Key: b64.EncodeToString(key), Signature: b64.EncodeToString(sig)},
	}.write(), nil
}

// Keys gives the bank's own public keys.
func (s *Service) Keys() Keys { return Keys(s.d.Vault.ReceiptKeys()) }

// PublicKeys gives the document that the bank serves at KeysPath.
func (s *Service) PublicKeys() []byte { return s.Keys().Document() }

// Document writes keys the way ReadKeys reads them.
func (k Keys) Document() []byte {
	d := keysDoc{Keys: []keyDoc{}}
	for _, keyID := range slices.Sorted(maps.Keys(k)) {
		d.Keys = append(d.Keys, keyDoc{keyID, "Ed25519", b64.EncodeToString(k[keyID])})
	}
	return append(jsonBytes(d), '\n')
}

// Layout of a row's body under its seal: a version, then each part behind its length.
const packVersion = 1

var errPacked = errors.New("the row is malformed")

func pack(text string, e Evidence, at time.Time, keyID string, sig []byte) []byte {
	parts := [][]byte{
		[]byte(text), []byte(e.Kind), []byte(e.By), e.Key, e.Signature, e.AuthData, e.ClientData, []byte(e.Phone), []byte(keyID), sig,
	}
	size := 9
	for _, p := range parts {
		size += binary.MaxVarintLen32 + len(p)
	}
	b := make([]byte, 1, size)
	b[0] = packVersion
	b = binary.BigEndian.AppendUint64(b, uint64(at.UnixMicro())) // #nosec G115 -- after 1970
	for _, p := range parts {
		b = append(binary.AppendUvarint(b, uint64(len(p))), p...)
	}
	return b
}

func unpack(b []byte) (text string, e Evidence, at time.Time, keyID string, sig []byte, err error) {
	if len(b) < 9 || b[0] != packVersion {
		return "", e, at, "", nil, errPacked
	}
	at = time.UnixMicro(int64(binary.BigEndian.Uint64(b[1:9]))).UTC() // #nosec G115 -- see pack
	b = b[9:]
	var parts [10][]byte
	for i := range parts {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size) {
			return "", e, at, "", nil, errPacked
		}
		parts[i], b = b[size:size+int(n)], b[size+int(n):] // #nosec G115 -- n is not above a length
	}
	if len(b) > 0 {
		return "", e, at, "", nil, errPacked
	}
	e = Evidence{
		Kind: EvidenceKind(parts[1]), By: string(parts[2]), Key: parts[3], Signature: parts[4],
		AuthData: parts[5], ClientData: parts[6], Phone: string(parts[7]),
	}
	return string(parts[0]), e, at, string(parts[8]), parts[9], nil
}
