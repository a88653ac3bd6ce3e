package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/order/ordertest"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

// S14: what the program says of a receipt, with the bank's keys and without.
func TestInspectReceipt(t *testing.T) {
	banktest.Each(t, func(b *banktest.Bank) {
		dir := b.TempDir()
		file := func(name string, content []byte) string {
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, content, 0o600); err != nil {
				b.Fatal(err)
			}
			return path
		}
		anna := b.Client("Анна", "Соколова", 0)
		orders := order.New(order.Deps{DB: b.DB, Vault: b.Vault})
		doc := order.Compose(order.Head{ID: id.ID{1}, Kind: order.Closing, Who: id.ID{2}, When: banktest.Noon}, order.Say("why", "\"\n😀"))
		key, spki := ordertest.Key(1)
		signed, err := orders.Accept(anna.ID, doc, order.ByDevice(id.ID{3}, spki, ordertest.Sign(b, key, doc.Text)))
		if err != nil {
			b.Fatal(err)
		}
		b.Do(func(ctx context.Context, tx db.Tx) error { return signed.Save(ctx, tx) })
		raw, err := orders.Receipt(context.Background(), anna.ID, doc.ID)
		if err != nil {
			b.Fatal(err)
		}
		receipt, keys := file("receipt.json", raw), file("keys.json", orders.PublicKeys())
		by := "device " + (id.ID{3}).Text("dv")
		inspect := func(args ...string) (int, string, map[string]any) {
			var out, errs bytes.Buffer
			code := run(context.Background(), append([]string{"inspect", "receipt"}, args...), &out, &errs)
			var v map[string]any
			json.Unmarshal(out.Bytes(), &v) //nolint:errcheck // not every answer is JSON
			return code, errs.String(), v
		}
		for name, args := range map[string][]string{"with the bank's keys": {"--key", keys, receipt}, "by its own": {receipt}} {
			code, errs, v := inspect(args...)
			if code != 0 || errs != "" || v["ok"] != true || v["order"].(map[string]any)["why"] != "\"\n😀" || v["signed_by"] != by ||
				v["at"] != "2026-11-22T09:00:00.000000Z" || v["trusted"] != (name == "with the bank's keys") {
				b.Errorf("%s: %d %s %v", name, code, errs, v)
			}
		}
		other := file("other.json", order.New(order.Deps{DB: b.DB, Vault: vault.Ephemeral()}).PublicKeys())
		for name, c := range map[string]struct {
			args   []string
			reason string
		}{
			"another bank's keys": {[]string{"--key", other, receipt}, "unknown_key"},
			"a flipped byte":      {[]string{file("flipped.json", bytes.Replace(raw, []byte("why"), []byte("wha"), 1))}, "client_proof"},
			"another proof":       {[]string{file("proof.json", bytes.Replace(raw, []byte(`"kind":"device"`), []byte(`"kind":"token"`), 1))}, "bank_signature"},
			"edited":              {[]string{file("edited.json", bytes.Replace(raw, []byte(`,"evidence"`), []byte(`, "evidence"`), 1))}, "not_canonical"},
			"empty":               {[]string{file("empty.json", nil)}, "not_a_receipt"},
			"endless":             {[]string{"/dev/zero"}, "not_a_receipt"},
		} {
			code, _, v := inspect(c.args...)
			e, _ := v["error"].(map[string]any)
			if code != 1 || e["reason"] != c.reason {
				b.Errorf("%s: %d %v", name, code, v)
			}
		}
		if code, errs, _ := inspect(filepath.Join(dir, "nothing")); code != 1 || errs == "" {
			b.Errorf("no file: %d %q", code, errs)
		}
	})
}

// api-sign signs what a quote gives, however the shell has cut its end, and
// nothing that is no order.
func TestAPISign(t *testing.T) {
	dir := t.TempDir()
	key, spki := ordertest.Key(1)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	sec1, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	doc := order.Compose(order.Head{ID: id.ID{1}, Kind: order.Transfer, Who: id.ID{2}, When: banktest.Noon})
	want := ordertest.Encoded(t, key, doc.Text) + "\n"
	for name, block := range map[string]*pem.Block{"PKCS#8": {Type: "PRIVATE KEY", Bytes: pkcs8}, "SEC 1": {Type: "EC PRIVATE KEY", Bytes: sec1}} {
		path := filepath.Join(dir, strings.ReplaceAll(name, " ", ""))
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{doc.Text, doc.Text + "\n", strings.TrimSuffix(doc.Text, "\n")} {
			var out bytes.Buffer
			if err := (apiSignCmd{Key: path}).Run(strings.NewReader(text), &out); err != nil || out.String() != want {
				t.Errorf("%s: %q, %v", name, out.String(), err)
			}
		}
		var out bytes.Buffer
		for _, text := range []string{"", "rocketbank proof 1\nGET\n/\n", doc.Text + "amount: 5.00 RUB\n"} {
			if err := (apiSignCmd{Key: path}).Run(strings.NewReader(text), &out); err == nil || out.Len() > 0 {
				t.Errorf("%q was signed", text)
			}
		}
		if err := (apiSignCmd{Key: path, Public: true}).Run(nil, &out); err != nil {
			t.Fatal(err)
		}
		if der, err := order.ReadKey(out.String()); err != nil || !bytes.Equal(der, spki) {
			t.Errorf("public key %q, %v", out.String(), err)
		}
	}
	bad := filepath.Join(dir, "bad")
	if err := os.WriteFile(bad, []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (apiSignCmd{Key: bad}).Run(strings.NewReader(doc.Text), &bytes.Buffer{}); err == nil {
		t.Error("signed without a key")
	}
}

// What the program says of the evidence of a login.
func TestInspectLogin(t *testing.T) {
	accesstest.Each(t, func(w *accesstest.World) {
		ctx := context.Background()
		p := w.Keyed(accesstest.Phone(1))
		list, err := w.Access.Statements(ctx, p.ID, 1)
		if err != nil || len(list) != 1 {
			w.Fatal(list, err)
		}
		e, err := w.Access.EvidenceOf(ctx, p.ID, list[0].ID)
		if err != nil {
			w.Fatal(err)
		}
		dir := w.TempDir()
		file := func(name string, v any) string {
			raw, ok := v.([]byte)
			if !ok {
				if raw, err = json.MarshalIndent(v, "", "  "); err != nil {
					w.Fatal(err)
				}
			}
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, raw, 0o600); err != nil {
				w.Fatal(err)
			}
			return path
		}
		keys := file("keys.json", order.New(order.Deps{DB: w.DB, Vault: w.Vault}).PublicKeys())
		moved, old := e, e
		moved.Text = strings.Replace(e.Text, "place Chrome", "place Safari", 1)
		old.BankKeyID, old.BankKey, old.BankSignature = "", nil, nil
		for name, c := range map[string]struct {
			args   []string
			reason string
		}{
			"with the bank's keys": {[]string{"--key", keys, file("login.json", e)}, ""},
			"by its own":           {[]string{file("login.json", e)}, ""},
			"another place":        {[]string{"--key", keys, file("moved.json", moved)}, "client_proof"},
			"of a first release":   {[]string{file("old.json", old)}, "not_counter_signed"},
			"another bank's keys": {[]string{
				"--key", file("other.json", order.New(order.Deps{DB: w.DB, Vault: vault.Ephemeral()}).PublicKeys()), file("login.json", e),
			}, "client_proof"},
			"no evidence": {[]string{file("none.json", []byte("{}{"))}, "not_a_receipt"},
		} {
			var out, errs bytes.Buffer
			code := run(ctx, append([]string{"inspect", "login"}, c.args...), &out, &errs)
			var v struct {
				OK      bool
				Text    string
				Trusted bool
				Error   struct{ Reason string }
			}
			json.Unmarshal(out.Bytes(), &v) //nolint:errcheck // not every answer is JSON
			if v.OK != (c.reason == "") || v.Error.Reason != c.reason || (code == 0) != v.OK || v.OK && v.Text != e.Text || v.Trusted != (name == "with the bank's keys") {
				w.Errorf("%s: %d %s %s", name, code, out.String(), errs.String())
			}
		}
	})
}
