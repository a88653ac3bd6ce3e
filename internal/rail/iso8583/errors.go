package iso8583

import "fmt"

// The reasons of a FormatError, words that stay as they are: logs are counted
// by them and `rocketbank inspect` prints them.
const (
	Empty       = "empty"         // no body at all: a keep-alive
	Truncated   = "truncated"     // the body ends before the field does
	WrongMTI    = "mti"           // the type is not four digits of the 1987 edition
	WrongLength = "length"        // length digits that are none, or too long a value
	Charset     = "charset"       // a character that the kind of field has not
	Unknown     = "unknown_field" // not of the profile, so of no known length
	ThirdBitmap = "third_bitmap"  // bit 65
	Trailing    = "trailing"      // bytes behind the last field
	Malformed   = "malformed"     // the parts of a field do not make sense
)

// FormatError says why bytes are no message, or a message no bytes. It holds
// no value of a field, so it may be logged and answered.
type FormatError struct {
	Field  int // 0 when it is about no field; 1 is the bitmap
	Offset int // where in the body, or in the field's own text, the wrong thing begins
	Reason string
}

// Error gives reason, field and offset.
func (e *FormatError) Error() string {
	if e.Field == 0 {
		return fmt.Sprintf("iso8583: %s at %d", e.Reason, e.Offset)
	}
	return fmt.Sprintf("iso8583: field %d: %s at %d", e.Field, e.Reason, e.Offset)
}
