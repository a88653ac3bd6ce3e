package vault

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"

	"rocketbank/internal/base/fault"
)

// cost is what one guess at a passcode costs. It is written into every hash,
// so it can be raised later and old hashes keep working.
type cost struct {
	memoryKiB uint32
	passes    uint32
	lanes     uint8
}

var (
	costNow   = cost{memoryKiB: 19 * 1024, passes: 2, lanes: 1} // OWASP's first choice
	costCheap = cost{memoryKiB: 64, passes: 1, lanes: 1}
)

// Limits of what a stored hash may ask for: a hash somebody planted must not
// take the machine's memory.
const (
	maxMemoryKiB = 256 * 1024
	maxPasses    = 16
	maxLanes     = 16
)

const (
	saltSize = 16
	hashSize = 32

	// maxWaitingPasscodes bounds who waits for a slot; the next is told to
	// come back in a moment.
	maxWaitingPasscodes = 64
)

// ErrBusy tells that too many passcodes are being checked at this moment.
var ErrBusy = fault.New(fault.Busy, "vault.busy")

var errHash = errors.New("vault: the stored passcode hash is malformed")

// HashPasscode hashes a passcode for storage. It takes a while by design and
// waits for its turn.
func (v *Vault) HashPasscode(ctx context.Context, passcode string) (string, error) {
	salt := randomBytes(saltSize)
	sum, err := v.stretch(ctx, v.cost, passcode, salt)
	if err != nil {
		return "", err
	}
	return v.encode(salt, sum), nil
}

// CheckPasscode tells whether the passcode fits the stored hash. An empty hash
// stands for «nobody»: the same work is done and the answer is no, so that
// the time tells a stranger nothing.
func (v *Vault) CheckPasscode(ctx context.Context, hash, passcode string) (bool, error) {
	nobody := hash == ""
	if nobody {
		hash = v.decoy
	}
	c, salt, want, err := decode(hash)
	if err != nil {
		return false, err
	}
	got, err := v.stretch(ctx, c, passcode, salt)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1 && !nobody, nil
}

// stretch runs argon2id over the peppered passcode in one of few slots.
func (v *Vault) stretch(ctx context.Context, c cost, passcode string, salt []byte) ([]byte, error) {
	select {
	case v.queue <- struct{}{}:
	default:
		return nil, ErrBusy
	}
	defer func() { <-v.queue }()
	select {
	case v.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-v.slots }()

	h := hmac.New(sha256.New, v.state.Load().pepper)
	h.Write([]byte(passcode))
	return argon2.IDKey(h.Sum(nil), salt, c.passes, c.memoryKiB, c.lanes, hashSize), nil
}

// passcodeSlots leaves half of the cores to everybody else.
func passcodeSlots() int { return max(1, runtime.GOMAXPROCS(0)/2) }

var b64 = base64.RawStdEncoding

func (v *Vault) encode(salt, sum []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		v.cost.memoryKiB, v.cost.passes, v.cost.lanes, b64.EncodeToString(salt), b64.EncodeToString(sum))
}

func decode(hash string) (c cost, salt, sum []byte, err error) {
	part := strings.Split(hash, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return cost{}, nil, nil, errHash
	}
	if _, err := fmt.Sscanf(part[3], "m=%d,t=%d,p=%d", &c.memoryKiB, &c.passes, &c.lanes); err != nil {
		return cost{}, nil, nil, errHash
	}
	if c.memoryKiB > maxMemoryKiB || c.passes == 0 || c.passes > maxPasses || c.lanes == 0 || c.lanes > maxLanes {
		return cost{}, nil, nil, errHash
	}
	salt, errSalt := b64.DecodeString(part[4])
	sum, errSum := b64.DecodeString(part[5])
	if errSalt != nil || errSum != nil || len(sum) != hashSize || len(salt) < 8 {
		return cost{}, nil, nil, errHash
	}
	return c, salt, sum, nil
}
