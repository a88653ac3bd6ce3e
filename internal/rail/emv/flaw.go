package emv

// Flaw says in one word what is wrong. It may be shown and logged: it holds
// nothing of the data it is about.
type Flaw string

// Error gives the word.
func (f Flaw) Error() string { return "emv: " + string(f) }

// What may be wrong with chip data.
const (
	ErrTooLong     Flaw = "too_long"
	ErrTruncated   Flaw = "truncated"
	ErrTag         Flaw = "bad_tag"
	ErrLength      Flaw = "bad_length"
	ErrDuplicate   Flaw = "duplicate_tag"
	ErrConstructed Flaw = "constructed_tag"
	ErrMissing     Flaw = "missing_tag"
	ErrIAD         Flaw = "bad_issuer_data"
	ErrCVN         Flaw = "unknown_cvn"
	ErrNoARPC      Flaw = "no_arpc"
	ErrNoScript    Flaw = "no_script"
	ErrScript      Flaw = "bad_script"
)

// What may be wrong with the other things that go into a computation.
const (
	ErrKey     Flaw = "bad_key"
	ErrPAN     Flaw = "bad_pan"
	ErrPSN     Flaw = "bad_psn"
	ErrOption  Flaw = "bad_mk_option"
	ErrProp    Flaw = "bad_proprietary_data"
	ErrExpiry  Flaw = "bad_expiry"
	ErrService Flaw = "bad_service_code"
	ErrATC     Flaw = "bad_atc"
	ErrPVKI    Flaw = "bad_pvki"
	ErrPIN     Flaw = "bad_pin"
	// ErrPINBlock is a block that is no PIN block of this card under this key:
	// a fault of key or format (response code 86), never a wrong PIN, and no
	// try is counted for it.
	ErrPINBlock Flaw = "bad_pin_block"
)

// What Check may find.
const (
	ErrNotARQC  Flaw = "not_arqc"
	ErrType     Flaw = "type_differs"
	ErrCurrency Flaw = "currency_differs"
	ErrDate     Flaw = "date_differs"
	ErrOtherPAN Flaw = "pan_differs"
	ErrOtherPSN Flaw = "psn_differs"
)

// Error is a flaw of one tag.
type Error struct {
	Flaw Flaw
	Tag  string
}

// Error gives the flaw and the tag's name, never its value.
func (e *Error) Error() string { return e.Flaw.Error() + ": " + e.Tag }

// Unwrap gives the flaw, for errors.Is.
func (e *Error) Unwrap() error { return e.Flaw }

func flawOf(f Flaw, tag uint32) error { return &Error{Flaw: f, Tag: tagText(tag)} }
