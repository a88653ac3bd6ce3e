package vault

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/tink"

	"rocketbank/internal/base/db"
)

// ErrShredded tells that the owner's data key is gone, and with it everything
// that was sealed under it.
var ErrShredded = fmt.Errorf("%w: the owner's key was shredded", ErrSealed)

var (
	qDataKey = db.Query(`SELECT wrapped, shredded_us FROM data_key WHERE owner = $1`)
	qAddKey  = db.Query(`INSERT INTO data_key (owner, wrapped, created_us) VALUES ($1, $2, $3) ON CONFLICT (owner) DO NOTHING`)
	qShred   = db.Query(`INSERT INTO data_key (owner, wrapped, created_us, shredded_us) VALUES ($1, $2, $3, $3)
		ON CONFLICT (owner) DO UPDATE SET wrapped = excluded.wrapped, shredded_us = excluded.shredded_us WHERE data_key.shredded_us IS NULL`)

	_ = Declare(Column{Table: "data_key", Name: "wrapped", Class: dataKeys, Key: []string{"owner"}})
)

// dataKeyVersion stands in every ciphertext under a data key. There is one
// today; a client's key is never changed, only wrapped anew.
const dataKeyVersion = 1

// SealFor encrypts plain under the owner's own data key, which is made with
// the first value and can be shredded for all of them at once. What is sealed
// opens by OpenFor alone.
func (v *Vault) SealFor(ctx context.Context, tx db.Tx, owner int64, class Class, at At, plain []byte) ([]byte, error) {
	if _, ok := v.state.Load().seals[class]; !ok {
		return nil, fmt.Errorf("vault: unknown class %q", class)
	}
	key, err := v.dataKey(ctx, tx, owner)
	if errors.Is(err, db.ErrNoRows) {
		if err := v.newDataKey(ctx, tx, owner); err != nil {
			return nil, err
		}
		key, err = v.dataKey(ctx, tx, owner)
	}
	if err != nil {
		return nil, fmt.Errorf("vault: seal %s for %s: %w", class, at.Table, err)
	}
	body, err := key.Encrypt(plain, ownerPlace(owner, class, at))
	if err != nil {
		return nil, fmt.Errorf("vault: seal %s for %s: %w", class, at.Table, err)
	}
	out := make([]byte, headerSize, headerSize+len(body))
	out[0] = formatOwner
	binary.BigEndian.PutUint32(out[1:], dataKeyVersion)
	return append(out, body...), nil
}

// OpenFor decrypts what SealFor made for the same owner, class and place. A
// value that Seal made opens too, so that a column can move over row by row.
func (v *Vault) OpenFor(ctx context.Context, r db.Reader, owner int64, class Class, at At, sealed []byte) ([]byte, error) {
	if len(sealed) < headerSize || sealed[0] != formatOwner {
		return v.Open(class, at, sealed)
	}
	if binary.BigEndian.Uint32(sealed[1:headerSize]) != dataKeyVersion {
		return nil, ErrSealed
	}
	key, err := v.dataKey(ctx, r, owner)
	switch {
	case errors.Is(err, db.ErrNoRows):
		return nil, ErrSealed
	case err != nil:
		return nil, err
	}
	plain, err := key.Decrypt(sealed[headerSize:], ownerPlace(owner, class, at))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// Shred throws the owner's data key away. Nothing that was sealed for the
// owner opens again, in this database and in every later backup; other
// processes forget the key within a minute.
func (v *Vault) Shred(ctx context.Context, tx db.Tx, owner int64) error {
	if _, err := tx.Exec(ctx, qShred, owner, []byte{}, tx.Now().UnixMicro()); err != nil {
		return fmt.Errorf("vault: shred: %w", err)
	}
	v.owners.forget(owner)
	tx.AfterCommit(func() { v.owners.forget(owner) })
	return nil
}

func (v *Vault) newDataKey(ctx context.Context, tx db.Tx, owner int64) error {
	wrapped, err := v.Seal(dataKeys, dataKeyAt(owner), randomBytes(keySize))
	if err != nil {
		return err
	}
	// Two units of work may come with the first value of one owner: the
	// second takes the key of the first.
	if _, err := tx.Exec(ctx, qAddKey, owner, wrapped, tx.Now().UnixMicro()); err != nil {
		return fmt.Errorf("vault: new data key: %w", err)
	}
	return nil
}

// dataKey gives the owner's key, db.ErrNoRows if there is none yet.
func (v *Vault) dataKey(ctx context.Context, r db.Reader, owner int64) (tink.AEAD, error) {
	if key, ok := v.owners.find(owner); ok {
		return key, nil
	}
	var wrapped []byte
	var shredded *int64
	if err := r.Row(ctx, qDataKey, owner).Scan(&wrapped, &shredded); err != nil {
		return nil, err
	}
	if shredded != nil {
		return nil, ErrShredded
	}
	raw, err := v.Open(dataKeys, dataKeyAt(owner), wrapped)
	if err != nil {
		return nil, err
	}
	key, err := subtle.NewAESGCM(raw)
	if err != nil {
		return nil, fmt.Errorf("vault: data key: %w", err)
	}
	// What a unit of work reads may be its own and be rolled back with it: a
	// key that nobody kept must seal nothing.
	if tx, ok := r.(db.Tx); ok {
		tx.AfterCommit(func() { v.owners.keep(owner, key) })
	} else {
		v.owners.keep(owner, key)
	}
	return key, nil
}

func dataKeyAt(owner int64) At { return At{Table: "data_key.wrapped", Row: Row64(owner)} }

// ownerPlace is the associated data: the place, and whose it is.
func ownerPlace(owner int64, class Class, at At) []byte {
	return binary.BigEndian.AppendUint64(place(class, at, dataKeyVersion), uint64(owner))
}

const (
	// maxOwners bounds the data keys kept at hand.
	maxOwners = 4096
	// ownersFor is how long a key is used without asking the database, so
	// that a shredded one dies in every process.
	ownersFor = time.Minute
)

// owners are the data keys of the clients that came last.
type owners struct {
	mu   sync.Mutex
	keys map[int64]ownerKey
}

type ownerKey struct {
	key   tink.AEAD
	until time.Time
}

func (o *owners) find(owner int64) (tink.AEAD, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	k, ok := o.keys[owner]
	return k.key, ok && time.Now().Before(k.until)
}

func (o *owners) keep(owner int64, key tink.AEAD) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.keys == nil || len(o.keys) >= maxOwners {
		o.keys = make(map[int64]ownerKey) // all come back with their next page
	}
	o.keys[owner] = ownerKey{key, time.Now().Add(ownersFor)}
}

func (o *owners) forget(owner int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.keys, owner)
}
