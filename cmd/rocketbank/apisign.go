package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"strings"

	"rocketbank/internal/bank/order"
)

// apiSignCmd signs orders for scripts that use the open API.
type apiSignCmd struct {
	Key    string `required:"" placeholder:"FILE" help:"The token's private key: P-256 as PEM."`
	Public bool   `help:"Print the public key instead, for making the token."`
}

const maxKeyFile = 16 << 10

// Run signs the order's text from standard input. A line feed too many or too
// few at its end, as shells and jq leave it, is put right; what is no order is
// not signed.
func (c apiSignCmd) Run(in io.Reader, out io.Writer) error {
	raw, err := readArtefact(c.Key, in, maxKeyFile)
	if err != nil {
		return err
	}
	key, err := privateKey(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Key, err)
	}
	if c.Public {
		spki, err := x509.MarshalPKIXPublicKey(key.Public())
		if err != nil {
			return err
		}
		return pem.Encode(out, &pem.Block{Type: "PUBLIC KEY", Bytes: spki})
	}
	text, err := io.ReadAll(io.LimitReader(in, order.MaxReceipt))
	if err != nil {
		return err
	}
	p, err := order.Parse(strings.TrimRight(string(text), "\n") + "\n")
	if err != nil {
		return errors.New("standard input holds no order; pipe the order_text of a quote into it")
	}
	signature, err := order.Sign(key, p.Text)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, base64.RawURLEncoding.EncodeToString(signature))
	return err
}

// privateKey reads a P-256 private key, PKCS#8 or SEC 1.
func privateKey(raw []byte) (*ecdsa.PrivateKey, error) {
	errKey := errors.New("no P-256 private key; make one with: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256")
	for block, rest := pem.Decode(raw); block != nil; block, rest = pem.Decode(rest) {
		var key *ecdsa.PrivateKey
		switch block.Type {
		case "PRIVATE KEY":
			any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
			if err != nil {
				return nil, errKey
			}
			key, _ = any.(*ecdsa.PrivateKey)
		case "EC PRIVATE KEY":
			var err error
			if key, err = x509.ParseECPrivateKey(block.Bytes); err != nil {
				return nil, errKey
			}
		default:
			continue // EC PARAMETERS come before some keys
		}
		if key == nil || key.Curve != elliptic.P256() {
			return nil, errKey
		}
		return key, nil
	}
	return nil, errKey
}
