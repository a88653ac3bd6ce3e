package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"rocketbank/internal/base/audit"
)

const (
	// headsFile is the file of signed heads in a data folder.
	headsFile = "audit-heads.jsonl"
	// headsEvery is how long a cut of the trail's end may stay unsigned.
	headsEvery = 10 * time.Second
	// keysEvery is how soon a rotation by another process is known here.
	keysEvery = 5 * time.Second
)

// HeadsBeside is where signed heads are kept when nobody said where: beside an
// SQLite file. "" for a database elsewhere.
func HeadsBeside(url string) string {
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		return filepath.Join(filepath.Dir(path), headsFile)
	}
	return ""
}

// openHeads opens the file of signed heads. A new bank does not go on in the
// file of another one: that is set aside.
func openHeads(path string, fresh bool) (*audit.HeadFile, error) {
	if path == "" {
		return nil, nil
	}
	if fresh {
		if info, err := os.Stat(path); err == nil && info.Size() > 0 {
			if err := os.Rename(path, path+".before-"+time.Now().UTC().Format("20060102T150405")); err != nil {
				return nil, fmt.Errorf("signed heads: %w", err)
			}
		}
	}
	return audit.OpenHeads(path)
}

// signHeads adds the trail's end to the file of signed heads when the bank
// opens, now and then, and once more when it closes: who is killed soon after
// opening has the head of what was there before.
func (b *bank) signHeads(ctx context.Context) {
	if b.heads == nil {
		return
	}
	sign := func(ctx context.Context) {
		_, err := b.heads.Add(ctx, b.db, b.vault.AuditKey(), time.Now())
		switch {
		case errors.Is(err, audit.ErrHeads):
			b.log.Error("the audit trail was tampered with, or the database restored; run rocketbank verify --audit", "err", err)
		case err != nil && ctx.Err() == nil:
			b.log.Error("sign the head of the audit trail", "err", err)
		}
	}
	sign(ctx)
	every(ctx, headsEvery, sign)
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	sign(last)
}

// watchKeys learns of a rotation by another process.
func (b *bank) watchKeys(ctx context.Context) {
	every(ctx, keysEvery, func(ctx context.Context) {
		switch changed, err := b.vault.Refresh(ctx); {
		case err != nil && ctx.Err() == nil:
			b.log.Error("read the vault's keys again", "err", err)
		case changed:
			b.log.Info("the vault's keys were rotated; new values rest under the new ones")
		}
	})
}
