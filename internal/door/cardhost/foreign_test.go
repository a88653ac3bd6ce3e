package cardhost_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/hsm"
	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/tier"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/door/cardhost"
	"rocketbank/internal/ledger"
)

// peerFolder names the folder with npm's iso_8583, which .ci/run installs.
const peerFolder = "ROCKETBANK_ISO8583_PEER"

var qNumber = db.Query(`SELECT pan FROM card WHERE client = $1 AND id = $2`)

// A peer that shares no code with us drives the real host over TCP: what it
// builds we read, what we answer it reads.
func TestForeignPeer(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		tier.Missing(t, "node, which runs the foreign peer of the card host,")
	}
	folder := filepath.Join(os.Getenv(peerFolder), "node_modules", "iso_8583")
	if _, err := os.Stat(folder); os.Getenv(peerFolder) == "" || err != nil {
		tier.Missing(t, "npm's iso_8583 2.6.7 ("+peerFolder+" names the folder where it is installed)")
	}
	banktest.Each(t, func(b *banktest.Bank) {
		track, account, port := host(b, nil)
		var wrong bytes.Buffer
		// #nosec G204 -- our own script
		cmd := exec.CommandContext(b.Context(), node, "testdata/peer.js", port, folder, track, "1122094501")
		cmd.Stderr = &wrong
		out, err := cmd.Output()
		if err != nil {
			b.Fatalf("the peer gave up: %v\n%s", err, wrong.String())
		}
		answers := map[string]map[string]string{}
		for in := bufio.NewScanner(bytes.NewReader(out)); in.Scan(); {
			var a struct {
				Step   string
				Answer map[string]string
			}
			if err := json.Unmarshal(in.Bytes(), &a); err != nil {
				b.Fatalf("%v in %s", err, in.Bytes())
			}
			answers[a.Step] = a.Answer
		}
		for step, mti := range map[string]string{"sign-on": "0810", "echo": "0810", "purchase": "0110", "repeat": "0110", "reversal": "0410"} {
			if a := answers[step]; a["0"] != mti || a["39"] != "00" {
				b.Errorf("%s was answered %q with %q, want %s with 00", step, a["0"], a["39"], mti)
			}
		}
		first, again := answers["purchase"], answers["repeat"]
		if len(first["38"]) != 6 || first["38"] != again["38"] || first["4"] != "000000125050" || first["37"] != "632609000002" {
			b.Errorf("purchase %q for %q, repeat %q", first["38"], first["4"], again["38"])
		}
		a, err := ledger.AccountByID(b.Context(), b.DB, account)
		if err != nil || a.Posted != money.Rub(10_000_00) || a.Reserved != money.Rub(0) {
			b.Errorf("after the reversal the account has %v, %v reserved (%v)", a.Posted, a.Reserved, err)
		}
	})
}

// host is a bank with one card on a line; it gives the card's stripe. between,
// unless nil, stands between the line and the bank.
func host(b *banktest.Bank, between func(cardhost.Bank) cardhost.Bank) (track string, account ledger.AccountID, port string) {
	b.Helper()
	keys, err := hsm.New(b.Vault)
	if err != nil {
		b.Fatal(err)
	}
	cards, err := card.New(b.DB, b.Vault, b.IDs, card.Options{})
	if err != nil {
		b.Fatal(err)
	}
	who := b.Client("Анна", "Соколова", 10_000)
	var sealed []byte
	var one card.Card
	b.Do(func(ctx context.Context, tx db.Tx) error {
		one, err = cards.Issue(ctx, tx, card.Order{Client: who.ID, Account: who.Account, Product: card.VirtualWorld, Name: client.Name{First: "Анна", Last: "Соколова"}})
		if err != nil {
			return err
		}
		return tx.Row(ctx, qNumber, int64(who.ID), one.ID.Bytes()).Scan(&sealed)
	})
	number, err := b.Vault.OpenText(vault.PAN, vault.At{Table: "card.pan", Row: one.ID.Bytes()}, sealed)
	if err != nil {
		b.Fatal(err)
	}
	f, err := cards.ByNumber(number)
	if err != nil {
		b.Fatal(err)
	}
	value, err := keys.CVV(number, f.Expires, f.Service)
	if err != nil {
		b.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	var bank cardhost.Bank = purchase.New(purchase.Deps{DB: b.DB, Book: b.Book, Operations: b.Operations, Cards: cards, HSM: keys})
	if between != nil {
		bank = between(bank)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- cardhost.New(cardhost.Options{Bank: bank, Now: b.Clock.Now}).Run(ctx, l) }()
	b.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			b.Error(err)
		}
	})
	return number + "=" + f.Expires + f.Service + "00000" + value + "00", who.Account, strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}
