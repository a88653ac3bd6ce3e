package iso20022

// CreditTransfer is pacs.008.001.09: money that one bank sends to another for
// their clients.
type CreditTransfer struct {
	Header    TransferHeader `xml:"GrpHdr"`
	Transfers []Transfer     `xml:"CdtTrfTxInf"`
}

// TransferHeader is about all transfers of a message.
type TransferHeader struct {
	ID         string     `xml:"MsgId" iso:"35"`
	Created    string     `xml:"CreDtTm" iso:"time"`
	Count      string     `xml:"NbOfTxs" iso:"count"`
	Total      *Amount    `xml:"TtlIntrBkSttlmAmt,omitempty"`
	Day        string     `xml:"IntrBkSttlmDt,omitempty" iso:"date"`
	Settlement Settlement `xml:"SttlmInf"`
	From       *Agent     `xml:"InstgAgt,omitempty"`
	To         *Agent     `xml:"InstdAgt,omitempty"`
}

// Settlement says how the banks settle.
type Settlement struct {
	Method string `xml:"SttlmMtd" iso:"set CLRG INDA INGA"`
}

// ByClearing is the method of a payment system.
const ByClearing = "CLRG"

// Transfer is one transfer.
type Transfer struct {
	ID     PaymentID `xml:"PmtId"`
	Type   *Type     `xml:"PmtTpInf,omitempty"`
	Amount Amount    `xml:"IntrBkSttlmAmt"`
	Day    string    `xml:"IntrBkSttlmDt,omitempty" iso:"date"`
	// Taken is when the payer's bank took the order.
	Taken         string      `xml:"AccptncDtTm,omitempty" iso:"time"`
	Charges       string      `xml:"ChrgBr" iso:"set SLEV SHAR DEBT CRED"`
	From          *Agent      `xml:"InstgAgt,omitempty"`
	To            *Agent      `xml:"InstdAgt,omitempty"`
	Payer         Party       `xml:"Dbtr"`
	PayerAccount  Account     `xml:"DbtrAcct"`
	PayerBank     Agent       `xml:"DbtrAgt"`
	PayerBankCorr *Account    `xml:"DbtrAgtAcct,omitempty"`
	PayeeBank     Agent       `xml:"CdtrAgt"`
	PayeeBankCorr *Account    `xml:"CdtrAgtAcct,omitempty"`
	Payee         Party       `xml:"Cdtr"`
	PayeeAccount  Account     `xml:"CdtrAcct"`
	Purpose       *CodeOrOwn  `xml:"Purp,omitempty" iso:"choice"`
	Tax           *Tax        `xml:"Tax,omitempty"`
	Remittance    *Remittance `xml:"RmtInf,omitempty"`
}

// ByAgreement: each side bears the charges it has agreed to.
const ByAgreement = "SLEV"

// PaymentID are the names of a transfer. EndToEnd is ours and never changes:
// by it the other side tells a repetition.
type PaymentID struct {
	Instruction string `xml:"InstrId,omitempty" iso:"35"`
	EndToEnd    string `xml:"EndToEndId" iso:"35"`
	Transaction string `xml:"TxId,omitempty" iso:"35"`
	UETR        string `xml:"UETR,omitempty" iso:"uetr"`
}

// Type says how urgent a transfer is and by which service it goes.
type Type struct {
	Priority string      `xml:"InstrPrty,omitempty" iso:"set HIGH NORM"`
	Services []CodeOrOwn `xml:"SvcLvl,omitempty" iso:"choice"`
}

// Priorities of a transfer.
const (
	Urgent = "HIGH"
	Usual  = "NORM"
)

// CodeOrOwn is a word of the standard's lists, or one that two banks have
// agreed on.
type CodeOrOwn struct {
	Code string `xml:"Cd,omitempty" iso:"word 4"`
	Own  string `xml:"Prtry,omitempty" iso:"35"`
}

// String gives the word.
func (c CodeOrOwn) String() string { return c.Code + c.Own }

// Party is a payer or a payee.
type Party struct {
	Name string   `xml:"Nm" iso:"140"`
	ID   *PartyID `xml:"Id,omitempty" iso:"choice"`
}

// PartyID are the numbers of a firm or of a person.
type PartyID struct {
	Firm   *IDs `xml:"OrgId,omitempty"`
	Person *IDs `xml:"PrvtId,omitempty"`
}

// IDs are numbers of somebody.
type IDs struct {
	Others []OtherID `xml:"Othr"`
}

// OtherID is a number and what kind it is.
type OtherID struct {
	ID     string     `xml:"Id" iso:"35"`
	Scheme *CodeOrOwn `xml:"SchmeNm,omitempty" iso:"choice"`
	Issuer string     `xml:"Issr,omitempty" iso:"35"`
}

// Agent is a bank.
type Agent struct {
	Bank FinancialInstitution `xml:"FinInstnId"`
}

// FinancialInstitution names a bank by its БИК.
type FinancialInstitution struct {
	Member Member `xml:"ClrSysMmbId"`
	Name   string `xml:"Nm,omitempty" iso:"140"`
}

// Member is a member of a clearing system.
type Member struct {
	System ClearingSystem `xml:"ClrSysId"`
	ID     string         `xml:"MmbId" iso:"bik"`
}

// ClearingSystem is that of the Bank of Russia.
type ClearingSystem struct {
	Code string `xml:"Cd" iso:"set RUCBC"`
}

// Account is an account by its number; Russia has no IBAN.
type Account struct {
	ID       AccountID `xml:"Id"`
	Currency string    `xml:"Ccy,omitempty" iso:"currency"`
}

// AccountID is the standard's choice of which one alternative is used here.
type AccountID struct {
	Other AccountNumber `xml:"Othr"`
}

// AccountNumber is a number that is no IBAN.
type AccountNumber struct {
	Number string `xml:"Id" iso:"34"`
}

// Remittance tells the payee what he is paid for.
type Remittance struct {
	Lines      []string    `xml:"Ustrd,omitempty" iso:"140"`
	References []Reference `xml:"Strd,omitempty"`
}

// Reference is a reference by which the payee knows the payment.
type Reference struct {
	Creditor CreditorReference `xml:"CdtrRefInf"`
}

// CreditorReference is of a kind that both sides know; УИН stands here.
type CreditorReference struct {
	Type *ReferenceType `xml:"Tp,omitempty"`
	Ref  string         `xml:"Ref" iso:"35"`
}

// ReferenceType is the kind of a reference.
type ReferenceType struct {
	Word ReferenceWord `xml:"CdOrPrtry" iso:"choice"`
}

// ReferenceWord is one of the schema's six words, or one's own.
type ReferenceWord struct {
	Code string `xml:"Cd,omitempty" iso:"set RADM RPIN FXDR DISP PUOR SCOR"`
	Own  string `xml:"Prtry,omitempty" iso:"35"`
}

// Tax are the fields of a payment to the budget.
type Tax struct {
	Payee  *TaxParty   `xml:"Cdtr,omitempty"`
	Payer  *TaxParty   `xml:"Dbtr,omitempty"`
	Zone   string      `xml:"AdmstnZone,omitempty" iso:"35"` // 105, ОКТМО
	Number string      `xml:"RefNb,omitempty" iso:"140"`     // 108
	Day    string      `xml:"Dt,omitempty" iso:"date"`       // 109
	Record []TaxRecord `xml:"Rcrd,omitempty"`
}

// TaxParty is somebody as the tax service knows him.
type TaxParty struct {
	ID   string `xml:"TaxId,omitempty" iso:"35"` // ИНН
	Type string `xml:"TaxTp,omitempty" iso:"35"` // КПП
}

// TaxRecord is what is paid.
type TaxRecord struct {
	Basis  string `xml:"Ctgy,omitempty" iso:"35"`      // 106
	Code   string `xml:"CtgyDtls,omitempty" iso:"35"`  // 104, КБК
	Status string `xml:"DbtrSts,omitempty" iso:"35"`   // 101
	Period string `xml:"AddtlInf,omitempty" iso:"140"` // 107, as it is written in the order
}
