package iso20022

// StatusReport is pacs.002.001.11: what has become of a message or of its
// transfers.
type StatusReport struct {
	Header   ReportHeader  `xml:"GrpHdr"`
	Messages []GroupStatus `xml:"OrgnlGrpInfAndSts,omitempty"`
	Statuses []TxStatus    `xml:"TxInfAndSts,omitempty"`
}

// ReportHeader is about the report.
type ReportHeader struct {
	ID      string `xml:"MsgId" iso:"35"`
	Created string `xml:"CreDtTm" iso:"time"`
	From    *Agent `xml:"InstgAgt,omitempty"`
	To      *Agent `xml:"InstdAgt,omitempty"`
}

// GroupStatus is about a whole message.
type GroupStatus struct {
	Message string         `xml:"OrgnlMsgId" iso:"35"`
	Kind    string         `xml:"OrgnlMsgNmId" iso:"35"`
	Created string         `xml:"OrgnlCreDtTm,omitempty" iso:"time"`
	Status  Status         `xml:"GrpSts" iso:"word 4"`
	Reasons []StatusReason `xml:"StsRsnInf,omitempty"`
}

// TxStatus is about one transfer.
type TxStatus struct {
	ID          string         `xml:"StsId,omitempty" iso:"35"`
	Group       *OriginalGroup `xml:"OrgnlGrpInf,omitempty"`
	Instruction string         `xml:"OrgnlInstrId,omitempty" iso:"35"`
	EndToEnd    string         `xml:"OrgnlEndToEndId" iso:"35"`
	Transaction string         `xml:"OrgnlTxId,omitempty" iso:"35"`
	UETR        string         `xml:"OrgnlUETR,omitempty" iso:"uetr"`
	Status      Status         `xml:"TxSts" iso:"word 4"`
	Reasons     []StatusReason `xml:"StsRsnInf,omitempty"`
	Taken       string         `xml:"AccptncDtTm,omitempty" iso:"time"`
	Reference   string         `xml:"AcctSvcrRef,omitempty" iso:"35"`
}

// OriginalGroup names an earlier message.
type OriginalGroup struct {
	Message string `xml:"OrgnlMsgId" iso:"35"`
	Kind    string `xml:"OrgnlMsgNmId" iso:"35"`
	Created string `xml:"OrgnlCreDtTm,omitempty" iso:"time"`
}

// StatusReason is why.
type StatusReason struct {
	Reason *CodeOrOwn `xml:"Rsn,omitempty" iso:"choice"`
	Text   []string   `xml:"AddtlInf,omitempty" iso:"105"`
}

// Status is how a transfer stands.
type Status string

// The statuses that banks use.
const (
	Received  Status = "RCVD"
	Accepted  Status = "ACCP" // checked
	Technical Status = "ACTC" // well-formed
	InProcess Status = "ACSP"
	Settled   Status = "ACSC" // between the banks
	Credited  Status = "ACCC" // on the payee's account
	Pending   Status = "PDNG"
	Rejected  Status = "RJCT"
)

// Outcome is what a status means to the payer.
type Outcome int

// A status that is not known leaves a transfer open: it is asked about, never
// taken for an end.
const (
	Open Outcome = iota
	Done
	Refused
)

// Outcome tells whether the transfer has come to an end.
func (s Status) Outcome() Outcome {
	switch s {
	case Settled, Credited:
		return Done
	case Rejected:
		return Refused
	}
	return Open
}

// PaymentReturn is pacs.004.001.10: money that comes back.
type PaymentReturn struct {
	Header  ReturnHeader `xml:"GrpHdr"`
	Returns []Return     `xml:"TxInf"`
}

// ReturnHeader is about all returns of a message.
type ReturnHeader struct {
	ID         string     `xml:"MsgId" iso:"35"`
	Created    string     `xml:"CreDtTm" iso:"time"`
	Count      string     `xml:"NbOfTxs" iso:"count"`
	Total      *Amount    `xml:"TtlRtrdIntrBkSttlmAmt,omitempty"`
	Day        string     `xml:"IntrBkSttlmDt,omitempty" iso:"date"`
	Settlement Settlement `xml:"SttlmInf"`
	From       *Agent     `xml:"InstgAgt,omitempty"`
	To         *Agent     `xml:"InstdAgt,omitempty"`
}

// Return is one transfer that comes back, whole or in part.
type Return struct {
	ID             string         `xml:"RtrId,omitempty" iso:"35"`
	Group          *OriginalGroup `xml:"OrgnlGrpInf,omitempty"`
	Instruction    string         `xml:"OrgnlInstrId,omitempty" iso:"35"`
	EndToEnd       string         `xml:"OrgnlEndToEndId" iso:"35"`
	Transaction    string         `xml:"OrgnlTxId,omitempty" iso:"35"`
	UETR           string         `xml:"OrgnlUETR,omitempty" iso:"uetr"`
	OriginalAmount *Amount        `xml:"OrgnlIntrBkSttlmAmt,omitempty"`
	OriginalDay    string         `xml:"OrgnlIntrBkSttlmDt,omitempty" iso:"date"`
	Amount         Amount         `xml:"RtrdIntrBkSttlmAmt"`
	Day            string         `xml:"IntrBkSttlmDt,omitempty" iso:"date"`
	Charges        string         `xml:"ChrgBr,omitempty" iso:"set SLEV SHAR DEBT CRED"`
	Reasons        []StatusReason `xml:"RtrRsnInf,omitempty"`
}
