package card

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/gather"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

// Face is a card as the issuer's host sees it: everything an authorisation is
// decided by, read in one query. Holder and Name are not opened for it.
type Face struct {
	Card
	// Status is the state at the moment of reading: a suspension that is over
	// is Active before the worker has said so. A date that has passed is told
	// by Over and not here.
	Status   State
	Expires  string // YYMM, as tracks and frames have it
	Service  string // service code (ISO/IEC 7813)
	Seq      string // PAN sequence number, DE23 and tag 5F34: «01»
	PVV      vault.Hidden
	PINTries int // wrong PINs since the last right one
	// Unblock tells that the PIN was unblocked here and the chip still has to
	// learn of it, by an issuer script; then call ScriptSent.
	Unblock bool
	// Merchant is the only shop the card works at; FirstMerchant: whoever
	// comes first, see Bind.
	Merchant string
}

// Service codes: international, online PIN asked as usual; only plastic has a chip.
const (
	servicePlastic = "201"
	serviceVirtual = "101"
)

// Sequence numbers of a PAN: a virtual card has no chip to count.
const (
	seqPlastic = "01"
	seqVirtual = "00"
)

const faceColumns = columns + `, pvv`

// facesAtOnce is how many cards one query reads, facesTimeout how long it may take.
const (
	facesAtOnce  = 32
	facesTimeout = 5 * time.Second
)

var (
	qFaces = gather.Powers(facesAtOnce, func(n int) *db.Stmt {
		return db.Query(`SELECT n.hash, c.client, ` + faceColumns + ` FROM card_number n JOIN card c ON c.client = n.client AND c.id = n.card WHERE n.hash IN (` + db.Holders(n) + `)`)
	})
	// FaceIn locks the row until the unit of work ends.
	qFaceIn = db.Query(`SELECT client, ` + faceColumns + ` FROM card WHERE client = $1 AND id = $2 {for_update}`)
)

// ByNumber finds a card by its number, through its keyed hash; ErrMissing when
// it is none of ours. Many purchases of a moment share one query.
func (s *Service) ByNumber(pan string) (Face, error) {
	return s.faces.Find(s.vault.Lookup(vault.Number, pan))
}

// readFaces reads cards by the hashes of their numbers.
func (s *Service) readFaces(ctx context.Context, batch []*gather.Ask[[]byte, Face]) error {
	place, padded := gather.Padded(batch)
	args := make([]any, len(padded))
	for i, a := range padded {
		args[i], a.Err = a.Question, ErrMissing
	}
	rows, err := s.db.Rows(ctx, qFaces[place], args...)
	if err != nil {
		return fmt.Errorf("read cards: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var hash []byte
		f, err := s.face(func(to ...any) error { return rows.Scan(append([]any{&hash}, to...)...) }, s.db.Now())
		if hash == nil {
			return err
		}
		for _, a := range batch {
			if string(a.Question) == string(hash) {
				a.Answer, a.Err = f, err
			}
		}
	}
	return rows.Err()
}

// FaceIn reads a client's card within a unit of work that has it to itself
// until it ends; ErrMissing when it is not his.
func (s *Service) FaceIn(ctx context.Context, tx db.Tx, who client.ID, card id.ID) (Face, error) {
	return s.face(tx.Row(ctx, qFaceIn, int64(who), card.Bytes()).Scan, tx.Now())
}

func (s *Service) face(scan func(...any) error, now time.Time) (Face, error) {
	var f Face
	var r row
	var pvv []byte
	err := scan(append([]any{&r.client}, append(r.into(), &pvv)...)...)
	if errors.Is(err, db.ErrNoRows) {
		return Face{}, ErrMissing
	}
	if err != nil {
		return Face{}, fmt.Errorf("read a card: %w", err)
	}
	if f.Card, err = r.card(); err != nil {
		return Face{}, err
	}
	if len(pvv) > 0 {
		text, err := s.vault.OpenText(vault.Secret, at("card.pvv", f.ID), pvv)
		if err != nil {
			return Face{}, fmt.Errorf("PVV of card %s: %w", f.ID.Text(Prefix), err)
		}
		f.PVV = vault.Hide(text)
	}
	f.Status = f.Card.at(now)
	f.Expires = fmt.Sprintf("%02d%02d", f.Year%100, int(f.Month))
	f.Service, f.Seq = servicePlastic, seqPlastic
	if f.Virtual() {
		f.Service, f.Seq = serviceVirtual, seqVirtual
	}
	f.PINTries, f.Unblock, f.Merchant = maxPIN-f.PINLeft, r.script != 0, f.Rules.Merchant
	return f, nil
}

// at gives the state at a moment.
func (c Card) at(now time.Time) State {
	if c.State == Suspended && !now.Before(c.Until) {
		return Active
	}
	return c.State
}
