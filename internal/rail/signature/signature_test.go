package signature_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/rail/signature"
)

var (
	at     = time.Unix(1763802000, 0)
	body   = []byte(`{"key":"K"}`)
	secret = signature.Secret("partner secret")
)

// TestSign is held against a sum that openssl computed:
// printf '1763802000.{"key":"K"}' | openssl dgst -sha256 -hmac 'partner secret'.
func TestSign(t *testing.T) {
	t.Parallel()
	want := "t=1763802000,v1=dc433da6b9b2e49dbc8e41bcd507ad6d32b75767d20690ff2dc17d821642fbd4"
	if got := signature.Sign(secret, at, body); got != want {
		t.Fatalf("got %s", got)
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	good := signature.Sign(secret, at, body)
	sum := good[strings.Index(good, "v1=")+3:]
	for name, c := range map[string]struct {
		header string
		body   string
		secret signature.Secret
		now    time.Time
		want   error
	}{
		"right":                 {good, string(body), secret, at, nil},
		"at the late edge":      {good, string(body), secret, at.Add(300 * time.Second), nil},
		"at the early edge":     {good, string(body), secret, at.Add(-300 * time.Second), nil},
		"late":                  {good, string(body), secret, at.Add(301 * time.Second), signature.ErrStale},
		"early":                 {good, string(body), secret, at.Add(-301 * time.Second), signature.ErrStale},
		"other body":            {good, `{"key":"L"}`, secret, at, signature.ErrMismatch},
		"other secret":          {good, string(body), "another", at, signature.ErrMismatch},
		"no secret":             {signature.Sign("", at, body), string(body), "", at, signature.ErrMismatch},
		"time changed":          {"t=1763802001,v1=" + sum, string(body), secret, at, signature.ErrMismatch},
		"dot moved into body":   {"t=176380200,v1=" + sum, "0." + string(body), secret, at, signature.ErrMismatch},
		"empty":                 {"", string(body), secret, at, signature.ErrMalformed},
		"no time":               {"v1=" + sum, string(body), secret, at, signature.ErrMalformed},
		"no sum":                {"t=1763802000", string(body), secret, at, signature.ErrMalformed},
		"other order":           {"v1=" + sum + ",t=1763802000", string(body), secret, at, signature.ErrMalformed},
		"blank after the comma": {"t=1763802000, v1=" + sum, string(body), secret, at, signature.ErrMalformed},
		"upper case":            {"t=1763802000,v1=" + strings.ToUpper(sum), string(body), secret, at, signature.ErrMalformed},
		"short":                 {"t=1763802000,v1=" + sum[2:], string(body), secret, at, signature.ErrMalformed},
		"no hex":                {"t=1763802000,v1=" + strings.Repeat("z", 64), string(body), secret, at, signature.ErrMalformed},
		"minus":                 {"t=-1763802000,v1=" + sum, string(body), secret, at, signature.ErrMalformed},
		"plus":                  {"t=+1763802000,v1=" + sum, string(body), secret, at, signature.ErrMalformed},
		"leading nought":        {"t=01763802000,v1=" + sum, string(body), secret, at, signature.ErrMalformed},
		"endless time":          {"t=" + strings.Repeat("9", 40) + ",v1=" + sum, string(body), secret, at, signature.ErrMalformed},
		"something after":       {good + ",v1=" + sum, string(body), secret, at, signature.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := signature.Verify(c.secret, c.header, []byte(c.body), c.now); !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestSecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("start", "secret", secret, "cfg", struct{ S signature.Secret }{secret})
	dump, err := json.Marshal(map[string]any{"s": secret})
	if err != nil {
		t.Fatal(err)
	}
	all := log.String() + string(dump) + fmt.Sprint(secret) + fmt.Sprintf("%v %+v %#v %s %q", secret, secret, secret, secret, secret)
	if strings.Contains(all, "partner") {
		t.Fatal(all)
	}
}

func FuzzVerify(f *testing.F) {
	f.Add(signature.Sign(secret, at, body), body)
	f.Add("t=1,v1=", []byte{})
	f.Fuzz(func(t *testing.T, header string, b []byte) {
		if signature.Verify(secret, header, b, at) == nil && header != signature.Sign(secret, at, b) {
			// Inside the window another time is a valid seal too; its own one.
			if !strings.HasPrefix(header, "t=17638") {
				t.Fatalf("accepted %q", header)
			}
		}
	})
}
