package iso20022

import (
	"strings"
	"time"

	"rocketbank/internal/rail/requisites"
)

// clearingRussia is the clearing system whose members have a БИК.
const clearingRussia = "RUCBC"

// Bank names a bank by its БИК.
func Bank(bik string) Agent {
	return Agent{Bank: FinancialInstitution{Member: Member{System: ClearingSystem{Code: clearingRussia}, ID: bik}}}
}

// BIK gives a bank's БИК.
func (a Agent) BIK() string { return a.Bank.Member.ID }

// AccountOf names an account by its twenty characters.
func AccountOf(number string) Account {
	return Account{ID: AccountID{Other: AccountNumber{Number: number}}}
}

// Number gives an account's number.
func (a Account) Number() string { return a.ID.Other.Number }

// taxNumber is the word for ИНН among numbers of somebody.
const taxNumber = "TXID"

// PartyOf names somebody by his name and, when it is known, his ИНН: ten
// digits are a firm's.
func PartyOf(name, inn string) Party {
	p := Party{Name: name}
	if inn == "" || inn == requisites.None {
		return p
	}
	ids := &IDs{Others: []OtherID{{ID: inn, Scheme: &CodeOrOwn{Code: taxNumber}}}}
	if len(inn) == 10 {
		p.ID = &PartyID{Firm: ids}
	} else {
		p.ID = &PartyID{Person: ids}
	}
	return p
}

// INN gives somebody's ИНН, "" when it is not told.
func (p Party) INN() string {
	if p.ID == nil {
		return ""
	}
	for _, ids := range []*IDs{p.ID.Firm, p.ID.Person} {
		if ids == nil {
			continue
		}
		for _, o := range ids.Others {
			if o.Scheme != nil && o.Scheme.Code == taxNumber {
				return o.ID
			}
		}
	}
	return ""
}

// maxLine is how long a line of a purpose may be.
const maxLine = 140

// uin is the kind of reference that УИН is.
const uin = "UIN"

// RemittanceOf writes a purpose, in lines of at most 140 characters that join
// to the same text, and УИН when there is one.
func RemittanceOf(purpose, id string) *Remittance {
	r := &Remittance{}
	for runes := []rune(purpose); len(runes) > 0; {
		n := min(len(runes), maxLine)
		r.Lines = append(r.Lines, string(runes[:n]))
		runes = runes[n:]
	}
	if id != "" && id != requisites.None {
		r.References = []Reference{{Creditor: CreditorReference{Type: &ReferenceType{Word: ReferenceWord{Own: uin}}, Ref: id}}}
	}
	if len(r.Lines)+len(r.References) == 0 {
		return nil
	}
	return r
}

// Text gives the purpose as one text.
func (r *Remittance) Text() string {
	if r == nil {
		return ""
	}
	return strings.Join(r.Lines, "")
}

// UIN gives the payment's id, "" when there is none.
func (r *Remittance) UIN() string {
	if r == nil {
		return ""
	}
	for _, ref := range r.References {
		if ref.Creditor.Type != nil && ref.Creditor.Type.Word.Own == uin {
			return ref.Creditor.Ref
		}
	}
	return ""
}

// TaxOf writes the fields of a payment to the budget, nil when it is none. A
// field that says «0» is left out. The order has been checked.
func TaxOf(o requisites.Order) *Tax {
	b := o.Budget
	if b == nil {
		return nil
	}
	said := func(s string) string {
		if s == requisites.None {
			return ""
		}
		return s
	}
	party := func(inn, kpp string) *TaxParty {
		if said(inn)+said(kpp) == "" {
			return nil
		}
		return &TaxParty{ID: said(inn), Type: said(kpp)}
	}
	t := &Tax{Payee: party(o.INN, o.KPP), Payer: party(o.PayerINN, o.PayerKPP), Zone: said(b.OKTMO), Number: said(b.Number)}
	if day, err := time.Parse("02.01.2006", b.Date); err == nil {
		t.Day = day.Format(time.DateOnly)
	}
	if r := (TaxRecord{Basis: said(b.Basis), Code: said(b.KBK), Status: said(b.Status), Period: said(b.Period)}); r != (TaxRecord{}) {
		t.Record = []TaxRecord{r}
	}
	return t
}

// reasons are the standard's words for why a transfer was refused or came back,
// as far as banks here use them.
var reasons = map[string]string{
	"AC01": "the account number is wrong",
	"AC03": "the payee's account number is wrong",
	"AC04": "the account is closed",
	"AC06": "the account is blocked",
	"AG01": "such payments are forbidden to this account",
	"AG02": "the kind of operation is wrong",
	"AM02": "the sum is not allowed",
	"AM04": "there is not enough money",
	"AM05": "it came before",
	"AM09": "the sum is wrong",
	"BE01": "name and account do not fit",
	"BE04": "the payee's address is wrong or missing",
	"BE05": "the party is not known",
	"CUST": "the client asked for it",
	"DUPL": "it came before",
	"FOCR": "it was called back",
	"FRAD": "fraud is suspected",
	"MD07": "the client has died",
	"MS02": "the client gave no reason",
	"MS03": "the bank gave no reason",
	"NARR": "see the text",
	"RC01": "the bank's identifier is wrong",
	"RR04": "a law forbids it",
	"TM01": "it came after the end of the day",
}

// Explain says a reason's word in a sentence, "" for one that is not known.
func Explain(code string) string { return reasons[code] }
