package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whatever comes in, one JSON object comes out: a message with any of its bytes
// changed, and fields of other lengths and letters than they should have.
func TestInspectOfBankFormatsNeverCrashes(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile(filepath.Join("testdata", "script", "inspect_iso20022.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(script), "-- transfer.xml --\n")
	text, _, _ := strings.Cut(rest, "-- report.xml")
	one := func(in string, run func(string, *bytes.Buffer) error) {
		var out bytes.Buffer
		if err := run(in, &out); err != nil && !errors.Is(err, errTold) || !json.Valid(out.Bytes()) || strings.Count(out.String(), "\n") != 1 {
			t.Fatalf("%q: %v %s", in, err, out.String())
		}
	}
	message := func(in string, out *bytes.Buffer) error {
		return inspectISO20022{File: "-"}.Run(strings.NewReader(in), out)
	}
	one(text, message)
	for i := range len(text) {
		for _, c := range []string{"", "0", "я", "<", "\xff"} {
			one(text[:i]+c+text[i+1:], message)
		}
	}
	fields := func(in string, out *bytes.Buffer) error {
		return inspectRequisites{File: "-", Unmask: true}.Run(strings.NewReader(in), out)
	}
	names := []string{"payer", "payer_inn", "payer_kpp", "bik", "corr_account", "account", "payee", "inn", "kpp", "uin", "purpose", "payer_status", "kbk", "oktmo",
		"tax_basis", "tax_period", "tax_number", "tax_date", "ogrn", "ogrnip", "snils"}
	for _, value := range []string{"", "0", "0000", "00000000000000000000", "я", strings.Repeat("я", 10), "АБВГДЕЖЗИКЛМНОПРСТУФХ", "40817A10700000000001", strings.Repeat("9", 300), "МС.", "\u0306"} {
		all := map[string]string{"bik": "044525225"}
		for _, name := range names {
			raw, err := json.Marshal(map[string]string{name: value})
			if err != nil {
				t.Fatal(err)
			}
			one(string(raw), fields)
			if name != "bik" {
				all[name] = value
			}
		}
		raw, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		one(string(raw), fields)
	}
}
