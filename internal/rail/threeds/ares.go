package threeds

import (
	"errors"
	"fmt"
	"slices"
)

// ARes answers an AReq.
type ARes struct {
	MessageType    MessageType `json:"messageType"`
	MessageVersion string      `json:"messageVersion"`

	ServerTransID     string `json:"threeDSServerTransID"`
	DSTransID         string `json:"dsTransID"`
	ACSTransID        string `json:"acsTransID"`
	DSReferenceNumber string `json:"dsReferenceNumber,omitempty"` // added by the directory
	ReferenceNumber   string `json:"acsReferenceNumber"`
	OperatorID        string `json:"acsOperatorID"`

	// Of a challenge.
	ACSURL             string             `json:"acsURL,omitempty"`
	ChallengeMandated  string             `json:"acsChallengeMandated,omitempty"`
	AuthenticationType AuthenticationType `json:"authenticationType,omitempty"`
	DecoupledConfirm   string             `json:"acsDecConInd,omitempty"`
	SignedContent      string             `json:"acsSignedContent,omitempty"` // of an app
	RenderingType      *Rendering         `json:"acsRenderingType,omitempty"` // of an app
	CardholderInfo     string             `json:"cardholderInfo,omitempty"`   // shown by the shop

	Status Status `json:"transStatus"`
	Reason Reason `json:"transStatusReason,omitempty"`

	// Of an authentication that counts.
	ECI                 string `json:"eci,omitempty"`
	AuthenticationValue string `json:"authenticationValue,omitempty"`

	WhiteListStatus       string      `json:"whiteListStatus,omitempty"`
	WhiteListStatusSource string      `json:"whiteListStatusSource,omitempty"`
	Extensions            []Extension `json:"messageExtension,omitempty"`
}

// Rendering says how an app shows the challenge.
type Rendering struct {
	Interface string `json:"acsInterface"`
	Template  string `json:"acsUiTemplate"`
}

// BuildARes makes the answer to an AReq from what was decided: it takes the
// transaction's numbers from the question and refuses an answer that the
// protocol does not allow. Such a refusal is a mistake of the caller's.
func BuildARes(to AReq, decided ARes) (ARes, error) {
	decided.MessageType, decided.MessageVersion = TypeARes, to.MessageVersion
	decided.ServerTransID, decided.DSTransID = to.ServerTransID, to.DSTransID
	if err := decided.Check(to); err != nil {
		return ARes{}, err
	}
	return decided, nil
}

// Encode gives the body to send.
func (r ARes) Encode() ([]byte, error) { return wire(r) }

// Check holds an answer against the question: what each status has to carry,
// what it must not, and when it may be given at all.
func (r ARes) Check(to AReq) error {
	if r.ServerTransID != to.ServerTransID || r.DSTransID != to.DSTransID || r.MessageVersion != to.MessageVersion {
		return errors.New("threeds: ARes of another transaction")
	}
	body, err := r.Encode()
	if err != nil {
		return fmt.Errorf("threeds: ARes: %w", err)
	}
	// An address in our own answer may be loopback's; the wiring decides that.
	if _, bad := (Reader{LoopbackHTTP: true}).ParseARes(body); bad != nil {
		return fmt.Errorf("threeds: ARes: %w", bad)
	}
	refuse := func(why string) error { return fmt.Errorf("threeds: ARes %s: %s", r.Status, why) }
	value := r.AuthenticationValue != "" || r.ECI != "" && (r.Status == Challenge || r.Status == Decoupled)
	switch r.Status {
	case Authenticated, Attempted:
		if to.Category == Payment && (r.ECI == "" || r.AuthenticationValue == "") {
			return refuse("eci and authenticationValue are missing")
		}
		return nil
	case Challenge:
		switch {
		case to.Channel == Channel3RI:
			return refuse("nobody is there to challenge")
		case to.ChallengeInd == NoChallengeDataOnly:
			return refuse("the shop takes no challenge")
		case to.Channel == ChannelBrowser && r.ACSURL == "":
			return refuse("acsURL is missing")
		case to.Channel == ChannelApp && (r.SignedContent == "" || r.RenderingType == nil):
			return refuse("acsSignedContent or acsRenderingType is missing")
		}
	case Decoupled:
		if to.DecoupledRequest != Yes {
			return refuse("the shop did not ask for it")
		}
	case Informational:
		if !slices.Contains([]ChallengeInd{NoChallengeRiskDone, NoChallengeDataOnly, NoChallengeStrongDone}, to.ChallengeInd) {
			return refuse("the shop did not ask for it")
		}
	}
	if value {
		return refuse("carries a proof")
	}
	return nil
}

func inStatus(statuses ...Status) func(members) bool {
	return func(m members) bool { return slices.Contains(statuses, Status(m.text("transStatus"))) }
}

var (
	statusForm = oneOf(Authenticated, Attempted, Challenge, Decoupled, Denied, Rejected, Unavailable, Informational)
	// reasonForm leaves out 27–79, which 2.2.0 does not know; 80–99 are the directory's.
	reasonForm = is(func(s string) bool {
		return len(s) == 2 && digits(s) && (s >= "01" && s <= "26" || s >= "80")
	})
	eciForm   = number(2, 2)
	valueForm = is(authenticationValue)
)

// aresTable is what can be judged without the AReq; ARes.Check does the rest.
var aresTable = []element{
	{"messageType", oneOf(TypeARes), always},
	{"messageVersion", oneOf(Version), always},
	{"threeDSServerTransID", idForm, always},
	{"dsTransID", idForm, always},
	{"acsTransID", idForm, always},
	{"dsReferenceNumber", upTo(32), nil},
	{"acsReferenceNumber", upTo(32), always},
	{"acsOperatorID", upTo(32), always},
	{"transStatus", statusForm, always},
	{"transStatusReason", reasonForm, inStatus(Denied, Rejected, Unavailable)},
	{"acsURL", secureURL(2048), nil},
	{"acsChallengeMandated", yesNo, inStatus(Challenge)},
	{"authenticationType", twoDigits(1, 4), inStatus(Challenge, Decoupled)},
	{"acsDecConInd", yesNo, inStatus(Decoupled)},
	{"acsSignedContent", is(func(s string) bool { return s != "" }), nil},
	{"acsRenderingType", object, nil},
	{"cardholderInfo", upTo(128), nil},
	{"eci", eciForm, nil},
	{"authenticationValue", valueForm, nil},
	{"whiteListStatus", oneOf("Y", "N", "E", "P", "R", "U"), nil},
	{"whiteListStatusSource", twoDigits(1, 3), nil},
	{"messageExtension", extensions, nil},
}

// ParseARes reads an ARes for a 3DS Server.
func ParseARes(body []byte) (ARes, *Erro) { return Reader{Component: Server}.ParseARes(body) }

// ParseARes reads an ARes; ARes.Check holds it against its question.
func (rd Reader) ParseARes(body []byte) (ARes, *Erro) {
	m, bad := rd.read(body, TypeARes, aresTable)
	if bad != nil {
		return ARes{}, bad
	}
	var r ARes
	if wrong := m.fill(aresTable, &r); wrong != "" {
		return ARes{}, m.about(rd.erro(FormatInvalid, TypeARes, wrong))
	}
	if r.Status == Decoupled && (r.DecoupledConfirm != Yes || r.AuthenticationType != DecoupledChallenge) {
		return ARes{}, m.about(rd.erro(FormatInvalid, TypeARes, "acsDecConInd,authenticationType"))
	}
	return r, nil
}
