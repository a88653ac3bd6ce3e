package access

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

// ProofHeader and NonceHeader are how request proofs travel.
const (
	ProofHeader = "Device-Proof"
	NonceHeader = "Device-Nonce"
)

// RequestProof is a device key's word for one request: this method, this path
// with its query, this body, once.
type RequestProof struct {
	Method    string
	Path      string // with the query, as sent
	Body      [sha256.Size]byte
	Nonce     string
	Signature []byte // r and s
}

// Text is what the device signed.
func (p RequestProof) Text() string {
	return "rocketbank proof 1\n" + p.Method + "\n" + p.Path + "\n" + hex.EncodeToString(p.Body[:]) + "\n" + p.Nonce + "\n"
}

const (
	nonceTime  = 8  // bytes: when it was made
	nonceRand  = 8  // bytes
	nonceMAC   = 16 // bytes
	nonceBytes = nonceTime + nonceRand + nonceMAC
)

// ParseProof reads the header «Device-Proof: 1 <nonce> <signature>» of a
// request. It says nothing of whether the signature is right.
func ParseProof(header, method, path string, body []byte) (RequestProof, error) {
	version, rest, _ := strings.Cut(header, " ")
	nonce, signature, ok := strings.Cut(rest, " ")
	if !ok || version != "1" || len(nonce) != b64.EncodedLen(nonceBytes) || len(signature) != b64.EncodedLen(rawBytes) ||
		strings.ContainsAny(header+method+path, "\r\n") { // a decoder skips line ends, and a line is what is signed
		return RequestProof{}, ErrProof
	}
	raw, err := b64.DecodeString(signature)
	if err != nil {
		return RequestProof{}, ErrProof
	}
	return RequestProof{Method: method, Path: path, Body: sha256.Sum256(body), Nonce: nonce, Signature: raw}, nil
}

// Nonce gives a fresh nonce for the proofs of one device (or of whatever else
// bind names). It works once and for five minutes, and costs no write to make.
func (s *Service) Nonce(bind id.ID) string {
	b := make([]byte, nonceTime, nonceBytes)
	binary.BigEndian.PutUint64(b, uint64(micro(s.now())))
	b = append(b, randomBytes(nonceRand)...)
	return b64.EncodeToString(append(b, s.nonceMAC(bind, b)...))
}

func (s *Service) nonceMAC(bind id.ID, b []byte) []byte {
	return s.vault.MAC("access.nonce", bind.Bytes(), b)[:nonceMAC]
}

// readNonce gives the bytes of a nonce that is ours, this device's and fresh.
func (s *Service) readNonce(bind id.ID, nonce string) (raw []byte, ends time.Time, err error) {
	raw, err = b64.DecodeString(nonce)
	if err != nil || len(raw) != nonceBytes || b64.EncodeToString(raw) != nonce {
		return nil, time.Time{}, ErrStaleNonce
	}
	head := raw[:nonceTime+nonceRand]
	if !hmac.Equal(raw[len(head):], s.nonceMAC(bind, head)) {
		return nil, time.Time{}, ErrStaleNonce
	}
	made := moment(int64(binary.BigEndian.Uint64(raw))) // #nosec G115 -- our own number, see the MAC
	ends = made.Add(s.limits.NonceTTL)
	if now := s.now(); !now.Before(ends) || made.After(now) {
		return nil, time.Time{}, ErrStaleNonce
	}
	return raw, ends, nil
}

var (
	qNonceUse   = db.Query(`INSERT INTO device_nonce (nonce, until_us) VALUES ($1, $2) ON CONFLICT DO NOTHING`)
	qSweepNonce = db.Query(`DELETE FROM device_nonce WHERE until_us < $1`)
	qDevice     = db.Query(`SELECT kind, public_key, name, reduced_us FROM device WHERE client = $1 AND id = $2 AND ended_us IS NULL`)
)

// checkProof tells whether the device's key signed this request. It does not
// yet use the nonce up.
func (s *Service) checkProof(device id.ID, spki []byte, p *RequestProof) error {
	if p == nil {
		return ErrProof
	}
	key, err := ParseKey(spki)
	if err != nil {
		return fmt.Errorf("key of %s: %w", device.Text(DevicePrefix), err)
	}
	if _, _, err := s.readNonce(device, p.Nonce); err != nil {
		return err // first: a stale nonce is the honest browser's case
	}
	if !Signed(key, []byte(p.Text()), p.Signature) {
		return ErrProof
	}
	return nil
}

// useNonce uses a nonce up; of two that come at once, one does.
func (s *Service) useNonce(ctx context.Context, tx db.Tx, device id.ID, nonce string) error {
	raw, ends, err := s.readNonce(device, nonce)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, qNonceUse, raw, micro(ends))
	if err != nil {
		return fmt.Errorf("use a nonce: %w", err)
	}
	if n == 0 {
		return ErrStaleNonce
	}
	return nil
}

// Renewed is the answer to a right proof.
type Renewed struct {
	Session Session
	// SessionToken replaces the session cookie; empty: the browser's own goes
	// on for five minutes more.
	SessionToken vault.Hidden
}

var (
	qProlong = db.Query(`UPDATE bearer SET until_us = $3 WHERE hash = $1 AND kind = 2 AND client = $2 AND retired = 0`)
	qReplace = db.Query(`UPDATE bearer SET until_us = $3, retired = 1 WHERE hash = $1 AND kind = 2 AND client = $2 AND retired = 0`)
)

// Prove takes a keyed device's proof of one request inside its session. It is
// what the session lives by: the cookie works five minutes from the last
// proof, and one that is two minutes old is replaced. A cookie that was
// replaced works one minute more, for what was on its way.
func (s *Service) Prove(ctx context.Context, in Session, p RequestProof) (Renewed, error) {
	if in.Kind != Keyed {
		return Renewed{}, ErrProof
	}
	if err := s.checkProof(in.Device, in.Key(), &p); err != nil {
		return Renewed{}, err
	}
	token := newSecret()
	var out Renewed
	err := s.db.Write(ctx, func(tx db.Tx) error {
		out = Renewed{Session: in}
		if err := s.useNonce(ctx, tx, in.Device, p.Nonce); err != nil {
			return err
		}
		now := s.now()
		alive, err := s.session(tx.Row(ctx, qAlive, int64(in.Client), in.ID.Bytes()))
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qTouch, int64(in.Client), in.ID.Bytes(), micro(now), micro(now.Add(-s.limits.Idle))); err != nil {
			return err
		}
		out.Session.Seen, out.Session.IdleEnds, out.Session.Ends = now, now.Add(s.limits.Idle), alive.Ends
		hash := []byte(in.cookie)
		if now.Sub(in.cookieMade) < s.limits.CookieRenew {
			n, err := tx.Exec(ctx, qProlong, hash, int64(in.Client), micro(now.Add(s.limits.Cookie)))
			if err != nil {
				return err
			}
			if n == 1 {
				out.Session.CookieEnds = now.Add(s.limits.Cookie)
				return nil
			}
		}
		if _, err := tx.Exec(ctx, qReplace, hash, int64(in.Client), micro(now.Add(rotationGrace))); err != nil {
			return err
		}
		out.SessionToken, out.Session.CookieEnds = vault.Hide(token), now.Add(s.limits.Cookie)
		out.Session.cookie, out.Session.cookieMade = string(s.hash(token)), now
		return s.bearSession(ctx, tx, in.Client, in.ID, Keyed, token, now)
	})
	if err != nil {
		return Renewed{}, err
	}
	return out, nil
}

// bearSession makes a session cookie: that of a keyed device lives by proofs.
func (s *Service) bearSession(ctx context.Context, tx db.Tx, who client.ID, session id.ID, k DeviceKind, token string, now time.Time) error {
	var until any
	if k == Keyed {
		until = micro(now.Add(s.limits.Cookie))
	}
	_, err := tx.Exec(ctx, qBearSession, s.hash(token), int64(who), session.Bytes(), until, micro(now))
	if err != nil {
		return fmt.Errorf("make a session cookie: %w", err)
	}
	return nil
}
