// Package partners is the door for what partners post to the bank: the
// acquirer's hints about charges, the SMS gateway's delivery receipts, clearing
// files, and what other banks say by the phone-number rail. It has a listener of
// its own, away from people's pages.
//
// A message is believed only under the partner's seal (package signature). A
// hint makes the bank ask the partner itself, a receipt is only noted; a
// clearing file and money that comes back are posted once by their names. So a
// message that comes twice, late or out of order does no harm.
package partners

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"regexp"
	"time"

	"rocketbank/internal/bank/notice"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/rail/signature"
	"rocketbank/internal/rail/strictjson"
)

// TopupNotifier takes a hint that something about a charge has changed
// (topup.Service). A fault.Missing means that we know no such charge.
type TopupNotifier interface {
	Hint(ctx context.Context, chargeKey string) error
}

// SMSReceipts takes what became of a message (notice.Service).
// notice.ErrUnknownMessage means that it is none of ours.
type SMSReceipts interface {
	Receipt(ctx context.Context, r notice.DeliveryReceipt) error
}

// SIMWatch hears from the SMS gateway that a number's SIM card was changed
// (access.Service).
type SIMWatch interface {
	SIMChanged(ctx context.Context, p phone.Number, since time.Time) error
}

// Deps is what the door works with.
type Deps struct {
	Topups   TopupNotifier
	Receipts SMSReceipts
	SIM      SIMWatch // hears of changed SIM cards; may be nil
	Clearing Clearing // posts what the card network clears; may be nil
	// Secret checks the acquirer's seals, SMSSecret the gateway's; an empty
	// SMSSecret means that both partners were given the same one. Without any
	// secret the door stays shut: no seal is right.
	Secret    signature.Secret
	SMSSecret signature.Secret
	// NetworkSecret is the card network's; empty means the acquirer's.
	NetworkSecret signature.Secret
	// Payouts hears of the phone-number rail's late news, sealed with RailSecret;
	// without them this bank takes no part in it.
	Payouts    Payouts
	RailSecret signature.Secret
	// Unmatched counts money that came back and fits no payout; may be nil.
	Unmatched func()
	Now       func() time.Time // real time, for the age of a seal; the machine's when nil
	Log       *slog.Logger     // may be nil
}

// maxBody bounds a message.
const maxBody = 64 << 10

type door struct{ Deps }

// New makes the door.
func New(deps Deps) http.Handler {
	if deps.SMSSecret == "" {
		deps.SMSSecret = deps.Secret
	}
	if deps.NetworkSecret == "" {
		deps.NetworkSecret = deps.Secret
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	d := &door{deps}
	mux := http.NewServeMux()
	for _, rt := range d.routes() {
		mux.Handle("POST "+rt.path, d.sealed(rt))
	}
	// No page of another site has business here; without a seal it would get
	// no further anyway.
	return http.NewCrossOriginProtection().Handler(mux)
}

// route is one line of the table: where messages are posted, and whose seal
// they bear.
type route struct {
	path   string
	secret signature.Secret
	take   func(context.Context, []byte) error
	file   bool // a clearing file, larger and of its own type
	xml    bool // a message of ISO 20022
}

// kind is the type that a route's bodies have, and limit their length.
func (rt route) kind() (kind string, limit int64) {
	if rt.file {
		return "application/jsonl", maxFile
	}
	if rt.xml {
		return "application/xml", maxBody
	}
	return "application/json", maxBody
}

// routes is every way in.
func (d *door) routes() []route {
	return []route{
		{path: "/acquirer/callback", secret: d.Secret, take: d.acquirerCallback},
		{path: "/sms/receipt", secret: d.SMSSecret, take: d.smsReceipt},
		{path: ClearingPath, secret: d.NetworkSecret, take: d.clearing, file: true},
		{path: PhoneRailPath, secret: d.RailSecret, take: d.phoneRail, xml: true},
	}
}

// refusal is an answer other than 204.
type refusal struct {
	status        int
	reason, field string
}

func (r *refusal) Error() string { return r.reason + " " + r.field }

func bad(reason, field string) error {
	return &refusal{http.StatusUnprocessableEntity, reason, field}
}

// sealed reads the body, checks the seal over its raw bytes and only then lets
// anybody look inside.
func (d *door) sealed(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		body, err := d.open(w, r, rt)
		if err == nil {
			err = rt.take(r.Context(), body)
		}
		if err == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		d.refuse(w, r, err)
	})
}

func (d *door) open(w http.ResponseWriter, r *http.Request, rt route) ([]byte, error) {
	want, limit := rt.kind()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return nil, &refusal{http.StatusRequestEntityTooLarge, "too_large", ""}
	case err != nil:
		return nil, &refusal{http.StatusBadRequest, "bad_body", ""}
	}
	seals := r.Header.Values(signature.Header)
	if len(seals) != 1 {
		return nil, &refusal{http.StatusUnauthorized, "bad_signature", ""}
	}
	if err := signature.Verify(rt.secret, seals[0], body, d.Now()); err != nil {
		d.Log.WarnContext(r.Context(), "partner message refused", "route", r.Pattern, "err", err)
		return nil, &refusal{http.StatusUnauthorized, "bad_signature", ""}
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != want {
		return nil, &refusal{http.StatusUnsupportedMediaType, "bad_content_type", "Content-Type"}
	}
	return body, nil
}

// refuse answers in the protocol's form. What is not a refusal is ours: the
// partner will come again, the log has the cause.
func (d *door) refuse(w http.ResponseWriter, r *http.Request, err error) {
	no := &refusal{http.StatusInternalServerError, "broken", ""}
	switch code := fault.CodeOf(err); {
	case errors.As(err, &no):
	case code == fault.Missing, errors.Is(err, notice.ErrUnknownMessage):
		no = &refusal{http.StatusNotFound, "unknown", ""}
	case code == fault.Busy, code == fault.Throttled:
		no = &refusal{http.StatusServiceUnavailable, "busy", ""}
	default:
		d.Log.ErrorContext(r.Context(), "partner message", "route", r.Pattern, "err", err)
	}
	type detail struct {
		Reason string `json:"reason"`
		Field  string `json:"field,omitempty"`
	}
	body, err := json.Marshal(map[string]detail{"error": {no.reason, no.field}})
	if err != nil {
		d.Log.ErrorContext(r.Context(), "partner message", "err", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(no.status)
	_, _ = w.Write(body) // a partner that has hung up comes again
}

// read takes one JSON object with no member unknown or named twice.
func read(body []byte, into any) error {
	var wrong *strictjson.Error
	switch err := strictjson.Decode(body, into); {
	case errors.As(err, &wrong) && wrong.Reason == strictjson.WrongType:
		return bad(string(wrong.Reason), wrong.Field)
	case errors.As(err, &wrong):
		return &refusal{http.StatusBadRequest, string(wrong.Reason), wrong.Field}
	default:
		return err
	}
}

// chargeMessage is the acquirer's charge with the time of the message. Only the
// key is used: the rest is for people who read the line.
type chargeMessage struct {
	Key         string    `json:"key"`
	ID          string    `json:"id"`
	Order       string    `json:"order"`
	AmountMinor int64     `json:"amount_minor"`
	Currency    string    `json:"currency"`
	State       string    `json:"state"`
	Reason      string    `json:"reason"`
	ActionURL   string    `json:"action_url"`
	At          time.Time `json:"at"`
}

var token = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,100}$`)

// acquirerCallback passes the hint on.
func (d *door) acquirerCallback(ctx context.Context, body []byte) error {
	var m chargeMessage
	if err := read(body, &m); err != nil {
		return err
	}
	switch {
	case !token.MatchString(m.Key):
		return bad("bad_key", "key")
	case m.At.IsZero():
		return bad("bad_time", "at")
	}
	return d.Topups.Hint(ctx, m.Key)
}

type receiptMessage struct {
	ID    string    `json:"id"`
	To    string    `json:"to"`
	State string    `json:"state"`
	At    time.Time `json:"at"`
	// SIMChangedAt tells since when the number answers from another SIM card.
	SIMChangedAt time.Time `json:"sim_changed_at"`
}

// smsReceipt passes the receipt on.
func (d *door) smsReceipt(ctx context.Context, body []byte) error {
	var m receiptMessage
	if err := read(body, &m); err != nil {
		return err
	}
	switch {
	case !token.MatchString(m.ID):
		return bad("bad_id", "id")
	case m.State != notice.Delivered && m.State != notice.Undelivered:
		return bad("bad_state", "state")
	case m.At.IsZero():
		return bad("bad_time", "at")
	}
	if !m.SIMChangedAt.IsZero() && d.SIM != nil {
		number, err := phone.Parse(m.To)
		if err != nil {
			return bad("bad_number", "to")
		}
		if err := d.SIM.SIMChanged(ctx, number, m.SIMChangedAt.UTC()); err != nil {
			return err
		}
	}
	return d.Receipts.Receipt(ctx, notice.DeliveryReceipt{GatewayID: m.ID, State: m.State, At: m.At.UTC()})
}
