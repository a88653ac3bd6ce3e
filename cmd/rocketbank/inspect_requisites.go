package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"rocketbank/internal/rail/requisites"
	"rocketbank/internal/rail/strictjson"
)

// inspectRequisites checks requisites of a payment order and says what they
// mean. Of what people are called and pay for it tells nothing unless asked.
type inspectRequisites struct {
	Whole     bool   `help:"It is a whole order: what is missing is told, too."`
	Unmask    bool   `help:"Show names and purpose as they go into the order."`
	Directory string `placeholder:"FILE" help:"The Bank of Russia's directory (ED807, XML), in which the БИК is looked up."`
	File      string `arg:"" optional:"" default:"-" help:"One JSON object of requisites; - or nothing reads standard input."`
}

// maxRequisites is far more than all fields together may have.
const maxRequisites = 64 << 10

// requisitesInput are the fields, each by the name under which flaws are told.
type requisitesInput struct {
	Payer    string `json:"payer"`
	PayerINN string `json:"payer_inn"`
	PayerKPP string `json:"payer_kpp"`
	BIK      string `json:"bik"`
	Corr     string `json:"corr_account"`
	Account  string `json:"account"`
	Payee    string `json:"payee"`
	INN      string `json:"inn"`
	KPP      string `json:"kpp"`
	UIN      string `json:"uin"`
	Purpose  string `json:"purpose"`
	Status   string `json:"payer_status"`
	KBK      string `json:"kbk"`
	OKTMO    string `json:"oktmo"`
	Basis    string `json:"tax_basis"`
	Period   string `json:"tax_period"`
	Number   string `json:"tax_number"`
	Date     string `json:"tax_date"`
	OGRN     string `json:"ogrn"`
	OGRNIP   string `json:"ogrnip"`
	SNILS    string `json:"snils"`
}

// order gives the fields of a payment order; it is one to the budget when one
// of those fields is there.
func (in requisitesInput) order() requisites.Order {
	o := requisites.Order{Payer: in.Payer, PayerINN: in.PayerINN, PayerKPP: in.PayerKPP, BIK: in.BIK, CorrAccount: in.Corr, Account: in.Account,
		Payee: in.Payee, INN: in.INN, KPP: in.KPP, UIN: in.UIN, Purpose: in.Purpose}
	b := requisites.Budget{Status: in.Status, KBK: in.KBK, OKTMO: in.OKTMO, Basis: in.Basis, Period: in.Period, Number: in.Number, Date: in.Date}
	if b != (requisites.Budget{}) {
		o.Budget = &b
	}
	return o
}

type toldFlaw struct {
	Field   string `json:"field"`
	Reason  string `json:"reason"`
	At      int    `json:"at"`
	Warning bool   `json:"warning,omitempty"`
	Says    string `json:"says"`
}

type requisitesAnswer struct {
	OK    bool       `json:"ok"`
	Flaws []toldFlaw `json:"flaws"`
	Means object     `json:"means"`
	Bank  *toldBank  `json:"bank,omitempty"`
}

// Run checks requisites.
func (c inspectRequisites) Run(in io.Reader, out io.Writer) error {
	raw, err := readArtefact(c.File, in, maxRequisites)
	if err != nil {
		return err
	}
	if len(raw) > maxRequisites {
		return noInput(out, map[string]any{"reason": "too_long"})
	}
	var input requisitesInput
	if err := strictjson.Decode(raw, &input); err != nil {
		var text *strictjson.Error
		if !errors.As(err, &text) {
			return err
		}
		why := map[string]any{"reason": string(text.Reason)}
		if text.Field != "" {
			why["field"] = text.Field
		}
		return noInput(out, why)
	}
	answer := requisitesAnswer{Flaws: []toldFlaw{}, Means: c.means(input)}
	flaws := c.check(input)
	for _, f := range flaws {
		answer.Flaws = append(answer.Flaws, toldFlaw{string(f.Field), string(f.Reason), f.At, f.Warning, says(f)})
	}
	answer.OK = !requisites.Forbids(flaws)
	if c.Directory != "" {
		if answer.Bank, err = lookUp(c.Directory, input); err != nil {
			return err
		}
		answer.OK = answer.OK && answer.Bank.Found && answer.Bank.Agrees
	}
	err = plainJSON(out, answer)
	if !answer.OK {
		err = errors.Join(errTold, err)
	}
	return err
}

// check looks at what is there, or at a whole order.
func (c inspectRequisites) check(in requisitesInput) (flaws []*requisites.Flaw) {
	if c.Whole {
		_, flaws = in.order().Clean()
	} else {
		flaws = given(in)
	}
	for _, other := range []struct {
		value string
		check func(string) *requisites.Flaw
	}{{in.OGRN, requisites.OGRN}, {in.OGRNIP, requisites.OGRNIP}, {in.SNILS, requisites.SNILS}} {
		if other.value != "" {
			if f := other.check(other.value); f != nil {
				flaws = append(flaws, f)
			}
		}
	}
	return flaws
}

// given leaves out what a whole order would miss, but for the БИК, without
// which no account can be checked.
func given(in requisitesInput) (flaws []*requisites.Flaw) {
	has := map[requisites.Field]bool{requisites.FieldBIK: in.BIK+in.Corr+in.Account != ""}
	for field, v := range map[requisites.Field]string{
		requisites.FieldPayer: in.Payer, requisites.FieldPayerINN: in.PayerINN, requisites.FieldPayerKPP: in.PayerKPP, requisites.FieldCorrAccount: in.Corr,
		requisites.FieldAccount: in.Account, requisites.FieldPayee: in.Payee, requisites.FieldINN: in.INN, requisites.FieldKPP: in.KPP, requisites.FieldUIN: in.UIN,
		requisites.FieldPurpose: in.Purpose, requisites.FieldStatus: in.Status, requisites.FieldKBK: in.KBK, requisites.FieldOKTMO: in.OKTMO, requisites.FieldBasis: in.Basis,
		requisites.FieldPeriod: in.Period, requisites.FieldNumber: in.Number, requisites.FieldDate: in.Date,
	} {
		has[field] = has[field] || v != ""
	}
	_, all := in.order().Clean()
	for _, f := range all {
		if has[f.Field] {
			flaws = append(flaws, f)
		}
	}
	return flaws
}

// toldBank is what the directory says about the БИК.
type toldBank struct {
	Found        bool     `json:"found"`
	Day          string   `json:"directory_of"`
	Name         string   `json:"name,omitempty"`
	City         string   `json:"city,omitempty"`
	Corr         string   `json:"corr_account,omitempty"`
	Takes        bool     `json:"takes_money"`
	Restrictions []string `json:"restrictions,omitempty"`
	// Agrees is false when the order has another correspondent account.
	Agrees bool `json:"corr_account_agrees"`
}

func lookUp(path string, in requisitesInput) (*toldBank, error) {
	f, err := os.Open(path) // #nosec G304 -- the caller's own file
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d, err := requisites.ReadDirectory(f)
	if err != nil {
		return nil, err
	}
	b, ok := d.Find(in.BIK)
	return &toldBank{Found: ok, Day: d.Day(), Name: b.Name, City: b.City, Corr: b.CorrAccount(), Takes: ok && b.Takes(), Restrictions: b.Restrictions,
		Agrees: in.Corr == "" || in.Corr == b.CorrAccount()}, nil
}

// noInput prints why an input is no input.
func noInput(out io.Writer, why map[string]any) error {
	return errors.Join(errTold, json.NewEncoder(out).Encode(map[string]any{"error": why}))
}

// plainJSON writes quotes and arrows of a text as they are.
func plainJSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// says puts a flaw into words.
func says(f *requisites.Flaw) string {
	return map[requisites.Reason]string{
		requisites.Empty:      "there has to be something",
		requisites.Length:     "it is too short or too long",
		requisites.Charset:    "this character cannot stand here",
		requisites.CheckDigit: "the check digit does not fit: something is mistyped",
		requisites.Zeros:      "it is nothing but noughts",
		requisites.Value:      "there is no such value",
		requisites.Currency:   "the account is not in roubles",
		requisites.OtherBank:  "it is an account of another bank",
		requisites.Unexpected: "it must be left out here",
		requisites.SameAsKBK:  "it is the code of the budget (КБК)",
		requisites.Unchecked:  "its letters have no known value, so the check digit says nothing",
	}[f.Reason]
}

// means says what the good ones of the fields tell.
func (c inspectRequisites) means(in requisitesInput) (out object) {
	add := func(field requisites.Field, good *requisites.Flaw, text string) {
		if good == nil && text != "" {
			out = append(out, member{string(field), text})
		}
	}
	text := func(field requisites.Field, s string, most int) {
		if s == "" {
			return
		}
		clean, f := requisites.Text(field, s, most)
		shown := fmt.Sprintf("%d characters of %d", utf8.RuneCountInString(clean), most)
		if clean != s {
			shown += ", written with the system's own"
		}
		if c.Unmask {
			shown = clean
		}
		add(field, f, shown)
	}
	text(requisites.FieldPayer, in.Payer, requisites.MaxName)
	add(requisites.FieldPayerINN, requisites.INN(in.PayerINN), meansINN(in.PayerINN))
	add(requisites.FieldBIK, requisites.BIK(in.BIK), meansBIK(in.BIK))
	add(requisites.FieldCorrAccount, requisites.CorrAccount(in.Corr, in.BIK), meansAccount(in.Corr, in.BIK))
	if k, f := requisites.AccountKey(in.Account, in.BIK); f == nil && in.Account[0] != '0' && in.Account[8] != k {
		add(requisites.FieldAccount, nil, fmt.Sprintf("%s; its key would be %c", meansAccount(in.Account, in.BIK), k))
	} else {
		add(requisites.FieldAccount, requisites.Account(in.Account, in.BIK), meansAccount(in.Account, in.BIK))
	}
	text(requisites.FieldPayee, in.Payee, requisites.MaxName)
	add(requisites.FieldINN, requisites.INN(in.INN), meansINN(in.INN))
	add(requisites.FieldUIN, requisites.UIN(in.UIN), meansUIN(in.UIN))
	text(requisites.FieldPurpose, in.Purpose, requisites.MaxPurpose)
	add(requisites.FieldKBK, requisites.KBK(in.KBK), meansKBK(in.KBK))
	add(requisites.FieldPeriod, requisites.Period(in.Period), meansPeriod(in.Period))
	if out == nil {
		out = object{}
	}
	return out
}
