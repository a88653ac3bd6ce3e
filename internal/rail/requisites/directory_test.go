package requisites_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"rocketbank/internal/rail/requisites"
)

func exampleText(t testing.TB) string {
	t.Helper()
	raw, err := io.ReadAll(requisites.Example())
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestExampleDirectory(t *testing.T) {
	t.Parallel()
	text := exampleText(t)
	old, err := charmap.Windows1251.NewEncoder().String(strings.Replace(text, "UTF-8", "WINDOWS-1251", 1))
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{"utf-8": text, "windows-1251": old} {
		d, err := requisites.ReadDirectory(strings.NewReader(file))
		if err != nil {
			t.Fatal(name, err)
		}
		if d.Len() != 6 || d.Day() != "2026-11-23" {
			t.Errorf("%s: %d entries of %s", name, d.Len(), d.Day())
		}
		for bik, want := range map[string]struct {
			name, corr string
			takes      bool
		}{
			"040201000": {"РКЦ ПРИМЕРНЫЙ", "", true},
			"040201701": {`АО "БАНК ЗАРЯ"`, "30101810300000000701", true},
			"040201702": {`ООО КБ "СЕВЕРНАЯ ПРИСТАНЬ"`, "30101810600000000702", true},
			"040201703": {`ПАО "ПРЕЖНИЙ БАНК"`, "30101810900000000703", false},
			"040201704": {`ФИЛИАЛ "РЕЧНОЙ" АО "БАНК ЗАРЯ"`, "", false},
			"010201901": {"РКЦ ПРИМЕРНЫЙ//УФК по Примерной области г Примерск", "40102810345370000003", true},
		} {
			b, ok := d.Find(bik)
			if !ok || b.Name != want.name || b.CorrAccount() != want.corr || b.Takes() != want.takes {
				t.Errorf("%s: %s: %+v", name, bik, b)
			}
			if f := requisites.BIK(bik); f != nil {
				t.Error(f)
			}
			if want.corr != "" || bik == "040201000" {
				if f := requisites.CorrAccount(want.corr, bik); f != nil {
					t.Errorf("%s: %v", bik, f)
				}
			}
		}
		if _, ok := d.Find("044525225"); ok {
			t.Errorf("%s: a bank that is not in it", name)
		}
	}
}

func TestDirectoryRefuses(t *testing.T) {
	t.Parallel()
	text := exampleText(t)
	swap := func(old, new string) string {
		if !strings.Contains(text, old) {
			t.Fatalf("the example has no %s", old)
		}
		return strings.Replace(text, old, new, 1)
	}
	for name, c := range map[string]struct {
		in   string
		want error
	}{
		"nothing":            {"", nil},
		"half":               {text[:len(text)/2], nil},
		"something behind":   {text + "<a/>", requisites.ErrNotED807},
		"a document type":    {swap("<ED807", `<!DOCTYPE ED807 [<!ENTITY a "b">]><ED807`), requisites.ErrMarkup},
		"an entity":          {swap("РКЦ", "&a;"), nil},
		"another document":   {swap("<ED807", "<ED808"), requisites.ErrNotED807},
		"another name space": {swap("ed:v2.0", "ed:v9.0"), requisites.ErrNotED807},
		"changes":            {swap("FIRR", "SIRR"), requisites.ErrChanges},
		"a change":           {swap(`BIC="040201701"`, `BIC="040201701" ChangeType="DLTD"`), requisites.ErrChanges},
		"no day":             {swap(`BusinessDay="2026-11-23"`, ""), requisites.ErrNotED807},
		"a bank twice":       {swap("040201702", "040201701"), requisites.ErrNotED807},
		"no BIK":             {swap(`BIC="040201702"`, ""), requisites.ErrNotED807},
		"a bad BIK":          {swap(`BIC="040201702"`, `BIC="04020170x"`), requisites.ErrNotED807},
		"no name":            {swap(`NameP="РКЦ ПРИМЕРНЫЙ" `, ""), requisites.ErrNotED807},
		"a bad account":      {swap("30101810300000000701", "3010181030000000070"), requisites.ErrNotED807},
		"another encoding":   {swap("UTF-8", "KOI8-R"), nil},
		"endless value":      {swap("РКЦ", strings.Repeat("Р", 600)), requisites.ErrMarkup},
		"deep":               {swap("<BICDirectoryEntry", strings.Repeat("<a>", 20)+"<BICDirectoryEntry"), requisites.ErrMarkup},
		"no entries":         {`<ED807 xmlns="urn:cbr-ru:ed:v2.0" BusinessDay="2026-11-23"/>`, requisites.ErrNoEntries},
	} {
		d, err := requisites.ReadDirectory(strings.NewReader(c.in))
		if err == nil || d != nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	endless := io.MultiReader(strings.NewReader(text[:strings.LastIndex(text, "</ED807>")]), blanks{})
	if _, err := requisites.ReadDirectory(endless); !errors.Is(err, requisites.ErrTooLong) {
		t.Error(err)
	}
}

// blanks is a file that never ends.
type blanks struct{}

func (blanks) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func FuzzReadDirectory(f *testing.F) {
	// The example as a whole takes the fuzzer minutes to make smaller.
	f.Add([]byte(`<?xml version="1.0" encoding="WINDOWS-1251"?><ED807 xmlns="urn:cbr-ru:ed:v2.0" BusinessDay="2026-11-23"><BICDirectoryEntry BIC="040201703"><ParticipantInfo NameP="A"><RstrList Rstr="LWRS"/></ParticipantInfo><Accounts Account="30101810900000000703" RegulationAccountType="CRSA"/></BICDirectoryEntry></ED807>`))
	f.Add([]byte(`<ED807 xmlns="urn:cbr-ru:ed:v2.0" BusinessDay="2026-11-23"><BICDirectoryEntry BIC="040201701"><ParticipantInfo NameP="A"/></BICDirectoryEntry></ED807>`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := requisites.ReadDirectory(bytes.NewReader(raw))
		if (err == nil) != (d != nil) || err == nil && (d.Len() == 0 || d.Day() == "") {
			t.Fatalf("%v %v", d, err)
		}
	})
}
