package threeds

import (
	"bytes"
	"encoding/json"
	"strings"
)

// ErrorCode says what is wrong with a message.
type ErrorCode string

// The codes.
const (
	MessageInvalid       ErrorCode = "101"
	VersionNotSupported  ErrorCode = "102"
	LimitExceeded        ErrorCode = "103"
	ElementMissing       ErrorCode = "201"
	ExtensionUnknown     ErrorCode = "202"
	FormatInvalid        ErrorCode = "203"
	ElementDuplicate     ErrorCode = "204"
	TransactionUnknown   ErrorCode = "301"
	DecryptionFailure    ErrorCode = "302"
	AccessDenied         ErrorCode = "303"
	ISOCodeInvalid       ErrorCode = "304"
	TransactionDataError ErrorCode = "305"
	MCCInvalid           ErrorCode = "306"
	SerialInvalid        ErrorCode = "307"
	TransactionTimedOut  ErrorCode = "402"
	TransientFailure     ErrorCode = "403"
	PermanentFailure     ErrorCode = "404"
	ConnectionFailure    ErrorCode = "405"
)

// Component says who found the fault (errorComponent).
type Component string

// The components.
const (
	SDK             Component = "C"
	Server          Component = "S"
	DirectoryServer Component = "D"
	ACS             Component = "A"
)

// Erro answers a message that cannot be taken. It is never answered itself.
type Erro struct {
	ServerTransID    string      `json:"threeDSServerTransID,omitempty"`
	ACSTransID       string      `json:"acsTransID,omitempty"`
	DSTransID        string      `json:"dsTransID,omitempty"`
	Code             ErrorCode   `json:"errorCode"`
	Component        Component   `json:"errorComponent"`
	Description      string      `json:"errorDescription"`
	Detail           string      `json:"errorDetail"`
	ErrorMessageType MessageType `json:"errorMessageType,omitempty"`
	MessageType      MessageType `json:"messageType"`
	MessageVersion   string      `json:"messageVersion"`
	SDKTransID       string      `json:"sdkTransID,omitempty"`
}

// NewErro makes an answer with the description that belongs to the code.
func NewErro(from Component, code ErrorCode, about MessageType, detail string) *Erro {
	return &Erro{
		Code: code, Component: from, Description: descriptions[code], Detail: clip(detail),
		ErrorMessageType: about, MessageType: TypeErro, MessageVersion: Version,
	}
}

// Error names the code and the elements, never a value.
func (e *Erro) Error() string {
	return "threeds: " + string(e.Code) + " " + e.Description + ": " + e.Detail
}

// Encode gives the body to send.
func (e *Erro) Encode() []byte { return encode(e) }

// About fills in the transaction that an Erro belongs to.
func (e *Erro) About(serverTransID, dsTransID, acsTransID string) *Erro {
	e.ServerTransID, e.DSTransID, e.ACSTransID = serverTransID, dsTransID, acsTransID
	return e
}

// maxDetail bounds errorDescription and errorDetail.
const maxDetail = 2048

func clip(s string) string {
	if len(s) > maxDetail {
		s = strings.ToValidUTF8(s[:maxDetail], "")
	}
	return s
}

var descriptions = map[ErrorCode]string{
	MessageInvalid:       "Message received is invalid",
	VersionNotSupported:  "Message version is not supported",
	LimitExceeded:        "Limit of messages is exceeded",
	ElementMissing:       "A required data element is missing",
	ExtensionUnknown:     "A critical message extension is not recognised",
	FormatInvalid:        "A data element is not in the required format or its value is invalid",
	ElementDuplicate:     "A data element is there twice",
	TransactionUnknown:   "Transaction ID is not recognised",
	DecryptionFailure:    "Data could not be decrypted",
	AccessDenied:         "Access denied, endpoint is invalid",
	ISOCodeInvalid:       "ISO code of a country or currency is invalid",
	TransactionDataError: "Transaction data is not valid",
	MCCInvalid:           "Merchant category code is not valid",
	SerialInvalid:        "Serial number is not valid",
	TransactionTimedOut:  "Transaction timed out",
	TransientFailure:     "Transient system failure",
	PermanentFailure:     "Permanent system failure",
	ConnectionFailure:    "System connection failure",
}

// ParseErro reads what another component says about a message of ours. It is
// lenient: an answer to an answer does not exist, so there is nobody to tell.
func ParseErro(body []byte) (Erro, bool) {
	m, bad := Reader{}.members(body, TypeErro)
	if bad != nil || m.text("messageType") != string(TypeErro) {
		return Erro{}, false
	}
	return Erro{
		ServerTransID: m.id("threeDSServerTransID"), ACSTransID: m.id("acsTransID"), DSTransID: m.id("dsTransID"),
		Code: ErrorCode(m.text("errorCode")), Component: Component(m.text("errorComponent")),
		Description: clip(m.text("errorDescription")), Detail: clip(m.text("errorDetail")),
		ErrorMessageType: MessageType(m.text("errorMessageType")),
		MessageType:      TypeErro, MessageVersion: m.text("messageVersion"),
	}, true
}

// encode writes a message of texts and booleans only, which always works.
func encode(message any) []byte {
	b, err := wire(message)
	if err != nil {
		panic("threeds: a message that does not encode: " + err.Error())
	}
	return b
}

// wire writes JSON as it is meant for machines: «&» stays «&», so that what
// was within its bounds when read is so when sent on.
func wire(message any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(message); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
