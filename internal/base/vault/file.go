package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"filippo.io/age"
)

// ErrNoKeys tells that there is no key file. Whoever serves real clients must
// not start then: what is in the database could neither be read nor found.
var ErrNoKeys = errors.New("vault: no key file")

// ErrKeyFile tells that the key file is there but cannot be used.
var ErrKeyFile = errors.New("vault: the key file cannot be used")

// ErrPassphrase tells that the key file is encrypted and its passphrase is
// missing or another one.
var ErrPassphrase = fmt.Errorf("%w: passphrase", ErrKeyFile)

// Provider keeps the keys: a file, a token behind PKCS#11, a key service. What
// it gives out lives in this process's memory and nowhere else.
type Provider interface {
	// Load gives the whole set.
	Load(ctx context.Context) (Keys, error)
	// Store keeps another set instead, whole and durable, or leaves the old one.
	Store(ctx context.Context, k Keys) error
	// Mark is a cheap answer that changes whenever Load would give another set.
	Mark(ctx context.Context) (string, error)
}

// File is the provider that keeps the keys in one file: encrypted by age under
// a passphrase, or plain when the passphrase is empty.
type File struct {
	Path       string
	Passphrase Hidden
	// WorkFactor is the cost of one guess at the passphrase, as a power of
	// two; 0 is age's own choice, about a second.
	WorkFactor int
}

// ageHead is how a file encrypted by age begins.
const ageHead = "age-encryption.org/v1\n"

// maxKeyFile is far more than any key set takes.
const maxKeyFile = 16 << 20

// Encrypted tells whether the file rests under a passphrase.
func (f File) Encrypted() (bool, error) {
	raw, err := f.read()
	return bytes.HasPrefix(raw, []byte(ageHead)), err
}

// Load reads the file. A plain one that others on the machine may read is refused.
func (f File) Load(context.Context) (Keys, error) {
	raw, err := f.read()
	if err != nil {
		return Keys{}, err
	}
	if bytes.HasPrefix(raw, []byte(ageHead)) {
		if raw, err = f.decrypt(raw); err != nil {
			return Keys{}, err
		}
	} else if info, err := os.Stat(f.Path); err != nil || info.Mode().Perm()&0o077 != 0 {
		return Keys{}, fmt.Errorf("%w: others may read %s; run chmod 600 on it", ErrKeyFile, f.Path)
	}
	k, err := ParseKeys(raw)
	if err != nil {
		return Keys{}, fmt.Errorf("%w: %s: %w", ErrKeyFile, f.Path, err)
	}
	return k, nil
}

func (f File) read() ([]byte, error) {
	in, err := os.Open(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w at %s: make one with «rocketbank keys init», or bring it back from where it is kept", ErrNoKeys, f.Path)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeyFile, err)
	}
	defer in.Close()
	raw, err := io.ReadAll(io.LimitReader(in, maxKeyFile))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeyFile, err)
	}
	return raw, nil
}

func (f File) decrypt(raw []byte) ([]byte, error) {
	if f.Passphrase.Empty() {
		return nil, fmt.Errorf("%w: %s is encrypted; give its passphrase by --keys-passphrase-file, "+
			"ROCKETBANK_KEYS_PASSPHRASE or the systemd credential keys-passphrase", ErrPassphrase, f.Path)
	}
	who, err := age.NewScryptIdentity(f.Passphrase.Reveal())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPassphrase, err)
	}
	plain, err := age.Decrypt(bytes.NewReader(raw), who)
	if err != nil {
		return nil, fmt.Errorf("%w: %s does not open with this passphrase", ErrPassphrase, f.Path)
	}
	out, err := io.ReadAll(plain)
	if err != nil {
		return nil, fmt.Errorf("%w: %s is damaged", ErrKeyFile, f.Path)
	}
	return out, nil
}

func (f File) encrypt(raw []byte) ([]byte, error) {
	if f.Passphrase.Empty() {
		return raw, nil
	}
	to, err := age.NewScryptRecipient(f.Passphrase.Reveal())
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	if f.WorkFactor > 0 {
		to.SetWorkFactor(f.WorkFactor)
	}
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to)
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	_, errWrite := w.Write(raw)
	if err := errors.Join(errWrite, w.Close()); err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	return out.Bytes(), nil
}

// Create writes a new file, readable by the owner alone. It never overwrites:
// losing keys is losing the data under them.
func (f File) Create(k Keys) error { return f.write(k, os.Link) }

// Store writes the set over the old file, encrypted or plain as that is: a
// crash leaves the one or the other, never a part.
func (f File) Store(_ context.Context, k Keys) error {
	encrypted, err := f.Encrypted()
	if err != nil {
		return err
	}
	if !encrypted {
		f.Passphrase = Hidden{}
	}
	return f.write(k, os.Rename)
}

// Encrypt puts a plain file under the passphrase, or an encrypted one under
// another.
func (f File) Encrypt(ctx context.Context, under Hidden) error {
	if under.Empty() {
		return fmt.Errorf("%w: it is empty", ErrPassphrase)
	}
	k, err := f.Load(ctx)
	if err != nil {
		return err
	}
	f.Passphrase = under
	return f.write(k, os.Rename)
}

// write writes a file beside the path and then gives it its name.
func (f File) write(k Keys, name func(from, to string) error) error {
	raw, err := k.Bytes()
	if err != nil {
		return err
	}
	if raw, err = f.encrypt(raw); err != nil {
		return err
	}
	out, err := os.CreateTemp(filepath.Dir(f.Path), filepath.Base(f.Path)+".new-*") // mode 0600
	if err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	defer os.Remove(out.Name()) // the second name of the file, or what failed
	_, errWrite := out.Write(raw)
	// The keys must outlive a power cut that the first sealed row outlives.
	if err := errors.Join(errWrite, sameOwner(f.Path, out), out.Sync(), out.Close()); err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	if err := name(out.Name(), f.Path); err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	return syncDir(filepath.Dir(f.Path))
}

// Mark is the time and size of the file.
func (f File) Mark(context.Context) (string, error) {
	info, err := os.Stat(f.Path)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNoKeys, err)
	}
	return fmt.Sprintf("%d %d", info.ModTime().UnixNano(), info.Size()), nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	return nil
}

// Create makes new keys and writes them to a plain file.
func Create(path string) (*Vault, error) {
	f := File{Path: path}
	k := NewKeys()
	v, err := newVault(k.m, costNow, passcodeSlots())
	if err != nil {
		return nil, err
	}
	if err := f.Create(k); err != nil {
		return nil, err
	}
	return v, v.keptBy(context.Background(), f)
}

// Load reads the keys of a plain file.
func Load(path string) (*Vault, error) { return New(context.Background(), File{Path: path}) }

// New opens the vault whose keys the provider keeps.
func New(ctx context.Context, p Provider) (*Vault, error) {
	mark, err := p.Mark(ctx)
	if err != nil && !errors.Is(err, ErrNoKeys) {
		return nil, err // that there are none is told better by Load
	}
	k, err := p.Load(ctx)
	if err != nil {
		return nil, err
	}
	v, err := newVault(k.m, costNow, passcodeSlots())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeyFile, err)
	}
	v.provider, v.mark = p, mark
	return v, nil
}

// Ephemeral makes a vault whose keys are gone with the process and whose
// passcodes are cheap: for benches and tests, which read nothing back later.
func Ephemeral() *Vault {
	v, err := newVault(NewKeys().m, costCheap, passcodeSlots())
	if err != nil {
		panic(fmt.Sprintf("vault: fresh keys do not fit: %v", err))
	}
	return v
}
