package bin_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/bin"
	"rocketbank/internal/base/locale"
)

func TestShippedTable(t *testing.T) {
	table := bin.Standard()
	for number, want := range map[string]string{
		"2200000000000046": "mir zarya", "4000000000000010": "visa sever", "2204990000000000": "mir ", "4276000012345673": "visa ",
		"5500000000000004": "mastercard ", "2720999999999996": "mastercard ", "2721000000000000": " ", "6212345678901265": "unionpay ",
		"2200": "mir ", "": " ", "9": " ", "22000000": "mir zarya", "абв": " ", "-1": " ",
	} {
		got := table.Find(number)
		if s := got.Scheme + " " + got.Bank.Code; s != want || got.Known() != (got.Bank.Code != "") {
			t.Errorf("%s is %q, want %q", number, s, want)
		}
	}
	if b := table.Find("22000000").Bank; b.Name(locale.Russian) != "Банк Заря" || b.Name(locale.English) != "Zarya Bank" {
		t.Errorf("%+v", b)
	}
}

const banks = "bank;a;А;A\nbank;b;Б;B\n"

// The longest prefix counts, whatever the order of the lines.
func TestLongestPrefix(t *testing.T) {
	table, err := bin.Parse(banks + "bin;12345678901;a\nbin;1;b\nbin;123456;a\nbin;1234567;b\n")
	if err != nil {
		t.Fatal(err)
	}
	for number, want := range map[string]string{
		"1234567890123456": "a", "1234567891123456": "b", "1234560000000000": "a", "1999": "b", "2": "",
	} {
		if got := table.Find(number).Bank.Code; got != want {
			t.Errorf("%s is of %q, want %q", number, got, want)
		}
	}
}

// Against a plain search over all prefixes.
func TestFindAgainstAWalk(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prefixes := rapid.SliceOfNDistinct(rapid.StringMatching(`[0-3]{1,11}`), 1, 40, rapid.ID).Draw(t, "prefixes")
		text := banks
		for i, p := range prefixes {
			text += fmt.Sprintf("bin;%s;%c\n", p, 'a'+rune(i%2))
		}
		table, err := bin.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		number := rapid.StringMatching(`[0-3]{0,19}`).Draw(t, "number")
		best, want := -1, ""
		for i, p := range prefixes {
			if strings.HasPrefix(number, p) && len(p) > best {
				best, want = len(p), string('a'+rune(i%2))
			}
		}
		if got := table.Find(number).Bank.Code; got != want {
			t.Fatalf("%s is of %q, want %q", number, got, want)
		}
	})
}

func TestBadTablesNameTheirLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "the file has no line bin;PREFIX;BANK",
		"\xff":                             "a file of card prefixes is UTF-8 text",
		"bin;4;a":                          `line 1: the bank "a" is not named above by a line bank;…`,
		banks + "bin;4":                    "line 3: a line is scheme;PREFIX;NAME, bank;CODE;RUSSIAN NAME;ENGLISH NAME or bin;PREFIX;BANK",
		banks + "bin;4;a\nbin;4;b":         "line 4: the prefix 4 stands on line 3 already",
		banks + "bin;123456789012;a":       `line 3: "123456789012" is no prefix such as 22000000 or 2200-2204, of at most 11 digits`,
		banks + "bin;4276000012345673;a":   `line 3: "427600…" is no prefix such as 22000000 or 2200-2204, of at most 11 digits`,
		banks + "bin;-4;a":                 `line 3: "-4" is no prefix such as 22000000 or 2200-2204, of at most 11 digits`,
		banks + "bin;40-4;a":               `line 3: "40-4" is no prefix such as 22000000 or 2200-2204, of at most 11 digits`,
		banks + "bin;41-40;a":              `line 3: "41-40" is no prefix such as 22000000 or 2200-2204, of at most 11 digits`,
		banks + "bin;1000-1999;a\nbin;1;a": "",
		banks + "bin;1000-2000;a":          `line 3: "1000-2000" is no prefix such as 22000000 or 2200-2204, of at most 11 digits`,
		banks + "bank;a;Ещё;More":          "line 3: the bank a stands there already",
		banks + "bank;Ы;Ещё;More":          `line 3: "Ы" is no code of a bank: small Latin letters, digits and hyphens`,
		banks + "bank;c;;More":             `line 3: "" is no name of a bank`,
		"scheme;4;Виза":                    `line 1: "Виза" is no name of a scheme`,
	} {
		_, err := bin.Parse(text)
		if got := fmt.Sprint(err); want != "" && got != want || want == "" && err != nil {
			t.Errorf("%q:\n got %s\nwant %s", text, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(banks+"bin;22000000;a\nscheme;2200-2204;mir", "2200000000000046")
	f.Fuzz(func(t *testing.T, text, number string) {
		table, err := bin.Parse(text)
		if err == nil {
			table.Find(number)
		}
	})
}

// An import counts for every process within a minute, and twice is once.
func TestImport(t *testing.T) {
	banktest.Each(t, func(b *banktest.Bank) {
		ctx := context.Background()
		ours, theirs := bin.New(b.DB), bin.New(b.DB)
		of := func(s *bin.Service, number string) string {
			b.Helper()
			i, err := s.Find(ctx, number)
			if err != nil {
				b.Fatal(err)
			}
			return i.Bank.Code
		}
		if of(ours, "2200000000000046") != "zarya" || of(theirs, "2200000000000046") != "zarya" {
			b.Error("the table of the house is not there")
		}
		const text = banks + "bin;2200;a\n"
		for i, want := range []bool{true, false} {
			if table, fresh, err := ours.Import(ctx, text, "test"); err != nil || fresh != want || table.Lines() != 3 {
				b.Errorf("import %d: %v, %v", i, fresh, err)
			}
		}
		if of(ours, "2200000000000046") != "a" {
			b.Error("the import does not count")
		}
		b.Clock.Add(time.Minute)
		if of(theirs, "2200000000000046") != "a" {
			b.Error("the other process does not know")
		}
		if _, fresh, err := ours.Import(ctx, text+"bin;4;b\n", "test"); err != nil || !fresh || of(ours, "4000000000000010") != "b" {
			b.Error("a second table", fresh, err)
		}
		if _, _, err := ours.Import(ctx, "bin;4", "test"); err == nil {
			b.Error("a bad table was kept")
		}
	})
}
