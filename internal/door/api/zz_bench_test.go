package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/door/api"
	"rocketbank/internal/ledger"
)

type fakeTokens struct{ t access.Token }

func (f fakeTokens) ByToken(context.Context, string) (access.Token, error) { return f.t, nil }

type fakeTransfers struct{ api.Transfers }

func (f fakeTransfers) ToFriend(ctx context.Context, cmd transfer.ToFriend) (transfer.Receipt, error) {
	return transfer.Receipt{ID: id.ID{1}, At: time.Now(), From: 64064, To: transfer.Payee{Name: "Павел К.", Phone: "+79165550123"}, Amount: money.Rub(100), Fee: money.Rub(0), Total: money.Rub(100), Message: cmd.Message, Balance: money.Rub(5000)}, nil
}

type bt struct{ fakeTransfers }

func (bt) Quote(who client.ID, from ledger.AccountID, payee string, sum money.Amount) (transfer.Quote, error) {
	return transfer.Quote{Token: payee, From: from, Amount: sum}, nil
}
func (bt) Order(who client.ID, quote, message string) (transfer.Order, error) {
	return transfer.Order{}, nil
}

type w0 struct {
	h http.Header
	n int
}

func (w *w0) Header() http.Header         { return w.h }
func (w *w0) Write(b []byte) (int, error) { w.n += len(b); return len(b), nil }
func (w *w0) WriteHeader(s int)           {}

func BenchmarkDoor(b *testing.B) {
	tr := bt{}
	door := api.New(api.Deps{Tokens: fakeTokens{access.Token{ID: id.ID{7}, Client: 1, Scopes: []access.Scope{"transfer"}}}, Transfers: tr, Rate: api.Rate{PerSecond: -1}})
	body := `{"amount":{"amount":"1.05","currency":"RUB"},"from":"ac_64064","message":"За кофе, спасибо!","payee":"` + strings.Repeat("A", 300) + `"}`
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest("POST", "/api/v1/transfers", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer rb_xxxxxxxxxxxxxxxxxxxxxxxxxxxx")
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", "1-2")
		w := &w0{h: http.Header{}}
		door.ServeHTTP(w, r)
	}
}
