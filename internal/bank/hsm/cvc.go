package hsm

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"rocketbank/internal/rail/emv"
)

// The service codes that a verification value is computed with where no track
// gives one.
const (
	servicePrinted = "000" // CVC2
	serviceChip    = "999" // iCVV
)

// CVV2 is the value on the card's back. Its product orders the expiry YYMM.
func (s *Soft) CVV2(pan, expiry string) (string, error) {
	return emv.CVV(s.k.cvk, pan, expiry, servicePrinted)
}

// CVV is the value on the magnetic stripe.
func (s *Soft) CVV(pan, expiry, service string) (string, error) {
	return emv.CVV(s.k.cvk, pan, expiry, service)
}

// ICVV is the value in the chip's copy of the track; found on a stripe it
// tells a copied chip.
func (s *Soft) ICVV(pan, expiry string) (string, error) {
	return emv.CVV(s.k.cvk, pan, expiry, serviceChip)
}

// DCVV is the value of a contactless card in stripe mode, which changes with
// its counter.
func (s *Soft) DCVV(pan, expiry, service, atc string) (string, error) {
	return emv.DCVV(s.k.dcvv, pan, expiry, service, atc)
}

// sliceOf is how long a dynamic CVC2 is shown.
const sliceOf = 30 * time.Minute

// ShownCVV2 is the dynamic CVC2 of a moment, and until when it is shown.
func (s *Soft) ShownCVV2(pan, expiry string, at time.Time) (cvv string, until time.Time, err error) {
	n := slice(at)
	cvv, err = s.dynamic(pan, expiry, n)
	return cvv, time.Unix((n+1)*int64(sliceOf/time.Second), 0).UTC(), err
}

// DynamicCVV2 lists the dynamic CVC2s that are good at a moment: that of its
// slice of time and those of the slices beside it, for people type and clocks
// differ.
func (s *Soft) DynamicCVV2(pan, expiry string, at time.Time) ([]string, error) {
	var out []string
	for n := slice(at) - 1; n <= slice(at)+1; n++ {
		cvv, err := s.dynamic(pan, expiry, n)
		if err != nil {
			return nil, err
		}
		out = append(out, cvv)
	}
	return out, nil
}

// slice numbers the span of time that a moment falls into.
func slice(at time.Time) int64 { return at.Unix() / int64(sliceOf/time.Second) }

func (s *Soft) dynamic(pan, expiry string, slice int64) (string, error) {
	if _, err := s.CVV2(pan, expiry); err != nil {
		return "", err // the same inputs are refused
	}
	h := hmac.New(sha256.New, s.k.dynamic)
	for _, part := range [...]string{pan, expiry} {
		h.Write([]byte{byte(len(part))})
		h.Write([]byte(part))
	}
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(slice)) // #nosec G115 -- only its bits count
	h.Write(n[:])
	// 2⁶⁴ values over a thousand: no code is likelier than another by more
	// than one in 10¹⁶.
	v := binary.BigEndian.Uint64(h.Sum(nil)) % 1000
	return string([]byte{'0' + byte(v/100), '0' + byte(v/10%10), '0' + byte(v%10)}), nil
}
