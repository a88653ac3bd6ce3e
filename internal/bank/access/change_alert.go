package access

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/outbox"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
)

// AlertTopic is the outbox topic of alerts; Event.Owner is the client and
// Event.ID the alert. Room notice sends them.
const AlertTopic = "access.alert"

// NotMePath is where the link of an alert leads, before its token.
const NotMePath = "/n/"

// AlertKind says what a client is told about his ways in.
type AlertKind string

// The kinds. Those of News (NewDevice and the others) are told as they are.
const (
	AlertPasscode      AlertKind = "passcode"        // the passcode was changed
	AlertPhone         AlertKind = "phone"           // the number was changed; goes to the old one
	AlertPhoneAsked    AlertKind = "phone_asked"     // … will be, unless somebody objects
	AlertCodeWord      AlertKind = "code_word"       // the code word was changed
	AlertCodeWordHeard AlertKind = "code_word_heard" // staff heard the right one on the phone
	AlertCodeWordWrong AlertKind = "code_word_wrong" // somebody named a wrong one
	AlertRecovery      AlertKind = "recovery"        // a new passcode may be chosen soon
	AlertPerson        AlertKind = "person"          // personal data were changed
	AlertPersonAsked   AlertKind = "person_asked"    // … will be, once he confirms it
)

// Alert is something a client is told, with a link to say «Это не я».
type Alert struct {
	Kind   AlertKind
	Device id.ID     // that it is about; zero when none is
	Name   string    // coarse name of the browser, «Chrome, Android»
	Place  string    // coarse place
	Staff  string    // short name of the member of staff, «Ирина К.»
	Phone  string    // masked, the new number
	Ready  time.Time // from when the started thing may be ended; real time
	// To is told instead of the client's number: the one he had before.
	To phone.Number
}

// ShownAlert is an alert as its client sees it.
type ShownAlert struct {
	ID     id.ID
	Client client.ID
	Alert
	At     time.Time
	Denied time.Time // when he said «Это не я»; zero: he did not
}

// ErrNoAlert tells that the link of an alert is none or too old.
var ErrNoAlert = fault.New(fault.Missing, "access.no_alert")

const (
	alertFor   = 30 * 24 * time.Hour // how long a link works
	alertShown = 72 * time.Hour      // how long a page of an old device shows it
	maxAlerts  = 20
	bearAlert  = 40 // kind of bearer: the link of an alert
	// notMeBytes keep the link short, for a SMS is paid by its length: 96 bits.
	notMeBytes = 12
)

const alertColumns = `client, id, kind, device, details, made_us, denied_us`

var (
	qAlertNew  = db.Query(`INSERT INTO access_alert (client, id, kind, device, details, made_us, ends_us) VALUES ($1, $2, $3, $4, $5, $6, $7)`)
	qAlertBear = db.Query(`INSERT INTO bearer (hash, kind, client, ref, until_us) VALUES ($1, $2, $3, $4, $5)`)
	qAlert     = db.Query(`SELECT ` + alertColumns + ` FROM access_alert WHERE client = $1 AND id = $2 AND ends_us > $3`)
	qAlertLock = db.Query(`SELECT ` + alertColumns + ` FROM access_alert WHERE client = $1 AND id = $2 AND ends_us > $3 {for_update}`)
	qAlerts    = db.Query(`SELECT ` + alertColumns + ` FROM access_alert
		WHERE client = $1 AND made_us > $2 AND denied_us IS NULL AND seen_us IS NULL ORDER BY id DESC LIMIT $3`)
	qAlertSeen   = db.Query(`UPDATE access_alert SET seen_us = $3 WHERE client = $1 AND id = $2 AND seen_us IS NULL`)
	qAlertDenied = db.Query(`UPDATE access_alert SET denied_us = $3 WHERE client = $1 AND id = $2`)
	qSweepAlerts = db.Query(`DELETE FROM access_alert WHERE ends_us < $1`)

	_ = vault.Declare(vault.Column{Table: "access_alert", Name: "details", Class: vault.PII, Key: []string{"client", "id"}})
)

// alertDetails is what rests under the seal.
type alertDetails struct {
	Name  string `json:"name,omitempty"`
	Place string `json:"place,omitempty"`
	Staff string `json:"staff,omitempty"`
	Phone string `json:"phone,omitempty"`
	Ready int64  `json:"ready,omitempty"` // Unix microseconds
	To    string `json:"to,omitempty"`    // E.164
}

// Raiser keeps alerts and lets them be sent. Service has one of its own; room
// notice has one to be a Teller.
type Raiser struct {
	vault *vault.Vault
	now   func() time.Time
}

// NewRaiser makes a Raiser; now is real time.
func NewRaiser(v *vault.Vault, now func() time.Time) Raiser { return Raiser{v, now} }

// Raise keeps an alert under the given identifier and puts its message into
// the outbox, within a unit of work.
func (r Raiser) Raise(ctx context.Context, tx db.Tx, key id.ID, who client.ID, a Alert) error {
	raw, err := json.Marshal(alertDetails{Name: a.Name, Place: a.Place, Staff: a.Staff, Phone: a.Phone, Ready: unix(a.Ready), To: a.To.E164()})
	if err != nil {
		return fmt.Errorf("alert: %w", err)
	}
	sealed, err := r.vault.Seal(vault.PII, alertAt(who, key), raw)
	if err != nil {
		return err
	}
	var device any
	if !a.Device.IsZero() {
		device = a.Device.Bytes()
	}
	now := r.now().UTC()
	ends := micro(now.Add(alertFor))
	if _, err := tx.Exec(ctx, qAlertNew, int64(who), key.Bytes(), string(a.Kind), device, sealed, micro(now), ends); err != nil {
		return fmt.Errorf("raise an alert: %w", err)
	}
	hash := notMeHash(r.vault, NotMeToken(r.vault, who, key))
	if _, err := tx.Exec(ctx, qAlertBear, hash, bearAlert, int64(who), key.Bytes(), ends); err != nil {
		return fmt.Errorf("raise an alert: %w", err)
	}
	return outbox.Add(ctx, tx, outbox.Event{ID: key, Topic: AlertTopic, Owner: int64(who), Payload: []byte{}})
}

// NotMeToken is what the link of an alert carries. It follows from the alert,
// so that a message sent twice has the same link.
func NotMeToken(v *vault.Vault, who client.ID, alert id.ID) string {
	return b64.EncodeToString(v.MAC("access.not_me", vault.Row64(int64(who)), alert.Bytes())[:notMeBytes])
}

// notMeHash is the form the token rests in; nil for what cannot be one.
func notMeHash(v *vault.Vault, token string) []byte {
	if len(token) != b64.EncodedLen(notMeBytes) {
		return nil
	}
	return v.Lookup(vault.Token, "not me\x00"+token)
}

func (s *Service) raise(ctx context.Context, tx db.Tx, who client.ID, a Alert) error {
	return NewRaiser(s.vault, s.now).Raise(ctx, tx, s.ids.New(), who, a)
}

// Find reads an alert, for whoever sends or shows it.
func (r Raiser) Find(ctx context.Context, d db.Reader, who client.ID, alert id.ID) (ShownAlert, error) {
	return r.scan(d.Row(ctx, qAlert, int64(who), alert.Bytes(), micro(r.now())).Scan)
}

func (r Raiser) scan(scan func(...any) error) (ShownAlert, error) {
	var a ShownAlert
	var raw, device, sealed []byte
	var made int64
	var denied sql.NullInt64
	err := scan(&a.Client, &raw, &a.Kind, &device, &sealed, &made, &denied)
	if noRows(err) {
		return ShownAlert{}, ErrNoAlert
	}
	if err != nil {
		return ShownAlert{}, fmt.Errorf("read an alert: %w", err)
	}
	if a.ID, err = idOf(raw, "alert"); err != nil {
		return ShownAlert{}, err
	}
	if device != nil {
		if a.Device, err = idOf(device, "device of an alert"); err != nil {
			return ShownAlert{}, err
		}
	}
	plain, err := r.vault.Open(vault.PII, alertAt(a.Client, a.ID), sealed)
	if err != nil {
		return ShownAlert{}, fmt.Errorf("alert %s: %w", a.ID.Text(AlertPrefix), err)
	}
	var d alertDetails
	if err := json.Unmarshal(plain, &d); err != nil {
		return ShownAlert{}, fmt.Errorf("alert %s is malformed", a.ID.Text(AlertPrefix))
	}
	a.Name, a.Place, a.Staff, a.Phone, a.Ready, a.To = d.Name, d.Place, d.Staff, d.Phone, moment(d.Ready), phone.Number(d.To)
	a.At, a.Denied = moment(made), moment(denied.Int64)
	return a, nil
}

// Alerts lists what happened to the ways in of the last three days and is not
// answered yet, newest first, for a device that is not what it is about.
func (s *Service) Alerts(ctx context.Context, in Session) (out []ShownAlert, err error) {
	rows, err := s.db.Rows(ctx, qAlerts, int64(in.Client), micro(s.now().Add(-alertShown)), maxAlerts)
	if err != nil {
		return nil, fmt.Errorf("alerts: %w", err)
	}
	defer rows.Close()
	r := NewRaiser(s.vault, s.now)
	for rows.Next() {
		a, err := r.scan(rows.Scan)
		if err != nil {
			return nil, err
		}
		if a.Device != in.Device {
			out = append(out, a)
		}
	}
	return out, rows.Err()
}

// SawAlert takes an alert off the pages: it was the client («Это я»).
func (s *Service) SawAlert(ctx context.Context, in Session, alert id.ID) error {
	if _, err := NewRaiser(s.vault, s.now).Find(ctx, s.db, in.Client, alert); err != nil {
		return err
	}
	return s.write(ctx, qAlertSeen, int64(in.Client), alert.Bytes(), micro(s.now()))
}

func alertAt(who client.ID, alert id.ID) vault.At {
	return vault.At{Table: "access_alert.details", Row: append(vault.Row64(int64(who)), alert.Bytes()...)}
}

func noRows(err error) bool { return errors.Is(err, db.ErrNoRows) }

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return micro(t)
}

func idOf(raw []byte, what string) (id.ID, error) {
	x, err := id.FromBytes(raw)
	if err != nil {
		return id.ID{}, fmt.Errorf("%s: %w", what, err)
	}
	return x, nil
}
