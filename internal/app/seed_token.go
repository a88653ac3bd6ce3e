package app

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/url"
	"strings"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
)

// What the example people's tokens may move.
const (
	seedOrderCap = 60_000_00
	seedDayCap   = 60_000_00
)

// giveToken makes a person's API token as he would himself: with a key of his
// own, caps, and a code from the SMS for exactly this order. The key stands in
// ready.json, so that scripts can sign; no key of a real client is ever seen.
func (s *seeder) giveToken(ctx context.Context, p *seeded) error {
	var err error
	if p.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return err
	}
	spki, err := x509.MarshalPKIXPublicKey(p.key.Public())
	if err != nil {
		return err
	}
	secretKey, err := x509.MarshalPKCS8PrivateKey(p.key)
	if err != nil {
		return err
	}
	in := p.entry.Session
	offer, doc, err := s.bank.access.OfferToken(ctx, in.Client, access.NewToken{
		Name: "Демо", Scopes: []access.Scope{access.ScopeRead, access.ScopeTransfer}, TTL: tokenTTL,
		PublicKey: spki, OrderCap: money.Rub(seedOrderCap), DayCap: money.Rub(seedDayCap),
	})
	if err != nil {
		return err
	}
	asker := in.Asker("")
	if _, err := s.bank.orders.SendCode(ctx, asker, doc); err != nil {
		return err
	}
	code, err := s.orderCode(ctx, p.Phone, locale.For(in.Lang).T("order.what.token"))
	if err != nil {
		return err
	}
	signed, err := s.bank.orders.AcceptCode(ctx, asker, doc, code)
	if err != nil {
		return err
	}
	_, secret, err := s.bank.access.CreateSignedToken(ctx, p.proof, offer, signed)
	if err != nil {
		return err
	}
	p.Token = secret.Reveal()
	p.TokenKey = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secretKey}))
	return nil
}

// orderCode waits for the SMS that names what is ordered.
func (s *seeder) orderCode(ctx context.Context, number, what string) (string, error) {
	for end := time.Now().Add(codeWaits); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		var messages []struct{ Text string }
		if err := s.get(ctx, s.sandbox+"/messages.json?phone="+url.QueryEscape(number), &messages); err != nil {
			return "", err
		}
		for _, m := range messages {
			if strings.Contains(m.Text, what) {
				return sixDigits.FindString(m.Text), nil
			}
		}
	}
	return "", errors.New("no SMS with the order's code came from the sandbox")
}

// sign confirms a transfer with the key of the person's token.
func (s *seeder) sign(ctx context.Context, p *seeded, quote, words string) (order.Signed, client.Standing, error) {
	doc, err := s.bank.transfers.Order(p.entry.Session.Client, quote, words)
	if err != nil {
		return order.Signed{}, client.Standing{}, err
	}
	return s.signText(ctx, p, doc)
}

// signText signs any order with the token's key.
func (s *seeder) signText(ctx context.Context, p *seeded, doc order.Document) (order.Signed, client.Standing, error) {
	token, err := s.bank.access.ByToken(ctx, p.Token)
	if err != nil {
		return order.Signed{}, client.Standing{}, err
	}
	signature, err := order.Sign(p.key, doc.Text)
	if err != nil {
		return order.Signed{}, client.Standing{}, err
	}
	signed, err := s.bank.orders.Accept(token.Client, doc, token.TokenEvidence(signature))
	if err != nil {
		return order.Signed{}, client.Standing{}, err
	}
	return signed, s.bank.access.TokenStanding(token), nil
}
