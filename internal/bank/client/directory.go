package client

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/gather"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// Directory finds clients. It is safe for concurrent use. It keeps no names in
// memory: opening one takes a microsecond.
type Directory struct {
	db    *db.DB
	vault *vault.Vault
}

// NewDirectory makes a directory over the database.
func NewDirectory(d *db.DB, v *vault.Vault) *Directory {
	return &Directory{db: d, vault: v}
}

var (
	qByPhone = db.Query(`SELECT c.id, c.uid, c.account, c.state, c.lang, c.name
		FROM client_phone p JOIN client c ON c.id = p.client WHERE p.hash = $1`)
	qPerson = db.Query(`SELECT id, uid, account, state, lang, name FROM client WHERE id = $1`)
	qClient = db.Query(`SELECT uid, name, born, phone, lang, theme, state, level, account, created_us
		FROM client WHERE id = $1`)
	qHolder  = db.Query(`SELECT client FROM client_phone WHERE hash = $1`)
	qSetLang = db.Query(`UPDATE client SET lang = $2 WHERE id = $1`)
	qNextID  = db.Query(`UPDATE counter SET value = value + 1 WHERE name = 'client' RETURNING value`)
	qAlias   = db.Query(`INSERT INTO client_phone (hash, client) VALUES ($1, $2) ON CONFLICT DO NOTHING`)
	qCreate  = db.Query(`INSERT INTO client (id, uid, name, born, phone, lang, theme, state, level, account, created_us)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`)
)

// ByPhone finds a client by his phone; ErrNobody when there is none.
func (d *Directory) ByPhone(ctx context.Context, p phone.Number) (Person, error) {
	return d.person(d.db.Row(ctx, qByPhone, d.phoneHash(p)))
}

// Person finds a client by his number; ErrNobody when there is none.
func (d *Directory) Person(ctx context.Context, who ID) (Person, error) {
	return d.person(d.db.Row(ctx, qPerson, int64(who)))
}

func (d *Directory) person(row *sql.Row) (Person, error) {
	var p Person
	var uid, sealed []byte
	err := row.Scan(&p.ID, &uid, &p.Account, &p.State, &p.Lang, &sealed)
	if errors.Is(err, db.ErrNoRows) {
		return Person{}, ErrNobody
	}
	if err != nil {
		return Person{}, fmt.Errorf("find a client: %w", err)
	}
	if p.UID, err = id.FromBytes(uid); err != nil {
		return Person{}, fmt.Errorf("client %d: %w", p.ID, err)
	}
	n, err := d.openName(p.ID, sealed)
	if err != nil {
		return Person{}, err
	}
	p.First, p.Masked = n.First, n.Masked()
	return p, nil
}

// ByID reads a client whole; ErrNobody when there is none.
func (d *Directory) ByID(ctx context.Context, who ID) (Client, error) {
	c := Client{ID: who}
	var uid, name, born, ph []byte
	var created int64
	err := d.db.Row(ctx, qClient, int64(who)).Scan(&uid, &name, &born, &ph, &c.Lang, &c.Theme, &c.State, &c.Level, &c.Account, &created)
	if errors.Is(err, db.ErrNoRows) {
		return Client{}, ErrNobody
	}
	if err != nil {
		return Client{}, fmt.Errorf("read client %d: %w", who, err)
	}
	c.Since = time.UnixMicro(created).UTC()
	if c.UID, err = id.FromBytes(uid); err != nil {
		return Client{}, fmt.Errorf("client %d: %w", who, err)
	}
	if c.Name, err = d.openName(who, name); err != nil {
		return Client{}, err
	}
	e164, err := d.vault.OpenText(vault.PII, at("client.phone", who), ph)
	if err != nil {
		return Client{}, fmt.Errorf("phone of client %d: %w", who, err)
	}
	c.Phone = phone.Number(e164)
	iso, err := d.vault.OpenText(vault.PII, at("client.born", who), born)
	if err != nil {
		return Client{}, fmt.Errorf("birth date of client %d: %w", who, err)
	}
	var ok bool
	if c.Born, ok = ParseDate(iso); !ok {
		return Client{}, fmt.Errorf("birth date of client %d is malformed", who)
	}
	return c, nil
}

// SetLang keeps the language a client chose.
func (d *Directory) SetLang(ctx context.Context, who ID, lang locale.Lang) error {
	return d.db.Write(ctx, func(tx db.Tx) error {
		n, err := tx.Exec(ctx, qSetLang, int64(who), string(lang))
		if err == nil && n == 0 {
			err = ErrNobody
		}
		return err
	})
}

// HoldsPhone tells whose phone it is; ErrNobody when it is nobody's. Inside a
// unit of work it sees what the unit sees.
func (d *Directory) HoldsPhone(ctx context.Context, r db.Reader, p phone.Number) (ID, error) {
	var who ID
	err := r.Row(ctx, qHolder, d.phoneHash(p)).Scan(&who)
	if errors.Is(err, db.ErrNoRows) {
		return 0, ErrNobody
	}
	return who, err
}

// phonesAtOnce is how many numbers one query looks up.
const phonesAtOnce = 64

var qHolders = gather.Powers(phonesAtOnce, func(n int) *db.Stmt {
	return db.Query(`SELECT hash, client FROM client_phone WHERE hash IN (` + db.Holders(n) + `)`)
})

// HoldPhones tells whose these phones are; those of nobody are not in the answer.
func (d *Directory) HoldPhones(ctx context.Context, r db.Reader, all []phone.Number) (map[phone.Number]ID, error) {
	out := map[phone.Number]ID{}
	for len(all) > 0 {
		some := all[:min(len(all), phonesAtOnce)]
		all = all[len(some):]
		byHash := make(map[string]phone.Number, len(some))
		hashes := make([]any, len(some))
		for i, p := range some {
			h := d.phoneHash(p)
			byHash[string(h)], hashes[i] = p, h
		}
		place, padded := gather.Padded(hashes)
		if err := holders(ctx, r, qHolders[place], padded, func(hash []byte, who ID) { out[byHash[string(hash)]] = who }); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func holders(ctx context.Context, r db.Reader, q *db.Stmt, hashes []any, found func([]byte, ID)) error {
	rows, err := r.Rows(ctx, q, hashes...)
	if err != nil {
		return fmt.Errorf("whose phones: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var hash []byte
		var who ID
		if err := rows.Scan(&hash, &who); err != nil {
			return fmt.Errorf("whose phones: %w", err)
		}
		found(hash, who)
	}
	return rows.Err()
}

// New describes a client to be made.
type New struct {
	ID      ID // from NextID
	UID     id.ID
	Name    Name
	Born    Date
	Phone   phone.Number
	Lang    locale.Lang
	Level   Level
	Account ledger.AccountID
}

// NextID takes the next client number inside a unit of work.
func NextID(ctx context.Context, tx db.Tx) (ID, error) {
	var n ID
	if err := tx.Row(ctx, qNextID).Scan(&n); err != nil {
		return 0, fmt.Errorf("next client number: %w", err)
	}
	return n, nil
}

// Create makes a client inside a unit of work; ErrPhoneTaken when his phone
// belongs to a client already.
func (d *Directory) Create(ctx context.Context, tx db.Tx, n New) error {
	// The alias first: it decides who of two that come at once is the client.
	taken, err := tx.Exec(ctx, qAlias, d.phoneHash(n.Phone), int64(n.ID))
	if err != nil {
		return err
	}
	if taken == 0 {
		return ErrPhoneTaken
	}
	name, err := d.sealName(n.ID, n.Name)
	if err != nil {
		return err
	}
	born, err := d.vault.SealText(vault.PII, at("client.born", n.ID), n.Born.ISO())
	if err != nil {
		return err
	}
	ph, err := d.vault.SealText(vault.PII, at("client.phone", n.ID), n.Phone.E164())
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, qCreate, int64(n.ID), n.UID.Bytes(), name, born, ph, string(n.Lang), "",
		int16(Active), int16(n.Level), int64(n.Account), tx.Now().UnixMicro())
	return err
}

// nameCut parts given and family name under the seal; no name holds it.
const nameCut = "\x00"

func (d *Directory) sealName(who ID, n Name) ([]byte, error) {
	return d.vault.SealText(vault.PII, at("client.name", who), n.First+nameCut+n.Last)
}

func (d *Directory) openName(who ID, sealed []byte) (Name, error) {
	s, err := d.vault.OpenText(vault.PII, at("client.name", who), sealed)
	if err != nil {
		return Name{}, fmt.Errorf("name of client %d: %w", who, err)
	}
	first, last, _ := strings.Cut(s, nameCut)
	return Name{First: first, Last: last}, nil
}

func (d *Directory) phoneHash(p phone.Number) []byte { return d.vault.Lookup(vault.Phone, p.E164()) }

func at(table string, who ID) vault.At {
	return vault.At{Table: table, Row: vault.Row64(int64(who))}
}
