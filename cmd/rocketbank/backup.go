package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"

	"rocketbank/internal/app"
	"rocketbank/internal/base/vault"
)

// depot are the flags that reach an S3-compatible store.
type depot struct {
	S3Endpoint   string `name:"s3-endpoint" placeholder:"https://…" help:"The S3-compatible store of an s3://bucket/name."`
	S3Region     string `name:"s3-region" default:"us-east-1" help:"Its region."`
	S3AccessKey  string `name:"s3-access-key" placeholder:"ID" help:"Who we are there; or AWS_ACCESS_KEY_ID."`
	S3SecretFile string `name:"s3-secret-file" placeholder:"FILE" help:"File with the secret key; or AWS_SECRET_ACCESS_KEY."`
}

// place takes FILE, FOLDER/ or s3://bucket/name apart. The name is empty when
// only a folder is named.
func (f depot) place(where string) (to app.Store, name string, err error) {
	rest, remote := strings.CutPrefix(where, "s3://")
	if !remote {
		if info, err := os.Stat(where); err == nil && info.IsDir() {
			return app.Folder(where), "", nil
		}
		return app.Folder(filepath.Dir(where)), filepath.Base(where), nil
	}
	c := app.S3Config{Endpoint: f.S3Endpoint, Region: f.S3Region, Access: f.S3AccessKey}
	if c.Access == "" {
		c.Access = os.Getenv("AWS_ACCESS_KEY_ID")
	}
	secret := os.Getenv("AWS_SECRET_ACCESS_KEY")
	if f.S3SecretFile != "" {
		if secret, err = secretFile(f.S3SecretFile); err != nil {
			return nil, "", err
		}
	}
	c.Secret = vault.Hide(secret)
	c.Bucket, rest, _ = strings.Cut(rest, "/")
	if c.Bucket == "" {
		return nil, "", fmt.Errorf("%q names no bucket; it looks like s3://bucket/folder/name.age", where)
	}
	at := strings.LastIndexByte(rest, '/') + 1
	c.Prefix, name = rest[:at], rest[at:]
	to, err = app.NewS3(c)
	return to, name, err
}

type backupCmd struct {
	database
	Out            string   `required:"" placeholder:"FILE" help:"Where to write the backup: a file, a folder (then it is named after the time) or s3://bucket/folder/."`
	Recipient      []string `placeholder:"age1…" help:"Public key that may open the backup; may be given several times."`
	PassphraseFile string   `placeholder:"FILE" help:"File with a passphrase instead of a public key."`
	depot
}

// Run writes the backup. It is encrypted before it leaves the process. The
// key file of the vault is not in it: it goes another way.
func (c backupCmd) Run(ctx context.Context, out io.Writer) error {
	who, err := c.recipients()
	if err != nil {
		return err
	}
	to, name, err := c.place(c.Out)
	if err != nil {
		return err
	}
	whole := c.Out
	if name == "" {
		name = "rocketbank-" + time.Now().UTC().Format("20060102T150405Z") + ".age"
		whole = strings.TrimSuffix(c.Out, "/") + "/" + name
	}
	d, err := c.ready(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	size, err := app.Backup(ctx, d, to, name, who)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "wrote %s, %d bytes; keep the vault's key file elsewhere, the backup is useless without it\n", whole, size)
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
	DB             string `name:"db" placeholder:"URL" help:"A new database: sqlite:PATH or postgres://…"`
	Drill          bool   `help:"Restore into a database that is thrown away, only to prove that it can be done."`
	In             string `required:"" placeholder:"FILE" help:"The backup: a file or s3://bucket/name."`
	Identity       string `placeholder:"FILE" help:"File with the private age key."`
	PassphraseFile string `placeholder:"FILE" help:"File with the passphrase."`
	Keys           string `placeholder:"FILE" help:"The vault's key file: check that every sealed value opens under it."`
	depot

	KeysPassphraseFile string `placeholder:"FILE" help:"File with its passphrase; or ROCKETBANK_KEYS_PASSPHRASE, or the systemd credential keys-passphrase."`
}

// Run fills a new database, all or nothing, and re-adds the book and the audit trail.
func (c restoreCmd) Run(ctx context.Context, out io.Writer) error {
	who, err := c.identities()
	if err != nil {
		return err
	}
	checks := append(bookChecks(), auditTrail)
	if c.Keys != "" {
		f, err := keyFile{c.Keys, c.KeysPassphraseFile}.file()
		if err != nil {
			return err
		}
		v, err := vault.New(ctx, f)
		if err != nil {
			return err
		}
		checks = append(checks, app.SealedCheck(v))
	}
	from, name, err := c.place(c.In)
	if err != nil {
		return err
	}
	switch {
	case c.Drill == (c.DB != ""):
		return errors.New("give --db URL of a new database, or --drill")
	case c.Drill:
		folder, err := os.MkdirTemp("", "rocketbank-drill-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(folder)
		c.DB = "sqlite:" + filepath.Join(folder, "bank.db")
	}
	d, err := (database{c.DB}).open(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := app.Restore(ctx, d, from, name, who); err != nil {
		return err
	}
	return verify(ctx, out, d, false, checks)
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
