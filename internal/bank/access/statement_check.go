package access

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"strconv"

	"rocketbank/internal/bank/order"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/vault"
)

// What may be wrong with the evidence of a login.
var (
	ErrEvidence = fault.New(fault.Invalid, "access.evidence") // altered, or another key signed it
	// ErrEvidenceOld tells that a login was kept before the bank signed its
	// statements: the device signed the request, but nobody the words about it.
	ErrEvidenceOld = fault.New(fault.Invalid, "access.evidence_old")
)

// maxEvidence bounds what is read as evidence.
const maxEvidence = 64 << 10

// counterSign adds the bank's signature over everything the evidence says.
func (e Evidence) counterSign(k vault.SigningKey) Evidence {
	e.BankKeyID, e.BankKey = k.ID(), k.Public()
	e.BankSignature = k.Sign(e.countersigned())
	return e
}

// countersigned is what the bank puts its name to: the statement, what the
// client's key signed, and that signature, each by its length and hash, so
// that no byte can move from one to another.
func (e Evidence) countersigned() []byte {
	sum := func(parts ...[]byte) string {
		h := sha256.New()
		for _, part := range parts {
			_ = binary.Write(h, binary.BigEndian, uint64(len(part))) // a hash takes everything
			h.Write(part)
		}
		return hex.EncodeToString(h.Sum(nil))
	}
	b := []byte("rocketbank access evidence 1\nmeans: " + strconv.Itoa(int(e.Means)))
	b = append(b, "\nstatement: "+sum([]byte(e.Text))...)
	b = append(b, "\nsigned: "+sum([]byte(e.Signed))...)
	b = append(b, "\nproof: "+sum(e.PublicKey, e.Signature, e.AuthData, e.Client)...)
	return append(b, "\nkey: "+e.BankKeyID+"\n"...)
}

// ReadEvidence reads the file that a client downloads.
func ReadEvidence(raw []byte) (e Evidence, err error) {
	if len(raw) > maxEvidence {
		return Evidence{}, ErrEvidence
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil || d.More() {
		return Evidence{}, ErrEvidence
	}
	return e, nil
}

// OwnKeys takes the bank's key out of the evidence itself; see order.OwnKeys
// for what such a check is worth.
func (e Evidence) OwnKeys() order.Keys {
	if len(e.BankKey) != ed25519.PublicKeySize || vault.KeyID(e.BankKey) != e.BankKeyID {
		return nil
	}
	return order.Keys{e.BankKeyID: e.BankKey}
}

// Check verifies the evidence by itself against the bank's keys, offline: the
// client's signature, and that of the bank, which ties the statement to it. A
// flipped byte anywhere fails. A passkey signs the statement itself, so its old
// evidence holds without the bank's signature; that of a device's key does not
// and is told apart by ErrEvidenceOld.
func (e Evidence) Check(keys order.Keys) error {
	if err := e.checkClient(); err != nil {
		return err
	}
	if len(e.BankSignature) == 0 && e.BankKeyID == "" && len(e.BankKey) == 0 {
		if e.Means == ByPasskey {
			return nil
		}
		return ErrEvidenceOld
	}
	key, ok := keys[e.BankKeyID]
	if !ok || !bytes.Equal(key, e.BankKey) || !ed25519.Verify(key, e.countersigned(), e.BankSignature) {
		return ErrEvidence
	}
	return nil
}

// checkClient verifies what the client's own key signed.
func (e Evidence) checkClient() error {
	switch e.Means {
	case ByKey, ByNewKey:
		key, err := ParseKey(e.PublicKey)
		if err != nil || !Signed(key, []byte(e.Signed), e.Signature) {
			return ErrEvidence
		}
		return nil
	case ByPasskey:
		p := PasskeyProof{PublicKey: e.PublicKey, AuthData: e.AuthData, ClientData: e.Client, Signature: e.Signature}
		return p.Check([]byte(e.Text))
	}
	return ErrEvidence
}
