package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/claim"
	"rocketbank/internal/bank/dispute"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/bank/topup"
	"rocketbank/internal/base/db"
	"rocketbank/internal/ledger"
)

type verifyCmd struct {
	database
	Audit      bool     `help:"Check the chain of the audit trail too, against its signed heads."`
	AuditHeads []string `placeholder:"FILE" help:"Files of signed heads (the one beside an SQLite file when not given)."`
	AuditKey   []string `placeholder:"HEX" help:"Public keys that sign heads, as keys status shows them; or --keys."`
	Keys       string   `placeholder:"FILE" help:"The vault's key file, for the public keys that sign heads."`
	JSON       bool     `name:"json" help:"Print the report as one JSON object."`

	KeysPassphraseFile string `placeholder:"FILE" help:"File with its passphrase; or ROCKETBANK_KEYS_PASSPHRASE, or the systemd credential keys-passphrase."`
}

// Run re-adds the book. Exit code 1 and a list tell that something is broken.
func (c verifyCmd) Run(ctx context.Context, out io.Writer) error {
	d, err := c.ready(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	checks := bookChecks()
	if c.Audit {
		against, err := c.signed(ctx)
		if err != nil {
			return err
		}
		checks = append(checks, against.check)
		if !c.JSON {
			if _, err := fmt.Fprintln(out, against.note); err != nil {
				return err
			}
		}
	}
	return verify(ctx, out, d, c.JSON, checks)
}

// bookChecks are what the rooms add to the book's own verification.
func bookChecks() []ledger.Check {
	return []ledger.Check{operation.Check, operation.CheckPrices, topup.Check, payout.Check, claim.Check, purchase.Check, dispute.Check, order.Check, card.Check}
}

// auditTrail is a ledger.Check of another kind: what was done is still told
// the way it was written down.
func auditTrail(ctx context.Context, r db.Reader) ([]ledger.Breach, error) {
	return signedTrail{}.check(ctx, r)
}

func verify(ctx context.Context, out io.Writer, d *db.DB, asJSON bool, checks []ledger.Check) error {
	report, err := ledger.Verify(ctx, d, checks...)
	if err != nil {
		return fmt.Errorf("the book could not be read to its end: %w", err)
	}
	if err := printReport(out, report, asJSON); err != nil {
		return err
	}
	if len(report.Breaches) > 0 {
		return errTold
	}
	return nil
}

func printReport(out io.Writer, r ledger.Report, asJSON bool) error {
	if asJSON {
		if r.Breaches == nil {
			r.Breaches = []ledger.Breach{}
		}
		return json.NewEncoder(out).Encode(r)
	}
	for _, b := range r.Breaches {
		if _, err := fmt.Fprintf(out, "BROKEN %s account=%s txn=%s: %s\n", b.Rule, b.Account, b.Txn, b.Detail); err != nil {
			return err
		}
	}
	verdict := "the book is right"
	if len(r.Breaches) > 0 {
		verdict = fmt.Sprintf("%d invariants are broken", len(r.Breaches))
	}
	_, err := fmt.Fprintf(out, "%d transactions, %d entries: %s\n", r.Transactions, r.Entries, verdict)
	return err
}
