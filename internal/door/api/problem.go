package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/claim"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/bank/scan"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/money"
	"rocketbank/internal/rail/strictjson"
)

// The refusals of the door itself.
var (
	errNoToken   = fault.New(fault.Unauthenticated, "api.no_token")
	errTooOften  = fault.New(fault.Throttled, "api.too_often") // wait
	errNoRoute   = fault.New(fault.Missing, "api.no_route")    // no such address
	errMethod    = fault.New(fault.Invalid, "api.method")      // allow
	errMediaType = fault.New(fault.Invalid, "api.media_type")  // not application/json
	// errUploadMedia: none of the kinds that a page comes in.
	errUploadMedia = fault.New(fault.Invalid, "api.upload_media")
	errTooLarge    = fault.New(fault.Invalid, "api.body_too_large") // max
	errGone        = fault.New(fault.Busy, "api.gone")
	errBroken      = fault.New(fault.Broken, "api.broken")
	errTimeout     = fault.New(fault.Invalid, "api.body_cut") // the body did not arrive whole

	errParam      = fault.New(fault.Invalid, "api.unknown_parameter")  // of the query
	errParamTwice = fault.New(fault.Invalid, "api.repeated_parameter") // of the query
	errQuery      = fault.New(fault.Invalid, "api.bad_query")
	errLimit      = fault.New(fault.Invalid, "api.limit").At("limit")
	errCursor     = fault.New(fault.Invalid, "api.cursor").At("before")
	errTime       = fault.New(fault.Invalid, "api.time")
	errTimeOrder  = fault.New(fault.Invalid, "api.time_order").At("to")

	errJSON       = fault.New(fault.Invalid, "api.bad_json")
	errUTF8       = fault.New(fault.Invalid, "api.bad_utf8")
	errUnknown    = fault.New(fault.Invalid, "api.unknown_field")
	errDuplicate  = fault.New(fault.Invalid, "api.duplicate_field")
	errType       = fault.New(fault.Invalid, "api.wrong_type")
	errAmountType = fault.New(fault.Invalid, "api.amount_type") // a number instead of a string
	errTrailing   = fault.New(fault.Invalid, "api.trailing_data")
	errDeep       = fault.New(fault.Invalid, "api.too_deep")

	errRequired  = fault.New(fault.Invalid, "api.required")
	errCurrency  = fault.New(fault.Invalid, "api.currency")
	errSignature = fault.New(fault.Invalid, "api.signature_form").At("signature")
	errKey       = fault.New(fault.Invalid, "api.idempotency_key").At("Idempotency-Key")
	errKeyForm   = fault.New(fault.Invalid, "api.idempotency_key_form").At("Idempotency-Key")

	errForeign = fault.New(fault.Refused, "api.foreign_purchase") // a token's caps are in roubles
	errLooser  = fault.New(fault.Forbidden, "api.looser_rules")   // the holder confirms that himself
	errDate    = fault.New(fault.Invalid, "api.date")             // «2026-12-22»
	errCardKey = fault.New(fault.Conflict, "api.card_key_reused").At("Idempotency-Key")
)

// status is the door's one table from refusals to HTTP: by the key where
// HTTP has a word of its own, else by the code.
func status(f *fault.Error) int {
	switch f.Key {
	case errMethod.Key:
		return http.StatusMethodNotAllowed
	case errMediaType.Key, errUploadMedia.Key:
		return http.StatusUnsupportedMediaType
	case errTooLarge.Key, scan.ErrBig.Key:
		return http.StatusRequestEntityTooLarge
	case errJSON.Key, errUTF8.Key, errDuplicate.Key, errTrailing.Key, errDeep.Key, errTimeout.Key, errQuery.Key,
		errKey.Key, errKeyForm.Key:
		return http.StatusBadRequest
	}
	switch f.Code {
	case fault.Invalid, fault.Refused:
		return http.StatusUnprocessableEntity
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.Missing:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.Throttled:
		return http.StatusTooManyRequests
	case fault.Busy:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// Problem is a refusal as it goes out (RFC 9457).
type Problem struct {
	Type      string         `json:"type"`
	Title     string         `json:"title"`
	Status    int            `json:"status"`
	Code      string         `json:"code"`
	Detail    string         `json:"detail"`
	Field     string         `json:"field,omitempty"`
	Values    map[string]any `json:"values,omitempty"`
	Errors    []Flaw         `json:"errors,omitempty"`
	RequestID string         `json:"request_id"`

	header http.Header
}

// Flaw is one of several things that are wrong with a request.
type Flaw struct {
	Code   string `json:"code"`
	Field  string `json:"field,omitempty"`
	Detail string `json:"detail"`
}

// Error makes a Problem an error that huma can carry.
func (p *Problem) Error() string { return p.Code }

// GetStatus tells huma the status.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders tells huma the headers.
func (p *Problem) GetHeaders() http.Header { return p.header }

// ContentType tells huma the media type.
func (p *Problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

// problem puts an error into the words of the caller. Several joined refusals
// are told together, under the first one's code.
func (d *Door) problem(c *call, err error) *Problem {
	faults, broken := split(err)
	if broken != nil {
		c.cause = broken
		if c.r.Context().Err() != nil { // the caller has gone; nobody reads this
			faults = []*fault.Error{errGone}
		} else {
			faults = []*fault.Error{errBroken}
		}
	}
	first := faults[0]
	p := &Problem{
		Type: docsPath + "#" + first.Key, Status: status(first), Code: first.Key,
		Title: c.p.T("api.title." + titleOf(first)), Detail: c.p.Fault(first), Field: field(first),
		Values: values(first), RequestID: c.id, header: http.Header{},
	}
	for _, f := range faults {
		if field(f) != "" || len(faults) > 1 {
			p.Errors = append(p.Errors, Flaw{Code: f.Key, Field: field(f), Detail: c.p.Fault(f)})
		}
	}
	p.header.Set("Content-Language", string(c.p.Lang()))
	switch p.Status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		p.header.Set("Retry-After", strconv.FormatInt(d.retryAfter(first), 10))
	case http.StatusUnauthorized:
		challenge := `Bearer realm="rocketbank"`
		if first.Key != errNoToken.Key {
			challenge += `, error="invalid_token"`
		}
		p.header.Set("WWW-Authenticate", challenge)
	case http.StatusForbidden:
		if errors.Is(first, access.ErrScope) {
			p.header.Set("WWW-Authenticate", `Bearer realm="rocketbank", error="insufficient_scope"`)
		}
	}
	return p
}

// split takes joined errors apart. Everything that is no fault is broken.
func split(err error) (faults []*fault.Error, broken error) {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range many.Unwrap() {
			f, b := split(e)
			faults = append(faults, f...)
			if b != nil {
				broken = b
			}
		}
		return faults, broken
	}
	f, ok := fault.As(err)
	if !ok || f.Code == fault.Broken {
		return nil, err
	}
	return []*fault.Error{f}, nil
}

func titleOf(f *fault.Error) string {
	if f.Code == fault.Conflict && f.Key != transfer.ErrKeyReused.Key && f.Key != payout.ErrKeyReused.Key && f.Key != claim.ErrKeyReused.Key && f.Key != errCardKey.Key {
		return "state"
	}
	return string(f.Code)
}

// field gives the member's name in this API: the rooms name fields after the
// cabinet's forms.
func field(f *fault.Error) string {
	if f.Field == "to" && f.Key == transfer.ErrPayee.Key {
		return "payee"
	}
	for _, group := range []string{"consent", "page"} { // fields of these lists
		if name, ok := strings.CutPrefix(f.Field, group+"_"); ok {
			return group + "s." + name
		}
	}
	return f.Field
}

// values gives a refusal's sums and numbers to programs, so that nobody has to
// read them out of the text.
func values(f *fault.Error) map[string]any {
	if len(f.Args) == 0 {
		return nil
	}
	out := make(map[string]any, len(f.Args))
	for name, v := range f.Args {
		switch v := v.(type) {
		case money.Amount:
			out[name] = shown(v)
		case time.Time:
			out[name] = v.UTC().Format(time.RFC3339)
		case time.Duration:
			out[name] = seconds(v)
		case string, int, int64:
			out[name] = v
		}
	}
	return out
}

// retryAfter tells after how many seconds it is worth asking again.
func (d *Door) retryAfter(f *fault.Error) int64 {
	if wait, ok := f.Args["wait"].(time.Duration); ok {
		return seconds(wait)
	}
	if until, ok := f.Args["until"].(time.Time); ok {
		return seconds(until.Sub(d.d.Now()))
	}
	switch {
	case errors.Is(f, limit.ErrLookups), errors.Is(f, limit.ErrCardRefusals): // counted by the bank day
		now := d.d.DB.Now()
		return seconds(clock.DayStart(now).AddDate(0, 0, 1).Sub(now))
	case f.Code == fault.Busy:
		return 1
	}
	return 60
}

// seconds rounds up and is never nought.
func seconds(d time.Duration) int64 { return max(1, int64((d+time.Second-1)/time.Second)) }

// write sends a problem that huma has no part in.
func (d *Door) write(c *call, p *Problem) {
	h := c.w.Header()
	for k, v := range p.header {
		h[k] = v
	}
	h.Set("Content-Type", problemType)
	var b bytes.Buffer
	if err := encode(&b, p); err != nil {
		c.cause = err
	}
	c.w.WriteHeader(p.Status)
	if c.r.Method != http.MethodHead {
		c.w.Write(b.Bytes()) //nolint:errcheck // the caller has gone; nobody is left to tell
	}
}

func encode(b *bytes.Buffer, v any) error {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// documentFault puts a refused JSON document into words.
func documentFault(err error) error {
	var e *strictjson.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Reason {
	case strictjson.BadUTF8:
		return errUTF8
	case strictjson.Unknown:
		return errUnknown.At(e.Field)
	case strictjson.Duplicate:
		return errDuplicate.At(e.Field)
	case strictjson.WrongType:
		if isAmount(e.Field) {
			return errAmountType.At(e.Field)
		}
		return errType.At(e.Field)
	case strictjson.Trailing:
		return errTrailing
	case strictjson.TooDeep:
		return errDeep.At(e.Field)
	}
	return errJSON
}

func isAmount(field string) bool { return field == "amount" || strings.HasSuffix(field, ".amount") }
