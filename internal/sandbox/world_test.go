package sandbox_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/rail/signature"
	"rocketbank/internal/sandbox"
)

const (
	smsKey = "sms-key"
	acqKey = "acquirer-key"
	secret = signature.Secret("callback-secret")
)

// world is a sandbox on a real socket, and a bank that listens for callbacks.
type world struct {
	t    *testing.T
	dir  string
	url  string
	box  *sandbox.Sandbox
	srv  *httptest.Server
	bank *ear
	web  *http.Client // follows no redirect
}

func newWorld(t *testing.T, change ...func(*sandbox.Config)) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), bank: newEar(t)}
	w.web = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	w.start(change...)
	t.Cleanup(func() { w.stop() })
	return w
}

func (w *world) start(change ...func(*sandbox.Config)) {
	w.t.Helper()
	w.srv = httptest.NewUnstartedServer(nil)
	w.url = "http://" + w.srv.Listener.Addr().String()
	cfg := sandbox.Config{
		DataDir: w.dir, Origin: w.url, BankOrigin: "http://localhost:8080",
		SMSKey: smsKey, AcquirerKey: acqKey, CallbackSecret: secret, SlowFor: 300 * time.Millisecond,
	}
	for _, f := range change {
		f(&cfg)
	}
	box, err := sandbox.New(cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	w.box, w.srv.Config.Handler = box, box
	w.srv.Start()
}

func (w *world) stop() {
	w.srv.Close()
	if err := w.box.Close(); err != nil {
		w.t.Error(err)
	}
}

func (w *world) restart() {
	w.stop()
	w.start()
}

// answer is what came back.
type answer struct {
	status int
	body   string
	header http.Header
}

func (w *world) do(req *http.Request) (answer, error) {
	resp, err := w.web.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, string(body), resp.Header}, err
}

func (w *world) must(req *http.Request) answer {
	w.t.Helper()
	a, err := w.do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *world) get(path string) answer {
	w.t.Helper()
	req, _ := http.NewRequest(http.MethodGet, w.url+path, nil)
	return w.must(req)
}

// post sends a page's form the way a browser does.
func (w *world) post(path string, form ...string) answer {
	w.t.Helper()
	v := url.Values{}
	for i := 0; i < len(form); i += 2 {
		v.Set(form[i], form[i+1])
	}
	req, _ := http.NewRequest(http.MethodPost, w.url+path, strings.NewReader(v.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return w.must(req)
}

func (w *world) order(path, bearer, key string, body any) *http.Request {
	w.t.Helper()
	raw, ok := body.(string)
	if !ok {
		b, err := json.Marshal(body)
		if err != nil {
			w.t.Fatal(err)
		}
		raw = string(b)
	}
	req, _ := http.NewRequest(http.MethodPost, w.url+path, strings.NewReader(raw))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+bearer)
	req.Header.Set("Idempotency-Key", key)
	return req
}

// charge is the protocol's charge as a shop reads it.
type charge struct {
	Key         string
	ID          string
	Order       string
	AmountMinor int64 `json:"amount_minor"`
	Currency    string
	State       string
	Reason      string
	ActionURL   string `json:"action_url"`
}

func (w *world) chargeBody(card string) map[string]any {
	return map[string]any{
		"amount_minor": 500000, "currency": "RUB", "order": "tu_1", "description": "Пополнение",
		"card":       map[string]any{"number": card, "exp_month": 12, "exp_year": time.Now().Year() + 2, "cvc": "739"},
		"return_url": "http://localhost:8080/topup/tu_1", "callback_url": w.bank.url + "/acquirer/callback",
	}
}

func (w *world) charge(key, card string) (charge, int) {
	w.t.Helper()
	a := w.must(w.order("/acquirer/charges", acqKey, key, w.chargeBody(card)))
	return w.read(a), a.status
}

func (w *world) find(key string) (charge, int) {
	w.t.Helper()
	req, _ := http.NewRequest(http.MethodGet, w.url+"/acquirer/charges/"+key, nil)
	req.Header.Set("Authorization", "Bearer "+acqKey)
	a := w.must(req)
	return w.read(a), a.status
}

func (w *world) read(a answer) (c charge) {
	w.t.Helper()
	if a.status/100 == 2 {
		if err := json.Unmarshal([]byte(a.body), &c); err != nil {
			w.t.Fatalf("%v: %s", err, a.body)
		}
	}
	return c
}

func (w *world) card(kind string) string {
	w.t.Helper()
	var list []struct{ Number, Kind string }
	if err := json.Unmarshal([]byte(w.get("/cards.json").body), &list); err != nil {
		w.t.Fatal(err)
	}
	for _, c := range list {
		if c.Kind == kind {
			return c.Number
		}
	}
	w.t.Fatal("no card of kind", kind)
	return ""
}

// path is the local part of a 3-D Secure page's address.
func (w *world) path(action string) string {
	w.t.Helper()
	p, ok := strings.CutPrefix(action, w.url)
	if !ok {
		w.t.Fatalf("action_url %q is not on the sandbox", action)
	}
	return p
}

// ear listens as the bank would and keeps what was sealed rightly.
type ear struct {
	url string

	mu    sync.Mutex
	deaf  int // so many next messages are answered with 503
	calls []map[string]any
	tries int
	heard chan struct{}
}

func newEar(t *testing.T) *ear {
	e := &ear{heard: make(chan struct{}, 1000)}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		e.mu.Lock()
		defer e.mu.Unlock()
		e.tries++
		if err := signature.Verify(secret, r.Header.Get("Signature"), body, time.Now()); err != nil {
			t.Errorf("callback: %v", err)
		}
		if e.deaf > 0 {
			e.deaf--
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		var m map[string]any
		if err := json.NewDecoder(bytes.NewReader(body)).Decode(&m); err != nil {
			t.Errorf("callback %q: %v", body, err)
		}
		m["path"] = r.URL.Path
		e.calls = append(e.calls, m)
		w.WriteHeader(http.StatusNoContent)
		e.heard <- struct{}{}
	}))
	t.Cleanup(srv.Close)
	e.url = srv.URL
	return e
}

// wait gives the callbacks when there are n of them.
func (e *ear) wait(t *testing.T, n int) []map[string]any {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		e.mu.Lock()
		calls := e.calls
		e.mu.Unlock()
		if len(calls) >= n {
			return calls
		}
		select {
		case <-e.heard:
		case <-deadline:
			t.Fatalf("%d callbacks, want %d", len(calls), n)
		}
	}
}

func (e *ear) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.calls)
}
