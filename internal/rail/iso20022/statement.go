package iso20022

import "rocketbank/internal/base/money"

// Statements is camt.053.001.08: what the partner bank has booked on our
// accounts in a day. Reconciliation holds it against our own books.
type Statements struct {
	Header     StatementHeader `xml:"GrpHdr"`
	Statements []Statement     `xml:"Stmt"`
}

// StatementHeader is about the file.
type StatementHeader struct {
	ID      string `xml:"MsgId" iso:"35"`
	Created string `xml:"CreDtTm" iso:"time"`
}

// Statement is of one account.
type Statement struct {
	ID       string        `xml:"Id" iso:"35"`
	Number   string        `xml:"ElctrncSeqNb,omitempty" iso:"count"`
	Created  string        `xml:"CreDtTm,omitempty" iso:"time"`
	Period   *Span         `xml:"FrToDt,omitempty"`
	Account  StatedAccount `xml:"Acct"`
	Balances []Balance     `xml:"Bal"`
	Entries  []Entry       `xml:"Ntry,omitempty"`
}

// Span is from when to when.
type Span struct {
	From string `xml:"FrDtTm" iso:"time"`
	To   string `xml:"ToDtTm" iso:"time"`
}

// StatedAccount is the account and the bank that keeps it.
type StatedAccount struct {
	ID       AccountID `xml:"Id"`
	Currency string    `xml:"Ccy,omitempty" iso:"currency"`
	Bank     *Agent    `xml:"Svcr,omitempty"`
}

// Number gives the account's number.
func (a StatedAccount) Number() string { return a.ID.Other.Number }

// Balance is a sum on the account; Side says whose it is.
type Balance struct {
	Type   BalanceType `xml:"Tp"`
	Amount Amount      `xml:"Amt" iso:"zero"`
	Side   string      `xml:"CdtDbtInd" iso:"set CRDT DBIT"`
	Day    DayOrTime   `xml:"Dt" iso:"choice"`
}

// BalanceType says which balance it is.
type BalanceType struct {
	Word CodeOrOwn `xml:"CdOrPrtry" iso:"choice"`
}

// The balances that a statement has once each; others may stand beside them.
const (
	Opening = "OPBD"
	Closing = "CLBD"
)

// Sides of an entry and of a balance.
const (
	Credit = "CRDT" // to the account
	Debit  = "DBIT"
)

// DayOrTime is a day, or a moment.
type DayOrTime struct {
	Day  string `xml:"Dt,omitempty" iso:"date"`
	Time string `xml:"DtTm,omitempty" iso:"time"`
}

// Entry is one line of the account. Only what is booked stands in a statement;
// a reversal has Side as it moves the money.
type Entry struct {
	Reference string       `xml:"NtryRef,omitempty" iso:"35"`
	Amount    Amount       `xml:"Amt"`
	Side      string       `xml:"CdtDbtInd" iso:"set CRDT DBIT"`
	Reversal  string       `xml:"RvslInd,omitempty" iso:"set true false"`
	Status    EntryStatus  `xml:"Sts"`
	Booked    *DayOrTime   `xml:"BookgDt,omitempty" iso:"choice"`
	Value     *DayOrTime   `xml:"ValDt,omitempty" iso:"choice"`
	Servicer  string       `xml:"AcctSvcrRef,omitempty" iso:"35"`
	Code      BankCode     `xml:"BkTxCd"`
	Details   []EntryParts `xml:"NtryDtls,omitempty"`
}

// EntryStatus is BOOK.
type EntryStatus struct {
	Code string `xml:"Cd" iso:"set BOOK"`
}

// BankCode says what kind of movement it was: PMNT, ICDT, DMCT is a transfer.
type BankCode struct {
	Domain Domain `xml:"Domn"`
}

// Domain is the first of the code's three words.
type Domain struct {
	Code   string `xml:"Cd" iso:"word 4"`
	Family Family `xml:"Fmly"`
}

// Family holds the other two.
type Family struct {
	Code string `xml:"Cd" iso:"word 4"`
	Sub  string `xml:"SubFmlyCd" iso:"word 4"`
}

// EntryParts are the transfers that an entry is made of.
type EntryParts struct {
	Transfers []EntryTransfer `xml:"TxDtls"`
}

// EntryTransfer is one of them.
type EntryTransfer struct {
	Refs       Refs        `xml:"Refs"`
	Amount     *Amount     `xml:"Amt,omitempty"`
	Side       string      `xml:"CdtDbtInd,omitempty" iso:"set CRDT DBIT"`
	Remittance *Remittance `xml:"RmtInf,omitempty"`
}

// Refs are the names of a transfer, as its message had them.
type Refs struct {
	Message     string `xml:"MsgId,omitempty" iso:"35"`
	Servicer    string `xml:"AcctSvcrRef,omitempty" iso:"35"`
	Instruction string `xml:"InstrId,omitempty" iso:"35"`
	EndToEnd    string `xml:"EndToEndId,omitempty" iso:"35"`
	UETR        string `xml:"UETR,omitempty" iso:"uetr"`
	Transaction string `xml:"TxId,omitempty" iso:"35"`
}

// Kind is camt.053.001.08.
func (*Statements) Kind() string { return Camt053 }

// signed gives a sum as it changes the account.
func signed(a Amount, side string) (money.Amount, bool) {
	m, ok := a.Money()
	if side == Debit {
		neg, err := m.Neg()
		return neg, ok && err == nil
	}
	return m, ok
}

// Balance gives one of the balances, negative when it is the bank's; false when
// it does not stand there exactly once or is not in roubles.
func (s Statement) Balance(kind string) (money.Amount, bool) {
	sum, found := money.Amount{}, 0
	for _, b := range s.Balances {
		if b.Type.Word.Code != kind {
			continue
		}
		m, ok := signed(b.Amount, b.Side)
		if !ok {
			return money.Amount{}, false
		}
		sum, found = m, found+1
	}
	return sum, found == 1
}

// rules adds every statement up: the opening balance and the entries are the
// closing balance.
func (m *Statements) rules() *Error {
	for i, s := range m.Statements {
		path := indexed("Stmt", i) + "/Bal"
		sum, ok := s.Balance(Opening)
		closing, had := s.Balance(Closing)
		if !ok || !had {
			return &Error{path, Missing}
		}
		for j, e := range s.Entries {
			part, ok := signed(e.Amount, e.Side)
			next, err := sum.Add(part)
			if !ok || err != nil {
				return &Error{indexed("Stmt", i) + "/" + indexed("Ntry", j) + "/Amt", Sum}
			}
			sum = next
		}
		if sum != closing {
			return &Error{path, Total}
		}
	}
	return nil
}
