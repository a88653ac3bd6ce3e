package iso20022

import "strconv"

// Message is one of the four messages.
type Message interface {
	// Kind is the message's name in the standard, pacs.008.001.09.
	Kind() string
	// rules checks what no schema tells: sums and counts.
	rules() *Error
}

// The messages' names in the standard.
const (
	Pacs008 = "pacs.008.001.09"
	Pacs002 = "pacs.002.001.11"
	Pacs004 = "pacs.004.001.10"
	Camt053 = "camt.053.001.08"
)

// Kind is pacs.008.001.09.
func (*CreditTransfer) Kind() string { return Pacs008 }

// Kind is pacs.002.001.11.
func (*StatusReport) Kind() string { return Pacs002 }

// Kind is pacs.004.001.10.
func (*PaymentReturn) Kind() string { return Pacs004 }

// space begins the name space of every message.
const space = "urn:iso:std:iso:20022:tech:xsd:"

// known makes an empty message by its name, and gives the name of the element
// that holds it.
func known(kind string) (m Message, element string) {
	switch kind {
	case Pacs008:
		return new(CreditTransfer), "FIToFICstmrCdtTrf"
	case Pacs002:
		return new(StatusReport), "FIToFIPmtStsRpt"
	case Pacs004:
		return new(PaymentReturn), "PmtRtr"
	case Camt053:
		return new(Statements), "BkToCstmrStmt"
	}
	return nil, ""
}

func (m *CreditTransfer) rules() *Error {
	sums := make([]Amount, len(m.Transfers))
	seen := map[string]bool{}
	for i, t := range m.Transfers {
		sums[i] = t.Amount
		if seen[t.ID.EndToEnd] {
			return &Error{indexed("CdtTrfTxInf", i) + "/PmtId/EndToEndId", Same}
		}
		seen[t.ID.EndToEnd] = true
	}
	return adds(m.Header.Count, m.Header.Total, sums, "TtlIntrBkSttlmAmt")
}

func (m *PaymentReturn) rules() *Error {
	sums := make([]Amount, len(m.Returns))
	for i, r := range m.Returns {
		sums[i] = r.Amount
	}
	return adds(m.Header.Count, m.Header.Total, sums, "TtlRtrdIntrBkSttlmAmt")
}

func (m *StatusReport) rules() *Error {
	if len(m.Messages)+len(m.Statuses) == 0 {
		return &Error{"TxInfAndSts", Missing}
	}
	return nil
}

// adds holds what a header tells against what follows.
func adds(count string, total *Amount, sums []Amount, name string) *Error {
	if count != strconv.Itoa(len(sums)) {
		return &Error{"GrpHdr/NbOfTxs", Count}
	}
	if total == nil {
		return nil
	}
	want, ok := total.Money()
	for _, s := range sums {
		part, good := s.Money()
		left, err := want.Sub(part)
		want, ok = left, ok && good && err == nil
	}
	if !ok || !want.IsZero() {
		return &Error{"GrpHdr/" + name, Total}
	}
	return nil
}
