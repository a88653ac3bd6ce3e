package main

import (
	"errors"
	"io"
	"strconv"
	"strings"

	"rocketbank/internal/rail/iso20022"
	"rocketbank/internal/rail/iso8583"
	"rocketbank/internal/rail/requisites"
)

// inspectISO20022 explains one message between banks. Names, accounts, tax
// numbers of persons and what is paid for are masked unless asked for.
type inspectISO20022 struct {
	Unmask bool   `help:"Show names, accounts, numbers of persons and texts whole."`
	File   string `arg:"" optional:"" default:"-" help:"The XML of pacs.008, pacs.002, pacs.004 or camt.053; - or nothing reads standard input."`
}

// Run explains a message.
func (c inspectISO20022) Run(in io.Reader, out io.Writer) error {
	raw, err := readArtefact(c.File, in, iso20022.MaxMessage)
	if err != nil {
		return err
	}
	m, err := iso20022.Parse(raw)
	var flaw *iso20022.Error
	if errors.As(err, &flaw) {
		why := map[string]any{"reason": string(flaw.Reason)}
		if flaw.Path != "" {
			why["path"] = flaw.Path
		}
		return noInput(out, why)
	}
	if err != nil {
		return err
	}
	shown := object{{"kind", m.Kind()}}
	switch m := m.(type) {
	case *iso20022.CreditTransfer:
		shown = append(shown, member{"id", m.Header.ID}, member{"created", m.Header.Created}, member{"transfers", each(m.Transfers, c.transfer)})
	case *iso20022.StatusReport:
		shown = append(shown, member{"id", m.Header.ID}, member{"created", m.Header.Created})
		if len(m.Messages) > 0 {
			shown = append(shown, member{"messages", each(m.Messages, c.message)})
		}
		shown = append(shown, member{"transfers", each(m.Statuses, c.status)})
	case *iso20022.PaymentReturn:
		shown = append(shown, member{"id", m.Header.ID}, member{"created", m.Header.Created}, member{"returns", each(m.Returns, c.back)})
	case *iso20022.Statements:
		shown = append(shown, member{"id", m.Header.ID}, member{"created", m.Header.Created}, member{"statements", each(m.Statements, c.statement)})
	}
	return plainJSON(out, shown)
}

// each shows the parts of a message; none is an empty list.
func each[T any](list []T, show func(T) object) []object {
	out := make([]object, 0, len(list))
	for _, one := range list {
		out = append(out, show(one))
	}
	return out
}

// said leaves members out that have nothing to say.
func said(members ...member) (out object) {
	for _, m := range members {
		if m.value != "" && m.value != nil {
			out = append(out, m)
		}
	}
	return out
}

// hide shows a text when that is asked for.
func (c inspectISO20022) hide(s string) string {
	if s == "" || c.Unmask {
		return s
	}
	return iso8583.Hidden
}

// account shows what kind an account is and its end.
func (c inspectISO20022) account(s string) string {
	if c.Unmask || len(s) != 20 || strings.Trim(s, "0123456789") != "" {
		return c.hide(s)
	}
	return s[:8] + iso8583.Hidden + s[len(s)-4:]
}

// uin shows whose id it is; by the whole anybody may look a fine up.
func (c inspectISO20022) uin(s string) string {
	if c.Unmask || len(s) < 20 || strings.Trim(s, "0123456789") != "" {
		return c.hide(s)
	}
	return s[:3] + iso8583.Hidden
}

// inn shows the number of a firm, which is public.
func (c inspectISO20022) inn(s string) string {
	if len(s) == 10 && requisites.INN(s) == nil {
		return s
	}
	return c.hide(s)
}

func (c inspectISO20022) transfer(t iso20022.Transfer) object {
	out := said(member{"end_to_end", t.ID.EndToEnd}, member{"uetr", t.ID.UETR}, member{"instruction", t.ID.Instruction}, member{"transaction", t.ID.Transaction})
	out = append(out, sum(t.Amount)...)
	out = append(out, said(member{"day", t.Day})...)
	if t.Type != nil && t.Type.Priority != "" {
		out = append(out, member{"urgent", t.Type.Priority == iso20022.Urgent})
	}
	out = append(out,
		member{"payer", c.side(t.Payer, t.PayerAccount, t.PayerBank, t.PayerBankCorr)},
		member{"payee", c.side(t.Payee, t.PayeeAccount, t.PayeeBank, t.PayeeBankCorr)})
	out = append(out, said(member{"purpose", c.hide(t.Remittance.Text())}, member{"uin", c.uin(t.Remittance.UIN())})...)
	if t.Tax != nil {
		out = append(out, member{"budget", c.budget(*t.Tax)})
	}
	return append(out, member{"flaws", flawsOf(t)})
}

func (c inspectISO20022) side(p iso20022.Party, a iso20022.Account, bank iso20022.Agent, corr *iso20022.Account) object {
	out := said(member{"name", c.hide(p.Name)}, member{"inn", c.inn(p.INN())}, member{"account", c.account(a.Number())},
		member{"account_is", meansAccount(a.Number(), bank.BIK())}, member{"bik", bank.BIK()})
	if corr != nil {
		out = append(out, member{"corr_account", corr.Number()})
	}
	return out
}

func (c inspectISO20022) budget(t iso20022.Tax) object {
	// What has not the form of its field may be anything.
	formed := func(s string, check func(string) *requisites.Flaw) string {
		if check(s) != nil {
			return c.hide(s)
		}
		return s
	}
	out := said(member{"oktmo", formed(t.Zone, requisites.OKTMO)}, member{"number", c.hide(t.Number)}, member{"day", t.Day})
	for _, r := range t.Record {
		out = append(out, said(member{"payer_status", formed(r.Status, requisites.Status)}, member{"kbk", formed(r.Code, requisites.KBK)},
			member{"basis", formed(r.Basis, requisites.Basis)}, member{"period", formed(r.Period, requisites.Period)})...)
	}
	if out == nil {
		out = object{}
	}
	return out
}

// flawsOf holds the requisites inside a message against their check digits;
// the message is right without that, its money would come back.
func flawsOf(t iso20022.Transfer) []toldFlaw {
	out := []toldFlaw{}
	add := func(side string, f *requisites.Flaw) {
		if f != nil {
			out = append(out, toldFlaw{side + "." + string(f.Field), string(f.Reason), f.At, f.Warning, says(f)})
		}
	}
	for _, s := range []struct {
		name    string
		account iso20022.Account
		bank    iso20022.Agent
		corr    *iso20022.Account
		party   iso20022.Party
	}{{"payer", t.PayerAccount, t.PayerBank, t.PayerBankCorr, t.Payer}, {"payee", t.PayeeAccount, t.PayeeBank, t.PayeeBankCorr, t.Payee}} {
		if f := requisites.BIK(s.bank.BIK()); f != nil {
			add(s.name, f)
			continue
		}
		add(s.name, requisites.Account(s.account.Number(), s.bank.BIK()))
		if s.corr != nil {
			add(s.name, requisites.CorrAccount(s.corr.Number(), s.bank.BIK()))
		}
		if n := s.party.INN(); n != "" {
			add(s.name, requisites.INN(n))
		}
	}
	if id := t.Remittance.UIN(); id != "" {
		add("payee", requisites.UIN(id))
	}
	return out
}

// sum shows an amount, roubles also in kopecks.
func sum(a iso20022.Amount) object {
	out := object{{"amount", a.Value + " " + a.Currency}}
	if m, ok := a.Money(); ok {
		out = append(out, member{"amount_minor", strconv.FormatInt(m.Minor, 10)})
	}
	return out
}

func (c inspectISO20022) message(g iso20022.GroupStatus) object {
	return append(object{{"message", g.Message}, {"of", g.Kind}, {"status", string(g.Status)}, {"outcome", outcome(g.Status)}}, c.reasons(g.Reasons)...)
}

func (c inspectISO20022) status(s iso20022.TxStatus) object {
	out := said(member{"end_to_end", s.EndToEnd}, member{"uetr", s.UETR}, member{"status", string(s.Status)}, member{"outcome", outcome(s.Status)})
	if s.Group != nil {
		out = append(out, member{"message", s.Group.Message})
	}
	return append(out, c.reasons(s.Reasons)...)
}

func (c inspectISO20022) back(r iso20022.Return) object {
	out := said(member{"end_to_end", r.EndToEnd}, member{"uetr", r.UETR}, member{"return", r.ID})
	out = append(out, sum(r.Amount)...)
	if r.OriginalAmount != nil {
		out = append(out, member{"original_amount", r.OriginalAmount.Value + " " + r.OriginalAmount.Currency})
	}
	return append(out, c.reasons(r.Reasons)...)
}

// statement shows an account's day. It adds up, or it would not have been read.
func (c inspectISO20022) statement(s iso20022.Statement) object {
	kopecks := func(kind string) string {
		m, _ := s.Balance(kind)
		return strconv.FormatInt(m.Minor, 10)
	}
	out := said(member{"account", c.account(s.Account.Number())}, member{"number", s.Number})
	if s.Period != nil {
		out = append(out, member{"from", s.Period.From}, member{"to", s.Period.To})
	}
	return append(out, member{"opening_minor", kopecks(iso20022.Opening)}, member{"closing_minor", kopecks(iso20022.Closing)},
		member{"entries", each(s.Entries, c.entry)})
}

func (c inspectISO20022) entry(e iso20022.Entry) object {
	way := "in"
	if e.Side == iso20022.Debit {
		way = "out"
	}
	out := append(said(member{"entry", e.Reference}, member{"way", way}), sum(e.Amount)...)
	if e.Booked != nil {
		out = append(out, member{"booked", e.Booked.Day + e.Booked.Time})
	}
	code := e.Code.Domain
	out = append(out, member{"code", code.Code + "-" + code.Family.Code + "-" + code.Family.Sub})
	transfers := []object{}
	for _, part := range e.Details {
		transfers = append(transfers, each(part.Transfers, func(t iso20022.EntryTransfer) object {
			return said(member{"end_to_end", t.Refs.EndToEnd}, member{"uetr", t.Refs.UETR}, member{"message", t.Refs.Message}, member{"purpose", c.hide(t.Remittance.Text())})
		})...)
	}
	return append(out, member{"transfers", transfers})
}

// outcome says what a status means to the payer.
func outcome(s iso20022.Status) string {
	return map[iso20022.Outcome]string{iso20022.Done: "done", iso20022.Refused: "refused", iso20022.Open: "open: ask, never send again"}[s.Outcome()]
}

// reasons shows why. The text is the other side's own and may tell of people.
func (c inspectISO20022) reasons(list []iso20022.StatusReason) object {
	if len(list) == 0 {
		return nil
	}
	return object{{"reasons", each(list, func(r iso20022.StatusReason) object {
		out := object{}
		if r.Reason != nil {
			out = append(out, said(member{"code", r.Reason.Code}, member{"own", r.Reason.Own}, member{"says", iso20022.Explain(r.Reason.Code)})...)
		}
		return append(out, said(member{"text", c.hide(strings.Join(r.Text, " "))})...)
	})}}
}
