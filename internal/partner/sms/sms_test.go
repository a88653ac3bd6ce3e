package sms_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/notice"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/partner/sms"
)

func note() notice.SMS {
	return notice.SMS{Key: "0193a1b2-0000-7000-8000-000000000001", To: phone.Number("+79165550123"), Text: vault.Hide("Код 123456")}
}

func client(t *testing.T, h http.HandlerFunc) *sms.Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	c, err := sms.New(sms.Config{URL: srv.URL + "/sms", Key: "key", CallbackURL: "https://bank.example/sms/receipt", Timeout: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSend(t *testing.T) {
	t.Parallel()
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		var got map[string]string
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		if got["to"] != "+79165550123" || got["text"] != "Код 123456" || got["callback_url"] != "https://bank.example/sms/receipt" || len(got) != 3 {
			t.Errorf("%v", got)
		}
		if r.URL.Path != "/sms/messages" || r.Header.Get("Idempotency-Key") != note().Key || r.Header.Get("Authorization") != "Bearer key" {
			t.Errorf("%s %v", r.URL, r.Header)
		}
		w.WriteHeader(http.StatusAccepted)
		io.WriteString(w, `{"id":"sm_1","state":"accepted","cost":"2.10"}`)
	})
	if got, err := c.Send(context.Background(), note()); err != nil || got != "sm_1" {
		t.Fatalf("%q %v", got, err)
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		final  string // the reason of a final no; "" = worth another try
	}{
		"bad number":         {422, `{"error":{"reason":"bad_number"}}`, "bad_number"},
		"bad request":        {400, `{"error":{"reason":"bad_json"}}`, "bad_json"},
		"key reused":         {409, `{"error":{"reason":"key_reused"}}`, "key_reused"},
		"too large":          {413, `{"error":{"reason":"too_large"}}`, "too_large"},
		"a proxy's 422":      {422, `<html>`, ""},
		"our key is wrong":   {401, `{"error":{"reason":"unauthorized"}}`, ""},
		"not allowed yet":    {403, `{"error":{"reason":"suspended"}}`, ""},
		"throttled":          {429, `{"error":{"reason":"slow_down"}}`, ""},
		"lost its way":       {404, `{"error":{"reason":"no_such_page"}}`, ""},
		"broken":             {500, `{"error":{"reason":"bad_number"}}`, ""},
		"redirected":         {301, ``, ""},
		"empty":              {202, ``, ""},
		"no identifier":      {202, `{"state":"accepted"}`, ""},
		"identifier twice":   {202, `{"id":"a","id":"b"}`, ""},
		"endless identifier": {202, `{"id":"` + strings.Repeat("x", 200) + `"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cl := client(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				io.WriteString(w, c.body)
			})
			got, err := cl.Send(context.Background(), note())
			var no *notice.Rejected
			switch final := errors.As(err, &no); {
			case err == nil || got != "":
				t.Fatalf("taken as sent: %q", got)
			case final != (c.final != "") || final && no.Reason != c.final:
				t.Fatalf("%v, want final %q", err, c.final)
			}
			if s := fmt.Sprint(err); strings.Contains(s, "123456") || strings.Contains(s, "5550123") {
				t.Error("the error tells the message:", s)
			}
		})
	}
}

func TestLineFails(t *testing.T) {
	t.Parallel()
	c := client(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	_, err := c.Send(context.Background(), note())
	if no := (*notice.Rejected)(nil); err == nil || errors.As(err, &no) {
		t.Fatal(err)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]sms.Config{
		"plain http":          {URL: "http://sms.example", Key: "key", CallbackURL: "https://bank.example/cb"},
		"plain http callback": {URL: "https://sms.example", Key: "key", CallbackURL: "http://bank.example/cb"},
		"no key":              {URL: "https://sms.example", CallbackURL: "https://bank.example/cb"},
	} {
		if _, err := sms.New(cfg); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
