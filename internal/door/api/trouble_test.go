package api_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/order/ordertest"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/door/api"
	"rocketbank/internal/ledger"
)

// anybody is a token room that lets everybody in.
type anybody struct{}

func (anybody) ByToken(context.Context, string) (access.Token, error) {
	_, public := ordertest.Key(7)
	return access.Token{ID: id.ID{7}, Client: 1, Scopes: []access.Scope{access.ScopeTransfer}, PublicKey: public}, nil
}

func (anybody) TokenStanding(access.Token) client.Standing {
	return client.Standing{Level: client.Full}
}

// trusting is an order room that takes every signature.
type trusting struct{ api.Orders }

func (trusting) Accept(client.ID, order.Document, order.Evidence) (order.Signed, error) {
	return order.Signed{}, nil
}

// someSignature has the form of one.
var someSignature = strings.Repeat("A", 86)

// fate is a transfer room that does what it is told.
type fate struct {
	api.Transfers
	send func() (transfer.Receipt, error)
}

func (fate) Quote(_ context.Context, _ client.ID, from ledger.AccountID, payee string, sum money.Amount) (transfer.Quote, error) {
	return transfer.Quote{Token: payee, From: from, Amount: sum}, nil
}
func (fate) Order(client.ID, string, string) (order.Document, error) { return order.Document{}, nil }
func (f fate) ToFriend(context.Context, transfer.ToFriend) (transfer.Receipt, error) {
	return f.send()
}

// What breaks inside is told without its inside: a code, a request id, and a
// line in the log that has both the id and the cause.
func TestTrouble(t *testing.T) {
	var log bytes.Buffer
	for name, c := range map[string]struct {
		send   func() (transfer.Receipt, error)
		status int
		code   string
		logged string
	}{
		"broken": {func() (transfer.Receipt, error) { return transfer.Receipt{}, errors.New("disk on fire") }, 500, "api.broken", "disk on fire"},
		"panic":  {func() (transfer.Receipt, error) { panic("unbalanced legs") }, 500, "api.broken", "unbalanced legs"},
		"busy":   {func() (transfer.Receipt, error) { return transfer.Receipt{}, ledger.ErrBusy }, 503, "ledger.busy", ""},
		"lost": {func() (transfer.Receipt, error) {
			return transfer.Receipt{}, fmt.Errorf("send: %w", ledger.ErrUnknownOutcome)
		}, 503, "ledger.unknown_outcome", ""},
	} {
		log.Reset()
		door := api.New(api.Deps{Tokens: anybody{}, Transfers: fate{send: c.send}, Orders: trusting{}, Rate: unlimited, Log: slog.New(slog.NewTextHandler(&log, nil))})
		server := httptest.NewServer(door)
		w := &world{server: server}
		r, err := w.try(ask{method: "POST", path: "/api/v1/transfers", token: "rb_x", key: "k", body: obj{"quote": "q", "signature": someSignature}})
		server.Close() // also waits for the line in the log
		if err != nil {
			t.Fatal(err)
		}
		if r.status != c.status || r.text("code") != c.code || strings.Contains(r.raw, "fire") || strings.Contains(r.raw, "legs") || strings.Contains(r.raw, ".go") {
			t.Errorf("%s: %d %s", name, r.status, r.raw)
		}
		if c.status == 503 && r.header.Get("Retry-After") != "1" {
			t.Errorf("%s: Retry-After %q", name, r.header.Get("Retry-After"))
		}
		if !strings.Contains(log.String(), c.logged) || !strings.Contains(log.String(), r.text("request_id")) || r.text("request_id") == "" {
			t.Errorf("%s: the log says %s", name, log.String())
		}
	}
}

// A body that is too long without saying so, or that stops half-way, changes nothing.
func TestBodiesThatLie(t *testing.T) {
	door := api.New(api.Deps{Tokens: anybody{}, Rate: unlimited, Transfers: fate{send: func() (transfer.Receipt, error) {
		t.Error("an order came through")
		return transfer.Receipt{}, nil
	}}})
	server := httptest.NewServer(door)
	defer server.Close()
	send := func(head, body string) string {
		t.Helper()
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "POST /api/v1/transfers HTTP/1.1\r\nHost: bank\r\nAuthorization: Bearer rb_x\r\nContent-Type: application/json\r\n"+
			"Idempotency-Key: k\r\n%s\r\n\r\n%s", head, body)
		conn.(*net.TCPConn).CloseWrite()
		raw, _ := io.ReadAll(conn) // a reset after the answer is no matter
		return string(raw)
	}
	long := `{"quote":"` + strings.Repeat("x", 70_000) + `"}`
	chunked := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(long), long)
	for name, c := range map[string]struct{ head, body, want string }{
		"chunked":        {"Transfer-Encoding: chunked", chunked, "413"},
		"announced":      {"Content-Length: 1000000000", `{"quote":`, "413"},
		"stops half-way": {"Content-Length: 500", `{"quote":"q"}`, "400"},
		"cut chunk":      {"Transfer-Encoding: chunked", "ff\r\n{\"quote\":\"q\"}", "400"},
	} {
		if got := send(c.head, c.body); !strings.HasPrefix(got, "HTTP/1.1 "+c.want) {
			t.Errorf("%s: %.200s", name, got)
		}
	}
}

// BenchmarkOrder is what the door itself costs, without any room behind it.
func BenchmarkOrder(b *testing.B) {
	done := transfer.Receipt{ID: id.ID{1}, From: 64064, To: transfer.Payee{Name: "Павел К.", Phone: "+79165550123"},
		Amount: money.Rub(105), Fee: money.Rub(0), Total: money.Rub(105), Balance: money.Rub(5000)}
	door := api.New(api.Deps{Tokens: anybody{}, Rate: unlimited, Orders: trusting{}, Transfers: fate{send: func() (transfer.Receipt, error) { return done, nil }}})
	body := `{"message":"За кофе, спасибо!","signature":"` + someSignature + `","quote":"` + strings.Repeat("A", 400) + `"}`
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/api/v1/transfers", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer rb_x")
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", "1-2")
		w := httptest.NewRecorder()
		if door.ServeHTTP(w, r); w.Code != http.StatusCreated {
			b.Fatal(w.Body)
		}
	}
}
