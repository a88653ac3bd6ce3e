// Package apibench measures the friend transfer as a program orders it: over
// HTTP on loopback, with a personal token, JSON both ways, a quote, the
// signature over its text and an idempotency key, through the real handler of
// the open API. One operation is both requests and the signature between them.
// Callers and bank share the machine, so the figure carries the cost of both.
package apibench

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/transfer/transferbench"
	"rocketbank/internal/base/bench"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/door/api"
)

// Config says what to measure.
type Config struct {
	bench.Load
	Accounts int
	Writers  int // PostgreSQL batch writers; 0 means the book's default
}

// pairsPerCaller is how many payers and payees each caller goes round.
const pairsPerCaller = 1000

// Run makes a fresh data set in a bench database, serves it on loopback, puts
// the load on it and gives the figure. The book is verified afterwards, and
// book, feeds and events must hold exactly what the callers were told.
func Run(ctx context.Context, d *db.DB, c Config) (bench.Figure, error) {
	w, err := transferbench.Make(ctx, d, c.Accounts, c.Writers)
	if err != nil {
		return bench.Figure{}, err
	}
	defer w.Close()
	tokens := access.New(d, w.Vault, w.IDs, client.NewDirectory(d, w.Vault), access.Options{Host: "bench", Now: time.Now})
	like := access.NewToken{PublicKey: w.Public}
	like.OrderCap, like.DayCap = transferbench.Caps()
	secrets, err := tokens.BenchTokens(ctx, c.Accounts, like)
	if err != nil {
		return bench.Figure{}, err
	}
	orders := make([][]order, max(c.Callers, 0))
	for i := range orders {
		if orders[i], err = prepare(ctx, w, secrets, uint64(i)); err != nil {
			return bench.Figure{}, err
		}
	}
	door := api.New(api.Deps{
		DB: d, Tokens: tokens, Operations: w.Operations, Limits: w.Limits, Tariffs: w.Tariffs, Transfers: w.Transfers, Orders: w.Orders,
		Rate: api.Rate{PerSecond: -1}, // one caller stands for many clients
	})
	url, stop, err := serve(door)
	if err != nil {
		return bench.Figure{}, err
	}
	defer stop()
	transport := &http.Transport{MaxIdleConnsPerHost: c.Callers, DisableCompression: true}
	defer transport.CloseIdleConnections()
	caller := &http.Client{Transport: transport}

	out, err := bench.Run(ctx, c.Load, func(i int) bench.Caller {
		turn := 0
		return func(ctx context.Context) (bool, error) {
			turn++
			o := orders[i][turn%pairsPerCaller]
			err := o.send(ctx, caller, w, url, strconv.Itoa(i)+"-"+strconv.Itoa(turn))
			return err == nil, err
		}
	})
	if err != nil {
		return bench.Figure{}, err
	}
	f := out.Figure("api", d.Engine().String(), c.Load)
	if err := out.Failed(); err != nil {
		return f, err
	}
	return f, w.Agrees(ctx, out.Ops)
}

// order is what one client sends again and again, each time under a new key.
type order struct {
	bearer string
	body   map[string]any
}

const message = "За кофе, спасибо!"

func prepare(ctx context.Context, w *transferbench.World, secrets []vault.Hidden, seed uint64) ([]order, error) {
	pairs, err := w.Pairs(ctx, pairsPerCaller, seed)
	if err != nil {
		return nil, err
	}
	out := make([]order, len(pairs))
	for i, p := range pairs {
		out[i] = order{"Bearer " + secrets[p.Payer-1].Reveal(), map[string]any{
			"payee": p.Payee.Token, "from": api.AccountText(p.From), "message": message,
			"amount": api.Money{Amount: fmt.Sprintf("%d.%02d", 1+i%9, i%100), Currency: "RUB"},
		}}
	}
	return out, nil
}

// send orders one transfer as any program would: it asks what it costs, signs
// the text, orders, and believes nothing but 201 and an identifier.
func (o order) send(ctx context.Context, c *http.Client, w *transferbench.World, url, key string) error {
	var quote struct {
		Quote     string
		OrderText string `json:"order_text"`
	}
	if err := o.post(ctx, c, url+"/api/v1/quotes", "", http.StatusOK, o.body, &quote); err != nil {
		return err
	}
	signature, err := w.Sign(quote.OrderText)
	if err != nil {
		return err
	}
	var done struct{ ID string }
	if err := o.post(ctx, c, url+"/api/v1/transfers", key, http.StatusCreated, map[string]any{
		"quote": quote.Quote, "message": message, "signature": base64.RawURLEncoding.EncodeToString(signature),
	}, &done); err != nil {
		return err
	}
	if done.ID == "" {
		return errors.New("the answer names no transfer")
	}
	return nil
}

// post writes JSON and reads JSON.
func (o order) post(ctx context.Context, c *http.Client, url, key string, want int, body, into any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", o.bearer)
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	raw, err = io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		return err
	}
	if resp.StatusCode != want {
		return fmt.Errorf("answered %d: %s", resp.StatusCode, raw)
	}
	return json.Unmarshal(raw, into)
}

// serve puts the handler on a free loopback port.
func serve(h http.Handler) (url string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan struct{})
	go func() {
		s.Serve(l) //nolint:errcheck // it ends by Close below
		close(ended)
	}()
	return "http://" + l.Addr().String(), func() { s.Close(); <-ended }, nil
}
