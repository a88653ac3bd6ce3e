package emv

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCheck(t *testing.T) {
	full, err := ParseTLV(unhex(t, frame55))
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2019, 11, 5, 23, 0, 0, 0, time.UTC)
	good := Message{Type: "01", Currency: "124", Date: day, PAN: "1234567890123456"}
	set := func(tag, value string) TLV {
		tags := full
		if err := tags.Set(tag, unhex(t, value)); err != nil {
			t.Fatal(err)
		}
		return tags
	}
	with := func(change func(*Message)) Message { m := good; change(&m); return m }
	for name, c := range map[string]struct {
		tags TLV
		m    Message
		want string
	}{
		"fits":             {full, good, ""},
		"another type":     {full, with(func(m *Message) { m.Type = "00" }), "type_differs 9C"},
		"another currency": {full, with(func(m *Message) { m.Currency = "643" }), "currency_differs 5F2A"},
		"three days":       {full, with(func(m *Message) { m.Date = day.AddDate(0, 0, 3) }), ""},
		"four days":        {full, with(func(m *Message) { m.Date = day.AddDate(0, 0, 4) }), "date_differs 9A"},
		"two days of one":  {full, with(func(m *Message) { m.Date = day.AddDate(0, 0, -2); m.Days = 1 }), "date_differs 9A"},
		"a day of another": {full, with(func(m *Message) {
			m.Date = time.Date(2019, 11, 6, 0, 30, 0, 0, time.FixedZone("MSK", 3*3600))
			m.Days = 1
		}), ""},
		"no day":            {set("9A", "191399"), good, "date_differs 9A"},
		"the year 2070":     {set("9A", "701105"), with(func(m *Message) { m.Date = time.Date(2070, 11, 5, 0, 0, 0, 0, time.UTC) }), ""},
		"TC":                {set("9F27", "40"), good, "not_arqc 9F27"},
		"TC of an advice":   {set("9F27", "40"), with(func(m *Message) { m.Advice = true }), ""},
		"AAC of an advice":  {set("9F27", "00"), with(func(m *Message) { m.Advice = true }), ""},
		"no kind":           {set("9F27", "C0"), with(func(m *Message) { m.Advice = true }), "not_arqc 9F27"},
		"length":            {set("9F36", "001C00"), good, "bad_length 9F36"},
		"the same number":   {set("5A", "1234567890123456"), good, ""},
		"odd number":        {set("5A", "123456789012345F"), with(func(m *Message) { m.PAN = "123456789012345" }), ""},
		"another number":    {set("5A", "1234567890123457"), good, "pan_differs 5A"},
		"the same track":    {set("57", "1234567890123456D1912201"), good, ""},
		"another track":     {set("57", "1234567890123457D1912201"), good, "pan_differs 57"},
		"sequence number":   {set("5F34", "01"), with(func(m *Message) { m.PSN = "01" }), ""},
		"another sequence":  {set("5F34", "02"), with(func(m *Message) { m.PSN = "01" }), "psn_differs 5F34"},
		"absent sequence":   {full, with(func(m *Message) { m.PSN = "01" }), "psn_differs 5F34"},
		"nought for absent": {set("5F34", "00"), good, ""},
		"nought both ways":  {full, with(func(m *Message) { m.PSN = "00" }), ""},
		"unknown tag":       {set("DF01", "00"), good, ""},
		"nothing": {TLV{}, good, "missing_tag 9F36, missing_tag 9F37, missing_tag 9F10, missing_tag 9F26, missing_tag 95, missing_tag 9A, " +
			"missing_tag 9C, missing_tag 9F02, missing_tag 5F2A, missing_tag 82, missing_tag 9F1A"},
	} {
		var got []string
		for _, e := range Check(c.tags, c.m) {
			got = append(got, fmt.Sprintf("%s %s", string(e.Flaw), e.Tag))
			if strings.Contains(e.Error(), "1234567890") {
				t.Error(e)
			}
		}
		same(t, name, strings.Join(got, ", "), c.want)
	}
}

func TestResults(t *testing.T) {
	tags := chip(t, "95", "8000248000", "9F34", "420302", "9F27", "80")
	tvr, ok := TVROf(tags)
	if !ok || !tvr.Has(OverFloorLimit) || tvr.Has(CVMFailed) || !slices.Equal(tvr.Names(),
		[]string{"offline_data_auth_not_performed", "pin_tries_exceeded", "online_pin_entered", "over_floor_limit"}) {
		t.Error(tvr.Names())
	}
	tvr = TVR{}
	for _, n := range tvrNames {
		if tvr.Has(n.bit) {
			t.Errorf("%s shares its bit", n.name)
		}
		tvr.Set(n.bit)
	}
	if len(tvr.Names()) != len(tvrNames) {
		t.Error("a finding is lost")
	}
	if cvm, ok := CVMOf(tags); !ok || cvm.Method != OnlinePIN || !cvm.Done || cvm.Failed || cvm.Method.String() != "online_pin" {
		t.Error(cvm)
	}
	if none, ok := CVMOf(chip(t, "9F34", "3F0001")); !ok || none.Method != CVMNotPerformed || !none.Failed {
		t.Error(none)
	}
	if k, ok := KindOf(tags); !ok || k != Asks || k.String() != "ARQC" || TC.String() != "TC" || AAC.String() != "AAC" {
		t.Error(k)
	}
	bad := chip(t, "95", "80", "9F34", "42", "9F27", "C0")
	_, a := TVROf(bad)
	_, b := CVMOf(bad)
	_, c := KindOf(bad)
	if a || b || c || CVM(0x2A).String() != "unknown" {
		t.Error("wrong lengths are read")
	}
	for aid, want := range map[string]Scheme{"A0000000031010": Visa, "A0000000041010": Mastercard, "A0000006581010": Mir, "A000000025": "", "A0000000": ""} {
		same(t, aid, string(SchemeOf(chip(t, "84", aid)))+string(SchemeOf(chip(t, "9F06", aid))), string(want+want))
	}
	same(t, "name", TagName("9F26"), "application cryptogram")
	same(t, "no name", TagName("DF01")+TagName("?"), "")
}
