package partners_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/notice"
	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/door/partners"
	"rocketbank/internal/rail/signature"
)

const acqSecret, smsSecret, netSecret, railSecret = signature.Secret("acquirer"), signature.Secret("gateway"), signature.Secret("network"), signature.Secret("rail")

var now = time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)

// rooms writes down what the door passed on and answers as it is told.
type rooms struct {
	sims     []string
	hints    []string
	receipts []notice.DeliveryReceipt
	files    []string
	payouts  payouts
	err      error
}

func (r *rooms) Import(_ context.Context, f purchase.File) (purchase.Report, error) {
	r.files = append(r.files, f.ID)
	return purchase.Report{File: f.ID, Records: len(f.Records)}, r.err
}

func (r *rooms) passed() int {
	return len(r.hints) + len(r.receipts) + len(r.files) + len(r.payouts.heard)
}

func (r *rooms) Hint(_ context.Context, key string) error {
	r.hints = append(r.hints, key)
	return r.err
}

func (r *rooms) SIMChanged(_ context.Context, p phone.Number, since time.Time) error {
	r.sims = append(r.sims, p.E164()+" "+since.Format(time.RFC3339))
	return r.err
}

func (r *rooms) Receipt(_ context.Context, got notice.DeliveryReceipt) error {
	r.receipts = append(r.receipts, got)
	return r.err
}

func door(t *testing.T) (http.Handler, *rooms, *bytes.Buffer) {
	t.Helper()
	log, r := &bytes.Buffer{}, &rooms{}
	h := partners.New(partners.Deps{
		Topups: r, Receipts: r, SIM: r, Clearing: r, Payouts: &r.payouts, RailSecret: railSecret, Unmatched: func() { r.payouts.lost++ }, Secret: acqSecret, SMSSecret: smsSecret, NetworkSecret: netSecret,
		Now: func() time.Time { return now }, Log: slog.New(slog.NewTextHandler(log, nil)),
	})
	return h, r, log
}

func post(h http.Handler, path, body string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	secret := acqSecret
	kind := "application/json"
	switch {
	case strings.HasPrefix(path, "/sms"):
		secret = smsSecret
	case strings.HasPrefix(path, "/network"):
		secret, kind = netSecret, "application/jsonl"
	case strings.HasPrefix(path, "/phonerail"):
		secret, kind = railSecret, "application/xml"
	}
	req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Signature", signature.Sign(secret, now, []byte(body)))
	for _, f := range change {
		f(req)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w
}

const (
	hint = `{"key":"tu_1","id":"ch_1","order":"tu_1","amount_minor":500000,"currency":"RUB","state":"charged","reason":"","action_url":"","at":"2026-11-22T20:00:00Z"}`
	file = `{"type":"header","file":"cf_1","network":"demo","day":"2026-11-22","version":1}` + "\n" + `{"type":"trailer","debits":"0","credits":"0"}` + "\n"
	note = `{"id":"sm_1","to":"+79165550123","state":"delivered","at":"2026-11-22T23:00:00+03:00"}`
)

func TestPassesOn(t *testing.T) {
	t.Parallel()
	h, r, _ := door(t)
	for range 2 { // a replay does what the first did: it makes the bank ask
		if w := post(h, "/acquirer/callback", hint); w.Code != http.StatusNoContent || w.Body.Len() > 0 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	if len(r.hints) != 2 || r.hints[0] != "tu_1" {
		t.Fatalf("%v", r.hints)
	}
	if w := post(h, "/sms/receipt", note); w.Code != http.StatusNoContent {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := post(h, "/sms/receipt", `{"id":"sm_2","state":"undelivered","at":"2026-11-22T20:00:00Z"}`); w.Code != http.StatusNoContent {
		t.Fatalf("without a number: %d %s", w.Code, w.Body)
	}
	want := notice.DeliveryReceipt{GatewayID: "sm_1", State: notice.Delivered, At: now}
	if len(r.receipts) != 2 || r.receipts[0] != want || r.receipts[1].State != notice.Undelivered {
		t.Fatalf("%+v", r.receipts)
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	with := func(body, name string, v any) string {
		var m map[string]any
		if err := json.Unmarshal([]byte(body), &m); err != nil {
			t.Fatal(err)
		}
		if m[name] = v; v == nil {
			delete(m, name)
		}
		b, _ := json.Marshal(m)
		return string(b)
	}
	header := func(name string, values ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header[name] = values }
	}
	seal := func(s signature.Secret, at time.Time, body string) string { return signature.Sign(s, at, []byte(body)) }
	const acq, gate = "/acquirer/callback", "/sms/receipt"
	for name, c := range map[string]struct {
		path, body string
		change     func(*http.Request)
		status     int
		reason     string
	}{
		"no seal":               {acq, hint, header("Signature"), 401, "bad_signature"},
		"empty seal":            {acq, hint, header("Signature", ""), 401, "bad_signature"},
		"two seals":             {acq, hint, header("Signature", seal(acqSecret, now, hint), "t=1,v1=0"), 401, "bad_signature"},
		"seal of another body":  {acq, hint, header("Signature", seal(acqSecret, now, note)), 401, "bad_signature"},
		"the gateway's seal":    {acq, hint, header("Signature", seal(smsSecret, now, hint)), 401, "bad_signature"},
		"the acquirer's seal":   {gate, note, header("Signature", seal(acqSecret, now, note)), 401, "bad_signature"},
		"seal too old":          {acq, hint, header("Signature", seal(acqSecret, now.Add(-301*time.Second), hint)), 401, "bad_signature"},
		"seal from the future":  {acq, hint, header("Signature", seal(acqSecret, now.Add(301*time.Second), hint)), 401, "bad_signature"},
		"nonsense, no seal":     {acq, "{", header("Signature"), 401, "bad_signature"},
		"not JSON by its kind":  {acq, hint, header("Content-Type", "text/plain"), 415, "bad_content_type"},
		"no kind":               {acq, hint, header("Content-Type"), 415, "bad_content_type"},
		"over-long":             {acq, with(hint, "order", strings.Repeat("x", 70<<10)), nil, 413, "too_large"},
		"empty":                 {acq, "", nil, 400, "bad_json"},
		"cut":                   {acq, hint[:40], nil, 400, "bad_json"},
		"trailing":              {acq, hint + "{}", nil, 400, "trailing_data"},
		"list":                  {acq, "[]", nil, 422, "wrong_type"},
		"broken UTF-8":          {acq, strings.Replace(hint, "RUB", "\xff", 1), nil, 400, "bad_utf8"},
		"unknown member":        {acq, with(hint, "balance", 1), nil, 400, "unknown_field"},
		"other case":            {acq, strings.Replace(hint, `"key"`, `"Key"`, 1), nil, 400, "unknown_field"},
		"key twice":             {acq, strings.Replace(hint, `"id"`, `"key":"tu_2","id"`, 1), nil, 400, "duplicate_field"},
		"deep":                  {acq, `{"key":` + strings.Repeat("[", 99) + strings.Repeat("]", 99) + `}`, nil, 400, "too_deep"},
		"no key":                {acq, with(hint, "key", nil), nil, 422, "bad_key"},
		"key is a number":       {acq, with(hint, "key", 1), nil, 422, "wrong_type"},
		"NUL in key":            {acq, with(hint, "key", "tu\x00"), nil, 422, "bad_key"},
		"emoji in key":          {acq, with(hint, "key", "tu_🙂"), nil, 422, "bad_key"},
		"endless key":           {acq, with(hint, "key", strings.Repeat("k", 101)), nil, 422, "bad_key"},
		"amount of text":        {acq, with(hint, "amount_minor", "1"), nil, 422, "wrong_type"},
		"amount 1e9":            {acq, strings.Replace(hint, "500000", "1e9", 1), nil, 422, "wrong_type"},
		"no time":               {acq, with(hint, "at", nil), nil, 422, "bad_time"},
		"time of text":          {acq, with(hint, "at", "now"), nil, 422, "wrong_type"},
		"receipt: no id":        {gate, with(note, "id", ""), nil, 422, "bad_id"},
		"receipt: odd state":    {gate, with(note, "state", "read"), nil, 422, "bad_state"},
		"receipt: no time":      {gate, with(note, "at", nil), nil, 422, "bad_time"},
		"receipt: other member": {gate, with(note, "text", "x"), nil, 400, "unknown_field"},
		"receipt: id twice":     {gate, strings.Replace(note, `"to"`, `"id":"sm_2","to"`, 1), nil, 400, "duplicate_field"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, r, log := door(t)
			var changes []func(*http.Request)
			if c.change != nil {
				changes = append(changes, c.change)
			}
			w := post(h, c.path, c.body, changes...)
			var got struct{ Error struct{ Reason string } }
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			if w.Code != c.status || got.Error.Reason != c.reason {
				t.Errorf("got %d %s, want %d %s", w.Code, got.Error.Reason, c.status, c.reason)
			}
			if len(r.hints)+len(r.receipts) > 0 {
				t.Error("it was passed on")
			}
			if strings.Contains(log.String(), "5550123") || strings.Contains(log.String(), "v1=") {
				t.Error("the log tells too much:", log)
			}
		})
	}
}

func TestRoomsAnswers(t *testing.T) {
	t.Parallel()
	missing := fault.New(fault.Missing, "topup.missing")
	for name, c := range map[string]struct {
		err    error
		status int
	}{
		"unknown charge":  {missing, 404},
		"unknown message": {notice.ErrUnknownMessage, 404},
		"busy":            {fault.New(fault.Busy, "busy"), 503},
		"throttled":       {fault.New(fault.Throttled, "throttled"), 503},
		"broken":          {errors.New("the disk of +79165550123 is full"), 500},
		"cancelled":       {context.Canceled, 500},
	} {
		h, r, log := door(t)
		r.err = c.err
		for path, body := range map[string]string{"/acquirer/callback": hint, "/sms/receipt": note} {
			if w := post(h, path, body); w.Code != c.status || strings.Contains(w.Body.String(), "disk") {
				t.Errorf("%s %s: %d %s", name, path, w.Code, w.Body)
			}
		}
		if told := log.Len() > 0; told != (c.status == 500) {
			t.Errorf("%s: logged %v", name, told)
		}
	}
}

// W05: the table of routes × who seals the message. Each partner is let in on
// his own route alone; a route without a row fails.
func TestW05_Routes(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		body string
		own  signature.Secret
	}{
		"/acquirer/callback":  {hint, acqSecret},
		"/sms/receipt":        {note, smsSecret},
		"/network/clearing":   {file, netSecret},
		"/phonerail/messages": {railStatus, railSecret},
	}
	for _, path := range partners.Paths() {
		row, known := rows[path]
		delete(rows, path)
		if !known {
			t.Errorf("%s has no row: whose seal opens it?", path)
			continue
		}
		for who, secret := range map[string]signature.Secret{"the acquirer": acqSecret, "the gateway": smsSecret, "the network": netSecret, "the rail": railSecret, "a stranger": "guess", "": ""} {
			h, r, _ := door(t)
			w := post(h, path, row.body, func(r *http.Request) {
				r.Header.Set("Signature", signature.Sign(secret, now, []byte(row.body)))
				if who == "" {
					r.Header.Del("Signature")
					// … nor does any cookie or token of another door.
					r.Header.Set("Cookie", "__Host-rb=x; __Host-rbs=x")
					r.Header.Set("Authorization", "Bearer rb_x")
				}
			})
			want, passed := http.StatusUnauthorized, 0
			if secret == row.own {
				want, passed = http.StatusNoContent, 1
			}
			if got := r.passed(); w.Code != want || got != passed {
				t.Errorf("%s by %q: %d, want %d; %d passed on", path, who, w.Code, want, got)
			}
		}
		h, r, _ := door(t)
		for _, method := range []string{"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"} {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
			if w.Code != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: %d", method, path, w.Code)
			}
		}
		for _, near := range []string{path + "/x", path + "/", path[:len(path)-1]} {
			if w := post(h, near, row.body); w.Code != http.StatusNotFound {
				t.Errorf("POST %s: %d", near, w.Code)
			}
		}
		if r.passed() > 0 {
			t.Errorf("%s passes on what it refuses", path)
		}
	}
	for path := range rows {
		t.Errorf("there is a row for %s, which is no route", path)
	}
	h, _, _ := door(t)
	for _, method := range []string{"GET", "POST"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, "/", nil))
		if w.Code != http.StatusNotFound {
			t.Errorf("%s /: %d", method, w.Code)
		}
	}
}

func TestForeignSites(t *testing.T) {
	t.Parallel()
	h, r, _ := door(t)
	for path, body := range map[string]string{"/acquirer/callback": hint, "/sms/receipt": note} {
		w := post(h, path, body, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") })
		if w.Code != http.StatusForbidden || len(r.hints)+len(r.receipts) > 0 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	r := &rooms{}
	shut := partners.New(partners.Deps{Topups: r, Receipts: r, Now: func() time.Time { return now }})
	for path, body := range map[string]string{"/acquirer/callback": hint, "/sms/receipt": note} {
		w := post(shut, path, body, func(r *http.Request) { r.Header.Set("Signature", signature.Sign("", now, []byte(body))) })
		if w.Code != http.StatusUnauthorized {
			t.Errorf("without a secret %s answers %d", path, w.Code)
		}
	}
	shared := partners.New(partners.Deps{Topups: r, Receipts: r, Secret: smsSecret, Now: func() time.Time { return now }})
	if w := post(shared, "/sms/receipt", note); w.Code != http.StatusNoContent {
		t.Errorf("a shared secret: %d", w.Code)
	}
}

// A receipt may say that the number answers from another SIM card (A15).
func TestReceiptOfChangedSIM(t *testing.T) {
	t.Parallel()
	h, r, _ := door(t)
	const body = `{"id":"sm_1","to":"+79165550101","state":"delivered","at":"2026-11-22T20:00:00Z","sim_changed_at":"2026-11-22T18:30:00Z"}`
	if w := post(h, "/sms/receipt", body); w.Code != http.StatusNoContent {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if want := "+79165550101 2026-11-22T18:30:00Z"; len(r.sims) != 1 || r.sims[0] != want || len(r.receipts) != 1 {
		t.Errorf("%v, %v", r.sims, r.receipts)
	}
	for _, to := range []string{"", "12", "not a number"} {
		if w := post(h, "/sms/receipt", strings.Replace(body, "+79165550101", to, 1)); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%q: %d %s", to, w.Code, w.Body)
		}
	}
}
