package app

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// Backup writes one snapshot of the database to the store, encrypted before
// it leaves the process. The vault's keys are not in it: they go another way.
func Backup(ctx context.Context, d *db.DB, to Store, name string, who []age.Recipient) (size int64, err error) {
	return to.Put(ctx, name, func(w io.Writer) error {
		sealed, err := age.Encrypt(w, who...)
		if err != nil {
			return err
		}
		packed := gzip.NewWriter(sealed)
		if err := d.Dump(ctx, packed); err != nil {
			return err
		}
		return errors.Join(packed.Close(), sealed.Close())
	})
}

// Restore fills a new database, all or nothing. The stream is read to its
// end, so that a damaged tail is noticed too.
func Restore(ctx context.Context, d *db.DB, from Store, name string, who []age.Identity) error {
	in, err := from.Get(ctx, name)
	if err != nil {
		return err
	}
	defer in.Close()
	opened, err := age.Decrypt(in, who...)
	if err != nil {
		return fmt.Errorf("%s does not open with this key: %w", name, err)
	}
	unpacked, err := gzip.NewReader(opened)
	if err != nil {
		return fmt.Errorf("%s is damaged: %w", name, err)
	}
	if err := d.Migrate(ctx); err != nil {
		return err
	}
	if err := d.Load(ctx, unpacked); err != nil {
		return fmt.Errorf("nothing was restored: %w", err)
	}
	// #nosec G110 -- thrown away, and the file is the operator's own
	if _, err := io.Copy(io.Discard, unpacked); err != nil {
		return fmt.Errorf("the backup's end is damaged: %w", err)
	}
	return nil
}

// SealedCheck is a check of verify: every sealed value opens under the keys.
// A restore without the right key file is no restore.
func SealedCheck(v *vault.Vault) ledger.Check {
	return func(ctx context.Context, r db.Reader) ([]ledger.Breach, error) {
		var out []ledger.Breach
		for _, c := range vault.Columns() {
			bad, err := v.Unreadable(ctx, r, c)
			if err != nil {
				return nil, fmt.Errorf("read %s: %w", c, err)
			}
			if bad > 0 {
				out = append(out, ledger.Breach{Rule: "vault", Detail: fmt.Sprintf("%d values of %s do not open under these keys", bad, c)})
			}
		}
		return out, nil
	}
}
