package order

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"time"

	"rocketbank/internal/base/vault"
)

// MaxReceipt bounds what is read as a receipt.
const MaxReceipt = 64 << 10

// receiptVersion is the version of the document and of what the bank signs.
const receiptVersion = 1

// receiptDoc is the document a client takes home. Its spelling is fixed: the
// members stand in this order and nothing else does.
type receiptDoc struct {
	Receipt  int         `json:"receipt"`
	Order    string      `json:"order"`
	Evidence evidenceDoc `json:"evidence"`
	At       string      `json:"at"`
	Bank     bankDoc     `json:"bank"`
}

type evidenceDoc struct {
	Kind       EvidenceKind `json:"kind"`
	By         string       `json:"by"`
	Key        string       `json:"key,omitempty"`
	Signature  string       `json:"signature,omitempty"`
	AuthData   string       `json:"auth_data,omitempty"`
	ClientData string       `json:"client_data,omitempty"`
	Phone      string       `json:"phone,omitempty"`
}

type bankDoc struct {
	ID        string `json:"id"`
	Key       string `json:"key"`
	Signature string `json:"signature"`
}

// signedText is what the bank puts its name to: the hash of the text, the
// client's proof and the time.
func signedText(text string, e Evidence, at time.Time, keyID string) []byte {
	sum := sha256.Sum256([]byte(text))
	h := sha256.New()
	for _, part := range [][]byte{e.Key, e.Signature, e.AuthData, e.ClientData, []byte(e.Phone)} {
		var n [4]byte
		binary.BigEndian.PutUint32(n[:], uint32(len(part))) // #nosec G115 -- parts are bounded by check
		h.Write(n[:])
		h.Write(part)
	}
	b := make([]byte, 0, 320)
	b = append(b, "rocketbank receipt 1\norder: "...)
	b = hex.AppendEncode(b, sum[:])
	b = append(b, "\nproof: "...)
	b = append(b, e.Kind...)
	b = append(b, ' ')
	b = append(b, e.By...)
	b = append(b, ' ')
	b = hex.AppendEncode(b, h.Sum(nil))
	b = append(b, "\nat: "...)
	b = append(b, stamp(at)...)
	b = append(b, "\nkey: "...)
	b = append(b, keyID...)
	return append(b, '\n')
}

const stampForm = "2006-01-02T15:04:05.000000Z"

func stamp(t time.Time) string { return t.UTC().Format(stampForm) }

// write gives the document.
func (d receiptDoc) write() []byte { return append(jsonBytes(d), '\n') }

func jsonBytes(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("order: " + err.Error()) // texts and numbers alone
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func jsonText(s string) []byte { return jsonBytes(s) }

func trimmed(b []byte) []byte { return bytes.TrimSpace(b) }

// Flaw is why a receipt does not hold.
type Flaw string

// The flaws. Words are for programs and never change.
const (
	NotAReceipt    Flaw = "not_a_receipt"  // no JSON document of this kind
	NotCanonical   Flaw = "not_canonical"  // the same content in another spelling: somebody edited it
	BadText        Flaw = "order_text"     // the text is no order
	BadProof       Flaw = "client_proof"   // the client's proof does not fit the text
	UnknownKey     Flaw = "unknown_key"    // the bank's key is not among those given
	BadCounterSign Flaw = "bank_signature" // the bank's signature does not fit
)

// Error gives the word.
func (f Flaw) Error() string { return string(f) }

// Keys are the bank's public keys by their id.
type Keys map[string]ed25519.PublicKey

// Report is what a receipt proves.
type Report struct {
	Order    Parsed
	Evidence Evidence
	At       time.Time // when the bank signed
	KeyID    string    // with which key
}

// SignedBy tells who confirmed the order: «device dv_…».
func (r Report) SignedBy() string { return string(r.Evidence.Kind) + " " + r.Evidence.By }

// JSON gives {"ok":true,"order":{…},"signed_by":"…","at":"…","bank_key":"…",
// "trusted":…}. trusted tells whether the bank's key came from elsewhere than
// the receipt itself.
func (r Report) JSON(trusted bool) []byte {
	return jsonBytes(struct {
		OK       bool            `json:"ok"`
		Order    json.RawMessage `json:"order"`
		SignedBy string          `json:"signed_by"`
		At       string          `json:"at"`
		BankKey  string          `json:"bank_key"`
		Trusted  bool            `json:"trusted"`
	}{true, r.Order.object(), r.SignedBy(), stamp(r.At), r.KeyID, trusted})
}

// Verify checks a receipt against the bank's keys, offline. Every byte counts:
// a receipt that was altered anywhere, even in a way JSON does not mind, fails
// with a Flaw. The final line feed may be missing.
func Verify(receipt []byte, keys Keys) (Report, error) {
	d, err := readReceipt(receipt)
	if err != nil {
		return Report{}, err
	}
	r := Report{KeyID: d.Bank.ID}
	if r.Order, err = Parse(d.Order); err != nil {
		return Report{}, BadText
	}
	if r.At, err = time.Parse(stampForm, d.At); err != nil || stamp(r.At) != d.At {
		return Report{}, NotAReceipt
	}
	if r.Evidence, err = d.Evidence.evidence(); err != nil {
		return Report{}, err
	}
	if err := r.Evidence.check(d.Order); err != nil {
		return Report{}, BadProof
	}
	key, ok := keys[d.Bank.ID]
	if !ok || d.Bank.Key != b64.EncodeToString(key) {
		return Report{}, UnknownKey
	}
	signature, err := b64.DecodeString(d.Bank.Signature)
	if err != nil || !ed25519.Verify(key, signedText(d.Order, r.Evidence, r.At, d.Bank.ID), signature) {
		return Report{}, BadCounterSign
	}
	return r, nil
}

func readReceipt(raw []byte) (receiptDoc, error) {
	var d receiptDoc
	if len(raw) > MaxReceipt || json.Unmarshal(raw, &d) != nil || d.Receipt != receiptVersion {
		return d, NotAReceipt
	}
	if want := d.write(); !bytes.Equal(raw, want) && !bytes.Equal(raw, want[:len(want)-1]) {
		return d, NotCanonical
	}
	return d, nil
}

// OwnKeys takes the bank's key out of the receipt itself. Such a check finds
// every alteration, but not a receipt that somebody else made as a whole: the
// key's id must then be compared with the one the bank publishes.
func OwnKeys(receipt []byte) (Keys, error) {
	d, err := readReceipt(receipt)
	if err != nil {
		return nil, err
	}
	key, err := b64.DecodeString(d.Bank.Key)
	if err != nil || len(key) != ed25519.PublicKeySize || vault.KeyID(key) != d.Bank.ID {
		return nil, UnknownKey
	}
	return Keys{d.Bank.ID: key}, nil
}

func (d evidenceDoc) evidence() (e Evidence, err error) {
	e = Evidence{Kind: d.Kind, By: d.By, Phone: d.Phone}
	for _, f := range []struct {
		from string
		to   *[]byte
	}{{d.Key, &e.Key}, {d.Signature, &e.Signature}, {d.AuthData, &e.AuthData}, {d.ClientData, &e.ClientData}} {
		if f.from == "" {
			continue
		}
		if *f.to, err = b64.DecodeString(f.from); err != nil {
			return e, NotAReceipt
		}
	}
	return e, nil
}

func (e Evidence) doc() evidenceDoc {
	return evidenceDoc{
		Kind: e.Kind, By: e.By, Key: b64.EncodeToString(e.Key), Signature: b64.EncodeToString(e.Signature),
		AuthData: b64.EncodeToString(e.AuthData), ClientData: b64.EncodeToString(e.ClientData), Phone: e.Phone,
	}
}

// keysDoc is how the bank publishes its keys.
type keysDoc struct {
	Keys []keyDoc `json:"keys"`
}

type keyDoc struct {
	ID  string `json:"id"`
	Alg string `json:"alg"`
	Key string `json:"key"`
}

// KeysPath is where the bank publishes its keys.
const KeysPath = "/.well-known/rocketbank-receipt-keys.json"

// ReadKeys reads the document that PublicKeys writes.
func ReadKeys(raw []byte) (Keys, error) {
	var d keysDoc
	if len(raw) > MaxReceipt || json.Unmarshal(raw, &d) != nil || len(d.Keys) == 0 {
		return nil, UnknownKey
	}
	out := Keys{}
	for _, k := range d.Keys {
		key, err := b64.DecodeString(k.Key)
		if err != nil || k.Alg != "Ed25519" || len(key) != ed25519.PublicKeySize || vault.KeyID(key) != k.ID {
			return nil, UnknownKey
		}
		out[k.ID] = key
	}
	return out, nil
}
