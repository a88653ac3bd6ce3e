package main

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"rocketbank/internal/base/db"
)

type backupCmd struct {
	database
	Out            string   `required:"" placeholder:"FILE" help:"Where to write the backup."`
	Recipient      []string `placeholder:"age1…" help:"Public key that may open the backup; may be given several times."`
	PassphraseFile string   `placeholder:"FILE" help:"File with a passphrase instead of a public key."`
}

// Run writes the backup. It is encrypted before it leaves the process. The
// key file of the vault is not in it: it goes another way.
func (c backupCmd) Run(ctx context.Context, out io.Writer) (err error) {
	to, err := c.recipients()
	if err != nil {
		return err
	}
	d, err := c.ready(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	// A backup appears under its name only when it is whole and on the disk.
	f, err := os.CreateTemp(filepath.Dir(c.Out), filepath.Base(c.Out)+".part-*")
	if err != nil {
		return fmt.Errorf("cannot write %s: %w; name a folder that this user may write to", c.Out, err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	sealed, err := age.Encrypt(f, to...)
	if err != nil {
		return err
	}
	packed := gzip.NewWriter(sealed)
	if err := d.Dump(ctx, packed); err != nil {
		return err
	}
	if err := errors.Join(packed.Close(), sealed.Close(), f.Sync()); err != nil {
		return err
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Close(), os.Rename(f.Name(), c.Out)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "wrote %s, %d bytes; keep the vault's key file elsewhere, the backup is useless without it\n", c.Out, size)
	return err
}

func (c backupCmd) recipients() ([]age.Recipient, error) {
	var to []age.Recipient
	for _, s := range c.Recipient {
		r, err := age.ParseX25519Recipient(s)
		if err != nil {
			return nil, fmt.Errorf("--recipient %q is no age public key (age1…)", s)
		}
		to = append(to, r)
	}
	switch {
	case c.PassphraseFile != "" && len(to) > 0:
		return nil, errors.New("give --recipient or --passphrase-file, not both")
	case c.PassphraseFile != "":
		word, err := secretFile(c.PassphraseFile)
		if err != nil {
			return nil, err
		}
		r, err := age.NewScryptRecipient(word)
		if err != nil {
			return nil, err
		}
		to = append(to, r)
	case len(to) == 0:
		return nil, errors.New("say who may open the backup: --recipient age1… or --passphrase-file FILE")
	}
	return to, nil
}

// secretFile reads a secret that must not stand on the command line.
func secretFile(path string) (string, error) {
	b, err := os.ReadFile(path) // #nosec G304 -- the operator names the file
	if err != nil {
		return "", fmt.Errorf("cannot read the secret: %w", err)
	}
	s := strings.TrimSpace(string(b))
	if s == "" {
		return "", fmt.Errorf("%s is empty; it must hold the secret", path)
	}
	return s, nil
}

type restoreCmd struct {
	database
	In             string `required:"" placeholder:"FILE" help:"The backup."`
	Identity       string `placeholder:"FILE" help:"File with the private age key."`
	PassphraseFile string `placeholder:"FILE" help:"File with the passphrase."`
}

// Run fills a new database, all or nothing, and re-adds the book and the audit trail.
func (c restoreCmd) Run(ctx context.Context, out io.Writer) error {
	who, err := c.identities()
	if err != nil {
		return err
	}
	f, err := os.Open(c.In)
	if err != nil {
		return fmt.Errorf("cannot read the backup: %w", err)
	}
	defer f.Close()
	opened, err := age.Decrypt(f, who...)
	if err != nil {
		return fmt.Errorf("%s does not open with this key: %w", c.In, err)
	}
	unpacked, err := gzip.NewReader(opened)
	if err != nil {
		return fmt.Errorf("%s is damaged: %w", c.In, err)
	}
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Migrate(ctx); err != nil {
		return err
	}
	if err := restore(ctx, d, unpacked); err != nil {
		return err
	}
	return verify(ctx, out, d, false, append(bookChecks(), auditTrail))
}

// restore fills the database and reads the stream to its end, so that a damaged
// tail is noticed too.
func restore(ctx context.Context, d *db.DB, r io.Reader) error {
	if err := d.Load(ctx, r); err != nil {
		return fmt.Errorf("nothing was restored: %w", err)
	}
	if _, err := io.Copy(io.Discard, r); err != nil { // #nosec G110 -- thrown away, and the file is the operator's own
		return fmt.Errorf("the backup's end is damaged: %w", err)
	}
	return nil
}

func (c restoreCmd) identities() ([]age.Identity, error) {
	switch {
	case c.Identity != "" && c.PassphraseFile != "":
		return nil, errors.New("give --identity or --passphrase-file, not both")
	case c.Identity != "":
		f, err := os.Open(c.Identity)
		if err != nil {
			return nil, fmt.Errorf("cannot read the key: %w", err)
		}
		defer f.Close()
		return age.ParseIdentities(f)
	case c.PassphraseFile != "":
		word, err := secretFile(c.PassphraseFile)
		if err != nil {
			return nil, err
		}
		i, err := age.NewScryptIdentity(word)
		return []age.Identity{i}, err
	}
	return nil, errors.New("say how to open the backup: --identity FILE or --passphrase-file FILE")
}
