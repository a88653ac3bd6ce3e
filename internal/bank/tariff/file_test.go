package tariff_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
)

const small = "tariff;2\nfrom;2026-12-01\nbank;zarya;Банк Заря;Zarya Bank\n"

func TestFilesAreRead(t *testing.T) {
	v, err := tariff.Parse("\ufeff# a comment\r\ntariff;2;;;;;;;\r\n\r\nfrom;2026-12-01 09:30\r\nbank;zarya;Банк Заря;Zarya Bank;;\r\n" +
		"rule ; card_out ; zarya ; ; ; 1.5 ; 30,5 ; ;\r\nrule;card_out;;;1000;0;;;\r\nrule;card_out;;1000,01;;0,0001;1;2;3")
	if err != nil {
		t.Fatal(err)
	}
	want := tariff.Version{
		Number: 2, From: time.Date(2026, 12, 1, 6, 30, 0, 0, time.UTC), Banks: []tariff.Bank{{Code: "zarya", RU: "Банк Заря", EN: "Zarya Bank"}},
		Rules: []tariff.Rule{
			{N: 1, Kind: tariff.CardOut, Bank: "zarya", PPM: 15_000, Min: money.Rub(30_50)},
			{N: 2, Kind: tariff.CardOut, To: money.Rub(1_000_00)},
			{N: 3, Kind: tariff.CardOut, From: money.Rub(1_000_01), PPM: 1, Min: money.Rub(1_00), Max: money.Rub(2_00), Free: money.Rub(3_00)},
		},
	}
	if diff := cmp.Diff(want, v); diff != "" {
		t.Error(diff)
	}
}

func TestBadFilesNameTheirLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "the line tariff;NUMBER is missing",
		"tariff;2\n":                        "the line from;DAY is missing",
		small:                               "the tariff has no rules",
		"\xff":                              "a tariff file is UTF-8 text",
		"tariff;0\n":                        `line 1: "0" is no number of a version`,
		"tariff;-1\n":                       `line 1: "-1" is no number of a version`,
		"tariff;2;3\n":                      "line 1: a version is written as tariff;NUMBER",
		"tariff;2\ntariff;3\n":              "line 2: the version has a number already",
		"from;2026-13-01\n":                 `line 1: "2026-13-01" is no moment such as 2026-12-01 or 2026-12-01 09:00`,
		"from;2026-12-1\n":                  `line 1: "2026-12-1" is no moment such as 2026-12-01 or 2026-12-01 09:00`,
		"from;2026-12-01\nfrom;2026-12-01":  "line 2: the version has its first day already",
		"fee;1\n":                           `line 1: "fee" begins no line of a tariff: tariff, from, bank or rule does`,
		small + "bank;zarya;А;A\n":          "line 4: the bank zarya stands there already",
		small + "bank;Заря;А;A\n":           `line 4: "Заря" is no code of a bank: small Latin letters, digits and hyphens`,
		small + "bank;a;;A\n":               `line 4: "" is no name of a bank`,
		small + "rule;friend;;;;0;;\n":      "line 4: a rule has 9 fields, this line has 8: rule;kind;bank;sum from;sum to;percent;at least;at most;free a month",
		small + "rule;gift;;;;0;;;\n":       `line 4: "gift" is no kind of operation; they are [topup friend card_out phone_out link requisites]`,
		small + "rule;friend;luna;;;0;;;":   `line 4: the bank "luna" is not named above by a line bank;…`,
		small + "rule;friend;;;;;;;":        `line 4: percent: "" is no share such as 1,5`,
		small + "rule;friend;;;;101;;;":     `line 4: percent: "101" is no share such as 1,5`,
		small + "rule;friend;;;;-1;;;":      `line 4: percent: "-1" is no share such as 1,5`,
		small + "rule;friend;;;;1,00001;;;": `line 4: percent: "1,00001" is no share such as 1,5`,
		small + "rule;friend;;;;1;1 000;;":  `line 4: at least: "1 000" is no sum such as 30 or 2999,99`,
		small + "rule;friend;;;;1;0;;":      `line 4: at least: "0" is no sum such as 30 or 2999,99`,
		small + "rule;friend;;;;1;30;20;":   "line 4: at most is less than at least",
		small + "rule;friend;;2;1;1;;;":     "line 4: the band ends before it begins",
		small + "rule;friend;;;;0;;;100":    "line 4: what costs nothing has neither at most nor a free part",
		small + "rule;friend;zarya;;;0;;;":  "line 4: friend has no rule for any bank",
		small + "rule;friend;;2;;0;;;":      "line 4: smaller sums have no rule",
		small + "rule;friend;;;2;0;;;":      "line 4: greater sums have no rule: leave «sum to» of the last band empty",
		small + "rule;friend;;3;;0;;;\nrule;friend;;;2;0;;;": "line 4: between line 5 and this one sums have no rule",
		small + "rule;friend;;;2;0;;;\nrule;friend;;2;;0;;;": "line 5: the band meets that of line 4",
		small + "rule;friend;;;;0;;;\nrule;friend;;;;0;;;":   "line 5: the band meets that of line 4",
		strings.Repeat("#", tariff.MaxFile+1):                "a tariff file has at most 262144 bytes",
	} {
		if _, err := tariff.Parse(text); err == nil || err.Error() != want {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
		}
	}
}

// What was read is written so that it is read the same again; nothing crashes.
func FuzzParse(f *testing.F) {
	house, err := os.ReadFile("standard.csv")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(house))
	f.Add(small + "rule;friend;;;2;0;;;\nrule;friend;;2,01;;1,5;30;40;50")
	f.Fuzz(func(t *testing.T, text string) {
		v, err := tariff.Parse(text)
		if err != nil {
			return
		}
		again, err := tariff.Parse(v.Text())
		if err != nil {
			t.Fatalf("%v in\n%s", err, v.Text())
		}
		if diff := cmp.Diff(v, again); diff != "" {
			t.Fatal(diff)
		}
		for _, r := range v.Rules {
			if _, ok := v.Rule(r.Kind, r.Bank, money.Rub(max(1, r.From.Minor))); !ok {
				t.Fatalf("rule %d prices nothing", r.N)
			}
		}
	})
}

func TestRulesInWords(t *testing.T) {
	v := tariff.Standard()
	ru, en := locale.For(locale.Russian), locale.For(locale.English)
	for _, c := range []struct {
		kind   tariff.Kind
		bank   string
		sum    int64
		ru, en string
	}{
		{tariff.CardOut, "zarya", 1, "в Банк Заря: 1,5 %, не меньше 30 ₽", "to Zarya Bank: 1.5%, at least ₽30"},
		{tariff.CardOut, "", 1, "1,9 %, не меньше 50 ₽", "1.9%, at least ₽50"},
		{tariff.PhoneOut, "", 1, "бесплатно до 100 000 ₽ в месяц, дальше 0,5 %, не больше 1 500 ₽", "free up to ₽100,000 a month, then 0.5%, at most ₽1,500"},
		{tariff.Friend, "", 1, "бесплатно", "free"},
		{tariff.TopUp, "", 1, "1 %, не меньше 30 ₽", "1%, at least ₽30"},
	} {
		r, _ := v.Rule(c.kind, c.bank, money.Rub(c.sum))
		plain := func(s string) string { return strings.ReplaceAll(s, "\u00a0", " ") }
		if got := plain(v.Words(ru, r)); got != c.ru {
			t.Errorf("%s, want %s", got, c.ru)
		}
		if got := plain(v.Words(en, r)); got != c.en {
			t.Errorf("%s, want %s", got, c.en)
		}
	}
	r, _ := v.Rule(tariff.CardOut, "", money.Rub(1))
	if got := strings.ReplaceAll(v.WordsFor(ru, r, "Банк Север"), "\u00a0", " "); got != "в Банк Север: 1,9 %, не меньше 50 ₽" {
		t.Error(got)
	}
	if got := strings.ReplaceAll(v.WordsFor(ru, r, ""), "\u00a0", " "); got != "банк не определился: 1,9 %, не меньше 50 ₽" {
		t.Error(got)
	}
}
