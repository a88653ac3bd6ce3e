package scan

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/pdfcpu/pdfcpu/pkg/api"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

// Service reads and keeps scans. It is safe for concurrent use.
type Service struct {
	db    *db.DB
	vault *vault.Vault
	ids   *id.Source
	slots chan struct{} // pictures being read
	heic  heicDecoder
}

// atOnce is how many pictures are read at a time: each may need some 400 MB
// for a moment. waits is how long one waits for its turn.
const (
	atOnce = 2
	waits  = 20 * time.Second
)

// New makes the service.
func New(d *db.DB, v *vault.Vault, ids *id.Source) *Service {
	api.DisableConfigDir() // pdfcpu would make itself a folder in the home of whoever runs us
	return &Service{db: d, vault: v, ids: ids, slots: make(chan struct{}, atOnce)}
}

const columns = `id, kind, width, height, sharpness, look, created_us`

var (
	qPut = db.Query(`INSERT INTO scan (owner, id, kind, width, height, sharpness, look, picture, thumb, client, created_us)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL, $10)`)
	qOne     = db.Query(`SELECT ` + columns + ` FROM scan WHERE owner = $1 AND id = $2`)
	qPicture = db.Query(`SELECT picture, client FROM scan WHERE owner = $1 AND id = $2`)
	qThumb   = db.Query(`SELECT thumb, client FROM scan WHERE owner = $1 AND id = $2`)
	qAll     = db.Query(`SELECT id, picture, thumb FROM scan WHERE owner = $1 AND client IS NULL ORDER BY id`)
	qBelong  = db.Query(`UPDATE scan SET picture = $3, thumb = $4, client = $5 WHERE owner = $1 AND id = $2`)

	_        = vault.Declare(vault.Column{Table: "scan", Name: "picture", Class: class, Key: []string{"owner", "id"}, Row: []string{"id"}})
	_        = vault.Declare(vault.Column{Table: "scan", Name: "thumb", Class: class, Key: []string{"owner", "id"}, Row: []string{"id"}})
	qDrop    = db.Query(`DELETE FROM scan WHERE owner = $1 AND id = $2`)
	qDropAll = db.Query(`DELETE FROM scan WHERE owner = $1`)
)

// Prepared is a picture that was understood and written anew.
type Prepared struct {
	Scan
	picture, thumb []byte // JPEG
}

// Print is the SHA-256 of the kept picture, by which a signed text can name it.
func (p Prepared) Print() [32]byte { return sha256.Sum256(p.picture) }

// Prepare reads what came. It needs no database and takes its time, so it
// stands outside any unit of work.
func (s *Service) Prepare(ctx context.Context, r io.Reader) (Prepared, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return Prepared{}, ErrBroken.Because(err)
	}
	ctx, cancel := context.WithTimeout(ctx, waits)
	defer cancel()
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return Prepared{}, ErrBusy
	}
	return s.prepare(ctx, raw)
}

// Put keeps a prepared picture for its owner, an application.
func (s *Service) Put(ctx context.Context, tx db.Tx, owner id.ID, p Prepared) (Scan, error) {
	p.ID, p.Created = s.ids.New(), tx.Now()
	picture, err := s.vault.Seal(class, at("scan.picture", p.ID), p.picture)
	if err != nil {
		return Scan{}, err
	}
	thumb, err := s.vault.Seal(class, at("scan.thumb", p.ID), p.thumb)
	if err != nil {
		return Scan{}, err
	}
	// #nosec G115 -- the hash is 64 bits of picture, kept in a signed column
	_, err = tx.Exec(ctx, qPut, owner.Bytes(), p.ID.Bytes(), p.Kind, p.Width, p.Height, p.Sharpness, int64(p.Look), picture, thumb, p.Created.UnixMicro())
	return p.Scan, err
}

// Take is Prepare and Put in a unit of work of its own.
func (s *Service) Take(ctx context.Context, owner id.ID, r io.Reader) (out Scan, err error) {
	p, err := s.Prepare(ctx, r)
	if err != nil {
		return Scan{}, err
	}
	err = s.db.Write(ctx, func(tx db.Tx) error {
		out, err = s.Put(ctx, tx, owner, p)
		return err
	})
	return out, err
}

// One reads a scan's description.
func (s *Service) One(ctx context.Context, r db.Reader, owner, scan id.ID) (Scan, error) {
	var out Scan
	var raw []byte
	var look, created int64
	err := r.Row(ctx, qOne, owner.Bytes(), scan.Bytes()).Scan(&raw, &out.Kind, &out.Width, &out.Height, &out.Sharpness, &look, &created)
	if errors.Is(err, db.ErrNoRows) {
		return Scan{}, ErrMissing
	}
	if err != nil {
		return Scan{}, fmt.Errorf("read a scan: %w", err)
	}
	out.ID, out.Look, out.Created = scan, uint64(look), time.UnixMicro(created).UTC() // #nosec G115 -- see Put
	return out, nil
}

// Picture gives the kept picture, a JPEG.
func (s *Service) Picture(ctx context.Context, owner, scan id.ID) ([]byte, error) {
	return s.open(ctx, qPicture, "scan.picture", owner, scan)
}

// Thumb gives the small picture, a JPEG.
func (s *Service) Thumb(ctx context.Context, owner, scan id.ID) ([]byte, error) {
	return s.open(ctx, qThumb, "scan.thumb", owner, scan)
}

func (s *Service) open(ctx context.Context, q *db.Stmt, column string, owner, scan id.ID) ([]byte, error) {
	var sealed []byte
	var who sql.NullInt64
	err := s.db.Row(ctx, q, owner.Bytes(), scan.Bytes()).Scan(&sealed, &who)
	if errors.Is(err, db.ErrNoRows) {
		return nil, ErrMissing
	}
	if err != nil {
		return nil, fmt.Errorf("read a scan: %w", err)
	}
	plain, err := s.vault.OpenFor(ctx, s.db, who.Int64, class, at(column, scan), sealed)
	if err != nil {
		return nil, fmt.Errorf("scan %s: %w", scan.Text(Prefix), err)
	}
	return plain, nil
}

// Drop forgets one scan, DropAll all of an owner.
func (s *Service) Drop(ctx context.Context, tx db.Tx, owner, scan id.ID) error {
	_, err := tx.Exec(ctx, qDrop, owner.Bytes(), scan.Bytes())
	return err
}

// DropAll forgets all scans of an owner.
func (s *Service) DropAll(ctx context.Context, tx db.Tx, owner id.ID) error {
	_, err := tx.Exec(ctx, qDropAll, owner.Bytes())
	return err
}

// Belong gives all scans of an owner to a client: they are sealed anew under
// his own key, so that they go when it is shredded.
func (s *Service) Belong(ctx context.Context, tx db.Tx, owner id.ID, who client.ID) error {
	rows, err := tx.Rows(ctx, qAll, owner.Bytes())
	if err != nil {
		return fmt.Errorf("read scans: %w", err)
	}
	type kept struct {
		id             id.ID
		picture, thumb []byte
	}
	var all []kept
	for rows.Next() {
		var k kept
		var raw []byte
		if err = rows.Scan(&raw, &k.picture, &k.thumb); err == nil {
			k.id, err = id.FromBytes(raw)
		}
		if err != nil {
			break
		}
		all = append(all, k)
	}
	if err := errors.Join(err, rows.Err(), rows.Close()); err != nil {
		return fmt.Errorf("read scans: %w", err)
	}
	for _, k := range all {
		picture, err := s.again(ctx, tx, who, at("scan.picture", k.id), k.picture)
		if err != nil {
			return err
		}
		thumb, err := s.again(ctx, tx, who, at("scan.thumb", k.id), k.thumb)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qBelong, owner.Bytes(), k.id.Bytes(), picture, thumb, int64(who)); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) again(ctx context.Context, tx db.Tx, who client.ID, where vault.At, sealed []byte) ([]byte, error) {
	plain, err := s.vault.Open(class, where, sealed)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where.Table, err)
	}
	return s.vault.SealFor(ctx, tx, int64(who), class, where, plain)
}

// class of the pictures' ciphertext.
const class = vault.Scan

func at(column string, scan id.ID) vault.At { return vault.At{Table: column, Row: scan.Bytes()} }
