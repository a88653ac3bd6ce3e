package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"rocketbank/internal/app"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/vault"
)

// keyFile are the flags of everything that needs the vault's keys.
type keyFile struct {
	Keys               string `required:"" placeholder:"FILE" help:"The vault's key file."`
	KeysPassphraseFile string `placeholder:"FILE" help:"File with its passphrase; or ROCKETBANK_KEYS_PASSPHRASE, or the systemd credential keys-passphrase."`
}

// file gives the key file with its passphrase, wherever that comes from.
func (k keyFile) file() (vault.File, error) {
	word, err := keysPassphrase(k.KeysPassphraseFile)
	return vault.File{Path: k.Keys, Passphrase: word}, err
}

// keysPassphrase looks for the passphrase in the named file, the environment
// and systemd's credentials, in this order; empty if there is none.
func keysPassphrase(path string) (vault.Hidden, error) {
	if path == "" {
		if word := os.Getenv("ROCKETBANK_KEYS_PASSPHRASE"); word != "" {
			return vault.Hide(word), nil
		}
		folder := os.Getenv("CREDENTIALS_DIRECTORY")
		if folder == "" {
			return vault.Hidden{}, nil
		}
		path = filepath.Join(folder, "keys-passphrase")
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return vault.Hidden{}, nil
		}
	}
	word, err := secretFile(path)
	return vault.Hide(word), err
}

// hint tells loudly that keys lie open.
func hint(f vault.File, to io.Writer) {
	if encrypted, err := f.Encrypted(); err == nil && !encrypted {
		fmt.Fprintf(to, "WARNING: the key file %s is not encrypted. Run: rocketbank keys encrypt --keys %s --new-passphrase-file FILE\n", f.Path, f.Path)
	}
}

type keysCmd struct {
	Init    keysInit    `cmd:"" help:"Make the vault's key file for a new bank."`
	Rotate  keysRotate  `cmd:"" help:"Make new keys and seal everything under them while the bank is open; may be killed and started again."`
	Status  keysStatus  `cmd:"" help:"Show the versions of the keys and how much rests under older ones."`
	Encrypt keysEncrypt `cmd:"" help:"Put an open key file under a passphrase, or an encrypted one under another."`
}

type keysInit struct {
	keyFile
	Plain bool `help:"Write the keys without a passphrase (for a rehearsal)."`
}

// Run makes the keys once. Losing them loses every client's data, so nothing
// here ever writes over a file.
func (c keysInit) Run(out io.Writer) error {
	if _, err := os.Lstat(c.Keys); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s exists already; keys are never written over", c.Keys)
	}
	f, err := c.file()
	switch {
	case err != nil:
		return err
	case c.Plain && !f.Passphrase.Empty():
		return errors.New("give --plain or a passphrase, not both")
	case !c.Plain && f.Passphrase.Empty():
		return errors.New("say what the keys are encrypted under: --keys-passphrase-file FILE, ROCKETBANK_KEYS_PASSPHRASE or the systemd credential keys-passphrase (or --plain)")
	}
	if err := f.Create(vault.NewKeys()); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "wrote %s; keep a copy in another place than the backups\n", c.Keys); err != nil {
		return err
	}
	hint(f, os.Stderr)
	return nil
}

type keysEncrypt struct {
	keyFile
	NewPassphraseFile string `required:"" placeholder:"FILE" help:"File with the passphrase that shall open the keys from now on."`
}

// Run encrypts in place: a crash leaves the old file or the new one.
func (c keysEncrypt) Run(ctx context.Context, out io.Writer) error {
	f, err := c.file()
	if err != nil {
		return err
	}
	word, err := secretFile(c.NewPassphraseFile)
	if err != nil {
		return err
	}
	if err := f.Encrypt(ctx, vault.Hide(word)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s is encrypted; give serve the passphrase, and destroy the open copies\n", c.Keys)
	return err
}

type keysRotate struct {
	database
	keyFile
	Pause time.Duration `default:"2ms" help:"Rest between two units of work."`
	Batch int           `default:"100" help:"Values in one unit of work."`
}

// Run rotates. Processes that serve learn of the new keys from the file.
func (c keysRotate) Run(ctx context.Context, out io.Writer) error {
	f, err := c.file()
	if err != nil {
		return err
	}
	d, err := c.ready(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	return app.Rotate(ctx, app.RotateConfig{DB: d, Keys: f, Pause: c.Pause, Batch: c.Batch, Out: out})
}

type keysStatus struct {
	keyFile
	DB   string `name:"db" placeholder:"URL" help:"Count what rests under which keys in this database."`
	JSON bool   `name:"json" help:"Print one JSON object."`
}

// Run shows versions and public halves, never a key.
func (c keysStatus) Run(ctx context.Context, out io.Writer) error {
	f, err := c.file()
	if err != nil {
		return err
	}
	var d *db.DB
	if c.DB != "" {
		if d, err = (database{c.DB}).ready(ctx); err != nil {
			return err
		}
		defer d.Close()
	}
	s, err := app.StatusOfKeys(ctx, f, d)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(out).Encode(s)
	}
	hint(f, os.Stderr)
	for _, class := range slices.Sorted(maps.Keys(s.Versions)) {
		fmt.Fprintf(out, "class %-8s version %d\n", class, s.Versions[class])
	}
	fmt.Fprintf(out, "receipts are signed by %s (public %x)\n", s.Receipts.ID, s.Receipts.Public)
	fmt.Fprintf(out, "heads of the audit trail by %s (public %x)\n", s.Audit.ID, s.Audit.Public)
	for _, one := range s.Columns {
		fmt.Fprintf(out, "%-28s newest %d, old %d, of clients' own keys %d, open %d\n", one.Column, one.Newest, one.Old, one.Owners, one.Plain)
	}
	switch {
	case s.Rotating:
		_, err = fmt.Fprintln(out, "a rotation was begun and not ended; run rocketbank keys rotate again")
	case c.DB != "":
		_, err = fmt.Fprintf(out, "%d values rest under older keys\n", s.Old)
	}
	return err
}
