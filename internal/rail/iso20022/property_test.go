package iso20022_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rocketbank/internal/base/money"
	"rocketbank/internal/base/tier"
	"rocketbank/internal/rail/iso20022"
)

// fill draws everything that a message's tags allow.
func fill(t *rapid.T, v reflect.Value, choice bool) {
	only := -1
	if choice {
		only = rapid.IntRange(0, v.NumField()-1).Draw(t, "alternative")
	}
	for i := range v.NumField() {
		f, tag := v.Field(i), v.Type().Field(i).Tag
		optional := strings.HasSuffix(tag.Get("xml"), ",omitempty")
		if choice && i != only || !choice && optional && !rapid.Bool().Draw(t, "present") {
			continue
		}
		n := 1
		if f.Kind() == reflect.Slice {
			n = rapid.IntRange(1, 3).Draw(t, "times")
			f.Set(reflect.MakeSlice(f.Type(), n, n))
		}
		for j := range n {
			one := f
			if f.Kind() == reflect.Slice {
				one = f.Index(j)
			}
			if one.Kind() == reflect.Pointer {
				one.Set(reflect.New(one.Type().Elem()))
				one = one.Elem()
			}
			switch {
			case one.Type() == reflect.TypeFor[iso20022.Amount]():
				one.Set(reflect.ValueOf(iso20022.Amount{Currency: "RUB", Value: rapid.StringMatching(`[1-9][0-9]{0,12}(\.[0-9]{1,2})?`).Draw(t, "sum")}))
			case one.Kind() == reflect.String:
				one.SetString(value(tag.Get("iso")).Draw(t, tag.Get("xml")))
			default:
				fill(t, one, tag.Get("iso") == "choice")
				if reflect.DeepEqual(one.Interface(), reflect.Zero(one.Type()).Interface()) {
					speak(t, one) // an element must say something
				}
			}
		}
	}
}

// speak sets the first thing that an element may say.
func speak(t *rapid.T, v reflect.Value) {
	f, tag := v.Field(0), v.Type().Field(0).Tag
	if f.Kind() == reflect.Slice {
		f.Set(reflect.MakeSlice(f.Type(), 1, 1))
		f = f.Index(0)
	}
	if f.Kind() == reflect.Pointer {
		f.Set(reflect.New(f.Type().Elem()))
		f = f.Elem()
	}
	if f.Kind() == reflect.String {
		f.SetString(value(tag.Get("iso")).Draw(t, "word"))
		return
	}
	speak(t, f)
}

func value(rule string) *rapid.Generator[string] {
	kind, rest, _ := strings.Cut(rule, " ")
	switch kind {
	case "set":
		return rapid.SampledFrom(strings.Fields(rest))
	case "word":
		return rapid.StringMatching(`[A-Z][A-Z0-9]{0,3}`)
	case "currency":
		return rapid.Just("RUB")
	case "bik":
		return rapid.StringMatching(`04[0-9]{7}`)
	case "count":
		return rapid.Just("1")
	case "date":
		return rapid.StringMatching(`20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])`)
	case "time":
		return rapid.StringMatching(`20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9])`)
	case "uetr":
		return rapid.StringMatching(`[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}`)
	}
	n, _ := strconv.Atoi(kind)
	return rapid.StringOfN(rapid.OneOf(rapid.RuneFrom([]rune(`абвЯёЁ «»"'&<>]]>/-№ 0aZ`)), rapid.RuneFrom([]rune("\u2028\u00a0\ufffd🚀日"))), 1, n, -1)
}

// message draws one that its own rules hold for.
func message(t *rapid.T) iso20022.Message {
	switch rapid.IntRange(0, 3).Draw(t, "kind") {
	case 0:
		m := &iso20022.CreditTransfer{}
		fill(t, reflect.ValueOf(m).Elem(), false)
		m.Header.Count, m.Header.Total = strconv.Itoa(len(m.Transfers)), nil
		for i := range m.Transfers {
			m.Transfers[i].ID.EndToEnd = "E2E-" + strconv.Itoa(i)
		}
		return m
	case 1:
		m := &iso20022.StatusReport{}
		fill(t, reflect.ValueOf(m).Elem(), false)
		if len(m.Messages)+len(m.Statuses) == 0 {
			m.Statuses = []iso20022.TxStatus{{EndToEnd: "E", Status: iso20022.Pending}}
		}
		return m
	case 2:
		m := &iso20022.Statements{}
		fill(t, reflect.ValueOf(m).Elem(), false)
		for i := range m.Statements {
			balance(t, &m.Statements[i])
		}
		return m
	}
	m := &iso20022.PaymentReturn{}
	fill(t, reflect.ValueOf(m).Elem(), false)
	m.Header.Count, m.Header.Total = strconv.Itoa(len(m.Returns)), nil
	return m
}

// balance makes a statement add up.
func balance(t *rapid.T, s *iso20022.Statement) {
	sum := money.Rub(0)
	for _, e := range s.Entries {
		part, _ := e.Amount.Money()
		if e.Side == iso20022.Debit {
			part, _ = part.Neg()
		}
		sum, _ = sum.Add(part)
	}
	side := iso20022.Credit
	if sum.Minor < 0 {
		sum, _ = sum.Neg()
		side = iso20022.Debit
	}
	day := iso20022.DayOrTime{Day: "2026-11-22"}
	of := func(kind, side string, a money.Amount) iso20022.Balance {
		return iso20022.Balance{Type: iso20022.BalanceType{Word: iso20022.CodeOrOwn{Code: kind}}, Amount: iso20022.FromMoney(a), Side: side, Day: day}
	}
	s.Balances = []iso20022.Balance{of(iso20022.Opening, iso20022.Credit, money.Rub(0)), of(iso20022.Closing, side, sum)}
	if rapid.Bool().Draw(t, "another balance") {
		s.Balances = append(s.Balances, of("ITBD", side, sum))
	}
}

func TestWrittenIsRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := message(t)
		raw, err := iso20022.Write(m)
		if err != nil {
			t.Fatal(err)
		}
		again, err := iso20022.Parse(raw)
		if diff := cmp.Diff(m, again); err != nil || diff != "" {
			t.Fatalf("%v %s\n%s", err, diff, raw)
		}
	})
}

// schemas names the folder with the standard's schemas, which .ci/run fetches.
const schemas = "ROCKETBANK_ISO20022_XSD"

// The judge is the standard's own schema: whatever we write is valid by it, and
// so are the reference's messages.
func TestSchemas(t *testing.T) {
	t.Parallel()
	lint, err := exec.LookPath("xmllint")
	if err != nil {
		tier.Missing(t, "xmllint (Debian's libxml2-utils), which holds messages against schemas,")
	}
	folder := os.Getenv(schemas)
	if folder == "" {
		tier.Missing(t, "the folder with the schemas of ISO 20022 ("+schemas+" names it)")
	}
	files, schema := map[string][]string{}, map[string]string{}
	for _, kind := range []string{iso20022.Pacs008, iso20022.Pacs002, iso20022.Pacs004, iso20022.Camt053} {
		found, err := filepath.Glob(filepath.Join(folder, "*", kind+".xsd"))
		if err != nil || len(found) != 1 {
			t.Fatalf("%s names a folder in whose folders there is no %s.xsd", schemas, kind)
		}
		schema[kind] = found[0]
		short := strings.Join(strings.Split(kind, ".")[:2], ".")
		files[kind] = []string{filepath.Join("testdata", short+".xml")}
	}
	dir := t.TempDir()
	for i := range tier.Count(60, 300, 3000) {
		m := rapid.Custom(message).Example(i)
		raw, err := iso20022.Write(m)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, strconv.Itoa(i)+".xml")
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		files[m.Kind()] = append(files[m.Kind()], path)
	}
	valid := func(kind string, paths ...string) (string, error) {
		var out bytes.Buffer
		args := append([]string{"--noout", "--nonet", "--schema", schema[kind]}, paths...)
		cmd := exec.CommandContext(t.Context(), lint, args...) // #nosec G204 -- our own files
		cmd.Stdout, cmd.Stderr = &out, &out
		err := cmd.Run()
		return out.String(), err
	}
	for kind, paths := range files {
		if len(paths) < 2 {
			t.Errorf("%s: none was drawn", kind)
		}
		if out, err := valid(kind, paths...); err != nil {
			t.Errorf("%s: %v\n%.2000s", kind, err, out)
		}
	}
	// The judge itself: a message without its name is not valid.
	broken := filepath.Join(dir, "broken.xml")
	if err := os.WriteFile(broken, []byte(strings.Replace(file(t, "pacs.008.xml"), "<MsgId>MB20261122000001</MsgId>", "", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := valid(iso20022.Pacs008, broken); err == nil || !strings.Contains(out, "CreDtTm") {
		t.Errorf("a broken message is valid: %v %s", err, out)
	}
}

// Whatever comes, there is a message that can be written and read again, or an
// *Error.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"pacs.008.xml", "pacs.002.xml", "pacs.004.xml", "camt.053.xml"} {
		f.Add([]byte(between.ReplaceAllString(file(f, name), "><")))
	}
	f.Add([]byte(`<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.002.001.11"><FIToFIPmtStsRpt><GrpHdr><MsgId>1</MsgId><CreDtTm>2026-11-22T12:45:03Z</CreDtTm></GrpHdr><TxInfAndSts><OrgnlEndToEndId>E</OrgnlEndToEndId><TxSts>PDNG</TxSts></TxInfAndSts></FIToFIPmtStsRpt></Document>`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := iso20022.Parse(raw)
		if err != nil {
			if _, ok := err.(*iso20022.Error); !ok || m != nil { //nolint:errorlint // the type itself
				t.Fatalf("%v %v", m, err)
			}
			return
		}
		out, err := iso20022.Write(m)
		if err != nil {
			t.Fatal(err)
		}
		again, err := iso20022.Parse(out)
		if diff := cmp.Diff(m, again); err != nil || diff != "" {
			t.Fatalf("%v %s", err, diff)
		}
	})
}
