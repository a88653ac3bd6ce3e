package iso20022_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rocketbank/internal/base/money"
	"rocketbank/internal/rail/iso20022"
	"rocketbank/internal/rail/requisites"
)

func file(t testing.TB, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

const declaration = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

var between = regexp.MustCompile(`>\s+<`)

// The reference's messages, which were held against the schemas by others, are
// read, and written again byte for byte but for the space between elements.
func TestReferenceMessages(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"pacs.008.xml", "pacs.002.xml", "pacs.004.xml", "camt.053.xml"} {
		text := strings.TrimPrefix(file(t, name), declaration)
		m, err := iso20022.Parse([]byte(text))
		if err != nil {
			t.Fatal(name, err)
		}
		out, err := iso20022.Write(m)
		if err != nil {
			t.Fatal(name, err)
		}
		want := declaration + between.ReplaceAllString(text, "><")
		if diff := cmp.Diff(want, string(out)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestWhatTheMessagesSay(t *testing.T) {
	t.Parallel()
	m, err := iso20022.Parse([]byte(file(t, "pacs.008.xml")))
	transfers, ok := m.(*iso20022.CreditTransfer)
	if err != nil || !ok {
		t.Fatal(m, err)
	}
	tx := transfers.Transfers[0]
	sum, ok := tx.Amount.Money()
	if !ok || sum != money.Rub(125050) || tx.PayerBank.BIK() != "044525225" || tx.PayeeBank.BIK() != "049805746" || tx.PayeeAccount.Number() != "40602810700000000025" ||
		tx.Payer.Name != "Иванов Иван Иванович" || tx.Remittance.Text() != "Оплата по счету 17 от 20.11.2026. НДС не облагается" || tx.ID.EndToEnd != "E2E-7F3A2C" {
		t.Errorf("%+v", tx)
	}
	m, err = iso20022.Parse([]byte(file(t, "pacs.002.xml")))
	report, ok := m.(*iso20022.StatusReport)
	if err != nil || !ok {
		t.Fatal(m, err)
	}
	if s := report.Statuses[0]; s.Status.Outcome() != iso20022.Refused || s.Reasons[0].Reason.String() != "AC01" || iso20022.Explain("AC01") == "" {
		t.Errorf("%+v", s)
	}
	m, err = iso20022.Parse([]byte(file(t, "pacs.004.xml")))
	if back, ok := m.(*iso20022.PaymentReturn); err != nil || !ok || back.Returns[0].Reasons[0].Text[0] != "Счет закрыт" {
		t.Errorf("%v %v", m, err)
	}
}

// A day's statement: what it opens and closes with, and whose transfers it has.
func TestStatement(t *testing.T) {
	t.Parallel()
	m, err := iso20022.Parse([]byte(file(t, "camt.053.xml")))
	day, ok := m.(*iso20022.Statements)
	if err != nil || !ok {
		t.Fatal(m, err)
	}
	s := day.Statements[0]
	opening, had := s.Balance(iso20022.Opening)
	closing, has := s.Balance(iso20022.Closing)
	if !had || !has || opening != money.Rub(500000) || closing != money.Rub(374950) || s.Account.Number() != "40817810700000000001" || s.Entries[0].Details[0].Transfers[0].Refs.EndToEnd != "E2E-7F3A2C" {
		t.Errorf("%+v", s)
	}
	// An account may be empty, and overdrawn.
	s.Entries[0].Amount = iso20022.FromMoney(money.Rub(500001))
	s.Balances[1].Amount, s.Balances[1].Side = iso20022.FromMoney(money.Rub(1)), iso20022.Debit
	day.Statements[0] = s
	if _, err := iso20022.Write(day); err != nil {
		t.Error(err)
	}
	s.Entries[0].Amount = iso20022.FromMoney(money.Rub(500000))
	s.Balances[1].Amount = iso20022.FromMoney(money.Rub(0))
	day.Statements[0] = s
	if _, err := iso20022.Write(day); err != nil {
		t.Error(err)
	}
}

// Only two statuses are money at the other end and only one is none: anything
// else, a word we have never seen too, leaves the transfer open.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	for s, want := range map[iso20022.Status]iso20022.Outcome{"ACSC": iso20022.Done, "ACCC": iso20022.Done, "RJCT": iso20022.Refused,
		"ACCP": iso20022.Open, "ACTC": iso20022.Open, "ACSP": iso20022.Open, "PDNG": iso20022.Open, "RCVD": iso20022.Open, "ACWC": iso20022.Open, "CANC": iso20022.Open, "": iso20022.Open} {
		if got := s.Outcome(); got != want {
			t.Errorf("%s: %d", s, got)
		}
	}
}

// One change to a good message each: what is refused, where, and by which word.
func TestRefusals(t *testing.T) {
	t.Parallel()
	good := file(t, "pacs.008.xml")
	report := file(t, "pacs.002.xml")
	day := file(t, "camt.053.xml")
	swap := func(in, old, new string) string {
		if !strings.Contains(in, old) {
			t.Fatalf("no %s in the message", old)
		}
		return strings.Replace(in, old, new, 1)
	}
	with := func(old, new string) string { return swap(good, old, new) }
	tx := "CdtTrfTxInf[1]/"
	for name, c := range map[string]struct {
		in     string
		reason iso20022.Reason
		path   string
	}{
		"nothing":                {"", iso20022.NotXML, ""},
		"no XML":                 {"hello", iso20022.Stray, ""},
		"half":                   {good[:len(good)/2], iso20022.NotXML, tx + "DbtrAcct/Id/Othr/Id"},
		"too long":               {good + strings.Repeat(" ", iso20022.MaxMessage), iso20022.TooLong, ""},
		"windows-1251":           {`<?xml version="1.0" encoding="windows-1251"?>` + good, iso20022.Encoding, ""},
		"bytes that are no text": {with("ООО", "\xff"), iso20022.NotXML, tx + "Cdtr/Nm"},
		"document type":          {"<!DOCTYPE Document>" + good, iso20022.Markup, ""},
		"entities":               {`<!DOCTYPE d [<!ENTITY a "x">]>` + with("ООО", "&a;"), iso20022.Markup, ""},
		"an entity":              {with("ООО", "&a;"), iso20022.NotXML, tx + "Cdtr/Nm"},
		"a comment":              {with("INS000001", "INS<!-- x -->000001"), iso20022.Markup, tx + "PmtId/InstrId"},
		"an instruction":         {with("<GrpHdr>", "<?php x?><GrpHdr>"), iso20022.Markup, ""},
		"something behind":       {good + "<a/>", iso20022.NotXML, ""},
		"text behind":            {good + "a", iso20022.Stray, ""},
		"two messages":           {with("</FIToFICstmrCdtTrf>", "</FIToFICstmrCdtTrf><FIToFICstmrCdtTrf/>"), iso20022.UnknownElement, "FIToFICstmrCdtTrf"},
		"another name space":     {with("urn:iso", "urn:osi"), iso20022.Namespace, ""},
		"no name space":          {with(` xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.008.001.09"`, ""), iso20022.Namespace, ""},
		"another version":        {with("pacs.008.001.09", "pacs.008.001.08"), iso20022.UnknownMessage, ""},
		"another root":           {strings.ReplaceAll(good, "Document", "Dokument"), iso20022.Namespace, ""},
		"another message":        {strings.ReplaceAll(good, "FIToFICstmrCdtTrf", "FIToFIPmtStsRpt"), iso20022.UnknownElement, "FIToFIPmtStsRpt"},
		"an element of others":   {with("<MsgId>", `<MsgId xmlns="urn:x">`), iso20022.Namespace, "GrpHdr/MsgId"},
		"an attribute":           {with("<MsgId>", `<MsgId a="b">`), iso20022.UnknownAttribute, "GrpHdr/MsgId"},
		"an attribute of a sum":  {with(`Ccy="RUB"`, `Ccy="RUB" a="b"`), iso20022.UnknownAttribute, tx + "IntrBkSttlmAmt"},
		"currency twice":         {with(`Ccy="RUB"`, `Ccy="RUB" Ccy="USD"`), iso20022.Twice, tx + "IntrBkSttlmAmt"},
		"no currency":            {with(` Ccy="RUB"`, ""), iso20022.Missing, tx + "IntrBkSttlmAmt/@Ccy"},
		"an unknown element":     {with("<ChrgBr>", "<SttlmPrty>HIGH</SttlmPrty><ChrgBr>"), iso20022.UnknownElement, tx + "SttlmPrty"},
		"one with words":         {with("<ChrgBr>", "<Иванов>HIGH</Иванов><ChrgBr>"), iso20022.UnknownElement, tx + "*"},
		"an element in a text":   {with("INS000001", "<b>1</b>"), iso20022.UnknownElement, tx + "PmtId/InstrId/b"},
		"missing and late":       {swap(with("<ChrgBr>SLEV</ChrgBr>", ""), "<DbtrAgt>", "<ChrgBr>SLEV</ChrgBr><DbtrAgt>"), iso20022.Missing, tx + "ChrgBr"},
		"wrong order":            {swap(with("<IntrBkSttlmDt>2026-11-22</IntrBkSttlmDt>", ""), "<Dbtr>", "<IntrBkSttlmDt>2026-11-22</IntrBkSttlmDt><Dbtr>"), iso20022.Order, tx + "IntrBkSttlmDt"},
		"twice":                  {with("<ChrgBr>SLEV</ChrgBr>", "<ChrgBr>SLEV</ChrgBr><ChrgBr>SLEV</ChrgBr>"), iso20022.Twice, tx + "ChrgBr"},
		"missing in the middle":  {with("<EndToEndId>E2E-7F3A2C</EndToEndId>", ""), iso20022.Missing, tx + "PmtId/EndToEndId"},
		"missing at the end":     {with("<MmbId>044525225</MmbId>", ""), iso20022.Missing, tx + "DbtrAgt/FinInstnId/ClrSysMmbId/MmbId"},
		"no transfer":            {good[:strings.Index(good, "<CdtTrfTxInf>")] + "</FIToFICstmrCdtTrf></Document>", iso20022.Missing, "CdtTrfTxInf"},
		"an empty element":       {with("INS000001", ""), iso20022.Length, tx + "PmtId/InstrId"},
		"stray text":             {with("<ChrgBr>", "x<ChrgBr>"), iso20022.Stray, "CdtTrfTxInf[1]"},
		"an IBAN":                {with("<Othr><Id>40817810700000000001</Id></Othr>", "<IBAN>GB33BUKB20201555555555</IBAN>"), iso20022.UnknownElement, tx + "DbtrAcct/Id/IBAN"},
		"36 characters":          {with("E2E-7F3A2C", strings.Repeat("й", 36)), iso20022.Length, tx + "PmtId/EndToEndId"},
		"a long name":            {with("ООО Ромашка", strings.Repeat("й", 141)), iso20022.Length, tx + "Cdtr/Nm"},
		"a line break":           {with("ООО Ромашка", "ООО\nРомашка"), iso20022.Charset, tx + "Cdtr/Nm"},
		"a tab":                  {with("ООО Ромашка", "ООО&#9;Ромашка"), iso20022.Charset, tx + "Cdtr/Nm"},
		"UETR in capitals":       {with("6f1b7d0e", "6F1B7D0E"), iso20022.UETR, tx + "PmtId/UETR"},
		"UETR, version 1":        {with("-4c11-", "-1c11-"), iso20022.UETR, tx + "PmtId/UETR"},
		"no offset":              {with("12:45:01+03:00", "12:45:01"), iso20022.Time, "GrpHdr/CreDtTm"},
		"an offset too far":      {with("12:45:01+03:00", "12:45:01+15:00"), iso20022.Time, "GrpHdr/CreDtTm"},
		"no such day":            {with("<IntrBkSttlmDt>2026-11-22", "<IntrBkSttlmDt>2026-11-31"), iso20022.Date, tx + "IntrBkSttlmDt"},
		"charges":                {with("SLEV", "SLOW"), iso20022.Code, tx + "ChrgBr"},
		"another clearing":       {with("RUCBC", "USABA"), iso20022.Code, tx + "DbtrAgt/FinInstnId/ClrSysMmbId/ClrSysId/Cd"},
		"a short BIK":            {with("044525225", "04452522"), iso20022.Number, tx + "DbtrAgt/FinInstnId/ClrSysMmbId/MmbId"},
		"small currency":         {with(`"RUB"`, `"rub"`), iso20022.Code, tx + "IntrBkSttlmAmt"},
		"nought":                 {with("1250.50", "0.00"), iso20022.Sum, tx + "IntrBkSttlmAmt"},
		"negative":               {with("1250.50", "-1250.50"), iso20022.Number, tx + "IntrBkSttlmAmt"},
		"signed":                 {with("1250.50", "+1250.50"), iso20022.Number, tx + "IntrBkSttlmAmt"},
		"exponent":               {with("1250.50", "1e3"), iso20022.Number, tx + "IntrBkSttlmAmt"},
		"a comma":                {with("1250.50", "1250,50"), iso20022.Number, tx + "IntrBkSttlmAmt"},
		"other digits":           {with("1250.50", "١٢"), iso20022.Number, tx + "IntrBkSttlmAmt"},
		"blanks around":          {with("1250.50", " 1250.50 "), iso20022.Number, tx + "IntrBkSttlmAmt"},
		"noughts in front":       {with("1250.50", "01250.50"), iso20022.Number, tx + "IntrBkSttlmAmt"},
		"no fraction":            {with("1250.50", "1250."), iso20022.Number, tx + "IntrBkSttlmAmt"},
		"thirds of a kopeck":     {with("1250.50", "1250.503"), iso20022.Decimals, tx + "IntrBkSttlmAmt"},
		"six decimals":           {swap(with("1250.50", "1.000001"), `"RUB"`, `"XAU"`), iso20022.Decimals, tx + "IntrBkSttlmAmt"},
		"19 digits":              {with("1250.50", "12345678901234567.89"), iso20022.Sum, tx + "IntrBkSttlmAmt"},
		"another count":          {with("<NbOfTxs>1<", "<NbOfTxs>2<"), iso20022.Count, "GrpHdr/NbOfTxs"},
		"another total":          {with("<SttlmInf>", `<TtlIntrBkSttlmAmt Ccy="RUB">1250.51</TtlIntrBkSttlmAmt><SttlmInf>`), iso20022.Total, "GrpHdr/TtlIntrBkSttlmAmt"},
		"a choice of nothing":    {with("<RmtInf>", "<Purp></Purp><RmtInf>"), iso20022.Choice, tx + "Purp"},
		"a choice of two":        {with("<RmtInf>", "<Purp><Cd>TAXS</Cd><Prtry>x</Prtry></Purp><RmtInf>"), iso20022.Choice, tx + "Purp"},
		"nothing to say":         {with("<RmtInf>", "<Tax></Tax><RmtInf>"), iso20022.Missing, tx + "Tax"},
		"does not add up":        {swap(day, "3749.50", "3749.51"), iso20022.Total, "Stmt[1]/Bal"},
		"on the other side":      {swap(day, "<CdtDbtInd>DBIT", "<CdtDbtInd>CRDT"), iso20022.Total, "Stmt[1]/Bal"},
		"no closing balance":     {swap(day, "CLBD", "ITBD"), iso20022.Missing, "Stmt[1]/Bal"},
		"two opening balances":   {swap(day, "CLBD", "OPBD"), iso20022.Missing, "Stmt[1]/Bal"},
		"entries not booked":     {swap(day, "BOOK", "PDNG"), iso20022.Code, "Stmt[1]/Ntry[1]/Sts/Cd"},
		"an entry of nothing":    {swap(day, "1250.50", "0.00"), iso20022.Sum, "Stmt[1]/Ntry[1]/Amt"},
		"an entry in dollars":    {swap(day, `"RUB">1250.50`, `"USD">1250.50`), iso20022.Sum, "Stmt[1]/Ntry[1]/Amt"},
		"a status of none":       {swap(report, "<TxSts>RJCT</TxSts>", ""), iso20022.Missing, "TxInfAndSts[1]/TxSts"},
		"a status in small":      {swap(report, "RJCT", "rjct"), iso20022.Code, "TxInfAndSts[1]/TxSts"},
		"a report about nothing": {report[:strings.Index(report, "<TxInfAndSts>")] + "</FIToFIPmtStsRpt></Document>", iso20022.Missing, "TxInfAndSts"},
	} {
		_, err := iso20022.Parse([]byte(c.in))
		var e *iso20022.Error
		if !errors.As(err, &e) || e.Reason != c.reason || e.Path != c.path {
			t.Errorf("%s: %v, want %s at %q", name, err, c.reason, c.path)
		}
	}
}

// What looks different and is the same.
func TestSameMessageInOtherClothes(t *testing.T) {
	t.Parallel()
	good := file(t, "pacs.008.xml")
	want, err := iso20022.Parse([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	prefixed := regexp.MustCompile(`<(/?)([A-Za-z])`).ReplaceAllString(good, "<${1}p:$2")
	for name, in := range map[string]string{
		"byte order mark": "\xef\xbb\xbf" + good,
		"declaration":     `<?xml version="1.0" encoding="utf-8"?>` + good,
		"where the schema is": strings.Replace(good, "<Document ", `<Document xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" `+
			`xsi:schemaLocation="urn:iso:std:iso:20022:tech:xsd:pacs.008.001.09 pacs.008.001.09.xsd" `, 1),
		"prefixes":       strings.Replace(prefixed, "xmlns=", "xmlns:p=", 1),
		"CDATA":          strings.Replace(good, "INS000001", "<![CDATA[INS000001]]>", 1),
		"numbered chars": strings.Replace(good, "INS000001", "&#73;NS000001", 1),
		"no space":       between.ReplaceAllString(good, "><"),
	} {
		got, err := iso20022.Parse([]byte(in))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

func TestSums(t *testing.T) {
	t.Parallel()
	for minor, want := range map[int64]string{1: "0.01", 10: "0.10", 99: "0.99", 100: "1.00", 125050: "1250.50", 10_000_000_00: "10000000.00"} {
		a := iso20022.FromMoney(money.Rub(minor))
		back, ok := a.Money()
		if a.Value != want || a.Currency != "RUB" || !ok || back != money.Rub(minor) {
			t.Errorf("%d: %+v %v", minor, a, back)
		}
	}
	for _, value := range []string{"5", "5.0", "5.00"} {
		if sum, ok := (iso20022.Amount{Currency: "RUB", Value: value}).Money(); !ok || sum != money.Rub(500) {
			t.Errorf("%s: %v %v", value, sum, ok)
		}
	}
	for _, a := range []iso20022.Amount{{"USD", "5.00"}, {"RUB", "999999999999999999"}, {"RUB", ""}, {"RUB", "."}, {"", "5"}} {
		if sum, ok := a.Money(); ok {
			t.Errorf("%+v is %v", a, sum)
		}
	}
}

// A payment to the budget, from the order's fields to the message's.
func TestBudgetPayment(t *testing.T) {
	t.Parallel()
	purpose := strings.Repeat("Налог ", 35)
	o := requisites.Order{INN: "7727406020", KPP: "770801001", PayerINN: "500100732259", PayerKPP: "0", UIN: "18210177261122000010",
		Budget: &requisites.Budget{Status: "13", KBK: "18201061201010000510", OKTMO: "45382000", Basis: "ТП", Period: "МС.11.2026", Number: "17", Date: "22.11.2026"}}
	m, err := iso20022.Parse([]byte(file(t, "pacs.008.xml")))
	if err != nil {
		t.Fatal(err)
	}
	transfers, _ := m.(*iso20022.CreditTransfer)
	tx := &transfers.Transfers[0]
	tx.Tax, tx.Remittance = iso20022.TaxOf(o), iso20022.RemittanceOf(purpose, o.UIN)
	tx.Payer, tx.Payee = iso20022.PartyOf("Иванов Иван", o.PayerINN), iso20022.PartyOf("Казначейство России", o.INN)
	tx.Type = &iso20022.Type{Priority: iso20022.Usual}
	raw, err := iso20022.Write(transfers)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<DbtrSts>13</DbtrSts>", "<CtgyDtls>18201061201010000510</CtgyDtls>", "<AdmstnZone>45382000</AdmstnZone>", "<Dt>2026-11-22</Dt>",
		"<PrvtId><Othr><Id>500100732259</Id><SchmeNm><Cd>TXID</Cd>", "<OrgId><Othr><Id>7727406020</Id>", "<Prtry>UIN</Prtry>", "<Ref>18210177261122000010</Ref>", "<InstrPrty>NORM</InstrPrty>"} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("no %s in %s", want, raw)
		}
	}
	again, err := iso20022.Parse(raw)
	if diff := cmp.Diff(m, again); err != nil || diff != "" {
		t.Fatal(err, diff)
	}
	if r := tx.Remittance; r.Text() != purpose || r.UIN() != o.UIN || len(r.Lines) != 2 || tx.Payer.INN() != o.PayerINN || tx.Payee.INN() != o.INN {
		t.Errorf("%+v", tx)
	}
	if iso20022.TaxOf(requisites.Order{}) != nil || iso20022.RemittanceOf("", "0") != nil || iso20022.PartyOf("A", "0").INN() != "" {
		t.Error("something was made of nothing")
	}
	none := iso20022.TaxOf(requisites.Order{Budget: &requisites.Budget{Status: "0", KBK: "0", OKTMO: "0", Basis: "0", Period: "0", Number: "0", Date: "0"}})
	if diff := cmp.Diff(&iso20022.Tax{}, none); diff != "" {
		t.Error(diff)
	}
}
