package vault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tink-crypto/tink-go/v2/tink"
)

// refreshIn bounds how long a value that waits for a new key waits.
const refreshIn = 10 * time.Second

var errNoProvider = errors.New("vault: these keys are kept by nobody")

// Refresh reads the keys again if the provider has others by now, and tells
// whether it had. A rotation by another process becomes known this way: call
// it every few seconds. A set that cannot be read changes nothing.
func (v *Vault) Refresh(ctx context.Context) (changed bool, err error) {
	if v.provider == nil {
		return false, nil
	}
	v.reading.Lock()
	defer v.reading.Unlock()
	mark, err := v.provider.Mark(ctx)
	if err != nil || mark == v.mark {
		return false, err
	}
	k, err := v.provider.Load(ctx)
	if err != nil {
		return false, err
	}
	return true, v.become(k, mark)
}

// become puts a set of keys in the place of the one in use.
func (v *Vault) become(k Keys, mark string) error {
	s, err := newState(k.m)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrKeyFile, err)
	}
	v.state.Store(s)
	v.mark = mark
	return nil
}

// store hands the provider another set of keys and uses it from now on.
func (v *Vault) store(ctx context.Context, change func(Keys) Keys) error {
	if v.provider == nil {
		return errNoProvider
	}
	v.reading.Lock()
	defer v.reading.Unlock()
	// From what is kept now, not from what this process read once: another one
	// may have rotated since.
	k, err := v.provider.Load(ctx)
	if err != nil {
		return err
	}
	k = change(k)
	if err := v.provider.Store(ctx, k); err != nil {
		return err
	}
	mark, err := v.provider.Mark(ctx)
	if err != nil {
		return err
	}
	return v.become(k, mark)
}

func (v *Vault) keptBy(ctx context.Context, p Provider) error {
	mark, err := p.Mark(ctx)
	v.provider, v.mark = p, mark
	return err
}

// newcomer looks for a key that another process has made since this one read
// the keys.
func (v *Vault) newcomer(class Class, ver uint32) (tink.AEAD, bool) {
	ctx, cancel := context.WithTimeout(context.Background(), refreshIn)
	defer cancel()
	if _, err := v.Refresh(ctx); err != nil {
		return nil, false
	}
	a, ok := v.state.Load().seals[class].byVer[ver]
	return a, ok
}
