package threeds

import "fmt"

// PReq asks a directory for the card ranges that take part.
type PReq struct {
	MessageType     MessageType `json:"messageType"`
	MessageVersion  string      `json:"messageVersion"`
	ServerTransID   string      `json:"threeDSServerTransID"`
	ServerRefNumber string      `json:"threeDSServerRefNumber"`
	ServerOperator  string      `json:"threeDSServerOperatorID,omitempty"`
	SerialNum       string      `json:"serialNum,omitempty"` // of the last load
}

// PRes gives the ranges.
type PRes struct {
	MessageType    MessageType `json:"messageType"`
	MessageVersion string      `json:"messageVersion"`
	ServerTransID  string      `json:"threeDSServerTransID"`
	DSTransID      string      `json:"dsTransID"`
	DSStart        string      `json:"dsStartProtocolVersion"`
	DSEnd          string      `json:"dsEndProtocolVersion"`
	SerialNum      string      `json:"serialNum"`
	Ranges         []CardRange `json:"cardRangeData,omitempty"`
}

// ACSInfo is what an ACS can do for a range (acsInfoInd).
type ACSInfo string

// What an ACS can do.
const (
	CanAuthenticate ACSInfo = "01"
	CanAttempt      ACSInfo = "02"
	CanDecouple     ACSInfo = "03"
	CanWhitelist    ACSInfo = "04"
)

// CardRange is what an ACS tells the directory about cards of its bank.
type CardRange struct {
	Start     string    `json:"startRange"` // 13–19 digits, as many as End
	End       string    `json:"endRange"`
	Action    string    `json:"actionInd,omitempty"` // A add, D delete, M modify
	ACSStart  string    `json:"acsStartProtocolVersion"`
	ACSEnd    string    `json:"acsEndProtocolVersion"`
	MethodURL string    `json:"threeDSMethodURL,omitempty"`
	Info      []ACSInfo `json:"acsInfoInd,omitempty"`
}

// Check judges a range before it is given to the directory.
func (c CardRange) Check() error { return Reader{}.CheckRange(c) }

// CheckRange judges a range.
func (rd Reader) CheckRange(c CardRange) error {
	whole := func(s string) bool { return len(s) >= minPAN && len(s) <= maxPAN && digits(s) }
	switch {
	case !whole(c.Start) || !whole(c.End) || len(c.Start) != len(c.End) || c.Start > c.End:
		return fmt.Errorf("threeds: card range %.6s…–%.6s… is none", c.Start, c.End)
	case c.Action != "" && c.Action != "A" && c.Action != "D" && c.Action != "M":
		return fmt.Errorf("threeds: action %q of a card range", c.Action)
	case !versionForm(c.ACSStart) || !versionForm(c.ACSEnd):
		return fmt.Errorf("threeds: versions %q–%q of a card range", c.ACSStart, c.ACSEnd)
	case c.MethodURL != "" && (len(c.MethodURL) > 256 || !rd.SecureURL(c.MethodURL)):
		return fmt.Errorf("threeds: threeDSMethodURL of a card range must be https and ≤ 256 letters")
	}
	for _, i := range c.Info {
		if len(i) != 2 || !digits(string(i)) {
			return fmt.Errorf("threeds: acsInfoInd %q of a card range", i)
		}
	}
	return nil
}

// Holds tells whether a card's number is in the range.
func (c CardRange) Holds(p PAN) bool {
	s := p.Reveal()
	return len(s) == len(c.Start) && len(s) == len(c.End) && s >= c.Start && s <= c.End
}

var preqTable = []element{
	{"messageType", oneOf(TypePReq), always},
	{"messageVersion", oneOf(Version), always},
	{"threeDSServerTransID", idForm, always},
	{"threeDSServerRefNumber", upTo(32), always},
	{"threeDSServerOperatorID", upTo(32), nil},
	{"serialNum", upTo(20), nil},
	{"messageExtension", extensions, nil},
}

// ParsePReq reads a PReq for a directory server.
func ParsePReq(body []byte) (PReq, *Erro) {
	rd := Reader{Component: DirectoryServer}
	m, bad := rd.read(body, TypePReq, preqTable)
	if bad != nil {
		return PReq{}, bad
	}
	var p PReq
	if wrong := m.fill(preqTable, &p); wrong != "" {
		return PReq{}, m.about(rd.erro(FormatInvalid, TypePReq, wrong))
	}
	return p, nil
}

// Encode gives the body to send.
func (p PReq) Encode() []byte {
	p.MessageType, p.MessageVersion = TypePReq, Version
	return encode(p)
}

// Encode gives the body to send.
func (p PRes) Encode() []byte {
	p.MessageType, p.MessageVersion = TypePRes, Version
	return encode(p)
}
