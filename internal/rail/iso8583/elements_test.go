package iso8583_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rocketbank/internal/rail/iso8583"
)

func TestResponse(t *testing.T) {
	t.Parallel()
	for mti, want := range map[string]string{"0100": "0110", "0101": "0110", "0120": "0130", "0121": "0130", "0200": "0210", "0220": "0230", "0400": "0410", "0401": "0410",
		"0420": "0430", "0421": "0430", "0800": "0810", "0102": "0112", "0103": "0112", "0110": "", "0130": "", "0140": "", "0109": "", "1100": "", "01": "", "": "", "O100": "", "01000": ""} {
		if got, ok := iso8583.Response(mti); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v", mti, got, ok)
		}
	}
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	request, want := vectors[2].message(t), vectors[3].message(t)
	want.Set(12, "124501") // echoed when asked with them; the reference's answer leaves them out
	want.Set(13, "1122")
	got := request.Answer("00")
	got.Set(38, "A1B2C3")
	if *got != *want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got.Key() != request.Key() || got.Key() == vectors[4].message(t).Key() || got.Key() == (iso8583.Key{}) {
		t.Errorf("keys %v and %v", got.Key(), request.Key())
	}
	full := iso8583.NewMessage("0401")
	for n := range iso8583.Standard().Fields {
		if n > 1 {
			full.Set(n, "1")
		}
	}
	if fields := fmt.Sprint(full.Answer("00").Fields()); fields != "[2 3 4 7 11 12 13 15 32 33 37 39 41 42 49 70 90 95]" {
		t.Error(fields)
	}
	_, err := iso8583.Standard().Pack(got.Answer("00"))
	wantFlaw(t, "an answer to an answer", err, 0, iso8583.WrongMTI)
}

func TestOriginal(t *testing.T) {
	t.Parallel()
	reversal, purchase := vectors[4].message(t), vectors[2].message(t)
	de90, _ := reversal.Get(90)
	o, err := iso8583.ParseOriginal(de90)
	if err != nil || o != purchase.Original() || o.String() != de90 {
		t.Errorf("%+v, %v; want %+v", o, err, purchase.Original())
	}
	if want := (iso8583.Original{MTI: "0100", STAN: "000002", Sent: "1122094501", Acquirer: "123456"}); o != want {
		t.Errorf("%+v", o)
	}
	_, err = iso8583.ParseOriginal(de90[1:])
	wantFlaw(t, "short", err, 90, iso8583.WrongLength)
	_, err = iso8583.ParseOriginal("x" + de90[1:])
	wantFlaw(t, "letters", err, 90, iso8583.Charset)
	o.Acquirer = strings.Repeat("9", 12)
	purchase.Set(90, o.String())
	_, err = iso8583.Standard().Pack(purchase)
	wantFlaw(t, "too long a part", err, 90, iso8583.WrongLength)
}

func TestAdditionalAmounts(t *testing.T) {
	t.Parallel()
	text := "0002643C0000000123450001643D999999999999"
	amounts := []iso8583.Amount54{{"00", "02", "643", "C", 12345}, {"00", "01", "643", "D", 999_999_999_999}}
	got, err := iso8583.ParseAdditionalAmounts(text)
	if err != nil || !cmp.Equal(got, amounts) {
		t.Errorf("%v, %v", got, err)
	}
	if back, err := iso8583.FormatAdditionalAmounts(amounts); err != nil || back != text {
		t.Errorf("%q, %v", back, err)
	}
	if got, err := iso8583.ParseAdditionalAmounts(""); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
	for bad, reason := range map[string]string{text[1:]: iso8583.WrongLength, strings.Repeat(text, 4): iso8583.WrongLength,
		"00-2643C000000012345": iso8583.Charset, "0002RUBC000000012345": iso8583.Charset, "0002643+000000012345": iso8583.Charset, "0002643C00000001234x": iso8583.Charset} {
		_, err := iso8583.ParseAdditionalAmounts(bad)
		wantFlaw(t, bad, err, 54, reason)
	}
	for name, bad := range map[string]iso8583.Amount54{"negative": {"00", "02", "643", "C", -1}, "too large": {"00", "02", "643", "C", 1_000_000_000_000},
		"short account": {"0", "02", "643", "C", 1}, "neither sign": {"00", "02", "643", "+", 1}, "letters": {"00", "02", "RUB", "C", 1}} {
		if s, err := iso8583.FormatAdditionalAmounts([]iso8583.Amount54{bad}); err == nil {
			t.Errorf("%s: %q", name, s)
		}
	}
	if s, err := iso8583.FormatAdditionalAmounts(make([]iso8583.Amount54, 1)); err == nil {
		t.Errorf("empty: %q", s)
	}
}

func TestPrivate(t *testing.T) {
	t.Parallel()
	pairs := map[string]string{"PARTIAL": "1", "CAVV": "AAAB==", "CVC": ""}
	text := "CAVV=AAAB==;CVC=;PARTIAL=1"
	if got, err := iso8583.FormatPrivate(pairs); err != nil || got != text {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := iso8583.ParsePrivate(text); err != nil || !cmp.Equal(got, pairs) {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := iso8583.ParsePrivate(""); err != nil || got == nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
	for bad, reason := range map[string]string{"A": iso8583.Malformed, "=1": iso8583.Malformed, "A=1;": iso8583.Malformed, ";A=1": iso8583.Malformed, "A=1;A=2": iso8583.Malformed,
		"A=\n": iso8583.Charset, "Я=1": iso8583.Charset} {
		_, err := iso8583.ParsePrivate(bad)
		wantFlaw(t, bad, err, 48, reason)
	}
	for _, bad := range []map[string]string{{"": "1"}, {"A;": "1"}, {"A=": "1"}, {"A": "1;B=2"}, {"A": "\n"}, {"Я": "1"}} {
		if s, err := iso8583.FormatPrivate(bad); err == nil {
			t.Errorf("%v: %q", bad, s)
		}
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	at := func(s string) time.Time {
		v, err := time.Parse(time.DateTime, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		mmdd, now string
		want      int
	}{
		{"1122", "2026-11-22 12:00:00", 2026}, {"1231", "2027-01-01 00:00:01", 2026}, {"0101", "2026-12-31 23:59:59", 2027}, {"0701", "2026-01-01 00:00:00", 2026},
		{"0703", "2026-01-01 00:00:00", 2025}, {"0229", "2028-02-29 12:00:00", 2028}, {"0229", "2029-01-10 12:00:00", 2028}, {"0229", "2027-12-10 12:00:00", 2028},
		{"0229", "2026-03-01 12:00:00", 0}, {"0230", "2028-02-29 12:00:00", 0}, {"1301", "2026-01-01 00:00:00", 0}, {"0000", "2026-01-01 00:00:00", 0},
		{"112", "2026-01-01 00:00:00", 0}, {"11221", "2026-01-01 00:00:00", 0}, {"11-2", "2026-01-01 00:00:00", 0}, {"", "2026-01-01 00:00:00", 0},
	} {
		year, err := iso8583.Year(c.mmdd, at(c.now))
		if err == nil && year != c.want || err != nil != (c.want == 0) {
			t.Errorf("%s seen at %s: %d, %v", c.mmdd, c.now, year, err)
		}
	}
	moscow := time.FixedZone("MSK", 3*3600)
	now := at("2027-01-01 00:00:05").Add(-3 * time.Hour).In(moscow)
	sent, err := iso8583.ParseSent("1231205959", now)
	if err != nil || !sent.Equal(at("2026-12-31 20:59:59")) || iso8583.FormatSent(sent.In(moscow)) != "1231205959" {
		t.Errorf("%v, %v", sent, err)
	}
	local, err := iso8583.LocalTime("1231", "235959", now)
	if err != nil || !local.Equal(sent) {
		t.Errorf("%v, %v", local, err)
	}
	for _, bad := range []string{"", "123120595", "1231205960", "1231246060", "12312059.9", "1231205959.5"} {
		if v, err := iso8583.ParseSent(bad, now); err == nil {
			t.Errorf("%q: %v", bad, v)
		}
	}
	if v, err := iso8583.LocalTime("123", "1235959", now); err == nil {
		t.Error(v)
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	if units, decimals, err := iso8583.ParseRate("61234567"); err != nil || units != 1234567 || decimals != 6 {
		t.Error(units, decimals, err)
	}
	for _, bad := range []string{"", "6123456", "612345678", "6.234567"} {
		if _, _, err := iso8583.ParseRate(bad); err == nil {
			t.Error(bad)
		}
	}
}

func TestLuhn(t *testing.T) {
	t.Parallel()
	for pan, want := range map[string]bool{"2200000000000004": true, "4761739001010119": true, "79927398713": true, "0": true, "2200000000000005": false,
		"2200000000000040": false, "": false, "220000000000000A": false, " 2200000000000004": false} {
		if iso8583.LuhnOK(pan) != want {
			t.Errorf("%q: want %v", pan, want)
		}
	}
}

func TestTrack2(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"2200000000000004=28122011000000000000", "2200000000000004D28122011000000000000", "2200000000000004D28122011000000000000F"} {
		pan, yymm, service, rest, err := iso8583.ParseTrack2(s)
		if err != nil || pan != "2200000000000004" || yymm != "2812" || service != "201" || rest != "1000000000000" {
			t.Error(s, pan, yymm, service, rest, err)
		}
	}
	if _, _, _, rest, err := iso8583.ParseTrack2("2200000000000004=2812201"); err != nil || rest != "" {
		t.Error(rest, err)
	}
	for bad, reason := range map[string]string{"": iso8583.Malformed, "2200000000000004": iso8583.Malformed, "2200000000000004=281220": iso8583.WrongLength, "=2812201": iso8583.WrongLength,
		"22000000000000000004=2812201": iso8583.WrongLength, "2200000000000004=2812=201": iso8583.Charset, "2200000000000004DD812201": iso8583.Charset,
		"220000F000000004=2812201": iso8583.Charset, "2200000000000004=F812201": iso8583.Charset} {
		_, _, _, _, err := iso8583.ParseTrack2(bad)
		wantFlaw(t, bad, err, 35, reason)
	}
}

// Whatever prints a message prints no card number, track, PIN block, chip or
// private data, nor does an error that speaks of them.
func TestNothingSecretIsPrinted(t *testing.T) {
	t.Parallel()
	m := vectors[2].message(t)
	m.Set(45, "SECRET45")
	m.Set(48, "CVC=737")
	m.SetBytes(55, []byte("\x57\x082200000000000004"))
	m.Set(102, "40817810000000000001")
	m.Set(41, "22000000000000040") // what a shifted frame might put there
	held := struct{ M *iso8583.Message }{m}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("got", "m", m, "v", *m, "held", held)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("got", "m", m, "v", *m)
	dump, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	all := log.String() + string(dump) + fmt.Sprintf("%v %+v %#v %s %q %x %d", m, m, m, m, m, m, m) + fmt.Sprint(*m, held, []iso8583.Message{*m}) + m.String()
	for _, secret := range []string{"2200000000000004", "2812", "SECRET45", "737", "\xab\xe3", "ABE38E", "40817", "TEST SHOP", "323230303030"} {
		if strings.Contains(all, secret) {
			t.Errorf("%q is in %s", secret, all)
		}
	}
	if want := "0100 2=220000****0004 3=000000 4=000000125050 7=1122094501 11=000002 12=124501 13=1122 14=**** 18=5411 22=051 23=001 25=00 32=123456 35=**** " +
		"37=632609000002 41=**** 42=**** 43=**** 45=**** 48=**** 49=643 52=**** 55=**** 102=****"; m.String() != want {
		t.Errorf("got %s\nwant %s", m, want)
	}
	if s := (iso8583.Message{MTI: "2200000000000004"}).String(); s != "****" {
		t.Error(s)
	}
	for pan, want := range map[string]string{"": "****", "220000000004": "****", "2200000000004": "220000****0004", "2200000000000000004": "220000****0004", "22000000000000000004": "****"} {
		if got := iso8583.MaskPAN(pan); got != want {
			t.Errorf("%s: %s", pan, got)
		}
	}
	m.Set(4, "2200000000000004")
	_, err = iso8583.Standard().Pack(m)
	if err == nil || strings.Contains(err.Error(), "2200") {
		t.Error(err)
	}
}

func TestShow(t *testing.T) {
	t.Parallel()
	spec, m := iso8583.Standard(), vectors[2].message(t)
	m.Set(48, "CVC2=737")
	m.Set(42, "220000000000004")
	m.Set(54, "0002643C0000000123450001643D000000000000")
	m.Set(103, "40817810000000000001")
	m.Set(104, "from 2200000000000004, not 2200000000000005 nor 4.")
	m.SetBytes(55, []byte{0x5A})
	m.SetBytes(64, []byte("\x01\xab567890"))
	for n, want := range map[int][2]string{2: {"2200000000000004", "220000****0004"}, 4: {"000000125050", "000000125050"}, 14: {"2812", "2812"},
		35: {"2200000000000004=28122011000000000000", "****"}, 42: {"220000000000004", "220000000000004"}, 43: {"TEST SHOP            MOSKVA        MOWRU", "TEST SHOP            MOSKVA        MOWRU"},
		48: {"CVC2=737", "****"}, 52: {"ABE38E29B58EA392", "****"}, 54: {"0002643C0000000123450001643D000000000000", "0002643C0000000123450001643D000000000000"}, 55: {"5A", "****"},
		64: {"01AB353637383930", "01AB353637383930"}, 103: {"40817810000000000001", "40817810000000000001"},
		104: {"from 2200000000000004, not 2200000000000005 nor 4.", "from 220000****0004, not 2200000000000005 nor 4."}, 3: {"000000", "000000"}, 5: {"", ""}, 999: {"", ""}} {
		if got := [2]string{spec.Show(m, n, true), spec.Show(m, n, false)}; got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}
