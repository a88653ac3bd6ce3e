package threeds

import (
	"encoding/base64"
	"errors"
	"strings"
)

// CReq brings the buyer's browser to the ACS.
type CReq struct {
	ServerTransID  string      `json:"threeDSServerTransID"`
	ACSTransID     string      `json:"acsTransID"`
	Window         WindowSize  `json:"challengeWindowSize"`
	MessageType    MessageType `json:"messageType"`
	MessageVersion string      `json:"messageVersion"`
}

// CRes is how it ended, sent back through the browser. It carries no proof:
// what the shop may rely on comes by RReq.
type CRes struct {
	ServerTransID string `json:"threeDSServerTransID"`
	ACSTransID    string `json:"acsTransID"`
	// Completion is asked for in apps only; browsers' shops mostly get it and
	// must not depend on it.
	Completion     string      `json:"challengeCompletionInd,omitempty"`
	MessageType    MessageType `json:"messageType"`
	MessageVersion string      `json:"messageVersion"`
	Status         Status      `json:"transStatus"`
}

var creqTable = []element{
	{"threeDSServerTransID", idForm, always},
	{"acsTransID", idForm, always},
	{"challengeWindowSize", twoDigits(1, 5), always},
	{"messageType", oneOf(TypeCReq), always},
	{"messageVersion", oneOf(Version), always},
	{"messageExtension", extensions, nil},
}

var cresTable = []element{
	{"threeDSServerTransID", idForm, always},
	{"acsTransID", idForm, always},
	{"challengeCompletionInd", yesNo, nil},
	{"messageType", oneOf(TypeCRes), always},
	{"messageVersion", oneOf(Version), always},
	{"transStatus", oneOf(Authenticated, Denied), always},
}

// ParseCReq reads the field `creq` of a browser's form: base64url, with or
// without padding.
func ParseCReq(field string) (CReq, *Erro) { return Reader{}.ParseCReq(field) }

// ParseCReq reads the field `creq` of a browser's form.
func (rd Reader) ParseCReq(field string) (CReq, *Erro) {
	body, err := decodeForm(field)
	if err != nil {
		return CReq{}, rd.erro(MessageInvalid, TypeCReq, "creq is not base64url")
	}
	m, bad := rd.read(body, TypeCReq, creqTable)
	if bad != nil {
		return CReq{}, bad
	}
	var c CReq
	if wrong := m.fill(creqTable, &c); wrong != "" {
		return CReq{}, m.about(rd.erro(FormatInvalid, TypeCReq, wrong))
	}
	return c, nil
}

// Against holds a CReq against the transaction it names: both numbers (301)
// and the version of its AReq (203).
func (c CReq) Against(serverTransID, acsTransID, version string) *Erro {
	switch {
	case c.ACSTransID != acsTransID:
		return NewErro(ACS, TransactionUnknown, TypeCReq, "acsTransID").About(c.ServerTransID, "", c.ACSTransID)
	case c.ServerTransID != serverTransID:
		return NewErro(ACS, TransactionUnknown, TypeCReq, "threeDSServerTransID").About(c.ServerTransID, "", c.ACSTransID)
	case c.MessageVersion != version:
		return NewErro(ACS, FormatInvalid, TypeCReq, "messageVersion").About(c.ServerTransID, "", c.ACSTransID)
	}
	return nil
}

// EncodeCReq gives the field `creq` for a shop's form.
func EncodeCReq(c CReq) string {
	c.MessageType, c.MessageVersion = TypeCReq, Version
	return base64.RawURLEncoding.EncodeToString(encode(c))
}

// EncodeCRes gives the field `cres` of the form that sends the browser back.
// The end of a challenge in a browser is Y or N and nothing else.
func EncodeCRes(c CRes) string {
	c.MessageType, c.MessageVersion, c.Completion = TypeCRes, Version, Yes
	if c.Status != Authenticated {
		c.Status = Denied
	}
	return base64.RawURLEncoding.EncodeToString(encode(c))
}

// ParseCRes reads the field `cres` for a shop.
func ParseCRes(field string) (CRes, *Erro) {
	rd := Reader{Component: Server}
	body, err := decodeForm(field)
	if err != nil {
		return CRes{}, rd.erro(MessageInvalid, TypeCRes, "cres is not base64url")
	}
	m, bad := rd.read(body, TypeCRes, cresTable)
	if bad != nil {
		return CRes{}, bad
	}
	var c CRes
	if wrong := m.fill(cresTable, &c); wrong != "" {
		return CRes{}, m.about(rd.erro(FormatInvalid, TypeCRes, wrong))
	}
	return c, nil
}

// ErrSessionData tells threeDSSessionData that cannot be given back: longer
// than MaxSessionData or of other letters than base64url's.
var ErrSessionData = errors.New("threeds: threeDSSessionData is too long or not base64url")

// CheckSessionData judges threeDSSessionData, which goes back unchanged. None
// at all is right: then none goes back.
func CheckSessionData(s string) error {
	if len(s) > MaxSessionData || strings.ContainsFunc(strings.TrimRight(s, "="), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	}) {
		return ErrSessionData
	}
	return nil
}

var errForm = errors.New("threeds: not base64url")

// decodeForm reads base64url, padded or not. The letters + and / of the other
// base64 are refused: in a form a + is a blank for some and a + for others.
func decodeForm(s string) ([]byte, error) {
	if len(s) > base64.URLEncoding.EncodedLen(MaxBody) || strings.ContainsAny(s, "+/\r\n") {
		return nil, errForm
	}
	raw := strings.TrimRight(s, "=")
	if pad := len(s) - len(raw); pad > 2 || pad > 0 && len(s)%4 != 0 {
		return nil, errForm
	}
	return base64.RawURLEncoding.DecodeString(raw)
}
