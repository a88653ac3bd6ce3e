package threeds

import "fmt"

// RReq tells the directory how a challenge ended. There is one per
// transaction; a repetition has the same body.
type RReq struct {
	MessageType    MessageType `json:"messageType"`
	MessageVersion string      `json:"messageVersion"`

	ServerTransID string `json:"threeDSServerTransID"`
	DSTransID     string `json:"dsTransID"`
	ACSTransID    string `json:"acsTransID"`

	Category             Category             `json:"messageCategory"`
	AuthenticationType   AuthenticationType   `json:"authenticationType,omitempty"`
	AuthenticationMethod AuthenticationMethod `json:"authenticationMethod,omitempty"`
	// Interactions is how often the holder was asked, "00" to "99".
	Interactions string `json:"interactionCounter"`
	Status       Status `json:"transStatus"`
	Reason       Reason `json:"transStatusReason,omitempty"`
	Cancel       Cancel `json:"challengeCancel,omitempty"`

	ECI                 string `json:"eci,omitempty"`
	AuthenticationValue string `json:"authenticationValue,omitempty"`

	WhiteListStatus       string `json:"whiteListStatus,omitempty"`
	WhiteListStatusSource string `json:"whiteListStatusSource,omitempty"`
}

// RRes answers an RReq.
type RRes struct {
	MessageType    MessageType   `json:"messageType"`
	MessageVersion string        `json:"messageVersion"`
	ServerTransID  string        `json:"threeDSServerTransID"`
	DSTransID      string        `json:"dsTransID"`
	ACSTransID     string        `json:"acsTransID"`
	ResultsStatus  ResultsStatus `json:"resultsStatus"`
}

func proven(m members) bool {
	return inStatus(Authenticated, Attempted)(m) && inPayment(m)
}

var rreqTable = []element{
	{"messageType", oneOf(TypeRReq), always},
	{"messageVersion", oneOf(Version), always},
	{"threeDSServerTransID", idForm, always},
	{"dsTransID", idForm, always},
	{"acsTransID", idForm, always},
	{"messageCategory", twoDigits(1, 2), always},
	{"authenticationType", twoDigits(1, 4), inStatus(Authenticated)},
	{"authenticationMethod", twoDigits(1, 11), inStatus(Authenticated)},
	{"interactionCounter", number(2, 2), always},
	{"transStatus", oneOf(Authenticated, Attempted, Denied, Rejected, Unavailable), always},
	{"transStatusReason", reasonForm, inStatus(Denied, Rejected, Unavailable)},
	{"challengeCancel", oneOf(CancelledByHolder, DecoupledTimedOut, TimedOutACS, FirstCReqNeverCame, CancelledByError, CancelledUnknown, TimedOutSDK), nil},
	{"eci", eciForm, proven},
	{"authenticationValue", valueForm, proven},
	{"whiteListStatus", oneOf("Y", "N", "E", "P", "R", "U"), nil},
	{"whiteListStatusSource", twoDigits(1, 3), nil},
	{"messageExtension", extensions, nil},
}

var rresTable = []element{
	{"messageType", oneOf(TypeRRes), always},
	{"messageVersion", oneOf(Version), always},
	{"threeDSServerTransID", idForm, always},
	{"dsTransID", idForm, always},
	{"acsTransID", idForm, always},
	{"resultsStatus", oneOf(ResultsReceived, CReqNotSent, AResNotDelivered), always},
	{"messageExtension", extensions, nil},
}

// Encode gives the body to send. A result that the protocol does not allow is
// a mistake of the caller's and refused.
func (r RReq) Encode() ([]byte, error) {
	r.MessageType, r.MessageVersion = TypeRReq, Version
	body := encode(r)
	if _, bad := ParseRReq(body); bad != nil {
		return nil, fmt.Errorf("threeds: RReq: %w", bad)
	}
	return body, nil
}

// ParseRReq reads an RReq for a 3DS Server.
func ParseRReq(body []byte) (RReq, *Erro) { return Reader{Component: Server}.ParseRReq(body) }

// ParseRReq reads an RReq.
func (rd Reader) ParseRReq(body []byte) (RReq, *Erro) {
	m, bad := rd.read(body, TypeRReq, rreqTable)
	if bad != nil {
		return RReq{}, bad
	}
	var r RReq
	if wrong := m.fill(rreqTable, &r); wrong != "" {
		return RReq{}, m.about(rd.erro(FormatInvalid, TypeRReq, wrong))
	}
	switch {
	case r.Reason == TimedOutAtACS && r.Cancel != DecoupledTimedOut && r.Cancel != TimedOutACS && r.Cancel != FirstCReqNeverCame:
		return RReq{}, m.about(rd.erro(FormatInvalid, TypeRReq, "transStatusReason,challengeCancel"))
	case r.Cancel != "" && (r.Status == Authenticated || r.Status == Attempted):
		return RReq{}, m.about(rd.erro(FormatInvalid, TypeRReq, "challengeCancel"))
	case r.AuthenticationValue != "" && r.Status != Authenticated && r.Status != Attempted:
		return RReq{}, m.about(rd.erro(FormatInvalid, TypeRReq, "authenticationValue"))
	}
	return r, nil
}

// AnswerRReq is a 3DS Server's RRes to a result.
func AnswerRReq(r RReq, status ResultsStatus) RRes {
	return RRes{
		MessageType: TypeRRes, MessageVersion: Version,
		ServerTransID: r.ServerTransID, DSTransID: r.DSTransID, ACSTransID: r.ACSTransID, ResultsStatus: status,
	}
}

// Encode gives the body to send.
func (r RRes) Encode() []byte { return encode(r) }

// ParseRRes reads the answer to our RReq.
func ParseRRes(body []byte) (RRes, *Erro) { return Reader{}.ParseRRes(body) }

// ParseRRes reads an RRes.
func (rd Reader) ParseRRes(body []byte) (RRes, *Erro) {
	m, bad := rd.read(body, TypeRRes, rresTable)
	if bad != nil {
		return RRes{}, bad
	}
	var r RRes
	if wrong := m.fill(rresTable, &r); wrong != "" {
		return RRes{}, m.about(rd.erro(FormatInvalid, TypeRRes, wrong))
	}
	return r, nil
}

// Against holds an RRes against the result it answers.
func (r RRes) Against(sent RReq) *Erro {
	if r.ServerTransID != sent.ServerTransID || r.DSTransID != sent.DSTransID || r.ACSTransID != sent.ACSTransID {
		return NewErro(ACS, TransactionUnknown, TypeRRes, "acsTransID").About(sent.ServerTransID, sent.DSTransID, sent.ACSTransID)
	}
	return nil
}
