package vault

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

const keySize = 32

// ErrNoKeys tells that there is no key file. Whoever serves real clients must
// not start then: what is in the database could neither be read nor found.
var ErrNoKeys = errors.New("vault: no key file")

// ErrKeyFile tells that the key file is there but cannot be used.
var ErrKeyFile = errors.New("vault: the key file cannot be used")

type material struct {
	seals  map[Class]map[uint32][]byte
	lookup []byte
	mac    []byte
	pepper []byte
}

// keyFile is the JSON in the file; []byte is base64 there.
type keyFile struct {
	Format int                         `json:"format"`
	Seals  map[Class]map[uint32][]byte `json:"seals"` // class → version → AES-256 key
	Lookup []byte                      `json:"lookup"`
	MAC    []byte                      `json:"mac"`
	Pepper []byte                      `json:"pepper"`
}

// Create makes new keys and writes them to path, readable by the owner alone.
// It never overwrites: losing keys is losing the data under them.
func Create(path string) (*Vault, error) {
	m := newMaterial()
	v, err := newVault(m, costNow, passcodeSlots())
	if err != nil {
		return nil, err
	}
	if err := writeKeys(path, m); err != nil {
		return nil, err
	}
	return v, nil
}

// Load reads the keys that Create wrote. It refuses a file that others on the
// machine may read.
func Load(path string) (*Vault, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w at %s: make one with «rocketbank keys init», or bring it back from where it is kept", ErrNoKeys, path)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeyFile, err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%w: others may read %s; run chmod 600 on it", ErrKeyFile, path)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeyFile, err)
	}
	var f keyFile
	if err := json.Unmarshal(raw, &f); err != nil || f.Format != 1 {
		// The cause is left out: a JSON error may quote what it read.
		return nil, fmt.Errorf("%w: %s is no key file of this program", ErrKeyFile, path)
	}
	v, err := newVault(material{seals: f.Seals, lookup: f.Lookup, mac: f.MAC, pepper: f.Pepper}, costNow, passcodeSlots())
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrKeyFile, path, err)
	}
	return v, nil
}

// Ephemeral makes a vault whose keys are gone with the process and whose
// passcodes are cheap: for benches and tests, which read nothing back later.
func Ephemeral() *Vault {
	v, err := newVault(newMaterial(), costCheap, passcodeSlots())
	if err != nil {
		panic(fmt.Sprintf("vault: fresh keys do not fit: %v", err))
	}
	return v
}

func newMaterial() material {
	m := material{
		seals:  make(map[Class]map[uint32][]byte, len(classes)),
		lookup: randomBytes(keySize), mac: randomBytes(keySize), pepper: randomBytes(keySize),
	}
	for _, c := range classes {
		m.seals[c] = map[uint32][]byte{1: randomBytes(keySize)}
	}
	return m
}

// writeKeys writes a file beside path and then gives it its name: a crash
// leaves the whole file or none, and a file that is there already stays.
func writeKeys(path string, m material) error {
	raw, err := json.MarshalIndent(keyFile{Format: 1, Seals: m.seals, Lookup: m.lookup, MAC: m.mac, Pepper: m.pepper}, "", "  ")
	if err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*") // mode 0600
	if err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	defer os.Remove(f.Name()) // the second name of the file, or what failed
	_, errWrite := f.Write(append(raw, '\n'))
	// The keys must outlive a power cut that the first sealed row outlives.
	if err := errors.Join(errWrite, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	if err := os.Link(f.Name(), path); err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	return syncDir(filepath.Dir(path))
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

// passcodeSlots leaves half of the cores to everybody else.
func passcodeSlots() int { return max(1, runtime.GOMAXPROCS(0)/2) }

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails since Go 1.24
	return b
}
