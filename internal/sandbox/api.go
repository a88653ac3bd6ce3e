package sandbox

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/rail/signature"
	"rocketbank/internal/rail/strictjson"
)

// maxBody bounds what an API call may send.
const maxBody = 64 << 10

// refusal is an answer of 4xx or 5xx with its reason.
type refusal struct {
	status        int
	reason, field string
}

func refuse(status int, reason, field string) error { return &refusal{status, reason, field} }

func (r *refusal) Error() string { return r.reason + " " + r.field }

// smsOrder is the body of POST /sms/messages.
type smsOrder struct {
	To          string `json:"to"`
	Text        string `json:"text"`
	CallbackURL string `json:"callback_url"`
}

// postMessage takes an SMS: 202 and an identifier, the same ones for the same key.
func (d *door) postMessage(w http.ResponseWriter, r *http.Request) error {
	var o smsOrder
	key, err := readOrder(w, r, d.cfg.SMSKey, &o)
	if err != nil {
		return err
	}
	if err := o.check(); err != nil {
		return err
	}
	m, _, err := d.sms.accept(message{Key: key, To: o.To, Text: o.Text, CallbackURL: o.CallbackURL})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusAccepted, struct {
		ID    string `json:"id"`
		State string `json:"state"`
	}{m.ID, smsAccepted})
}

var e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

func (o smsOrder) check() error {
	switch {
	case !e164.MatchString(o.To):
		return refuse(http.StatusUnprocessableEntity, "bad_number", "to")
	case strings.TrimSpace(o.Text) == "" || utf8.RuneCountInString(o.Text) > maxTextRunes || hasControl(o.Text):
		return refuse(http.StatusUnprocessableEntity, "bad_text", "text")
	case o.CallbackURL != "" && !webAddress(o.CallbackURL):
		return refuse(http.StatusUnprocessableEntity, "bad_url", "callback_url")
	}
	return nil
}

// chargeOrder is the body of POST /acquirer/charges.
type chargeOrder struct {
	AmountMinor int64     `json:"amount_minor"`
	Currency    string    `json:"currency"`
	Order       string    `json:"order"`
	Description string    `json:"description"`
	Card        orderCard `json:"card"`
	ReturnURL   string    `json:"return_url"`
	CallbackURL string    `json:"callback_url"`
}

type orderCard struct {
	Number   string `json:"number"`
	ExpMonth int    `json:"exp_month"`
	ExpYear  int    `json:"exp_year"`
	CVC      string `json:"cvc"`
}

// postCharge charges a card: 201 with the new charge, 200 with the one that
// the key already stands for. The charge on a card of kind answer_lost is
// made, and then the line is cut instead of an answer.
func (d *door) postCharge(w http.ResponseWriter, r *http.Request) error {
	var o chargeOrder
	key, err := readOrder(w, r, d.cfg.AcquirerKey, &o)
	if err != nil {
		return err
	}
	if err := o.check(d.cfg.now()); err != nil {
		return err
	}
	c, fresh, err := d.acquirer.place(charge{
		Key: key, Order: o.Order, Description: o.Description,
		AmountMinor: o.AmountMinor, Currency: o.Currency,
		Card: masked(o.Card.Number), Kind: kindOf(o.Card.Number),
		ReturnURL: o.ReturnURL, CallbackURL: o.CallbackURL,
		Fingerprint: d.acquirer.fingerprint(o),
	})
	if err != nil {
		return err
	}
	if fresh && c.Kind == kindLost {
		cut(w)
		return nil
	}
	status := http.StatusOK
	if fresh {
		status = http.StatusCreated
	}
	return writeJSON(w, status, d.acquirer.view(c))
}

// maxAmountMinor is a thousand million roubles.
const maxAmountMinor = 100_000_000_000

var (
	cardNumber = regexp.MustCompile(`^[0-9]{12,19}$`)
	cvc        = regexp.MustCompile(`^[0-9]{3,4}$`)
)

func (o chargeOrder) check(now time.Time) error {
	bad := func(reason, field string) error { return refuse(http.StatusUnprocessableEntity, reason, field) }
	year, month, _ := now.In(clock.Moscow).Date()
	switch {
	case o.AmountMinor <= 0 || o.AmountMinor > maxAmountMinor:
		return bad("bad_amount", "amount_minor")
	case o.Currency != "RUB":
		return bad("bad_amount", "currency")
	case o.Order == "" || utf8.RuneCountInString(o.Order) > 64 || hasControl(o.Order):
		return bad("bad_order", "order")
	case utf8.RuneCountInString(o.Description) > 200 || hasControl(o.Description):
		return bad("bad_description", "description")
	case !webAddress(o.ReturnURL):
		return bad("bad_url", "return_url")
	case o.CallbackURL != "" && !webAddress(o.CallbackURL):
		return bad("bad_url", "callback_url")
	case !cardNumber.MatchString(o.Card.Number) || !luhn(o.Card.Number):
		return bad("bad_card", "card.number")
	case !cvc.MatchString(o.Card.CVC):
		return bad("bad_card", "card.cvc")
	case o.Card.ExpMonth < 1 || o.Card.ExpMonth > 12:
		return bad("bad_card", "card.exp_month")
	case o.Card.ExpYear < 2000 || o.Card.ExpYear > 2099:
		return bad("bad_card", "card.exp_year")
	case o.Card.ExpYear*12+o.Card.ExpMonth < year*12+int(month):
		return bad("expired_card", "card.exp_year")
	}
	return nil
}

// getCharge tells how a charge stands; 404 means it was never made.
func (d *door) getCharge(w http.ResponseWriter, r *http.Request) error {
	if err := authorised(w, r, d.cfg.AcquirerKey); err != nil {
		return err
	}
	c, ok := d.acquirer.find(r.PathValue("key"))
	if !ok {
		return refuse(http.StatusNotFound, "no_such_charge", "")
	}
	return writeJSON(w, http.StatusOK, d.acquirer.view(c))
}

// getMessages is the phone for programs: the SMS of a number, newest first.
func (d *door) getMessages(w http.ResponseWriter, r *http.Request) error {
	// A plus that was not escaped arrives as a blank: both spellings are meant.
	phone := "+" + strings.TrimLeft(r.FormValue("phone"), "+ ")
	if !e164.MatchString(phone) {
		return refuse(http.StatusBadRequest, "bad_number", "phone")
	}
	type shown struct {
		ID    string    `json:"id"`
		To    string    `json:"to"`
		Text  string    `json:"text"`
		At    time.Time `json:"at"`
		State string    `json:"state"`
	}
	list, _ := d.sms.conversation(phone)
	out := make([]shown, len(list))
	for i, m := range list {
		out[i] = shown{m.ID, m.To, m.Text, m.At, m.State}
	}
	return writeJSON(w, http.StatusOK, out)
}

// getCardsJSON lists the test cards for programs.
func (d *door) getCardsJSON(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, testCards(d.cfg.now()))
}

var orderKey = regexp.MustCompile(`^[A-Za-z0-9_.:-]{8,64}$`)

// readOrder checks who asks, takes the idempotency key and reads the body.
func readOrder(w http.ResponseWriter, r *http.Request, secret signature.Secret, into any) (key string, err error) {
	if err := authorised(w, r, secret); err != nil {
		return "", err
	}
	key = r.Header.Get("Idempotency-Key")
	if !orderKey.MatchString(key) {
		return "", refuse(http.StatusBadRequest, "bad_key", "Idempotency-Key")
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return "", refuse(http.StatusUnsupportedMediaType, "bad_content_type", "Content-Type")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return "", refuse(http.StatusRequestEntityTooLarge, "too_large", "")
	case err != nil:
		return "", refuse(http.StatusBadRequest, "bad_body", "")
	}
	var wrong *strictjson.Error
	switch err := strictjson.Decode(body, into); {
	case errors.As(err, &wrong) && wrong.Reason == strictjson.WrongType:
		return "", refuse(http.StatusUnprocessableEntity, typeReason(wrong.Field), wrong.Field)
	case errors.As(err, &wrong):
		return "", refuse(http.StatusBadRequest, string(wrong.Reason), wrong.Field)
	}
	return key, nil
}

// typeReason names a member of the wrong type as the member's own fault.
func typeReason(field string) string {
	switch {
	case field == "amount_minor":
		return "bad_amount"
	case field == "to":
		return "bad_number"
	case strings.HasPrefix(field, "card"):
		return "bad_card"
	}
	return string(strictjson.WrongType)
}

func authorised(w http.ResponseWriter, r *http.Request, secret signature.Secret) error {
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(secret))
	if !ok || subtle.ConstantTimeCompare(a[:], b[:]) != 1 {
		w.Header().Set("WWW-Authenticate", "Bearer")
		return refuse(http.StatusUnauthorized, "unauthorized", "")
	}
	return nil
}

// cut closes the connection without an answer.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // net/http's own way to hang up
	}
	_ = conn.Close() // the peer sees an end either way
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a reader that has gone is not our error
	return nil
}

// webAddress tells an absolute http or https address without a password in it.
func webAddress(s string) bool {
	if len(s) > 500 || hasControl(s) {
		return false
	}
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil
}

// hasControl finds control characters; a line may be broken in an SMS.
func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r != '\n' && unicode.IsControl(r) })
}
