// Package signature is the seal on what partners post to the bank's door: a
// time and an HMAC-SHA256 over that time and the raw body, in one header,
//
//	Signature: t=1763802000,v1=<64 hex digits>
//
// where v1 = HMAC(secret, "<t>.<body>"). The time makes an old message stale;
// replay inside the window must be harmless by itself.
package signature

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// Header is the name of the header.
const Header = "Signature"

// Window is how far the sender's time may be from ours, both ways.
const Window = 300 * time.Second

// Secret is what two partners share: an API key or the key of a seal. It
// prints as stars wherever it is printed.
type Secret string

// String gives stars.
func (Secret) String() string { return "***" }

// GoString gives stars.
func (Secret) GoString() string { return "***" }

// LogValue gives stars.
func (Secret) LogValue() slog.Value { return slog.StringValue("***") }

// MarshalText gives stars, so that no dump of a configuration tells it.
func (Secret) MarshalText() ([]byte, error) { return []byte("***"), nil }

// Why a seal is refused. Tell them apart in a log; answer all with 401.
var (
	ErrMalformed = errors.New("signature: malformed header")
	ErrStale     = errors.New("signature: time outside the window")
	ErrMismatch  = errors.New("signature: does not match")
)

// Sign gives the header's value for a body sent at a moment.
func Sign(secret Secret, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac(secret, t, body))
}

// Verify checks the header's value against the body and the receiver's time.
// An empty secret verifies nothing: a door without a key stays shut.
func Verify(secret Secret, header string, body []byte, now time.Time) error {
	t, sum, err := parse(header)
	if err != nil {
		return err
	}
	// The seal comes first: only who knows the secret learns about the clock.
	if secret == "" || !hmac.Equal(sum, mac(secret, t, body)) {
		return ErrMismatch
	}
	sec, err := strconv.ParseInt(t, 10, 64)
	if err != nil {
		return ErrMalformed
	}
	if d := now.Unix() - sec; d > int64(Window/time.Second) || d < -int64(Window/time.Second) {
		return ErrStale
	}
	return nil
}

// parse takes exactly one spelling: "t=", up to 12 digits without leading
// nought, ",v1=", 64 lower-case hex digits.
func parse(header string) (t string, sum []byte, err error) {
	a, b, ok := strings.Cut(header, ",")
	t, okT := strings.CutPrefix(a, "t=")
	v, okV := strings.CutPrefix(b, "v1=")
	if !ok || !okT || !okV || len(t) == 0 || len(t) > 12 || t[0] == '0' || strings.Trim(t, "0123456789") != "" ||
		len(v) != 2*sha256.Size || strings.ToLower(v) != v {
		return "", nil, ErrMalformed
	}
	sum, err = hex.DecodeString(v)
	if err != nil {
		return "", nil, ErrMalformed
	}
	return t, sum, nil
}

func mac(secret Secret, t string, body []byte) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(t))
	h.Write([]byte{'.'})
	h.Write(body)
	return h.Sum(nil)
}
