package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

// StatementPrefix is the outside form of an access statement's identifier.
const StatementPrefix = "as"

// Means tells by what a login was proved.
type Means int16

// The means.
const (
	ByCookie  Means = 1 // a device without a key: nobody signed
	ByKey     Means = 2 // the device's key signed the request
	ByNewKey  Means = 3 // a new device's key signed its enrolment
	ByPasskey Means = 4 // a passkey signed the statement itself
)

// Statement is one login as it is kept.
type Statement struct {
	ID      id.ID
	Client  client.ID
	Device  id.ID
	Passkey id.ID // zero without one
	Means   Means
	Name    string // of the device then, «Chrome, Android»
	Place   string // coarse: browser and masked network address
	Text    string // the statement in its canonical form
	At      time.Time
}

// Signed tells whether the client's key stands under it.
func (s Statement) Signed() bool { return s.Means != ByCookie }

// Evidence is what shows, without the bank, that a statement was signed.
type Evidence struct {
	Text      string `json:"text"`                // the statement
	Means     Means  `json:"means"`               //
	PublicKey []byte `json:"public_key"`          // SPKI DER
	Signed    string `json:"signed,omitempty"`    // the text the device signed (ByKey, ByNewKey)
	Signature []byte `json:"signature"`           //
	AuthData  []byte `json:"auth_data,omitempty"` // of a passkey
	Client    []byte `json:"client,omitempty"`    // clientDataJSON of a passkey
	// The bank's own signature ties the statement to what the device signed,
	// which is a request and not the statement itself. Rows of the first
	// releases have none.
	BankKeyID     string `json:"bank_key_id,omitempty"`
	BankKey       []byte `json:"bank_key,omitempty"`       // Ed25519
	BankSignature []byte `json:"bank_signature,omitempty"` // over what countersigned gives
}

const maxStatements = 200

var (
	qStatementNew = db.Query(`INSERT INTO access_statement (client, id, device, passkey, means, name, place, text, proof, at_us)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`)
	qStatements = db.Query(`SELECT id, device, passkey, means, name, place, text, at_us FROM access_statement
		WHERE client = $1 ORDER BY id DESC LIMIT $2`)
	qEvidence = db.Query(`SELECT proof FROM access_statement WHERE client = $1 AND id = $2`)
)

// state keeps a login as a statement. What the device signed names the body of
// a request that held the passcode, so it rests under seal.
func (s *Service) state(ctx context.Context, tx db.Tx, in Session, on deviceRow, passkey id.ID, e Evidence, from Visitor) error {
	now, key := s.now(), s.ids.New()
	if e.Text == "" {
		e.Text = statementText(in, on, now, from)
	}
	plain, err := json.Marshal(e.counterSign(s.vault.ReceiptKey()))
	if err != nil {
		return fmt.Errorf("access statement: %w", err)
	}
	sealed, err := s.vault.Seal(vault.Secret, statementAt(key), plain)
	if err != nil {
		return err
	}
	var pk []byte
	if !passkey.IsZero() {
		pk = passkey.Bytes()
	}
	_, err = tx.Exec(ctx, qStatementNew, int64(in.Client), key.Bytes(), on.id.Bytes(), pk, int16(e.Means),
		coarse(from.Agent), place(from), e.Text, sealed, micro(now))
	if err != nil {
		return fmt.Errorf("access statement: %w", err)
	}
	return nil
}

func statementAt(key id.ID) vault.At {
	return vault.At{Table: "access_statement.proof", Row: key.Bytes()}
}

// statementText is who came in where and when; a device's signature joins it
// by the evidence, a passkey signs its own (see BeginPasskeyLogin).
func statementText(in Session, on deviceRow, now time.Time, from Visitor) string {
	return "rocketbank access 1\nsession " + in.ID.Text(SessionPrefix) +
		"\ndevice " + DeviceCode(on.key, on.id) + " " + on.id.Text(DevicePrefix) +
		"\ntime " + now.Format(time.RFC3339Nano) + "\nplace " + place(from) + "\n"
}

// place is where somebody came in from, as coarse as it may be kept: kind of
// browser and network.
func place(from Visitor) string {
	parts := make([]string, 0, 2)
	for _, p := range []string{coarse(from.Agent), maskedNetwork(from.IP)} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, " · ")
}

// maskedNetwork gives «203.0.*.*» of an IPv4 address and the first 32 bits of
// an IPv6 one; empty for what is no address.
func maskedNetwork(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return ""
	}
	a = a.Unmap().WithZone("")
	if a.Is4() {
		b := a.As4()
		return fmt.Sprintf("%d.%d.*.*", b[0], b[1])
	}
	b := a.As16()
	return fmt.Sprintf("%x:%x:*", uint16(b[0])<<8|uint16(b[1]), uint16(b[2])<<8|uint16(b[3]))
}

// Statements lists a client's logins, the newest first.
func (s *Service) Statements(ctx context.Context, who client.ID, limit int) (out []Statement, err error) {
	rows, err := s.db.Rows(ctx, qStatements, int64(who), max(1, min(limit, maxStatements)))
	if err != nil {
		return nil, fmt.Errorf("statements: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		t := Statement{Client: who}
		var key, device, passkey []byte
		var at int64
		if err := rows.Scan(&key, &device, &passkey, &t.Means, &t.Name, &t.Place, &t.Text, &at); err != nil {
			return nil, fmt.Errorf("statements: %w", err)
		}
		if t.ID, err = id.FromBytes(key); err != nil {
			return nil, fmt.Errorf("statements: %w", err)
		}
		if t.Device, err = id.FromBytes(device); err != nil {
			return nil, fmt.Errorf("statements: %w", err)
		}
		if passkey != nil {
			if t.Passkey, err = id.FromBytes(passkey); err != nil {
				return nil, fmt.Errorf("statements: %w", err)
			}
		}
		t.At = moment(at)
		out = append(out, t)
	}
	return out, rows.Err()
}

// EvidenceOf gives what proves one of the client's statements.
func (s *Service) EvidenceOf(ctx context.Context, who client.ID, statement id.ID) (Evidence, error) {
	var sealed []byte
	err := s.db.Row(ctx, qEvidence, int64(who), statement.Bytes()).Scan(&sealed)
	if errors.Is(err, db.ErrNoRows) {
		return Evidence{}, ErrMissing
	}
	if err != nil {
		return Evidence{}, fmt.Errorf("evidence: %w", err)
	}
	plain, err := s.vault.Open(vault.Secret, statementAt(statement), sealed)
	if err != nil {
		return Evidence{}, fmt.Errorf("evidence: %w", err)
	}
	var e Evidence
	if err := json.Unmarshal(plain, &e); err != nil {
		return Evidence{}, errors.New("the evidence of a statement is malformed")
	}
	return e, nil
}
