package threeds

import (
	"encoding/base64"
	"errors"

	"rocketbank/internal/rail/strictjson"
)

// MethodData is the field `threeDSMethodData` of the hidden frame in which the
// ACS gets to know the browser before the AReq (the 3DS Method).
type MethodData struct {
	ServerTransID string `json:"threeDSServerTransID"`
	// NotificationURL is where the frame posts back that it is done; the
	// answer itself leaves it out.
	NotificationURL string `json:"threeDSMethodNotificationURL,omitempty"`
}

// ErrMethodData tells a field that is not what the 3DS Method asks for.
var ErrMethodData = errors.New("threeds: threeDSMethodData is not right")

// maxMethodData bounds the field: a number and an address.
const maxMethodData = 2 << 10

// ParseMethodData reads the field as it comes to an ACS.
func ParseMethodData(field string) (MethodData, error) { return Reader{}.ParseMethodData(field) }

// ParseMethodData reads the field as it comes to an ACS.
func (rd Reader) ParseMethodData(field string) (MethodData, error) {
	d, err := methodData(field)
	if err != nil || len(d.NotificationURL) > 256 || !rd.SecureURL(d.NotificationURL) {
		return MethodData{}, ErrMethodData
	}
	return d, nil
}

// ParseMethodResult reads the field as it comes back to a 3DS Server and gives
// the transaction's number.
func ParseMethodResult(field string) (serverTransID string, err error) {
	d, err := methodData(field)
	return d.ServerTransID, err
}

func methodData(field string) (d MethodData, err error) {
	if len(field) > maxMethodData {
		return MethodData{}, ErrMethodData
	}
	body, err := decodeForm(field)
	if err != nil || strictjson.DecodeOpen(body, &d) != nil || !uuid(d.ServerTransID) {
		return MethodData{}, ErrMethodData
	}
	return d, nil
}

// Encode gives the field for a form.
func (d MethodData) Encode() string {
	return base64.RawURLEncoding.EncodeToString(encode(d))
}
