package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/order"
)

// inspectCmd decodes and checks one artefact and prints one JSON object: exit
// code 0 when it is right, 1 with the reason when it is not.
type inspectCmd struct {
	ISO8583    inspectISO8583    `cmd:"" name:"iso8583" help:"Read one frame of the card network's line."`
	EMV        inspectEMV        `cmd:"" name:"emv" help:"Chip data, cryptograms, card verification values, PIN values and PIN blocks."`
	ISO20022   inspectISO20022   `cmd:"" name:"iso20022" help:"Read one message between banks: pacs.008, pacs.002, pacs.004 or camt.053."`
	Requisites inspectRequisites `cmd:"" help:"Check requisites of a payment order and say what they mean."`
	Receipt    inspectReceipt    `cmd:"" help:"Check the receipt of a signed order, without the bank."`
	Login      inspectLogin      `cmd:"" help:"Check the evidence of a login, as clients download it from «Devices», without the bank."`
}

type inspectReceipt struct {
	Key  string `placeholder:"FILE" env:"ROCKETBANK_RECEIPT_KEYS" help:"The bank's public keys, as it serves them at ${keys_path}. Without them the key inside the receipt is used: then compare bank_key with the published one."`
	File string `arg:"" optional:"" default:"-" help:"The receipt; - or nothing reads standard input."`
}

// Run checks a receipt offline.
func (c inspectReceipt) Run(in io.Reader, out io.Writer) error {
	raw, err := readArtefact(c.File, in, order.MaxReceipt)
	if err != nil {
		return err
	}
	var keys order.Keys
	if c.Key != "" {
		file, err := readArtefact(c.Key, in, order.MaxReceipt)
		if err != nil {
			return err
		}
		if keys, err = order.ReadKeys(file); err != nil {
			return fmt.Errorf("%s holds no receipt keys; fetch them from %s of the bank", c.Key, order.KeysPath)
		}
	} else if keys, err = order.OwnKeys(raw); err != nil {
		return flawed(out, err)
	}
	report, err := order.Verify(raw, keys)
	if err != nil {
		return flawed(out, err)
	}
	_, err = fmt.Fprintf(out, "%s\n", report.JSON(c.Key != ""))
	return err
}

type inspectLogin struct {
	Key  string `placeholder:"FILE" env:"ROCKETBANK_RECEIPT_KEYS" help:"The bank's public keys, as it serves them at ${keys_path}. Without them the key inside the evidence is used: then compare bank_key with the published one."`
	File string `arg:"" optional:"" default:"-" help:"The evidence; - or nothing reads standard input."`
}

// Run checks the evidence of a login offline.
func (c inspectLogin) Run(in io.Reader, out io.Writer) error {
	raw, err := readArtefact(c.File, in, order.MaxReceipt)
	if err != nil {
		return err
	}
	e, err := access.ReadEvidence(raw)
	if err != nil {
		return flawed(out, order.NotAReceipt)
	}
	keys := e.OwnKeys()
	if c.Key != "" {
		file, err := readArtefact(c.Key, in, order.MaxReceipt)
		if err != nil {
			return err
		}
		if keys, err = order.ReadKeys(file); err != nil {
			return fmt.Errorf("%s holds no receipt keys; fetch them from %s of the bank", c.Key, order.KeysPath)
		}
	}
	switch err := e.Check(keys); {
	case errors.Is(err, access.ErrEvidenceOld):
		return flawed(out, notCounterSigned)
	case err != nil:
		return flawed(out, order.BadProof)
	}
	return json.NewEncoder(out).Encode(map[string]any{"ok": true, "text": e.Text, "bank_key": e.BankKeyID, "trusted": c.Key != ""})
}

// notCounterSigned is the word for logins of the first releases: nobody signed
// the words about them.
const notCounterSigned order.Flaw = "not_counter_signed"

// flawed prints why an artefact is not right.
func flawed(out io.Writer, why error) error {
	var f order.Flaw
	if !errors.As(why, &f) {
		return why
	}
	err := json.NewEncoder(out).Encode(map[string]any{"error": map[string]string{"reason": string(f)}})
	return errors.Join(errTold, err)
}

// readArtefact reads a file, or standard input for «-», up to a byte more than
// it may have, so that too long is told from just right.
func readArtefact(path string, in io.Reader, most int64) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(io.LimitReader(in, most+1))
	}
	f, err := os.Open(path) // #nosec G304 -- the caller's own file
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, most+1))
}
