package app

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/vault"
)

// RotateConfig is what a rotation is told.
type RotateConfig struct {
	DB    *db.DB
	Keys  vault.Provider
	Pause time.Duration // between two units of work
	Batch int           // values in one unit of work; 0 is the vault's own choice
	Out   io.Writer
}

// Rotate makes a new version of every key and seals everything under it while
// the bank is open. Killed and started again it goes on where it was. This
// floor knows all rooms, so all columns are declared here.
func Rotate(ctx context.Context, c RotateConfig) error {
	v, err := vault.New(ctx, c.Keys)
	if err != nil {
		return err
	}
	again, err := v.BeginRotation(ctx)
	if err != nil {
		return err
	}
	word := "new"
	if again {
		word = "going on with"
	}
	if _, err := fmt.Fprintf(c.Out, "%s key version %d\n", word, v.Newest(vault.PII)); err != nil {
		return err
	}
	column := ""
	moved, err := v.Move(ctx, c.DB, vault.Columns(), vault.Pace{Values: c.Batch, Pause: c.Pause, Each: func(m vault.Moved) {
		if m.Column != column {
			column = m.Column
			fmt.Fprintf(c.Out, "moving %s\n", column)
		}
	}})
	if err != nil {
		return fmt.Errorf("%d values have moved: %w", moved.Values, err)
	}
	if err := v.EndRotation(ctx); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.Out, "moved %d values; nothing rests under an older key, which stays for the backups\n", moved.Values)
	return err
}

// KeysStatus is how the vault stands.
type KeysStatus struct {
	Rotating bool              `json:"rotating"`
	Versions map[string]uint32 `json:"versions"`          // class → newest version
	Old      int64             `json:"old"`               // values under older versions
	Columns  []ColumnStatus    `json:"columns,omitempty"` // none without a database
	Receipts SigningStatus     `json:"receipt_key"`
	Audit    SigningStatus     `json:"audit_key"`
}

// ColumnStatus is how the values of one column stand.
type ColumnStatus struct {
	Column string `json:"column"`
	Newest int64  `json:"newest"`
	Old    int64  `json:"old"`
	Owners int64  `json:"owners"` // under data keys of single clients
	Plain  int64  `json:"plain"`  // no ciphertext of this program
}

// SigningStatus is the public side of a signing key.
type SigningStatus struct {
	ID      string   `json:"id"`
	Public  []byte   `json:"public"` // Ed25519
	Earlier []string `json:"earlier,omitempty"`
}

// StatusOfKeys tells the versions and, with a database, where they are used.
func StatusOfKeys(ctx context.Context, p vault.Provider, d *db.DB) (KeysStatus, error) {
	v, err := vault.New(ctx, p)
	if err != nil {
		return KeysStatus{}, err
	}
	s := KeysStatus{
		Rotating: v.Rotating(), Versions: map[string]uint32{},
		Receipts: signingStatus(v.ReceiptKey(), slices.Sorted(maps.Keys(v.ReceiptKeys()))),
		Audit:    signingStatus(v.AuditKey(), slices.Sorted(maps.Keys(v.AuditKeys()))),
	}
	for _, class := range vault.Classes() {
		s.Versions[string(class)] = v.Newest(class)
	}
	if d == nil {
		return s, nil
	}
	err = d.Read(ctx, func(r db.Reader) error {
		all, err := v.Census(ctx, r, vault.Columns())
		for _, one := range all {
			c := ColumnStatus{Column: one.Column, Newest: one.ByVersion[one.Newest], Old: one.Old(), Owners: one.Owners, Plain: one.Plain}
			s.Old += c.Old
			s.Columns = append(s.Columns, c)
		}
		return err
	})
	return s, err
}

func signingStatus(k vault.SigningKey, all []string) SigningStatus {
	return SigningStatus{ID: k.ID(), Public: k.Public(), Earlier: slices.DeleteFunc(all, func(id string) bool { return id == k.ID() })}
}
