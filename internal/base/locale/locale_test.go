package locale

import (
	"math"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
)

// sp writes U+00A0 as a tilde, so that goldens can be read.
func sp(s string) string { return strings.ReplaceAll(s, nbsp, "~") }

func TestCatalogueIsWhole(t *testing.T) {
	for _, problem := range Missing() {
		t.Error(problem)
	}
}

func TestCatalogueFindsFaults(t *testing.T) {
	c := load(fstest.MapFS{"text/x.txt": {Data: []byte(strings.Join([]string{
		"a.ok", "ru: да", "en: yes", "",
		"a.one", "ru: да", "",
		"a.ok", "",
		"Bad Key", "",
		"a.places", "ru: {x} раз", "en: {y} times", "",
		"a.forms", "ru: раз|два", "en: one|two", "",
		"a.twice", "ru: раз", "ru: два", "en: two", "",
		"ru: без ключа", "",
		"a.empty", "ru:", "en: x", "",
		"a.brace", "ru: { x }", "en: x", "",
		"a.stray", "ru: x", "stray", "en: x",
	}, "\n"))}})
	all := strings.Join(c.problems, "\n")
	for _, want := range []string{
		"a.one: no en text", "a.ok stands in the catalogue twice", `"Bad Key" is no key`, "a.places: places differ: {x} and {y}",
		"a.forms: 2 forms in ru, want 3", "a.twice: ru twice", "a text without a key", "a.empty: empty text in ru",
		"a.brace: a place in ru is not {name}", "a.stray: neither ru: nor en:",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("not found: %s\nin:\n%s", want, all)
		}
	}
	if strings.Contains(all, "a.ok: ") {
		t.Errorf("a good entry is blamed:\n%s", all)
	}
}

func TestMoney(t *testing.T) {
	ru, en := For(Russian), For(English)
	for _, tc := range []struct {
		minor                        int64
		money, short, signed, whole  string
		enMoney, enShort, enSigned   string
		kop                          string
		enWhole, enKop, input, enInp string
	}{
		{123456, "1~234,56~₽", "1~234,56~₽", "+1~234,56~₽", "1~234", "₽1,234.56", "₽1,234.56", "+₽1,234.56", ",56~₽", "₽1,234", ".56", "1234,56", "1234.56"},
		{-32000, "−320,00~₽", "−320~₽", "−320,00~₽", "−320", "−₽320.00", "−₽320", "−₽320.00", ",00~₽", "−₽320", ".00", "320", "320"},
		{150000, "1~500,00~₽", "1~500~₽", "+1~500,00~₽", "1~500", "₽1,500.00", "₽1,500", "+₽1,500.00", ",00~₽", "₽1,500", ".00", "1500", "1500"},
		{0, "0,00~₽", "0~₽", "0,00~₽", "0", "₽0.00", "₽0", "₽0.00", ",00~₽", "₽0", ".00", "0", "0"},
		{-5, "−0,05~₽", "−0,05~₽", "−0,05~₽", "−0", "−₽0.05", "−₽0.05", "−₽0.05", ",05~₽", "−₽0", ".05", "0,05", "0.05"},
		{14832045, "148~320,45~₽", "148~320,45~₽", "+148~320,45~₽", "148~320", "₽148,320.45", "₽148,320.45", "+₽148,320.45", ",45~₽", "₽148,320", ".45", "148320,45", "148320.45"},
		{math.MaxInt64, "92~233~720~368~547~758,07~₽", "92~233~720~368~547~758,07~₽", "+92~233~720~368~547~758,07~₽", "92~233~720~368~547~758",
			"₽92,233,720,368,547,758.07", "₽92,233,720,368,547,758.07", "+₽92,233,720,368,547,758.07", ",07~₽", "₽92,233,720,368,547,758", ".07",
			"92233720368547758,07", "92233720368547758.07"},
		{math.MinInt64, "−92~233~720~368~547~758,08~₽", "−92~233~720~368~547~758,08~₽", "−92~233~720~368~547~758,08~₽", "−92~233~720~368~547~758",
			"−₽92,233,720,368,547,758.08", "−₽92,233,720,368,547,758.08", "−₽92,233,720,368,547,758.08", ",08~₽", "−₽92,233,720,368,547,758", ".08",
			"92233720368547758,08", "92233720368547758.08"},
	} {
		a := money.Rub(tc.minor)
		whole, kop := ru.MoneyParts(a)
		enWhole, enKop := en.MoneyParts(a)
		for _, c := range [][2]string{
			{ru.Money(a), tc.money}, {ru.MoneyShort(a), tc.short}, {ru.MoneySigned(a), tc.signed}, {whole, tc.whole}, {kop, tc.kop},
			{en.Money(a), tc.enMoney}, {en.MoneyShort(a), tc.enShort}, {en.MoneySigned(a), tc.enSigned}, {enWhole, tc.enWhole}, {enKop, tc.enKop},
			{ru.MoneyInput(a), tc.input}, {en.MoneyInput(a), tc.enInp},
		} {
			if sp(c[0]) != c[1] {
				t.Errorf("%d: got %q, want %q", tc.minor, sp(c[0]), c[1])
			}
		}
	}
}

func TestNumbers(t *testing.T) {
	ru, en := For(Russian), For(English)
	for _, c := range [][2]string{
		{ru.Percent(80_000), "8~%"}, {ru.Percent(15_000), "1,5~%"}, {ru.Percent(0), "0~%"}, {ru.Percent(-2_500), "−0,25~%"}, {ru.Percent(1), "0,0001~%"},
		{en.Percent(80_000), "8%"}, {en.Percent(15_000), "1.5%"},
		{ru.Int(999), "999"}, {ru.Int(1000), "1~000"}, {ru.Int(-1234567), "−1~234~567"}, {en.Int(1234567), "1,234,567"}, {ru.Int(math.MinInt64), "−9~223~372~036~854~775~808"},
		{ru.Phone("+79165550123"), "+7 916 555-01-23"}, {ru.PhoneMasked("+79165550123"), "+7 916 •••-••-23"},
		{ru.Glue("Деньги на месте и в порядке"), "Деньги на~месте и~в~порядке"}, {ru.Glue("«В пути»"), "«В~пути»"}, {en.Glue("on a way"), "on a way"},
	} {
		if sp(c[0]) != c[1] {
			t.Errorf("got %q, want %q", sp(c[0]), c[1])
		}
	}
}

func TestPlural(t *testing.T) {
	ru, en := For(Russian), For(English)
	for _, c := range [][2]string{
		{ru.Plural(1, "plural.operations"), "1 операция"}, {ru.Plural(2, "plural.operations"), "2 операции"},
		{ru.Plural(5, "plural.operations"), "5 операций"}, {ru.Plural(11, "plural.operations"), "11 операций"},
		{ru.Plural(14, "plural.operations"), "14 операций"}, {ru.Plural(21, "plural.operations"), "21 операция"},
		{ru.Plural(0, "plural.operations"), "0 операций"}, {ru.Plural(112, "plural.operations"), "112 операций"},
		{ru.Plural(1002, "plural.operations"), "1~002 операции"}, {ru.Plural(-1, "plural.operations"), "−1 операция"},
		{ru.Plural(2, "plural.tries"), "2 попытки"}, {ru.Plural(3, "plural.days"), "3 дня"}, {ru.Plural(21, "plural.roubles"), "21 рубль"},
		{en.Plural(1, "plural.operations"), "1 operation"}, {en.Plural(0, "plural.operations"), "0 operations"}, {en.Plural(21, "plural.operations"), "21 operations"},
	} {
		if sp(c[0]) != c[1] {
			t.Errorf("got %q, want %q", sp(c[0]), c[1])
		}
	}
}

func TestDates(t *testing.T) {
	ru, en := For(Russian), For(English)
	at := func(s string) time.Time {
		d, err := time.ParseInLocation("2006-01-02 15:04", s, clock.Moscow)
		if err != nil {
			t.Fatal(err)
		}
		return d.UTC()
	}
	now := at("2026-11-22 14:05")
	for _, c := range [][2]string{
		{ru.Day(now, now), "Сегодня"}, {ru.Day(at("2026-11-22 00:00"), now), "Сегодня"}, {ru.Day(at("2026-11-21 23:59"), now), "Вчера"},
		{ru.Day(at("2026-11-20 12:00"), now), "20 ноября"}, {ru.Day(at("2025-11-20 12:00"), now), "20 ноября 2025"},
		{ru.Day(at("2026-11-23 00:00"), now), "23 ноября"},
		{ru.DayLong(now, now), "Сегодня, 22 ноября"}, {ru.DayLong(at("2026-11-21 10:00"), now), "Вчера, 21 ноября"}, {ru.DayLong(at("2026-11-20 10:00"), now), "20 ноября"},
		{ru.DayLong(at("2025-12-31 10:00"), at("2026-01-01 00:10")), "Вчера, 31 декабря 2025"},
		{en.Day(now, now), "Today"}, {en.Day(at("2025-11-20 12:00"), now), "20 November 2025"}, {en.DayLong(now, now), "Today, 22 November"},
		{ru.Clock(now), "14:05"}, {ru.Clock(time.Date(2026, 11, 22, 21, 0, 0, 0, time.UTC)), "00:00"},
		{ru.Stamp(now), "22 ноября 2026, 14:05 МСК"}, {en.Stamp(now), "22 November 2026, 14:05 MSK"},
		{ru.Month(now), "ноябрь 2026"}, {ru.MonthIn(now), "в ноябре"}, {en.Month(now), "November 2026"}, {en.MonthIn(now), "in November"},
		{ru.MonthIn(time.Date(2026, 11, 30, 21, 0, 0, 0, time.UTC)), "в декабре"},
		{ru.Range(at("2026-11-01 00:00"), now, now), "1–22 ноября"}, {ru.Range(now, now, now), "22 ноября"},
		{ru.Range(at("2026-10-28 00:00"), now, now), "28 октября – 22 ноября"},
		{ru.Countdown(42 * time.Second), "0:42"}, {ru.Countdown(41*time.Second + 1), "0:42"}, {ru.Countdown(-time.Second), "0:00"},
		{ru.Countdown(12*time.Minute + 5*time.Second), "12:05"}, {ru.Countdown(time.Hour + 2*time.Minute + 3*time.Second), "1:02:03"},
	} {
		if c[0] != c[1] {
			t.Errorf("got %q, want %q", c[0], c[1])
		}
	}
}

func TestTexts(t *testing.T) {
	p := For(Russian)
	got := p.fill("{a} {b} {c} {d} {e} {f} {zz}", []Arg{
		A("a", "{b}"), A("b", money.Rub(34000)), A("c", 1200), A("d", 42*time.Second),
		A("e", time.Date(2026, 11, 22, 12, 40, 0, 0, time.UTC)), A("f", phone.Number("+79165550123")),
	})
	if want := "{b} 340~₽ 1~200 0:42 15:40 +7 916 •••-••-23 {zz}"; sp(got) != want {
		t.Errorf("got %q, want %q", sp(got), want)
	}
	if got := p.T("no.such_key"); got != "no.such_key" {
		t.Errorf("an unknown key says %q", got)
	}
	if got := p.Fault(ErrAmountEmpty); got != "Введите сумму." {
		t.Errorf("Fault says %q", got)
	}
	if got := For(Lang("de")).Lang(); got != Russian {
		t.Errorf("an unknown language speaks %s", got)
	}
}

func TestPick(t *testing.T) {
	for _, tc := range []struct {
		cookie, header string
		want           Lang
	}{
		{"", "", Russian},
		{"en", "ru-RU", English},
		{"ru", "en-US,en;q=0.9", Russian},
		{"xx", "en-US,en;q=0.9", English},
		{"", "ru-RU,ru;q=0.9,en;q=0.8", Russian},
		{"", "de-DE,de;q=0.9,ru;q=0.5,en;q=0.3", Russian},
		{"", "de-DE,de", English},
		{"", "en;q=0.1,ru;q=0.9", Russian},
		{"", "\x00;;;q=", Russian},
		{"", strings.Repeat("en,", 10_000), Russian},
	} {
		if got := Pick(tc.cookie, tc.header); got != tc.want {
			t.Errorf("Pick(%q, %.40q) = %s, want %s", tc.cookie, tc.header, got, tc.want)
		}
	}
}

// M08: what is no plain sum of roubles is refused, in words.
func TestParseAmount(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want int64
		err  *fault.Error
	}{
		{"5000", 500000, nil}, {"5 000", 500000, nil}, {"5\u00a0000", 500000, nil}, {"5\u202f000", 500000, nil}, {" 5000 ", 500000, nil},
		{"5000,5", 500050, nil}, {"5000.50", 500050, nil}, {"5 000,00", 500000, nil}, {"5000.", 500000, nil}, {"5000,", 500000, nil},
		{"1,234.56", 123456, nil}, {"1,234,567.8", 123456780, nil}, {"1'234", 123400, nil},
		{"5 000,50 ₽", 500050, nil}, {"₽1,234.56", 123456, nil}, {"0,01", 1, nil}, {"007", 700, nil}, {"1 000 000 000 000", 100_000_000_000_000, nil},
		{"", 0, ErrAmountEmpty}, {"   ", 0, ErrAmountEmpty}, {"₽", 0, ErrAmountEmpty},
		{"0", 0, ErrAmountPositive}, {"0,00", 0, ErrAmountPositive}, {"-10", 0, ErrAmountPositive}, {"−10", 0, ErrAmountPositive}, {"-0", 0, ErrAmountPositive},
		{"--1", 0, ErrAmountInvalid}, {"+5", 0, ErrAmountInvalid}, {"- 5", 0, ErrAmountInvalid}, {"-", 0, ErrAmountInvalid},
		{"1e9", 0, ErrAmountInvalid}, {"1E3", 0, ErrAmountInvalid}, {"0x10", 0, ErrAmountInvalid}, {"NaN", 0, ErrAmountInvalid}, {"Inf", 0, ErrAmountInvalid}, {"1_000", 0, ErrAmountInvalid},
		{"٥٠٠٠", 0, ErrAmountInvalid}, {"５０００", 0, ErrAmountInvalid}, {"5²", 0, ErrAmountInvalid}, {"5\x00", 0, ErrAmountInvalid}, {"💰", 0, ErrAmountInvalid}, {"\xff", 0, ErrAmountInvalid},
		{"1,234", 0, ErrAmountDecimals}, {"1.005", 0, ErrAmountDecimals}, {"0,000", 0, ErrAmountDecimals},
		{"50 00", 0, ErrAmountInvalid}, {"5 0000", 0, ErrAmountInvalid}, {"5000 000", 0, ErrAmountInvalid}, {"1 234,5 6", 0, ErrAmountInvalid}, {"1 234\u00a0567", 0, ErrAmountInvalid},
		{"1.2.3", 0, ErrAmountInvalid}, {"1,2,3", 0, ErrAmountInvalid}, {"1.234,56", 0, ErrAmountInvalid}, {",5", 0, ErrAmountInvalid}, {".", 0, ErrAmountInvalid}, {",", 0, ErrAmountInvalid},
		{"5000 руб", 0, ErrAmountInvalid}, {"$5", 0, ErrAmountInvalid},
		{"1000000000000,01", 0, ErrAmountLarge}, {"99999999999999", 0, ErrAmountLarge}, {strings.Repeat("9", 1<<20), 0, ErrAmountLarge}, {"-" + strings.Repeat("9", 400), 0, ErrAmountLarge},
	} {
		got, err := ParseAmount(tc.in)
		f, _ := fault.As(err)
		if f != tc.err || tc.err == nil && got != money.Rub(tc.want) || tc.err != nil && got != (money.Amount{}) {
			t.Errorf("ParseAmount(%.60q) = %v, %v; want %d, %v", tc.in, got, err, tc.want, tc.err)
		}
	}
}

// Whatever is typed is refused with a text or read as a positive sum, and
// every spelling we print ourselves is read back as the same sum.
func FuzzParseAmount(f *testing.F) {
	for _, s := range []string{"5 000", "5000,5", "5000.50", "1,234.56", "-1", "1e9", "٥", "", "₽", "0,01", "1 000 000 000 000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAmount(s)
		if err != nil {
			if fe, ok := fault.As(err); !ok || fe.Code != fault.Invalid || !For(Russian).Has(fe.Key) {
				t.Fatalf("ParseAmount(%q): %v is no refusal for people", s, err)
			}
			return
		}
		if !a.Positive() || a.Minor > maxRoubles*100 {
			t.Fatalf("ParseAmount(%q) = %v", s, a)
		}
		for _, lang := range Langs() {
			p := For(lang)
			for _, written := range []string{p.Money(a), p.MoneyInput(a)} {
				if back, err := ParseAmount(written); err != nil || back != a {
					t.Fatalf("ParseAmount(%q) = %v, but %q is read as %v, %v", s, a, written, back, err)
				}
			}
		}
	})
}
